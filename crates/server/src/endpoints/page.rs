//! Serves the API reference and the dashboard.

use std::borrow::Cow;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::problem::no_such_path;

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

/// Returns the routes. They are pages and not part of the API, so the OpenAPI document does not
/// list them.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(async || Redirect::temporary("/app/")))
        .route("/docs", get(async || own("docs/index.html")))
        .route("/docs/{file}", get(docs_file))
        .route("/app", get(async || Redirect::temporary("/app/")))
        .route("/app/", get(app_start))
        .route("/app/{*file}", get(app_file))
}

async fn docs_file(Path(file): Path<String>) -> Response {
    match Own::get(&format!("docs/{file}")) {
        Some(_) if file != "index.html" => own(&format!("docs/{file}")),
        _ => no_such_path().await,
    }
}

async fn app_start(headers: HeaderMap) -> Response {
    dashboard("index.html", &headers).unwrap_or_else(|| own("not-built.html"))
}

/// Serves a dashboard file. Any other path is a client-side route, so this serves `index.html`.
async fn app_file(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let is_file = file
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'));
    match dashboard(&file, &headers) {
        Some(response) => response,
        None if is_file => no_such_path().await,
        None => app_start(headers).await,
    }
}

/// Returns a dashboard file in the best encoding that the browser accepts.
fn dashboard(path: &str, headers: &HeaderMap) -> Option<Response> {
    let accepted = headers
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let packed = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(encoding, _)| takes(accepted, encoding))
        .find_map(|(encoding, suffix)| {
            Some((encoding, Dashboard::get(&format!("{path}.{suffix}"))?))
        });
    let mut response = match packed {
        Some((encoding, file)) => {
            let mut response = respond(path, file);
            response
                .headers_mut()
                .insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
            response
        }
        None => respond(path, Dashboard::get(path)?),
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

/// Returns the page that explains why the dashboard does not open under this host name, with status
/// 421.
pub(crate) fn unknown_host_page() -> Response {
    let mut response = own("unknown-host.html");
    *response.status_mut() = StatusCode::MISDIRECTED_REQUEST;
    response
}

/// Returns one of the gateway's own pages.
fn own(path: &str) -> Response {
    match Own::get(path) {
        Some(file) => {
            let mut response = respond(path, file);
            response.headers_mut().insert(CACHE_CONTROL, EACH_TIME);
            response
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn respond(path: &str, file: EmbeddedFile) -> Response {
    let content = match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    let mut response = Response::new(Body::from(content));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    headers.insert(CONTENT_SECURITY_POLICY, PAGE_POLICY);
    response
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
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

    #[tokio::test]
    async fn what_lies_outside_the_pages_is_not_served() {
        for path in [
            "../Cargo.toml",
            "../../Cargo.toml",
            "/etc/passwd",
            "index.html",
        ] {
            assert_eq!(
                docs_file(Path(path.to_owned())).await.status(),
                404,
                "{path}"
            );
        }
        let app = app_file(Path("../../../Cargo.toml".to_owned()), HeaderMap::new()).await;
        assert_eq!(app.status(), 404);
    }
}
