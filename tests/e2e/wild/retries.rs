//! Retries as SDKs and models send them: with other headers, in other words, and in languages other than English.

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{
    Held, McpClient, McpMode, McpTransport, Reply, Response, Storage, TestGateway,
    on_both_databases,
};
use http::Method;
use serde_json::{Value, json};

on_both_databases!(
    a_retry_with_other_tracing_headers_is_the_same_request,
    a_held_request_with_other_tracing_headers_is_the_same_action,
    a_retry_in_other_words_is_the_same_request,
    a_human_sees_one_card_for_one_act_and_how_it_was_asked_for,
    a_denial_is_the_response_to_the_same_request_for_a_while,
    an_approval_covers_only_the_words_that_the_human_read,
    an_attempt_after_an_error_of_the_upstream_shows_that_error,
);

/// Headers that SDKs and proxies change from one attempt to the next.
const VARYING: [(&str, &str, &str); 14] = [
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
    (
        "date",
        "Tue, 15 Nov 1994 08:12:31 GMT",
        "Tue, 15 Nov 1994 08:12:32 GMT",
    ),
    ("x-request-id", "r-1", "r-2"),
    ("x-amzn-trace-id", "Root=1-1", "Root=1-2"),
    ("x-b3-traceid", "1", "2"),
    ("x-datadog-trace-id", "1", "2"),
    ("x-datadog-sampling-priority", "0", "1"),
    ("x-stripe-client-user-agent", "{}", "{\"last\":1}"),
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

async fn a_held_request_with_other_tracing_headers_is_the_same_action(storage: Storage) {
    let scene = Scene::new(storage).await;
    for key in [None, Some("k1")] {
        let path = format!("/s/things/charges/{}", key.unwrap_or("none"));
        let attempt = async |value: &dyn Fn(usize) -> &'static str, tenant: &str| {
            let mut call = scene.agent.call(Method::DELETE, &path);
            for (number, (name, ..)) in VARYING.into_iter().enumerate() {
                call = call.header(name, value(number));
            }
            if let Some(key) = key {
                call = call.idempotency_key(key);
            }
            call.header("x-tenant", tenant).send().await
        };
        let first = Held::from_response(attempt(&|number| VARYING[number].1, "a").await);
        let before = scene.human.pending().await.len();
        let again = Held::from_response(attempt(&|number| VARYING[number].2, "a").await);
        assert_eq!(again.action_id, first.action_id, "{key:?}");
        assert_eq!(scene.human.pending().await.len(), before, "{key:?}");
        // A header that can change what the request means makes it another request.
        let other = attempt(&|number| VARYING[number].2, "b").await;
        if key.is_some() {
            other.expect_problem(422, "idempotency_key_reused");
        } else {
            assert_ne!(Held::from_response(other).action_id, first.action_id);
        }
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

/// Proposes a DELETE without a key, in these words.
async fn ask(scene: &Scene, path: &str, intent: &str) -> Response {
    let mut removal = request("DELETE", path);
    removal["intent"] = json!(intent);
    scene.agent.propose(removal).send().await
}

async fn a_human_sees_one_card_for_one_act_and_how_it_was_asked_for(storage: Storage) {
    let scene = Scene::new(storage).await;
    let first = Held::from_response(ask(&scene, "/x", "Remove x").await);
    assert_eq!(
        scene.human.action(&first).await["context"]["repeats"],
        Value::Null
    );
    for intent in [
        "Please remove x",
        "Remove x",
        "Clean up x",
        "Please remove x",
    ] {
        let again = Held::from_response(ask(&scene, "/x", intent).await);
        assert_eq!(again.action_id, first.action_id, "{intent}");
    }
    let pending = scene.human.pending().await;
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0]["intent"], "Remove x");
    let repeats = &pending[0]["context"]["repeats"];
    assert_eq!(repeats["count"], 4);
    assert_eq!(repeats["intents"], json!(["Please remove x", "Clean up x"]));
    let audit = scene.human.read("/audit?event=action.repeated").await;
    let intents: Vec<&Value> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["detail"]["intent"])
        .collect();
    assert_eq!(intents, ["Clean up x", "Please remove x"]);

    // With a key, too.
    let mut removal = request("DELETE", "/y");
    let call = scene.agent.propose(removal.clone()).idempotency_key("k");
    let keyed = Held::from_response(call.send().await);
    removal["intent"] = json!("In other words");
    let call = scene.agent.propose(removal).idempotency_key("k");
    call.send().await.expect_status(428);
    let repeats = scene.human.action(&keyed).await["context"]["repeats"].clone();
    assert_eq!(repeats["intents"], json!(["In other words"]));

    // Another body is another act.
    let other = ask(&scene, "/x?force=1", "Remove x")
        .await
        .expect_status(428);
    assert_ne!(other.json()["action_id"], pending[0]["action_id"]);
}

