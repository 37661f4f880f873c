//! The web pages that are part of the binary: the dashboard and the API reference.
//!
//! Pages are written for the root of a host. Where the gateway is below a path, their addresses get that path when
//! they are served.
//!
//! This crate must never hold an endpoint of the API, or a decision.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};

/// Pages load only files of their own origin and contain no inline script, so that injected markup
/// cannot run one.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// For files whose names contain a hash of their content.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// For all other files: browsers must revalidate them each time.
const EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

/// Pages that are part of the gateway itself.
#[derive(RustEmbed)]
#[folder = "assets"]
struct Own;

/// The dashboard. Empty if it was not built before the gateway.
#[derive(RustEmbed)]
#[folder = "../../dashboard/dist"]
#[allow_missing = true]
struct Dashboard;

/// The pages of a gateway at an address.
#[derive(Clone, Debug)]
pub struct Pages {
    /// The path of the gateway's URL, without a slash at its end.
    path: Arc<str>,
    /// The response for a file that does not exist.
    missing: fn() -> Response,
}

impl Pages {
    /// Creates the pages of a gateway whose URL has this path, without a slash at its end. `missing` responds to
    /// addresses of no file.
    pub fn new(path: &str, missing: fn() -> Response) -> Self {
        Self {
            path: path.into(),
            missing,
        }
    }

