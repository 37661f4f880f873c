//! Finds the parts of a text in which a pattern may begin, without reading all of the text.
//!
//! Every occurrence of a pattern contains its first bytes, as many as the shortest pattern has. So it is enough to
//! look at every so many bytes of a text whether three bytes occur there in any pattern (Wu and Manber's
//! algorithm, without its table of distances).

use std::ops::Range;

use zeroize::Zeroizing;

use super::pattern::Pattern;

/// How many bytes are looked at.
pub(super) const SAMPLE_BYTES: usize = 3;

/// How many bits of a hash distinguish samples. 4096 bits are cheap to fill for each response, and mostly empty with
/// a few patterns.
const HASH_BITS: u32 = 12;
const WORD_BITS: usize = 64;

/// Where to look, and for what.
pub(super) struct Sampler {
    /// Two bits for every three adjacent bytes in the first bytes of a pattern. With one, a response of nothing but
    /// one character would be slow for one credential in twenty.
    known: Zeroizing<[u64; (1 << HASH_BITS) / WORD_BITS]>,
    /// The distance of two samples: the most with which one is inside every occurrence.
    distance: usize,
}

impl Sampler {
    /// Creates a sampler for patterns that all have at least [`SAMPLE_BYTES`].
    pub(super) fn new(patterns: &[Pattern], shortest: usize) -> Self {
        let mut known = Zeroizing::new([0; (1 << HASH_BITS) / WORD_BITS]);
        for pattern in patterns {
            for sample in pattern.text()[..shortest].array_windows() {
                for bit in bits(*sample) {
                    known[bit / WORD_BITS] |= 1 << (bit % WORD_BITS);
                }
            }
        }
        Self {
            known,
            distance: shortest + 1 - SAMPLE_BYTES,
        }
    }

    /// Calls `search` with ranges that contain the beginning of every occurrence. The ranges do not overlap.
    pub(super) fn for_each_candidate(&self, text: &[u8], mut search: impl FnMut(Range<usize>)) {
        let samples = text.array_windows().enumerate();
        for (at, sample) in samples.step_by(self.distance) {
            if self.knows(*sample) {
                search((at + 1).saturating_sub(self.distance)..at + 1);
            }
        }
    }

    fn knows(&self, sample: [u8; SAMPLE_BYTES]) -> bool {
        let is_set = |bit: usize| self.known[bit / WORD_BITS] & 1 << (bit % WORD_BITS) != 0;
        let [first, second] = bits(sample);
        is_set(first) && is_set(second)
    }
}

/// Returns the bits of a sample: two parts of one multiplicative hash (Knuth).
fn bits([first, second, third]: [u8; SAMPLE_BYTES]) -> [usize; 2] {
    const ODD: u32 = 0x9e37_79b1;
    const MASK: u32 = (1 << HASH_BITS) - 1;
    let hash = u32::from_le_bytes([first, second, third, 0]).wrapping_mul(ODD);
    [
        (hash >> (u32::BITS - HASH_BITS)) as usize,
        (hash >> 8 & MASK) as usize,
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::pattern::Kind;
    use super::*;

    proptest! {
        /// Few different letters, so that most samples are candidates and many are in a pattern.
        #[test]
        fn every_occurrence_begins_in_one_candidate(
            texts in prop::collection::vec("[a-c]{3,9}", 1..4),
            haystack in "[a-d]{0,80}",
        ) {
            let patterns: Vec<Pattern> = texts
                .iter()
                .map(|text| Pattern::new(Zeroizing::new(text.as_bytes().into()), Kind::Text))
                .collect();
            let shortest = texts.iter().map(String::len).min().unwrap();
            let sampler = Sampler::new(&patterns, shortest);
            let mut candidates: Vec<usize> = Vec::new();
            sampler.for_each_candidate(haystack.as_bytes(), |range| candidates.extend(range));
            for text in &texts {
                for at in (0..haystack.len()).filter(|at| haystack[*at..].starts_with(text)) {
                    let times = candidates.iter().filter(|candidate| **candidate == at).count();
                    prop_assert_eq!(times, 1, "{} at {}", text, at);
                }
            }
        }
    }
}
