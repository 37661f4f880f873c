//! ID tokens that are not what they should be.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, encode};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const SECONDS: i64 = 1_700_000_000;

/// A provider's key.
struct Key {
    pair: KeyPair,
    public: Jwk,
}

impl Key {
    fn new() -> Self {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        // An uncompressed point: 4, x, y.
        let point = pair.public_key_raw();
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let public = json!({
            "kty": "EC", "crv": "P-256", "kid": "1", "alg": "ES256",
            "x": encoded(&point[1..33]), "y": encoded(&point[33..]),
        });
        Self {
            pair,
            public: serde_json::from_value(public).unwrap(),
        }
    }

    fn sign(&self, claims: &Value) -> String {
        let key = EncodingKey::from_ec_der(&self.pair.serialize_der());
        encode(&Header::new(Algorithm::ES256), claims, &key).unwrap()
    }
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example", "sub": "ann", "aud": "gateway", "nonce": "n1",
        "iat": SECONDS, "exp": SECONDS + 300,
    })
}

fn expected() -> Expected<'static> {
    Expected {
        issuer: "https://id.example",
        client_id: "gateway",
        nonce: "n1",
        now: NOW,
    }
}

fn checked(key: &Key, token: &str) -> Result<(String, Value), OidcError> {
    verify(token, &header(token)?, &key.public, &expected())
}

#[test]
fn a_token_of_the_provider_for_this_flow_is_accepted() {
    let key = Key::new();
    for (claim, value) in [
        ("sub", json!("ann")),
        ("aud", json!(["gateway"])),
        ("azp", json!("gateway")),
        ("nbf", json!(SECONDS + 59)),
        ("exp", json!(SECONDS - 59)),
        ("exp", json!(1_700_000_000.5)),
        ("iat", json!(SECONDS + 59)),
    ] {
        let mut claims = claims();
        claims[claim] = value;
        let (subject, found) = checked(&key, &key.sign(&claims)).unwrap();
        assert_eq!((subject.as_str(), found), ("ann", claims));
    }
    let mut several = claims();
    several["aud"] = json!(["other", "gateway"]);
    several["azp"] = json!("gateway");
    checked(&key, &key.sign(&several)).unwrap();
}

#[test]
fn a_token_with_a_wrong_or_missing_claim_is_refused() {
    let key = Key::new();
    for (claim, value) in [
        ("iss", json!("https://evil.example")),
        ("iss", json!("https://id.example/")),
        ("iss", json!(["https://id.example"])),
        ("aud", json!("other")),
        ("aud", json!([])),
        ("aud", json!(["other", "gateway"])),
        ("azp", json!("other")),
        ("azp", json!(1)),
        ("exp", json!(SECONDS - 60)),
        ("exp", json!("2030")),
        ("iat", json!(SECONDS + 61)),
        ("nbf", json!(SECONDS + 61)),
        ("nbf", json!("soon")),
        ("nonce", json!("n2")),
        ("nonce", json!("")),
        ("sub", json!("")),
        ("sub", json!(7)),
    ] {
        let mut claims = claims();
        claims[claim] = value;
        let refused = checked(&key, &key.sign(&claims));
        assert!(
            matches!(refused, Err(OidcError::InvalidToken(_))),
            "{claims}"
        );
    }
    for claim in ["iss", "sub", "aud", "nonce", "iat", "exp"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(claim);
        let refused = checked(&key, &key.sign(&claims));
        assert!(
            matches!(refused, Err(OidcError::InvalidToken(_))),
            "{claim}"
        );
    }
}

#[test]
fn a_token_that_another_key_signed_or_no_key_is_refused() {
    let (key, other) = (Key::new(), Key::new());
    let token = key.sign(&claims());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let payload = message.split('.').nth(1).unwrap();
    let headed = |header: Value| {
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        format!("{header}.{payload}.{signature}")
    };
    // The public key as the secret of an HMAC.
    let public = key.pair.public_key_pem();
    let hmac = EncodingKey::from_secret(public.as_bytes());
    let confused = encode(&Header::new(Algorithm::HS256), &claims(), &hmac).unwrap();
    for refused in [
        other.sign(&claims()),
        confused,
        headed(json!({"alg": "none"})),
        headed(json!({"alg": "ES384"})),
        headed(json!({"alg": "RS256"})),
        format!("{message}."),
        message.to_owned(),
        format!("{token}A"),
        String::new(),
        "x".repeat(TOKEN_BYTES_MAX + 1),
    ] {
        let outcome = checked(&key, &refused);
        assert!(
            matches!(outcome, Err(OidcError::InvalidToken(_))),
            "{refused}"
        );
    }
}
