//! Public keys of credentials: COSE keys (RFC 9052, section 7, and RFC 9053) of three kinds.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};

use crate::cbor::{self, Map};
use crate::error::WebauthnError;

/// COSE algorithms (RFC 9053, section 2, and RFC 8812, section 2).
const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;

/// The COSE algorithms that are accepted, the preferred one first.
pub const ALGORITHMS: [i64; 3] = [EDDSA, ES256, RS256];

/// Labels of the parameters of a COSE key.
const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;
const CURVE: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;
const MODULUS: i64 = -1;
const EXPONENT: i64 = -2;

const OCTET_KEY_PAIR: i64 = 1;
const ELLIPTIC_CURVE: i64 = 2;
const RSA: i64 = 3;
const P256: i64 = 1;
const ED25519_CURVE: i64 = 6;

/// How many bytes a coordinate of P-256, and a key of Ed25519, has.
const COORDINATE_BYTES: usize = 32;

/// How long the modulus of an RSA key may be, in bytes: 2048 to 8192 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// The longest exponent of an RSA key, in bytes. Usual ones have three.
const EXPONENT_BYTES_MAX: usize = 8;

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// An uncompressed point.
    Es256(Vec<u8>),
    EdDsa(Vec<u8>),
    Rs256 {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

impl PublicKey {
    /// Parses a COSE key.
    pub(crate) fn read(cose: &[u8]) -> Result<Self, WebauthnError> {
        let key = Map::of(cbor::only(cose)?)?;
        let kind = (
            key.integer(ALGORITHM),
            key.integer(KEY_TYPE),
            key.integer(CURVE),
        );
        match kind {
            (Some(ES256), Some(ELLIPTIC_CURVE), Some(P256)) => {
                let (x, y) = (coordinate(&key, X)?, coordinate(&key, Y)?);
                Ok(Self::Es256([&[4], x, y].concat()))
            }
            (Some(EDDSA), Some(OCTET_KEY_PAIR), Some(ED25519_CURVE)) => {
                Ok(Self::EdDsa(coordinate(&key, X)?.to_vec()))
            }
            (Some(RS256), Some(RSA), None) => {
                let n = key.bytes(MODULUS).ok_or(WebauthnError::Key)?;
                let e = key.bytes(EXPONENT).ok_or(WebauthnError::Key)?;
                if !MODULUS_BYTES.contains(&n.len()) || e.len() > EXPONENT_BYTES_MAX {
                    return Err(WebauthnError::Key);
                }
                Ok(Self::Rs256 {
                    n: n.to_vec(),
                    e: e.to_vec(),
                })
            }
            _ => Err(WebauthnError::Key),
        }
    }

    /// Returns the COSE algorithm.
    pub(crate) fn algorithm(&self) -> i64 {
        match self {
            Self::Es256(_) => ES256,
            Self::EdDsa(_) => EDDSA,
            Self::Rs256 { .. } => RS256,
        }
    }

    /// Verifies a signature.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), WebauthnError> {
        let verified = match self {
            Self::Es256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature)
            }
            Self::EdDsa(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Self::Rs256 { n, e } => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        verified.map_err(|_| WebauthnError::Signature)
    }
}

fn coordinate(key: &Map, label: i64) -> Result<&[u8], WebauthnError> {
    let bytes = key
        .bytes(label)
        .filter(|bytes| bytes.len() == COORDINATE_BYTES);
    bytes.ok_or(WebauthnError::Key)
}
