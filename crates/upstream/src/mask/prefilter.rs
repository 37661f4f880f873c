//! A cheap test of whether any pattern can match at a position of a text.

use zeroize::Zeroizing;

use super::pattern::Pattern;

/// How many bits of a hash distinguish pairs of bytes. 4096 bits are 512 bytes, which is cheap to fill
/// for each response and still mostly empty with a few patterns.
const PAIR_BITS: usize = 12;
const WORD_BITS: usize = 64;

/// The first and the last bytes of all patterns, and the pairs of bytes in them.
pub(super) struct Prefilter {
    firsts: Zeroizing<[u64; 256 / WORD_BITS]>,
    lasts: Zeroizing<[u64; 256 / WORD_BITS]>,
    pairs: Zeroizing<[u64; (1 << PAIR_BITS) / WORD_BITS]>,
}

impl Prefilter {
    pub(super) fn new(patterns: &[Pattern]) -> Self {
        let mut prefilter = Self {
            firsts: Zeroizing::new([0; 256 / WORD_BITS]),
            lasts: Zeroizing::new([0; 256 / WORD_BITS]),
            pairs: Zeroizing::new([0; (1 << PAIR_BITS) / WORD_BITS]),
        };
        for pattern in patterns {
            let text = pattern.text();
            if let [first, .., last] | [first @ last] = text {
                set(&mut *prefilter.firsts, usize::from(*first));
                set(&mut *prefilter.lasts, usize::from(*last));
            }
            for pair in text.windows(2) {
                set(&mut *prefilter.pairs, pair_bit(pair[0], pair[1]));
            }
        }
        prefilter
    }

    /// Returns whether a pattern may begin with this byte.
    #[inline]
    pub(super) fn may_begin_with(&self, byte: u8) -> bool {
        is_set(&*self.firsts, usize::from(byte))
    }

    /// Returns whether a pattern that contains `byte` may match where `next` follows it, if that is known.
    #[inline]
    pub(super) fn may_continue(&self, byte: u8, next: Option<u8>) -> bool {
        next.is_none_or(|next| self.may_hold(byte, next)) || is_set(&*self.lasts, usize::from(byte))
    }

    /// Returns whether these two bytes may be adjacent in a pattern.
    #[inline]
    pub(super) fn may_hold(&self, byte: u8, next: u8) -> bool {
        is_set(&*self.pairs, pair_bit(byte, next))
    }
}

fn pair_bit(byte: u8, next: u8) -> usize {
    (usize::from(byte) * 61 + usize::from(next)) & ((1 << PAIR_BITS) - 1)
}

fn set(bits: &mut [u64], bit: usize) {
    bits[bit / WORD_BITS] |= 1 << (bit % WORD_BITS);
}

fn is_set(bits: &[u64], bit: usize) -> bool {
    bits[bit / WORD_BITS] & (1 << (bit % WORD_BITS)) != 0
}
