//! A test call by a human takes the same path as the requests of agents and shows the response.

use gaiterguard_testkit::scene::{CREDENTIAL, Scene};
use gaiterguard_testkit::{Human, Reply, Response, Storage, TestGateway};
use serde_json::{Value, json};

async fn test_call(scene: &Scene, body: Value) -> Response {
    let path = format!("/services/{}/test-call", scene.service.id);
    scene.human.post(&path).json(body).send().await
}

#[tokio::test]
async fn a_test_call_sends_the_credential_and_shows_the_response_without_it() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.upstream.on(
        "/things",
        Reply::text(format!("you sent {CREDENTIAL}.")).header("Set-Cookie", "a=b"),
    );
    let response = test_call(&scene, json!({"path": "/things?limit=1"})).await;
    let shown = response.expect_status(200).json();
    assert_eq!(shown["status"], 200);
    let body = shown["body"].as_str().unwrap();
    assert!(
        body.starts_with("you sent ") && !body.contains(CREDENTIAL),
        "{body}"
    );
    assert_eq!(shown["headers"]["set-cookie"], "•••");
    let received = scene.upstream.only();
    assert_eq!(
        (received.method.as_str(), received.target.as_str()),
        ("GET", "/things?limit=1")
    );
    assert_eq!(
        received.header("authorization"),
        Some(format!("Bearer {CREDENTIAL}").as_str())
    );
    let audit = scene.human.get("/audit").send().await.json();
    let entry = &audit["items"][0];
    assert_eq!(entry["event"], "service.test_called");
    assert_eq!(
        entry["actor"].as_str().unwrap().split(':').next(),
        Some("user")
    );
    assert_eq!(entry["detail"], json!({"method": "GET", "path": "/things"}));
}

#[tokio::test]
async fn a_test_call_only_reads_and_stays_below_the_base_url() {
    let builder = TestGateway::builder(Storage::Sqlite).setting("REGISTRATION", "open");
    let scene = Scene::on(builder).await;
    for method in ["POST", "DELETE", "OPTIONS", "get"] {
        let response = test_call(&scene, json!({"method": method, "path": "/things"})).await;
        response.expect_problem(400, "validation_failed");
    }
    for path in ["/../things", "//elsewhere.example/", "/%2e%2e/things"] {
        let response = test_call(&scene, json!({"path": path})).await;
        response.expect_problem(400, "invalid_target");
    }
    let path = format!("/services/{}/test-call", scene.service.id);
    let stranger = Human::register_as(&scene.gateway, "stranger@example.com").await;
    let response = stranger
        .post(&path)
        .json(json!({"path": "/things"}))
        .send()
        .await;
    response.expect_status(404);
    let switch = scene
        .human
        .put("/kill-switch")
        .json(json!({"active": true}));
    switch.send().await.expect_status(200);
    let response = test_call(&scene, json!({"path": "/things"})).await;
    response.expect_problem(403, "kill_switch");
    assert!(scene.upstream.received().is_empty());
}

#[tokio::test]
async fn a_test_call_shortens_long_responses_and_shows_errors() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene
        .upstream
        .on("/long", Reply::text("x".repeat(1024 * 1024)));
    let shown = test_call(&scene, json!({"path": "/long"})).await;
    let shown = shown.expect_status(200).json();
    assert_eq!(shown["truncated"], true);
    assert_eq!(shown["body"].as_str().unwrap().len(), 64 * 1024);
    scene.upstream.on("/gone", Reply::status(410));
    let shown = test_call(&scene, json!({"method": "HEAD", "path": "/gone"})).await;
    let shown = shown.expect_status(200).json();
    assert_eq!(
        (&shown["status"], &shown["body"]),
        (&json!(410), &json!(""))
    );
}
