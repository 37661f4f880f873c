//! Retries as SDKs and models send them: with other headers, in other words, and in languages other than English.

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{Storage, on_both_databases};
use http::Method;
use serde_json::json;

on_both_databases!(
    a_retry_with_other_tracing_headers_is_the_same_request,
    a_retry_in_other_words_is_the_same_request,
);

/// Headers that SDKs and proxies change from one attempt to the next.
const VARYING: [(&str, &str, &str); 7] = [
    ("x-stainless-retry-count", "0", "1"),
    (
        "traceparent",
        "00-11111111111111111111111111111111-2222222222222222-01",
        "00-33-44-01",
    ),
    ("tracestate", "a=1", "a=2"),
    ("x-stripe-client-telemetry", "{}", "{\"last\":1}"),
    ("baggage", "a=1", "a=2"),
    ("sentry-trace", "1-1", "2-2"),
    ("user-agent", "sdk/1", "sdk/1 retry"),
];

async fn a_retry_with_other_tracing_headers_is_the_same_request(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.allow_everything().await;
    for (number, (name, first, second)) in VARYING.into_iter().enumerate() {
        let path = format!("/charges/{number}");
        let attempt = async |value: &str| {
            let call = scene.agent.call(Method::POST, &format!("/s/things{path}"));
            let call = call.idempotency_key(&path).header(name, value);
            call.json(json!({"amount": 5}))
                .send()
                .await
                .expect_status(200)
        };
        let processed = attempt(first).await;
        assert_eq!(
            processed.header("x-idempotency-status"),
            Some("processed"),
            "{name}"
        );
        let replayed = attempt(second).await;
        assert_eq!(
            replayed.header("x-idempotency-status"),
            Some("replayed"),
            "{name}"
        );
        let received = scene.upstream.received_at(&path);
        assert_eq!(received.len(), 1, "{name}");
        assert_eq!(received[0].header(name), Some(first), "{name}");
    }
}

async fn a_retry_in_other_words_is_the_same_request(storage: Storage) {
    let scene = Scene::new(storage).await;
    let mut actions = Vec::new();
    for number in 0..10 {
        let mut removal = request("DELETE", "/x");
        removal["intent"] = json!(format!("Remove x, attempt {number}"));
        let call = scene.agent.propose(removal).idempotency_key("k1");
        let held = call.send().await.expect_status(428).json();
        actions.push(held["action_id"].clone());
    }
    actions.dedup();
    assert_eq!(actions.len(), 1, "{actions:?}");
    assert_eq!(scene.human.pending().await.len(), 1);
}

#[tokio::test]
async fn an_intent_in_any_language_reaches_the_human_as_its_words() {
    let scene = Scene::new(Storage::Sqlite).await;
    for (number, (spelling, words)) in [
        (
            "%E9%80%80%E6%AC%BE%E7%BB%99%E5%AE%A2%E6%88%B7",
            "退款给客户",
        ),
        (
            "utf-8''R%C3%BCckerstattung%20f%C3%BCr%20M%C3%BCller",
            "Rückerstattung für Müller",
        ),
        ("Rückerstattung für Müller", "Rückerstattung für Müller"),
        ("Take 100% of it", "Take 100% of it"),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/s/things/{number}");
        let call = scene.agent.call(Method::DELETE, &path);
        let held = call.header("x-agent-intent", spelling).send().await;
        let id = held.expect_status(428).json()["action_id"].clone();
        let pending = scene.human.pending().await;
        let action = pending.iter().find(|action| action["action_id"] == id);
        assert_eq!(action.unwrap()["intent"], words, "{spelling}");
    }
}
