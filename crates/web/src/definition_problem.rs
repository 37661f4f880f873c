//! Converts the errors of the inner crates to problems, one `From` per error type.

use gaiterguard_definitions::definition_store::DefinitionError;
use gaiterguard_domain::approvals::VoteRefused;
use gaiterguard_gateway::action::RulingRefused;
use gaiterguard_identity::{
    Fault, InvitationError, LoginError, PeopleError, RegisterError, SessionError,
};
use gaiterguard_sealing::SealingError;
use gaiterguard_simulation::ProposeError;
use gaiterguard_store::StoreError;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};

use crate::problem::Problem;
use gaiterguard_problem::Code;

impl Problem {
    /// 401 `not_authenticated`: no valid session.
    pub fn signed_out() -> Self {
        Self::new(
            Code::NotAuthenticated,
            "a valid access token is required: this one is missing, invalid, or expired, or its \
             session has ended",
        )
        .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 400 for a cursor that does not belong to this list.
    pub fn foreign_cursor() -> Self {
        Self::field("cursor", "must be the next_cursor of a page of this list")
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if let StoreError::Cursor(_) = error {
            return Self::foreign_cursor();
        }
        tracing::error!(%error, "storage failed");
        if error.is_unavailable() {
            Self::storage_unavailable()
        } else {
            Self::internal()
        }
    }
}

impl From<SealingError> for Problem {
    fn from(error: SealingError) -> Self {
        tracing::error!(%error, "sealing failed");
        Self::storage_unavailable()
    }
}

impl From<RulingRefused> for Problem {
    fn from(refused: RulingRefused) -> Self {
        let detail = refused.to_string();
        match refused {
            RulingRefused::NotFound => Self::not_found(detail),
            RulingRefused::NotPermitted(_) | RulingRefused::RoleChanged => {
                Self::new(Code::NotPermitted, detail)
            }
            RulingRefused::NoteRefused | RulingRefused::NoteHoldsKey => Self::field("note", detail),
            RulingRefused::DigestMismatch => Self::new(Code::DigestMismatch, detail),
            RulingRefused::Unreadable => Self::new(Code::ActionUnreadable, detail),
            RulingRefused::MayNotApprove(VoteRefused::StepUpRequired) => {
                Self::new(Code::StepUpRequired, detail)
            }
            RulingRefused::MayNotApprove(VoteRefused::StepUpUsed) => {
                Self::new(Code::PasskeyRefused, detail).with_status(StatusCode::FORBIDDEN)
            }
            RulingRefused::MayNotApprove(_) => Self::new(Code::MayNotApprove, detail),
            RulingRefused::NoVote => Self::new(Code::NoVote, detail),
            RulingRefused::NotPossible(status) => {
                Self::new(Code::AlreadyDecided, detail).with("action_status", status.as_str())
            }
            RulingRefused::Cursor(_) => Self::foreign_cursor(),
            RulingRefused::Unavailable => Self::storage_unavailable(),
        }
    }
}

impl From<DefinitionError> for Problem {
    fn from(error: DefinitionError) -> Self {
        let detail = error.to_string();
        match error {
            DefinitionError::Invalid(errors) => Self::fields(errors),
            DefinitionError::CredentialNotUsable(errors) => {
                Self::of_fields(Code::CredentialNotUsable, errors)
            }
            DefinitionError::NotUnderstood(errors) => Self::of_fields(Code::NotUnderstood, errors),
            DefinitionError::NameTaken => Self::new(Code::NameTaken, detail),
            DefinitionError::NotFound(_) => Self::not_found(detail),
            DefinitionError::Unreadable(_) => Self::new(Code::DefinitionUnreadable, detail),
            DefinitionError::Changing => Self::new(Code::Changing, detail).retry_after(1),
            DefinitionError::Sealing(error) => error.into(),
            DefinitionError::Store(error) => error.into(),
        }
    }
}

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

/// Rounds up to whole seconds, so that a client does not come back too early.
fn too_many(detail: String, retry_after: std::time::Duration) -> Problem {
    let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
    Problem::new(Code::TooManyAttempts, detail).retry_after(seconds)
}

impl From<ProposeError> for Problem {
    fn from(error: ProposeError) -> Self {
        let detail = error.to_string();
        match error {
            ProposeError::Definition(error) => error.into(),
            ProposeError::NoModel => Self::new(Code::LlmNotConfigured, detail),
            ProposeError::Model(_) => Self::new(Code::LlmFailed, detail),
        }
    }
}
