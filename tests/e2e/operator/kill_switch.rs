//! Whoever holds the brake stops everything at once, and what was approved stays what it was.

use std::time::{Duration, Instant};

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{Gate, Reply, Storage, TestGateway, eventually, on_both_databases};
use serde_json::json;

on_both_databases!(
    a_block_stops_an_agent,
    the_kill_switch_stops_the_workspace,
    an_approval_is_for_one_target_and_one_scope,
    of_many_executions_one_sends,
    of_many_decisions_one_wins,
    an_unreachable_upstream_leaves_the_approval,
    what_a_block_takes_back_while_it_connects_is_revoked,
    lapsed_actions_stay_unsent,
);

async fn a_block_stops_an_agent(storage: Storage) {
    let scene = Scene::new(storage).await;
    let gate = Gate::new();
    scene.upstream.on("/slow", Reply::text("done").after(&gate));
    scene
        .upstream
        .on("/approved", Reply::text("done").after(&gate));
    let pending = scene.hold("pending").await;
    let approved = scene.approved("waiting").await;
    let executing = scene.approved("approved").await;
    let running = tokio::spawn(scene.agent.propose(request("GET", "/slow")).send());
    let execution = tokio::spawn(scene.agent.execute(&executing).try_send());
    scene.upstream.wait_for(2).await;

    let block = format!("/agents/{}/block", scene.agent.id);
    scene.human.post(&block).send().await.expect_status(200);
    let acknowledged = Instant::now();
    scene.get("/").await.expect_problem(403, "agent_blocked");
    running.await.unwrap().expect_problem(403, "agent_blocked");
    let _ = execution.await.unwrap();
    assert!(
        acknowledged.elapsed() < Duration::from_millis(1500),
        "{:?}",
        acknowledged.elapsed()
    );
    assert_eq!(scene.upstream.received().len(), 2);

    scene
        .human
        .post(&format!("/agents/{}/unblock", scene.agent.id))
        .send()
        .await
        .expect_status(200);
    scene.get("/").await.expect_status(200);
    for held in [&pending, &approved] {
        assert_eq!(scene.agent.status(held).await["status"], "REVOKED");
        scene.agent.execute(held).send().await.expect_status(409);
    }
    assert_eq!(
        scene.agent.status(&executing).await["status"],
        "INDETERMINATE"
    );
}

async fn the_kill_switch_stops_the_workspace(storage: Storage) {
    let scene = Scene::on(TestGateway::builder(storage).setting("REGISTRATION", "open")).await;
    let other = gaiterguard_testkit::Human::register_as(&scene.gateway, "other@example.com").await;
    let their_service = other
        .create_bearer_service("things", &scene.upstream.url(), "x")
        .await;
    let their_agent = other.create_agent("assistant", &[&their_service]).await;
    let approved = scene.approved("approved").await;
    scene.upstream.on(
        "/stream",
        Reply::events(&["1", "2"], Duration::from_secs(30)),
    );
    let mut stream = scene.agent.propose(request("GET", "/stream")).open().await;
    stream.until("data: 1").await;

    let on = json!({"active": true, "reason": "Something is wrong"});
    scene
        .human
        .put("/kill-switch")
        .json(on)
        .send()
        .await
        .expect_status(200);
    let acknowledged = Instant::now();
    scene.get("/").await.expect_problem(403, "kill_switch");
    scene
        .agent
        .execute(&approved)
        .send()
        .await
        .expect_problem(403, "kill_switch");
    assert!(
        stream.try_rest().await.is_err(),
        "a cut answer does not look like a whole one"
    );
    assert!(
        acknowledged.elapsed() < Duration::from_millis(1500),
        "{:?}",
        acknowledged.elapsed()
    );
    their_agent
        .propose(request("GET", "/theirs"))
        .send()
        .await
        .expect_status(200);

    let off = json!({"active": false});
    scene
        .human
        .put("/kill-switch")
        .json(off)
        .send()
        .await
        .expect_status(200);
    scene.get("/").await.expect_status(200);
    assert_eq!(scene.agent.status(&approved).await["status"], "REVOKED");
    assert!(scene.upstream.received_at("/approved").is_empty());
}

