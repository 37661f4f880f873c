//! Why a human is not let in.

use std::time::Duration;

use gaiterguard_store::StoreError;
use gaiterguard_vault::NoRandomness;

use crate::access_token::NotSigned;
use crate::password::PasswordFault;

/// Something of ours failed. It says nothing about what was asked, and nothing of it is for the one
/// who asked.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A password could not be hashed or compared.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// There were no random bytes for a token.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// A token could not be signed.
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
}

/// Why nobody was registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Someone has this e-mail address.
    #[error("an account with this e-mail address already exists")]
    EmailTaken,
    /// Registration is closed, or was open for the first user only.
    #[error("registration is closed")]
    Closed,
    /// A page of another origin asks for the first account.
    #[error("the first account can only be created on the gateway's own pages")]
    ForeignPage,
    /// The first account needs the set-up code.
    #[error(
        "the first account requires `setupCode`, the set-up code in the gateway's log since it \
         started"
    )]
    SetupCodeMissing,
    /// The set-up code is another one.
    #[error("`setupCode` must be the set-up code in the gateway's log since it started")]
    SetupCodeWrong,
    /// Too many tries from this source.
    #[error("too many registrations; try again later")]
    Throttled {
        /// How long until the next try is looked at.
        retry_after: Duration,
    },
    /// Too many passwords are being hashed just now.
    #[error("too many simultaneous logins; try again in a moment")]
    Busy,
    /// Something of ours failed.
    #[error(transparent)]
    Fault(Fault),
}

/// Why nobody was logged in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The password is wrong or there is no such user; which of the two is not told.
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    /// Too many wrong passwords for this account or from this source.
    #[error("too many wrong passwords; try again later")]
    Throttled {
        /// How long until the next try is looked at.
        retry_after: Duration,
    },
    /// Too many passwords are being checked just now.
    #[error("too many simultaneous logins; try again in a moment")]
    Busy,
    /// Something of ours failed.
    #[error(transparent)]
    Fault(Fault),
}

/// Why a token opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// It is no token of ours, its time is over, or its session has ended.
    #[error("not logged in")]
    NotAuthenticated,
    /// Something of ours failed.
    #[error(transparent)]
    Fault(Fault),
}

/// Why an operator's change to an account was not made.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Someone has this e-mail address.
    #[error("an account with this e-mail address already exists")]
    EmailTaken,
    /// No user has this e-mail address.
    #[error("there is no user with the e-mail address {0}")]
    UserUnknown(String),
    /// Something of ours failed.
    #[error(transparent)]
    Fault(Fault),
}

impl<E: Into<Fault>> From<E> for RegisterError {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

impl<E: Into<Fault>> From<E> for LoginError {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

impl<E: Into<Fault>> From<E> for SessionError {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

impl<E: Into<Fault>> From<E> for AccountError {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}
