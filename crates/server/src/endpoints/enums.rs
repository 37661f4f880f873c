//! Enumerations of the domain, as the OpenAPI document lists them.

use gaiterguard_judge::Effect;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Effect of a rule on the requests that it matches. If several match, the strictest effect
/// applies.
#[derive(ToSchema)]
#[schema(as = RuleEffect, rename_all = "snake_case")]
#[expect(dead_code, reason = "only the schema reads its variants")]
pub(crate) enum EffectSchema {
    Allow,
    RequireApproval,
    Deny,
}

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

/// How a value of a request was seen before.
#[derive(ToSchema)]
#[schema(as = SourceKind, rename_all = "snake_case")]
#[expect(dead_code, reason = "only the schema reads its variants")]
pub(crate) enum SourceSchema {
    Shown,
    Created,
    Approved,
}

/// Status of an action.
#[derive(ToSchema)]
#[schema(as = ActionStatus, rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(dead_code, reason = "only the schema reads its variants")]
pub(crate) enum StatusSchema {
    Pending,
    Approved,
    Denied,
    Revoked,
    Expired,
    Executing,
    Executed,
    Indeterminate,
}

/// A human's finding.
#[derive(ToSchema)]
#[schema(as = Outcome, rename_all = "snake_case")]
#[expect(dead_code, reason = "only the schema reads its variants")]
pub(crate) enum FindingSchema {
    Executed,
    NotExecuted,
}

/// Outcome of a request.
#[derive(ToSchema)]
#[schema(as = RequestDecision, rename_all = "snake_case")]
#[expect(dead_code, reason = "only the schema reads its variants")]
pub(crate) enum DecisionSchema {
    Forward,
    Hold,
    Deny,
}
