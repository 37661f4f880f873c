//! The door for unmodified clients: the upstream's own API at `/s/{service}/`.

use std::time::Duration;

use gaiterguard_testkit::scene::{CREDENTIAL, Scene, request};
use gaiterguard_testkit::{Call, Held, Reply, Storage, on_both_databases};
use http::Method;
use serde_json::json;

on_both_databases!(
    a_retry_without_a_key_returns_the_pending_action_and_equal_forwards_are_both_sent,
    a_waiting_call_returns_the_result_of_the_ruling,
);

/// Builds a call to the scene's service without a key.
fn bare(scene: &Scene, method: Method, path: &str) -> Call {
    scene
        .gateway
        .client()
        .call(method, &format!("/s/things{path}"))
}

#[tokio::test]
async fn an_unmodified_client_is_forwarded_byte_for_byte() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    for target in [
        "",
        "/",
        "/a%20b/?x=%20+&y",
        "/a%2Fb",
        "/~a!$&'()*+,=:@;p",
        "?q=1",
    ] {
        let response = bare(&scene, Method::GET, target)
            .bearer(&scene.agent.key)
            .send()
            .await;
        let response = response.expect_status(200);
        assert_eq!(response.header("x-proxy-status"), Some("forwarded"));
        let received = scene.upstream.received().pop().unwrap();
        let sent = if target.starts_with('/') {
            target.to_owned()
        } else {
            format!("/{target}")
        };
        assert_eq!(received.target, sent);
        let authorization = format!("Bearer {CREDENTIAL}");
        assert_eq!(
            received.header("authorization"),
            Some(authorization.as_str())
        );
    }
    let body = br#"{"a": 1e3,  "a": 2}"#.to_vec();
    let call = bare(&scene, Method::POST, "/charges").basic("agent", &scene.agent.key);
    let call = call
        .header("content-type", "application/json")
        .body(body.clone());
    call.header("x-agent-intent", "Charge the card")
        .send()
        .await
        .expect_status(200);
    let received = scene.upstream.received().pop().unwrap();
    assert_eq!(received.body, body);
    assert_eq!(received.header("content-type"), Some("application/json"));
    assert_eq!(received.header("x-agent-intent"), None);
}

#[tokio::test]
async fn a_key_is_found_where_sdks_send_it_and_never_forwarded() {
    let scene = Scene::new(Storage::Sqlite).await;
    let key = scene.agent.key.as_str();
    let human = &scene.human;
    let by_header = human
        .create_service(
            "by-header",
            &scene.upstream.url(),
            "api_key",
            json!({"header": "X-Goog-Api-Key", "value": CREDENTIAL}),
        )
        .await;
    let by_query = human
        .create_service(
            "by-query",
            &scene.upstream.url(),
            "query",
            json!({"param": "appid", "value": CREDENTIAL}),
        )
        .await;
    let scope = json!({"serviceIds": [scene.service.id, by_header.id, by_query.id]});
    let path = format!("/agents/{}/services", scene.agent.id);
    human.put(&path).json(scope).send().await.expect_status(200);

    let client = scene.gateway.client();
    let taken = [
        client.get("/s/things/a").bearer(key),
        client.get("/s/things/a").basic("anyone", key),
        client.get("/s/things/a").basic(key, ""),
        client.get("/s/things/a").header("x-api-key", key),
        client.get("/s/things/a").agent_key(key),
        client
            .get("/s/things/a")
            .header("authorization", &format!("token {key}")),
        client.get("/s/by-header/a").header("x-goog-api-key", key),
        client.get("/s/by-header/a").bearer(key),
        client.get(&format!("/s/by-query/a?x=1&appid={key}")),
        client.get("/s/by-query/a?x=1").basic("anyone", key),
    ];
    for call in taken {
        call.send().await.expect_status(200);
        let received = scene.upstream.received().pop().unwrap();
        let all = format!("{} {:?}", received.target, received.headers);
        assert!(!all.contains("agt_"), "{all}");
        assert!(!all.contains("Basic"), "{all}");
    }
    let before = scene.upstream.received().len();
    let other = human.create_agent("other", &[&scene.service]).await;
    let refused = [
        client.get("/s/things/a"),
        client.get("/s/things/a").bearer("sk-something-else"),
        client
            .get("/s/things/a")
            .bearer(key)
            .header("x-api-key", &other.key),
        client.get("/s/things/a").header("x-goog-api-key", key),
        client.get(&format!("/s/things/a?appid={key}")),
    ];
    for call in refused {
        let problem = call.send().await.expect_status(401);
        assert_eq!(problem.json()["code"], "invalid_agent_key");
        assert!(!problem.text().contains(key));
    }
    // A service that the agent may not use, and one that does not exist.
    let hidden = human
        .create_bearer_service("hidden", &scene.upstream.url(), "x-secret-x")
        .await;
    assert!(hidden.id > 0);
    let call = client
        .get("/s/hidden/a")
        .bearer(key)
        .send()
        .await
        .expect_status(403);
    assert_eq!(call.json()["code"], "service_not_in_scope");
    let call = client
        .get("/s/nothing/a")
        .bearer(key)
        .send()
        .await
        .expect_status(404);
    assert_eq!(call.json()["code"], "service_not_found");
    assert_eq!(scene.upstream.received().len(), before);
}

