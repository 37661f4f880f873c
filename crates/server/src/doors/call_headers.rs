//! Parses the headers that apply to a call as a whole, on every route for agents: idempotency key,
//! intent, and how long to wait for a human.

use std::borrow::Cow;
use std::time::Duration;

use gaiterguard_domain::header;
use gaiterguard_domain::request::{IdempotencyKey, Intent, WAIT_MAX};
use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;

use crate::problem::Problem;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const AGENT_INTENT: HeaderName = HeaderName::from_static("x-agent-intent");
/// The beginning of an extended value (RFC 8187), whose language is left empty.
const EXTENDED: &str = "utf-8''";

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Returns the idempotency key. The call's header takes precedence over the field of an envelope.
pub(super) fn idempotency_key(
    headers: &HeaderMap,
    field: Option<&str>,
) -> Result<Option<IdempotencyKey>, Problem> {
    let mut in_header = headers.get_all(IDEMPOTENCY_KEY).iter();
    let text = match (in_header.next(), in_header.next()) {
        (Some(_), Some(_)) => {
            return Err(Problem::field("Idempotency-Key", "must appear only once"));
        }
        (Some(value), None) => Some(value.to_str().unwrap_or_default()),
        (None, _) => field,
    };
    text.map(IdempotencyKey::parse)
        .transpose()
        .map_err(|refused| Problem::field("Idempotency-Key", refused.to_string()))
}

/// Returns the intent in `X-Agent-Intent`, or an absent intent.
pub(super) fn intent(headers: &HeaderMap) -> Result<Intent, Problem> {
    let mut values = headers.get_all(AGENT_INTENT).iter();
    let Some(value) = values.next() else {
        return Ok(Intent::absent());
    };
    if values.next().is_some() {
        return Err(Problem::field("X-Agent-Intent", "must appear only once"));
    }
    let text = words_of(value.as_bytes());
    Intent::parse(&text).map_err(|refused| Problem::field("X-Agent-Intent", refused.to_string()))
}

/// Returns the words in a header. Clients differ in how they send those that are not ASCII: as UTF-8, as
/// Latin-1 (RFC 9110, section 5.5), percent-encoded, or percent-encoded after `utf-8''` (RFC 8187).
fn words_of(value: &[u8]) -> Cow<'_, str> {
    let Ok(text) = std::str::from_utf8(value) else {
        return value.iter().copied().map(char::from).collect();
    };
    let labeled = text
        .split_at_checked(EXTENDED.len())
        .filter(|(label, _)| label.eq_ignore_ascii_case(EXTENDED))
        .map(|(_, encoded)| encoded);
    // A sentence with a space may have a percent sign of its own.
    let encoded = labeled.or_else(|| Some(text).filter(|text| !text.contains(' ')));
    let decoded = encoded
        .filter(|encoded| is_percent_encoded(encoded))
        .and_then(|encoded| percent_decode_str(encoded).decode_utf8().ok());
    decoded.unwrap_or(Cow::Borrowed(text))
}

fn is_percent_encoded(text: &str) -> bool {
    let mut escapes = text.split('%').skip(1).peekable();
    escapes.peek().is_some()
        && escapes.all(|behind| {
            let digits = behind.as_bytes().get(..2);
            digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        })
}

/// Validates a wait time in a field.
pub(super) fn wait(field: &str, seconds: u64) -> Result<Duration, Problem> {
    let wait = Duration::from_secs(seconds);
    if wait > WAIT_MAX {
        let message = format!("must be from 0 to {} seconds", WAIT_MAX.as_secs());
        return Err(Problem::field(field, message));
    }
    Ok(wait)
}

/// Returns the wait time in `Prefer: wait=N` (RFC 7240, section 4.3). An invalid preference is
/// ignored, as the RFC requires, and a longer time is reduced to the maximum.
pub(super) fn preferred_wait(headers: &HeaderMap) -> Option<Duration> {
    headers
        .get_all(PREFER)
        .iter()
        .flat_map(header::preferences)
        .filter_map(|preference| std::str::from_utf8(preference).ok())
        .filter_map(|preference| preference.split(';').next()?.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))
        .and_then(|(_, seconds)| seconds.trim().trim_matches('"').parse().ok())
        .map(|seconds| Duration::from_secs(seconds).min(WAIT_MAX))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_key_in_the_header_wins() {
        let outer = headers(IDEMPOTENCY_KEY, "outer");
        let key = idempotency_key(&outer, Some("inner")).unwrap();
        assert_eq!(key.unwrap().as_str(), "outer");
        let key = idempotency_key(&HeaderMap::new(), Some("inner")).unwrap();
        assert_eq!(key.unwrap().as_str(), "inner");
    }

    #[test]
    fn a_preferred_wait_is_found_among_others_and_bounded() {
        for (value, seconds) in [
            ("wait=5", Some(5)),
            ("respond-async, Wait = \"10\"; x=y", Some(10)),
            ("wait=900", Some(300)),
            ("a=\"b, wait=10\", wait=5", Some(5)),
            ("wait=soon", None),
            ("return=minimal", None),
            ("wait", None),
        ] {
            let wait = preferred_wait(&headers(PREFER, value));
            assert_eq!(wait, seconds.map(Duration::from_secs), "{value}");
        }
    }

    #[test]
    fn an_intent_is_absent_or_says_something() {
        assert_eq!(intent(&HeaderMap::new()).unwrap(), Intent::absent());
        let given = intent(&headers(AGENT_INTENT, "list rooms")).unwrap();
        assert_eq!(given.as_str(), "list rooms");
        assert!(intent(&headers(AGENT_INTENT, " ")).is_err());
    }

    #[test]
    fn an_intent_is_the_same_in_every_spelling_that_clients_use() {
        let words = "Rückerstattung für Müller";
        for value in [
            words.as_bytes(),
            b"R\xfcckerstattung f\xfcr M\xfcller",
            b"R%C3%BCckerstattung%20f%C3%BCr%20M%C3%BCller",
            b"utf-8''R%C3%BCckerstattung%20f%C3%BCr%20M%C3%BCller",
            b"UTF-8''R%C3%BCckerstattung f%C3%BCr M%C3%BCller",
        ] {
            let value = HeaderValue::from_bytes(value).unwrap();
            let headers = HeaderMap::from_iter([(AGENT_INTENT, value)]);
            assert_eq!(intent(&headers).unwrap().as_str(), words, "{headers:?}");
        }
        for plain in ["Take 100% of it", "Take%20100%", "50%-off", "%ff%fe"] {
            assert_eq!(
                intent(&headers(AGENT_INTENT, plain)).unwrap().as_str(),
                plain
            );
        }
    }
}
