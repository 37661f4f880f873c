//! Rights that are written as codes, so that only the document says which.

use gaiterguard_domain::effect::Effect;

use super::rights::GREAT;
use super::scene::{Scene, has_any, last_part, words_of};
use crate::field::LeafKind;
use crate::finding::{Finding, shown};
use crate::signal;

/// The longest code, in bytes. A longer text says itself what it means.
const CODE_BYTES_MAX: usize = 16;

/// The longest meaning of a code, in characters.
const MEANING_CHARS_MAX: usize = 36;

/// Parts of the names of values that say which rights somebody has, or who gets something.
const SAYS_RIGHTS: &[&str] = list![
    role access level permission privilege right share visib scope type
];

/// Words of meanings for everyone.
const PUBLIC: &[&str] = list![
    public anyone everyone anonymous world internet
];

/// Returns a right whose documented meaning the intent does not mention.
pub(super) fn gives(scene: &Scene<'_>) -> Option<Finding> {
    if scene.compared.descriptions.is_empty() || !scene.changes() || scene.effect == Effect::Delete
    {
        return None;
    }
    scene.values.iter().find_map(|value| {
        let found = &value.leaf.found;
        let name = last_part(found.name).to_lowercase();
        let is_code = (1..=CODE_BYTES_MAX).contains(&value.text.len())
            && matches!(value.leaf.kind, LeafKind::Number | LeafKind::Text)
            && SAYS_RIGHTS.iter().any(|part| name.contains(part));
        if !is_code {
            return None;
        }
        let description = description_of(scene.compared.descriptions, found.evidence)?;
        let meaning = meaning(description, &value.text)?;
        let words = words_of(meaning);
        let is_public = has_any(&words, PUBLIC)
            && !scene.says(list![
                public anyone everyone link world anybody everybody
            ]);
        let great = words.iter().find(|word| GREAT.contains(&word.as_str()));
        let is_great = great.is_some_and(|word| !scene.says(&[&word[..word.len().min(5)]]));
        let says = format!(
            "“{}” is {} ({})",
            shown(last_part(found.name)),
            shown(found.value),
            shown(meaning)
        );
        let sentence = if is_public {
            format!("It opens access to everyone: {says}.")
        } else if is_great {
            format!("{says}, a right that the intent does not mention.")
        } else {
            return None;
        };
        Some(value.finding(signal::DANGER_ACCESS, sentence))
    })
}

/// Returns the description of the field at a JSON pointer. Items of a list share one.
pub(super) fn description_of<'a>(
    descriptions: &[(&'a str, &'a str)],
    pointer: &str,
) -> Option<&'a str> {
    let is_item = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = |known: &str| {
        let (mut own, mut other) = (pointer.split('/'), known.split('/'));
        loop {
            match (own.next(), other.next()) {
                (None, None) => return true,
                (Some(one), Some("*")) if is_item(one) => {}
                (Some(one), Some(other)) if one == other => {}
                _ => return false,
            }
        }
    };
    let known = descriptions.iter().find(|(known, _)| fits(known));
    known.map(|(_, description)| *description)
}

/// Returns what a description says about a code: `public link` for `3` in `0 user, 1 group, 3 public link`.
fn meaning<'a>(description: &'a str, code: &str) -> Option<&'a str> {
    let pieces = description
        .split([',', ';', '|', '\n'])
        .flat_map(|piece| piece.split(" or "));
    pieces.into_iter().find_map(|piece| {
        let piece = piece.trim().trim_end_matches('.');
        // The subject may come first: `Level: 10 Guest`.
        let own = match piece.split_once(": ") {
            Some((subject, rest)) if !subject.eq_ignore_ascii_case(code) => rest,
            _ => piece,
        };
        let head = own
            .get(..code.len())
            .filter(|head| head.eq_ignore_ascii_case(code))?;
        let rest = &own[head.len()..];
        let is_whole = rest.starts_with([' ', ':', '=', '(', '–', '—', '→']);
        let label = rest
            .trim_start_matches([' ', ':', '=', '(', '-', '–', '—', '→'])
            .trim_end_matches(')')
            .trim();
        let is_label = label.starts_with(char::is_alphabetic)
            && label.chars().nth(MEANING_CHARS_MAX).is_none();
        // A word is a code only with a sign after it; otherwise it begins a sentence.
        let is_number = code.bytes().all(|byte| byte.is_ascii_digit());
        let has_sign = rest
            .trim_start()
            .starts_with([':', '=', '(', '–', '—', '→']);
        (is_whole && is_label && (is_number || has_sign)).then_some(label)
    })
}
