//! Headers that apply to an agent's call as a whole, in the spellings that clients use.

use std::borrow::Cow;
use std::time::Duration;

use gaiterguard_domain::header;
use gaiterguard_domain::request::WAIT_MAX;
use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;

/// The beginning of an extended value (RFC 8187), whose language is left empty.
const EXTENDED: &str = "utf-8''";

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Returns the words in a header. Clients differ in how they send those that are not ASCII: as UTF-8, as
/// Latin-1 (RFC 9110, section 5.5), percent-encoded, or percent-encoded after `utf-8''` (RFC 8187).
pub fn words_in_header(value: &[u8]) -> Cow<'_, str> {
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

/// Returns the wait time in `Prefer: wait=N` (RFC 7240, section 4.3). An invalid preference is
/// ignored, as the RFC requires, and a longer time is reduced to the maximum.
pub fn preferred_wait(headers: &HeaderMap) -> Option<Duration> {
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
            let headers = HeaderMap::from_iter([(PREFER, HeaderValue::from_static(value))]);
            let wait = preferred_wait(&headers);
            assert_eq!(wait, seconds.map(Duration::from_secs), "{value}");
        }
    }
}
