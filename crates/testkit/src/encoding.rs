//! The spellings in which an upstream may echo a credential.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::Value;

/// A way to write a credential into a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Unchanged.
    Raw,
    /// Escaped as in a JSON string.
    JsonEscaped,
    /// Every byte except letters and digits percent-encoded, with upper-case digits.
    PercentUpper,
    /// The same with lower-case digits.
    PercentLower,
    /// base64 with padding.
    Base64,
    /// base64 without padding.
    Base64Unpadded,
    /// base64url with padding.
    Base64Url,
    /// base64url without padding.
    Base64UrlUnpadded,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Raw,
        Self::JsonEscaped,
        Self::PercentUpper,
        Self::PercentLower,
        Self::Base64,
        Self::Base64Unpadded,
        Self::Base64Url,
        Self::Base64UrlUnpadded,
    ];

    /// Returns `secret` in this spelling.
    pub fn apply(self, secret: &str) -> String {
        match self {
            Self::Raw => secret.to_owned(),
            Self::JsonEscaped => {
                let quoted = Value::from(secret).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::PercentUpper => percent(secret, |byte| format!("%{byte:02X}")),
            Self::PercentLower => percent(secret, |byte| format!("%{byte:02x}")),
            Self::Base64 => STANDARD.encode(secret),
            Self::Base64Unpadded => STANDARD_NO_PAD.encode(secret),
            Self::Base64Url => URL_SAFE.encode(secret),
            Self::Base64UrlUnpadded => URL_SAFE_NO_PAD.encode(secret),
        }
    }
}

fn percent(secret: &str, escape: impl Fn(u8) -> String) -> String {
    secret
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                escape(byte)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Encoding;

    #[test]
    fn each_encoding_spells_a_credential_its_own_way() {
        let spelled = Encoding::ALL.map(|encoding| encoding.apply("a\"~/é?>"));
        assert_eq!(
            spelled,
            [
                "a\"~/é?>",
                "a\\\"~/é?>",
                "a%22%7E%2F%C3%A9%3F%3E",
                "a%22%7e%2f%c3%a9%3f%3e",
                "YSJ+L8OpPz4=",
                "YSJ+L8OpPz4",
                "YSJ-L8OpPz4=",
                "YSJ-L8OpPz4",
            ]
        );
    }
}
