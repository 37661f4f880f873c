//! Approvers read in one line what a held request would do.

use gaiterguard_testkit::scene::{Scene, post};
use gaiterguard_testkit::{Storage, on_both_databases};
use serde_json::{Value, json};

on_both_databases!(
    a_held_request_is_summarized_in_lists_and_alone,
    a_summary_covers_a_body_that_lists_truncate,
);

/// Creates a scene with a rule that holds every request.
async fn holding(storage: Storage) -> Scene {
    let scene = Scene::new(storage).await;
    let rule = json!({"name": "Everything", "effect": "require_approval", "enabled": true});
    scene.human.create_rule(rule).await;
    scene
}

fn headline(action: &Value) -> String {
    let parts = action["summary"]["headline"].as_array().unwrap();
    parts
        .iter()
        .map(|part| part["text"].as_str().unwrap())
        .collect()
}

async fn a_held_request_is_summarized_in_lists_and_alone(storage: Storage) {
    let scene = holding(storage).await;
    let payout = json!({"amount": "12500.00", "currency": "EUR", "destination": "acct_1Nfoo"});
    let held = scene
        .agent
        .propose_held(post("/v1/payouts", payout), "p")
        .await;
    let pending = scene.human.read("/approvals/pending").await;
    let alone = scene
        .human
        .read(&format!("/approvals/{}", held.action_id))
        .await;
    for action in [&pending["approvals"][0], &alone] {
        assert_eq!(headline(action), "Pay out €12,500.00 to acct_1Nfoo");
        assert_eq!(action["summary"]["effect"], "pays");
        assert_eq!(action["summary"]["facts"][0]["kind"], "amount");
        assert_eq!(
            action["summary"]["facts"][1]["location"],
            "body/destination"
        );
    }
}

async fn a_summary_covers_a_body_that_lists_truncate(storage: Storage) {
    let scene = holding(storage).await;
    let message = json!({"text": "x".repeat(10_000), "to": "mallory@evil.example"});
    scene
        .agent
        .propose_held(post("/v1/messages", message), "m")
        .await;
    let pending = scene.human.read("/approvals/pending").await;
    let action = &pending["approvals"][0];
    assert_eq!(action["body_truncated"], true);
    assert!(
        headline(action).contains("mallory@evil.example"),
        "{}",
        headline(action)
    );
}

#[tokio::test]
async fn an_amount_in_a_currency_without_cents_is_never_divided() {
    let scene = holding(Storage::Sqlite).await;
    let document = json!({"openapi": "3.0.0", "info": {"title": "x", "version": "1"}, "paths": {
        "/v1/payouts": {"post": {"operationId": "pay", "requestBody": {"content": {
            "application/json": {"schema": {"type": "object", "properties": {
                "amount": {"type": "integer", "description": "Amount in cents"},
                "currency": {"type": "string"}}}}}}}}}});
    let (human, service) = (&scene.human, &scene.service);
    human
        .add_document(service, "openapi", &document.to_string())
        .await;
    for (currency, expected) in [("jpy", "¥10,000"), ("usd", "$100.00")] {
        let payout = json!({"amount": 10_000, "currency": currency, "destination": "acct_1Nfoo"});
        let held = scene
            .agent
            .propose_held(post("/v1/payouts", payout), currency)
            .await;
        let action = human.action(&held).await;
        let headline = headline(&action);
        assert!(headline.contains(expected), "{headline}");
    }
}