async fn a_denial_is_the_response_to_the_same_request_for_a_while(storage: Storage) {
    let scene = Scene::new(storage).await;
    let held = Held::from_response(ask(&scene, "/x", "Remove x").await);
    scene.human.deny(&held, "x is still in use").await;
    let denied = ask(&scene, "/x", "Remove x").await;
    let denied = denied.expect_problem(403, "action_denied").json();
    assert_eq!(denied["action_id"], json!(held.action_id));
    assert_eq!(denied["note"], "x is still in use");
    let (gateway, transport) = (&scene.gateway, McpTransport::Http);
    let mut client = McpClient::connect(gateway, &scene.agent, transport, McpMode::Newest).await;
    let mut removal = request("DELETE", "/x");
    removal["intent"] = json!("Remove x");
    let denied = client.call("proxy_request", removal.clone()).await;
    let denied = denied.expect_problem("action_denied");
    assert_eq!(denied["action_id"], json!(held.action_id));
    assert_eq!(denied["note"], "x is still in use");
    assert!(scene.human.pending().await.is_empty());

    // In other words, and with a key, a human is asked again and sees the denial.
    let again = Held::from_response(ask(&scene, "/x", "Remove x, as agreed").await);
    let keyed = scene.agent.propose_held(removal, "new-key").await;
    let decided_at = scene.human.action(&held).await["resolved_at"].clone();
    assert!(decided_at.is_string(), "{decided_at}");
    for (held, earlier) in [(&again, &held), (&keyed, &held)] {
        let action = scene.human.action(held).await;
        let shown = &action["context"]["earlier"];
        assert_eq!(shown["action_id"], json!(earlier.action_id));
        assert_eq!(shown["same_request"], true);
        assert_eq!(shown["status"], "DENIED");
        assert_eq!(shown["note"], "x is still in use");
        assert_eq!(shown["intent"], "Remove x");
        assert_eq!(shown["decided_by_name"], scene.human.email);
        assert_eq!(shown["decided_at"], decided_at);
    }
}

#[tokio::test]
async fn a_denial_is_forgotten_when_the_operator_says_so() {
    let builder = TestGateway::builder(Storage::Sqlite).setting("DENIED_MEMORY_MINUTES", 0);
    let scene = Scene::on(builder).await;
    let held = Held::from_response(ask(&scene, "/x", "Remove x").await);
    scene.human.deny(&held, "No").await;
    let again = Held::from_response(ask(&scene, "/x", "Remove x").await);
    assert_ne!(again.action_id, held.action_id);
}

async fn an_approval_covers_only_the_words_that_the_human_read(storage: Storage) {
    let scene = Scene::new(storage).await;
    let held = Held::from_response(ask(&scene, "/x", "Remove x").await);
    scene.human.approve(&held).await;
    let same = Held::from_response(ask(&scene, "/x", "Remove x").await);
    assert_eq!(same.action_id, held.action_id);
    let other = Held::from_response(ask(&scene, "/x", "Remove everything").await);
    assert_ne!(other.action_id, held.action_id);
    let shown = scene.human.action(&other).await["context"]["earlier"].clone();
    assert_eq!(shown["status"], "APPROVED");
}

async fn an_attempt_after_an_error_of_the_upstream_shows_that_error(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.upstream.on("/refunds", Reply::status(422));
    let refund = |amount: u32| post("/refunds", json!({"amount": amount}));
    let first = scene.agent.propose_held(refund(100), "first").await;
    scene.human.approve(&first).await;
    scene.agent.execute(&first).send().await.expect_status(422);
    let second = scene.agent.propose_held(refund(90), "second").await;
    let shown = scene.human.action(&second).await["context"]["earlier"].clone();
    assert_eq!(shown["action_id"], json!(first.action_id));
    assert_eq!(shown["same_request"], false);
    assert_eq!(shown["response_status"], 422);
    assert_eq!(shown["status"], "EXECUTED");
}
