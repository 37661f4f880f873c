//! Agent keys: `agt_` and 64 lower-case hexadecimal digits.

use secrecy::SecretString;

use crate::random::NoRandomness;
use crate::token;

const AGENT_KEY_PREFIX: &str = "agt_";
const SHOWN_CHARS: usize = 12;

/// Generates an agent key with 256 random bits.
pub fn generate() -> Result<SecretString, NoRandomness> {
    token::generate_prefixed(AGENT_KEY_PREFIX)
}

/// Returns the SHA-256 of a key, under which the key is stored and looked up; `None` unless the text is
/// exactly `agt_` and 64 lower-case hexadecimal digits.
pub fn fingerprint(key: &str) -> Option<[u8; 32]> {
    let digits = key.strip_prefix(AGENT_KEY_PREFIX)?;
    token::is_secret_hex(digits).then(|| token::sha256(key))
}

/// Returns the first 12 characters of a key, which identify it to a human. They reveal 32 of its 256
/// random bits.
pub fn prefix(key: &str) -> &str {
    match key.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => &key[..end],
        None => key,
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const KEY: &str = "agt_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn a_new_key_has_a_fingerprint() {
        let key = generate().unwrap();
        assert_eq!(key.expose_secret().len(), 68);
        assert_eq!(
            fingerprint(key.expose_secret()),
            Some(token::sha256(key.expose_secret()))
        );
        assert_ne!(generate().unwrap().expose_secret(), key.expose_secret());
    }

    #[test]
    fn the_fingerprint_is_the_sha256_of_the_whole_key() {
        assert_eq!(
            fingerprint(KEY).map(hex::encode).as_deref(),
            Some("5923de9ff18a505098d6743834ce98ac3d85c6082594e9394f7e3e5855337913")
        );
    }

    #[test]
    fn nothing_but_a_key_has_a_fingerprint() {
        for text in [
            "",
            "agt_",
            &KEY[1..],
            &KEY[4..],
            &KEY[..67],
            &format!("{KEY}0"),
            &format!("{KEY} "),
            &format!("{KEY}\n"),
            &format!(" {KEY}"),
            &KEY.replace("agt_", "AGT_"),
            &KEY.replace('a', "A"),
            &KEY.replace('0', "g"),
            &format!("agt_{}", "é".repeat(32)),
        ] {
            assert_eq!(fingerprint(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_prefix_is_the_first_12_characters() {
        assert_eq!(prefix(KEY), "agt_01234567");
        assert_eq!(prefix("agt_"), "agt_");
        assert_eq!(prefix("ééééééééééééé"), "éééééééééééé");
    }
}
