//! The account that a login names, for counting.

use gaiterguard_vault::token;

/// The account that a login names, whether or not it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AccountKey([u8; 32]);

impl AccountKey {
    /// Returns the key of an email address as it was typed. The hash gives every key the same size.
    pub(crate) fn of(email: &str) -> Self {
        Self(token::sha256(&email.trim().to_lowercase()))
    }

    /// Returns the key in hexadecimal digits.
    pub(crate) fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}