#[tokio::test]
async fn malformed_targets_are_refused_here_too() {
    let scene = Scene::new(Storage::Sqlite).await;
    for path in [
        "/../x",
        "/%2e%2e/x",
        "//x",
        "/a%5cb",
        "/a%00",
        "/..;/x",
        "/a/%2e",
    ] {
        let call = bare(&scene, Method::GET, path).bearer(&scene.agent.key);
        let problem = call.send().await.expect_status(400);
        assert_eq!(problem.json()["code"], "invalid_target", "{path}");
    }
    let call = bare(&scene, Method::from_bytes(b"TRACE").unwrap(), "/").bearer(&scene.agent.key);
    let problem = call.send().await.expect_status(405);
    assert!(problem.header("allow").unwrap().contains("PATCH"));
    assert!(scene.upstream.received().is_empty());
}

async fn a_retry_without_a_key_returns_the_pending_action_and_equal_forwards_are_both_sent(
    storage: Storage,
) {
    let scene = Scene::new(storage).await;
    let remove = || bare(&scene, Method::DELETE, "/a").bearer(&scene.agent.key);
    let first = Held::from_response(remove().send().await);
    let again = Held::from_response(remove().send().await);
    assert_eq!(again.action_id, first.action_id);
    let (one, two) = tokio::join!(
        bare(&scene, Method::DELETE, "/b")
            .bearer(&scene.agent.key)
            .send(),
        bare(&scene, Method::DELETE, "/b")
            .bearer(&scene.agent.key)
            .send(),
    );
    let (one, two) = (Held::from_response(one), Held::from_response(two));
    assert_eq!(one.action_id, two.action_id);
    assert_ne!(one.action_id, first.action_id);
    let other = Held::from_response(
        remove()
            .header("x-agent-intent", "For another reason")
            .send()
            .await,
    );
    assert_eq!(other.action_id, first.action_id);
    // After the execution the same call is a new one.
    scene.human.approve(&first).await;
    scene.agent.execute(&first).send().await.expect_status(200);
    let third = Held::from_response(remove().send().await);
    assert_ne!(third.action_id, first.action_id);

    scene.allow_everything().await;
    for _ in 0..2 {
        bare(&scene, Method::POST, "/messages")
            .bearer(&scene.agent.key)
            .body("hello")
            .send()
            .await
            .expect_status(200);
    }
    assert_eq!(scene.upstream.received_at("/messages").len(), 2);
}

async fn a_waiting_call_returns_the_result_of_the_ruling(storage: Storage) {
    let scene = Scene::new(storage).await;
    let patient = |path: &str| {
        bare(&scene, Method::DELETE, path)
            .bearer(&scene.agent.key)
            .header("prefer", "wait=30")
            .send()
    };
    let deciding = |path, decision| scene.human.decide_next(path, decision, "as I say");
    let (response, _) = tokio::join!(patient("/yes"), deciding("/yes", "approve"));
    let response = response.expect_status(200);
    assert_eq!(response.header("x-proxy-status"), Some("executed-approved"));
    assert_eq!(scene.upstream.received_at("/yes").len(), 1);

    let (response, action) = tokio::join!(patient("/no"), deciding("/no", "deny"));
    let problem = response.expect_status(403).json();
    assert_eq!(problem["code"], "action_denied");
    assert_eq!(problem["note"], "as I say");
    assert_eq!(problem["action_id"], action["action_id"]);

    let mut proposal = request("DELETE", "/later");
    proposal["wait"] = json!(1);
    let held = Held::from_response(scene.agent.propose(proposal).send().await);
    assert_eq!(scene.agent.status(&held).await["status"], "PENDING");
    assert!(scene.upstream.received_at("/no").is_empty());
    assert!(scene.upstream.received_at("/later").is_empty());
}

#[tokio::test]
async fn a_call_waits_for_the_hold_seconds_of_its_agent_and_a_disconnect_loses_nothing() {
    let scene = Scene::new(Storage::Sqlite).await;
    let path = format!("/agents/{}", scene.agent.id);
    let patience = json!({"holdSeconds": 60});
    scene
        .human
        .put(&path)
        .json(patience)
        .send()
        .await
        .expect_status(200);
    let key = "kept";
    let proposed = scene
        .agent
        .propose(request("DELETE", "/x"))
        .idempotency_key(key);
    let gone = tokio::spawn(proposed.clone().send());
    scene.human.next_pending("/x").await;
    gone.abort();
    // Two calls with the same key wait for the same ruling, and one execution completes both.
    let (one, two) = (
        tokio::spawn(proposed.clone().send()),
        tokio::spawn(proposed.send()),
    );
    // Nothing reports that both calls wait.
    tokio::time::sleep(Duration::from_millis(200)).await;
    scene.human.decide_next("/x", "approve", "fine").await;
    for response in [one.await.unwrap(), two.await.unwrap()] {
        response.expect_status(200);
    }
    assert_eq!(scene.upstream.received_at("/x").len(), 1);
    // Blocking the agent ends the waiting call.
    let waiting = tokio::spawn(scene.agent.propose(request("DELETE", "/y")).send());
    scene.human.next_pending("/y").await;
    let block = format!("/agents/{}/block", scene.agent.id);
    scene.human.post(&block).send().await.expect_status(200);
    waiting.await.unwrap().expect_status(403);
    assert!(scene.upstream.received_at("/y").is_empty());
}

#[tokio::test]
async fn events_are_streamed() {
    let scene = Scene::new(Storage::Sqlite).await;
    let pause = Duration::from_millis(150);
    scene
        .upstream
        .on("/events", Reply::events(&["one", "two", "three"], pause));
    let call = bare(&scene, Method::GET, "/events").bearer(&scene.agent.key);
    let response = call.send().await.expect_status(200);
    assert_eq!(response.header("content-type"), Some("text/event-stream"));
    assert!(response.text().contains("three"));
}
