//! Converts the errors of accounts and of signing in to problems, one `From` per error type.
//!
//! A problem of someone who is signed in is never a 401, which would end the session in a browser.

use std::time::Duration;

use gaiterguard_identity::{
    FactorError, Fault, FederatedError, InvitationError, LoginError, PasskeyError, PeopleError,
    RegisterError, SessionError,
};
use gaiterguard_oidc::OidcError;
use gaiterguard_problem::Code;
use gaiterguard_webauthn::WebauthnError;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};

use crate::problem::Problem;

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        if let Fault::Store(error) = fault {
            return error.into();
        }
        tracing::error!(error = %fault, "a session could not be started or checked");
        Self::internal()
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::NotAuthenticated => Self::signed_out(),
            SessionError::Fault(fault) => fault.into(),
        }
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        let detail = error.to_string();
        match error {
            LoginError::InvalidCredentials => Self::new(Code::InvalidCredentials, detail)
                .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            LoginError::ProviderOnly => Self::new(Code::PasswordSignInDisabled, detail),
            LoginError::SecondFactorRequired => Self::new(Code::SecondFactorRequired, detail)
                .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            LoginError::WrongSecondFactor => Self::new(Code::SecondFactorInvalid, detail)
                .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            LoginError::Throttled { retry_after } => too_many(detail, retry_after),
            LoginError::Busy => Self::new(Code::Busy, detail).retry_after(1),
            LoginError::Fault(fault) => fault.into(),
        }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        let detail = error.to_string();
        match error {
            RegisterError::EmailTaken => Self::new(Code::EmailTaken, detail),
            RegisterError::Closed => Self::new(Code::RegistrationClosed, detail),
            RegisterError::ForeignPage => Self::new(Code::OriginNotAllowed, detail),
            RegisterError::SetupCodeMissing => Self::new(Code::SetupCodeRequired, detail),
            RegisterError::SetupCodeWrong => Self::new(Code::SetupCodeInvalid, detail),
            RegisterError::Throttled { retry_after } => too_many(detail, retry_after),
            RegisterError::Busy => Self::new(Code::Busy, detail).retry_after(1),
            RegisterError::Fault(fault) => fault.into(),
        }
    }
}

impl From<PeopleError> for Problem {
    fn from(error: PeopleError) -> Self {
        let detail = error.to_string();
        match error {
            PeopleError::NotFound(_) => Self::not_found(detail),
            PeopleError::LastOwner => Self::new(Code::LastOwner, detail),
            PeopleError::NotPermitted => Self::new(Code::NotPermitted, detail),
            PeopleError::AlreadyMember => Self::new(Code::AlreadyMember, detail),
            PeopleError::TooManyInvitations => Self::new(Code::TooManyInvitations, detail),
            PeopleError::Fault(fault) => fault.into(),
        }
    }
}

impl From<InvitationError> for Problem {
    fn from(error: InvitationError) -> Self {
        let detail = error.to_string();
        match error {
            InvitationError::Invalid => Self::new(Code::InvitationInvalid, detail),
            InvitationError::OtherAddress => {
                Self::new(Code::InvitationInvalid, detail).with_status(StatusCode::FORBIDDEN)
            }
            InvitationError::SignInFirst => Self::new(Code::EmailTaken, detail),
            InvitationError::AlreadyMember => Self::new(Code::AlreadyMember, detail),
            InvitationError::Busy => Self::new(Code::Busy, detail).retry_after(1),
            InvitationError::Fault(fault) => fault.into(),
        }
    }
}

impl From<FactorError> for Problem {
    fn from(error: FactorError) -> Self {
        let detail = error.to_string();
        match error {
            FactorError::AlreadyEnabled => Self::new(Code::SecondFactorExists, detail),
            FactorError::NotEnabled | FactorError::NotBegun => Self::not_found(detail),
            FactorError::WrongCode => Self::field("code", detail),
            FactorError::Login(error) => confirmation(error),
        }
    }
}

impl From<PasskeyError> for Problem {
    fn from(error: PasskeyError) -> Self {
        let detail = error.to_string();
        match error {
            PasskeyError::Unavailable | PasskeyError::NoneYet => {
                Self::new(Code::PasskeysUnavailable, detail)
            }
            PasskeyError::Exists | PasskeyError::TooMany => Self::new(Code::PasskeyExists, detail),
            PasskeyError::Replayed | PasskeyError::Unknown => {
                Self::new(Code::PasskeyRefused, detail)
            }
            PasskeyError::Expired => Self::field("clientDataJSON", detail),
            PasskeyError::Refused(refused) => {
                let field = match refused {
                    WebauthnError::OtherPurpose
                    | WebauthnError::OtherChallenge
                    | WebauthnError::OtherSite => "clientDataJSON",
                    _ => "attestationObject",
                };
                Self::field(field, detail)
            }
            PasskeyError::Login(error) => confirmation(error),
        }
    }
}

impl From<FederatedError> for Problem {
    fn from(error: FederatedError) -> Self {
        let detail = error.to_string();
        match error {
            FederatedError::Fault(fault) => fault.into(),
            FederatedError::Expired => Self::new(Code::SignInExpired, detail),
            _ => Self::new(Code::SignInRefused, detail),
        }
    }
}

/// Also logs the error for the operator. Anyone may cause one, so the problem does not say where the provider is.
impl From<OidcError> for Problem {
    fn from(error: OidcError) -> Self {
        tracing::warn!("single sign-on failed: {error}");
        match error {
            OidcError::WrongIssuer | OidcError::CodeRefused(_) => {
                Self::new(Code::SignInExpired, error.to_string())
            }
            OidcError::InvalidToken(_) => Self::new(Code::SignInProviderFailed, error.to_string()),
            OidcError::Unreachable(_) | OidcError::Unusable(..) => Self::new(
                Code::SignInProviderFailed,
                "the sign-in provider cannot be reached, or its response cannot be used; the gateway's log \
                 says why",
            ),
        }
    }
}

/// Returns the problem of someone who is signed in and confirms a change with the password.
fn confirmation(error: LoginError) -> Problem {
    match error {
        LoginError::InvalidCredentials => {
            Problem::field("password", "must be the current password")
        }
        other => other.into(),
    }
}

/// Rounds up to whole seconds, so that a client does not come back too early.
fn too_many(detail: String, retry_after: Duration) -> Problem {
    let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
    Problem::new(Code::TooManyAttempts, detail).retry_after(seconds)
}
