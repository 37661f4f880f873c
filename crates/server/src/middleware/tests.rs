//! Tests of the boundary around a small router.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use gaiterguard_framing::FramingError;
use gaiterguard_listener::{BodyError, HeadError, Lifecycle, Limits, Listener, Socket, serve};
use gaiterguard_problem::Code;
use gaiterguard_settings::CorsOrigins;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::request_context::RequestContext;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

async fn upstream() -> Response {
    let headers = [
        ("content-security-policy", "default-src 'self'"),
        ("cache-control", "max-age=60"),
        ("x-proxy-status", "forwarded"),
    ];
    let mut response = (headers, "the upstream's").into_response();
    response.extensions_mut().insert(FromUpstream);
    response
}

async fn refused() -> Problem {
    Problem::new(Code::ActionDenied, "not this one")
        .with("action_id", "7")
        .with("note", "use the archive")
}

async fn page() -> Response {
    let headers = [("content-security-policy", "default-src 'self'")];
    (headers, "page").into_response()
}

async fn context(request: axum::extract::Request) -> String {
    request
        .extensions()
        .get::<RequestContext>()
        .unwrap()
        .id
        .to_string()
}

async fn broken() -> StatusCode {
    panic!("as the test wants it")
}

fn boundary() -> Boundary {
    let router = Router::new()
        .route("/proxy", any(upstream))
        .route("/status/{id}", get(async || "status"))
        .route("/s/{service}/{*path}", any(upstream))
        .route("/s/refused/{*path}", any(refused))
        .route("/agents", get(async || "agents").post(async || "made"))
        .route("/app/", get(page))
        .route("/context", get(context))
        .route("/broken", get(broken));
    let origins = CorsOrigins::parse("http://localhost:*").unwrap();
    Boundary::new(router, Arc::new(origins), "".into())
}

async fn respond(request: Request<Body>) -> Response {
    boundary()
        .respond(request, ([127, 0, 0, 1], 1).into())
        .await
}

fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn an_id_of_ones_own_is_not_taken() {
    let given = "01890000-0000-7000-8000-000000000000";
    let response = respond(request("GET", "/context", &[("x-request-id", given)])).await;
    let id = response.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_ne!(id, given);
    assert_eq!(uuid::Uuid::parse_str(&id).unwrap().get_version_num(), 7);
    assert_eq!(text(response).await, id);
}