async fn an_approval_is_for_one_target_and_one_scope(storage: Storage) {
    let scene = Scene::new(storage).await;
    let moved = scene.approved("moved").await;
    let path = format!("/services/{}", scene.service.id);
    let base_url = format!("{}/elsewhere", scene.upstream.url());
    let change = json!({"name": "things", "baseUrl": base_url, "authType": "bearer"});
    scene
        .human
        .put(&path)
        .json(change)
        .send()
        .await
        .expect_status(200);
    scene
        .agent
        .execute(&moved)
        .send()
        .await
        .expect_problem(409, "action_stale");

    let renewed = scene.approved("renewed").await;
    let token = json!({"token": "the-new-credential"});
    scene
        .human
        .post(&format!("{path}/credentials"))
        .json(token)
        .send()
        .await
        .expect_status(200);
    scene
        .agent
        .execute(&renewed)
        .send()
        .await
        .expect_status(200);
    let sent = scene.upstream.only();
    assert_eq!(sent.path(), "/elsewhere/renewed");
    assert_eq!(
        sent.header("authorization"),
        Some("Bearer the-new-credential")
    );

    let out_of_scope = scene.approved("out-of-scope").await;
    let scope = format!("/agents/{}/services", scene.agent.id);
    scene
        .human
        .put(&scope)
        .json(json!({"serviceIds": []}))
        .send()
        .await
        .expect_status(200);
    scene
        .agent
        .execute(&out_of_scope)
        .send()
        .await
        .expect_problem(409, "action_stale");
    scene
        .get("/")
        .await
        .expect_problem(403, "service_not_in_scope");
    assert_eq!(scene.upstream.received().len(), 1);
}

async fn of_many_executions_one_sends(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.upstream.on(
        "/once",
        Reply::text("done").delay(Duration::from_millis(100)),
    );
    let held = scene.approved("once").await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        calls.spawn(scene.agent.execute(&held).send());
    }
    let responses = calls.join_all().await;
    let sent = responses
        .iter()
        .filter(|response| response.status == 200)
        .count();
    let refused = responses
        .iter()
        .filter(|response| response.status == 409)
        .count();
    assert_eq!((sent, refused), (1, 49));
    assert_eq!(scene.upstream.received().len(), 1);
}

async fn of_many_decisions_one_wins(storage: Storage) {
    let scene = Scene::new(storage).await;
    let held = scene.hold("thing").await;
    let wrong = json!({"digest": "0".repeat(64)});
    let refused = scene.human.decide(&held, "approve", wrong).await;
    refused.expect_problem(409, "digest_mismatch");
    let mut decisions = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (human, held) = (scene.human.clone(), held.clone());
        let decision = if number % 2 == 0 { "approve" } else { "deny" };
        decisions.spawn(async move { human.decide(&held, decision, json!({})).await });
    }
    let responses = decisions.join_all().await;
    let won: Vec<_> = responses
        .iter()
        .filter(|response| response.status == 200)
        .collect();
    assert_eq!(won.len(), 1);
    assert!(
        responses
            .iter()
            .all(|response| response.status == 200 || response.status == 409)
    );
    let decided = won[0].json()["status"].clone();
    assert_eq!(scene.agent.status(&held).await["status"], decided);
}

