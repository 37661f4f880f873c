//! Where what is read of a request stands.

use bumpalo::Bump;

/// Holds what is read of one request, side by side, until all of it goes at once.
#[derive(Debug, Default)]
pub struct Arena(Bump);

/// About how many bytes of an arena a byte of a body takes.
const BYTES_PER_BYTE: usize = 4;

/// The most that is set aside before anything is read.
const SET_ASIDE_MAX: usize = 1 << 16;

impl Arena {
    /// An arena with room for what a body of so many bytes usually holds.
    pub fn for_body(bytes: usize) -> Self {
        let room = bytes.saturating_mul(BYTES_PER_BYTE).min(SET_ASIDE_MAX);
        Self(Bump::with_capacity(room))
    }

    /// Keeps a text.
    pub fn text(&self, text: &str) -> &str {
        self.0.alloc_str(text)
    }

    /// Keeps bytes.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> &[u8] {
        self.0.alloc_slice_copy(bytes)
    }

    /// Keeps the items of a list.
    pub(crate) fn list<T: Copy>(&self, items: &[T]) -> &[T] {
        self.0.alloc_slice_copy(items)
    }
}
