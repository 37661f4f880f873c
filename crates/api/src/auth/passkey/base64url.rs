//! The parts of an authenticator's response.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer};

/// The longest part of an authenticator's response, in characters. An RSA key and its certificate have some
/// 4 KiB.
const PART_CHARS_MAX: usize = 16 * 1024;

/// Bytes in base64url without padding.
pub(crate) struct Base64Url(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        if text.len() > PART_CHARS_MAX {
            return Err(serde::de::Error::custom(
                "must be at most 16384 characters long",
            ));
        }
        let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes());
        let expected = |_| serde::de::Error::custom("must be base64url without padding");
        bytes.map(Self).map_err(expected)
    }
}
