//! `/mcp`: the gateway's tools over the Model Context Protocol's streamable HTTP transport.
//!
//! There are no sessions, so any replica can handle any call. `gaiterguard mcp` forwards the
//! messages of a local client to this route.

mod approval_page;
mod arguments;
mod decisions;
mod result;
mod tool;
mod tools;

use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use gaiterguard_gateway::refusal::Refusal;
use gaiterguard_problem::Code;
use gaiterguard_web::extract::read_body;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::request_context::RequestContext;
use gaiterguard_web::responses::{InvalidBody, Unavailable};
use http::header::{ACCEPT, CONTENT_TYPE, ORIGIN};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, Full};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};

use self::approval_page::{ApprovalPages, Client, begin};
use self::tools::{Call, Tools};
use super::agent;
use crate::state::AgentState;

pub(super) use self::decisions::{__path_decisions, decisions};

/// Model Context Protocol endpoint
///
/// Streamable HTTP transport without sessions. Each message gets its own response. A client that declares URL mode
/// elicitation is offered the approval page of a held request: such a response is a stream of events, which ends with
/// the result.
#[utoipa::path(
    post,
    path = "/mcp",
    operation_id = "mcp",
    tag = "agent",
    request_body(content = Object, description = "A JSON-RPC message."),
    security(("agentKey" = [])),
    responses(
        (status = 200, description = "The response to a request, as a JSON-RPC message.", body = Object),
        (status = 202, description = "The notification, or the response to an offer, was accepted."),
        (status = 401, description = "`invalid_agent_key`: the agent key is missing, unknown, \
                                      revoked, or expired."),
        (status = 403, description = "`cross_origin_refused`: the request comes from a web page of \
                                      another origin."),
        (status = 404, description = "The method is not supported; the JSON-RPC message says so.", body = Object),
        InvalidBody, Unavailable,
    )
)]
pub(super) async fn mcp(
    State(state): State<AgentState>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    // Each response is one JSON message, whatever the client accepts. The transport insists on both types.
    let both = HeaderValue::from_static("application/json, text/event-stream");
    parts.headers.insert(ACCEPT, both);
    refuse_foreign_pages(&state, &parts.headers)?;
    // Without a valid key there is no response; a known agent that may not act is informed by the
    // tools.
    let caller = match agent::of_headers(&state.gateway, &parts.headers) {
        Err(refusal @ Refusal::InvalidAgentKey(_)) => return Err(refusal.into()),
        caller => caller.map_err(Problem::from),
    };
    let message = read_body(body, state.request_body_bytes_max).await?;
    let client = Client::of(&mut parts.headers, &message);
    if client.responds {
        // The response to an offer changes nothing: a human decides at the page.
        return Ok(StatusCode::ACCEPTED.into_response());
    }
    let dashboard = state.dashboard_url.as_deref();
    let call = Arc::new(Call {
        gateway: state.gateway,
        caller,
        request_id: context.id,
        message: message.clone(),
        pages: ApprovalPages::new(&client, dashboard),
    });
    let handled = Arc::clone(&call);
    let service = StreamableHttpService::new(
        move || Ok(Tools::new(Arc::clone(&call))),
        Arc::new(NeverSessionManager::default()),
        config(),
    );
    let request = http::Request::from_parts(parts, Full::new(message));
    let response = problem_of(service.handle(request).await).await?;
    let mut response = handled.pages.before(response).await?;
    begin(&client, dashboard, &mut response);
    Ok(response)
}

fn config() -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(usize::MAX)
        // DNS rebinding can only misuse a browser, and a browser always sends the origin of its
        // page.
        .disable_allowed_hosts()
}

/// Refuses pages of browsers that the operator does not trust, whatever host name they use: the
/// name may have been rebound to this address.
fn refuse_foreign_pages(state: &AgentState, headers: &HeaderMap) -> Result<(), Problem> {
    let mut origins = headers.get_all(ORIGIN).iter();
    if origins.all(|origin| state.cors_origins.allows_value(origin)) {
        return Ok(());
    }
    Err(Problem::new(
        Code::CrossOriginRefused,
        "pages of this origin may not use the gateway; to allow them, add the origin to \
         CORS_ORIGINS",
    ))
}

/// Passes JSON-RPC responses through; converts errors of the transport to problems.
async fn problem_of<B>(response: http::Response<B>) -> Result<Response, Problem>
where
    B: http_body::Body<Data = Bytes, Error = std::convert::Infallible> + Send + 'static,
{
    let status = response.status();
    let is_message = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if is_message || status.is_success() {
        return Ok(response.map(axum::body::Body::new));
    }
    let Ok(text) = response.into_body().collect().await;
    let text = String::from_utf8_lossy(&text.to_bytes()).into_owned();
    let code = match status {
        // The transport reports an invalid message with the same status as a wrong content type.
        StatusCode::UNSUPPORTED_MEDIA_TYPE if text.starts_with("fail to deserialize") => {
            return Err(Problem::field("", "the body must be a JSON-RPC message"));
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => return Err(Problem::unsupported_media_type()),
        status if status.is_client_error() => Code::BadRequest,
        _ => return Err(Problem::internal()),
    };
    Err(Problem::new(code, text).with_status(status))
}
