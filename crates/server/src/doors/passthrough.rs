//! `/s/{service}/{path…}`: the upstream's own API. Clients need only this base URL and an agent
//! key.

use axum::extract::{Extension, Request, State};
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use gaiterguard_domain::header::{self, HeaderCount};
use gaiterguard_domain::request::{
    Destination, METHODS, ProxyRequest, ServiceName, is_forwardable,
};
use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use http_body::Body as _;
use hyper::upgrade::OnUpgrade;
use percent_encoding::percent_decode_str;
use utoipa_axum::router::OpenApiRouter;

use super::served::Served;
use super::{call_headers, outcome, unmodified};
use crate::extract::arriving_body;
use crate::middleware::RequestContext;
use crate::problem::Problem;
use crate::state::AgentState;
use gaiterguard_problem::Code;

/// Returns the routes. `crates/openapi` describes them, because the path below the service
/// is the upstream's.
pub(super) fn routes() -> OpenApiRouter<AgentState> {
    OpenApiRouter::default()
        .route("/s/{service}", any(pass))
        .route("/s/{service}/", any(pass))
        .route("/s/{service}/{*path}", any(pass))
}

async fn pass(
    State(state): State<AgentState>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let (service, mut path) = split(&parts)?;
    let caller = unmodified::of_passthrough(&state.gateway, &mut parts, &service, &mut path)?;
    if !is_forwardable(&parts.method) {
        return Err(other_method());
    }
    check_headers(&parts.headers)?;
    let served = Served::new(&caller, state.public_url.as_ref(), &parts, &service, &path);
    served.adapt_request(&mut parts.headers);
    let switching = parts.extensions.remove::<OnUpgrade>();
    let asks = parts.method == Method::GET
        && header::ask_for_web_socket(&parts.headers)
        && body.is_end_stream();
    let proposed = ProxyRequest {
        destination: Destination {
            service: Some(ServiceName::Name(service)),
            path: Some(path),
            target_url: None,
        },
        method: parts.method,
        web_socket: asks && switching.is_some(),
        intent: call_headers::intent(&parts.headers)?,
        idempotency_key: call_headers::idempotency_key(&parts.headers, None)?,
        wait: call_headers::preferred_wait(&parts.headers),
        headers: parts.headers,
        body: Bytes::new(),
    };
    let request_id = context.id;
    let gateway = &state.gateway;
    let mut outcome = if body.is_end_stream() {
        gateway.submit(caller, proposed, request_id).await
    } else {
        let body = arriving_body(body, state.request_body_bytes_max)?;
        // Boxed because the future is large and most requests have no body.
        let submitting = gateway.submit_arriving(caller, proposed, body, request_id);
        Box::pin(submitting).await
    };
    served.adapt_response(&mut outcome);
    if let (Some(switching), Some(tunnel)) = (switching, outcome.take_tunnel()) {
        state.gateway.carry(tunnel, switching);
        return Ok(outcome::switched(outcome));
    }
    Ok(outcome::response(outcome, &state.path))
}

/// Splits the request target into the service's name and the rest, exactly as it was sent.
fn split(parts: &Parts) -> Result<(String, String), Problem> {
    let sent = parts.uri.path_and_query().map_or("/", |sent| sent.as_str());
    let below = sent.strip_prefix("/s/").unwrap_or_default();
    let end = below.find(['/', '?']).unwrap_or(below.len());
    let (name, path) = below.split_at(end);
    let name = percent_decode_str(name).decode_utf8().map_err(|_| {
        Problem::field(
            "service",
            "must be the name of a service, percent-encoded as UTF-8",
        )
    })?;
    Ok((name.into_owned(), path.to_owned()))
}

fn check_headers(headers: &HeaderMap) -> Result<(), Problem> {
    let mut counted = HeaderCount::default();
    headers
        .iter()
        .try_for_each(|(name, value)| counted.add(name.as_str(), value.as_bytes()))
        .map_err(|error| Problem::field("headers", error.to_string()))
}

fn other_method() -> Problem {
    let allowed = METHODS.map(|method| method.to_string()).join(", ");
    let problem = Problem::new(
        Code::MethodNotAllowed,
        format!(
            "the gateway forwards the methods {allowed}, and those of other protocols in upper case, \
             but not CONNECT or TRACE"
        ),
    );
    match HeaderValue::try_from(allowed) {
        Ok(allowed) => problem.header(ALLOW, allowed),
        Err(_) => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_below_the_service_stays_as_it_was_sent() {
        for (uri, service, path) in [
            (
                "/s/stripe/v1/charges?expand=x",
                "stripe",
                "/v1/charges?expand=x",
            ),
            ("/s/my%20api/a%2Fb//c", "my api", "/a%2Fb//c"),
            ("/s/stripe", "stripe", ""),
            ("/s/stripe?a=b", "stripe", "?a=b"),
            ("/s/stripe/", "stripe", "/"),
        ] {
            let request = Request::builder().uri(uri).body(()).unwrap();
            let (parts, ()) = request.into_parts();
            let (found, rest) = split(&parts).unwrap();
            assert_eq!((found.as_str(), rest.as_str()), (service, path));
        }
    }
}
