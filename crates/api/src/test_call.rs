//! `POST /services/{id}/test-call`: checks whether a service responds.

use axum::Json;
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::workspace::Permission;
use gaiterguard_gateway::action::ShownResponse;
use gaiterguard_gateway::test_call::TestCall;
use gaiterguard_web::extract::{ApiJson, ApiPath};
use gaiterguard_web::problem::{Problem, ProblemBody};
use gaiterguard_web::responses::{InvalidBody, NotFound};
use gaiterguard_web::session::with_session;
use gaiterguard_web::stored_response::StoredResponseBody;
use http::Method;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::editing::Editing;

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    with_session(
        Permission::Define,
        OpenApiRouter::new().routes(routes!(test_call)),
    )
}

/// A request to send to a service.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TestCall)]
#[serde(deny_unknown_fields)]
struct TestCallBody {
    /// HTTP method. Defaults to GET.
    #[serde(default)]
    #[schema(nullable = false)]
    method: SafeMethod,
    /// Path below the base URL, including the query.
    #[schema(example = "/customers?limit=1", max_length = 16384)]
    path: String,
}

/// A safe method.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[schema(as = TestMethod)]
#[serde(rename_all = "UPPERCASE")]
enum SafeMethod {
    /// The complete response.
    #[default]
    Get,
    /// Only the status and the headers.
    Head,
}

impl From<SafeMethod> for Method {
    fn from(method: SafeMethod) -> Self {
        match method {
            SafeMethod::Get => Self::GET,
            SafeMethod::Head => Self::HEAD,
        }
    }
}

/// Send a test call
///
/// Sends a safe request to the service with its credential, and returns the response with up to 64
/// KiB of its body. Echoes of the credential are masked. A response with an error status is
/// returned as a result too. The call is written to the audit log.
#[utoipa::path(
    post,
    path = "/services/{id}/test-call",
    operation_id = "testCall",
    tag = "services",
    params(("id" = i64, Path, description = "ID of the service.")),
    request_body = TestCallBody,
    responses(
        (status = 200, description = "The service's response.", body = StoredResponseBody),
        InvalidBody, NotFound,
        (
            status = 403, description = "`target_not_allowed`: the path is outside the base URL, \
                                         or the address is not allowed. `kill_switch`: the kill \
                                         switch is active.",
            body = ProblemBody, content_type = "application/problem+json",
        ),
        (
            status = 502, description = "`upstream_unreachable`, `upstream_broken`, \
                                         `credential_refused`, or `credential_unavailable`: no \
                                         response was received.",
            body = ProblemBody, content_type = "application/problem+json",
        ),
        (
            status = 504, description = "`upstream_timeout`: no response was received in time.",
            body = ProblemBody, content_type = "application/problem+json",
        ),
    )
)]
async fn test_call(
    editing: Editing,
    ApiPath(service): ApiPath<ServiceId>,
    ApiJson(body): ApiJson<TestCallBody>,
) -> Result<Json<StoredResponseBody>, Problem> {
    let call = TestCall {
        service,
        method: body.method.into(),
        path: body.path,
    };
    let response = editing
        .gateway()
        .test_call(editing.workspace(), editing.user(), call)
        .await?;
    Ok(Json(StoredResponseBody::shown(&ShownResponse::whole(
        response,
    ))))
}
