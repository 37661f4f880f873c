//! A bigram prefilter: rejects most texts that another text does not contain.

/// How many bits of a byte count: those in which letters and digits differ, and not the case of letters.
const BYTE_BITS: u32 = 5;

/// Words of the table, with a bit for every pair.
const TABLE: usize = (1 << (2 * BYTE_BITS)) / 64;

/// The pairs of bytes that follow one another in a text, whatever the case of ASCII letters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pairs([u64; TABLE]);

impl Pairs {
    pub fn of(text: &str) -> Self {
        let mut pairs = Self::default();
        for pair in text.as_bytes().array_windows() {
            let (at, bit) = place(*pair);
            pairs.0[at] |= bit;
        }
        pairs
    }

    /// Whether the original text may contain this one. `false` is certain.
    pub fn may_hold(&self, text: &str) -> bool {
        text.as_bytes().array_windows().all(|pair| {
            let (at, bit) = place(*pair);
            self.0[at] & bit != 0
        })
    }
}

/// Where the bit of a pair is.
fn place([first, second]: [u8; 2]) -> (usize, u64) {
    const OWN: usize = (1 << BYTE_BITS) - 1;
    let place = (usize::from(first) & OWN) << BYTE_BITS | usize::from(second) & OWN;
    (place / 64, 1 << (place % 64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_contained_text_is_never_rejected(
            before in ".{0,12}",
            text in ".{0,12}",
            is_upper in any::<bool>(),
            after in ".{0,12}",
        ) {
            let written = if is_upper { text.to_ascii_uppercase() } else { text.clone() };
            let pairs = Pairs::of(&format!("{before}{written}{after}"));
            prop_assert!(pairs.may_hold(&text));
        }
    }

    #[test]
    fn most_others_are_not() {
        let pairs = Pairs::of("Charge the customer cus_1 2500 usd");
        for text in ["sku-7", "An ordinary thing", "bob@example.com"] {
            assert!(!pairs.may_hold(text), "{text}");
        }
    }
}
