//! A request with an idempotency key is sent at most once, and the key returns its outcome.

use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{Gate, Reply, Storage, TestGateway, on_both_databases};
use serde_json::json;

on_both_databases!(
    a_response_is_replayed_byte_for_byte,
    a_key_belongs_to_one_payload_of_one_agent,
    a_second_request_is_refused_while_the_first_is_in_progress,
    a_request_that_was_not_sent_may_be_sent_again,
    a_request_that_may_have_been_sent_is_not_sent_again,
    a_response_that_is_too_long_to_keep_is_never_replayed_in_part,
);

async fn a_response_is_replayed_byte_for_byte(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.allow_everything().await;
    let reply = Reply::status(207)
        .header("Content-Type", "application/octet-stream")
        .header("Set-Cookie", "a=1")
        .header("Set-Cookie", "b=2")
        .header("X-Thing", "é")
        .body(&b"\x00\xff\x01bytes"[..]);
    scene.upstream.on("/things", reply);
    let propose = || {
        scene
            .agent
            .propose(post("/things", json!({"n": 1})))
            .idempotency_key("one")
    };
    let first = propose().send().await.expect_status(207);
    assert_eq!(first.header("x-proxy-status"), Some("forwarded"));
    assert_eq!(first.header("x-idempotency-status"), Some("processed"));
    assert_eq!(first.body.as_ref(), b"\x00\xff\x01bytes");
    let second = propose().send().await.expect_status(207);
    assert_eq!(second.header("x-proxy-status"), Some("replayed"));
    assert_eq!(second.header("x-idempotency-status"), Some("replayed"));
    assert_eq!(second.body, first.body);
    assert_eq!(second.headers("set-cookie"), ["a=1", "b=2"]);
    for name in ["content-type", "x-thing"] {
        assert_eq!(second.headers.get(name), first.headers.get(name), "{name}");
    }
    assert_eq!(scene.upstream.received().len(), 1);
}

async fn a_key_belongs_to_one_payload_of_one_agent(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.allow_everything().await;
    scene
        .agent
        .propose(post("/things", json!({"n": 1})))
        .send()
        .await
        .expect_problem(400, "validation_failed");
    let first = scene
        .agent
        .propose(post("/things", json!({"n": 1})))
        .idempotency_key("one");
    first.send().await.expect_status(200);
    let mut others = vec![
        post("/things", json!({"n": 2})),
        post("/other", json!({"n": 1})),
    ];
    let mut with_header = post("/things", json!({"n": 1}));
    with_header["headers"] = json!({"X-Other": "1"});
    let url = scene.upstream.url();
    let twin = scene.human.create_bearer_service("twin", &url, "x").await;
    let scope = format!("/agents/{}/services", scene.agent.id);
    let scope = scene.human.put(&scope);
    let ids = json!({"serviceIds": [scene.service.id, twin.id]});
    scope.json(ids).send().await.expect_status(200);
    let mut to_twin = post("/things", json!({"n": 1}));
    to_twin["service"] = json!("twin");
    others.extend([with_header, to_twin]);
    for other in others {
        let response = scene
            .agent
            .propose(other)
            .idempotency_key("one")
            .send()
            .await;
        response.expect_problem(422, "idempotency_key_reused");
    }
    assert_eq!(scene.upstream.received().len(), 1);
    let colleague = scene
        .human
        .create_agent("colleague", &[&scene.service])
        .await;
    let own = colleague
        .propose(post("/things", json!({"n": 2})))
        .idempotency_key("one");
    let own = own.send().await.expect_status(200);
    assert_eq!(own.header("x-proxy-status"), Some("forwarded"));
}

async fn a_second_request_is_refused_while_the_first_is_in_progress(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.allow_everything().await;
    let gate = Gate::new();
    scene.upstream.on("/slow", Reply::text("done").after(&gate));
    let propose = || {
        scene
            .agent
            .propose(post("/slow", json!({})))
            .idempotency_key("slow")
    };
    let first = tokio::spawn(propose().send());
    scene.upstream.wait_for(1).await;
    let second = propose()
        .send()
        .await
        .expect_problem(409, "idempotency_in_progress");
    assert!(second.header("retry-after").is_some());
    gate.open();
    assert_eq!(first.await.unwrap().text(), "done");
    assert_eq!(
        propose().send().await.header("x-proxy-status"),
        Some("replayed")
    );
    assert_eq!(scene.upstream.received().len(), 1);
}

