//! Words, cut out of paths, keys and sentences, and compared by their stems.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A word without case and ending, as a number that equal stems share.
pub type Stem = u64;

/// A set of stems.
pub type Stems = HashSet<Stem, BuildHasherDefault<AsItIs>>;

/// A table by stem.
pub type ByStem<T> = HashMap<Stem, T, BuildHasherDefault<AsItIs>>;

/// The longest word whose ending is removed, in bytes. English words are shorter, and the buffer
/// stays small.
const STEMMED_BYTES_MAX: usize = 32;

/// A hasher that returns a stem unchanged, because a stem is already a hash.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsItIs(u64);

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

/// Returns the stem of a word: lower case, without the endings of plurals and of English verbs. A
/// stem need not be a word; it only has to be the same for all forms of one.
pub fn stem(word: &str) -> Stem {
    // The whole buffer is processed: its length is known at compile time, which is faster.
    let mut buffer = [0u8; STEMMED_BYTES_MAX];
    let Some(beginning) = buffer.get_mut(..word.len()) else {
        return hashed(word.to_lowercase().as_bytes());
    };
    beginning.copy_from_slice(word.as_bytes());
    if !buffer.is_ascii() {
        return hashed(word.to_lowercase().as_bytes());
    }
    buffer.make_ascii_lowercase();
    let end = without_ending(&mut buffer[..word.len()]);
    hashed(&buffer[..end])
}

/// Returns the length of a word without its ending. The last letter may be replaced by `y`.
fn without_ending(word: &mut [u8]) -> usize {
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
    end
}

/// Hashes a word, eight bytes at a time. The bits are mixed so that a table may use any of them.
fn hashed(bytes: &[u8]) -> Stem {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, chunk: u64| {
        let mixed = (hash ^ chunk).wrapping_mul(ODD);
        mixed ^ mixed >> 32
    };
    let (chunks, rest) = bytes.as_chunks::<8>();
    let hash = chunks
        .iter()
        .fold(0, |hash, chunk| mix(hash, u64::from_le_bytes(*chunk)));
    let rest = rest
        .iter()
        .rev()
        .fold(0, |rest, byte| rest << 8 | u64::from(*byte));
    mix(hash, rest)
}

/// Classes of bytes.
mod kind {
    /// A letter.
    pub(crate) const LETTER: u8 = 1;
    /// A capital letter.
    pub(crate) const CAPITAL: u8 = 1 << 1;
    /// A small letter.
    pub(crate) const SMALL: u8 = 1 << 2;
    /// Other characters of a word: digits, apostrophes.
    pub(crate) const OTHER: u8 = 1 << 3;
}

/// The kinds of ASCII bytes.
const OF_ASCII: [u8; 128] = {
    let mut of_ascii = [0; 128];
    let mut at = 0;
    while at < 128 {
        #[expect(clippy::cast_possible_truncation, reason = "it counts up to 127")]
        let byte = at as u8;
        of_ascii[at] = match byte {
            b'a'..=b'z' => kind::LETTER | kind::SMALL,
            b'A'..=b'Z' => kind::LETTER | kind::CAPITAL,
            b'0'..=b'9' | b'\'' => kind::OTHER,
            _ => 0,
        };
        at += 1;
    }
    of_ascii
};

/// Returns the kind of the character at a byte offset, and its length in bytes.
#[cold]
fn other_kind(text: &str, at: usize) -> (u8, usize) {
    let c = text[at..].chars().next().unwrap_or_default();
    let kind = match c {
        c if c.is_uppercase() => kind::LETTER | kind::CAPITAL,
        c if c.is_lowercase() => kind::LETTER | kind::SMALL,
        c if c.is_alphabetic() => kind::LETTER,
        c if c.is_alphanumeric() => kind::OTHER,
        _ => 0,
    };
    (kind, c.len_utf8())
}

/// Splits an identifier into words: at every character that is not a letter, and where a capital
/// follows a small letter, so that `postMessage` gives two.
pub fn of_name(name: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at = run(name, at, |kind| kind & kind::LETTER == 0);
        let start = at;
        let mut after_small = false;
        at = run(name, at, |kind| {
            let continues = kind & kind::LETTER != 0 && !(after_small && kind & kind::CAPITAL != 0);
            after_small = kind & kind::SMALL != 0;
            continues
        });
        (at > start).then(|| &name[start..at])
    })
}

/// Splits a sentence into words: runs of letters, digits and apostrophes.
pub fn of_text(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at = run(text, at, |kind| kind == 0);
            let start = at;
            at = run(text, at, |kind| kind != 0);
            if at == start {
                return None;
            }
            let word = bare(&text[start..at]);
            if !word.is_empty() {
                return Some(word);
            }
        }
    })
}

/// Returns a word without the apostrophes around it and without a possessive ending.
fn bare(word: &str) -> &str {
    let is_quoted = word.starts_with('\'') || word.ends_with('\'');
    let word = if is_quoted {
        word.trim_matches('\'')
    } else {
        word
    };
    word.strip_suffix("'s").unwrap_or(word)
}

/// Returns the end of the run of characters that begins at `start` and whose kinds match. Most
/// characters are ASCII, which need not be decoded.
#[inline]
fn run(text: &str, start: usize, mut is_of_kind: impl FnMut(u8) -> bool) -> usize {
    let mut at = start;
    while let Some(byte) = text.as_bytes().get(at) {
        let (kind, length) = match OF_ASCII.get(usize::from(*byte)) {
            Some(kind) => (*kind, 1),
            None => other_kind(text, at),
        };
        if !is_of_kind(kind) {
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
