//! A gateway whose DELETE requests need several approvals, and the people who give them.

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Held, Human, Response, Storage, TestGateway};
use http::Method;
use serde_json::{Value, json};

const PASSWORD: &str = "another correct horse battery";

/// Adds a user to the workspace of the scene's human, as another owner.
pub(super) async fn colleague(scene: &Scene, name: &str) -> Human {
    let email = format!("{name}@example.com");
    let arguments = ["user", "create", &email, "--workspace", &scene.human.email];
    let created = scene.gateway.run(&arguments, PASSWORD).await;
    assert!(created.status.success(), "{created:?}");
    Human::log_in(&scene.gateway, &email, PASSWORD).await
}

/// Signs a colleague in at another replica.
pub(super) async fn at(replica: &TestGateway, human: &Human) -> Human {
    Human::log_in(replica, &human.email, &human.password).await
}

/// Returns the ID of a user.
pub(super) async fn id(human: &Human) -> i64 {
    human.read("/auth/me").await["id"].as_i64().unwrap()
}

/// Adds the rule that DELETE requires these approvals, and returns it.
pub(super) async fn requires(human: &Human, approvals: Value) -> Value {
    let rule = json!({
        "name": "Deletions need several people",
        "effect": "require_approval",
        "condition": "request.method == 'DELETE'",
        "approvals": approvals,
    });
    human.create_rule(rule).await
}

/// Returns a scene whose DELETE requests need two approvals.
pub(super) async fn two_needed(storage: Storage) -> Scene {
    let scene = Scene::new(storage).await;
    requires(&scene.human, json!({"count": 2})).await;
    scene
}

/// Approves an action by its digest and returns the response, whatever it is.
pub(super) async fn vote(human: &Human, held: &Held) -> Response {
    let digest = human.action(held).await["digest"].clone();
    human
        .decide(held, "approve", json!({"digest": digest}))
        .await
}

/// Returns the approvals of an action as a human sees them.
pub(super) async fn approvals(human: &Human, held: &Held) -> Value {
    human.action(held).await["approvals"].clone()
}

/// Removes a member.
pub(super) async fn remove_member(owner: &Human, user: i64) {
    let call = owner.call(Method::DELETE, &format!("/members/{user}"));
    call.send().await.expect_status(200);
}

/// Changes the role of a member, or its limits.
pub(super) async fn set_rights(owner: &Human, user: i64, rights: Value) {
    let call = owner.patch(&format!("/members/{user}")).json(rights);
    call.send().await.expect_status(200);
}

/// Returns the entries of an action in the audit log.
pub(super) async fn audited(human: &Human, held: &Held) -> Vec<Value> {
    let audit = human.read("/audit?limit=200").await;
    let subject = format!("action:{}", held.action_id);
    let entries = audit["items"].as_array().unwrap().iter();
    entries
        .filter(|entry| entry["subject"] == subject)
        .cloned()
        .collect()
}

/// Returns the names of the events of an action, in no particular order: writers have chains of their own.
pub(super) async fn events(human: &Human, held: &Held) -> Vec<String> {
    let entries = audited(human, held).await.into_iter();
    entries
        .map(|entry| entry["event"].as_str().unwrap().to_owned())
        .collect()
}

/// Checks the chains of the audit log and the rows that they cover.
pub(super) async fn verify(gateway: &TestGateway) {
    let verified = gateway.run(&["audit", "verify"], "").await;
    assert!(verified.status.success(), "{verified:?}");
}