async fn a_request_that_was_not_sent_may_be_sent_again(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.allow_everything().await;
    let port = gaiterguard_testkit::ReservedPort::take();
    let base_url = format!("http://{}", port.address());
    let service = scene
        .human
        .create_bearer_service("away", &base_url, "x")
        .await;
    let agent = scene.human.create_agent("patient", &[&service]).await;
    let request = json!({
        "service": "away", "method": "POST", "path": "/", "body": "x", "intent": "Try",
    });
    let propose = || agent.propose(request.clone()).idempotency_key("try");
    let refused = propose()
        .send()
        .await
        .expect_problem(502, "upstream_unreachable");
    assert_eq!(refused.header("x-proxy-status"), Some("upstream-failed"));
    propose()
        .send()
        .await
        .expect_problem(502, "upstream_unreachable");
    let change = json!({
        "name": "away", "baseUrl": scene.upstream.url(), "authType": "bearer",
        "credentials": {"token": "x"},
    });
    let path = format!("/services/{}", service.id);
    scene
        .human
        .put(&path)
        .json(change)
        .send()
        .await
        .expect_status(200);
    // The same key and payload, at the new address of the service.
    let sent = propose().send().await.expect_status(200);
    assert_eq!(sent.header("x-proxy-status"), Some("forwarded"));
    assert_eq!(scene.upstream.only().text(), "x");
}

async fn a_request_that_may_have_been_sent_is_not_sent_again(storage: Storage) {
    let builder = TestGateway::builder(storage)
        .setting("UPSTREAM_TIMEOUT_MS", 500)
        .setting("UPSTREAM_IDLE_TIMEOUT_MS", 500);
    let scene = Scene::on(builder).await;
    scene.allow_everything().await;
    scene.upstream.on("/close", Reply::close());
    scene.upstream.on("/never", Reply::never());
    scene
        .upstream
        .on("/cut", Reply::text("0123456789").cut_after(4));
    for path in ["/close", "/never", "/cut"] {
        let propose = || {
            scene
                .agent
                .propose(post(path, json!({})))
                .idempotency_key(path)
        };
        match propose().try_send().await {
            Ok(response) if path == "/never" => {
                response.expect_problem(504, "upstream_timeout");
            }
            Ok(response) if path == "/close" => {
                assert_eq!(response.status, 502, "{}", response.text());
            }
            Ok(response) => panic!("{path} was forwarded as complete: {}", response.text()),
            Err(error) => assert_eq!(path, "/cut", "{error}"),
        }
        propose()
            .send()
            .await
            .expect_problem(409, "outcome_unknown");
        assert_eq!(scene.upstream.received_at(path).len(), 1, "{path}");
    }
}

async fn a_response_that_is_too_long_to_keep_is_never_replayed_in_part(storage: Storage) {
    let scene =
        Scene::on(TestGateway::builder(storage).setting("MAX_STORED_ANSWER_BYTES", 1000)).await;
    scene
        .upstream
        .on("/long", Reply::status(203).body("x".repeat(5000)));
    let propose = || {
        scene
            .agent
            .propose(request("GET", "/long"))
            .idempotency_key("long")
    };
    assert_eq!(propose().send().await.expect_status(203).body.len(), 5000);
    let replay = propose()
        .send()
        .await
        .expect_problem(409, "answer_not_kept");
    assert!(replay.text().contains("203"), "{}", replay.text());
    assert_eq!(scene.upstream.received().len(), 1);

    // The result of an executed action is kept up to the limit and marked as truncated.
    scene.upstream.on("/keep", Reply::text("y".repeat(5000)));
    let held = scene.approved("keep").await;
    let executed = scene
        .agent
        .execute(&held)
        .limit(Duration::from_secs(20))
        .send()
        .await;
    assert_eq!(executed.expect_status(200).body.len(), 5000);
    let status = scene.agent.status(&held).await;
    assert_eq!(status["result"]["truncated"], true, "{status}");
}
