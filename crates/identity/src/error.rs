//! Why a human is not signed in or registered.

use std::time::Duration;

use gaiterguard_domain::member::INVITATIONS_MAX;
use gaiterguard_store::StoreError;
use gaiterguard_vault::NoRandomness;

use crate::access_token::NotSigned;
use crate::password::PasswordFault;

/// The gateway itself failed. The fault says nothing about the input, and no detail of it may reach
/// the client.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A password could not be hashed or compared.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// The system returned no random bytes for a token.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// A token could not be signed.
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
}

/// Why a registration failed.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Another account has this email address.
    #[error("an account with this email address already exists")]
    EmailTaken,
    /// Registration is closed, or was open for the first user only.
    #[error("registration is closed")]
    Closed,
    /// The request for the first account comes from a page of another origin.
    #[error("the first account can only be created on the gateway's own pages")]
    ForeignPage,
    /// The first account needs the set-up code.
    #[error(
        "the first account requires `setupCode`: the set-up code that the gateway wrote to its log \
         when it last started"
    )]
    SetupCodeMissing,
    /// The set-up code is wrong.
    #[error(
        "`setupCode` must be the set-up code that the gateway wrote to its log when it last started"
    )]
    SetupCodeWrong,
    /// Too many attempts from this source.
    #[error("too many registrations; try again later")]
    Throttled {
        /// The time until the next attempt is allowed.
        retry_after: Duration,
    },
    /// Too many passwords are being hashed at the moment.
    #[error("too many passwords are being checked at this moment; try again in a second")]
    Busy,
    /// The gateway itself failed.
    #[error(transparent)]
    Fault(Fault),
}

/// Why a login failed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The password is wrong or there is no such user. The error does not reveal which.
    #[error("the email address or the password is wrong")]
    InvalidCredentials,
    /// Too many wrong passwords for this account or from this source.
    #[error("too many wrong passwords; try again later")]
    Throttled {
        /// The time until the next attempt is allowed.
        retry_after: Duration,
    },
    /// Too many passwords are being checked at the moment.
    #[error("too many passwords are being checked at this moment; try again in a second")]
    Busy,
    /// The gateway itself failed.
    #[error(transparent)]
    Fault(Fault),
}

/// Why a token grants no access.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The token is invalid or expired, or its session has ended.
    #[error("not signed in")]
    NotAuthenticated,
    /// The gateway itself failed.
    #[error(transparent)]
    Fault(Fault),
}

/// Why a change to the people of a workspace failed.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The workspace has no such member or open invitation.
    #[error("this workspace has no {0} with this ID")]
    NotFound(&'static str),
    /// The workspace would have no owner.
    #[error("a workspace must have an owner; make another member an owner first")]
    LastOwner,
    /// The caller is no longer an owner.
    #[error("only owners may manage members and invitations; your role has just changed")]
    NotPermitted,
    /// The person to invite is a member.
    #[error("this person is already a member of the workspace; change the role instead")]
    AlreadyMember,
    /// The workspace has too many open invitations.
    #[error("the workspace has {INVITATIONS_MAX} open invitations; revoke some first")]
    TooManyInvitations,
    /// The gateway itself failed.
    #[error(transparent)]
    Fault(Fault),
}

/// Why an invitation is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    /// It is unknown, used, expired or revoked. The error does not reveal which.
    #[error(
        "the invitation is not valid: it was used, replaced, or revoked, or it has expired; ask \
         for a new one"
    )]
    Invalid,
    /// It is for another address than the caller's.
    #[error(
        "the invitation is for another email address than that of your account; sign out and open \
         the link again"
    )]
    OtherAddress,
    /// The address has an account.
    #[error("you already have an account; sign in, then accept the invitation")]
    SignInFirst,
    /// The caller is a member already.
    #[error("you are already a member of this workspace")]
    AlreadyMember,
    /// Too many passwords are being hashed at the moment.
    #[error("too many passwords are being checked at this moment; try again in a second")]
    Busy,
    /// The gateway itself failed.
    #[error(transparent)]
    Fault(Fault),
}

/// Why an operator's change to an account failed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Another account has this email address.
    #[error("an account with this email address already exists")]
    EmailTaken,
    /// No user has this email address.
    #[error("there is no user with the email address {0}")]
    UserUnknown(String),
    /// The gateway itself failed.
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

impl<E: Into<Fault>> From<E> for PeopleError {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

impl<E: Into<Fault>> From<E> for InvitationError {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

impl<E: Into<Fault>> From<E> for AccountError {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}
