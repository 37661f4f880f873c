//! Unmodified clients of `/s/{service}/…` that follow the addresses in responses, ask for a length, or use methods of
//! other protocols.

use std::process::Command;

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{EchoUpstream, Reply, Response, Storage, TestGateway, finish};
use http::Method;

/// A service that knows itself as `http://real.test:PORT/v1`.
async fn scene() -> (Scene, String) {
    let upstream = EchoUpstream::start().await;
    let base_url = format!("http://real.test:{}/v1", upstream.address().port());
    let builder =
        TestGateway::builder(Storage::Sqlite).setting("UPSTREAM_HOSTS", "real.test=127.0.0.1");
    let scene = Scene::before(builder, upstream, &base_url).await;
    scene.allow_everything().await;
    (scene, base_url)
}

async fn get(scene: &Scene, path: &str) -> Response {
    let response = scene
        .agent
        .call(Method::GET, &format!("/s/things{path}"))
        .send()
        .await;
    assert_eq!(response.header("x-proxy-status"), Some("forwarded"));
    response
}

#[tokio::test]
async fn addresses_of_the_service_in_headers_lead_back_to_the_gateway() {
    let (scene, base_url) = scene().await;
    let served = format!("{}/s/things", scene.gateway.url());
    let next =
        format!("<{base_url}/items?page=2>; rel=\"next\", <{base_url}0/items>; rel=\"other\"");
    scene
        .upstream
        .on("/v1/items", Reply::text("1").header("Link", &next));
    let link = get(&scene, "/items").await;
    assert_eq!(
        link.header("link").unwrap(),
        format!("<{served}/items?page=2>; rel=\"next\", <{base_url}0/items>; rel=\"other\"")
    );

    let created = Reply::status(201)
        .header("Location", &format!("{base_url}/items/7"))
        .header("Content-Location", "/v1/items/7");
    scene.upstream.on("/v1/new", created);
    let created = scene
        .agent
        .call(Method::POST, "/s/things/new")
        .body("{}")
        .send()
        .await;
    let created = created.expect_status(201);
    let item = format!("{served}/items/7");
    assert_eq!(created.header("location"), Some(item.as_str()));
    assert_eq!(created.header("content-location"), Some(item.as_str()));

    let elsewhere = "https://login.example/authorize";
    scene.upstream.on("/v1/login", Reply::redirect(elsewhere));
    assert_eq!(
        get(&scene, "/login").await.header("location"),
        Some(elsewhere)
    );

    // A request with an absolute URL gets the upstream's own addresses.
    let proposed = serde_json::json!({
        "service": "things", "method": "GET", "path": "/items", "intent": "Read the items",
    });
    let proposed = scene.agent.propose(proposed).send().await;
    assert_eq!(proposed.header("link"), Some(next.as_str()));
}

#[tokio::test]
async fn a_client_that_follows_redirects_and_pages_never_leaves_the_gateway() {
    let (scene, base_url) = scene().await;
    for (from, to) in [("/v1/a", "/b"), ("/v1/b", "/c")] {
        scene
            .upstream
            .on(from, Reply::redirect(&format!("{base_url}{to}")));
    }
    scene.upstream.on("/v1/c", Reply::text("arrived"));
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--location", "--max-time", "20", "--header"])
        .arg(format!("X-API-Key: {}", scene.agent.key))
        .arg(format!("{}/s/things/a", scene.gateway.url()));
    let output = finish(curl, "").await;
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "arrived",
        "{output:?}"
    );
    let received = scene.upstream.received();
    assert_eq!(received.len(), 3);
    for request in received {
        assert!(
            !format!("{:?}", request.headers).contains("agt_"),
            "{request:?}"
        );
        assert_eq!(
            request.header("host").unwrap(),
            &base_url[7..base_url.len() - 3]
        );
    }
}

#[tokio::test]
async fn a_replayed_response_leads_to_the_gateway_too() {
    let (scene, base_url) = scene().await;
    let location = format!("{base_url}/items/7");
    scene
        .upstream
        .on("/v1/new", Reply::status(201).header("Location", &location));
    for status in ["processed", "replayed"] {
        let created = scene
            .agent
            .call(Method::POST, "/s/things/new")
            .idempotency_key("new");
        let created = created.body("{}").send().await.expect_status(201);
        assert_eq!(created.header("x-idempotency-status"), Some(status));
        let expected = format!("{}/s/things/items/7", scene.gateway.url());
        assert_eq!(created.header("location"), Some(expected.as_str()));
    }
}

