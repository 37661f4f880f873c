//! `POST /rules/validate`: checks a condition.

use std::sync::Arc;

use axum::Json;
use gaiterguard_definitions::definition_store::DefinitionError;
use gaiterguard_definitions::passkey_holders::PasskeyHolders;
use gaiterguard_definitions::rule;
use gaiterguard_domain::approvals::Approvals;
use gaiterguard_domain::field::FieldValue as _;
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_domain::step_up::StepUp;
use gaiterguard_rules::ConditionWarning;
use gaiterguard_web::extract::ApiJson;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{InvalidBody, SignedOut, Unavailable};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::editing::Editing;

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
    /// Step-up of the rule. If set, the result contains a warning if too few people can give it.
    #[serde(rename = "stepUp")]
    step_up: Option<StepUp>,
    /// Approvals of the rule, which determine how many people must give the step-up.
    #[schema(value_type = Option<Approvals>)]
    approvals: Option<Value>,
}

/// Result of the check.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConditionValidated)]
pub(super) struct ValidatedBody {
    /// Whether the condition compiles.
    valid: bool,
    /// Errors.
    errors: Vec<ConditionErrorBody>,
    /// Warnings about a condition that compiles, and about the step-up. Absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<WarningBody>,
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

/// The field of a rule that a warning is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WarnedField)]
enum WarnedField {
    /// The condition, or its absence.
    #[serde(rename = "condition")]
    Condition,
    /// The required step-up.
    #[serde(rename = "stepUp")]
    StepUp,
}

/// A part of a rule that may not do what its author wants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConditionWarning)]
pub(super) struct WarningBody {
    /// Field of the rule.
    field: WarnedField,
    /// Line of the condition, from 1. Always 1 for other fields.
    #[schema(minimum = 1)]
    line: u32,
    /// Column of the condition in characters, from 1. Always 1 for other fields.
    #[schema(minimum = 1)]
    column: u32,
    /// Description of the problem and of what to write instead.
    message: String,
}

impl From<ConditionWarning> for WarningBody {
    fn from(warning: ConditionWarning) -> Self {
        Self {
            field: WarnedField::Condition,
            line: warning.line,
            column: warning.column,
            message: warning.message,
        }
    }
}

impl WarningBody {
    /// Returns a warning about the step-up.
    pub(super) fn of_step_up(message: String) -> Self {
        Self {
            field: WarnedField::StepUp,
            line: 1,
            column: 1,
            message,
        }
    }
}

/// Validate a condition
///
/// Compiles the condition, and returns its errors and warnings. Nothing is saved.
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
    let approvals = body.approvals.filter(|approvals| !approvals.is_null());
    let approvals = approvals.map(|approvals| Approvals::read("approvals", Some(approvals)));
    let approvals = approvals.transpose().map_err(DefinitionError::Invalid)?;
    let step_up = if body.step_up.is_some() {
        let store = editing.definition_store();
        let holders = PasskeyHolders::of(store, editing.workspace()).await?;
        holders.warning(body.step_up, approvals.as_ref(), Some(editing.user()))
    } else {
        None
    };
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
        warnings: warnings
            .into_iter()
            .map(Into::into)
            .chain(step_up.map(WarningBody::of_step_up))
            .collect(),
    }))
}
