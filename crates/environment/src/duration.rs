//! Durations as operators write them: `30s`, `15m`, `12h`, `7d`.

use std::time::Duration;

/// Ten years. A longer duration is almost certainly a typing mistake.
const SECONDS_MAX: u64 = 10 * 365 * 86_400;

/// Parses a duration such as `15m`, from one second to ten years.
///
/// # Errors
///
/// Returns a description of a valid value, which completes “must be …”.
pub fn duration(text: &str) -> Result<Duration, String> {
    parse(text).ok_or_else(|| {
        "a duration such as 30s, 15m, 12h, or 7d, from 1 second to 10 years".to_owned()
    })
}

/// Parses a whole number and a unit. Returns `None` for zero and for more than ten years.
fn parse(text: &str) -> Option<Duration> {
    let unit_seconds = match text.bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3_600,
        b'd' => 86_400,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = digits.parse::<u64>().ok()?.checked_mul(unit_seconds)?;
    (1..=SECONDS_MAX)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_are_a_duration() {
        for (text, seconds) in [
            ("30s", 30),
            ("15m", 900),
            ("12h", 43_200),
            ("7d", 604_800),
            ("3650d", SECONDS_MAX),
        ] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "m",
            "15",
            "15 m",
            "1.5h",
            "-1h",
            "+1h",
            "0s",
            "7w",
            "3651d",
            "99999999d",
            "15é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
