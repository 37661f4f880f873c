//! An approval is bound to what was approved, and is executed at most once.

use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{
    EchoUpstream, Reply, Storage, TestGateway, eventually, on_both_databases,
};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

on_both_databases!(
    an_approval_is_bound_to_one_target_and_one_scope,
    one_of_many_executions_is_sent,
    one_of_many_rulings_wins,
    an_unreachable_upstream_leaves_the_action_approved,
    expired_actions_are_never_sent,
);

async fn an_approval_is_bound_to_one_target_and_one_scope(storage: Storage) {
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

async fn one_of_many_executions_is_sent(storage: Storage) {
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

async fn one_of_many_rulings_wins(storage: Storage) {
    let scene = Scene::new(storage).await;
    let held = scene.hold("thing").await;
    let wrong = json!({"digest": "0".repeat(64)});
    let refused = scene.human.decide(&held, "approve", wrong).await;
    refused.expect_problem(409, "digest_mismatch");
    let mut rulings = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (human, held) = (scene.human.clone(), held.clone());
        let decision = if number % 2 == 0 { "approve" } else { "deny" };
        rulings.spawn(async move { human.decide(&held, decision, json!({})).await });
    }
    let responses = rulings.join_all().await;
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

async fn an_unreachable_upstream_leaves_the_action_approved(storage: Storage) {
    let mut scene = Scene::new(storage).await;
    let held = scene.approved("thing").await;
    let address = scene.upstream.address();
    // The port is closed until another server opens it.
    scene.upstream = EchoUpstream::start().await;
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
    let read = connection.read(&mut request).await.unwrap();
    assert!(request[..read].starts_with(b"DELETE /thing "));
    let response = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    connection.write_all(response).await.unwrap();
    assert_eq!(execution.await.unwrap().expect_status(200).text(), "ok");
    assert_eq!(scene.agent.status(&held).await["status"], "EXECUTED");
}

async fn expired_actions_are_never_sent(storage: Storage) {
    // Long enough for a busy machine to hold and approve.
    let hours = "0.001";
    let lifetime = Duration::from_millis(3600);
    let builder = TestGateway::builder(storage)
        .setting("APPROVAL_PENDING_TTL_HOURS", hours)
        .setting("APPROVAL_EXECUTE_TTL_HOURS", hours);
    let scene = Scene::on(builder).await;
    let undecided = scene.hold("undecided").await;
    let approved = scene.approved("approved").await;
    // Both lifetimes have to pass: a request for the status would hide that execution checks them itself.
    tokio::time::sleep(lifetime + Duration::from_millis(500)).await;
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
