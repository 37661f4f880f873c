//! Tests of the extractors and their problems.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::{get, post};
use gaiterguard_definitions::kill_switch::KillSwitchChange;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Rule {
    name: String,
    service_ids: Option<Vec<i64>>,
    inner: Option<Inner>,
}

#[derive(Deserialize)]
struct Inner {
    #[expect(dead_code, reason = "only its absence matters here")]
    depth: u8,
}

#[derive(Deserialize)]
struct Page {
    limit: Option<u32>,
    after: Option<i64>,
}

#[derive(Deserialize)]
struct OneAction {
    action_id: Uuid,
}

async fn rules(ApiJson(rule): ApiJson<Rule>) -> String {
    let ids = rule.service_ids.unwrap_or_default();
    format!("{} {ids:?} {}", rule.name, rule.inner.is_some())
}

async fn page(ApiQuery(page): ApiQuery<Page>) -> String {
    format!("{:?} {:?}", page.limit, page.after)
}

async fn ask(request: Request<Body>) -> Response {
    Router::new()
        .route("/rules", post(rules))
        .route("/small", post(async |_: LimitedJson<Value, 8>| "ok"))
        .route(
            "/kill-switch",
            post(async |_: Fields<KillSwitchChange>| "ok"),
        )
        .route("/pages", get(page))
        .route(
            "/ids/{id}",
            get(async |ApiPath(id): ApiPath<i64>| id.to_string()),
        )
        .route(
            "/ids/{id}/docs/{doc_id}",
            get(async |ApiPath((id, doc)): ApiPath<(i64, i64)>| (id + doc).to_string()),
        )
        .route(
            "/actions/{action_id}",
            get(async |ApiPath(id): ApiPath<Uuid>| id.to_string()),
        )
        .route(
            "/action",
            get(async |ApiQuery(one): ApiQuery<OneAction>| one.action_id.to_string()),
        )
        .oneshot(request)
        .await
        .unwrap()
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn post_rule(content_type: Option<&str>, body: &str) -> Response {
    let mut request = Request::post("/rules");
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    ask(request.body(Body::from(body.to_owned())).unwrap()).await
}

async fn get_path(path: &str) -> Response {
    ask(Request::get(path).body(Body::empty()).unwrap()).await
}

/// Returns the `errors` of a 400 `validation_failed`.
async fn errors(response: Response) -> Value {
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let problem: Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(problem["code"], "validation_failed");
    problem["errors"].clone()
}

#[tokio::test]
async fn json_is_taken_whatever_json_is_called() {
    for content_type in [
        None,
        Some("application/json"),
        Some("Application/JSON; charset=utf-8"),
        Some("application/merge-patch+json"),
    ] {
        let response = post_rule(content_type, r#"{"name": "a", "serviceIds": [1]}"#).await;
        assert_eq!(text(response).await, "a [1] false");
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "json"] {
        let response = post_rule(Some(content_type), r#"{"name": "a"}"#).await;
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
}

#[tokio::test]
async fn a_member_of_a_definition_that_appears_twice_is_refused() {
    let post = async |body: &'static str| {
        let request = Request::post("/kill-switch").body(Body::from(body));
        ask(request.unwrap()).await
    };
    assert_eq!(text(post(r#"{"active": true}"#).await).await, "ok");
    let errors = errors(post(r#"{"active": true, "active": false}"#).await).await;
    assert_eq!(errors[0]["field"], "active");
    assert_eq!(errors[0]["message"], "appears twice");
}

#[tokio::test]
async fn a_wrong_member_is_named_by_its_path() {
    for (body, field, message) in [
        ("{}", "name", "is required"),
        (r#"{"name": "a", "color": 1}"#, "color", "unknown field"),
        (r#"{"name": "a", "name": "b"}"#, "name", "appears twice"),
        (
            r#"{"name": "a", "inner": {}}"#,
            "inner.depth",
            "is required",
        ),
        (
            r#"{"name": "a", "serviceIds": [1, "x"]}"#,
            "serviceIds[1]",
            "invalid type: string, expected i64",
        ),
        (
            r#"{"name": 1}"#,
            "name",
            "invalid type: integer, expected a string",
        ),
        ("", "", "a JSON body is required"),
        (
            r#"{"name": "a"} {}"#,
            "",
            "the body must end after its JSON value",
        ),
    ] {
        let errors = errors(post_rule(None, body).await).await;
        assert_eq!(
            errors,
            json!([{ "field": field, "message": message }]),
            "{body}"
        );
    }
    // Text that is not JSON has no field; the wording is the parser's.
    let errors = errors(post_rule(None, "{").await).await;
    assert_eq!(errors[0]["field"], "");
}

#[tokio::test]
async fn a_body_over_the_limit_is_413() {
    for (body, status) in [
        ("\"123456\"", StatusCode::OK),
        ("\"1234567\"", StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let whole = Body::from(body);
        // Sent in chunks, so that the length is unknown in advance.
        let pieces = body.bytes().map(|byte| Ok::<_, std::io::Error>(vec![byte]));
        let streamed = Body::from_stream(futures_util::stream::iter(pieces));
        for body in [whole, streamed] {
            let response = ask(Request::post("/small").body(body).unwrap()).await;
            assert_eq!(response.status(), status);
        }
    }
}

#[tokio::test]
async fn a_query_parameter_is_named() {
    assert_eq!(text(get_path("/pages").await).await, "None None");
    assert_eq!(
        text(get_path("/pages?limit=5&after=7&x=y").await).await,
        "Some(5) Some(7)"
    );
    let errors = errors(get_path("/pages?limit=many").await).await;
    assert_eq!(errors[0]["field"], "limit");
}

#[tokio::test]
async fn a_path_parameter_is_named() {
    assert_eq!(text(get_path("/ids/7").await).await, "7");
    assert_eq!(text(get_path("/ids/7/docs/8").await).await, "15");
    for (path, field) in [("/ids/x", "id"), ("/ids/99999999999999999999", "id")] {
        let errors = errors(get_path(path).await).await;
        assert_eq!(
            errors,
            json!([{ "field": field, "message": "must be a whole number" }])
        );
    }
    for (path, field, message) in [
        ("/ids/7/docs/x", "doc_id", "must be a whole number"),
        ("/actions/x", "action_id", "must be a UUID"),
        ("/action?action_id=x", "action_id", "must be a UUID"),
    ] {
        let errors = errors(get_path(path).await).await;
        assert_eq!(errors, json!([{ "field": field, "message": message }]));
    }
}
