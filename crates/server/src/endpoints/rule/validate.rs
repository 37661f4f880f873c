//! `POST /rules/validate`: what is wrong with a condition, if anything is.

use axum::Json;
use gaiterguard_definitions::rule;
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_judge::rule::ConditionWarning;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::endpoints::editing::Editing;
use crate::endpoints::words::EffectWord;
use crate::extract::ApiJson;
use crate::openapi::responses::{InvalidBody, SignedOut, Unavailable};
use crate::problem::Problem;

/// A condition that is to be looked at.
#[derive(Deserialize, ToSchema)]
#[schema(as = ConditionToValidate)]
#[serde(deny_unknown_fields)]
pub(super) struct ConditionBody {
    /// A CEL expression.
    condition: String,
    /// The service of the rule that it is for.
    service_id: Option<i64>,
    /// The effect of the rule that it is for. Without one, warnings are those of a rule that holds
    /// or refuses.
    #[schema(value_type = Option<EffectWord>)]
    effect: Option<RuleEffect>,
}

/// Whether a condition is understood.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConditionValidated)]
pub(super) struct ValidatedBody {
    /// Whether it is.
    valid: bool,
    /// What is wrong with it.
    errors: Vec<ConditionErrorBody>,
    /// What its author should know, though it is understood. Left out where there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<ConditionWarningBody>,
}

/// What is wrong with a condition.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConditionError)]
pub(super) struct ConditionErrorBody {
    /// The line, from 1.
    #[schema(minimum = 1)]
    line: u32,
    /// The column, from 1, in characters.
    #[schema(minimum = 1)]
    column: u32,
    /// What is wrong, and what was expected.
    message: String,
}

/// A place in a condition that may not do what its author wants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConditionWarning)]
pub(super) struct ConditionWarningBody {
    /// The line, from 1.
    #[schema(minimum = 1)]
    line: u32,
    /// The column, from 1, in characters.
    #[schema(minimum = 1)]
    column: u32,
    /// What may go wrong, and what to write instead.
    message: String,
}

impl From<ConditionWarning> for ConditionWarningBody {
    fn from(warning: ConditionWarning) -> Self {
        Self {
            line: warning.line,
            column: warning.column,
            message: warning.message,
        }
    }
}

/// Look at a condition
///
/// Nothing is kept.
#[utoipa::path(
    post,
    path = "/rules/validate",
    operation_id = "validateCondition",
    tag = "rules",
    request_body = ConditionBody,
    security(("session" = [])),
    responses(
        (status = 200, description = "What is wrong with it, if anything is.", body = ValidatedBody),
        InvalidBody, SignedOut, Unavailable,
    )
)]
pub(super) async fn validate(
    editing: Editing,
    ApiJson(body): ApiJson<ConditionBody>,
) -> Result<Json<ValidatedBody>, Problem> {
    let service = body.service_id.map(ServiceId);
    let checked = rule::validate(
        editing.desk(),
        editing.workspace(),
        &body.condition,
        service,
        body.effect,
    )
    .await?;
    let (warnings, error) = match checked {
        Ok(warnings) => (warnings, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let errors: Vec<ConditionErrorBody> = error
        .into_iter()
        .map(|error| ConditionErrorBody {
            line: error.line,
            column: error.column,
            message: error.message,
        })
        .collect();
    Ok(Json(ValidatedBody {
        valid: errors.is_empty(),
        errors,
        warnings: warnings.into_iter().map(Into::into).collect(),
    }))
}
