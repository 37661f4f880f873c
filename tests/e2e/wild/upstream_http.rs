//! Upstreams whose HTTP is old, long, sloppy, or only HTTP/2.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gaiterguard_testkit::scene::{CREDENTIAL, Scene, post, request};
use gaiterguard_testkit::{
    Http2Upstream, Reply, Response, Storage, TestGateway, on_both_databases,
};
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

on_both_databases!(
    a_response_head_beyond_the_limits_leaves_no_unknown_outcome,
    only_a_read_without_a_key_is_sent_again_if_an_idle_connection_closes,
);

/// Sends a POST with a key.
async fn post_with_key(scene: &Scene, path: &str, key: &str) -> Response {
    let proposed = scene.agent.propose(post(path, json!({"amount": 1})));
    proposed.idempotency_key(key).send().await
}

fn with_links(count: usize) -> Reply {
    (0..count).fold(Reply::text("linked"), |reply, page| {
        reply.header(
            "Link",
            &format!("<https://api.example/items?page={page}>; rel=\"item\""),
        )
    })
}

#[tokio::test]
async fn an_upstream_that_knows_header_names_in_title_case_alone_finds_them() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    scene.upstream.on_request("/old", |received| {
        let has = |name: &str| received.headers.iter().any(|(sent, _)| sent == name);
        if [
            "Authorization",
            "Content-Type",
            "Content-Length",
            "Host",
            "X-Trace-Id",
        ]
        .into_iter()
        .all(has)
        {
            Reply::text("understood")
        } else {
            Reply::status(401)
        }
    });
    let mut proposed = post("/old", json!({"amount": 1}));
    proposed["headers"] = json!({"x-trace-id": "7"});
    let proposed = scene.agent.propose(proposed).idempotency_key("old");
    assert_eq!(
        proposed.send().await.expect_status(200).text(),
        "understood"
    );
    let passed = scene.agent.call(Method::POST, "/s/things/old");
    let passed = passed.header("x-trace-id", "7").json(json!({"amount": 1}));
    assert_eq!(passed.send().await.expect_status(200).text(), "understood");
}

#[tokio::test]
async fn hundreds_of_response_headers_pass_and_are_replayed() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    scene.upstream.on("/linked", with_links(900));
    let read = scene.get("/linked").await.expect_status(200);
    assert_eq!(read.headers("link").len(), 900);
    for status in ["processed", "replayed"] {
        let written = post_with_key(&scene, "/linked", "linked").await;
        let written = written.expect_status(200);
        assert_eq!(written.header("x-idempotency-status"), Some(status));
        assert_eq!(written.headers("link"), read.headers("link"));
        assert_eq!(written.text(), "linked");
    }
}

async fn a_response_head_beyond_the_limits_leaves_no_unknown_outcome(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.upstream.on("/linked", with_links(1100));
    let held = scene
        .agent
        .propose_held(request("DELETE", "/linked"), "held")
        .await;
    scene.human.approve(&held).await;
    let executed = scene.agent.execute(&held).send().await;
    let problem = executed.expect_problem(502, "upstream_broken").json();
    assert_eq!(problem["upstream_status"], 200);
    let status = scene.agent.status(&held).await;
    assert_eq!(status["status"], "EXECUTED");
    assert_eq!(status["result"]["status"], 200);
    assert_eq!(status["result"]["truncated"], true);
    let action = scene.human.action(&held).await;
    assert_eq!(action["status"], "EXECUTED");
    assert_eq!(action["result"]["status"], 200);

    scene.allow_everything().await;
    let read = scene
        .get("/linked")
        .await
        .expect_problem(502, "upstream_broken");
    assert_eq!(read.header("x-proxy-status"), Some("upstream-failed"));
    let detail = read.json()["detail"].as_str().unwrap().to_owned();
    for part in ["status 200", "1000 fields", "256 KiB"] {
        assert!(detail.contains(part), "{detail}");
    }
    let first = post_with_key(&scene, "/linked", "linked").await;
    assert_eq!(
        first.expect_problem(502, "upstream_broken").json()["upstream_status"],
        200
    );
    let again = post_with_key(&scene, "/linked", "linked").await;
    let again = again.expect_problem(409, "answer_not_kept").json();
    assert_eq!(again["upstream_status"], 200);
    assert_eq!(scene.upstream.received_at("/linked").len(), 3);
    let recorded = scene.human.read("/requests?limit=5").await;
    for entry in recorded["items"].as_array().unwrap() {
        assert_eq!(entry["upstream_status"], 200, "{entry}");
    }
}

#[tokio::test]
async fn folded_response_headers_are_unfolded_and_nonsense_is_dropped() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    let sloppy = Reply::text("sloppy")
        .header("X-Policy", "a\r\n\tb")
        .header("Secured by X ", "y")
        .header("X-Spaced ", "z")
        .header("X-Echo", &format!("Bearer\r\n {CREDENTIAL}"))
        .header("X-Last", "kept");
    scene.upstream.on("/sloppy", sloppy);
    for response in [
        scene.get("/sloppy").await,
        post_with_key(&scene, "/sloppy", "sloppy").await,
        post_with_key(&scene, "/sloppy", "sloppy").await,
    ] {
        let response = response.expect_status(200);
        assert_eq!(response.header("x-policy"), Some("a b"));
        assert_eq!(response.header("x-spaced"), Some("z"));
        assert_eq!(response.header("x-last"), Some("kept"));
        let echo = response.header("x-echo").unwrap();
        assert!(
            echo.starts_with("Bearer ") && !echo.contains(CREDENTIAL),
            "{echo}"
        );
        assert_eq!(response.text(), "sloppy");
    }
    assert_eq!(scene.upstream.received_at("/sloppy").len(), 2);
}

