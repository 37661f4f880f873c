//! If there are several reasons to refuse a request, the response names the first in the documented order, and no
//! later check runs.

use gaiterguard_testkit::scene::{Scene, asking, post, request};
use gaiterguard_testkit::{ScriptedModel, Storage};
use http::Method;
use serde_json::{Value, json};

/// A request that would fail all checks from one on.
struct Wrong {
    scene: Scene,
    stranger: gaiterguard_testkit::Service,
}

impl Wrong {
    async fn new() -> Self {
        let scene = Scene::new(Storage::Sqlite).await;
        let stranger = scene
            .human
            // A service with a forbidden address, outside the agent's scope.
            .create_bearer_service("stranger", "http://localhost:1", "x")
            .await;
        scene
            .human
            .create_rule(json!({"name": "Nothing", "effect": "deny"}))
            .await;
        Self { scene, stranger }
    }

    async fn code(&self, request: &Value, key: Option<&str>) -> Value {
        let mut call = self.scene.agent.propose(request.clone());
        if let Some(key) = key {
            call = call.idempotency_key(key);
        }
        call.send().await.json()["code"].clone()
    }
}

#[tokio::test]
async fn the_first_reason_in_the_documented_order_is_reported() {
    let wrong = Wrong::new().await;
    let scene = &wrong.scene;
    let kill_switch = async |active: bool| {
        let call = scene.human.put("/kill-switch");
        let call = call.json(json!({"active": active}));
        call.send().await.expect_status(200);
    };

    // The key is checked before the kill switch, and the kill switch before the body.
    kill_switch(true).await;
    let call = scene
        .gateway
        .client()
        .post("/proxy")
        .agent_key("agt_unknown");
    let response = call.body("{").send().await;
    response.expect_problem(401, "invalid_agent_key");
    let response = scene
        .agent
        .call(Method::POST, "/proxy")
        .body("{")
        .send()
        .await;
    response.expect_problem(403, "kill_switch");
    kill_switch(false).await;

    // The body is checked before the scope.
    let mut request = post("/a", json!({}));
    request["service"] = json!(null);
    request["service_id"] = json!(wrong.stranger.id);
    let mut without_intent = request.clone();
    without_intent["intent"] = json!("");
    assert_eq!(
        wrong.code(&without_intent, Some("a")).await,
        "validation_failed"
    );

    // The scope is checked before the address.
    assert_eq!(
        wrong.code(&request, Some("a")).await,
        "service_not_in_scope"
    );
    let widen = scene
        .human
        .put(&format!("/agents/{}/services", scene.agent.id));
    let widen = widen.json(json!({"serviceIds": [scene.service.id, wrong.stranger.id]}));
    widen.send().await.expect_status(200);

    // The address is checked before the rules.
    assert_eq!(wrong.code(&request, Some("a")).await, "target_not_allowed");

    // The outcome of a key takes precedence over rules that were created later.
    let rules = scene.human.get("/rules").send().await.json();
    let denial = format!("/rules/{}", rules["items"][0]["id"]);
    let enable = async |enabled: bool| {
        let call = scene.human.put(&denial).json(json!({"enabled": enabled}));
        call.send().await.expect_status(200);
    };
    enable(false).await;
    let read = self::request("GET", "/a");
    let call = scene.agent.propose(read.clone()).idempotency_key("used");
    call.send().await.expect_status(200);
    enable(true).await;
    let other = self::request("GET", "/b");
    assert_eq!(
        wrong.code(&other, Some("used")).await,
        "idempotency_key_reused"
    );
    let call = scene.agent.propose(read).idempotency_key("used");
    let replayed = call.send().await.expect_status(200);
    assert_eq!(replayed.header("x-idempotency-status"), Some("replayed"));

    // The rules are checked before the assessor, which would have held the request.
    let removal = self::request("DELETE", "/a");
    assert_eq!(wrong.code(&removal, None).await, "policy_denied");
    assert!(scene.human.pending().await.is_empty());
    assert_eq!(scene.upstream.received().len(), 1);
}

#[tokio::test]
async fn the_model_is_the_last_to_be_asked() {
    let model = ScriptedModel::start().await;
    let scene = Scene::on(asking(&model)).await;
    let mut open = request("PATCH", "/records/7");
    open["body"] = json!({"title": "Groceries"});
    open["intent"] = json!("Rename record 7 to Groceries");

    // It is not asked if a rule decides, or if the request is plainly harmless or certainly held.
    let denial = json!({"name": "Nothing", "effect": "deny"});
    let denial = scene.human.create_rule(denial).await;
    let call = scene.agent.propose(open.clone()).idempotency_key("a");
    call.send().await.expect_problem(403, "policy_denied");
    let path = format!("/rules/{}", denial["id"]);
    scene.human.delete(&path).send().await.expect_status(200);
    scene.get("/tasks/7").await.expect_status(200);
    scene.hold("databases/production").await;
    assert_eq!(model.calls(), 0);

    // It is asked about a change that nothing else decides.
    let call = scene.agent.propose(open).idempotency_key("b");
    call.send().await.expect_status(200);
    assert_eq!(model.calls(), 1);
}
