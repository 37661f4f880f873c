//! When a message is sent again.

use std::time::Duration;

use gaiterguard_domain::time::Timestamp;
use http::HeaderMap;
use http::header::RETRY_AFTER;
use uuid::Uuid;

/// How long a message is tried: long enough for a receiver that breaks on a Friday evening to be repaired.
pub(crate) const TRIED_FOR: Duration = Duration::from_hours(48);

/// The pause after the first attempt. A restart of a receiver takes a few seconds.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// The factor from one pause to the next.
const FACTOR: u32 = 3;

/// The longest pause that the gateway chooses, and that it accepts from a receiver.
const PAUSE_MAX: Duration = Duration::from_hours(3);

/// Returns the pause after an attempt: three times the one before, with a quarter more or less, so that messages
/// that failed together are not sent again together. A receiver may ask for a longer one.
pub(crate) fn pause(attempts: u32, asked: Option<Duration>) -> Duration {
    let exponential = FIRST_PAUSE.saturating_mul(FACTOR.saturating_pow(attempts.saturating_sub(1)));
    let pause = exponential.min(PAUSE_MAX);
    // A random number from 0.75 to 1.25; no generator is needed that cannot be predicted.
    let [one, two, ..] = Uuid::new_v4().into_bytes();
    let random = u16::from_be_bytes([one, two]);
    let jittered = pause.mul_f64(0.75 + f64::from(random) / f64::from(u16::MAX) / 2.0);
    jittered.max(asked.unwrap_or_default().min(PAUSE_MAX))
}

/// Returns how long a receiver asks to wait: seconds or a date (RFC 9110, section 10.2.3).
pub(crate) fn asked(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?;
    Some(now.until(Timestamp(at.as_millisecond())))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn pauses_grow_up_to_their_limit_and_vary() {
        for (attempts, expected) in [(1, 2), (2, 6), (3, 18), (8, 4374), (9, 10800), (99, 10800)] {
            let pauses: Vec<_> = (0..50).map(|_| pause(attempts, None)).collect();
            for pause in &pauses {
                let factor = pause.as_secs_f64() / f64::from(expected);
                assert!((0.75..=1.25).contains(&factor), "{pause:?}");
            }
            assert!(pauses.iter().any(|pause| pause != &pauses[0]));
        }
    }

    #[test]
    fn a_receiver_may_ask_for_a_longer_pause_within_the_limit() {
        let seconds = |asked| pause(1, Some(Duration::from_secs(asked))).as_secs();
        assert_eq!(seconds(60), 60);
        assert!(seconds(0) <= 2);
        assert_eq!(seconds(1 << 40), 10800);
    }

    #[test]
    fn a_pause_is_read_from_seconds_and_from_dates() {
        let now: Timestamp = "1994-11-06T08:49:00Z".parse().unwrap();
        for (text, seconds) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            let found = asked(&headers, now).map(|asked| asked.as_secs());
            assert_eq!(found, seconds, "{text}");
        }
        assert_eq!(asked(&HeaderMap::new(), now), None);
    }
}
