//! The names of values, and the beginnings and endings of their texts.

use crate::words::words;

/// How many different values of a list are counted, and how many values a list has at least for that.
const COUNTED_MAX: usize = 8;
const REPEATED_MIN: usize = 4;

/// Splits the name of a field that is nested by brackets or with indices, as in forms: `account[bank][iban]`. Indices
/// are left out.
pub(crate) fn bracketed(name: &str) -> Vec<String> {
    // `Permissions.1.Port` is nested, too, and `retention.ms` is not.
    let parts: Vec<&str> = match name.split_once('[') {
        Some((first, rest)) if !first.is_empty() && rest.ends_with(']') => {
            name.split(['[', ']']).collect()
        }
        _ if name.split('.').any(is_index) => name.split('.').collect(),
        _ => vec![name],
    };
    let named = parts.iter().filter(|one| !one.is_empty() && !is_index(one));
    let named: Vec<String> = named.map(|one| (*one).to_owned()).collect();
    if named.is_empty() {
        vec![name.to_owned()]
    } else {
        named
    }
}

/// Whether a name of several words begins with `resource`, which says nothing about access.
pub(crate) fn is_of_resource(name: &str) -> bool {
    words(name).next().is_some_and(|first| first == "resource") && words(name).nth(1).is_some()
}

/// Whether a name is an identifier that a machine made, such as a UUID.
pub(crate) fn is_identifier(name: &str) -> bool {
    name.len() >= 16
        && name.bytes().any(|byte| byte.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Whether a part of a pointer is an index.
pub(crate) fn is_index(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// Replaces the indices in a pointer by `*`, as documents describe the items of a list.
pub(crate) fn without_indices(pointer: &str) -> String {
    let parts = pointer
        .split('/')
        .map(|part| if is_index(part) { "*" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Returns the first characters of a text, and whether there are more.
pub(crate) fn beginning(text: &str, chars_max: usize) -> (&str, bool) {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => (&text[..end], true),
        None => (text, false),
    }
}

/// The part of a text after its beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rest {
    /// How many characters are between the beginning and the ending.
    pub(crate) hidden: usize,
    /// The last characters.
    pub(crate) ending: String,
}

/// Returns what is left of a text after its first `chars_max` characters; `None` if it has no more.
pub(crate) fn rest_of(text: &str, chars_max: usize, ending_chars_max: usize) -> Option<Rest> {
    let (start, is_longer) = beginning(text, chars_max);
    if !is_longer {
        return None;
    }
    let behind = &text[start.len()..];
    let ending = ending(behind, ending_chars_max);
    Some(Rest {
        hidden: behind[..behind.len() - ending.len()].chars().count(),
        ending: ending.to_owned(),
    })
}

/// Returns the last characters of a text.
pub(crate) fn ending(text: &str, chars_max: usize) -> &str {
    let last = chars_max.checked_sub(1);
    let start = last.and_then(|last| text.char_indices().rev().nth(last));
    start.map_or(text, |(start, _)| &text[start..])
}

/// Returns the group of a value with these names.
pub(crate) fn group_of(location: &str, names: &[String]) -> String {
    let place = location.split('/').next().unwrap_or_default();
    format!("{place}\0{}", names.join("\0"))
}

/// Returns the different texts of a list with how often each appears, the rarest first: one that differs from all
/// others is easily missed among them. Empty if the texts do not repeat much.
pub(crate) fn counted<'t>(texts: &[&'t str]) -> Vec<(&'t str, usize)> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for text in texts {
        let known = counted.iter().position(|(known, _)| known == text);
        match known {
            Some(at) => counted[at].1 += 1,
            // Too many different ones are a list.
            None if counted.len() == COUNTED_MAX => return Vec::new(),
            None => counted.push((text, 1)),
        }
    }
    if texts.len() < REPEATED_MIN || counted.len() * 2 > texts.len() {
        return Vec::new();
    }
    counted.sort_by_key(|(_, count)| *count);
    counted
}
