//! Upstreams that take long until they respond, or pause within a response.

use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{Reply, Storage, TestGateway, on_both_databases};
use http::Method;
use serde_json::{Value, json};

on_both_databases!(one_service_can_have_longer_time_limits_than_all_others,);

/// The limits of the gateway in these tests, far below those of the patient service.
const LIMIT: Duration = Duration::from_millis(400);
/// Longer than the limits of the gateway.
const PAUSE: Duration = Duration::from_millis(1200);

async fn impatient(storage: Storage) -> Scene {
    let builder = TestGateway::builder(storage)
        .setting("UPSTREAM_TIMEOUT_MS", LIMIT.as_millis())
        .setting("UPSTREAM_IDLE_TIMEOUT_MS", LIMIT.as_millis());
    let scene = Scene::on(builder).await;
    scene.allow_everything().await;
    scene
        .upstream
        .on("/thinking", Reply::text("thought").delay(PAUSE));
    let watch = Reply::status(200).header("Content-Type", "application/json;stream=watch");
    let watch = watch.body("{\"n\":1}\n").body("{\"n\":2}\n");
    scene
        .upstream
        .on("/watch", watch.chunked().piece_delay(PAUSE));
    scene
}

async fn set_limits(scene: &Scene, limits: Value) -> Value {
    let path = format!("/services/{}", scene.service.id);
    let saved = scene.human.put(&path).json(limits).send().await;
    saved.expect_status(200).json()
}

async fn one_service_can_have_longer_time_limits_than_all_others(storage: Storage) {
    let scene = impatient(storage).await;
    assert_eq!(scene.service.json["timeoutMs"], Value::Null);
    let late = scene
        .get("/thinking")
        .await
        .expect_problem(504, "upstream_timeout");
    let detail = late.json()["detail"].as_str().unwrap().to_owned();
    for part in ["400ms", "timeoutMs", "UPSTREAM_TIMEOUT_MS"] {
        assert!(detail.contains(part), "{detail}");
    }
    let watching = scene
        .agent
        .call(Method::GET, "/s/things/watch")
        .open()
        .await;
    let cut = watching.try_rest().await;
    assert!(cut.is_err(), "{cut:?}");

    let saved = set_limits(
        &scene,
        json!({"timeoutMs": 600_000, "idleTimeoutMs": 1_800_000}),
    )
    .await;
    assert_eq!(
        (&saved["timeoutMs"], &saved["idleTimeoutMs"]),
        (&json!(600_000), &json!(1_800_000))
    );
    assert_eq!(
        scene.get("/thinking").await.expect_status(200).text(),
        "thought"
    );
    let thinking = scene.agent.propose(post("/thinking", json!({"amount": 1})));
    let thinking = thinking.idempotency_key("thinking").send().await;
    assert_eq!(thinking.expect_status(200).text(), "thought");
    let watching = scene
        .agent
        .call(Method::GET, "/s/things/watch")
        .send()
        .await;
    assert_eq!(watching.expect_status(200).text(), "{\"n\":1}\n{\"n\":2}\n");

    let other = scene.upstream.url();
    let other = scene
        .human
        .create_service("others", &other, "none", Value::Null)
        .await;
    let agent = scene.human.create_agent("other", &[&other]).await;
    let mut late = request("GET", "/thinking");
    late["service"] = json!("others");
    agent
        .propose(late)
        .send()
        .await
        .expect_problem(504, "upstream_timeout");

    // Fields that are left out stay; null removes.
    let saved = set_limits(&scene, json!({"description": "Patient"})).await;
    assert_eq!(saved["timeoutMs"], 600_000);
    let saved = set_limits(&scene, json!({"timeoutMs": null})).await;
    assert_eq!(
        (&saved["timeoutMs"], &saved["idleTimeoutMs"]),
        (&Value::Null, &json!(1_800_000))
    );
    scene
        .get("/thinking")
        .await
        .expect_problem(504, "upstream_timeout");
    let audit = scene.human.read("/audit").await;
    let mut entries = audit["items"].as_array().unwrap().iter();
    let updated = entries.find(|entry| entry["event"] == "service.updated");
    assert_eq!(updated.unwrap()["detail"]["idle_timeout_ms"], 1_800_000);
}

#[tokio::test]
async fn a_write_without_a_response_in_time_has_an_unknown_outcome_and_is_sent_once() {
    let scene = impatient(Storage::Sqlite).await;
    for (status, code) in [(504, "upstream_timeout"), (409, "outcome_unknown")] {
        let proposed = scene.agent.propose(post("/thinking", json!({"amount": 1})));
        let response = proposed.idempotency_key("thinking").send().await;
        let detail = response.expect_problem(status, code).json()["detail"].to_string();
        assert!(detail.contains("may have reached"), "{detail}");
    }
    assert_eq!(scene.upstream.heads(), 1);
}

#[tokio::test]
async fn a_limit_of_a_service_has_bounds() {
    let scene = impatient(Storage::Sqlite).await;
    let path = format!("/services/{}", scene.service.id);
    for (field, limit) in [
        ("timeoutMs", json!(0)),
        ("timeoutMs", json!(1_800_001)),
        ("timeoutMs", json!("30s")),
        ("idleTimeoutMs", json!(-1)),
        ("idleTimeoutMs", json!(1.5)),
    ] {
        let refused = scene
            .human
            .put(&path)
            .json(json!({field: limit}))
            .send()
            .await;
        let problem = refused.expect_problem(400, "validation_failed").json();
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        assert!(
            problem["errors"][0]["message"]
                .to_string()
                .contains("1800000"),
            "{problem}"
        );
    }
    let created = scene.human.post("/services").json(json!({
        "name": "patient", "baseUrl": scene.upstream.url(), "authType": "none",
        "timeoutMs": 1, "idleTimeoutMs": 1_800_000,
    }));
    let created = created.send().await.expect_status(201).json();
    assert_eq!(
        (&created["timeoutMs"], &created["idleTimeoutMs"]),
        (&json!(1), &json!(1_800_000))
    );
}