#[tokio::test]
async fn own_responses_have_security_headers() {
    let response = respond(request("GET", "/agents", &[])).await;
    let headers = response.headers();
    for (name, value) in [
        (
            "content-security-policy",
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    assert!(!headers.contains_key("x-proxy-status"));

    let response = respond(request("GET", "/app/", &[])).await;
    assert_eq!(
        response.headers()["content-security-policy"],
        "default-src 'self'"
    );
    assert_eq!(response.headers()["x-frame-options"], "DENY");
}

#[tokio::test]
async fn an_upstreams_headers_are_left_alone() {
    let response = respond(request(
        "POST",
        "/proxy",
        &[("origin", "http://localhost:1")],
    ))
    .await;
    let headers = response.headers();
    assert_eq!(headers["content-security-policy"], "default-src 'self'");
    assert_eq!(headers["cache-control"], "max-age=60");
    assert_eq!(headers["x-proxy-status"], "forwarded");
    assert!(headers.contains_key("x-request-id"));
    for name in ["x-frame-options", "access-control-allow-origin", "vary"] {
        assert!(!headers.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn an_upstreams_page_gets_an_origin_of_its_own() {
    let response = respond(request("GET", "/s/wiki/page", &[])).await;
    let policies: Vec<_> = response
        .headers()
        .get_all("content-security-policy")
        .iter()
        .collect();
    assert_eq!(policies, ["default-src 'self'", "sandbox"]);
}

#[tokio::test]
async fn an_unmodified_client_finds_an_error_where_its_own_server_puts_it() {
    let response = respond(request("GET", "/s/refused/page", &[])).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let length = response.headers().get("content-length").cloned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    // A length that the router had set for another body would cut the connection.
    assert!(length.is_none_or(|length| length == body.len().to_string()));
    let json: Value = serde_json::from_slice(&body).unwrap();
    let error = serde_json::json!({
        "message": "not this one", "type": "/problems/action_denied", "code": "action_denied",
        "action_id": "7", "note": "use the archive",
    });
    assert_eq!(json["error"], error);
    assert_eq!(json["message"], "not this one");
    assert_eq!(json["detail"], "not this one");
}

#[tokio::test]
async fn agents_can_recognize_responses_of_the_gateway() {
    for (method, path, status, proxy_status) in [
        ("GET", "/status/x", StatusCode::OK, "gateway"),
        (
            "POST",
            "/status/x",
            StatusCode::METHOD_NOT_ALLOWED,
            "refused",
        ),
        ("GET", "/proxy/none", StatusCode::NOT_FOUND, "refused"),
    ] {
        let response = respond(request(method, path, &[])).await;
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["x-proxy-status"], proxy_status);
    }
}

#[tokio::test]
async fn a_missing_path_or_method_is_a_problem() {
    let response = respond(request("GET", "/nothing?secret=1", &[])).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let problem: Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(problem["code"], "not_found");

    let response = respond(request("DELETE", "/agents", &[])).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "GET,HEAD,POST");
    let problem: Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(problem["code"], "method_not_allowed");
    assert_eq!(problem["type"], "/problems/method_not_allowed");
}

#[tokio::test]
async fn a_preflight_is_204_and_says_yes_to_allowed_origins_alone() {
    for (origin, path, is_allowed) in [
        ("http://localhost:5173", "/agents", true),
        ("https://evil.example", "/agents", false),
        ("http://localhost:5173", "/proxy", false),
        ("http://localhost:5173", "/status/x", false),
        ("http://localhost:5173", "/mcp", true),
        ("https://evil.example", "/mcp", false),
    ] {
        let asks = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
        ];
        let response = respond(request("OPTIONS", path, &asks)).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT, "{origin} {path}");
        let headers = response.headers();
        assert_eq!(
            headers.contains_key("access-control-allow-origin"),
            is_allowed,
            "{origin} {path}"
        );
        assert_eq!(
            headers.contains_key("access-control-allow-methods"),
            is_allowed
        );
        assert!(!headers.contains_key("access-control-allow-credentials"));
    }
}

#[tokio::test]
async fn an_allowed_origin_may_read_the_response() {
    let response = respond(request(
        "GET",
        "/agents",
        &[("origin", "http://localhost:5173")],
    ))
    .await;
    let headers = response.headers();
    assert_eq!(
        headers["access-control-allow-origin"],
        "http://localhost:5173"
    );
    assert_eq!(headers["vary"], "Origin");

    let response = respond(request(
        "GET",
        "/agents",
        &[("origin", "https://evil.example")],
    ))
    .await;
    assert_eq!(response.headers()["vary"], "Origin");
    assert!(
        !response
            .headers()
            .contains_key("access-control-allow-origin")
    );
}

#[tokio::test]
async fn options_below_a_service_is_the_upstreams() {
    let asks = [
        ("origin", "http://localhost:5173"),
        ("access-control-request-method", "POST"),
    ];
    let response = respond(request("OPTIONS", "/s/wiki/page", &asks)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["x-proxy-status"], "forwarded");
    assert!(
        !response
            .headers()
            .contains_key("access-control-allow-origin")
    );
}

#[tokio::test]
async fn an_unreadable_request_is_a_problem() {
    for (error, status, code) in [
        (HeadError::Timeout, 408, "request_timeout"),
        (
            HeadError::Framing(FramingError::TooLong),
            431,
            "request_head_too_large",
        ),
        (
            HeadError::Framing(FramingError::TooManyFields),
            431,
            "request_head_too_large",
        ),
        (
            HeadError::Framing(FramingError::Host),
            400,
            "malformed_request",
        ),
    ] {
        let response = Boundary::refusal(error);
        assert_eq!(response.status(), status, "{error}");
        let headers = response.headers();
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(headers["x-proxy-status"], "refused");
        assert!(headers.contains_key("x-request-id"));
        let problem: Value = serde_json::from_str(&text(response).await).unwrap();
        assert_eq!(problem["code"], code);
        assert_eq!(problem["detail"], error.to_string());
    }
    for (error, status, code) in [
        (BodyError::Idle, 408, "request_timeout"),
        (BodyError::Incomplete, 400, "malformed_request"),
        (
            BodyError::Framing(HeadError::Framing(FramingError::Host)),
            400,
            "malformed_request",
        ),
    ] {
        let response = Problem::from(error).into_response();
        assert_eq!(response.status(), status, "{error}");
        let problem: Value = serde_json::from_str(&text(response).await).unwrap();
        assert_eq!(problem["code"], code);
    }
}

#[tokio::test]
async fn a_panic_is_a_500_that_shows_nothing_of_it_and_the_connection_continues() {
    let socket = Socket::bind("127.0.0.1", 0).await.unwrap();
    let mut stream = TcpStream::connect(socket.address()).await.unwrap();
    let handler = boundary();
    let limits = Limits {
        header_timeout: Duration::from_secs(10),
        body_idle_timeout: Duration::from_secs(10),
    };
    let lifecycle = Lifecycle::new();
    let listener = Listener {
        socket,
        handler,
        is_proxy: false,
    };
    tokio::spawn(async move { serve(vec![listener], limits, &lifecycle).await });

    let get = |path| format!("GET {path} HTTP/1.1\r\nHost: gateway\r\n\r\n");
    let mut read = async |path, end: &str| {
        stream.write_all(get(path).as_bytes()).await.unwrap();
        let mut response = Vec::new();
        while !response.ends_with(end.as_bytes()) {
            response.push(stream.read_u8().await.unwrap());
        }
        String::from_utf8(response).unwrap()
    };
    let response = read("/broken", "}").await;
    assert!(response.starts_with("HTTP/1.1 500 "), "{response}");
    assert!(
        response.contains(r#""code":"internal_error""#),
        "{response}"
    );
    assert!(!response.contains("as the test wants it"), "{response}");
    let response = read("/agents", "\r\n\r\nagents").await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}
