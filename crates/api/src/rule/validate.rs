//! `POST /rules/validate`: checks a condition.

use std::sync::Arc;

use axum::Json;
use gaiterguard_definitions::rule;
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_rules::ConditionWarning;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::editing::Editing;
use gaiterguard_web::extract::ApiJson;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{InvalidBody, SignedOut, Unavailable};

/// A condition to check.
#[derive(Deserialize, ToSchema)]
#[schema(as = ConditionToValidate)]
#[serde(deny_unknown_fields)]
pub(super) struct ConditionBody {
    /// A CEL expression.
    condition: String,
    /// ID of the rule's service. If set, the result contains a warning for each body field that the
    /// service's documents do not list.
    service_id: Option<i64>,
    /// Effect of the rule. It determines the warnings. By default, the warnings are those for a rule
    /// that holds or denies requests.
    effect: Option<RuleEffect>,
}

/// Result of the check.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConditionValidated)]
pub(super) struct ValidatedBody {
    /// Whether the condition compiles.
    valid: bool,
    /// Errors.
    errors: Vec<ConditionErrorBody>,
    /// Warnings about a condition that compiles. Absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<ConditionWarningBody>,
}

/// An error in a condition.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConditionError)]
pub(super) struct ConditionErrorBody {
    /// Line, from 1.
    #[schema(minimum = 1)]
    line: u32,
    /// Column in characters, from 1.
    #[schema(minimum = 1)]
    column: u32,
    /// Description of the error and of what was expected.
    message: String,
}

/// A part of a condition that may not do what its author wants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConditionWarning)]
pub(super) struct ConditionWarningBody {
    /// Line, from 1.
    #[schema(minimum = 1)]
    line: u32,
    /// Column in characters, from 1.
    #[schema(minimum = 1)]
    column: u32,
    /// Description of the problem and of what to write instead.
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

/// Validate a condition
///
/// Nothing is saved.
#[utoipa::path(
    post,
    path = "/rules/validate",
    operation_id = "validateCondition",
    tag = "rules",
    request_body = ConditionBody,
    security(("session" = [])),
    responses(
        (status = 200, description = "The result of the check.", body = ValidatedBody),
        InvalidBody, SignedOut, Unavailable,
    )
)]
pub(super) async fn validate(
    editing: Editing,
    ApiJson(body): ApiJson<ConditionBody>,
) -> Result<Json<ValidatedBody>, Problem> {
    let service = body.service_id.map(ServiceId);
    let definitions = editing.definitions();
    let checked = rule::validate(
        editing.definition_store(),
        editing.workspace(),
        &body.condition,
        service,
        body.effect,
        service
            .and_then(|service| definitions.as_ref()?.catalog(service))
            .map(Arc::as_ref),
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
