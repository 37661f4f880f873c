//! The agent key in `Proxy-Authorization`.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_domain::request::{Label, WAIT_MAX};
use http::HeaderMap;
use http::header::PROXY_AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::proxy_refusal::ProxyRefusal;

/// The length limit of a user name, in bytes: a label of 64 characters of any script, and a wait.
const USER_NAME_BYTES_MAX: usize = 300;

/// The mark of how long held calls stay open, in seconds, at the end of a user name.
const WAIT_MARK: &str = ";wait=";

/// The credentials of a client: an agent key, and a label that its user chose.
#[derive(Clone)]
pub struct ProxyCredentials {
    label: String,
    wait: Option<Duration>,
    key: SecretString,
}

impl ProxyCredentials {
    /// Parses the credentials in `Proxy-Authorization: Basic` (RFC 7617). The password is the agent key
    /// and the user name is a label, which may end in `;wait=SECONDS`. A user name without a password is the key,
    /// because the URL of a proxy may contain only that.
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
        let is_too_long = label.len() > USER_NAME_BYTES_MAX;
        if key.is_empty() || is_too_long || label.chars().any(char::is_control) {
            return None;
        }
        let wait = label.rsplit_once(WAIT_MARK);
        let wait = wait.and_then(|(label, seconds)| Some((label, seconds.parse().ok()?)));
        let (label, wait) = match wait {
            Some((label, seconds)) => (label, Some(WAIT_MAX.min(Duration::from_secs(seconds)))),
            None => (label, None),
        };
        Some(Self {
            label: label.to_owned(),
            wait,
            key: key.into(),
        })
    }

    /// Returns the agent key. It has not been verified.
    pub fn key(&self) -> &str {
        self.key.expose_secret()
    }

    /// Returns how long held calls stay open for a human, unless a request says otherwise.
    pub fn wait(&self) -> Option<Duration> {
        self.wait
    }

    /// Returns the label, if there is one.
    pub fn label(&self) -> Option<Label> {
        Label::of(&self.label)
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
        Some((parsed.label.clone(), parsed.key().to_owned()))
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
    fn the_user_name_may_say_how_long_to_wait() {
        for (user_name, label, seconds) in [
            ("report;wait=60", "report", Some(60)),
            (";wait=0", "", Some(0)),
            ("a;wait=1;wait=9999", "a;wait=1", Some(300)),
            ("a;wait=", "a;wait=", None),
            ("a;wait=soon", "a;wait=soon", None),
        ] {
            let value = basic(&format!("{user_name}:agt_1"));
            let parsed = ProxyCredentials::of_value(value.as_bytes()).unwrap();
            assert_eq!(parsed.label, label);
            assert_eq!(
                parsed.wait(),
                seconds.map(Duration::from_secs),
                "{user_name}"
            );
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
            &[basic(&format!("{}:agt_1", "x".repeat(301)))],
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
