//! `/settings`: what the operator decided in the environment, without a secret of it, and how the
//! language model is doing.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use gaiterguard_gateway::Gateway;
use gaiterguard_llm::{FailureMode, Llm};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::Caller;
use super::configured::{Configured, DatabaseWord};
use super::state::DashboardState;
use crate::problem::{Problem, ProblemSchema};
use crate::settings::Registration;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .routes(routes!(get))
        .routes(routes!(try_llm))
}

/// Who may register.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegistrationSetting)]
#[serde(rename_all = "snake_case")]
enum RegistrationWord {
    First,
    Open,
    Closed,
}

/// What is held when a configured language model fails.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmFailureMode)]
#[serde(rename_all = "snake_case")]
enum FailureWord {
    BlockUnsafe,
    BlockAll,
}

/// What is configured. Everything is set in the gateway's environment and read at its start.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Settings)]
pub(crate) struct SettingsBody {
    /// `RISK_THRESHOLD`: the score from which a request is held.
    #[schema(minimum = 0, maximum = 1)]
    risk_threshold: f64,
    /// `APPROVAL_PENDING_TTL_HOURS`: how long an undecided action waits.
    pending_ttl_ms: u64,
    /// `APPROVAL_EXECUTE_TTL_HOURS`: how long an approved action may be executed.
    execute_ttl_ms: u64,
    /// `MAX_PENDING_PER_AGENT`: how many actions of one agent may wait.
    pending_per_agent_max: u32,
    /// `IDEMPOTENCY_TTL_HOURS`: how long an idempotency key is remembered.
    idempotency_ttl_ms: u64,
    /// `LEDGER_RETENTION_DAYS`: how long decisions are kept.
    ledger_retention_ms: u64,
    /// `RESULT_RETENTION_DAYS`: how long the answers to executed actions are kept.
    result_retention_ms: u64,
    /// `MAX_STORED_ANSWER_BYTES`: up to which length an answer is kept.
    stored_answer_bytes_max: usize,
    /// `MAX_REQUEST_BODY_BYTES`: how long a request on an agent's route may be.
    request_body_bytes_max: usize,
    /// `UPSTREAM_CONNECT_TIMEOUT_MS`.
    upstream_connect_timeout_ms: u64,
    /// `UPSTREAM_TIMEOUT_MS`: to the first byte of an answer.
    upstream_timeout_ms: u64,
    /// `UPSTREAM_IDLE_TIMEOUT_MS`: between pieces of an answer.
    upstream_idle_timeout_ms: u64,
    /// `JWT_ACCESS_EXPIRY`: how long an access token lives.
    access_token_ttl_ms: u64,
    /// `JWT_REFRESH_EXPIRY`: how long a session lives that is not used.
    session_ttl_ms: u64,
    /// `REGISTRATION`: who may register.
    registration: RegistrationWord,
    /// `DATABASE_URL`: which database is used.
    database: DatabaseWord,
    /// The language model; null if the built-in assessor works alone.
    #[schema(required)]
    llm: Option<LlmBody>,
}

/// A language model, and how it is doing. A day's tokens and cost are those of all replicas, and
/// outlive a restart; what another replica uses is known after the next call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmState)]
pub(crate) struct LlmBody {
    /// `LLM_MODEL`: its name.
    model: String,
    /// `LLM_TIMEOUT_MS`: how long a judgement may take.
    timeout_ms: u64,
    /// `LLM_FAILURE_MODE`: what is held when it fails.
    failure_mode: FailureWord,
    /// Whether it is left alone at present because it failed repeatedly.
    is_resting: bool,
    /// Calls of its server since this process started.
    calls: u64,
    /// Tokens sent to it today (UTC).
    input_tokens_today: u64,
    /// Tokens it answered with today.
    output_tokens_today: u64,
    /// What they cost, in the currency of the configured prices.
    cost_today: f64,
    /// `LLM_DAILY_TOKENS_MAX`: the most tokens a day.
    #[schema(required)]
    daily_tokens_max: Option<u64>,
    /// `LLM_DAILY_COST_MAX`: the most that a day may cost.
    #[schema(required)]
    daily_cost_max: Option<f64>,
}

