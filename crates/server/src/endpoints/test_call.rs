//! `POST /services/{id}/test-call`: whether a service answers.

use axum::Json;
use gaiterguard_domain::id::ServiceId;
use gaiterguard_gateway::action::held::ShownAnswer;
use gaiterguard_gateway::test_call::TestCall;
use http::Method;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::editing::Editing;
use crate::extract::{ApiJson, ApiPath};
use crate::kept_answer::KeptAnswerBody;
use crate::openapi::responses::{InvalidBody, NotFound};
use crate::problem::{Problem, ProblemSchema};

/// The routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new().routes(routes!(test_call))
}

/// A request that is to be sent to a service.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TestCall)]
#[serde(deny_unknown_fields)]
struct TestCallBody {
    /// The method; GET if it is left out.
    #[serde(default)]
    #[schema(nullable = false)]
    method: MethodWord,
    /// The path below the base URL, with its query.
    #[schema(example = "/customers?limit=1", max_length = 16384)]
    path: String,
}

/// A method that only reads.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[schema(as = TestMethod)]
#[serde(rename_all = "UPPERCASE")]
enum MethodWord {
    /// The whole answer.
    #[default]
    Get,
    /// Its head.
    Head,
}

impl From<MethodWord> for Method {
    fn from(method: MethodWord) -> Self {
        match method {
            MethodWord::Get => Self::GET,
            MethodWord::Head => Self::HEAD,
        }
    }
}

/// Send a test call
///
/// Sends a request that only reads to the service, with its credential, and answers with what came
/// back: up to 64 KiB of the body, with echoes of the credential masked. Any status of the service
/// is an answer. It is written to the audit log.
#[utoipa::path(
    post,
    path = "/services/{id}/test-call",
    operation_id = "testCall",
    tag = "services",
    params(("id" = i64, Path, description = "The service.")),
    request_body = TestCallBody,
    responses(
        (status = 200, description = "What the service answered.", body = KeptAnswerBody),
        InvalidBody, NotFound,
        (
            status = 403, description = "`target_not_allowed`: the path leads out of the base URL, \
            or the address may not be dialed; or `kill_switch`.",
            body = ProblemSchema, content_type = "application/problem+json",
        ),
        (
            status = 502, description = "`upstream_unreachable`, `upstream_broken` or \
            `credential_unavailable`: there is no answer.",
            body = ProblemSchema, content_type = "application/problem+json",
        ),
        (
            status = 504, description = "`upstream_timeout`: there was no answer in time.",
            body = ProblemSchema, content_type = "application/problem+json",
        ),
    )
)]
async fn test_call(
    editing: Editing,
    ApiPath(service): ApiPath<ServiceId>,
    ApiJson(body): ApiJson<TestCallBody>,
) -> Result<Json<KeptAnswerBody>, Problem> {
    let call = TestCall {
        service,
        method: body.method.into(),
        path: body.path,
    };
    let answer = editing
        .gateway()
        .test_call(editing.workspace(), editing.user(), call)
        .await?;
    Ok(Json(KeptAnswerBody::shown(&ShownAnswer::whole(answer))))
}
