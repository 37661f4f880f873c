//! The verb and the noun of a documented summary.

use crate::words::{capitalized, is_in, verb_of};

/// Words that add nothing to a noun.
const ARTICLES: &str =
    "a an the one or more single several multiple existing new specific specified given";

/// Words of a summary that follow a noun and are not part of it.
const JOINING: &str = "for from in into of on to with by and or at via using within which that a \
    an the as given about if when";

/// Reads the verb and the noun at the beginning of a summary, such as “Creates a refund for a charge”.
pub(super) fn documented(summary: &str) -> Option<(String, Option<String>)> {
    let sentence = summary.split(['.', '\n', '(', ';', ':']).next()?;
    let mut words = sentence
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty());
    let first = words.next()?.to_ascii_lowercase();
    let verb = verb_of(&first)?;
    // "Add or update" is one act of two, and a reader has to expect either.
    let mut rest = words.clone();
    let other = rest
        .next()
        .filter(|word| is_in("and or", &word.to_ascii_lowercase()))
        .and_then(|joint| Some((joint, verb_of(&rest.next()?.to_ascii_lowercase())?)));
    let verb = match other {
        Some((joint, other)) => {
            words = rest;
            format!("{verb} {} {other}", joint.to_ascii_lowercase())
        }
        None => verb.to_owned(),
    };
    let noun: Vec<String> = words
        .map(str::to_ascii_lowercase)
        .skip_while(|word| is_in(ARTICLES, word))
        .take_while(|word| {
            word.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'\''))
                && !is_in(JOINING, word)
        })
        // A noun has few words; what follows is the rest of the sentence.
        .take(3)
        .collect();
    let noun = (!noun.is_empty()).then(|| noun.join(" "));
    Some((capitalized(&verb), noun))
}
