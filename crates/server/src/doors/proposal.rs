//! How a proposed request is described; what is taken is read in [`super::envelope`].

use std::collections::BTreeMap;

use utoipa::ToSchema;

/// A request that an agent wants to have sent, and why. The target is a service with a path, or
/// `targetUrl`.
#[derive(ToSchema)]
#[schema(as = ProposedRequest)]
#[expect(dead_code, reason = "its fields are read by the schema alone")]
pub(super) struct ProposedRequest {
    /// The service, by its id.
    service_id: Option<i64>,
    /// The service, by its name.
    service: Option<String>,
    /// GET, HEAD, OPTIONS, POST, PUT, PATCH or DELETE, in any case.
    #[schema(
        pattern = "^([Gg][Ee][Tt]|[Hh][Ee][Aa][Dd]|[Oo][Pp][Tt][Ii][Oo][Nn][Ss]|[Pp][Oo][Ss][Tt]|[Pp][Uu][Tt]|[Pp][Aa][Tt][Cc][Hh]|[Dd][Ee][Ll][Ee][Tt][Ee])$"
    )]
    method: String,
    /// Appended to the service's base URL; with its query, in normal form.
    #[schema(example = "/charges?expand=x")]
    path: Option<String>,
    /// The whole address, in place of a path.
    #[schema(rename = "targetUrl")]
    target_url: Option<String>,
    /// Header names with a string or a list of strings each. What concerns the connection, the
    /// gateway or the credential is dropped.
    headers: Option<BTreeMap<String, HeaderStrings>>,
    /// A string is sent as it is; any other value as JSON, as it is written here.
    #[schema(value_type = Option<Value>)]
    body: Option<serde_json::Value>,
    /// The body as base64, in place of `body`.
    body_base64: Option<String>,
    /// Why the request is sent.
    #[schema(min_length = 1, max_length = 2000)]
    intent: String,
    /// The same as the header `Idempotency-Key`, which wins.
    #[schema(rename = "idempotencyKey", min_length = 1, max_length = 255)]
    idempotency_key: Option<String>,
    /// How many seconds the call may stay open for a human.
    #[schema(minimum = 0, maximum = 300)]
    wait: Option<u32>,
}

/// The values of a header.
#[derive(ToSchema)]
#[schema(as = HeaderStrings)]
#[serde(untagged)]
#[expect(dead_code, reason = "its variants are read by the schema alone")]
pub(super) enum HeaderStrings {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// The answer to a request that waits for a human.
#[derive(ToSchema)]
#[schema(as = HeldProblem)]
#[expect(dead_code, reason = "its fields are read by the schema alone")]
pub(super) struct HeldProblem {
    /// `/problems/approval_required`.
    r#type: String,
    /// The code in plain words.
    title: String,
    /// 428.
    status: u16,
    /// What to do next.
    detail: String,
    /// `approval_required`.
    code: String,
    /// The same as `detail`.
    error: String,
    /// The action that was made of the request.
    action_id: uuid::Uuid,
    /// How risky it was judged.
    #[schema(minimum = 0.0, maximum = 1.0)]
    risk_score: f64,
    /// Why, for a human.
    risk_explanation: String,
    /// Where to ask what became of it.
    status_url: String,
    /// When it expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: String,
}
