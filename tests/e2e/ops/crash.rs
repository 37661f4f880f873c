//! `kill -9` at the worst moments: nothing acknowledged is lost, and nothing is sent twice.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{
    Gate, Reply, Response, Storage, TestGateway, eventually, on_both_databases,
};
use http::Method;
use serde_json::json;
use tokio::task::JoinSet;

on_both_databases!(
    a_killed_forward_is_not_repeated,
    a_killed_execution_waits_for_a_human,
    idempotency_keys_hold_through_many_kills,
    the_record_of_a_read_survives_a_kill_right_after_its_response,
);

/// On PostgreSQL an execution counts as lost only after the lease of its replica.
const RECOVERY_LIMIT: Duration = Duration::from_secs(45);

async fn a_killed_forward_is_not_repeated(storage: Storage) {
    let mut scene = Scene::new(storage).await;
    scene.allow_everything().await;
    let gate = Gate::new();
    scene.upstream.on("/slow", Reply::text("done").after(&gate));
    let call = scene
        .agent
        .propose(post("/slow", json!({"n": 1})))
        .idempotency_key("slow");
    let first = tokio::spawn(call.clone().try_send());
    scene.upstream.wait_for(1).await;
    scene.gateway.kill9();
    assert!(first.await.unwrap().is_err());
    gate.open();
    scene.gateway.restart().await;
    eventually("the broken claim is reported", RECOVERY_LIMIT, || async {
        let response = call.clone().send().await;
        assert_eq!(response.status, 409, "{}", response.text());
        (response.json()["code"] == "outcome_unknown").then_some(())
    })
    .await;
    assert_eq!(scene.upstream.received().len(), 1);
}

async fn a_killed_execution_waits_for_a_human(storage: Storage) {
    let mut scene = Scene::new(storage).await;
    let gate = Gate::new();
    scene
        .upstream
        .on("/executed", Reply::text("done").after(&gate));
    scene
        .upstream
        .on("/not-executed", Reply::text("done").after(&gate));
    let executed = scene.approved("executed").await;
    let not_executed = scene.approved("not-executed").await;
    for held in [&executed, &not_executed] {
        tokio::spawn(scene.agent.execute(held).try_send());
    }
    scene.upstream.wait_for(2).await;
    assert_eq!(scene.agent.status(&executed).await["status"], "EXECUTING");
    scene.gateway.kill9();
    gate.open();
    scene.gateway.restart().await;
    for held in [&executed, &not_executed] {
        eventually("the action is INDETERMINATE", RECOVERY_LIMIT, || async {
            let status = scene.agent.status(held).await;
            match status["status"].as_str() {
                Some("EXECUTING") => None,
                Some("INDETERMINATE") if status["detail"].is_string() => Some(()),
                _ => panic!("{status}"),
            }
        })
        .await;
        let again = scene.agent.execute(held).send().await;
        let again = again.expect_problem(409, "action_not_approved");
        assert_eq!(again.json()["action_status"], "INDETERMINATE");
    }
    let seen = json!({"outcome": "executed", "note": "It is gone"});
    scene
        .human
        .decide(&executed, "resolve", seen)
        .await
        .expect_status(200);
    let unseen = json!({"outcome": "not_executed"});
    scene
        .human
        .decide(&not_executed, "resolve", unseen)
        .await
        .expect_status(200);
    let status = scene.agent.status(&executed).await;
    assert_eq!(status["status"], "EXECUTED");
    assert!(status["result"].is_null(), "{status}");
    assert_eq!(scene.agent.status(&not_executed).await["status"], "REVOKED");
    assert_eq!(scene.upstream.received().len(), 2);
}

