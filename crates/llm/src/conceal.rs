//! Removing values that must not be shown to a model: agent keys in any spelling, and values that are
//! secrets by their form or by their name.
//!
//! The gateway's own credentials are not in a request that is assessed. The removed values are secrets
//! that an agent wrote into its request.

use gaiterguard_domain::redact;
use gaiterguard_domain::secret_shape::{self, JSON_WEB_TOKEN_START, PEM_START};

/// The shortest word that is checked for the form of a secret, in bytes. Keys of known formats are longer.
const SECRET_BYTES_MIN: usize = 16;

/// The longest value that is removed because of its name, in bytes. A longer one is more than a secret.
const NAMED_BYTES_MAX: usize = 512;

/// Names whose values are secrets, in lower case and without `-` and `_`.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "currentpassword",
    "newpassword",
    "oldpassword",
    "secret",
    "clientsecret",
    "secretkey",
    "privatekey",
    "accesskey",
    "secretaccesskey",
    "apikey",
    "xapikey",
    "token",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "authtoken",
    "bearertoken",
    "sessiontoken",
    "authorization",
];

/// Removes agent keys and everything that looks like a secret from `text`.
pub(crate) fn conceal(text: &str) -> String {
    let text = redact::agent_keys(text);
    let text = replace_words(&text);
    let text = without_private_keys(&text);
    let text = without_named_members(&text);
    without_named_parameters(&text)
}

/// Removes the values of names such as `token` from `text`, a list such as `name: Ana, token: abc`.
pub(crate) fn conceal_named(text: &str) -> String {
    let pairs = text.split(", ").map(|pair| {
        let split = pair.split_once(": ");
        match split {
            Some((name, value))
                if is_secret_name(name.rsplit('.').next().unwrap_or_default())
                    && is_named_secret(value) =>
            {
                format!("{name}: {}", redact::MASK)
            }
            _ => pair.to_owned(),
        }
    });
    pairs.collect::<Vec<String>>().join(", ")
}

/// Replaces every word that is a secret.
fn replace_words(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let gap = rest.bytes().position(is_secret_byte).unwrap_or(rest.len());
        shown.push_str(&rest[..gap]);
        rest = &rest[gap..];
        let end = rest
            .bytes()
            .position(|byte| !is_secret_byte(byte))
            .unwrap_or(rest.len());
        let word = &rest[..end];
        if word.len() >= SECRET_BYTES_MIN && is_secret(word) {
            shown.push_str(redact::MASK);
        } else {
            shown.push_str(word);
        }
        rest = &rest[end..];
    }
    shown
}

fn is_secret_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn is_secret(word: &str) -> bool {
    secret_shape::at_start().any(|prefix| {
        word.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() >= 12 && rest.bytes().any(|byte| byte.is_ascii_digit()))
    }) || is_json_web_token(word)
}

fn is_json_web_token(word: &str) -> bool {
    let mut parts = word.split('.');
    word.starts_with(JSON_WEB_TOKEN_START)
        && parts.next().is_some_and(|head| head.len() >= 10)
        && parts
            .next()
            .is_some_and(|body| body.starts_with(JSON_WEB_TOKEN_START))
}

fn without_private_keys(text: &str) -> String {
    const END: &str = "-----END ";
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(PEM_START) {
        let (before, block) = rest.split_at(begin);
        let Some(end) = block.find(END) else { break };
        shown.push_str(before);
        if block[..end].contains("PRIVATE KEY") {
            shown.push_str(redact::MASK);
        } else {
            shown.push_str(&block[..end]);
        }
        rest = &block[end..];
    }
    shown.push_str(rest);
    shown
}

/// Removes the string values of JSON members whose names are those of secrets.
fn without_named_members(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find('"') {
        let (before, quoted) = rest.split_at(begin + 1);
        shown.push_str(before);
        let Some(end) = end_of_string(quoted) else {
            rest = quoted;
            break;
        };
        let name = &quoted[..end];
        rest = &quoted[end..];
        if !is_secret_name(name) {
            shown.push_str(name);
            shown.push('"');
            rest = &rest[1..];
            continue;
        }
        shown.push_str(name);
        let value = rest[1..]
            .trim_start()
            .strip_prefix(':')
            .map(str::trim_start)
            .and_then(|value| value.strip_prefix('"'));
        match value.and_then(|value| Some((value, end_of_string(value)?))) {
            Some((value, end)) if is_named_secret(&value[..end]) => {
                let gap = rest.len() - value.len();
                shown.push_str(&rest[..gap]);
                shown.push_str(redact::MASK);
                shown.push('"');
                rest = &value[end + 1..];
            }
            _ => {
                shown.push('"');
                rest = &rest[1..];
            }
        }
    }
    shown.push_str(rest);
    shown
}

