//! Removes agent keys and other secrets from text that is stored or shown.

use std::borrow::Cow;

use crate::agent_key;

/// Replaces a value that is not shown.
pub const MASK: &str = "•••";

/// The first bytes of an agent key.
pub const AGENT_KEY_PREFIX: &str = agent_key::PREFIX;

/// The number of hexadecimal digits after [`AGENT_KEY_PREFIX`].
pub const AGENT_KEY_DIGITS: usize = agent_key::DIGITS;

/// Returns whether `bytes` contain an agent key in any spelling.
pub fn holds_agent_key(bytes: &[u8]) -> bool {
    agent_key::is_in(bytes)
}

/// Returns `text` without agent keys.
///
/// A plain key becomes its prefix and [`MASK`]. An encoded key is masked together with the word around
/// it. If a key spans several words, the whole text becomes [`MASK`].
pub fn agent_keys(text: &str) -> Cow<'_, str> {
    if !holds_agent_key(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let plain = without_plain(text);
    if !holds_agent_key(plain.as_bytes()) {
        return Cow::Owned(plain);
    }
    let words = without_words(&plain);
    if holds_agent_key(words.as_bytes()) {
        return Cow::Borrowed(MASK);
    }
    Cow::Owned(words)
}

fn without_plain(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = agent_key::find_plain(rest.as_bytes()) {
        redacted.push_str(&rest[..start]);
        redacted.push_str(AGENT_KEY_PREFIX);
        redacted.push_str(MASK);
        rest = &rest[start + AGENT_KEY_PREFIX.len() + AGENT_KEY_DIGITS..];
    }
    redacted.push_str(rest);
    redacted
}

fn without_words(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest
            .find(|letter: char| !is_word_character(letter))
            .unwrap_or(rest.len());
        let (word, behind) = rest.split_at(length);
        redacted.push_str(if holds_agent_key(word.as_bytes()) {
            MASK
        } else {
            word
        });
        let gap = behind.find(is_word_character).unwrap_or(behind.len());
        redacted.push_str(&behind[..gap]);
        rest = &behind[gap..];
    }
    redacted
}

/// Returns whether a character may be part of the spelling of a key.
fn is_word_character(letter: char) -> bool {
    letter.is_ascii_graphic() && !matches!(letter, '"' | ',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_agent_key_in_a_text_is_masked() {
        let key = format!("agt_{}", "0a".repeat(32));
        let text = format!("use {key}, or {key}!");
        assert_eq!(agent_keys(&text), "use agt_•••, or agt_•••!");
    }

    #[test]
    fn an_encoded_agent_key_is_masked_with_the_word_around_it() {
        let digits = "0a".repeat(32);
        let text = format!("use q=%61gt_{digits}, or agt_{digits}!");
        assert_eq!(agent_keys(&text), "use •••, or agt_•••!");
        let lines = format!("use agt_{}=\r\n{} now", &digits[..32], &digits[32..]);
        assert_eq!(agent_keys(&lines), MASK);
    }

    #[test]
    fn a_text_without_a_key_is_not_copied() {
        assert!(matches!(
            agent_keys("agt_ and agt_12 are not keys"),
            Cow::Borrowed(_)
        ));
    }
}
