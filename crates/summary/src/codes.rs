//! The meaning of codes and shares: `50` is an owner, `0.2` is 20%.

use crate::value::Value;
use crate::words::{is_in, spaced, words};

/// The longest code, in characters. A longer text says itself what it means.
const CODE_CHARS_MAX: usize = 16;

/// The longest meaning of a code, in characters: a line of a phone has room for it next to the code.
const LABEL_CHARS_MAX: usize = 36;

/// How many codes a description has at least. A single number in it is rarely a code.
const CODES_MIN: usize = 2;

/// Codes that interfaces share, by the names of the values that hold them.
const KNOWN: &[(&str, &[(&str, &str)])] = &[(
    "access level",
    &[
        ("10", "Guest"),
        ("20", "Reporter"),
        ("30", "Developer"),
        ("40", "Maintainer"),
        ("50", "Owner"),
    ],
)];

/// Words in the names of numbers that are shares of a whole.
const PERCENTAGES: &str = "pct percent percentage";
const SHARES: &str = "discount fraction portion rate ratio share";

/// Returns a code with its meaning, or a share in percent; `None` for any other value.
pub(crate) fn shown(value: &Value) -> Option<String> {
    share(value).or_else(|| {
        let text = value.text.trim();
        let label = label(value, text)?;
        Some(format!("{text} ({label})"))
    })
}

fn label(value: &Value, code: &str) -> Option<String> {
    let is_code = !code.is_empty()
        && code.chars().nth(CODE_CHARS_MAX).is_none()
        && !code.contains(char::is_whitespace)
        && !matches!(code, "true" | "false");
    if !is_code {
        return None;
    }
    let Some(meaning) = value.meaning.as_deref() else {
        let name = spaced(value.name());
        let (_, codes) = KNOWN.iter().find(|(known, _)| *known == name)?;
        let (_, label) = codes.iter().find(|(known, _)| *known == code)?;
        return Some((*label).to_owned());
    };
    let plain = meaning.replace(['`', '"', '“', '”', '*', '\''], "");
    let entries: Vec<(&str, &str)> = plain
        .split([',', ';', '|', '\n'])
        .flat_map(|piece| piece.split(" or "))
        .filter_map(|piece| entry(piece, code))
        .collect();
    if entries.len() < CODES_MIN {
        return None;
    }
    let (_, label) = entries.iter().find(|(known, _)| *known == code)?;
    let label = label.trim_end_matches('.').trim();
    let is_short = label.chars().nth(LABEL_CHARS_MAX).is_none();
    let says_more = !label.is_empty() && !label.eq_ignore_ascii_case(code);
    (is_short && says_more).then(|| label.to_owned())
}

/// Reads a part of a description as a code and its meaning: `50 Owner`, `2: recurring`, `Owner (50)`. A code that is a
/// word has a sign after it.
fn entry<'m>(piece: &'m str, like: &str) -> Option<(&'m str, &'m str)> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let wants_number = is_number(like);
    let piece = piece.trim().trim_end_matches('.');
    let piece = piece.trim_start_matches(['-', '•']).trim_start();
    if wants_number && let Some((label, code)) = reversed(piece).filter(|(_, code)| is_number(code))
    {
        return Some((code, label));
    }
    // The subject comes first: `Level: 10 Guest`.
    let begins = |text: &str| text.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let own = match piece.split_once([':', '(']) {
        Some((_, rest)) if wants_number && !begins(piece) => rest,
        _ => piece,
    };
    let own = own.trim();
    let end =
        own.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-' && !wants_number))?;
    let (code, rest) = own.split_at(end);
    let label = rest.trim_start();
    let sign = label.starts_with([':', '=', '(', '–', '—', '→']) || label.starts_with("- ");
    let label = label
        .trim_start_matches([':', '=', '(', '-', '–', '—', '→'])
        .trim_end_matches(')')
        .trim();
    let is_label = label.starts_with(char::is_alphabetic);
    let is_one = if wants_number { is_number(code) } else { sign };
    (is_one && is_label).then_some((code, label))
}