async fn idempotency_keys_hold_through_many_kills(storage: Storage) {
    const ROUNDS: u64 = 6;
    const CALLS: u64 = 24;
    let mut scene = Scene::new(storage).await;
    scene.allow_everything().await;
    let mut answered: HashMap<String, Response> = HashMap::new();
    for round in 0..ROUNDS {
        let mut calls = tokio::task::JoinSet::new();
        for number in 0..CALLS {
            let key = format!("{round}-{number}");
            let call = scene.agent.propose(post("/count", json!({"key": key})));
            let call = call.idempotency_key(&key).limit(Duration::from_secs(20));
            calls.spawn(async move {
                // The calls start one after the other, so that the kill meets calls of every age.
                tokio::time::sleep(Duration::from_millis(number * 5)).await;
                (key, call.try_send().await)
            });
        }
        // Each round kills at another stage of the work.
        let before = scene.upstream.received().len();
        scene
            .upstream
            .wait_for(before + 4 + 4 * usize::try_from(round).unwrap())
            .await;
        // Every other round at least one response arrives first, however busy the machine is.
        let first = if round % 2 == 1 {
            calls.join_next().await
        } else {
            None
        };
        scene.gateway.kill9();
        let mut ended: Vec<_> = first.into_iter().collect();
        while let Some(done) = calls.join_next().await {
            ended.push(done);
        }
        for done in ended {
            let (key, response) = done.unwrap();
            if let Ok(response) = response {
                answered.insert(key, response.expect_status(200));
            }
        }
        scene.gateway.restart().await;
    }
    // Every client repeats its request with its key and gets the same response again.
    for round in 0..ROUNDS {
        for number in 0..CALLS {
            let key = format!("{round}-{number}");
            let call = scene.agent.propose(post("/count", json!({"key": key})));
            let response = call.idempotency_key(&key).send().await;
            match answered.get(&key) {
                Some(first) => {
                    assert_eq!(response.header("x-proxy-status"), Some("replayed"), "{key}");
                    assert_eq!(response.body, first.body, "{key}");
                }
                None => assert!(
                    response.status == 200 || response.status == 409,
                    "{key}: {} {}",
                    response.status,
                    response.text()
                ),
            }
        }
    }
    let mut counts: HashMap<String, u32> = HashMap::new();
    for received in scene.upstream.received() {
        *counts.entry(received.text()).or_default() += 1;
    }
    let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "sent more than once: {twice:?}");
    assert!(!answered.is_empty());
    assert!(
        counts.len() >= answered.len(),
        "{} < {}",
        counts.len(),
        answered.len()
    );
    let verified = scene.gateway.run(&["audit", "verify"], "").await;
    assert!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stderr)
    );
}

/// Sends SIGTERM, and waits until no new connection is taken.
async fn begin_to_drain(gateway: &TestGateway) {
    gateway.begin_to_terminate();
    eventually(
        "no new connection is taken",
        Duration::from_secs(5),
        || async {
            let ready = gateway.client().get("/ready").limit(Duration::from_secs(2));
            let ready = ready.try_send().await.ok();
            ready
                .is_none_or(|response| response.status == 503)
                .then_some(())
        },
    )
    .await;
}

/// A second signal cuts a running call, although its outcome is not known yet.
#[tokio::test]
async fn a_second_signal_does_not_wait_for_a_running_call() {
    let mut scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    scene.upstream.on("/slow", Reply::never());
    let call = scene.agent.propose(post("/slow", json!({"n": 1})));
    let running = tokio::spawn(call.idempotency_key("slow").try_send());
    scene.upstream.wait_for(1).await;
    begin_to_drain(&scene.gateway).await;
    let urged_at = Instant::now();
    scene.gateway.begin_to_terminate();
    assert!(scene.gateway.wait().await.success());
    assert!(urged_at.elapsed() < Duration::from_secs(10));
    assert!(running.await.unwrap().is_err());
}

/// A drain lets running calls end and accepts no new ones.
#[tokio::test]
async fn a_drain_finishes_running_calls() {
    let mut scene = Scene::on(TestGateway::builder(Storage::Sqlite)).await;
    let gate = Gate::new();
    scene.upstream.on("/slow", Reply::text("done").after(&gate));
    let call = scene
        .agent
        .propose(gaiterguard_testkit::scene::request("GET", "/slow"));
    let running = tokio::spawn(call.send());
    scene.upstream.wait_for(1).await;
    begin_to_drain(&scene.gateway).await;
    gate.open();
    assert_eq!(running.await.unwrap().expect_status(200).text(), "done");
    assert!(
        scene.gateway.wait().await.success(),
        "{}",
        scene.gateway.logs()
    );
}

async fn the_record_of_a_read_survives_a_kill_right_after_its_response(storage: Storage) {
    for durability in ["process", "fsync"] {
        let builder = TestGateway::builder(storage).setting("READ_DURABILITY", durability);
        let mut scene = Scene::on(builder).await;
        scene.allow_everything().await;
        let mut reads = JoinSet::new();
        for _ in 0..12 {
            reads.spawn(scene.agent.propose(request("GET", "/notes")).send());
        }
        let responses = reads.join_all().await;
        scene.gateway.kill9();
        scene.gateway.restart().await;
        let recorded = scene.human.get("/requests?limit=50").send().await.json();
        let recorded = recorded["items"].to_string();
        for response in responses {
            assert_eq!(response.status, 200, "{}", response.text());
            let id = response.header("x-request-id").unwrap();
            assert!(recorded.contains(id), "{durability}: {id} in {recorded}");
        }
        let verified = scene.human.call(Method::POST, "/audit/verify").send().await;
        assert_eq!(verified.json()["ok"], true, "{}", verified.text());
    }
}
