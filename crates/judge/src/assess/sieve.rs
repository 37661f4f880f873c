//! A first look at a text for many words at once: most texts do not come past it.

/// Bits in the table; a power of two.
const BITS: usize = 1 << 16;

/// Letters by how often they stand in English, the most frequent first.
const BY_FREQUENCY: &[u8] = b" etaoinshrdlcumwfgypbvkjxqz";

/// Knows of each word three bytes that follow one another. A text without any of these triples has
/// none of the words.
pub(super) struct Sieve {
    triples: Box<[u64]>,
    /// A word was too short to be known by three bytes.
    passes_all: bool,
}

impl Sieve {
    /// A sieve for words; the case of ASCII letters does not count.
    pub(super) fn new<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let mut sieve = Self {
            triples: vec![0; BITS / 64].into(),
            passes_all: false,
        };
        for word in words {
            if sieve.may_hold(word) {
                continue;
            }
            let rarest = word
                .as_bytes()
                .array_windows::<3>()
                .min_by_key(|triple| triple.map(commonness).iter().sum::<usize>());
            match rarest {
                Some(triple) => {
                    let (at, bit) =
                        place(triple.iter().fold(0, |before, byte| then(before, *byte)));
                    sieve.triples[at] |= bit;
                }
                None => sieve.passes_all = true,
            }
        }
        sieve
    }

    /// Whether a text may hold one of the words. If not, it holds none.
    pub(super) fn may_hold(&self, text: &str) -> bool {
        let mut triple = 0;
        for (number, byte) in text.bytes().enumerate() {
            triple = then(triple, byte);
            let (at, bit) = place(triple);
            if self.triples[at] & bit != 0 && number >= 2 {
                return true;
            }
        }
        self.passes_all
    }
}

/// Three bytes, of which this is the last and the others are the last two before. Letters that
/// differ in case become the same, and so do some other bytes.
fn then(before: u32, byte: u8) -> u32 {
    (before << 8 | u32::from(byte | 0x20)) & 0x00ff_ffff
}

/// Where the bit of a triple is.
fn place(triple: u32) -> (usize, u64) {
    let hash = (triple.wrapping_mul(0x9e37_79b1) >> 16) as usize % BITS;
    (hash / 64, 1 << (hash % 64))
}

fn commonness(byte: u8) -> usize {
    let place = BY_FREQUENCY
        .iter()
        .position(|letter| *letter == byte | 0x20);
    place.map_or(0, |place| BY_FREQUENCY.len() - place)
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
            prop_assert!(Sieve::new(WORDS).may_hold(&text));
        }
    }

    #[test]
    fn an_ordinary_text_does_not() {
        let sieve = Sieve::new(WORDS);
        for text in ["", "ab", "An ordinary thing", "ann@example.com"] {
            assert!(!sieve.may_hold(text), "{text}");
        }
        assert!(Sieve::new(["ab"]).may_hold("x"));
    }
}
