//! Registrations and assertions of an authenticator in this process, right ones and wrong ones.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::{Value, cbor};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::registration::{NewCredential, Registration, verify_registration};

const CHALLENGE: &[u8] = b"a challenge of some length";
const PRESENT_AND_VERIFIED: u8 = 0x05;
const WITH_CREDENTIAL: u8 = 0x45;

fn site() -> RelyingParty {
    RelyingParty::of("https://gate.example").unwrap()
}

enum Key {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(Box<RsaKeyPair>),
}

impl Key {
    fn es256() -> Self {
        Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    fn all() -> [Self; 3] {
        [
            Self::es256(),
            Self::EdDsa(Ed25519KeyPair::generate().unwrap()),
            Self::Rs256(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())),
        ]
    }

    fn cose(&self) -> Value {
        let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
        match self {
            Self::Es256(key) => {
                let point = key.public_key().as_ref();
                cbor!({1 => 2, 3 => -7, -1 => 1, -2 => bytes(&point[1..33]), -3 => bytes(&point[33..])})
            }
            Self::EdDsa(key) => {
                cbor!({1 => 1, 3 => -8, -1 => 6, -2 => bytes(key.public_key().as_ref())})
            }
            Self::Rs256(key) => {
                let public = key.public_key();
                let n = public.modulus().big_endian_without_leading_zero();
                let e = public.exponent().big_endian_without_leading_zero();
                cbor!({1 => 3, 3 => -257, -1 => bytes(n), -2 => bytes(e)})
            }
        }
        .unwrap()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Es256(key) => key
                .sign(&SystemRandom::new(), message)
                .unwrap()
                .as_ref()
                .into(),
            Self::EdDsa(key) => key.sign(message).as_ref().into(),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                let random = SystemRandom::new();
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
        }
    }
}

fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// Returns what the browser signs.
fn client_data(kind: &str, challenge: &[u8], origin: &str) -> Vec<u8> {
    let challenge = URL_SAFE_NO_PAD.encode(challenge);
    json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false})
        .to_string()
        .into_bytes()
}

fn created() -> Vec<u8> {
    client_data("webauthn.create", CHALLENGE, "https://gate.example")
}

fn got() -> Vec<u8> {
    client_data("webauthn.get", CHALLENGE, "https://gate.example")
}

/// Returns what the authenticator signs, without a credential.
fn data(site: &str, flags: u8, count: u32) -> Vec<u8> {
    let mut bytes = digest(&SHA256, site.as_bytes()).as_ref().to_vec();
    bytes.push(flags);
    bytes.extend(count.to_be_bytes());
    bytes
}

fn with_credential(mut data: Vec<u8>, id: &[u8], cose: &[u8]) -> Vec<u8> {
    data.extend([0; 16]);
    data.extend(u16::try_from(id.len()).unwrap().to_be_bytes());
    data.extend(id);
    data.extend(cose);
    data
}

fn attestation(data: &[u8]) -> Value {
    let data = Value::Bytes(data.to_vec());
    cbor!({"fmt" => "none", "attStmt" => {}, "authData" => data}).unwrap()
}

fn registered(client_data: &[u8], attestation: &Value) -> Result<NewCredential, WebauthnError> {
    let registration = Registration {
        client_data_json: client_data,
        attestation_object: &encoded(attestation),
    };
    verify_registration(&site(), CHALLENGE, registration)
}

fn used(
    key: &Key,
    client_data: &[u8],
    data: &[u8],
    signed: &[u8],
) -> Result<SignCount, WebauthnError> {
    let client_data_hash = digest(&SHA256, client_data);
    let signature = key.sign(&[signed, client_data_hash.as_ref()].concat());
    let assertion = Assertion {
        client_data_json: client_data,
        authenticator_data: data,
        signature: &signature,
    };
    verify_assertion(&site(), CHALLENGE, &encoded(&key.cose()), assertion)
}

#[test]
fn a_credential_of_each_kind_is_registered_and_used() {
    for key in Key::all() {
        let cose = encoded(&key.cose());
        let new = with_credential(data("gate.example", WITH_CREDENTIAL, 1), b"id", &cose);
        let credential = registered(&created(), &attestation(&new)).unwrap();
        assert_eq!(credential.id, b"id");
        assert_eq!(credential.public_key, cose);
        assert_eq!(credential.sign_count, 1);
        let data = data("gate.example", PRESENT_AND_VERIFIED, 7);
        assert_eq!(used(&key, &got(), &data, &data), Ok(SignCount(7)));
    }
}

