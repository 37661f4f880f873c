//! Converts the errors of definitions, rulings and the store to problems, one `From` per error type.

use gaiterguard_definitions::definition_store::DefinitionError;
use gaiterguard_domain::approvals::VoteRefused;
use gaiterguard_gateway::action::RulingRefused;
use gaiterguard_problem::Code;
use gaiterguard_sealing::SealingError;
use gaiterguard_simulation::ProposeError;
use gaiterguard_store::StoreError;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};

use crate::problem::Problem;

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
            RulingRefused::NotPermitted(_)
            | RulingRefused::RoleChanged
            | RulingRefused::ButtonUsed => Self::new(Code::NotPermitted, detail),
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
            DefinitionError::NotPermitted(_) => Self::new(Code::NotPermitted, detail),
            DefinitionError::Unreadable(_) => Self::new(Code::DefinitionUnreadable, detail),
            DefinitionError::Changing => Self::new(Code::Changing, detail).retry_after(1),
            DefinitionError::Sealing(error) => error.into(),
            DefinitionError::Store(error) => error.into(),
        }
    }
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
