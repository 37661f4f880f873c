//! Whether a sign-in needs a second factor, and why its code does not count.

use secrecy::SecretString;

use crate::error::{Fault, LoginError};

/// Whether signing in needs a second factor, and what was sent of it.
#[derive(Clone, Copy)]
pub(crate) enum Needed<'a> {
    /// No second factor is needed, because the caller is signed in.
    Nothing,
    /// This code is needed if the user has a second factor.
    Code(Option<&'a SecretString>),
}

/// Why a code does not count.
pub(crate) enum CodeRefused {
    /// There is no code.
    Missing,
    /// The code is wrong or was used.
    Wrong,
    /// The code was not checked.
    Unchecked(LoginError),
}

impl<E: Into<Fault>> From<E> for CodeRefused {
    fn from(error: E) -> Self {
        Self::Unchecked(LoginError::Fault(error.into()))
    }
}
