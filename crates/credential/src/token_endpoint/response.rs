//! The response of a token endpoint: which of what providers send is accepted.
//!
//! RFC 6749 defines a JSON object. Providers also send forms, lifetimes as text or zero, token types in
//! words of their own, and the token inside of another object. Everything that has one meaning is accepted.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use gaiterguard_domain::time::Timestamp;
use http::StatusCode;
use secrecy::SecretString;
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::TokenError;
use crate::grant::AccessToken;
use crate::parse::header_value_trouble;

/// The longest access or refresh token that is accepted, in bytes. JWTs with many claims reach some
/// KiB; a longer token would not fit into a request head anyway.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// The longest lifetime that is accepted, in seconds: about thirty years. It keeps the time of expiry in
/// the range of a timestamp.
const LIFETIME_SECONDS_MAX: f64 = 1e9;

/// The token types whose tokens cannot be sent as bearer tokens, because each request has to be signed
/// (RFC 9449, RFC 7800, and the expired draft of MAC tokens).
const SIGNED_TOKEN_TYPES: &[&str] = &["mac", "dpop", "pop"];

/// The error codes of RFC 6749, section 5.2. No other text of a response is repeated.
const ERROR_CODES: &[&str] = &[
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// A successful response of a token endpoint.
pub(crate) struct Fetched {
    pub(crate) access: AccessToken,
    /// The refresh token that replaces the one that was used.
    pub(crate) refresh_token: Option<SecretString>,
}

/// Parses a response. `pointer` is the JSON Pointer to the object that has the token.
pub(super) fn parse(
    status: StatusCode,
    response: &[u8],
    pointer: Option<&str>,
    now: Timestamp,
) -> Result<Fetched, TokenError> {
    let members = Members::read(response);
    // Some endpoints send 200 with an error, so the error is looked for first.
    let refusal = members.as_ref().and_then(|members| members.text("error"));
    if !status.is_success() || refusal.is_some() {
        return Err(TokenError::Refused {
            status: status.as_u16(),
            code: refusal
                .and_then(|refusal| ERROR_CODES.iter().copied().find(|code| *code == refusal)),
        });
    }
    let members = match (members, pointer) {
        (Some(members), None) => members,
        (Some(members), Some(pointer)) => members.at(pointer).ok_or(TokenError::Unusable(
            "it has no object at the service's response_pointer",
        ))?,
        (None, _) => {
            return Err(TokenError::Unusable(
                "it is neither a JSON object nor a form",
            ));
        }
    };
    token(&members, now)
}

fn token(members: &Members<'_>, now: Timestamp) -> Result<Fetched, TokenError> {
    let is_signed = members.text("token_type").is_some_and(|token_type| {
        SIGNED_TOKEN_TYPES
            .iter()
            .any(|signed| token_type.eq_ignore_ascii_case(signed))
    });
    if is_signed {
        return Err(TokenError::Unusable(
            "its token type requires signed requests, so it is not a bearer token",
        ));
    }
    let token = members
        .text("access_token")
        .ok_or(TokenError::Unusable("it contains no access token"))?;
    if token.is_empty() || token.len() > TOKEN_BYTES_MAX || header_value_trouble(&token).is_some() {
        return Err(TokenError::Unusable(
            "its access token cannot be sent in a header",
        ));
    }
    let refresh_token = members
        .text("refresh_token")
        .filter(|token| !token.is_empty());
    if refresh_token
        .as_ref()
        .is_some_and(|token| token.len() > TOKEN_BYTES_MAX)
    {
        return Err(TokenError::Unusable("its refresh token is too long"));
    }
    let lifetime = members
        .seconds("expires_in")
        .or_else(|| members.seconds("expires"));
    Ok(Fetched {
        access: AccessToken {
            token: SecretString::from(token.into_owned()),
            fetched_at: now,
            expires_at: lifetime.map(|lifetime| now.after(lifetime)),
        },
        refresh_token: refresh_token.map(|token| SecretString::from(token.into_owned())),
    })
}

/// The members of a response, which borrow from it so that no copy of a secret is left behind.
enum Members<'a> {
    Json(HashMap<Cow<'a, str>, &'a RawValue>),
    Form(HashMap<Cow<'a, str>, Cow<'a, str>>),
}

