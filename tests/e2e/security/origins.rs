//! A credential is used only for the origin of its upstream, and the dashboard's session only for the origin of the
//! gateway.

use gaiterguard_testkit::scene::{CREDENTIAL, Scene};
use gaiterguard_testkit::{EchoUpstream, Reply, Storage, TestGateway};
use http::Method;
use serde_json::{Value, json};

/// Creates a scene whose gateway may also call a second upstream.
async fn with_another() -> (Scene, EchoUpstream) {
    let (first, other) = (EchoUpstream::start().await, EchoUpstream::start().await);
    let allow = format!(
        "127.0.0.1/32:{},127.0.0.1/32:{}",
        first.address().port(),
        other.address().port()
    );
    let builder = TestGateway::builder(Storage::Sqlite)
        .setting("UPSTREAM_PRIVATE_ALLOW", allow)
        .setting("UPSTREAM_HOSTS", "first.example=127.0.0.1");
    (Scene::on_allowed(builder, first).await, other)
}

async fn change_service(scene: &Scene, change: Value) -> Value {
    let path = format!("/services/{}", scene.service.id);
    let call = scene.human.put(&path).json(change);
    call.send().await.expect_status(200).json()
}

async fn test_call_status(scene: &Scene) -> u16 {
    let path = format!("/services/{}/test-call", scene.service.id);
    let call = scene.human.post(&path).json(json!({"path": "/"}));
    call.send().await.status.as_u16()
}

#[tokio::test]
async fn a_service_that_moves_to_another_origin_loses_its_credential() {
    let (scene, other) = with_another().await;
    let port = scene.upstream.address().port();
    for base_url in [
        other.url(),
        format!("http://first.example:{port}"),
        format!("https://127.0.0.1:{port}"),
    ] {
        let moved = change_service(&scene, json!({"baseUrl": base_url})).await;
        assert_eq!(
            moved["credentials"],
            json!({"keys": [], "count": 0}),
            "{base_url}"
        );
        test_call_status(&scene).await;
        let response = scene.get("/").await;
        assert!(response.status.is_server_error(), "{}", response.text());
        // It does not return with the old address.
        let back = change_service(&scene, json!({"baseUrl": scene.upstream.url()})).await;
        assert_eq!(back["credentials"]["count"], 0);
        let path = format!("/services/{}/credentials", scene.service.id);
        let token = json!({"token": CREDENTIAL});
        scene
            .human
            .post(&path)
            .json(token)
            .send()
            .await
            .expect_status(200);
    }
    for received in scene.upstream.received().iter().chain(&other.received()) {
        assert_eq!(received.header("authorization"), None);
    }
    let audit = scene.human.read("/audit?limit=200").await;
    let dropped = audit["items"].as_array().unwrap().iter().filter(|entry| {
        entry["event"] == "service.updated" && entry["detail"]["credential_dropped"] == true
    });
    assert_eq!(dropped.count(), 3);
}

#[tokio::test]
async fn a_service_that_stays_at_its_origin_keeps_its_credential() {
    let (scene, other) = with_another().await;
    let port = scene.upstream.address().port();
    for base_url in [
        format!("http://127.0.0.1:{port}/v1"),
        format!("HTTP://127.0.0.1:{port}/"),
    ] {
        let same = change_service(&scene, json!({"baseUrl": base_url})).await;
        assert_eq!(same["credentials"]["count"], 1, "{base_url}");
    }
    scene.get("/").await.expect_status(200);
    // The default port may be omitted.
    let service = scene
        .human
        .create_bearer_service("ports", "https://api.example.com", "token-of-it")
        .await;
    let path = format!("/services/{}", service.id);
    for base_url in ["https://api.example.com:443/v2", "https://API.example.com"] {
        let call = scene.human.put(&path).json(json!({"baseUrl": base_url}));
        let same = call.send().await.expect_status(200).json();
        assert_eq!(same["credentials"]["count"], 1, "{base_url}");
    }
    // A new credential may be given with a new address.
    let moved = change_service(
        &scene,
        json!({"baseUrl": other.url(), "credentials": {"token": "another-token"}}),
    )
    .await;
    assert_eq!(moved["credentials"]["count"], 1);
    scene.get("/").await.expect_status(200);
    let received = other.only();
    assert_eq!(
        received.header("authorization"),
        Some("Bearer another-token")
    );
}

#[tokio::test]
async fn an_upstream_cannot_touch_the_dashboards_session() {
    let scene = Scene::new(Storage::Sqlite).await;
    let planted = Reply::text("x")
        .header("Set-Cookie", "theirs=1; Path=/")
        .header("Set-Cookie", "gaiterguard_refresh=planted; Path=/auth")
        .header("Set-Cookie", " GaiterGuard_Refresh = planted; Path=/auth")
        .header("Set-Cookie", "=gaiterguard_refresh=planted; Path=/auth")
        .header(
            "Set-Cookie",
            "__Host-gaiterguard_refresh=planted; Path=/; Secure",
        )
        .header("Set-Cookie", "gaiterguard_device=planted; Path=/auth/login")
        .header("Set-Cookie", "more=2; HttpOnly")
        .header("Clear-Site-Data", "\"cookies\", \"storage\"")
        .header("Service-Worker-Allowed", "/")
        .header(
            "Strict-Transport-Security",
            "max-age=31536000; includeSubDomains",
        )
        .header("Alt-Svc", "h3=\"elsewhere.example:443\"")
        .header("ETag", "\"1\"");
    scene.upstream.on("/plant", planted);
    let query = scene
        .human
        .create_service(
            "by-query",
            &scene.upstream.url(),
            "query",
            json!({"param": "key", "value": CREDENTIAL}),
        )
        .await;
    let agent = scene.human.create_agent("linked", &[&query]).await;
    let client = scene.gateway.client();
    // A link that a human follows needs no header.
    let link = format!("/s/by-query/plant?key={}", agent.key);
    let kept = scene.get("/plant").await;
    let passed = scene
        .agent
        .call(Method::GET, "/s/things/plant")
        .send()
        .await;
    for response in [client.get(&link).send().await, passed, kept] {
        let response = response.expect_status(200);
        let cookies = response.headers("set-cookie");
        assert_eq!(cookies, ["theirs=1; Path=/", "more=2; HttpOnly"]);
        for name in [
            "clear-site-data",
            "service-worker-allowed",
            "strict-transport-security",
            "alt-svc",
        ] {
            assert_eq!(response.header(name), None, "{name}");
        }
        assert_eq!(response.header("etag"), Some("\"1\""));
    }
    let carried = client
        .get(&link)
        .header("cookie", "a=1; gaiterguard_refresh=gr_1; b=2");
    carried.send().await.expect_status(200);
    let received = scene.upstream.received().pop().unwrap();
    assert_eq!(received.header("cookie"), Some("a=1; b=2"));
}
