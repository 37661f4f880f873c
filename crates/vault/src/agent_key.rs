//! The keys that agents present: `agt_` and 64 lower-case hexadecimal digits.

use secrecy::SecretString;

use crate::error::NoRandomness;
use crate::token;

const AGENT_KEY_PREFIX: &str = "agt_";
const SHOWN_CHARS: usize = 12;

/// A new agent key with 256 random bits.
pub fn generate() -> Result<SecretString, NoRandomness> {
    token::generate_prefixed(AGENT_KEY_PREFIX)
}

/// The SHA-256 of the whole key, which it is stored and looked up by. `None` unless it is exactly
/// `agt_` and 64 lower-case hexadecimal digits.
pub fn fingerprint(key: &str) -> Option<[u8; 32]> {
    let digits = key.strip_prefix(AGENT_KEY_PREFIX)?;
    token::is_secret_hex(digits).then(|| token::sha256(key))
}

/// The first 12 characters of a key, by which a human tells one from another. They hold 32 of its
/// 256 random bits.
pub fn prefix(key: &str) -> &str {
    match key.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => &key[..end],
        None => key,
    }
}
