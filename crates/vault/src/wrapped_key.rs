//! A data key in its stored form.

use std::fmt;

use crate::master_key_id::MasterKeyId;

/// A data key sealed under a master key, as the store keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The master key it is sealed under.
    pub master: MasterKeyId,
    /// The sealed data key, 61 bytes.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WrappedKey")
            .field("master", &self.master)
            .field("bytes", &format_args!("<sealed>"))
            .finish()
    }
}
