//! The host names under which browsers may reach the dashboard.
//!
//! A page on the internet can make its own name resolve to this gateway's address (DNS rebinding);
//! the browser then treats the gateway as that page's origin. Only the `Host` header distinguishes
//! the two. Agent routes do not need this check: a page without an agent key gets nothing from
//! them, and agents may use names that no setting lists, such as a container's.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gaiterguard_pages::Pages;
use gaiterguard_problem::Code;
use gaiterguard_settings::KnownHosts;
use gaiterguard_web::problem::Problem;
use http::HeaderMap;
use http::header::{ACCEPT, HOST};
use http::uri::Authority;

/// Returns the host that a request is for, as the client states it. The listener refuses a target whose
/// authority differs from `Host`.
pub(super) fn stated_host(request: &Request) -> Option<&str> {
    let target = request.uri().authority().map(Authority::as_str);
    target.or_else(|| request.headers().get(HOST)?.to_str().ok())
}

/// Refuses a request for a host that is neither a known name nor an IP address with 421
/// `host_not_allowed`. The port is not compared: port mappings and proxies change it, and it
/// does not matter for DNS rebinding.
fn check(known: &KnownHosts, request: &Request) -> Result<(), Problem> {
    let asked = stated_host(request);
    if asked.is_some_and(|asked| known.allows(asked)) {
        return Ok(());
    }
    let asked = asked.unwrap_or("a request without a host");
    Err(Problem::new(
        Code::HostNotAllowed,
        format!(
            "{asked} is not a host name of this gateway; set PUBLIC_URL to the URL that \
             people open, and configure a reverse proxy to pass the Host header unchanged"
        ),
    ))
}

/// The hosts of the dashboard, and the page for any other.
#[derive(Clone)]
pub(crate) struct HostCheck {
    /// The hosts.
    pub(crate) known: Arc<KnownHosts>,
    /// The pages of the gateway.
    pub(crate) pages: Pages,
}

/// Passes a request to the dashboard only if it is for one of the gateway's own hosts. A browser
/// that opens a page gets an explanation as a page.
pub(crate) async fn demand_known_host(
    State(HostCheck { known, pages }): State<HostCheck>,
    request: Request,
    next: Next,
) -> Response {
    match check(&known, &request) {
        Ok(()) => next.run(request).await,
        Err(_) if opens_a_page(&request) => pages.unknown_host(),
        Err(problem) => problem.into_response(),
    }
}

fn opens_a_page(request: &Request) -> bool {
    let path = request.uri().path();
    let is_page = path == "/" || path == "/app" || path.starts_with("/app/") || path == "/docs";
    is_page && accepts_html(request.headers())
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.to_ascii_lowercase().contains("text/html"))
    })
}
