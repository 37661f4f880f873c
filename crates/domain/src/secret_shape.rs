//! The shapes of well-known secrets: how keys and tokens begin, whatever they are called.

/// Beginnings that identify a secret wherever they appear, also inside a longer word.
const ANYWHERE_AND_AT_START: &[&str] = &[
    "AKIA",
    "ASIA",
    "sk_live_",
    "rk_live_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "npm_",
    "dop_v1_",
    "shpat_",
    "SG.",
];

/// Beginnings that identify a secret only at the start of a word. Elsewhere they are too short or too
/// common, or the secret is for tests only.
const AT_START: &[&str] = &[
    "sk_test_", "rk_test_", "whsec_", "sk-", "ghu_", "ghr_", "xoxr-", "xoxs-", "AIza", "ya29.",
    "pypi-", "hf_", "lin_api_",
];

/// Longer spellings of the above that are distinct enough to identify a secret wherever they appear, and
/// parts of secrets that do not begin a word.
const ANYWHERE: &[&str] = &[
    "PRIVATE KEY-----",
    "AIzaSy",
    "eyJhbGciOi",
    "sk-ant-",
    "sk-proj-",
    "pypi-AgE",
    "AGE-SECRET-KEY",
    "hvs.",
    "aws_secret_access_key",
    crate::agent_key::PREFIX,
];

/// The first characters of a JSON Web Token: `{"` in base64url.
pub const JSON_WEB_TOKEN_START: &str = "eyJ";

/// The first characters of a key or certificate in PEM (RFC 7468).
pub const PEM_START: &str = "-----BEGIN";

/// The authentication schemes that are followed by a secret, with the space after them.
pub const AUTHENTICATION_SCHEMES: [&str; 2] = ["Bearer ", "Basic "];

/// Returns the texts that identify a word that begins with one of them as a secret.
pub fn at_start() -> impl Iterator<Item = &'static str> {
    ANYWHERE_AND_AT_START.iter().chain(AT_START).copied()
}

/// Returns the texts that identify a secret wherever they appear.
pub fn anywhere() -> impl Iterator<Item = &'static str> {
    ANYWHERE_AND_AT_START.iter().chain(ANYWHERE).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_listed_once() {
        let mut all: Vec<&str> = anywhere().chain(AT_START.iter().copied()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
