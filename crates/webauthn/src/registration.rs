//! A new credential: section 7.1.

use aws_lc_rs::digest::{SHA256, digest};

use crate::authenticator_data::AuthenticatorData;
use crate::cbor::{self, Map};
use crate::client_data::{self, Ceremony};
use crate::error::WebauthnError;
use crate::public_key::PublicKey;
use crate::relying_party::RelyingParty;

/// The response of an authenticator that has made a credential.
#[derive(Clone, Copy, Debug)]
pub struct Registration<'a> {
    /// `clientDataJSON`.
    pub client_data_json: &'a [u8],
    /// `attestationObject`.
    pub attestation_object: &'a [u8],
}

/// A credential that was made for this site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCredential {
    /// Its ID.
    pub id: Vec<u8>,
    /// Its public key, a COSE key.
    pub public_key: Vec<u8>,
    /// How many signatures it has made; zero if it does not count them.
    pub sign_count: u32,
}

/// Checks the response of an authenticator that has made a credential.
///
/// # Errors
///
/// If the credential was not made for this site and this challenge, after a person was verified, or is of a
/// kind that is not accepted.
pub fn verify_registration(
    site: &RelyingParty,
    challenge: &[u8],
    registration: Registration<'_>,
) -> Result<NewCredential, WebauthnError> {
    let Registration {
        client_data_json,
        attestation_object,
    } = registration;
    client_data::check(client_data_json, Ceremony::Registration, site, challenge)?;
    let attestation = Map::of(cbor::only(attestation_object)?)?;
    let signed = attestation.bytes("authData");
    let signed = signed.ok_or(WebauthnError::Malformed("its authData is missing"))?;
    let data = AuthenticatorData::read(signed, site)?;
    let (id, public_key) = data
        .credential
        .ok_or(WebauthnError::Malformed("it has no credential"))?;
    let key = PublicKey::read(public_key)?;
    let statement = attestation.get("attStmt").cloned();
    let statement = Map::of(statement.ok_or(WebauthnError::Attestation)?)?;
    let format = attestation.get("fmt").and_then(|format| format.as_text());
    match format {
        Some("none") if statement.is_empty() => {}
        // Browsers may pass on a signature by the credential itself, which says nothing about the authenticator.
        Some("packed") if statement.get("x5c").is_none() => {
            let signature = statement.bytes("sig").ok_or(WebauthnError::Attestation)?;
            if statement.integer("alg") != Some(key.algorithm()) {
                return Err(WebauthnError::Attestation);
            }
            let client_data_hash = digest(&SHA256, client_data_json);
            key.verify(&[signed, client_data_hash.as_ref()].concat(), signature)?;
        }
        _ => return Err(WebauthnError::Attestation),
    }
    Ok(NewCredential {
        id: id.to_vec(),
        public_key: public_key.to_vec(),
        sign_count: data.sign_count,
    })
}
