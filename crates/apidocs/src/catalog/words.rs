//! Splits names and prose into words.

/// The length limit of a word, in characters. Longer ones are identifiers or encoded data.
const WORD_CHARS_MAX: usize = 40;

/// Returns the words of a text in lower case, without plural endings. Splits at everything that is not
/// a letter or digit, and between a lower-case and an upper-case letter.
pub(super) fn of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for character in text.chars() {
        let is_hump = before.is_lowercase() && character.is_uppercase();
        if !character.is_alphanumeric() || is_hump {
            finish(&mut word, &mut words);
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    finish(&mut word, &mut words);
    words
}

fn finish(word: &mut String, words: &mut Vec<String>) {
    let letters = word.chars().count();
    if letters > 1 && letters <= WORD_CHARS_MAX {
        words.push(singular(word).to_owned());
    }
    word.clear();
}

fn singular(word: &str) -> &str {
    let ends_like_a_plural = word.len() > 3
        && !["ss", "us", "is"]
            .iter()
            .any(|ending| word.ends_with(ending));
    match word.strip_suffix('s') {
        Some(stem) if ends_like_a_plural => stem,
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_prose_give_the_same_words() {
        assert_eq!(of("/chat.postMessage"), ["chat", "post", "message"]);
        assert_eq!(
            of("Posts messages, a status"),
            ["post", "message", "status"]
        );
    }
}
