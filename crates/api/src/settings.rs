//! `/settings`: the gateway's configuration without secrets, and the state of the language model.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::workspace::Permission;
use gaiterguard_gateway::Gateway;
use gaiterguard_llm::{FailureMode, Llm};
use gaiterguard_problem::Code;
use gaiterguard_settings::Registration;
use gaiterguard_web::problem::{Problem, ProblemBody};
use gaiterguard_web::session::with_session;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::Caller;
use super::configured::{Configured, DatabaseKind};
use super::state::DashboardState;

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .merge(with_session(
            Permission::Read,
            OpenApiRouter::new().routes(routes!(get)),
        ))
        .merge(with_session(
            Permission::Define,
            OpenApiRouter::new().routes(routes!(try_llm)),
        ))
}

/// Who may register.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegistrationSetting)]
#[serde(rename_all = "snake_case")]
enum RegistrationPolicy {
    First,
    Open,
    Closed,
}

/// Requests to hold when the configured language model fails.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmFailureMode)]
#[serde(rename_all = "snake_case")]
enum FailurePolicy {
    BlockUnsafe,
    BlockAll,
}

/// The gateway's configuration. All settings are environment variables that the gateway reads when
/// it starts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Settings)]
pub(crate) struct SettingsBody {
    /// Version of the gateway.
    #[schema(value_type = String, example = "1.2.0")]
    version: &'static str,
    /// `RISK_THRESHOLD`: requests with this score or a higher one are held.
    #[schema(minimum = 0, maximum = 1)]
    risk_threshold: f64,
    /// `APPROVAL_PENDING_TTL_HOURS`: time after which an undecided action expires.
    pending_ttl_ms: u64,
    /// `APPROVAL_EXECUTE_TTL_HOURS`: time after which an unused approval expires.
    execute_ttl_ms: u64,
    /// `MAX_PENDING_PER_AGENT`: maximum number of pending actions per agent.
    pending_per_agent_max: u32,
    /// `IDEMPOTENCY_TTL_HOURS`: how long an idempotency key is remembered.
    idempotency_ttl_ms: u64,
    /// `LEDGER_RETENTION_DAYS`: how long requests are kept.
    ledger_retention_ms: u64,
    /// `RESULT_RETENTION_DAYS`: how long responses to executed actions are kept.
    result_retention_ms: u64,
    /// `MAX_STORED_ANSWER_BYTES`: maximum length of a stored response.
    stored_answer_bytes_max: usize,
    /// `MAX_REQUEST_BODY_BYTES`: maximum length of an agent's request body.
    request_body_bytes_max: usize,
    /// `UPSTREAM_CONNECT_TIMEOUT_MS`: connect timeout.
    upstream_connect_timeout_ms: u64,
    /// `UPSTREAM_TIMEOUT_MS`: timeout until the first byte of a response.
    upstream_timeout_ms: u64,
    /// `UPSTREAM_IDLE_TIMEOUT_MS`: timeout between two parts of a response.
    upstream_idle_timeout_ms: u64,
    /// `JWT_ACCESS_EXPIRY`: lifetime of an access token.
    access_token_ttl_ms: u64,
    /// `JWT_REFRESH_EXPIRY`: lifetime of an unused session.
    session_ttl_ms: u64,
    /// `REGISTRATION`: who may register.
    registration: RegistrationPolicy,
    /// `DATABASE_URL`: database in use.
    database: DatabaseKind,
    /// The language model; null if only the built-in assessor is used.
    #[schema(required)]
    llm: Option<LlmBody>,
}

/// State of the language model. Tokens and cost of the day include all replicas and survive a
/// restart; usage by other replicas appears after the next call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmState)]
pub(crate) struct LlmBody {
    /// `LLM_MODEL`: name of the model.
    model: String,
    /// `LLM_TIMEOUT_MS`: timeout of the model for each request.
    timeout_ms: u64,
    /// `LLM_FAILURE_MODE`: requests to hold when the model fails.
    failure_mode: FailurePolicy,
    /// Whether the model is paused after repeated failures.
    is_resting: bool,
    /// Number of calls to the model's server since this process started.
    calls: u64,
    /// Number of input tokens today (UTC).
    input_tokens_today: u64,
    /// Number of output tokens today (UTC).
    output_tokens_today: u64,
    /// Cost today, in the currency of the configured prices.
    cost_today: f64,
    /// `LLM_DAILY_TOKENS_MAX`: maximum number of tokens per day.
    #[schema(required)]
    daily_tokens_max: Option<u64>,
    /// `LLM_DAILY_COST_MAX`: maximum cost per day.
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
                FailureMode::BlockUnsafe => FailurePolicy::BlockUnsafe,
                FailureMode::BlockAll => FailurePolicy::BlockAll,
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

/// Get settings
///
/// Secrets are never returned.
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
        version: env!("CARGO_PKG_VERSION"),
        risk_threshold: bounds.risk_threshold,
        pending_ttl_ms: milliseconds(bounds.pending_lifetime),
        execute_ttl_ms: milliseconds(bounds.approval_lifetime),
        pending_per_agent_max: bounds.pending_per_agent_max,
        idempotency_ttl_ms: milliseconds(bounds.idempotency_lifetime),
        ledger_retention_ms: milliseconds(bounds.ledger_retention),
        result_retention_ms: milliseconds(bounds.result_retention),
        stored_answer_bytes_max: bounds.stored_response_bytes_max,
        request_body_bytes_max: configured.request_body_bytes_max,
        upstream_connect_timeout_ms: milliseconds(configured.upstream_connect_timeout),
        upstream_timeout_ms: milliseconds(configured.upstream_timeout),
        upstream_idle_timeout_ms: milliseconds(configured.upstream_idle_timeout),
        access_token_ttl_ms: milliseconds(configured.access_token),
        session_ttl_ms: milliseconds(configured.session),
        registration: match configured.registration {
            Registration::First => RegistrationPolicy::First,
            Registration::Open => RegistrationPolicy::Open,
            Registration::Closed => RegistrationPolicy::Closed,
        },
        database: configured.database,
        llm: llm.map(|llm| LlmBody::of(llm, bounds.llm_failure_mode)),
    })
}

/// Result of a test of the language model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmTested)]
pub(crate) struct TestedBody {
    /// Duration of the call.
    milliseconds: u64,
}

/// Test the language model
///
/// Sends a minimal prompt to the model. The call counts toward the daily limits.
#[utoipa::path(
    post,
    path = "/settings/llm/test",
    operation_id = "testLlm",
    tag = "settings",
    responses(
        (status = 200, description = "The model responded.", body = TestedBody),
        (
            status = 409, description = "No language model is configured.",
            body = ProblemBody, content_type = "application/problem+json",
        ),
        (
            status = 502, description = "The language model did not respond, or its response was not usable.",
            body = ProblemBody, content_type = "application/problem+json",
        ),
    )
)]
async fn try_llm(
    State(gateway): State<Arc<Gateway>>,
    _: Caller,
) -> Result<Json<TestedBody>, Problem> {
    let llm = gateway.llm().ok_or_else(|| {
        Problem::new(
            Code::LlmNotConfigured,
            "no language model is configured; set LLM_BASE_URL",
        )
    })?;
    match llm.try_out().await {
        Ok(took) => Ok(Json(TestedBody {
            milliseconds: milliseconds(took),
        })),
        Err(error) => Err(Problem::new(Code::LlmFailed, error.to_string())),
    }
}
