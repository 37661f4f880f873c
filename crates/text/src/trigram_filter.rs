//! A trigram prefilter: rejects most texts before the Aho-Corasick search.

/// Letters by their frequency in English, the most frequent first.
const BY_FREQUENCY: &[u8] = b" etaoinshrdlcumwfgypbvkjxqz";

/// How many bits of a byte count: those in which letters differ, and not their case.
const BYTE_BITS: u32 = 5;

/// Words of the table, with a bit for every triple.
const TABLE: usize = (1 << (3 * BYTE_BITS)) / 64;

/// Stores one trigram of each word, the rarest. A text without any of these trigrams does not contain
/// any of the words.
pub(crate) struct TrigramFilter {
    triples: Box<[u64; TABLE]>,
}

/// Three bytes that follow one another.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Triple(u16);

impl TrigramFilter {
    /// Creates a filter for words. Ignores the case of ASCII letters.
    pub(crate) fn new<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let mut filter = Self {
            triples: Box::new([0; TABLE]),
        };
        for word in words {
            if filter.may_hold(word) {
                continue;
            }
            let rarest = word
                .as_bytes()
                .array_windows::<3>()
                .copied()
                .min_by_key(|triple| triple.map(commonness).iter().sum::<usize>());
            match rarest {
                Some(triple) => {
                    let (at, bit) = triple
                        .into_iter()
                        .fold(Triple::default(), Triple::then)
                        .place();
                    filter.triples[at] |= bit;
                }
                // A word without a trigram disables the filter.
                None => filter.triples.fill(u64::MAX),
            }
        }
        filter
    }

    /// Whether a text may hold one of the words. If not, it holds none.
    pub(crate) fn may_hold(&self, text: &str) -> bool {
        let mut triple = Triple::default();
        text.bytes().any(|byte| {
            triple = triple.then(byte);
            self.knows(triple)
        })
    }

    /// Whether these three bytes may be those of a word.
    pub(crate) fn knows(&self, triple: Triple) -> bool {
        let (at, bit) = triple.place();
        self.triples[at] & bit != 0
    }
}

impl Triple {
    /// The last two bytes and this one.
    pub(crate) fn then(self, byte: u8) -> Self {
        const KEPT: u16 = (1 << (3 * BYTE_BITS)) - 1;
        Self((self.0 << BYTE_BITS | own(byte)) & KEPT)
    }

    /// Where its bit is.
    fn place(self) -> (usize, u64) {
        (usize::from(self.0 / 64), 1 << (self.0 % 64))
    }
}

/// How common a byte is in ordinary text, with all others that count as the same.
fn commonness(byte: u8) -> usize {
    let place = BY_FREQUENCY
        .iter()
        .position(|letter| own(*letter) == own(byte));
    place.map_or(0, |place| BY_FREQUENCY.len() - place)
}

/// Returns the bits of a byte that the filter uses.
fn own(byte: u8) -> u16 {
    u16::from(byte) & ((1 << BYTE_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORDS: [&str; 4] = ["ignor", "AKIA", "|sh", "\u{43f}\u{440}\u{435}"];

    proptest! {
        #[test]
        fn a_text_with_a_word_comes_past(
            before in ".{0,12}",
            word in prop::sample::select(&WORDS),
            is_upper in any::<bool>(),
            after in ".{0,12}",
        ) {
            let word = if is_upper { word.to_ascii_uppercase() } else { word.to_owned() };
            let text = format!("{before}{word}{after}");
            prop_assert!(TrigramFilter::new(WORDS).may_hold(&text));
        }
    }

    #[test]
    fn an_ordinary_text_does_not() {
        let filter = TrigramFilter::new(WORDS);
        for text in ["", "ab", "An ordinary thing", "ann@example.com"] {
            assert!(!filter.may_hold(text), "{text}");
        }
        assert!(TrigramFilter::new(["ab"]).may_hold("x"));
    }
}
