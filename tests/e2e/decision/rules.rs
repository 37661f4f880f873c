//! Rules decide, whatever the assessors find.

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{Held, Storage, on_both_databases};
use serde_json::{Value, json};
use tokio::task::JoinSet;

fn rule(effect: &str) -> Value {
    json!({"name": format!("{effect} this"), "effect": effect, "enabled": true})
}

#[tokio::test]
async fn the_strictest_rule_that_matches_wins() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene
        .agent
        .propose(request("DELETE", "/1"))
        .send()
        .await
        .expect_status(428);
    scene.human.create_rule(rule("allow")).await;
    let allowed = scene
        .agent
        .propose(request("DELETE", "/2"))
        .send()
        .await
        .expect_status(200);
    assert_eq!(allowed.header("x-proxy-status"), Some("forwarded"));
    scene.human.create_rule(rule("require_approval")).await;
    Held::from_response(scene.get("/3").await);
    let denial = scene.human.create_rule(rule("deny")).await;
    let denied = scene.get("/4").await.expect_problem(403, "policy_denied");
    assert_eq!(denied.header("x-proxy-status"), Some("refused"));
    assert_eq!(
        scene.human.pending().await.len(),
        2,
        "what is denied is never queued"
    );
    assert_eq!(scene.upstream.received().len(), 1);
    let path = format!("/rules/{}", denial["id"]);
    scene.human.delete(&path).send().await.expect_status(200);
    scene.human.get(&path).send().await.expect_status(404);
    Held::from_response(scene.get("/5").await);
}

on_both_databases!(every_request_that_a_rule_matched_is_counted);

async fn every_request_that_a_rule_matched_is_counted(storage: Storage) {
    let mut scene = Scene::new(storage).await;
    let mut idle = rule("deny");
    idle["condition"] = json!("request.path == '/never'");
    let made = scene.human.create_rule(idle).await;
    assert_eq!(made["hits"]["count"], 0);
    assert!(made["hits"]["last_at"].is_null(), "{made}");
    scene.get("/before").await.expect_status(200);
    let counted = scene.human.create_rule(rule("allow")).await;
    let mut calls = JoinSet::new();
    for number in 0..210 {
        let call = scene.agent.propose(request("GET", &format!("/{number}")));
        calls.spawn(async move { call.send().await.expect_status(200) });
    }
    calls.join_all().await;
    scene.dry_run(&request("GET", "/dry")).await;
    let hits = async |scene: &Scene, rule: &Value| {
        let path = format!("/rules/{}", rule["id"]);
        let one = scene.human.read(&path).await;
        let all = scene.human.read("/rules").await;
        let mut listed = all["items"].as_array().unwrap().iter();
        let listed = listed.find(|other| other["id"] == rule["id"]).unwrap();
        assert_eq!(one["hits"], listed["hits"]);
        one["hits"].clone()
    };
    let report = hits(&scene, &counted).await;
    assert_eq!(report["count"], 210);
    assert!(report["last_at"].as_str().unwrap() > report["since"].as_str().unwrap());
    assert_eq!(hits(&scene, &made).await["count"], 0);
    scene.gateway.kill9();
    scene.gateway.restart().await;
    assert_eq!(hits(&scene, &counted).await, report);
}

#[tokio::test]
async fn a_rule_applies_only_in_its_scope() {
    let scene = Scene::new(Storage::Sqlite).await;
    let base_url = format!("{}/more", scene.upstream.url());
    let more = scene
        .human
        .create_bearer_service("more", &base_url, "x")
        .await;
    let other = scene
        .human
        .create_agent("other", &[&scene.service, &more])
        .await;
    let mut denial = rule("deny");
    denial["agent_id"] = json!(other.id);
    denial["service_id"] = json!(scene.service.id);
    let created = scene.human.create_rule(denial.clone()).await;
    scene.get("/").await.expect_status(200);
    other
        .propose(request("GET", "/"))
        .send()
        .await
        .expect_problem(403, "policy_denied");
    let mut elsewhere = request("GET", "/");
    elsewhere["service"] = json!("more");
    other.propose(elsewhere).send().await.expect_status(200);
    denial["enabled"] = json!(false);
    let path = format!("/rules/{}", created["id"]);
    scene
        .human
        .put(&path)
        .json(denial)
        .send()
        .await
        .expect_status(200);
    other
        .propose(request("GET", "/"))
        .send()
        .await
        .expect_status(200);
}

#[tokio::test]
async fn an_invalid_rule_is_refused_when_it_is_saved() {
    let scene = Scene::new(Storage::Sqlite).await;
    let nonsense = [
        rule("explode"),
        json!({"effect": "deny", "enabled": true}),
        json!({"name": "", "effect": "deny", "enabled": true}),
        json!({"name": "x", "enabled": true}),
        json!({"name": "x", "effect": "deny", "enabled": "yes"}),
    ];
    for body in nonsense {
        let response = scene.human.post("/rules").json(body.clone()).send().await;
        assert_eq!(response.status, 400, "{body}: {}", response.text());
        assert_eq!(
            response.json()["code"],
            "validation_failed",
            "{body}: {}",
            response.text()
        );
    }
    let rules = scene.human.read("/rules").await;
    assert_eq!(rules["items"], json!([]));
}

#[tokio::test]
async fn a_dry_run_reports_the_decision_and_does_nothing() {
    let scene = Scene::new(Storage::Sqlite).await;
    let mut denial = rule("deny");
    let stranger = scene
        .human
        .create_agent("stranger", &[&scene.service])
        .await;
    denial["agent_id"] = json!(stranger.id);
    scene.human.create_rule(denial).await;
    let requests = scene.human.read("/requests").await;
    for (agent, method, decision) in [
        (&scene.agent, "GET", "forward"),
        (&scene.agent, "DELETE", "hold"),
        (&stranger, "GET", "deny"),
    ] {
        let call = agent.call(http::Method::POST, "/proxy/dry-run");
        let report = call
            .json(request(method, "/"))
            .send()
            .await
            .expect_status(200);
        assert_eq!(report.header("x-proxy-status"), Some("gateway"));
        let report = report.json();
        assert_eq!(report["decision"], decision, "{report}");
        assert!(
            report["risk_score"].is_number() && report["signals"].is_array(),
            "{report}"
        );
        assert!(report["operation"].is_null(), "{report}");
    }
    let after = scene.human.read("/requests").await;
    assert_eq!(after["items"], requests["items"]);
    assert!(scene.human.pending().await.is_empty());
    assert_eq!(scene.upstream.connections(), 0);
}
