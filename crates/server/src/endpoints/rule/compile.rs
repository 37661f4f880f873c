//! `POST /rules/compile`: from a rule in words to a condition, by the language model.

use axum::Json;
use gaiterguard_domain::id::ServiceId;
use gaiterguard_gateway::propose::{Proposal, ProposeError, TriedExample};
use gaiterguard_llm::Coverage;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::endpoints::editing::Editing;
use crate::extract::ApiJson;
use crate::openapi::responses::{InvalidBody, SignedOut, Unavailable};
use crate::openapi::text::Words;
use crate::problem::{Problem, ProblemSchema};

/// A rule in words that is to become a condition.
#[derive(Deserialize, ToSchema)]
#[schema(as = RuleToCompile)]
#[serde(deny_unknown_fields)]
pub(super) struct WordsBody {
    /// The rule.
    #[schema(value_type = Words)]
    text: String,
    /// The service of the rule.
    service_id: Option<i64>,
}

/// A proposed condition. Nothing is kept: it becomes a rule when it is saved as one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompiledRule)]
pub(super) struct ProposalBody {
    /// The condition in CEL, checked; null if nothing of the rule can be told from a request.
    #[schema(required)]
    condition: Option<String>,
    /// How much of the rule it says: `whole`, `part` or `none`.
    coverage: &'static str,
    /// Made-up requests, and what the condition does with them.
    examples: Vec<ExampleBody>,
}

/// A made-up request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompiledExample)]
struct ExampleBody {
    /// The method.
    method: String,
    /// The path with its query.
    path: String,
    /// The body as text; empty for none.
    body: String,
    /// Whether the model thinks that the rule is about it.
    expected: bool,
    /// Whether the condition holds for it; null where that cannot be said.
    #[schema(required)]
    matches: Option<bool>,
    /// Why it cannot be said.
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
            expected: example.request.is_meant,
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

impl From<ProposeError> for Problem {
    fn from(error: ProposeError) -> Self {
        let detail = error.to_string();
        match error {
            ProposeError::Definition(error) => error.into(),
            ProposeError::NoModel => Self::new(StatusCode::CONFLICT, "llm_not_configured", detail),
            ProposeError::Model(_) => Self::new(StatusCode::BAD_GATEWAY, "llm_failed", detail),
        }
    }
}

/// Turn a rule in words into a condition
///
/// The language model proposes, the compiler checks, and made-up requests show what it does.
#[utoipa::path(
    post,
    path = "/rules/compile",
    operation_id = "compileRule",
    tag = "rules",
    request_body = WordsBody,
    security(("session" = [])),
    responses(
        (status = 200, description = "What is proposed.", body = ProposalBody),
        (
            status = 409, description = "There is no language model.",
            body = ProblemSchema, content_type = "application/problem+json",
        ),
        (
            status = 502, description = "The language model gave no answer that can be used.",
            body = ProblemSchema, content_type = "application/problem+json",
        ),
        InvalidBody, SignedOut, Unavailable,
    )
)]
pub(super) async fn compile(
    editing: Editing,
    ApiJson(body): ApiJson<WordsBody>,
) -> Result<Json<ProposalBody>, Problem> {
    let proposal = editing
        .gateway()
        .rule_propose(
            editing.workspace(),
            &body.text,
            body.service_id.map(ServiceId),
        )
        .await?;
    Ok(Json(proposal.into()))
}
