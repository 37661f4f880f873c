//! The words that answers and bodies have for states and effects, as the OpenAPI document lists them.

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
