//! The forms under which a value is found again.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization;

/// The shortest text within another that is a value of its own, unless it is a number. Shorter ones
/// appear in unrelated texts by chance.
const INNER_BYTES_MIN: usize = 3;

/// The longest number that is compared by its value. An integer of 128 bits has a sign and 39
/// digits.
const NUMBER_BYTES_MAX: usize = 40;

/// Every form of the whole of a value: folded, as a number by its value, as a date without its time,
/// as a phone number by its digits, as a path without its query.
pub(crate) fn of_whole(text: &str, found: &mut dyn FnMut(&str)) {
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    if let Some(number) = number(text) {
        found(&number);
        return;
    }
    found(&folded(text));
    if let Some(whole) = scaled(text) {
        found(&whole);
    }
    if let Some(digits) = phone(text) {
        found(&digits);
    }
    if is_timestamp(text) {
        found(&text[..10]);
    }
    if text.starts_with('/') {
        found(&path(text));
    } else if is_url(text) {
        found(&folded(text.trim_end_matches('/')));
    }
}

/// Every form of what is within a value: the last segment of a URL or a path, the last part of
/// `spotify:track:xyz`, the key of `users('xyz')`, the address of `Name <address>`.
pub(crate) fn of_inner(text: &str, found: &mut dyn FnMut(&str)) {
    let text = text.trim();
    if text.contains(char::is_whitespace) || text.ends_with('>') {
        return mailboxes(text, found);
    }
    if let Some(part) = last_part(text)
        && part.len() < text.len()
        && (part.len() >= INNER_BYTES_MIN || part.bytes().all(|byte| byte.is_ascii_digit()))
    {
        of_whole(&decoded(part), found);
    }
}

/// The forms of every segment of a URL that may be an id.
pub(crate) fn of_segments(text: &str, found: &mut dyn FnMut(&str)) {
    if !is_url(text) {
        return;
    }
    let path = text.split(['?', '#']).next().unwrap_or_default();
    for segment in path.split('/').skip(3) {
        if segment.len() > INNER_BYTES_MIN && segment.bytes().any(|byte| byte.is_ascii_digit()) {
            of_whole(&decoded(segment), found);
        }
    }
}

/// A path, decoded, without its query and the slash at its end.
pub(crate) fn path(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    folded(&decoded(text.trim_end_matches('/'))).into_owned()
}

/// A text without case, with composed characters.
pub(crate) fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfc().collect::<String>().to_lowercase())
}

/// Whether a text is an address on the web.
pub(crate) fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text)
        .decode_utf8()
        .unwrap_or(Cow::Borrowed(text))
}

/// A decimal number in the one way of writing it. Digits behind a zero are an id and not a number.
fn number(text: &str) -> Option<String> {
    if text.len() > NUMBER_BYTES_MAX {
        return None;
    }
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => return None,
        _ => ("", text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    Some(match (whole, fraction) {
        ("0", "") => "0".to_owned(),
        (_, "") => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction}"),
    })
}

/// A whole number that is written with an exponent.
fn scaled(text: &str) -> Option<String> {
    let is_written_so = text.len() <= NUMBER_BYTES_MAX
        && text.contains(['e', 'E'])
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'e' | b'E' | b'.' | b'+' | b'-'));
    let value = is_written_so.then(|| text.parse::<f64>().ok()).flatten()?;
    (value.fract() == 0.0 && value.abs() < 1e15).then(|| format!("{value:.0}"))
}

/// A phone number with its country code, by its digits.
fn phone(text: &str) -> Option<String> {
    let digits = text
        .strip_prefix("tel:")
        .unwrap_or(text)
        .strip_prefix('+')?;
    let is_phone = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b" -().".contains(&byte));
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    (is_phone && (7..=15).contains(&digits.len())).then(|| format!("+{digits}"))
}

/// Whether a text is a date with a time (RFC 3339).
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 15
        && bytes[..10].iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
        && matches!(bytes[10], b'T' | b't' | b' ')
}

