//! Parsers for the values of single variables.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::duration;
use super::{SettingError, Source};

const HOUR_SECONDS: f64 = 3600.0;
const AMOUNT_MAX: f64 = 1e9;
const HOURS_MAX: f64 = 24.0 * 365.0 * 10.0;

/// Returns a whole number within `range`.
pub(super) fn integer(
    source: &Source,
    variable: &'static str,
    default: u64,
    range: RangeInclusive<u64>,
) -> Result<u64, SettingError> {
    let Some(text) = source.get(variable)? else {
        return Ok(default);
    };
    text.parse()
        .ok()
        .filter(|value| range.contains(value))
        .ok_or_else(|| {
            let expected = format!("a whole number from {} to {}", range.start(), range.end());
            SettingError::invalid(variable, expected, text)
        })
}

/// A mebibyte, in bytes.
pub(super) const MIB: u64 = 1024 * 1024;

/// Returns a number of bytes, up to one tebibyte.
pub(super) fn bytes(
    source: &Source,
    variable: &'static str,
    default: u64,
) -> Result<u64, SettingError> {
    integer(source, variable, default, 0..=MIB * MIB)
}

/// Returns a whole number within `range`, if the variable is set.
pub(super) fn optional_integer(
    source: &Source,
    variable: &'static str,
    range: RangeInclusive<u64>,
) -> Result<Option<u64>, SettingError> {
    match source.get(variable)? {
        None => Ok(None),
        Some(_) => integer(source, variable, 0, range).map(Some),
    }
}

/// Returns an amount of money, if the variable is set.
pub(super) fn amount(source: &Source, variable: &'static str) -> Result<Option<f64>, SettingError> {
    let Some(text) = source.get(variable)? else {
        return Ok(None);
    };
    decimal(text)
        .filter(|amount| (0.0..=AMOUNT_MAX).contains(amount))
        .map(Some)
        .ok_or_else(|| {
            let expected = "an amount of money such as 20 or 0.15";
            SettingError::invalid(variable, expected, text)
        })
}

/// Returns a port from 1 to 65535.
pub(super) fn port(source: &Source, variable: &'static str) -> Result<Option<u16>, SettingError> {
    let Some(text) = source.get(variable)? else {
        return Ok(None);
    };
    match text.parse() {
        Ok(port) if port > 0 => Ok(Some(port)),
        _ => Err(SettingError::invalid(
            variable,
            "a port from 1 to 65535",
            text,
        )),
    }
}

/// Returns a time in milliseconds, from 1 ms to one hour.
pub(super) fn milliseconds(
    source: &Source,
    variable: &'static str,
    default: u64,
) -> Result<Duration, SettingError> {
    integer(source, variable, default, 1..=3_600_000).map(Duration::from_millis)
}

/// Returns a time in hours as a decimal, from a hundred-thousandth of an hour (36 ms) to ten years.
pub(super) fn hours(
    source: &Source,
    variable: &'static str,
    default: f64,
) -> Result<Duration, SettingError> {
    let Some(text) = source.get(variable)? else {
        return Ok(Duration::from_secs_f64(default * HOUR_SECONDS));
    };
    decimal(text)
        .filter(|hours| (0.00001..=HOURS_MAX).contains(hours))
        .map(|hours| Duration::from_secs_f64(hours * HOUR_SECONDS))
        .ok_or_else(|| {
            let expected = "a number of hours above 0, such as 24 or 0.5";
            SettingError::invalid(variable, expected, text)
        })
}

/// Returns a number of hours, where 0 disables the setting.
pub(super) fn hours_or_none(
    source: &Source,
    variable: &'static str,
    default: f64,
) -> Result<Duration, SettingError> {
    let Some(text) = source.get(variable)? else {
        return Ok(Duration::from_secs_f64(default * HOUR_SECONDS));
    };
    decimal(text)
        .filter(|hours| *hours == 0.0 || (0.00001..=HOURS_MAX).contains(hours))
        .map(|hours| Duration::from_secs_f64(hours * HOUR_SECONDS))
        .ok_or_else(|| {
            let expected = "a number of hours such as 24 or 0.5, or 0 to disable it";
            SettingError::invalid(variable, expected, text)
        })
}

/// Returns a number of days, from 1 to a hundred years.
pub(super) fn days(
    source: &Source,
    variable: &'static str,
    default: u64,
) -> Result<Duration, SettingError> {
    integer(source, variable, default, 1..=36_500).map(|days| Duration::from_secs(days * 86_400))
}

/// Returns a time such as `15m`, from one second to ten years.
pub(super) fn duration(
    source: &Source,
    variable: &'static str,
    default: Duration,
) -> Result<Duration, SettingError> {
    let Some(text) = source.get(variable)? else {
        return Ok(default);
    };
    duration::parse(text).ok_or_else(|| {
        let expected = "a duration such as 30s, 15m, 12h, or 7d";
        SettingError::invalid(variable, expected, text)
    })
}

/// Returns a number from 0 to 1.
pub(super) fn fraction(
    source: &Source,
    variable: &'static str,
    default: f64,
) -> Result<f64, SettingError> {
    let Some(text) = source.get(variable)? else {
        return Ok(default);
    };
    decimal(text)
        .filter(|value| (0.0..=1.0).contains(value))
        .ok_or_else(|| SettingError::invalid(variable, "a number from 0.0 to 1.0", text))
}

/// Returns one of several words.
pub(super) fn word<T: Copy>(
    source: &Source,
    variable: &'static str,
    default: T,
    words: &[(&str, T)],
) -> Result<T, SettingError> {
    let Some(text) = source.get(variable)? else {
        return Ok(default);
    };
    words
        .iter()
        .find(|(word, _)| text.eq_ignore_ascii_case(word))
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            SettingError::invalid(variable, format!("one of {}", names.join(", ")), text)
        })
}

/// Returns an `http` or `https` URL without userinfo, query, or fragment, and without trailing
/// slashes.
pub(super) fn base_url(
    source: &Source,
    variable: &'static str,
) -> Result<Option<String>, SettingError> {
    let Some(text) = source.get(variable)? else {
        return Ok(None);
    };
    let valid = text.parse::<http::Uri>().is_ok_and(|url| {
        matches!(url.scheme_str(), Some("http" | "https"))
            && url.query().is_none()
            && !text.contains('#')
            && url
                .authority()
                .is_some_and(|authority| !authority.as_str().contains('@'))
    });
    if valid {
        Ok(Some(text.trim_end_matches('/').to_owned()))
    } else {
        // Not shown, because a URL can contain a password.
        let expected = "an http or https URL without user, password, query, or fragment";
        Err(SettingError::invalid_secret(variable, expected))
    }
}

/// Returns the path of a file or directory.
pub(super) fn path(
    source: &Source,
    variable: &'static str,
) -> Result<Option<PathBuf>, SettingError> {
    Ok(source.get(variable)?.map(PathBuf::from))
}

/// Parses a decimal number of digits with at most one point, so not `inf`, `nan`, or `1e9`.
fn decimal(text: &str) -> Option<f64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
        .then(|| text.parse().ok())
        .flatten()
}
