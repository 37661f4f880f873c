//! Refresh tokens: `gr_` and 64 lower-case hexadecimal digits, stored as their SHA-256 hash.

use gaiterguard_vault::{NoRandomness, token};
use secrecy::{ExposeSecret as _, SecretString};

const PREFIX: &str = "gr_";
const DIGITS: usize = 64;

/// Generates a token with 256 random bits. Returns it with the hash that is stored.
pub(crate) fn generate() -> Result<(SecretString, [u8; 32]), NoRandomness> {
    let digits = token::generate_hex()?;
    // The exact capacity, because a string that grows leaves a copy of the token behind.
    let mut text = String::with_capacity(PREFIX.len() + DIGITS);
    text.push_str(PREFIX);
    text.push_str(digits.expose_secret());
    let hash = token::sha256(&text);
    Ok((SecretString::from(text), hash))
}

/// Returns the hash that a token is stored as; `None` if the text does not have the form of a token.
pub(crate) fn fingerprint(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix(PREFIX)?;
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (digits.len() == DIGITS && digits.bytes().all(is_digit)).then(|| token::sha256(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash_and_only_in_its_own_form() {
        let (token, hash) = generate().unwrap();
        let text = token.expose_secret();
        assert_eq!(text.len(), 67);
        assert_eq!(fingerprint(text), Some(hash));
        assert_ne!(generate().unwrap().1, hash);
        let digits = text.strip_prefix("gr_").unwrap();
        for other in [
            "",
            "gr_",
            digits,
            &format!("agt_{digits}"),
            &format!("{text}0"),
            &format!("{text} "),
            &text[..66],
            &text.to_uppercase(),
            &format!("gr_{}", "g".repeat(64)),
        ] {
            assert_eq!(fingerprint(other), None, "{other}");
        }
    }
}
