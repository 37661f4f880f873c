//! The keys that sign webhooks (Standard Webhooks, <https://www.standardwebhooks.com>).

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::random::{self, NoRandomness};

/// The beginning of every key.
const PREFIX: &str = "whsec_";

/// The number of random bytes in a key. The specification allows 24 to 64.
const KEY_BYTES: usize = 32;

/// Generates a key: `whsec_` and 256 random bits in Base64.
pub fn generate() -> Result<SecretString, NoRandomness> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    random::fill(bytes.as_mut_slice())?;
    // The exact capacity, because growing would leave a copy in freed memory.
    let mut key = String::with_capacity(PREFIX.len() + KEY_BYTES.div_ceil(3) * 4);
    key.push_str(PREFIX);
    STANDARD.encode_string(bytes.as_slice(), &mut key);
    Ok(SecretString::from(key))
}

/// Signs a message: `v1,` and the HMAC-SHA256 of `id.timestamp.body` in Base64. Returns `None` if `key` is not
/// one that [`generate`] returns. `timestamp` is in seconds since 1970.
pub fn sign(key: &SecretString, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    let encoded = key.expose_secret().strip_prefix(PREFIX)?;
    let bytes = Zeroizing::new(STANDARD.decode(encoded).ok()?);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
    let mut context = hmac::Context::with_key(&key);
    context.update(format!("{id}.{timestamp}.").as_bytes());
    context.update(body);
    Some(format!("v1,{}", STANDARD.encode(context.sign())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_has_its_signature() {
        // From the test vectors of the reference implementations.
        let key = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = br#"{"test": 2432232314}"#;
        assert_eq!(
            sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body).as_deref(),
            Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        );
    }

    #[test]
    fn two_keys_differ_and_each_can_sign() {
        let (one, two) = (generate().unwrap(), generate().unwrap());
        assert_ne!(one.expose_secret(), two.expose_secret());
        assert_eq!(one.expose_secret().len(), PREFIX.len() + 44);
        assert_ne!(sign(&one, "a", 1, b""), sign(&two, "a", 1, b""));
        assert_eq!(sign(&SecretString::from("other"), "a", 1, b""), None);
    }
}
