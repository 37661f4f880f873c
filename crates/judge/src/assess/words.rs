//! Words, cut out of paths, keys and sentences, and compared by their stems.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A word without case and ending, as a number that equal stems share.
pub(crate) type Stem = u64;

/// A set of stems.
pub(crate) type Stems = HashSet<Stem, BuildHasherDefault<AsItIs>>;

/// A table by stem.
pub(crate) type ByStem<T> = HashMap<Stem, T, BuildHasherDefault<AsItIs>>;

/// The longest word that endings are taken off.
const STEMMED_MAX: usize = 32;

/// A stem is a hash already.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn write_u64(&mut self, stem: u64) {
        self.0 = stem;
    }
}

/// The stem of a word: lower case, without the endings of plurals and of English verbs. It need
/// not be a word; it only has to be the same for all forms of one.
pub(crate) fn stem(word: &str) -> Stem {
    if !word.is_ascii() {
        return hashed(word.to_lowercase().as_bytes());
    }
    let mut buffer = [0u8; STEMMED_MAX];
    let Some(buffer) = buffer.get_mut(..word.len()) else {
        return hashed(word.to_ascii_lowercase().as_bytes());
    };
    buffer.copy_from_slice(word.as_bytes());
    buffer.make_ascii_lowercase();
    hashed(without_ending(buffer))
}

fn without_ending(word: &mut [u8]) -> &[u8] {
    let mut end = word.len();
    match &word[..end] {
        [.., b'i', b'e', b's'] if end > 4 => {
            end -= 2;
            word[end - 1] = b'y';
        }
        [.., b's', b's', b'e', b's']
        | [.., b'x', b'e', b's']
        | [.., b'c' | b's', b'h', b'e', b's']
        | [.., b'z', b'z', b'e', b's']
            if end > 4 =>
        {
            end -= 2;
        }
        [.., b's' | b'u' | b'i', b's'] => {}
        [.., b's'] if end > 3 => end -= 1,
        _ => {}
    }
    let ending = match &word[..end] {
        [.., b'i', b'e', b'd'] if end > 4 => {
            end -= 2;
            word[end - 1] = b'y';
            0
        }
        [.., b'i', b'n', b'g'] if end > 5 => 3,
        [.., b'e', b'd'] if end > 4 => 2,
        _ => 0,
    };
    if ending > 0 {
        end -= ending;
        if word[end - 1] == word[end - 2] {
            end -= 1;
        }
    }
    if end > 4 && word[end - 1] == b'e' {
        end -= 1;
    }
    &word[..end]
}

/// FNV-1a, with the bits mixed so that a table may use any of them.
fn hashed(bytes: &[u8]) -> Stem {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^ (hash >> 29)
}

/// The words of a name as programs write it: cut at everything that is no letter, and where a
/// capital follows a small letter, so that `postMessage` gives two.
pub(crate) fn of_name(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name;
    std::iter::from_fn(move || {
        rest = &rest[run(rest, |c| !c.is_alphabetic())..];
        if rest.is_empty() {
            return None;
        }
        let mut after_small = false;
        let end = run(rest, |c| {
            let goes_on = c.is_alphabetic() && !(after_small && c.is_uppercase());
            after_small = c.is_lowercase();
            goes_on
        });
        let (word, behind) = rest.split_at(end);
        rest = behind;
        Some(word)
    })
}

/// The words of a sentence: letters and digits together.
pub(crate) fn of_text(text: &str) -> impl Iterator<Item = &str> {
    let belongs = |c: char| c.is_alphanumeric() || c == '\'';
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = &rest[run(rest, |c| !belongs(c))..];
            if rest.is_empty() {
                return None;
            }
            let (word, behind) = rest.split_at(run(rest, belongs));
            rest = behind;
            let word = word.trim_matches('\'');
            let word = word.strip_suffix("'s").unwrap_or(word);
            if !word.is_empty() {
                return Some(word);
            }
        }
    })
}

/// How many bytes at the start of a text are characters of a kind. Most of them are ASCII, which
/// need not be decoded.
fn run(text: &str, mut is_of_kind: impl FnMut(char) -> bool) -> usize {
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        let (c, length) = if byte.is_ascii() {
            (char::from(*byte), 1)
        } else {
            let c = text[at..].chars().next().unwrap_or_default();
            (c, c.len_utf8())
        };
        if !is_of_kind(c) {
            break;
        }
        at += length;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_word_share_a_stem() {
        for (one, other) in [
            ("delete", "deleting"),
            ("Deletes", "DELETED"),
            ("cancel", "cancelled"),
            ("charge", "charging"),
            ("policy", "policies"),
            ("box", "boxes"),
            ("apply", "applied"),
            ("booking", "books"),
        ] {
            assert_eq!(stem(one), stem(other), "{one} {other}");
        }
        for (one, other) in [("pay", "payment"), ("address", "addres"), ("bed", "b")] {
            assert_ne!(stem(one), stem(other), "{one} {other}");
        }
    }

    #[test]
    fn names_are_cut_into_their_words() {
        let words: Vec<&str> = of_name("chat.postMessage").collect();
        assert_eq!(words, ["chat", "post", "Message"]);
        let words: Vec<&str> = of_name("api_keys:batch-delete").collect();
        assert_eq!(words, ["api", "keys", "batch", "delete"]);
        let words: Vec<&str> = of_text("Don't pay Bob's bill (42 €)!").collect();
        assert_eq!(words, ["Don't", "pay", "Bob", "bill", "42"]);
    }
}
