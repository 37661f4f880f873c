//! The remaining limits while a document is read.

use std::cell::Cell;

use super::limits::{TEXT_BYTES_MAX, VALUES_MAX};

/// The remaining limits.
#[derive(Debug)]
pub(super) struct Budget {
    values: Cell<usize>,
    bytes: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            values: Cell::new(VALUES_MAX),
            bytes: Cell::new(TEXT_BYTES_MAX),
        }
    }
}

/// The limits that remained at some point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    values: usize,
    bytes: usize,
}

impl Budget {
    /// Returns what is left now.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            values: self.values.get(),
            bytes: self.bytes.get(),
        }
    }

    /// Gives back what was taken since, because it was dropped.
    pub(super) fn restore(&self, mark: Mark) {
        self.values.set(mark.values);
        self.bytes.set(mark.bytes);
    }

    pub(super) fn take_value<E: serde::de::Error>(&self) -> Result<(), E> {
        match self.values.get().checked_sub(1) {
            Some(left) => {
                self.values.set(left);
                Ok(())
            }
            None => Err(E::custom(format_args!(
                "the document contains more than {VALUES_MAX} values, including expanded aliases"
            ))),
        }
    }

    pub(super) fn take_text<E: serde::de::Error>(&self, text: &str) -> Result<(), E> {
        match self.bytes.get().checked_sub(text.len()) {
            Some(left) => {
                self.bytes.set(left);
                Ok(())
            }
            None => Err(E::custom(format_args!(
                "the document contains more than {TEXT_BYTES_MAX} bytes of text, including \
                 expanded aliases"
            ))),
        }
    }
}
