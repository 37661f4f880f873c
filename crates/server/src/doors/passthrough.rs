//! `/s/{service}/{path…}`: the upstream's own API. Clients need only this base URL and an agent
//! key.

use axum::extract::{Extension, Request, State};
use axum::response::Response;
use axum::routing::any;
use gaiterguard_domain::request::{Destination, ServiceName};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::request_context::RequestContext;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use utoipa_axum::router::OpenApiRouter;

use super::own_request::OwnRequest;
use super::served::Served;
use super::unmodified;
use crate::state::AgentState;

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
    let served = Served::new(&caller, state.public_url.as_ref(), &parts, &service, &path);
    served.adapt_request(&mut parts.headers);
    let own = OwnRequest {
        caller,
        destination: Destination {
            service: Some(ServiceName::Name(service)),
            path: Some(path),
            target_url: None,
        },
        label: None,
        wait: None,
        parts,
        body,
    };
    let mut submitted = own.submit(&state, context.id).await?;
    served.adapt_response(&mut submitted.outcome);
    Ok(submitted.respond(&state, &state.path))
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