impl<'a> Members<'a> {
    /// Reads a JSON object or a form. The content type is not asked, because forms are also sent as
    /// `text/plain` or `text/html`.
    fn read(response: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(response).ok()?.trim_ascii();
        if let Ok(members) = object(text) {
            return Some(Self::Json(members));
        }
        let mut members = HashMap::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if members.insert(name, value).is_some() {
                return None;
            }
        }
        let is_form = members.contains_key("access_token") || members.contains_key("error");
        is_form.then_some(Self::Form(members))
    }

    /// Returns the members of the object at a JSON Pointer (RFC 6901).
    fn at(self, pointer: &str) -> Option<Self> {
        let Self::Json(mut members) = self else {
            return None;
        };
        for name in pointer.split('/').skip(1) {
            let name = name.replace("~1", "/").replace("~0", "~");
            members = object(members.get(name.as_str())?.get()).ok()?;
        }
        Some(Self::Json(members))
    }

    /// Returns a member that is text.
    fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        match self {
            Self::Json(members) => serde_json::from_str::<Text<'a>>(members.get(name)?.get())
                .ok()
                .map(|Text(text)| text),
            Self::Form(members) => members.get(name).cloned(),
        }
    }

    /// Returns a member that is a positive number of seconds, also one that is written as text. Anything
    /// else leaves the lifetime unknown: some providers send zero with tokens that work.
    fn seconds(&self, name: &str) -> Option<Duration> {
        let seconds: f64 = match self {
            Self::Json(members) => match serde_json::from_str(members.get(name)?.get()).ok()? {
                Value::Number(number) => number.as_f64()?,
                Value::String(digits) => digits.trim().parse().ok()?,
                _ => return None,
            },
            Self::Form(members) => members.get(name)?.trim().parse().ok()?,
        };
        // Written so that NaN, which compares false with everything, is left out.
        (seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(LIFETIME_SECONDS_MAX)))
    }
}

