//! Which values are secrets, or too opaque to be worth keeping.

use gaiterguard_domain::redact::AGENT_KEY_PREFIX;
use gaiterguard_domain::secret_shape::{
    self, AUTHENTICATION_SCHEMES, JSON_WEB_TOKEN_START, PEM_START,
};

use crate::name::Words;

/// Words that make a name that of a secret.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "secrets",
    "token",
    "tokens",
    "credential",
    "credentials",
    "authorization",
    "bearer",
    "jwt",
    "cookie",
    "cookies",
    "signature",
    "otp",
    "totp",
    "cvv",
    "cvc",
    "mnemonic",
    "apikey",
    "pin",
    "assertion",
    "hmac",
    "csrf",
    "xsrf",
];

/// Words before `key` that make it a secret: `api_key`. A `key` alone is often an id.
const KEY_WORDS: &[&str] = &[
    "api",
    "access",
    "private",
    "secret",
    "signing",
    "encryption",
    "shared",
    "master",
    "account",
    "auth",
    "deploy",
    "ssh",
    "license",
    "recovery",
    "storage",
    "client",
    "service",
    "primary",
    "secondary",
];

/// How names of secrets end that are written as one word.
const RUN_TOGETHER: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "credential",
    "cookie",
];

/// The longest word that is kept wherever it is: a SHA-256 in hexadecimal digits, and a prefix.
const OPAQUE_BYTES_MAX: usize = 80;

/// The longest word that is kept as an id. Those of mail servers have up to 200 bytes.
const ID_BYTES_MAX: usize = 512;

/// Whether the value of a member with this name is a secret.
pub(crate) fn is_name(name: &Words) -> bool {
    name.iter()
        .any(|word| SECRET_WORDS.contains(&word) || is_run_together(word))
        || name
            .pairs()
            .any(|(first, second)| second == "key" && KEY_WORDS.contains(&first))
}

/// Whether a word is a secret's name written without a mark between its words: `accesstoken`.
fn is_run_together(word: &str) -> bool {
    let is_key = |word: &str| {
        word.strip_suffix("key")
            .is_some_and(|first| KEY_WORDS.contains(&first))
    };
    is_key(word)
        || RUN_TOGETHER.iter().any(|end| {
            word.strip_suffix(end)
                .is_some_and(|first| !first.is_empty())
        })
}

/// Whether a value is a secret, whatever it is called.
pub(crate) fn is_value(text: &str) -> bool {
    let others = [JSON_WEB_TOKEN_START, AGENT_KEY_PREFIX, PEM_START];
    secret_shape::at_start()
        .chain(others)
        .chain(AUTHENTICATION_SCHEMES)
        .any(|start| text.starts_with(start))
}

/// Whether a text is one long word that says nothing, such as a picture or an encrypted value.
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
