//! Random secrets that are issued once and stored as their SHA-256.

use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::random::{self, NoRandomness};

/// The number of random bytes in a secret.
const SECRET_BYTES: usize = 32;

/// The number of characters that [`generate_hex`] returns.
pub(crate) const SECRET_HEX_CHARS: usize = 2 * SECRET_BYTES;

/// Generates a secret: 256 random bits as 64 lower-case hexadecimal digits.
pub fn generate_hex() -> Result<SecretString, NoRandomness> {
    generate_prefixed("")
}

/// Generates a secret after a fixed prefix.
pub(crate) fn generate_prefixed(prefix: &str) -> Result<SecretString, NoRandomness> {
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    random::fill(bytes.as_mut_slice())?;
    let mut digits = Zeroizing::new([0; SECRET_HEX_CHARS]);
    hex::encode_to_slice(bytes.as_slice(), digits.as_mut_slice())
        .expect("there are two digits to a byte");
    let digits = str::from_utf8(digits.as_slice()).expect("hexadecimal digits are ASCII");

    // The exact capacity, because growing or shrinking would leave a copy in freed memory.
    let mut secret = String::with_capacity(prefix.len() + SECRET_HEX_CHARS);
    secret.push_str(prefix);
    secret.push_str(digits);
    Ok(SecretString::from(secret))
}

/// Returns the SHA-256 under which a secret of 256 random bits is stored and looked up. Not suitable for
/// passwords, which need a slow hash.
pub fn sha256(text: &str) -> [u8; 32] {
    sha256_of_bytes(text.as_bytes())
}

/// Returns the SHA-256 of bytes that are not text, such as a public key.
pub fn sha256_of_bytes(bytes: &[u8]) -> [u8; 32] {
    let digest = digest::digest(&SHA256, bytes);
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// Returns the HMAC-SHA256 (RFC 2104) of `text` under `secret`. Codes with different `purpose`s are
/// independent. A `purpose` must not contain a NUL.
pub fn keyed_code(secret: &SecretString, purpose: &str, text: &str) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let mut context = hmac::Context::with_key(&key);
    for part in [purpose, "\0", text] {
        context.update(part.as_bytes());
    }
    let code = context.sign();
    code.as_ref().try_into().expect("HMAC-SHA256 has 32 bytes")
}

/// Returns the HMAC-SHA256 (RFC 2104) of `signed` under `secret`.
pub fn hmac_sha256(secret: &SecretString, signed: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let code = hmac::sign(&key, signed);
    code.as_ref().try_into().expect("HMAC-SHA256 has 32 bytes")
}

/// Returns whether two byte strings are equal, in a time that depends only on their lengths.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// Returns whether [`generate_hex`] could have returned `text`.
pub(crate) fn is_secret_hex(text: &str) -> bool {
    text.len() == SECRET_HEX_CHARS
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_64_digits_and_differ() {
        let (one, other) = (generate_hex().unwrap(), generate_hex().unwrap());
        assert!(is_secret_hex(one.expose_secret()));
        assert!(is_secret_hex(other.expose_secret()));
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert!(!format!("{one:?}").contains(one.expose_secret()));
    }

    #[test]
    fn sha256_is_that_of_fips_180() {
        assert_eq!(
            hex::encode(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_keyed_code_is_that_of_rfc_2104_and_differs_by_secret_purpose_and_text() {
        let code = |secret: &str, purpose, text| keyed_code(&secret.into(), purpose, text);
        // HMAC-SHA256("key", "a\0b"), computed with Python's hmac module.
        assert_eq!(
            hex::encode(code("key", "a", "b")),
            "29c5f0eea2d0a51b661193b3a56191192b2861f543ea0499a7f9725f7e7062fc"
        );
        assert_ne!(code("key", "a", "b"), code("kez", "a", "b"));
        assert_ne!(code("key", "a", "b"), code("key", "ab", ""));
        assert_ne!(code("key", "a", "b"), code("key", "a", "c"));
    }

    #[test]
    fn equality_takes_every_byte_and_the_length() {
        assert!(constant_time_eq(&[], &[]));
        assert!(constant_time_eq(&sha256("a"), &sha256("a")));
        assert!(!constant_time_eq(b"abc", b"ab"));
        assert!(!constant_time_eq(b"abc", b"abd"));
        assert!(!constant_time_eq(b"abc", b"bbc"));
    }
}
