//! Which values are secrets, or too opaque to be worth keeping.

use gaiterguard_domain::redact::AGENT_KEY_PREFIX;
use gaiterguard_domain::secret_name;
use gaiterguard_domain::secret_shape::{
    self, AUTHENTICATION_SCHEMES, JSON_WEB_TOKEN_START, PEM_START,
};

use crate::name::Words;

/// The longest word that is kept wherever it is: a SHA-256 in hexadecimal digits, and a prefix.
const OPAQUE_BYTES_MAX: usize = 80;

/// The longest word that is kept as an id. Those of mail servers have up to 200 bytes.
const ID_BYTES_MAX: usize = 512;

/// Whether the value of a member with this name is a secret.
pub(crate) fn is_name(name: &Words) -> bool {
    secret_name::may_be_of_secret(name.iter())
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
