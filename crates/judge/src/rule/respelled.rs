//! Names that some servers take for another.

/// Whether `key` is another spelling of `name`: one that differs in case, or that a server cuts,
/// trims or takes apart. Go and .NET ignore case; PHP cuts at a NUL, trims spaces and reads ` `, `.`
/// and `[` as `_`; others take `a.b` and `[a]` apart.
pub(super) fn is_respelled(key: &str, name: &str) -> bool {
    let key = key.trim_start_matches([' ', '[', '\u{feff}']);
    // Most names differ in their first letter.
    let mut rest = key.chars();
    for wanted in name.chars() {
        match rest.next() {
            Some(found) if is_alike(found, wanted) => {}
            _ => return false,
        }
    }
    match rest.next() {
        None => true,
        Some(next) => matches!(next, '[' | ']' | '.' | ' ' | '\0'),
    }
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
        ] {
            assert!(is_respelled(key, "amount"), "{key:?}");
        }
        assert!(is_respelled("transfer.data", "transfer_data"));
        assert!(is_respelled("transfer data", "transfer_data"));
        assert!(is_respelled("\u{212a}ey", "key"));
        assert!(is_respelled("acce\u{17f}s", "access"));
        for key in [
            "amounts",
            "amoun",
            "note",
            "amount_paid",
            "amount-x",
            "",
            "a",
        ] {
            assert!(!is_respelled(key, "amount"), "{key:?}");
        }
    }
}
