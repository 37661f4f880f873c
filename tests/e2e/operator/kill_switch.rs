//! The kill switch and blocks stop everything within a second.

use std::time::{Duration, Instant};

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{Gate, Human, Reply, Storage, TestGateway, on_both_databases};
use serde_json::json;

on_both_databases!(
    a_block_stops_an_agent,
    the_kill_switch_stops_the_workspace,
    an_execution_that_is_blocked_while_it_connects_is_revoked,
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
    let other = Human::register_as(&scene.gateway, "other@example.com").await;
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
        "an interrupted response looks complete"
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

async fn an_execution_that_is_blocked_while_it_connects_is_revoked(storage: Storage) {
    let scene = Scene::new(storage).await;
    // A server that accepts connections and sends nothing. No request is sent before the TLS handshake.
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

    // A rotated key revokes nothing, because the approval belongs to the agent.
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
