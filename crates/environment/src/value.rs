//! Value parsers for clap. The error of each is what the value must be, as in `a port from 1 to 65535`.

use std::ops::RangeInclusive;
use std::time::Duration;

use secrecy::SecretString;

pub use crate::duration::duration;

const HOUR_SECONDS: f64 = 3600.0;
/// A billion in any currency. A higher amount is almost certainly a typing mistake.
const AMOUNT_MAX: f64 = 1e9;
/// Ten years, as for durations.
const HOURS_MAX: f64 = 24.0 * 365.0 * 10.0;
const DAY_MINUTES: f64 = 24.0 * 60.0;
const TIB: u64 = 1024 * 1024 * 1024 * 1024;

/// Returns a parser of whole numbers within `range`.
pub fn integer<T: TryFrom<u64>>(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {
    move |text| {
        let value: Option<u64> = text.parse().ok();
        value
            .filter(|value| range.contains(value))
            .and_then(|value| T::try_from(value).ok())
            .ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
    }
}

/// Returns a number of bytes, up to one tebibyte.
pub fn bytes(text: &str) -> Result<u64, String> {
    integer(0..=TIB)(text)
}

/// Returns an amount of money.
pub fn amount(text: &str) -> Result<f64, String> {
    decimal(text)
        .filter(|amount| (0.0..=AMOUNT_MAX).contains(amount))
        .ok_or_else(|| "an amount of money such as 20 or 0.15".to_owned())
}

/// Returns a port from 1 to 65535.
pub fn port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err("a port from 1 to 65535".to_owned()),
    }
}

/// Returns a time in milliseconds, from 1 ms to one hour.
pub fn milliseconds(text: &str) -> Result<Duration, String> {
    integer(1..=3_600_000)(text).map(Duration::from_millis)
}

/// Returns a time in hours as a decimal, from a hundred-thousandth of an hour (36 ms) to ten years.
pub fn hours(text: &str) -> Result<Duration, String> {
    hours_up_to_max(text)
        .filter(|hours| !hours.is_zero())
        .ok_or_else(|| "a number of hours above 0, such as 24 or 0.5".to_owned())
}

/// Returns a number of hours, where 0 disables the setting.
pub fn hours_or_none(text: &str) -> Result<Duration, String> {
    hours_up_to_max(text)
        .ok_or_else(|| "a number of hours such as 24 or 0.5, or 0 to disable it".to_owned())
}

/// Returns a number of minutes up to a day, where 0 disables the setting.
pub fn minutes_or_none(text: &str) -> Result<Duration, String> {
    decimal(text)
        .filter(|minutes| (0.0..=DAY_MINUTES).contains(minutes))
        .map(|minutes| Duration::from_secs_f64(minutes * 60.0))
        .ok_or_else(|| "a number of minutes up to 1440, or 0 to disable it".to_owned())
}

fn hours_up_to_max(text: &str) -> Option<Duration> {
    decimal(text)
        .filter(|hours| *hours == 0.0 || (0.00001..=HOURS_MAX).contains(hours))
        .map(|hours| Duration::from_secs_f64(hours * HOUR_SECONDS))
}

/// Returns a number of days, from 1 to a hundred years.
pub fn days(text: &str) -> Result<Duration, String> {
    integer::<u64>(1..=36_500)(text).map(|days| Duration::from_secs(days * 86_400))
}

/// Returns a number from 0 to 1.
pub fn fraction(text: &str) -> Result<f64, String> {
    decimal(text)
        .filter(|value| (0.0..=1.0).contains(value))
        .ok_or_else(|| "a number from 0.0 to 1.0".to_owned())
}

/// Returns an `http` or `https` URL without userinfo, query, or fragment, and without trailing
/// slashes. A URL that is refused may contain a password, so its variable hides its value.
pub fn base_url(text: &str) -> Result<String, String> {
    let valid = text.parse::<http::Uri>().is_ok_and(|url| {
        matches!(url.scheme_str(), Some("http" | "https"))
            && url.query().is_none()
            && !text.contains('#')
            && url
                .authority()
                .is_some_and(|authority| !authority.as_str().contains('@'))
    });
    if valid {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err("an http or https URL without user, password, query, or fragment".to_owned())
    }
}

/// Returns a secret of visible ASCII characters.
pub fn visible_secret(text: &str) -> Result<SecretString, String> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(SecretString::from(text))
    } else {
        Err("visible ASCII characters without spaces".to_owned())
    }
}

/// Parses a decimal number of digits with at most one point, so not `inf`, `nan`, or `1e9`.
fn decimal(text: &str) -> Option<f64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
        .then(|| text.parse().ok())
        .flatten()
}
