//! Why a human is not signed in or registered.

use std::time::Duration;

use gaiterguard_domain::id::UserId;
use gaiterguard_domain::member::INVITATIONS_MAX;
use gaiterguard_sealing::SealingError;
use gaiterguard_store::StoreError;
use gaiterguard_vault::NoRandomness;
use gaiterguard_webauthn::WebauthnError;

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
    /// The vault failed.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The secret of a user's one-time codes is damaged.
    #[error(
        "the secret of the one-time codes of user {0} is damaged; run `gaiterguard user reset-factors`"
    )]
    TotpUnreadable(UserId),
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
    /// The first account needs the setup code.
    #[error(
        "the first account requires `setupCode`: the setup code that the gateway wrote to its log \
         when it last started"
    )]
    SetupCodeMissing,
    /// The setup code is wrong.
    #[error(
        "`setupCode` must be the setup code that the gateway wrote to its log when it last started"
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
    /// The password is right, and the user's second factor is missing.
    #[error(
        "`code` is required: a one-time code of the user's authenticator app, or a recovery code"
    )]
    SecondFactorRequired,
    /// The password is right, and the code is wrong or was used.
    #[error(
        "`code` must be a current one-time code or a recovery code, and each code works once; check the \
         clock of the device"
    )]
    WrongSecondFactor,
    /// People can sign in only at the sign-in provider.
    #[error(
        "sign in with single sign-on: `OIDC_ONLY` is set; for recovery, restart the gateway without it"
    )]
    ProviderOnly,
    /// Too many wrong passwords or codes for this account or from this source.
    #[error("too many wrong passwords or codes; try again later")]
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

/// Why a person whom the provider has confirmed is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum FederatedError {
    /// The sign-in was not begun in this browser, has expired, or was completed before.
    #[error("this sign-in was not started in this browser, took too long, or was completed before")]
    Expired,
    /// The provider gives the person no role here.
    #[error("you have no role here: none of your groups is in OIDC_ROLE_MAP; ask the operator")]
    NoRole,
    /// The provider does not say that an email address is the person's.
    #[error(
        "the sign-in provider does not confirm your email address (`email` with `email_verified: true`)"
    )]
    EmailUnverified,
    /// Another account has the email address.
    #[error(
        "an account with your email address already exists: sign in to it, then connect it to single \
         sign-on on the Settings page"
    )]
    EmailTaken,
    /// The user is not a member of any workspace.
    #[error("you are no longer a member here; ask an owner")]
    NotMember,
    /// It is not clear which workspace the person would join.
    #[error(
        "the gateway has several workspaces, and OIDC_WORKSPACE_OF does not say which one to join"
    )]
    NoWorkspace,
    /// Another user is this person.
    #[error("this person at the sign-in provider belongs to another account")]
    LinkedElsewhere,
    /// The gateway itself failed.
    #[error(transparent)]
    Fault(Fault),
}

impl<E: Into<Fault>> From<E> for FederatedError {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

/// Why a passkey was not registered, or nobody is signed in with it.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// Browsers offer no passkeys for the gateway's address, or people sign in only at the sign-in provider.
    #[error(
        "passkeys are unavailable: `PUBLIC_URL` must be an https URL with a host name, or a URL of \
         localhost, and `OIDC_ONLY` must not be set"
    )]
    Unavailable,
    /// The challenge was not issued for this, or has expired.
    #[error("the passkey was used too late; try again")]
    Expired,
    /// The challenge or the signature was used before.
    #[error("this use of the passkey was sent before, or the passkey may have been copied")]
    Replayed,
    /// No account has this passkey.
    #[error("no account here has this passkey")]
    Unknown,
    /// The user has no passkey.
    #[error(
        "you have no passkey; add one in the dashboard's settings, or with `POST /auth/passkeys/options`"
    )]
    NoneYet,
    /// The passkey is already registered.
    #[error("this passkey is already registered")]
    Exists,
    /// The user has too many passkeys.
    #[error("you have too many passkeys; remove one first")]
    TooMany,
    /// The response of the authenticator is not valid.
    #[error("{0}")]
    Refused(WebauthnError),
    /// The password was not accepted, or the gateway itself failed.
    #[error("{0}")]
    Login(LoginError),
}

/// Why a second factor was not changed.
#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// The user has one already.
    #[error("one-time codes are already set up; remove them first")]
    AlreadyEnabled,
    /// The user has no second factor.
    #[error("one-time codes are not set up")]
    NotEnabled,
    /// There is no secret to confirm.
    #[error("there is no secret to confirm; begin with `POST /auth/totp`")]
    NotBegun,
    /// The code is wrong or was used.
    #[error("must be a current code, and each code works once; check the clock of the device")]
    WrongCode,
    /// The password or the code was not accepted.
    #[error(transparent)]
    Login(#[from] LoginError),
}

impl<E: Into<Fault>> From<E> for FactorError {
    fn from(error: E) -> Self {
        Self::Login(LoginError::Fault(error.into()))
    }
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
        "the invitation is for a different email address than the one of your account; sign out and \
         open the link again"
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
