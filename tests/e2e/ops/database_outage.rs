//! An outage of the database between sending and recording: reports about the request remain true, and its outcome
//! is recorded when the database is back, without a restart.

use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{
    Call, DatabaseOutage, Gate, Reply, Response, Storage, TestGateway, eventually,
    on_both_databases,
};
use http::Method;
use serde_json::{Value, json};

on_both_databases!(
    without_its_database_the_gateway_sends_only_reads,
    responses_during_an_outage_are_recorded_when_the_database_is_back,
    the_first_keyed_response_of_a_process_is_kept_during_an_outage,
    failures_during_an_outage_are_reported_truthfully_and_recorded_later,
    a_read_that_cannot_be_recorded_is_withheld_and_never_reported_as_unsent,
    an_execution_that_could_not_connect_during_an_outage_is_approved_again,
);

/// Longer than the gateway waits for its ledger.
const LIMIT: Duration = Duration::from_secs(45);

/// Builds a PUT without a key, through the door for unmodified clients.
fn keyless(scene: &Scene, path: &str) -> Call {
    let call = scene
        .agent
        .call(Method::PUT, &format!("/s/things{path}"))
        .header("X-Agent-Intent", "Save the settings")
        .body("settings");
    call.limit(LIMIT)
}

/// Checks that a response neither claims that nothing was sent nor invites a resend.
#[track_caller]
fn assert_truthful(response: &Response) {
    let text = response.text();
    assert!(!text.contains("nothing was sent"), "{text}");
    assert!(!text.contains("sent nothing"), "{text}");
    assert_eq!(response.header("retry-after"), None, "{text}");
}

/// Waits until the request whose `target_url` ends with this is complete, and returns its ledger row.
async fn ended(scene: &Scene, address_end: &str) -> Value {
    eventually("the request's end is recorded", LIMIT, || async {
        let page = scene.human.get("/requests?limit=200").send().await;
        if page.status != 200 {
            return None;
        }
        let rows = page.json()["items"].as_array().unwrap().clone();
        rows.into_iter().find(|row| {
            row["target_url"].as_str().unwrap().ends_with(address_end)
                && !row["completed_at"].is_null()
        })
    })
    .await
}

/// Waits until an action is no longer `EXECUTING` and returns its status.
async fn settled(scene: &Scene, held: &gaiterguard_testkit::Held) -> Value {
    eventually("the execution's end is recorded", LIMIT, || async {
        let path = format!("/status/{}", held.action_id);
        let response = scene.agent.call(Method::GET, &path).send().await;
        if response.status != 200 {
            return None;
        }
        let status = response.json();
        (status["status"] != "EXECUTING").then_some(status)
    })
    .await
}

async fn without_its_database_the_gateway_sends_only_reads(storage: Storage) {
    let scene = Scene::new(storage).await;
    let held = scene.approved("executed").await;
    scene.allow_everything().await;
    let calls = [
        scene.agent.execute(&held).limit(LIMIT),
        scene
            .agent
            .propose(post("/keyed", json!({"n": 1})))
            .idempotency_key("one")
            .limit(LIMIT),
        scene
            .agent
            .propose(request("GET", "/keyed-read"))
            .idempotency_key("two")
            .limit(LIMIT),
        keyless(&scene, "/keyless"),
    ];
    let outage = DatabaseOutage::begin(&scene.gateway).await;
    let mut refused = tokio::task::JoinSet::new();
    for call in calls.clone() {
        refused.spawn(call.send());
    }
    for response in refused.join_all().await {
        let response = response.expect_status(503);
        assert!(
            response.header("retry-after").is_some(),
            "{}",
            response.text()
        );
        assert_eq!(response.header("x-proxy-status"), Some("refused"));
    }
    assert!(scene.upstream.received().is_empty());
    outage.end().await;
    for call in calls {
        eventually("it passes now, without a restart", LIMIT, || async {
            let response = call.clone().send().await;
            assert!(matches!(response.status.as_u16(), 200 | 409 | 503));
            (response.status == 200).then_some(())
        })
        .await;
    }
    assert_eq!(scene.upstream.received().len(), 4);
}

async fn responses_during_an_outage_are_recorded_when_the_database_is_back(storage: Storage) {
    let scene = Scene::new(storage).await;
    let held = scene.approved("executed").await;
    scene.allow_everything().await;
    let gate = Gate::new();
    for path in ["/executed", "/keyed", "/keyless"] {
        scene.upstream.on(path, Reply::text("done").after(&gate));
    }
    let keyed = scene
        .agent
        .propose(post("/keyed", json!({"n": 1})))
        .idempotency_key("one")
        .limit(LIMIT);
    let execution = tokio::spawn(scene.agent.execute(&held).limit(LIMIT).send());
    let first = tokio::spawn(keyed.clone().send());
    let unrepeatable = tokio::spawn(keyless(&scene, "/keyless").send());
    scene.upstream.wait_for(3).await;

    let outage = DatabaseOutage::begin(&scene.gateway).await;
    gate.open();
    // This response cannot be requested again, so it is not withheld.
    let response = unrepeatable.await.unwrap().expect_status(200);
    assert_eq!(response.text(), "done");
    for call in [execution, first] {
        let response = call.await.unwrap().expect_problem(409, "outcome_unknown");
        assert_truthful(&response);
    }
    outage.end().await;

    let status = settled(&scene, &held).await;
    assert_eq!(status["status"], "EXECUTED", "{status}");
    assert_eq!(status["result"]["body"], "done", "{status}");
    let replay = eventually("the response is replayed", LIMIT, || async {
        let response = keyed.clone().send().await;
        (response.status == 200).then_some(response)
    });
    let replay = replay.await;
    assert_eq!(replay.header("x-proxy-status"), Some("replayed"));
    assert_eq!(replay.text(), "done");
    for path in ["/executed", "/keyed", "/keyless"] {
        let row = ended(&scene, path).await;
        assert_eq!(row["upstream_status"], 200, "{row}");
        assert_eq!(scene.upstream.received_at(path).len(), 1, "{path}");
    }
}