/// A text that is only copied if it has escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads an object whose names are unique: of two tokens, none is certain to be meant.
fn object(json: &str) -> Result<HashMap<Cow<'_, str>, &RawValue>, serde_json::Error> {
    struct Unique;
    impl<'de> serde::de::Visitor<'de> for Unique {
        type Value = HashMap<Cow<'de, str>, &'de RawValue>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut map: A,
        ) -> Result<Self::Value, A::Error> {
            let mut members = HashMap::new();
            while let Some((Text(name), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                if members.insert(name, value).is_some() {
                    return Err(serde::de::Error::custom("a member is repeated"));
                }
            }
            Ok(members)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    let members = serde::Deserializer::deserialize_map(&mut reader, Unique)?;
    reader.end()?;
    Ok(members)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn parsed(status: u16, response: &str) -> Result<Fetched, TokenError> {
        at(status, response, None)
    }

    fn at(status: u16, response: &str, pointer: Option<&str>) -> Result<Fetched, TokenError> {
        parse(
            StatusCode::from_u16(status).unwrap(),
            response.as_bytes(),
            pointer,
            Timestamp(1_000),
        )
    }

    #[test]
    fn a_token_is_accepted_with_its_lifetime() {
        for (lifetime, expires_at) in [
            ("3600", Some(Timestamp(3_601_000))),
            ("\"60\"", Some(Timestamp(61_000))),
            ("1.5", Some(Timestamp(2_500))),
            ("null", None),
            ("99999999999999", Some(Timestamp(1_000_000_001_000))),
        ] {
            let response = format!(
                r#"{{"access_token":"a.b-c","token_type":"Bearer","expires_in":{lifetime},"scope":"x"}}"#
            );
            let fetched = parsed(200, &response).unwrap();
            assert_eq!(fetched.access.token.expose_secret(), "a.b-c");
            assert_eq!(fetched.access.expires_at, expires_at);
            assert!(fetched.refresh_token.is_none());
        }
    }

    #[test]
    fn a_lifetime_that_is_not_positive_is_unknown() {
        for lifetime in ["0", "\"0\"", "-1", "\"soon\"", "\"NaN\"", "\"-inf\"", "[]"] {
            let response = format!(r#"{{"access_token":"a","expires_in":{lifetime}}}"#);
            let fetched = parsed(200, &response).unwrap();
            assert_eq!(fetched.access.expires_at, None, "{lifetime}");
        }
    }

    #[test]
    fn a_token_type_in_any_words_is_accepted_unless_its_requests_are_signed() {
        for token_type in [
            "User Access Token",
            "bot",
            "BearerToken",
            "jwt-bearer",
            "",
            "BEARER",
        ] {
            let response = format!(r#"{{"access_token":"a","token_type":"{token_type}"}}"#);
            assert!(parsed(200, &response).is_ok(), "{token_type}");
        }
        for token_type in ["mac", "DPoP", "pop"] {
            let response = format!(r#"{{"access_token":"a","token_type":"{token_type}"}}"#);
            let refused = parsed(200, &response).map(|_| ()).unwrap_err();
            assert!(refused.to_string().contains("signed"), "{refused}");
        }
    }

    #[test]
    fn a_token_in_a_form_is_read() {
        let fetched = parsed(
            200,
            "access_token=a%2Bb&token_type=bearer&expires=3600&refresh_token=r\n",
        )
        .unwrap();
        assert_eq!(fetched.access.token.expose_secret(), "a+b");
        assert_eq!(fetched.access.expires_at, Some(Timestamp(3_601_000)));
        assert_eq!(fetched.refresh_token.unwrap().expose_secret(), "r");
        assert_eq!(
            parsed(200, "error=invalid_grant").map(|_| ()).unwrap_err(),
            TokenError::Refused {
                status: 200,
                code: Some("invalid_grant")
            }
        );
    }

    #[test]
    fn a_token_inside_of_another_object_is_found_by_its_pointer() {
        let response = r#"{"ok":true,"data":{"a/b":{"access_token":"inner","expires_in":60}}}"#;
        let fetched = at(200, response, Some("/data/a~1b")).unwrap();
        assert_eq!(fetched.access.token.expose_secret(), "inner");
        for (response, pointer) in [
            (response, "/data/c"),
            (response, "/ok"),
            ("access_token=a", "/data"),
            (r#"{"access_token":"outer"}"#, "/data"),
        ] {
            let refused = at(200, response, Some(pointer)).map(|_| ());
            assert!(matches!(refused, Err(TokenError::Unusable(_))), "{pointer}");
        }
    }

    #[test]
    fn a_response_without_a_usable_token_is_refused() {
        let long = format!(
            r#"{{"access_token":"{}"}}"#,
            "a".repeat(TOKEN_BYTES_MAX + 1)
        );
        for response in [
            "",
            "[]",
            "null",
            "a=b",
            "access_token=a&access_token=b",
            "access_token=%00",
            "{}",
            r#"{"access_token":""}"#,
            r#"{"access_token":5}"#,
            r#"{"access_token":"a\nb"}"#,
            r#"{"access_token":"é"}"#,
            r#"{"access_token":"a","access_token":"b"}"#,
            r#"{"access_token":"a"} trailing"#,
            &long,
        ] {
            assert!(
                matches!(parsed(200, response), Err(TokenError::Unusable(_))),
                "{response}"
            );
        }
    }

    #[test]
    fn an_error_is_reported_by_its_code_and_never_by_the_endpoints_words() {
        for (status, response, code) in [
            (
                400,
                r#"{"error":"invalid_grant","error_description":"canary"}"#,
                Some("invalid_grant"),
            ),
            (200, r#"{"error":"invalid_client"}"#, Some("invalid_client")),
            (400, r#"{"error":"canary"}"#, None),
            (400, "error=canary", None),
            (500, "canary", None),
            (302, r#"{"access_token":"canary"}"#, None),
        ] {
            let error = parsed(status, response).map(|_| ()).unwrap_err();
            assert_eq!(error, TokenError::Refused { status, code });
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }
}
