//! The agent key in `Proxy-Authorization`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::PROXY_AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::proxy_refusal::ProxyRefusal;

/// The length limit of a label, in bytes.
const LABEL_BYTES_MAX: usize = 100;

/// The credentials of a client: an agent key, and a label that its user chose.
#[derive(Clone)]
pub struct ProxyCredentials {
    label: String,
    key: SecretString,
}

impl ProxyCredentials {
    /// Parses the credentials in `Proxy-Authorization: Basic` (RFC 7617). The password is the agent key
    /// and the user name is a label. A user name without a password is the key, because the URL of a
    /// proxy may contain only that.
    ///
    /// # Errors
    ///
    /// If the header is missing, repeated, or malformed.
    pub fn parse(headers: &HeaderMap) -> Result<Self, ProxyRefusal> {
        let mut values = headers.get_all(PROXY_AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(ProxyRefusal::NoCredentials);
        };
        Self::of_value(value.as_bytes()).ok_or(ProxyRefusal::NoCredentials)
    }

    fn of_value(value: &[u8]) -> Option<Self> {
        let (scheme, token) = str::from_utf8(value).ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = Zeroizing::new(STANDARD.decode(token.trim()).ok()?);
        let (name, password) = str::from_utf8(&pair).ok()?.split_once(':')?;
        let (label, key) = match password {
            "" => ("", name),
            _ => (name, password),
        };
        if key.is_empty() || label.len() > LABEL_BYTES_MAX || label.chars().any(char::is_control) {
            return None;
        }
        Some(Self {
            label: label.to_owned(),
            key: key.into(),
        })
    }

    /// Returns the agent key. It has not been verified.
    pub fn key(&self) -> &str {
        self.key.expose_secret()
    }

    /// Returns the label, which may be empty.
    pub fn label(&self) -> &str {
        &self.label
    }
}

impl fmt::Debug for ProxyCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyCredentials(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn parse(values: &[String]) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(PROXY_AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let parsed = ProxyCredentials::parse(&headers).ok()?;
        Some((parsed.label().to_owned(), parsed.key().to_owned()))
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    #[test]
    fn the_password_is_the_key_and_the_user_name_is_a_label() {
        for (value, label, key) in [
            (basic("nightly report:agt_1"), "nightly report", "agt_1"),
            (basic(":agt_1"), "", "agt_1"),
            (basic("agt_1:"), "", "agt_1"),
            (basic("a:agt_1:b"), "a", "agt_1:b"),
            (basic("x:agt_1").replace("Basic", "bASIC "), "x", "agt_1"),
        ] {
            let expected = Some((label.to_owned(), key.to_owned()));
            assert_eq!(parse(std::slice::from_ref(&value)), expected, "{value}");
        }
    }

    #[test]
    fn what_names_no_key_or_two_is_refused() {
        let valid = basic("x:agt_1");
        for values in [
            &[][..],
            &[valid.clone(), valid],
            &["Bearer agt_1".to_owned()],
            &["Basic".to_owned()],
            &["Basic !".to_owned()],
            &[basic("agt_1")],
            &[basic(":")],
            &[basic("line\nfeed:agt_1")],
            &[basic(&format!("{}:agt_1", "x".repeat(101)))],
        ] {
            assert_eq!(parse(values), None, "{values:?}");
        }
    }

    #[test]
    fn debug_shows_neither_key_nor_label() {
        let headers = HeaderMap::from_iter([(
            PROXY_AUTHORIZATION,
            HeaderValue::try_from(basic("label:agt_1")).unwrap(),
        )]);
        let shown = format!("{:?}", ProxyCredentials::parse(&headers).unwrap());
        assert_eq!(shown, "ProxyCredentials(<redacted>)");
    }
}
