//! The arena for the values of one request.

use bumpalo::Bump;

/// A bump arena for the values of one request: all of them are freed together.
#[derive(Debug, Default)]
pub struct Arena(Bump);

/// The bytes of arena per byte of body, roughly: a member takes 40 bytes, and its text about 10.
const BYTES_PER_BYTE: usize = 4;

/// The most bytes that are reserved in advance, so that a large body cannot reserve memory unread.
const SET_ASIDE_MAX: usize = 1 << 16;

impl Arena {
    /// Creates an arena with room for the values of a body with this many bytes.
    pub fn for_body(bytes: usize) -> Self {
        let room = bytes.saturating_mul(BYTES_PER_BYTE).min(SET_ASIDE_MAX);
        Self(Bump::with_capacity(room))
    }

    /// Copies a text into the arena.
    pub fn text(&self, text: &str) -> &str {
        self.0.alloc_str(text)
    }

    /// Copies bytes into the arena.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> &[u8] {
        self.0.alloc_slice_copy(bytes)
    }

    /// Copies the items of a list into the arena.
    pub(crate) fn list<T: Copy>(&self, items: &[T]) -> &[T] {
        self.0.alloc_slice_copy(items)
    }
}