#[test]
fn extensions_are_skipped() {
    let key = Key::es256();
    let mut extended = data("gate.example", PRESENT_AND_VERIFIED | 0x80, 0);
    extended.extend(encoded(&cbor!({"credProps" => {"rk" => true}}).unwrap()));
    assert_eq!(used(&key, &got(), &extended, &extended), Ok(SignCount(0)));
    extended.push(0);
    let refused = used(&key, &got(), &extended, &extended);
    assert!(matches!(refused, Err(WebauthnError::Malformed(_))));
}

#[test]
fn a_response_for_another_purpose_challenge_or_site_is_refused() {
    let key = Key::es256();
    let ours = data("gate.example", PRESENT_AND_VERIFIED, 1);
    let other = WebauthnError::OtherSite;
    let framed = json!({
        "type": "webauthn.get", "challenge": URL_SAFE_NO_PAD.encode(CHALLENGE),
        "origin": "https://gate.example", "crossOrigin": true,
    });
    let topped = json!({
        "type": "webauthn.get", "challenge": URL_SAFE_NO_PAD.encode(CHALLENGE),
        "origin": "https://gate.example", "topOrigin": "https://evil.example",
    });
    for (client_data, error) in [
        (created(), WebauthnError::OtherPurpose),
        (
            client_data("webauthn.get", b"another", "https://gate.example"),
            WebauthnError::OtherChallenge,
        ),
        (
            client_data("webauthn.get", CHALLENGE, "https://evil.example"),
            other,
        ),
        (
            client_data("webauthn.get", CHALLENGE, "http://gate.example"),
            other,
        ),
        (
            client_data("webauthn.get", CHALLENGE, "https://gate.example:444"),
            other,
        ),
        (
            client_data(
                "webauthn.get",
                CHALLENGE,
                "https://gate.example.evil.example",
            ),
            other,
        ),
        (framed.to_string().into_bytes(), other),
        (topped.to_string().into_bytes(), other),
    ] {
        assert_eq!(used(&key, &client_data, &ours, &ours), Err(error));
    }
    let theirs = data("evil.example", PRESENT_AND_VERIFIED, 1);
    assert_eq!(used(&key, &got(), &theirs, &theirs), Err(other));
}

#[test]
fn a_person_must_be_present_and_verified() {
    let key = Key::es256();
    for flags in [0x00, 0x01, 0x04] {
        let data = data("gate.example", flags, 1);
        let refused = used(&key, &got(), &data, &data);
        assert_eq!(refused, Err(WebauthnError::NotVerified), "{flags:#x}");
    }
    // The flags contradict each other: it is backed up although it cannot be.
    let lie = data("gate.example", PRESENT_AND_VERIFIED | 0x10, 1);
    assert!(used(&key, &got(), &lie, &lie).is_err());
    let synced = data("gate.example", PRESENT_AND_VERIFIED | 0x18, 1);
    used(&key, &got(), &synced, &synced).unwrap();
}

#[test]
fn a_signature_of_another_key_or_over_other_data_is_refused() {
    for key in Key::all() {
        let ours = data("gate.example", PRESENT_AND_VERIFIED, 1);
        let later = data("gate.example", PRESENT_AND_VERIFIED, 2);
        assert_eq!(
            used(&key, &got(), &later, &ours),
            Err(WebauthnError::Signature)
        );
        let other = Key::es256();
        let client_data_hash = digest(&SHA256, &got()).as_ref().to_vec();
        for signature in [
            other.sign(&[ours.as_slice(), &client_data_hash].concat()),
            key.sign(&ours),
            Vec::new(),
        ] {
            let assertion = Assertion {
                client_data_json: &got(),
                authenticator_data: &ours,
                signature: &signature,
            };
            let cose = encoded(&key.cose());
            let refused = verify_assertion(&site(), CHALLENGE, &cose, assertion);
            assert_eq!(refused, Err(WebauthnError::Signature));
        }
    }
}

#[test]
fn a_registration_without_its_parts_is_refused() {
    let cose = encoded(&Key::es256().cose());
    let head = data("gate.example", WITH_CREDENTIAL, 0);
    let whole = with_credential(head.clone(), b"id", &cose);
    let followed = [whole.as_slice(), &[0]].concat();
    for wrong in [
        data("gate.example", PRESENT_AND_VERIFIED, 0),
        head.clone(),
        with_credential(head.clone(), b"", &cose),
        with_credential(head.clone(), &[0; 1024], &cose),
        with_credential(head, b"id", &[]),
        followed,
    ] {
        let refused = registered(&created(), &attestation(&wrong));
        assert!(
            matches!(refused, Err(WebauthnError::Malformed(_))),
            "{refused:?}"
        );
    }
    for length in 0..whole.len() {
        let cut = registered(&created(), &attestation(&whole[..length]));
        assert!(cut.is_err(), "{length}");
    }
    let refused = registered(&got(), &attestation(&whole));
    assert_eq!(refused, Err(WebauthnError::OtherPurpose));
    let mut repeated = attestation(&whole).into_map().unwrap();
    repeated.push(repeated[0].clone());
    assert!(registered(&created(), &Value::Map(repeated)).is_err());
}