/// The last part of a reference without spaces in it.
fn last_part(text: &str) -> Option<&str> {
    let plain = text.split('?').next().unwrap_or_default();
    let plain = plain
        .split('#')
        .next()
        .filter(|part| !part.is_empty())
        .unwrap_or(plain);
    let plain = plain.trim_end_matches('/');
    // Some services name the format of the response behind the id.
    let plain = plain
        .strip_suffix(".json")
        .or(plain.strip_suffix(".xml"))
        .unwrap_or(plain);
    let segment = plain.rsplit('/').next()?;
    if let Some((_, key)) = segment
        .strip_suffix(')')
        .and_then(|rest| rest.split_once('('))
    {
        return Some(key.trim_matches('\''));
    }
    if segment.len() < text.len() {
        return Some(segment);
    }
    // `urn:li:person:abc`, and not a time or a host with its port.
    let (scheme, _) = segment.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-_".contains(&byte));
    is_scheme.then(|| segment.rsplit(':').next()).flatten()
}

/// The names and addresses of `Name <address>, Name <address>`.
fn mailboxes(text: &str, found: &mut dyn FnMut(&str)) {
    if !text.contains('@') {
        return;
    }
    for mailbox in text.split([',', ';']) {
        let mailbox = mailbox.trim();
        let Some((name, address)) = mailbox
            .strip_suffix('>')
            .and_then(|rest| rest.rsplit_once('<'))
        else {
            if mailbox.contains('@') && !mailbox.contains(char::is_whitespace) {
                of_whole(mailbox, found);
            }
            continue;
        };
        of_whole(address, found);
        of_whole(name.trim().trim_matches(['"', '\'']), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Vec<String> {
        let mut forms = Vec::new();
        of_whole(text, &mut |form| forms.push(form.to_owned()));
        forms
    }

    fn inner(text: &str) -> Vec<String> {
        let mut forms = Vec::new();
        of_inner(text, &mut |form| forms.push(form.to_owned()));
        forms
    }

    #[test]
    fn numbers_are_one_by_value_and_ids_with_leading_zeros_are_not_numbers() {
        for same in ["1200", " 1200 ", "1200.0", "1200.00"] {
            assert_eq!(whole(same), ["1200"]);
        }
        assert!(whole("1.2e3").contains(&"1200".to_owned()));
        assert_eq!(whole("007"), ["007"]);
        assert_eq!(whole("-0.50"), ["-0.5"]);
        assert_eq!(whole("-0"), ["0"]);
    }

    #[test]
    fn spellings_of_one_value_share_a_form() {
        assert_eq!(whole("Bob@X.example"), whole(" bob@x.example"));
        assert_eq!(whole("Cafe\u{301}"), whole("caf\u{e9}"));
        let digits = "+14155550100".to_owned();
        for phone in ["+1 (415) 555-0100", "+14155550100", "tel:+1-415-555-0100"] {
            assert!(whole(phone).contains(&digits), "{phone}");
        }
        assert!(whole("2026-03-01T10:00:00Z").contains(&"2026-03-01".to_owned()));
        assert!(whole("/a/%41b/?x=1").contains(&"/a/ab".to_owned()));
    }

    #[test]
    fn ids_within_references_are_found() {
        for (text, id) in [
            ("Patient/123", "123"),
            ("spotify:track:xyz", "xyz"),
            ("users('ab-12')", "ab-12"),
            ("/odata/Orders(42)", "42"),
            ("gid://shopify/Product/99", "99"),
            ("https://x.example/v1/files/f%20one/?alt=media", "f one"),
            ("users/abc@x", "abc@x"),
            ("/orders/5631947202733.json", "5631947202733"),
            ("mailto:bob@x.example", "bob@x.example"),
        ] {
            assert_eq!(inner(text), [id], "{text}");
        }
        assert_eq!(
            inner("\"Bob Smith\" <Bob@x.example>, amy@y.example"),
            ["bob@x.example", "bob smith", "amy@y.example"]
        );
        for nothing in ["10:30:15", "plain words here", "word", "a/b"] {
            assert!(inner(nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn segments_of_an_address_are_ids_if_they_have_digits() {
        let mut forms = Vec::new();
        let address = "https://api.example/v1/customers/cus_123/sources";
        of_segments(address, &mut |form| forms.push(form.to_owned()));
        assert_eq!(forms, ["cus_123"]);
    }
}