#[tokio::test]
async fn a_malformed_response_is_named_with_the_status_that_was_read() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    let contradictory = Reply::status(201)
        .header("Content-Length", "1")
        .header("Content-Length", "2")
        .body("xx");
    scene.upstream.on("/contradictory", contradictory);
    let response = post_with_key(&scene, "/contradictory", "contradictory").await;
    let problem = response.expect_problem(502, "upstream_broken").json();
    assert_eq!(problem["upstream_status"], 201);
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("status 201") && detail.contains("malformed"),
        "{detail}"
    );
    let again = post_with_key(&scene, "/contradictory", "contradictory").await;
    again.expect_problem(409, "answer_not_kept");
    assert_eq!(scene.upstream.heads(), 1);
}

async fn only_a_read_without_a_key_is_sent_again_if_an_idle_connection_closes(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.allow_everything().await;
    // Every second request is closed without a byte: the one that arrives on a used connection.
    let count = Arc::new(AtomicUsize::new(0));
    scene.upstream.on_request("/idle", move |_| {
        if count.fetch_add(1, Ordering::SeqCst) % 2 == 1 {
            Reply::close()
        } else {
            Reply::text("alive")
        }
    });
    for sent in [1, 3] {
        assert_eq!(scene.get("/idle").await.expect_status(200).text(), "alive");
        assert_eq!(scene.upstream.heads(), sent);
    }
    let keyed = scene.agent.propose(request("GET", "/idle"));
    let keyed = keyed.idempotency_key("read").send().await;
    keyed.expect_problem(502, "upstream_broken");
    assert_eq!(scene.upstream.heads(), 4);
    for key in ["first", "second"] {
        let status = if key == "first" { 200 } else { 502 };
        post_with_key(&scene, "/idle", key)
            .await
            .expect_status(status);
    }
    assert_eq!(scene.upstream.heads(), 6);
    let again = post_with_key(&scene, "/idle", "second").await;
    again.expect_problem(409, "outcome_unknown");
    assert_eq!(scene.upstream.heads(), 6);
}

#[tokio::test]
async fn a_read_that_fails_on_a_fresh_connection_is_sent_once() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.upstream.on("/closing", Reply::close());
    let response = scene.get("/closing").await;
    response.expect_problem(502, "upstream_broken");
    assert_eq!(scene.upstream.heads(), 1);
}

#[tokio::test]
async fn an_upstream_that_speaks_only_http_2_is_spoken_to_by_every_door_and_in_a_test_call() {
    let upstream = Http2Upstream::start().await;
    let builder = TestGateway::builder(Storage::Sqlite)
        .setting("UPSTREAM_CA_FILE", upstream.certificate_file().display())
        .setting("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8,::1/128");
    let url = upstream.url();
    let scene = Scene::before(builder, upstream, &url).await;
    scene.allow_everything().await;
    let got = |response: Response| response.expect_status(200).text();
    assert_eq!(
        got(scene.agent.propose(request("GET", "/a?b=c")).send().await),
        "GET /a?b=c 0"
    );
    for replayed in [false, true] {
        let proposed = scene.agent.propose(post("/push", json!({"amount": 1})));
        let response = proposed.idempotency_key("push").send().await;
        let status = response.header("x-proxy-status");
        assert_eq!(status == Some("replayed"), replayed, "{status:?}");
        assert_eq!(got(response), "POST /push 12");
    }
    let passed = scene.agent.call(Method::PUT, "/s/things/put");
    assert_eq!(
        got(passed.json(json!({"a": "b"})).send().await),
        "PUT /put 9"
    );
    let path = format!("/services/{}/test-call", scene.service.id);
    let tested = scene.human.post(&path).json(json!({"path": "/test"}));
    let tested: Value = tested.send().await.expect_status(200).json();
    assert_eq!(tested["status"], 200, "{tested}");
    let requests = scene.upstream.requests();
    assert_eq!(
        requests,
        ["GET /a?b=c", "POST /push", "PUT /put", "GET /test"]
    );
}

#[tokio::test]
async fn reads_that_an_upstream_refuses_together_do_not_become_a_burst_of_connections() {
    const READS: usize = 97;
    let upstream = Http2Upstream::start().await;
    let builder = TestGateway::builder(Storage::Sqlite)
        .setting("UPSTREAM_CA_FILE", upstream.certificate_file().display())
        .setting("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8,::1/128");
    let url = upstream.url();
    let scene = Scene::before(builder, upstream, &url).await;
    scene.allow_everything().await;
    for (path, connections) in [("/busy", 1), ("/leaving", 3)] {
        let target = format!("/s/things{path}");
        let mut reads = JoinSet::new();
        for _ in 0..READS {
            let call = scene.agent.call(Method::GET, &target);
            reads.spawn(async move { call.send().await });
        }
        for response in reads.join_all().await {
            assert_eq!(response.expect_status(200).text(), format!("GET {path} 0"));
        }
        assert_eq!(scene.upstream.connections(), connections, "{path}");
    }
    let requests = scene.upstream.requests();
    let busy = requests.iter().filter(|request| *request == "GET /busy");
    assert_eq!(busy.count(), 2 * READS);
}