#[test]
fn only_no_attestation_or_that_of_the_credential_itself_is_accepted() {
    let key = Key::es256();
    let cose = encoded(&key.cose());
    let signed = with_credential(data("gate.example", WITH_CREDENTIAL, 0), b"id", &cose);
    let client_data_hash = digest(&SHA256, &created());
    let own = key.sign(&[signed.as_slice(), client_data_hash.as_ref()].concat());
    let other = Key::es256().sign(&signed);
    let packed = |alg: i64, signature: &[u8]| {
        let (data, sig) = (
            Value::Bytes(signed.clone()),
            Value::Bytes(signature.to_vec()),
        );
        cbor!({"fmt" => "packed", "attStmt" => {"alg" => alg, "sig" => sig}, "authData" => data})
            .unwrap()
    };
    registered(&created(), &packed(-7, &own)).unwrap();
    let refused = registered(&created(), &packed(-7, &other));
    assert_eq!(refused, Err(WebauthnError::Signature));
    let data = Value::Bytes(signed.clone());
    for attestation in [
        packed(-8, &own),
        cbor!({"fmt" => "none", "attStmt" => {"x" => 1}, "authData" => data.clone()}).unwrap(),
        cbor!({"fmt" => "tpm", "attStmt" => {}, "authData" => data.clone()}).unwrap(),
        cbor!({"attStmt" => {}, "authData" => data.clone()}).unwrap(),
        cbor!({"fmt" => "none", "authData" => data}).unwrap(),
    ] {
        let refused = registered(&created(), &attestation);
        assert_eq!(refused, Err(WebauthnError::Attestation), "{attestation:?}");
    }
}

#[test]
fn a_key_of_another_kind_is_refused() {
    let bytes = |length: usize| Value::Bytes(vec![1; length]);
    for cose in [
        cbor!({1 => 2, 3 => -7, -1 => 1, -2 => bytes(32)}),
        cbor!({1 => 2, 3 => -7, -1 => 1, -2 => bytes(31), -3 => bytes(32)}),
        cbor!({1 => 2, 3 => -7, -1 => 2, -2 => bytes(32), -3 => bytes(32)}),
        cbor!({1 => 2, 3 => -35, -1 => 2, -2 => bytes(48), -3 => bytes(48)}),
        cbor!({1 => 2, 3 => -8, -1 => 6, -2 => bytes(32)}),
        cbor!({1 => 3, 3 => -257, -1 => bytes(128), -2 => bytes(3)}),
        cbor!({1 => 3, 3 => -257, -1 => bytes(2048), -2 => bytes(3)}),
        cbor!({1 => 3, 3 => -65535, -1 => bytes(256), -2 => bytes(3)}),
        cbor!({}),
    ] {
        let cose = encoded(&cose.unwrap());
        let new = with_credential(data("gate.example", WITH_CREDENTIAL, 0), b"id", &cose);
        let refused = registered(&created(), &attestation(&new));
        assert_eq!(refused, Err(WebauthnError::Key), "{cose:?}");
    }
    // A point that is not on the curve is refused with its first signature.
    let cose = cbor!({1 => 2, 3 => -7, -1 => 1, -2 => bytes(32), -3 => bytes(32)}).unwrap();
    let ours = data("gate.example", PRESENT_AND_VERIFIED, 1);
    let assertion = Assertion {
        client_data_json: &got(),
        authenticator_data: &ours,
        signature: &Key::es256().sign(&ours),
    };
    let refused = verify_assertion(&site(), CHALLENGE, &encoded(&cose), assertion);
    assert_eq!(refused, Err(WebauthnError::Signature));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_pass(
        client_data in prop::collection::vec(any::<u8>(), 0..64),
        bytes in prop::collection::vec(any::<u8>(), 0..256),
    ) {
        let registration = Registration { client_data_json: &created(), attestation_object: &bytes };
        prop_assert!(verify_registration(&site(), CHALLENGE, registration).is_err());
        let assertion = Assertion {
            client_data_json: &client_data, authenticator_data: &bytes, signature: &bytes,
        };
        prop_assert!(verify_assertion(&site(), CHALLENGE, &bytes, assertion).is_err());
        let head = data("gate.example", WITH_CREDENTIAL, 0);
        let appended = attestation(&[head, bytes].concat());
        prop_assert!(registered(&created(), &appended).is_err());
    }
}
