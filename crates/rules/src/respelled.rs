//! Names that some servers take for another.

use gaiterguard_domain::invisible::is_ignorable;

/// Whether `key` is another spelling of `name`: one that differs in case, or that a server cuts,
/// trims or takes apart.
///
/// A name behind more than [`LEAD_CHARS_MAX`] characters that servers drop counts as another spelling of any
/// name.
///
/// Go and .NET ignore case. PHP cuts at a NUL, trims spaces and reads ` `, `.` and `[` as `_`. Others
/// take `a.b`, `[a]` and `["a"]` apart. Spring has `!a` for a default, Zope `a:int` for a type and
/// Rails `a(1i)` for a part; `URLSearchParams` drops a `?` at the beginning.
pub(crate) fn is_respelled(key: &str, name: &str) -> bool {
    // A mark at the beginning may also be what PHP reads as `_`.
    without_lead(key, is_space).is_none_or(|key| begins_with(key, name))
        || key.starts_with(is_lead)
            && without_lead(key, is_lead).is_none_or(|key| begins_with(key, name))
}

/// The most characters at the beginning of a name that are looked through. Without a limit, a name of
/// megabytes of spaces would be read to its end for every name that a condition asks for.
const LEAD_CHARS_MAX: usize = 64;

/// A name without the characters that servers drop at its beginning; `None` if they are too many.
fn without_lead(key: &str, drops: impl Fn(char) -> bool) -> Option<&str> {
    let mut lead = key.char_indices();
    let mut first = lead.by_ref().take(LEAD_CHARS_MAX + 1);
    match first.find(|(_, c)| !drops(*c)) {
        Some((start, _)) => Some(&key[start..]),
        None => lead.next().is_none().then_some(""),
    }
}

/// The kind of names in a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// Fields of a body, or parameters of a query.
    Fields,
    /// Headers, in which servers behind CGI and its like read `-` and `_` alike.
    Headers,
}

impl Names {
    /// Whether `key`, one of these names, is a spelling of `name`.
    pub(crate) fn is_respelled(self, key: &str, name: &str) -> bool {
        match self {
            Self::Fields => is_respelled(key, name),
            Self::Headers => {
                let dashed = |text: &str| text.replace('_', "-");
                key.len() == name.len() && dashed(key).eq_ignore_ascii_case(&dashed(name))
            }
        }
    }

    /// Whether `test` holds for a spelling of `key`, which is one of these names.
    pub(crate) fn any_spelling(self, key: &str, mut test: impl FnMut(&str) -> bool) -> bool {
        match self {
            Self::Headers => {
                key.contains(['-', '_'])
                    && (test(&key.replace('_', "-")) || test(&key.replace('-', "_")))
            }
            // Most names are their own only spelling.
            Self::Fields if key.bytes().all(is_plain) => test(key),
            Self::Fields => {
                let trimmed = key.trim_start_matches(is_lead);
                let cut = trimmed.split(is_end).next().unwrap_or_default();
                [key, trimmed, cut].into_iter().any(|one| {
                    let lower = one.to_lowercase();
                    test(one) || test(&lower) || test(&lower.replace([' ', '.', '['], "_"))
                })
            }
        }
    }
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')
}

/// Whether `key` is `name`, alike, and ends there for some server.
fn begins_with(key: &str, name: &str) -> bool {
    // Most names differ in their first letter.
    let mut rest = key.chars();
    for wanted in name.chars() {
        match rest.next() {
            Some(found) if is_alike(found, wanted) => {}
            _ => return false,
        }
    }
    rest.next().is_none_or(is_end)
}

/// Characters that servers drop at the beginning of a name.
fn is_lead(c: char) -> bool {
    is_space(c) || matches!(c, '[' | '.' | '!' | '?' | '\'' | '"')
}

/// Characters at which a name ends for some server.
fn is_end(c: char) -> bool {
    is_space(c) || matches!(c, '[' | ']' | '.' | ':' | '(' | '\'' | '"')
}

/// White space, controls and characters that are never displayed.
fn is_space(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_ignorable(c)
}

fn is_alike(found: char, wanted: char) -> bool {
    if found == wanted {
        return true;
    }
    if found.is_ascii() && wanted.is_ascii() {
        return found.eq_ignore_ascii_case(&wanted)
            || (wanted == '_' && matches!(found, ' ' | '.' | '['));
    }
    found.to_lowercase().eq(wanted.to_lowercase()) || found.to_uppercase().eq(wanted.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_in_the_spellings_that_servers_take_for_it() {
        for key in [
            "Amount",
            "AMOUNT",
            "aMount",
            "amount[]",
            "amount[0]",
            "amount.x",
            "amount\0x",
            " amount",
            "amount ",
            "[amount]",
            "amount]",
            "\u{feff}amount",
            "amoun\u{54}",
            "amount\u{200b}",
            "amount\u{ad}",
            "\u{200e}amount",
            "\tamount",
            "amount\n",
            "!amount",
            "?amount",
            "! amount",
            "amount:int",
            "amount(1i)",
            "'amount'",
            "\"amount\"",
            "[\"amount\"]",
            "['amount']",
            ".amount",
        ] {
            assert!(is_respelled(key, "amount"), "{key:?}");
        }
        let behind = |spaces: usize| format!("{}note", " ".repeat(spaces));
        assert!(!is_respelled(&behind(LEAD_CHARS_MAX), "amount"));
        assert!(is_respelled(&behind(LEAD_CHARS_MAX + 2), "amount"));
        assert!(is_respelled("transfer.data", "transfer_data"));
        assert!(is_respelled("transfer data", "transfer_data"));
        assert!(is_respelled(".amount", "_amount"));
        assert!(is_respelled("\u{212a}ey", "key"));
        assert!(is_respelled("acce\u{17f}s", "access"));
        for key in [
            "amounts",
            "amoun",
            "note",
            "amount_paid",
            "amount-x",
            "_amount",
            "other:amount",
            "other(amount)",
            "!amounts",
            "",
            "a",
        ] {
            assert!(!is_respelled(key, "amount"), "{key:?}");
        }
    }
}
