//! `POST /rules/compile`: translates a rule in plain words to a condition with the language model.

use axum::Json;
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::text::Words;
use gaiterguard_llm::Coverage;
use gaiterguard_simulation::{Proposal, TriedExample, propose};
use gaiterguard_web::extract::ApiJson;
use gaiterguard_web::problem::{Problem, ProblemBody};
use gaiterguard_web::responses::{InvalidBody, SignedOut, Unavailable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::editing::Editing;

/// A rule in plain words to translate into a condition.
#[derive(Deserialize, ToSchema)]
#[schema(as = RuleToCompile)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleTextBody {
    /// The rule.
    #[schema(value_type = Words)]
    text: String,
    /// ID of the service that the rule applies to.
    service_id: Option<i64>,
}

/// A proposed condition. Nothing is saved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompiledRule)]
pub(super) struct ProposalBody {
    /// A CEL expression that compiles. Null if a condition cannot express any part of the rule.
    #[schema(required)]
    condition: Option<String>,
    /// How much of the rule the condition expresses: `whole`, `part`, or `none`.
    coverage: &'static str,
    /// Example requests, with the result of the condition for each.
    examples: Vec<ExampleBody>,
}

/// An example request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompiledExample)]
struct ExampleBody {
    /// HTTP method.
    method: String,
    /// Path with query.
    path: String,
    /// Body as text; empty if there is none.
    body: String,
    /// Whether the rule applies to it, according to the model.
    expected: bool,
    /// Result of the condition; null if it cannot be evaluated.
    #[schema(required)]
    matches: Option<bool>,
    /// Why it cannot be evaluated.
    #[schema(required)]
    error: Option<String>,
}

impl From<TriedExample> for ExampleBody {
    fn from(example: TriedExample) -> Self {
        let (matches, error) = match example.outcome {
            Ok(matches) => (Some(matches), None),
            Err(error) => (None, Some(error)),
        };
        Self {
            method: example.request.method,
            path: example.request.path,
            body: example.request.body,
            expected: example.request.should_match,
            matches,
            error,
        }
    }
}

impl From<Proposal> for ProposalBody {
    fn from(proposal: Proposal) -> Self {
        Self {
            condition: proposal.condition,
            coverage: match proposal.coverage {
                Some(Coverage::Whole) => "whole",
                Some(Coverage::Part) => "part",
                None => "none",
            },
            examples: proposal.examples.into_iter().map(Into::into).collect(),
        }
    }
}

/// Translate a rule into a condition
///
/// The language model proposes a condition and example requests. The gateway compiles the condition
/// and evaluates it for each example.
#[utoipa::path(
    post,
    path = "/rules/compile",
    operation_id = "compileRule",
    tag = "rules",
    request_body = RuleTextBody,
    security(("session" = [])),
    responses(
        (status = 200, description = "The proposal.", body = ProposalBody),
        (
            status = 409, description = "No language model is configured.",
            body = ProblemBody, content_type = "application/problem+json",
        ),
        (
            status = 502, description = "The language model did not respond, or its response was not usable.",
            body = ProblemBody, content_type = "application/problem+json",
        ),
        InvalidBody, SignedOut, Unavailable,
    )
)]
pub(super) async fn compile(
    editing: Editing,
    ApiJson(body): ApiJson<RuleTextBody>,
) -> Result<Json<ProposalBody>, Problem> {
    let gateway = editing.gateway();
    let proposal = propose(
        gateway.authority(),
        gateway.llm(),
        editing.workspace(),
        &body.text,
        body.service_id.map(ServiceId),
        editing.definition_store().now(),
    )
    .await?;
    Ok(Json(proposal.into()))
}