    /// Returns the routes. They are pages and not part of the API, so the OpenAPI document does not list
    /// them.
    pub fn routes<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        Router::new()
            .route("/", get(to_app))
            .route("/docs", get(docs_start))
            .route("/docs/{file}", get(docs_file))
            .route("/app", get(to_app))
            .route("/app/", get(app_start))
            .route("/app/{*file}", get(app_file))
            .with_state(self)
    }

    /// Returns the page that explains why the dashboard does not open under this host name, with status
    /// 421.
    pub fn unknown_host(&self) -> Response {
        let mut response = self.own("unknown-host.html");
        *response.status_mut() = StatusCode::MISDIRECTED_REQUEST;
        response
    }

    fn app_start(&self, headers: &HeaderMap) -> Response {
        self.dashboard("index.html", headers)
            .unwrap_or_else(|| self.own("not-built.html"))
    }

    /// Returns a dashboard file in the best encoding that the browser accepts.
    fn dashboard(&self, path: &str, headers: &HeaderMap) -> Option<Response> {
        let accepted = headers
            .get(ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        // A page gets the path of the gateway, which its compressed form does not have.
        let is_packed = !self.is_relocated(path);
        let packed = [("br", "br"), ("gzip", "gz")]
            .into_iter()
            .filter(|(encoding, _)| is_packed && takes(accepted, encoding))
            .find_map(|(encoding, suffix)| {
                Some((encoding, Dashboard::get(&format!("{path}.{suffix}"))?))
            });
        let mut response = match packed {
            Some((encoding, file)) => {
                let mut response = self.respond(path, file);
                response
                    .headers_mut()
                    .insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
                response
            }
            None => self.respond(path, Dashboard::get(path)?),
        };
        let caching = if path.starts_with("assets/") {
            FOREVER
        } else {
            EACH_TIME
        };
        response.headers_mut().insert(CACHE_CONTROL, caching);
        response
            .headers_mut()
            .append(VARY, HeaderValue::from_static("Accept-Encoding"));
        Some(response)
    }

    /// Returns one of the gateway's own pages.
    fn own(&self, path: &str) -> Response {
        match Own::get(path) {
            Some(file) => {
                let mut response = self.respond(path, file);
                response.headers_mut().insert(CACHE_CONTROL, EACH_TIME);
                response
            }
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }

    fn respond(&self, path: &str, file: EmbeddedFile) -> Response {
        let content = match file.data {
            page if self.is_relocated(path) => self.relocated(&page),
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        let mut response = Response::new(Body::from(content));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
        headers.insert(CONTENT_SECURITY_POLICY, PAGE_POLICY);
        response
    }

    fn is_relocated(&self, path: &str) -> bool {
        !self.path.is_empty() && content_type(path) == HTML
    }

    /// Returns a page in which the addresses of this host have the path of the gateway.
    fn relocated(&self, page: &[u8]) -> Bytes {
        let page = String::from_utf8_lossy(page);
        page.replace("=\"/", &format!("=\"{}/", self.path)).into()
    }
}

async fn to_app(State(pages): State<Pages>) -> Redirect {
    Redirect::temporary(&format!("{}/app/", pages.path))
}

async fn docs_start(State(pages): State<Pages>) -> Response {
    pages.own("docs/index.html")
}

async fn docs_file(State(pages): State<Pages>, Path(file): Path<String>) -> Response {
    match Own::get(&format!("docs/{file}")) {
        Some(_) if file != "index.html" => pages.own(&format!("docs/{file}")),
        _ => (pages.missing)(),
    }
}

async fn app_start(State(pages): State<Pages>, headers: HeaderMap) -> Response {
    pages.app_start(&headers)
}

/// Serves a dashboard file. Any other path is a client-side route, so this serves `index.html`.
async fn app_file(
    State(pages): State<Pages>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    let is_file = file
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'));
    match pages.dashboard(&file, &headers) {
        Some(response) => response,
        None if is_file => (pages.missing)(),
        None => pages.app_start(&headers),
    }
}

/// Returns whether an `Accept-Encoding` value lists an encoding and does not rule it out.
fn takes(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|entry| {
        let (name, quality) = entry.split_once(';').unwrap_or((entry, ""));
        let is_ruled_out = quality
            .trim()
            .strip_prefix("q=")
            .is_some_and(|quality| quality.chars().all(|c| matches!(c, '0' | '.')));
        name.trim().eq_ignore_ascii_case(encoding) && !is_ruled_out
    })
}

const HTML: &str = "text/html; charset=utf-8";

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => HTML,
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_used_where_it_is_named_and_not_ruled_out() {
        assert!(takes("gzip, deflate, br", "br"));
        assert!(takes("br;q=0.5", "br"));
        assert!(!takes("gzip", "br"));
        assert!(!takes("br;q=0, gzip", "br"));
        assert!(!takes("br;q=0.0", "br"));
        assert!(!takes("", "gzip"));
    }

    #[test]
    fn the_pages_hold_no_script_or_style_of_their_own() {
        for path in ["docs/index.html", "not-built.html", "unknown-host.html"] {
            let page = Own::get(path).unwrap();
            let page = std::str::from_utf8(&page.data).unwrap().to_owned();
            assert!(
                !page.contains("<style") && !page.contains(" style="),
                "{path}"
            );
            assert!(
                !page.contains("<script>") && !page.contains(" onclick"),
                "{path}"
            );
        }
    }

    fn pages(path: &str) -> Pages {
        Pages::new(path, || StatusCode::NOT_FOUND.into_response())
    }

    #[tokio::test]
    async fn what_lies_outside_the_pages_is_not_served() {
        for path in [
            "../Cargo.toml",
            "../../Cargo.toml",
            "/etc/passwd",
            "index.html",
        ] {
            let response = docs_file(State(pages("")), Path(path.to_owned())).await;
            assert_eq!(response.status(), 404, "{path}");
        }
        let path = Path("../../../Cargo.toml".to_owned());
        let app = app_file(State(pages("")), path, HeaderMap::new()).await;
        assert_eq!(app.status(), 404);
    }

    #[test]
    fn the_addresses_in_a_page_have_the_path_of_the_gateway() {
        let page = br#"<meta name="gateway" content="/"><script src="/app/x.js" data-x="y">"#;
        let relocated = pages("/gg").relocated(page);
        assert_eq!(
            String::from_utf8_lossy(&relocated),
            r#"<meta name="gateway" content="/gg/"><script src="/gg/app/x.js" data-x="y">"#
        );
    }
}
