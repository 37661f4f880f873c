//! Effect of an operation, in the words of the API.

use gaiterguard_judge::Effect;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Effect of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[schema(as = OperationEffect)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OperationEffect {
    /// Only reads.
    Reads,
    /// Creates something.
    Creates,
    /// Changes something that exists.
    Changes,
    /// Deletes or ends something.
    Deletes,
    /// Moves money or commits to a payment.
    Pays,
    /// Discloses something to, or reaches, an outside party.
    SharesOutside,
    /// Changes permissions or credentials.
    ChangesAccess,
    /// Runs code, or changes what runs.
    RunsCode,
}

impl From<Effect> for OperationEffect {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Read => Self::Reads,
            Effect::Create => Self::Creates,
            Effect::Change => Self::Changes,
            Effect::Delete => Self::Deletes,
            Effect::Pay => Self::Pays,
            Effect::ShareOutside => Self::SharesOutside,
            Effect::Access => Self::ChangesAccess,
            Effect::Code => Self::RunsCode,
        }
    }
}