/// Returns where a string ends whose opening quote has been read.
fn end_of_string(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// Removes the values of form fields and query parameters whose names are those of secrets.
fn without_named_parameters(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (index, pair) in text.split('&').enumerate() {
        if index > 0 {
            shown.push('&');
        }
        let split = pair.split_once('=').and_then(|(before, value)| {
            let name = before
                .rsplit(['?', '\n', ' ', '"'])
                .next()
                .unwrap_or_default();
            let end = value.find(['\n', ' ', '"']).unwrap_or(value.len());
            (is_secret_name(name) && is_named_secret(&value[..end]))
                .then(|| (before, &value[end..]))
        });
        match split {
            Some((before, after)) => {
                shown.push_str(before);
                shown.push('=');
                shown.push_str(redact::MASK);
                shown.push_str(after);
            }
            None => shown.push_str(pair),
        }
    }
    shown
}

fn is_secret_name(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    NAMES.contains(&plain.as_str())
}

/// Returns whether a value may be removed because of its name alone. It must be one word; a sentence is
/// left for the assessment.
fn is_named_secret(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= NAMED_BYTES_MAX
        && !value.contains(char::is_whitespace)
        && value != redact::MASK
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = String> {
        prop::collection::vec(0_u8..=255, 32)
            .prop_map(|bytes| format!("agt_{}", hex::encode(bytes)))
    }

    proptest! {
        #[test]
        fn an_agent_key_is_not_shown_in_any_spelling(
            key in key(),
            before in "[a-z =&\"{:]{0,20}",
            after in "[a-z =&\"}:]{0,20}",
        ) {
            let basic = format!("agent:{key}");
            let digits = &key[4..];
            for spelling in [
                key.clone(),
                utf8_percent_encode(&key, NON_ALPHANUMERIC).to_string(),
                format!("\\u0061gt\\u005f{digits}"),
                STANDARD.encode(&key),
                URL_SAFE_NO_PAD.encode(&key),
                STANDARD.encode(&basic),
            ] {
                let shown = conceal(&format!("{before} {spelling} {after}"));
                prop_assert!(!shown.contains(&spelling), "{shown}");
                prop_assert!(!shown.contains(digits), "{shown}");
            }
        }

        #[test]
        fn plain_words_are_kept(text in "[a-z ,.]{0,80}") {
            prop_assert_eq!(conceal(&text), text);
        }
    }

    #[test]
    fn secrets_are_recognized_by_their_form() {
        for secret in [
            "sk_live_51MtJUT2eZvKYlo2Cabcdef",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "AKIAIOSFODNN7EXAMPLE1",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        ] {
            let shown = conceal(&format!("{{\"note\": \"use {secret} please\"}}"));
            assert_eq!(shown, "{\"note\": \"use ••• please\"}");
        }
        let pem = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----";
        assert_eq!(conceal(pem), "•••-----END PRIVATE KEY-----");
    }

    #[test]
    fn secrets_are_recognized_by_their_name() {
        for (text, shown) in [
            (
                r#"{"user":"ana","password" : "hunter2","n":1}"#,
                r#"{"user":"ana","password" : "•••","n":1}"#,
            ),
            (r#"{"client_secret":"a\"b"}"#, r#"{"client_secret":"•••"}"#),
            (
                "grant=x&client_secret=abc&to=ana",
                "grant=x&client_secret=•••&to=ana",
            ),
            (
                "GET https://a.example/?api_key=abc HTTP",
                "GET https://a.example/?api_key=••• HTTP",
            ),
        ] {
            assert_eq!(conceal(text), shown);
        }
    }

    #[test]
    fn secrets_of_pairs_are_recognized_by_their_name() {
        assert_eq!(
            conceal_named("id: 7, user.apiKey: k1, name: Ana: the token, token: abc"),
            "id: 7, user.apiKey: •••, name: Ana: the token, token: •••"
        );
    }

    #[test]
    fn a_value_that_is_more_than_a_secret_is_shown() {
        for text in [
            r#"{"secret":"send all the money to mallory"}"#,
            r#"{"password":true,"token":"","nextPageToken":"abc"}"#,
            r#"{"password"#,
            "token=",
            "sk_live_",
            "https://a.example/sk-learn-documentation-page",
        ] {
            assert_eq!(conceal(text), text);
        }
    }
}
