//! A cheap look at a place of a text: can anything that is looked for be there?

use zeroize::Zeroizing;

use super::needle::Needle;

/// Pairs of bytes are told apart as far as this many bits go.
const PAIR_BITS: usize = 12;
const WORD_BITS: usize = 64;

/// The first and the last bytes of all needles, and the pairs of bytes in them.
pub(super) struct Sieve {
    firsts: Zeroizing<[u64; 256 / WORD_BITS]>,
    lasts: Zeroizing<[u64; 256 / WORD_BITS]>,
    pairs: Zeroizing<[u64; (1 << PAIR_BITS) / WORD_BITS]>,
}

impl Sieve {
    pub(super) fn new(needles: &[Needle]) -> Self {
        let mut sieve = Self {
            firsts: Zeroizing::new([0; 256 / WORD_BITS]),
            lasts: Zeroizing::new([0; 256 / WORD_BITS]),
            pairs: Zeroizing::new([0; (1 << PAIR_BITS) / WORD_BITS]),
        };
        for needle in needles {
            let text = needle.text();
            if let [first, .., last] | [first @ last] = text {
                set(&mut *sieve.firsts, usize::from(*first));
                set(&mut *sieve.lasts, usize::from(*last));
            }
            for pair in text.windows(2) {
                set(&mut *sieve.pairs, pair_bit(pair[0], pair[1]));
            }
        }
        sieve
    }

    /// Whether a needle begins with this byte.
    #[inline]
    pub(super) fn may_begin_with(&self, byte: u8) -> bool {
        is_set(&*self.firsts, usize::from(byte))
    }

    /// Whether a needle that has `byte` may be in a text where `next` follows it, if that is known.
    #[inline]
    pub(super) fn may_continue(&self, byte: u8, next: Option<u8>) -> bool {
        next.is_none_or(|next| self.may_hold(byte, next)) || is_set(&*self.lasts, usize::from(byte))
    }

    /// Whether these two may follow one another in a needle.
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