/// Reads a meaning with its code after it: `Owner (50)`, `Owner = 50`.
fn reversed(piece: &str) -> Option<(&str, &str)> {
    let (label, code) = match piece.strip_suffix(')') {
        Some(inner) => inner.rsplit_once('(')?,
        None => piece.rsplit_once('=')?,
    };
    let label = label.rsplit(':').next().unwrap_or(label).trim();
    label
        .starts_with(char::is_alphabetic)
        .then_some((label, code.trim()))
}

/// Returns a share of a whole in percent. If only the name says percent, both readings are shown.
fn share(value: &Value) -> Option<String> {
    let text = value.text.trim();
    let (whole, fraction) = text.split_once('.')?;
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    let named = |list: &str| words(value.name()).any(|word| is_in(list, &word));
    if !(f64::MIN_POSITIVE..=1.0).contains(&number) || !named(PERCENTAGES) && !named(SHARES) {
        return None;
    }
    let percent = percent(whole, fraction);
    let meaning = value.meaning.as_deref().unwrap_or_default();
    let meaning = meaning.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| meaning.contains(phrase));
    if says(&[
        "0 to 1", "0 and 1", "0-1", "0–1", "0.0", "1.0", "fraction", "0..",
    ]) {
        return Some(format!("{percent}% ({text})"));
    }
    named(PERCENTAGES).then(|| format!("{text} ({percent}% if 1 is the whole)"))
}

/// Moves the decimal point of a share by two places.
fn percent(whole: &str, fraction: &str) -> String {
    let padded = format!("{fraction:0<2}");
    let (units, rest) = padded.split_at(2);
    let units = format!("{whole}{units}");
    let units = units.trim_start_matches('0');
    let units = if units.is_empty() { "0" } else { units };
    match rest.trim_end_matches('0') {
        "" => units.to_owned(),
        rest => format!("{units}.{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use gaiterguard_judge::Role;

    use super::*;

    fn shown_as(name: &str, text: &str, meaning: &str) -> Option<String> {
        shown(&Value {
            location: format!("body/{name}"),
            names: vec![name.to_owned()],
            text: text.to_owned(),
            rest: None,
            currency: None,
            role: Role::None,
            meaning: Some(meaning.to_owned()).filter(|meaning| !meaning.is_empty()),
        })
    }

    #[test]
    fn a_code_is_shown_with_what_the_document_says_about_it() {
        for (text, meaning, expected) in [
            ("3", "1 low, 2 normal, 3 urgent", Some("3 (urgent)")),
            (
                "7",
                "State: 5 = open; 7 = void; 9 = paid.",
                Some("7 (void)"),
            ),
            ("2", "Viewer (1), Editor (2), Admin (4)", Some("2 (Editor)")),
            ("2", "- 1: one-time\n- 2: recurring", Some("2 (recurring)")),
            (
                "live",
                "test: nothing is billed; live: cards are charged",
                Some("live (cards are charged)"),
            ),
            ("S", "`S` – small, `L` – large", Some("S (small)")),
            ("8", "1 low, 2 normal, 3 urgent", None),
            ("3", "At most 3 retries", None),
            ("5", "Between 1 and 10 stars, in steps", None),
            ("eu", "The region, for example eu or us", None),
        ] {
            assert_eq!(
                shown_as("kind", text, meaning).as_deref(),
                expected,
                "{meaning}"
            );
        }
        assert_eq!(
            shown_as("accessLevel", "40", "").as_deref(),
            Some("40 (Maintainer)")
        );
        assert_eq!(shown_as("level", "40", ""), None);
    }

    #[test]
    fn a_share_is_shown_in_percent() {
        for (name, text, meaning, expected) in [
            (
                "taxRate",
                "0.075",
                "A number from 0 to 1",
                Some("7.5% (0.075)"),
            ),
            (
                "discount",
                "1.0",
                "Fraction of the price",
                Some("100% (1.0)"),
            ),
            (
                "percentOff",
                "0.25",
                "",
                Some("0.25 (25% if 1 is the whole)"),
            ),
            ("percentOff", "25", "", None),
            ("percentOff", "12.5", "", None),
            ("exchangeRate", "0.92", "", None),
        ] {
            assert_eq!(
                shown_as(name, text, meaning).as_deref(),
                expected,
                "{name} {text}"
            );
        }
    }
}