impl LlmBody {
    fn of(llm: &Llm, failure_mode: FailureMode) -> Self {
        let spent = llm.spent_today();
        let ceilings = llm.ceilings();
        Self {
            model: llm.model().to_owned(),
            timeout_ms: milliseconds(llm.timeout()),
            failure_mode: match failure_mode {
                FailureMode::BlockUnsafe => FailureWord::BlockUnsafe,
                FailureMode::BlockAll => FailureWord::BlockAll,
            },
            is_resting: llm.is_circuit_open(),
            calls: llm.metrics().calls(),
            input_tokens_today: spent.tokens.input,
            output_tokens_today: spent.tokens.output,
            cost_today: spent.cost,
            daily_tokens_max: ceilings.tokens_max,
            daily_cost_max: ceilings.cost_max,
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What is configured
///
/// No secret is among it.
#[utoipa::path(
    get,
    path = "/settings",
    operation_id = "getSettings",
    tag = "settings",
    responses((status = 200, description = "The settings.", body = SettingsBody))
)]
async fn get(
    State(gateway): State<Arc<Gateway>>,
    State(configured): State<Arc<Configured>>,
    _: Caller,
) -> Json<SettingsBody> {
    let bounds = gateway.settings();
    let llm = gateway.llm();
    Json(SettingsBody {
        risk_threshold: bounds.risk_threshold,
        pending_ttl_ms: milliseconds(bounds.pending_lifetime),
        execute_ttl_ms: milliseconds(bounds.approval_lifetime),
        pending_per_agent_max: bounds.pending_per_agent_max,
        idempotency_ttl_ms: milliseconds(bounds.idempotency_lifetime),
        ledger_retention_ms: milliseconds(bounds.ledger_retention),
        result_retention_ms: milliseconds(bounds.result_retention),
        stored_answer_bytes_max: bounds.stored_answer_bytes_max,
        request_body_bytes_max: configured.request_body_bytes_max,
        upstream_connect_timeout_ms: milliseconds(configured.upstream_connect_timeout),
        upstream_timeout_ms: milliseconds(configured.upstream_timeout),
        upstream_idle_timeout_ms: milliseconds(configured.upstream_idle_timeout),
        access_token_ttl_ms: milliseconds(configured.access_token),
        session_ttl_ms: milliseconds(configured.session),
        registration: match configured.registration {
            Registration::First => RegistrationWord::First,
            Registration::Open => RegistrationWord::Open,
            Registration::Closed => RegistrationWord::Closed,
        },
        database: configured.database,
        llm: llm.map(|llm| LlmBody::of(llm, bounds.llm_failure_mode)),
    })
}

/// What a test of the language model showed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmTested)]
pub(crate) struct TestedBody {
    /// How long it took.
    milliseconds: u64,
}

/// Ask the language model for one word
///
/// The question counts against the day's ceilings as every other does.
#[utoipa::path(
    post,
    path = "/settings/llm/test",
    operation_id = "testLlm",
    tag = "settings",
    responses(
        (status = 200, description = "It answered.", body = TestedBody),
        (
            status = 409, description = "There is no language model.",
            body = ProblemSchema, content_type = "application/problem+json",
        ),
        (
            status = 502, description = "The language model gave no answer that can be used.",
            body = ProblemSchema, content_type = "application/problem+json",
        ),
    )
)]
async fn try_llm(
    State(gateway): State<Arc<Gateway>>,
    _: Caller,
) -> Result<Json<TestedBody>, Problem> {
    let llm = gateway.llm().ok_or_else(|| {
        Problem::conflict(
            "llm_not_configured",
            "there is no language model: set LLM_BASE_URL",
        )
    })?;
    match llm.try_out().await {
        Ok(took) => Ok(Json(TestedBody {
            milliseconds: milliseconds(took),
        })),
        Err(error) => Err(Problem::new(
            StatusCode::BAD_GATEWAY,
            "llm_failed",
            error.to_string(),
        )),
    }
}
