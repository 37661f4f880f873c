//! The decisions of humans about an action.

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::time::Timestamp;

/// The length limit of a human's note to an agent, in characters: the same as for the intent that it replies to.
pub const NOTE_CHARS_MAX: usize = 2000;

/// A human's decision about an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HumanDecision {
    /// The user who decided.
    pub by: UserId,
    /// When the user decided.
    pub at: Timestamp,
    /// The user's note to the agent.
    pub note: Option<String>,
}

/// How a human ruled on a held request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// It may be sent.
    Approved,
    /// It must not be sent.
    Denied,
}

impl Ruling {
    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
        }
    }
}

/// The finding of a human who checked the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Outcome))]
pub enum Resolution {
    /// The request was carried out.
    Executed,
    /// The request was not carried out.
    NotExecuted,
}