#[tokio::test]
async fn the_public_url_is_used_if_there_is_one_and_else_the_address_that_the_client_used() {
    for (public_url, expected) in [
        (Some("http://localhost:4000"), "http://localhost:4000"),
        (None, "http://gateway.internal:3000"),
    ] {
        let upstream = EchoUpstream::start().await;
        let base_url = upstream.url();
        let mut builder = TestGateway::builder(Storage::Sqlite);
        if let Some(public_url) = public_url {
            builder = builder.setting("PUBLIC_URL", public_url);
        }
        let scene = Scene::before(builder, upstream, &base_url).await;
        scene
            .upstream
            .on("/a", Reply::redirect(&format!("{base_url}/b")));
        let call = scene.agent.call(Method::GET, "/s/things/a");
        let response = call.header("host", "gateway.internal:3000").send().await;
        let expected = format!("{expected}/s/things/b");
        assert_eq!(response.header("location"), Some(expected.as_str()));
    }
}

#[tokio::test]
async fn a_head_request_learns_the_length_that_the_upstream_states() {
    let (scene, _) = scene().await;
    scene.upstream.on("/v1/file", Reply::text("0123456789"));
    let head = scene
        .agent
        .call(Method::HEAD, "/s/things/file")
        .send()
        .await;
    let head = head.expect_status(200);
    assert_eq!(head.header("content-length"), Some("10"));
    assert!(head.body.is_empty());
    let get = get(&scene, "/file").await;
    assert_eq!(get.header("content-length"), Some("10"));
}

#[tokio::test]
async fn the_methods_of_other_protocols_pass_as_unsafe_ones() {
    let upstream = EchoUpstream::start().await;
    let base_url = upstream.url();
    let scene = Scene::before(TestGateway::builder(Storage::Sqlite), upstream, &base_url).await;
    let call = |method: &str, path: &str| {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let call = scene.agent.call(method, &format!("/s/things{path}"));
        call.header("x-agent-intent", "Look at the folder")
    };
    // Without a rule, a human decides about them.
    for method in ["PROPFIND", "REPORT", "LIST", "MKCOL"] {
        let held = call(method, "/folder").send().await;
        held.expect_problem(428, "approval_required");
    }
    assert_eq!(scene.upstream.heads(), 0);
    scene
        .human
        .create_rule(serde_json::json!({
            "name": "Folders", "effect": "allow", "enabled": true,
            "condition": "request.method in [\"PROPFIND\", \"MOVE\"]",
        }))
        .await;
    scene
        .upstream
        .on("/folder", Reply::status(207).body("<multistatus/>"));
    let found = call("PROPFIND", "/folder")
        .header("depth", "1")
        .body("<propfind/>")
        .send()
        .await;
    assert_eq!(found.expect_status(207).text(), "<multistatus/>");
    let received = scene.upstream.only();
    assert_eq!(
        (received.method.as_str(), received.text().as_str()),
        ("PROPFIND", "<propfind/>")
    );
    assert_eq!(received.header("depth"), Some("1"));

    // A client names the new place by the URL that it knows.
    let destination = format!("{}/s/things/folder/new", scene.gateway.url());
    call("MOVE", "/folder/old")
        .header("destination", &destination)
        .send()
        .await
        .expect_status(200);
    let moved = scene.upstream.received_at("/folder/old").remove(0);
    assert_eq!(
        moved.header("destination"),
        Some(format!("{base_url}/folder/new").as_str())
    );

    for method in ["TRACE", "get", "propfind"] {
        let refused = call(method, "/folder").send().await;
        refused.expect_problem(405, "method_not_allowed");
    }
    let with_key = call("PROPFIND", "/folder")
        .idempotency_key("find")
        .send()
        .await;
    assert_eq!(
        with_key.expect_status(207).header("x-idempotency-status"),
        Some("processed")
    );
}
