//! Parses the headers that apply to a call as a whole, on every route for agents: idempotency key and
//! intent. `gaiterguard_intake` reads how long to wait for a human.

use std::time::Duration;

use gaiterguard_domain::request::{IdempotencyKey, Intent, WAIT_MAX};
use gaiterguard_intake::words_in_header;
use gaiterguard_web::problem::Problem;
use http::{HeaderMap, HeaderName};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const AGENT_INTENT: HeaderName = HeaderName::from_static("x-agent-intent");

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
    let text = words_in_header(value.as_bytes());
    Intent::parse(&text).map_err(|refused| Problem::field("X-Agent-Intent", refused.to_string()))
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
