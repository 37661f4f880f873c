//! Reverse proxies with their defaults.

use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{Held, Reply, Storage, TestGateway};
use http::Method;
use serde_json::json;

#[tokio::test]
async fn proxies_are_asked_not_to_collect_streams() {
    let scene = Scene::new(Storage::Sqlite).await;
    let stream = scene.human.call(Method::GET, "/events").open().await;
    assert_eq!(stream.headers["x-accel-buffering"], "no");
    drop(stream);

    let events = Reply::events(&["one", "two"], Duration::ZERO);
    scene.upstream.on("/sse", events);
    let relayed = scene.agent.call(Method::GET, "/s/things/sse").send().await;
    assert_eq!(relayed.header("x-accel-buffering"), Some("no"));

    // Other streams have no length either.
    let lines = Reply::text("{}\n{}\n").chunked();
    scene.upstream.on("/lines", lines);
    let relayed = scene
        .agent
        .call(Method::GET, "/s/things/lines")
        .send()
        .await;
    assert_eq!(relayed.header("x-accel-buffering"), Some("no"));

    // The upstream's own wish is kept.
    let own = Reply::events(&["one"], Duration::ZERO).header("x-accel-buffering", "yes");
    scene.upstream.on("/own", own);
    let relayed = scene.agent.call(Method::GET, "/s/things/own").send().await;
    assert_eq!(relayed.header("x-accel-buffering"), Some("yes"));

    let plain = scene.get("/notes").await;
    assert_eq!(plain.header("x-accel-buffering"), None);
}

/// A gateway below the path `/gg` of its host.
async fn below_a_path() -> Scene {
    let builder =
        TestGateway::builder(Storage::Sqlite).setting("PUBLIC_URL", "http://localhost:8080/gg/");
    Scene::on(builder).await
}

#[tokio::test]
async fn a_gateway_below_a_path_serves_with_and_without_it() {
    let scene = below_a_path().await;
    scene.allow_everything().await;
    let client = scene.gateway.client();
    // Some reverse proxies remove the path, others pass it on.
    for path in ["", "/gg"] {
        let health = client.call(Method::GET, &format!("{path}/health"));
        health.send().await.expect_status(200);
        let call = format!("{path}/s/things/a%2Fb?c=d");
        scene
            .agent
            .call(Method::GET, &call)
            .send()
            .await
            .expect_status(200);
    }
    let received = scene.upstream.received();
    assert_eq!(received.len(), 2);
    assert!(
        received
            .iter()
            .all(|received| received.target == "/a%2Fb?c=d")
    );
    for other in ["/ggg/health", "/gg2/health", "/other/health"] {
        client
            .call(Method::GET, other)
            .send()
            .await
            .expect_status(404);
    }
}

#[tokio::test]
async fn links_pages_and_cookies_of_a_gateway_below_a_path_have_the_path() {
    let scene = below_a_path().await;
    let client = scene.gateway.client();
    let start = client.call(Method::GET, "/").send().await;
    assert_eq!(start.header("location"), Some("/gg/app/"));
    for page in ["/app/", "/gg/app/services/1"] {
        let page = client
            .call(Method::GET, page)
            .header("accept-encoding", "br, gzip");
        let page = page.send().await.expect_status(200).text();
        assert!(page.contains(r#"src="/gg/app/assets/"#), "{page}");
        assert!(page.contains(r#"name="gateway" content="/gg/""#), "{page}");
        assert!(!page.contains(r#"="/app/"#), "{page}");
    }
    let document = client.call(Method::GET, "/openapi.json").send().await;
    assert_eq!(document.json()["servers"][0]["url"], "/gg");
    let held = scene.agent.propose(request("DELETE", "/x")).send().await;
    let held = held.expect_status(428);
    let body = held.json();
    let status = body["status_url"].as_str().unwrap();
    assert!(status.starts_with("/gg/status/"), "{status}");
    assert_eq!(held.header("location"), Some(status));
    let held = Held::from_response(held);
    scene.human.approve(&held).await;
    let status = scene
        .agent
        .call(Method::GET, status)
        .send()
        .await
        .expect_status(200)
        .json();
    let execute = status["execute_url"].as_str().unwrap();
    assert!(execute.starts_with("/gg/proxy/execute/"), "{execute}");
    scene
        .agent
        .call(Method::POST, execute)
        .send()
        .await
        .expect_status(200);

    let login = json!({
        "email": scene.human.email, "password": "correct horse battery staple", "session": "cookie",
    });
    let login = client
        .call(Method::POST, "/gg/auth/login")
        .json(login)
        .send()
        .await;
    let cookies = login.expect_status(200).headers("set-cookie").join("; ");
    assert!(cookies.contains("Path=/gg/auth;"), "{cookies}");

    let url = scene.upstream.url();
    scene.allow_everything().await;
    let moved = Reply::status(201).header("Location", &format!("{url}/items/7"));
    scene.upstream.on("/items", moved);
    let created = scene
        .agent
        .call(Method::GET, "/s/things/items")
        .send()
        .await;
    assert_eq!(
        created.header("location"),
        Some("http://localhost:8080/gg/s/things/items/7")
    );
}