async fn an_unreachable_upstream_leaves_the_approval(storage: Storage) {
    let mut scene = Scene::new(storage).await;
    let held = scene.approved("thing").await;
    let address = scene.upstream.address();
    // Its port is closed until another server takes it.
    scene.upstream = gaiterguard_testkit::EchoUpstream::start().await;
    eventually("the port is closed", Duration::from_secs(5), || async {
        tokio::net::TcpStream::connect(address)
            .await
            .is_err()
            .then_some(())
    })
    .await;
    let failed = scene.agent.execute(&held).send().await;
    failed.expect_problem(502, "upstream_unreachable");
    assert_eq!(scene.agent.status(&held).await["status"], "APPROVED");
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let execution = tokio::spawn(scene.agent.execute(&held).send());
    let (mut connection, _) = listener.accept().await.unwrap();
    let mut request = [0; 4096];
    let read = tokio::io::AsyncReadExt::read(&mut connection, &mut request)
        .await
        .unwrap();
    assert!(request[..read].starts_with(b"DELETE /thing "));
    let response = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    tokio::io::AsyncWriteExt::write_all(&mut connection, response)
        .await
        .unwrap();
    assert_eq!(execution.await.unwrap().expect_status(200).text(), "ok");
    assert_eq!(scene.agent.status(&held).await["status"], "EXECUTED");
}

async fn lapsed_actions_stay_unsent(storage: Storage) {
    // Time enough for a busy machine to hold and approve.
    let hours = "0.001";
    let lapse = Duration::from_millis(3600);
    let builder = TestGateway::builder(storage)
        .setting("APPROVAL_PENDING_TTL_HOURS", hours)
        .setting("APPROVAL_EXECUTE_TTL_HOURS", hours);
    let scene = Scene::on(builder).await;
    let undecided = scene.hold("undecided").await;
    let approved = scene.approved("approved").await;
    tokio::time::sleep(lapse + Duration::from_millis(500)).await;
    scene
        .agent
        .execute(&approved)
        .send()
        .await
        .expect_problem(410, "action_expired");
    scene
        .human
        .decide(&undecided, "approve", json!({}))
        .await
        .expect_status(409);
    for held in [&undecided, &approved] {
        assert_eq!(scene.agent.status(held).await["status"], "EXPIRED");
    }
    let again = scene
        .agent
        .propose(request("DELETE", "/undecided"))
        .idempotency_key("undecided");
    again.send().await.expect_problem(403, "action_expired");
    assert!(scene.upstream.received().is_empty());
}

async fn what_a_block_takes_back_while_it_connects_is_revoked(storage: Storage) {
    let scene = Scene::new(storage).await;
    // A server that takes connections and says nothing: no request is sent before TLS is there.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let service = scene.human.create_bearer_service("silent", &url, "x").await;
    let agent = scene.human.create_agent("patient", &[&service]).await;
    let removal = |path: &str| json!({"service": "silent", "method": "DELETE", "path": path, "intent": "Tidy up"});
    let block = format!("/agents/{}/block", agent.id);
    let unblock = format!("/agents/{}/unblock", agent.id);

    let held = agent.propose_held(removal("/1"), "one").await;
    scene.human.approve(&held).await;
    let execution = tokio::spawn(agent.execute(&held).send());
    let (connection, _) = silent.accept().await.unwrap();
    scene.human.post(&block).send().await.expect_status(200);
    execution
        .await
        .unwrap()
        .expect_problem(403, "agent_blocked");
    scene.human.post(&unblock).send().await.expect_status(200);
    assert_eq!(agent.status(&held).await["status"], "REVOKED");
    agent.execute(&held).send().await.expect_status(409);
    drop(connection);

    // A key that is rotated takes nothing back: the approval is the agent's.
    let held = agent.propose_held(removal("/2"), "two").await;
    scene.human.approve(&held).await;
    let execution = tokio::spawn(agent.execute(&held).send());
    let (connection, _) = silent.accept().await.unwrap();
    let rotate = format!("/agents/{}/rotate-key", agent.id);
    scene.human.post(&rotate).send().await.expect_status(200);
    execution
        .await
        .unwrap()
        .expect_problem(401, "invalid_agent_key");
    assert_eq!(scene.human.action(&held).await["status"], "APPROVED");
    drop(connection);
}
