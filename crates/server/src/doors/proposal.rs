//! Schema of a proposed request. The module [`super::envelope`] parses it.

use std::collections::BTreeMap;

use utoipa::ToSchema;

/// A request to send, and the intent behind it. The target is a service with a path, or
/// `targetUrl`.
#[derive(ToSchema)]
#[schema(as = ProposedRequest)]
#[expect(dead_code, reason = "only the schema reads its fields")]
pub(super) struct ProposedRequest {
    /// ID of the service.
    service_id: Option<i64>,
    /// Name of the service.
    service: Option<String>,
    /// GET, HEAD, OPTIONS, POST, PUT, PATCH, or DELETE. Case-insensitive.
    #[schema(
        pattern = "^([Gg][Ee][Tt]|[Hh][Ee][Aa][Dd]|[Oo][Pp][Tt][Ii][Oo][Nn][Ss]|[Pp][Oo][Ss][Tt]|[Pp][Uu][Tt]|[Pp][Aa][Tt][Cc][Hh]|[Dd][Ee][Ll][Ee][Tt][Ee])$"
    )]
    method: String,
    /// Path below the service's base URL, including the query, in normal form.
    #[schema(example = "/charges?expand=x")]
    path: Option<String>,
    /// Complete URL, instead of `path`.
    #[schema(rename = "targetUrl")]
    target_url: Option<String>,
    /// Header names, each with a string or an array of strings. Headers that affect the connection,
    /// the gateway, or the credential are dropped.
    headers: Option<BTreeMap<String, HeaderStrings>>,
    /// Body. A string is sent as is; any other value is sent as JSON, exactly as it is written
    /// here.
    #[schema(value_type = Option<Value>)]
    body: Option<serde_json::Value>,
    /// Body in base64, instead of `body`.
    body_base64: Option<String>,
    /// Why the request is sent.
    #[schema(min_length = 1, max_length = 2000)]
    intent: String,
    /// Same as the header `Idempotency-Key`, which takes precedence.
    #[schema(rename = "idempotencyKey", min_length = 1, max_length = 255)]
    idempotency_key: Option<String>,
    /// How long the call may stay open while the request is held, in seconds.
    #[schema(minimum = 0, maximum = 300)]
    wait: Option<u32>,
}

/// Values of a header.
#[derive(ToSchema)]
#[schema(as = HeaderStrings)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the schema reads its variants")]
pub(super) enum HeaderStrings {
    /// One value.
    One(String),
    /// Several values.
    Several(Vec<String>),
}

/// Response to a held request.
#[derive(ToSchema)]
#[schema(as = HeldProblem)]
#[expect(dead_code, reason = "only the schema reads its fields")]
pub(super) struct HeldProblem {
    /// URI reference of the problem type: `/problems/approval_required`.
    r#type: String,
    /// The code in words.
    title: String,
    /// HTTP status code: 428.
    status: u16,
    /// Next step.
    detail: String,
    /// Always `approval_required`.
    code: String,
    /// Same as `detail`.
    error: String,
    /// ID of the action.
    action_id: uuid::Uuid,
    /// Risk score, from 0.0 (harmless) to 1.0.
    #[schema(minimum = 0.0, maximum = 1.0)]
    risk_score: f64,
    /// Explanation of the risk score.
    risk_explanation: String,
    /// Path of the action's status.
    status_url: String,
    /// When the action expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: String,
}
