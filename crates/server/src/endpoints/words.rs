//! The words that answers and bodies have for states and effects, as the OpenAPI document lists them.

use gaiterguard_judge::Effect;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a rule does to the requests it matches. The strictest of several wins.
#[derive(ToSchema)]
#[schema(as = RuleEffect, rename_all = "snake_case")]
#[expect(dead_code, reason = "its variants are read by the schema alone")]
pub(crate) enum EffectWord {
    Allow,
    RequireApproval,
    Deny,
}

/// What a call of an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[schema(as = OperationEffect)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OperationEffectWord {
    /// It only looks.
    Reads,
    /// It makes something new.
    Creates,
    /// It changes what is there.
    Changes,
    /// It removes something or ends it.
    Deletes,
    /// It moves money or commits to paying.
    Pays,
    /// It lets something be seen by, or reach, someone outside.
    SharesOutside,
    /// It changes who may do what, or touches credentials.
    ChangesAccess,
    /// It runs code, or changes what runs.
    RunsCode,
}

impl From<Effect> for OperationEffectWord {
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
#[expect(dead_code, reason = "its variants are read by the schema alone")]
pub(crate) enum SourceWord {
    Shown,
    Created,
    Approved,
}

/// Where an action stands.
#[derive(ToSchema)]
#[schema(as = ActionStatus, rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(dead_code, reason = "its variants are read by the schema alone")]
pub(crate) enum StatusWord {
    Pending,
    Approved,
    Denied,
    Revoked,
    Expired,
    Executing,
    Executed,
    Indeterminate,
}

/// What a human found.
#[derive(ToSchema)]
#[schema(as = Outcome, rename_all = "snake_case")]
#[expect(dead_code, reason = "its variants are read by the schema alone")]
pub(crate) enum FindingWord {
    Executed,
    NotExecuted,
}

/// What became of a request.
#[derive(ToSchema)]
#[schema(as = RequestDecision, rename_all = "snake_case")]
#[expect(dead_code, reason = "its variants are read by the schema alone")]
pub(crate) enum DecisionWord {
    Forward,
    Hold,
    Deny,
}
