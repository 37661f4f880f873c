//! Two gateways on one PostgreSQL database act as one.

use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{Agent, Gate, Reply, Storage, TestGateway, eventually};
use serde_json::json;

/// How long a change may take to reach every replica, on a busy machine.
const MOMENT: Duration = Duration::from_secs(5);

/// Returns the same agent, calling another replica.
fn at(agent: &Agent, replica: &TestGateway) -> Agent {
    agent.clone().calling(replica)
}

#[tokio::test]
async fn changes_at_one_replica_apply_at_the_other() {
    let scene = Scene::new(Storage::Postgres).await;
    let replica = scene.gateway.start_replica().await;
    let there = at(&scene.agent, &replica);
    there
        .propose(request("GET", "/"))
        .send()
        .await
        .expect_status(200);

    let newcomer = at(
        &scene
            .human
            .create_agent("newcomer", &[&scene.service])
            .await,
        &replica,
    );
    // A new right may take a moment to reach the other replica. A revocation may not.
    eventually("the other replica knows the new agent", MOMENT, || async {
        let response = newcomer.propose(request("GET", "/")).send().await;
        (response.status == 200).then_some(())
    })
    .await;
    let token = json!({"token": "the-new-credential"});
    let path = format!("/services/{}/credentials", scene.service.id);
    scene
        .human
        .post(&path)
        .json(token)
        .send()
        .await
        .expect_status(200);
    eventually(
        "the other replica uses the new credential",
        MOMENT,
        || async {
            there
                .propose(request("GET", "/new"))
                .send()
                .await
                .expect_status(200);
            let received = scene.upstream.received().pop().unwrap();
            (received.header("authorization") == Some("Bearer the-new-credential")).then_some(())
        },
    )
    .await;

    let gate = Gate::new();
    scene.upstream.on("/slow", Reply::text("done").after(&gate));
    let before = scene.upstream.received().len();
    let running = tokio::spawn(there.propose(request("GET", "/slow")).send());
    scene.upstream.wait_for(before + 1).await;
    let held = there.propose_held(request("DELETE", "/1"), "one").await;
    let on = json!({"active": true});
    scene
        .human
        .put("/kill-switch")
        .json(on)
        .send()
        .await
        .expect_status(200);
    there
        .propose(request("GET", "/"))
        .send()
        .await
        .expect_problem(403, "kill_switch");
    running.await.unwrap().expect_problem(403, "kill_switch");
    scene
        .human
        .put("/kill-switch")
        .json(json!({"active": false}))
        .send()
        .await
        .expect_status(200);
    // Releasing the kill switch may take a moment to reach the other replica. Activating it may not.
    eventually(
        "the other replica serves again",
        Duration::from_secs(5),
        || async {
            let path = format!("/status/{}", held.action_id);
            let response = there.call(http::Method::GET, &path).send().await;
            (response.status == 200).then(|| assert_eq!(response.json()["status"], "REVOKED"))
        },
    )
    .await;
}

#[tokio::test]
async fn a_revocation_at_one_replica_ends_calls_at_the_other() {
    let scene = Scene::new(Storage::Postgres).await;
    let replica = scene.gateway.start_replica().await;
    let events = Reply::events(&["1", "2"], Duration::from_mins(1));
    scene.upstream.on("/stream", events);
    let open = async |agent: &Agent| {
        let there = at(agent, &replica);
        eventually("the other replica knows the agent", MOMENT, || async {
            let response = there.propose(request("GET", "/")).send().await;
            (response.status == 200).then_some(())
        })
        .await;
        let mut stream = there.propose(request("GET", "/stream")).open().await;
        stream.until("data: 1").await;
        stream
    };
    let ends = async |stream: gaiterguard_testkit::ResponseStream| {
        let rest = tokio::time::timeout(Duration::from_millis(1500), stream.try_rest()).await;
        assert!(rest.expect("it ends within a second").is_err());
    };
    let (human, service) = (&scene.human, &scene.service);

    let stream = open(&scene.agent).await;
    let rotate = format!("/agents/{}/rotate-key", scene.agent.id);
    human.post(&rotate).send().await.expect_status(200);
    ends(stream).await;
    let refused = at(&scene.agent, &replica).propose(request("GET", "/"));
    refused
        .send()
        .await
        .expect_problem(401, "invalid_agent_key");

    let expiring = human.create_agent("expiring", &[service]).await;
    let stream = open(&expiring).await;
    let soon = (jiff::Timestamp::now() + Duration::from_millis(500)).to_string();
    let soon = json!({"expiresAt": soon});
    let change = human.put(&format!("/agents/{}", expiring.id)).json(soon);
    change.send().await.expect_status(200);
    ends(stream).await;

    let moving = human.create_agent("moving", &[service]).await;
    let stream = open(&moving).await;
    let elsewhere = json!({"baseUrl": format!("{}/elsewhere", scene.upstream.url())});
    let change = human.put(&format!("/services/{}", service.id));
    change.json(elsewhere).send().await.expect_status(200);
    ends(stream).await;
}

#[tokio::test]
async fn across_replicas_one_execution_and_one_keyed_request_is_sent() {
    let scene = Scene::new(Storage::Postgres).await;
    let replica = scene.gateway.start_replica().await;
    let there = at(&scene.agent, &replica);
    scene.upstream.on(
        "/once",
        Reply::text("done").delay(Duration::from_millis(100)),
    );
    let held = scene.approved("once").await;
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..12 {
        let agent = if number % 2 == 0 {
            &scene.agent
        } else {
            &there
        };
        calls.spawn(agent.execute(&held).send());
    }
    let responses = calls.join_all().await;
    assert_eq!(
        responses
            .iter()
            .filter(|response| response.status == 200)
            .count(),
        1
    );
    assert_eq!(scene.upstream.received_at("/once").len(), 1);

    scene.allow_everything().await;
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..400 {
        let agent = if number % 2 == 0 {
            &scene.agent
        } else {
            &there
        };
        let key = format!("key-{}", number / 4);
        let call = agent
            .propose(post("/keys", json!({"key": key})))
            .idempotency_key(&key);
        calls.spawn(call.send());
    }
    for response in calls.join_all().await {
        // A replica that has not confirmed its definitions for a second responds with 503.
        let status = response.status.as_u16();
        assert!([200, 409, 503].contains(&status), "{}", response.text());
    }
    for number in 0..100 {
        let key = format!("key-{number}");
        eventually("each request is done", MOMENT, || async {
            let call = scene.agent.propose(post("/keys", json!({"key": key})));
            let response = call.idempotency_key(&key).send().await;
            (response.status == 200).then_some(())
        })
        .await;
    }
    assert_eq!(scene.upstream.received_at("/keys").len(), 100);
}

#[tokio::test]
async fn the_unfinished_work_of_a_dead_replica_is_found_by_the_other() {
    let scene = Scene::new(Storage::Postgres).await;
    let mut replica = scene.gateway.start_replica().await;
    let there = at(&scene.agent, &replica);
    scene.upstream.on("/slow", Reply::never());
    let held = scene.approved("slow").await;
    let execution = tokio::spawn(there.execute(&held).try_send());
    scene.upstream.wait_for(1).await;
    replica.kill9();
    assert!(execution.await.unwrap().is_err());
    let limit = Duration::from_secs(45);
    eventually("the action is INDETERMINATE", limit, || async {
        (scene.agent.status(&held).await["status"] == "INDETERMINATE").then_some(())
    })
    .await;
    assert_eq!(scene.upstream.received().len(), 1);
}
