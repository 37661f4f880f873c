//! Recognizes values that are secrets, or too opaque to be worth keeping.

use gaiterguard_domain::redact::AGENT_KEY_PREFIX;
use gaiterguard_domain::secret_name;
use gaiterguard_domain::secret_shape::{
    self, AUTHENTICATION_SCHEMES, JSON_WEB_TOKEN_START, PEM_START,
};

use crate::name::Words;

/// The longest word that is kept under any name, in bytes: the 64 hexadecimal digits of a SHA-256 and a
/// prefix.
const OPAQUE_BYTES_MAX: usize = 80;

/// The longest word that is kept as an ID, in bytes. The IDs of mail servers have up to 200.
const ID_BYTES_MAX: usize = 512;

/// Returns whether a member with this name may hold a secret.
pub(crate) fn is_name(name: &Words) -> bool {
    secret_name::may_be_of_secret(name.iter())
}

/// Returns whether a value begins like a well-known secret, whatever its name.
pub(crate) fn is_value(text: &str) -> bool {
    let others = [JSON_WEB_TOKEN_START, AGENT_KEY_PREFIX, PEM_START];
    let has_scheme = AUTHENTICATION_SCHEMES.iter().any(|scheme| {
        // Schemes are compared without regard to case (RFC 9110, section 11.1).
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    has_scheme
        || secret_shape::at_start()
            .chain(secret_shape::anywhere())
            .chain(others)
            .any(|start| text.starts_with(start))
}

/// Returns whether a text is one long word without meaning to a reader, such as an encrypted value. A word
/// with `/`, `@`, or `:` that is not an ID may be a URL, a path, or an address, so it is not opaque.
pub(crate) fn is_opaque(text: &str, is_id: bool) -> bool {
    let longest = if is_id {
        ID_BYTES_MAX
    } else {
        OPAQUE_BYTES_MAX
    };
    text.len() > longest
        && !text.contains(char::is_whitespace)
        && (is_id || !text.contains(['/', '@', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_known_secret_is_recognized_under_any_name() {
        for text in [
            "Bearer abc",
            "bearer abc",
            "BASIC YTpi",
            "hvs.CAESIJ",
            "AGE-SECRET-KEY-1QQ",
            "sk-ant-api03-x",
            "ghp_16C7e42F292c6912E7",
        ] {
            assert!(is_value(text), "{text}");
        }
        for text in ["bearer", "Basically", "hv", "a hvs.", "ségur"] {
            assert!(!is_value(text), "{text}");
        }
    }
}