/// The process has sealed nothing before the outage.
async fn the_first_keyed_response_of_a_process_is_kept_during_an_outage(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.allow_everything().await;
    let gate = Gate::new();
    scene
        .upstream
        .on("/first", Reply::text("a small response").after(&gate));
    let keyed = scene
        .agent
        .propose(post("/first", json!({"n": 1})))
        .idempotency_key("one")
        .limit(LIMIT);
    let first = tokio::spawn(keyed.clone().send());
    scene.upstream.wait_for(1).await;
    let outage = DatabaseOutage::begin(&scene.gateway).await;
    gate.open();
    let response = first.await.unwrap().expect_problem(409, "outcome_unknown");
    assert_truthful(&response);
    outage.end().await;
    let replay = eventually("the response is replayed", LIMIT, || async {
        let response = keyed.clone().send().await;
        (response.status == 200 || response.text().contains("answer_not_kept")).then_some(response)
    });
    let replay = replay.await.expect_status(200);
    assert_eq!(replay.header("x-proxy-status"), Some("replayed"));
    assert_eq!(replay.text(), "a small response");
    assert_eq!(scene.upstream.received_at("/first").len(), 1);
}

async fn failures_during_an_outage_are_reported_truthfully_and_recorded_later(storage: Storage) {
    let builder = TestGateway::builder(storage).setting("UPSTREAM_TIMEOUT_MS", 4000);
    let scene = Scene::on(builder).await;
    let held = scene.approved("executed").await;
    scene.allow_everything().await;
    let gate = Gate::new();
    for path in ["/executed", "/keyed", "/keyless"] {
        scene.upstream.on(path, Reply::never());
    }
    scene.upstream.on("/closed", Reply::close().after(&gate));
    let keyed = scene
        .agent
        .propose(post("/keyed", json!({"n": 1})))
        .idempotency_key("one")
        .limit(LIMIT);
    let broken = tokio::spawn(keyless(&scene, "/closed").send());
    let late = [
        tokio::spawn(scene.agent.execute(&held).limit(LIMIT).send()),
        tokio::spawn(keyed.clone().send()),
        tokio::spawn(keyless(&scene, "/keyless").send()),
    ];
    scene.upstream.wait_for(4).await;

    let outage = DatabaseOutage::begin(&scene.gateway).await;
    gate.open();
    let response = broken.await.unwrap().expect_status(502);
    assert_truthful(&response);
    assert_eq!(response.header("x-proxy-status"), Some("upstream-failed"));
    for call in late {
        let response = call.await.unwrap().expect_status(504);
        assert_truthful(&response);
        assert_eq!(response.header("x-proxy-status"), Some("upstream-failed"));
    }
    outage.end().await;

    let status = settled(&scene, &held).await;
    assert_eq!(status["status"], "INDETERMINATE", "{status}");
    let again = eventually("the key is known to be broken", LIMIT, || async {
        let response = keyed.clone().send().await;
        (response.status == 409 && response.json()["code"] == "outcome_unknown").then_some(response)
    });
    assert_eq!(again.await.header("retry-after"), None);
    for path in ["/executed", "/keyed", "/keyless", "/closed"] {
        let row = ended(&scene, path).await;
        assert_eq!(row["upstream_status"], Value::Null, "{row}");
        assert_eq!(scene.upstream.received_at(path).len(), 1, "{path}");
    }
}

async fn a_read_that_cannot_be_recorded_is_withheld_and_never_reported_as_unsent(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.get("/before").await.expect_status(200);
    let outage = DatabaseOutage::begin(&scene.gateway).await;
    let call = scene.agent.propose(request("GET", "/read")).limit(LIMIT);
    let response = call.send().await.expect_status(503);
    if scene.upstream.received_at("/read").is_empty() {
        assert_ne!(storage, Storage::Sqlite, "its readers are not locked out");
    } else {
        assert_truthful(&response);
        assert!(response.text().contains("withheld"), "{}", response.text());
    }
    outage.end().await;
    eventually("reads pass again", LIMIT, || async {
        let response = scene.get("/after").await;
        (response.status == 200).then_some(())
    })
    .await;
}

async fn an_execution_that_could_not_connect_during_an_outage_is_approved_again(storage: Storage) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}", listener.local_addr().unwrap());
    let builder = TestGateway::builder(storage).setting("UPSTREAM_CONNECT_TIMEOUT_MS", 3000);
    let scene = Scene::on(builder).await;
    let mute = scene
        .human
        .create_bearer_service("mute", &base_url, "x")
        .await;
    let agent = scene.human.create_agent("patient", &[&mute]).await;
    let removal = json!({
        "service": "mute", "method": "DELETE", "path": "/thing", "intent": "Remove the thing",
    });
    let held = agent.propose_held(removal, "one").await;
    scene.human.approve(&held).await;
    let execution = tokio::spawn(agent.execute(&held).limit(LIMIT).send());
    // The other side never starts TLS.
    let _connection = listener.accept().await.unwrap();
    let outage = DatabaseOutage::begin(&scene.gateway).await;
    let response = execution.await.unwrap();
    response.expect_problem(502, "upstream_unreachable");
    outage.end().await;
    eventually("it is approved again", LIMIT, || async {
        let path = format!("/status/{}", held.action_id);
        let response = agent.call(Method::GET, &path).send().await;
        (response.status == 200 && response.json()["status"] == "APPROVED").then_some(())
    })
    .await;
}
