//! Requests arrive at the upstream unchanged, and its responses return unchanged.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gaiterguard_testkit::scene::{CREDENTIAL, Scene, request};
use gaiterguard_testkit::{
    McpClient, McpMode, McpTransport, Received, Reply, Storage, TestGateway, finish,
};
use http::Method;
use serde_json::json;

#[tokio::test]
async fn paths_and_queries_arrive_byte_for_byte() {
    let scene = Scene::new(Storage::Sqlite).await;
    for target in [
        "/a",
        "/a/",
        "/a%20b?x=%20+&y",
        "/a%2Fb",
        "/~a!$&'()*+,=:@;p",
        "/a?x=//../?&",
    ] {
        scene.get(target).await.expect_status(200);
        assert_eq!(scene.upstream.received().last().unwrap().target, target);
    }
}

#[tokio::test]
async fn bodies_arrive_unchanged() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    let cases = [
        (r#""plain \"text\"""#, "plain \"text\"", None),
        (
            r#"{"z": 1.10, "a": 1e3, "n": 12345678901234567890123}"#,
            r#"{"z":1.10,"a":1e3,"n":12345678901234567890123}"#,
            Some("application/json"),
        ),
        (
            r#"[1, null, "é"]"#,
            r#"[1,null,"é"]"#,
            Some("application/json"),
        ),
    ];
    for (number, (body, arrives, content_type)) in cases.into_iter().enumerate() {
        let proposal = format!(
            r#"{{"service":"things","method":"post","path":"/","intent":"Send","body":{body}}}"#
        );
        let call = scene
            .agent
            .call(Method::POST, "/proxy")
            .header("content-type", "application/json");
        let call = call
            .idempotency_key(&format!("body-{number}"))
            .body(proposal);
        call.send().await.expect_status(200);
        let received = scene.upstream.received().pop().unwrap();
        let without_space = received.text().replace([' ', '\n'], "");
        assert_eq!(without_space, arrives.replace(' ', ""), "{body}");
        assert_eq!(received.header("content-type"), content_type, "{body}");
    }
    let mut bytes = request("PUT", "/bytes");
    bytes["body_base64"] = json!("AP8B");
    scene
        .agent
        .propose(bytes.clone())
        .send()
        .await
        .expect_status(200);
    assert_eq!(
        scene.upstream.received().pop().unwrap().body,
        b"\x00\xff\x01"
    );
    bytes["body"] = json!("two");
    scene.agent.propose(bytes).send().await.expect_status(400);
}

#[tokio::test]
async fn headers_that_agents_must_not_set_are_dropped() {
    let scene = Scene::new(Storage::Sqlite).await;
    let mut proposal = request("GET", "/");
    proposal["headers"] = json!({
        "X-Kept": ["one", "two"], "Accept": "*/*", "Cookie": "a=b",
        "Authorization": "Bearer mine", "AUTHORIZATION": "Bearer mine too",
        "Connection": "X-Named, keep-alive", "X-Named": "1", "Keep-Alive": "1", "TE": "trailers",
        "Transfer-Encoding": "chunked", "Upgrade": "h2c", "Host": "elsewhere.example",
        "Content-Length": "5", "Idempotency-Key": "inner", "X-Agent-Intent": "inner",
        "Prefer": "wait=1", "Expect": "100-continue", "Forwarded": "for=1.1.1.1",
        "X-Forwarded-For": "1.1.1.1", "X_Forwarded_Host": "x", "X-Real-IP": "1.1.1.1",
        "X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE", "X-Original-URL": "/admin",
        "X-Rewrite-URL": "/admin", "X-Proxy-Status": "forwarded", "Agent-Key": "x",
        "X-Note": format!("key is {}", scene.agent.key),
    });
    scene
        .agent
        .propose(proposal)
        .send()
        .await
        .expect_status(200);
    let received = scene.upstream.only();
    let kept: Vec<&str> = received
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("x-kept"))
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(kept, ["one", "two"]);
    assert_eq!(
        (received.header("cookie"), received.header("accept")),
        (Some("a=b"), Some("*/*"))
    );
    assert_eq!(
        received.header("authorization"),
        Some(format!("Bearer {CREDENTIAL}").as_str())
    );
    assert_eq!(received.header_count("authorization"), 1);
    let host = scene.upstream.address().to_string();
    assert_eq!(received.header("host"), Some(host.as_str()));
    for name in [
        "x-named",
        "keep-alive",
        "te",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "idempotency-key",
        "x-agent-intent",
        "prefer",
        "expect",
        "forwarded",
        "x-forwarded-for",
        "x_forwarded_host",
        "x-forwarded-host",
        "x-real-ip",
        "x-http-method-override",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
        "x-proxy-status",
        "agent-key",
        "x-note",
    ] {
        assert_eq!(received.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn every_preference_but_the_gateways_own_reaches_the_upstream() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    let both = "return=representation, resolution=merge-duplicates";
    for (sent, expected) in [
        (both, Some(both)),
        ("wait=5, return=minimal", Some("return=minimal")),
        ("count=exact", Some("count=exact")),
        ("wait=5", None),
        (
            "handling=lenient; a=\"b, wait=1\", WAIT = 5, respond-async",
            Some("handling=lenient; a=\"b, wait=1\", respond-async"),
        ),
    ] {
        let call = scene.agent.call(Method::POST, "/s/things/rows");
        let passed = call.header("prefer", sent).json(json!({"a": 1}));
        let mut proposal = request("GET", "/rows");
        proposal["headers"] = json!({"Prefer": sent});
        for call in [passed, scene.agent.propose(proposal)] {
            call.send().await.expect_status(200);
            let received = scene.upstream.received().pop().unwrap();
            assert_eq!(received.header("prefer"), expected, "{received:?}");
        }
    }
}

/// Sends a GET through every door, with this `User-Agent` or without one. Returns the requests that arrived.
async fn by_every_door(
    scene: &Scene,
    user_agent: Option<&str>,
) -> BTreeMap<&'static str, Received> {
    let mut proposal = request("GET", "/a");
    let mut passed = scene.agent.call(Method::GET, "/s/things/a");
    let mut arguments = vec!["GET", "/a", "--service", "things", "--intent", "Read a"];
    let header = format!("User-Agent: {}", user_agent.unwrap_or_default());
    if let Some(user_agent) = user_agent {
        proposal["headers"] = json!({"User-Agent": user_agent});
        passed = passed.header("user-agent", user_agent);
        arguments.extend(["--header", &header]);
    }
    let mut arrived = BTreeMap::new();
    let mut arrive = |door| {
        let received = scene.upstream.received().pop().unwrap();
        arrived.insert(door, received);
    };
    passed.send().await.expect_status(200);
    arrive("/s");
    let proposed = scene.agent.propose(proposal.clone());
    proposed.send().await.expect_status(200);
    arrive("/proxy");
    let (gateway, transport) = (&scene.gateway, McpTransport::Http);
    let mut client = McpClient::connect(gateway, &scene.agent, transport, McpMode::Newest).await;
    let result = client.call("proxy_request", proposal).await.expect_done();
    assert_eq!(result["status"], 200, "{result}");
    arrive("MCP");
    let mut command = gateway.command(&["call"]);
    command
        .args(arguments)
        .env("GAITERGUARD_URL", gateway.url())
        .env("GAITERGUARD_AGENT_KEY", &scene.agent.key);
    let output = finish(command, "").await;
    assert!(output.status.success(), "{output:?}");
    arrive("call");
    if user_agent.is_none() {
        let test_call = format!("/services/{}/test-call", scene.service.id);
        let tested = scene.human.post(&test_call).json(json!({"path": "/a"}));
        let shown = tested.send().await.expect_status(200).json();
        assert_eq!(shown["status"], 200, "{shown}");
        arrive("test call");
    }
    assert_eq!(scene.upstream.received().len(), arrived.len());
    arrived
}

#[tokio::test]
async fn an_upstream_that_requires_a_user_agent_gets_one_through_every_door() {
    for user_agent in [None, Some("assistant/7")] {
        let scene = Scene::new(Storage::Sqlite).await;
        scene.upstream.on_request("/a", |received| {
            match received.header("user-agent").unwrap_or_default() {
                "" => Reply::status(403),
                _ => Reply::text("a"),
            }
        });
        let own = format!("gaiterguard/{}", env!("CARGO_PKG_VERSION"));
        let expected = user_agent.unwrap_or(&own);
        for (door, received) in by_every_door(&scene, user_agent).await {
            assert_eq!(received.header("user-agent"), Some(expected), "{door}");
            assert_eq!(received.header_count("user-agent"), 1, "{door}");
        }
        let mut removal = request("DELETE", "/a");
        if let Some(user_agent) = user_agent {
            removal["headers"] = json!({"User-Agent": user_agent});
        }
        // A human sees it, because the digest covers it.
        let held = scene.agent.propose_held(removal, "removal").await;
        let headers = scene.human.action(&held).await["request_headers"].clone();
        assert_eq!(headers["user-agent"], expected, "{headers}");
    }
}

#[tokio::test]
async fn responses_are_returned_unchanged() {
    let scene = Scene::new(Storage::Sqlite).await;
    let cookies = Reply::status(200)
        .header("Set-Cookie", "a=1")
        .header("Set-Cookie", "b=2");
    scene.upstream.on("/cookies", cookies);
    assert_eq!(
        scene.get("/cookies").await.headers("set-cookie"),
        ["a=1", "b=2"]
    );

    let elsewhere = format!("{}/elsewhere", scene.upstream.url());
    scene.upstream.on("/redirect", Reply::redirect(&elsewhere));
    let redirect = scene.get("/redirect").await.expect_status(302);
    assert_eq!(redirect.header("location"), Some(elsewhere.as_str()));
    assert!(
        scene.upstream.received_at("/elsewhere").is_empty(),
        "redirects are not followed"
    );

    for status in [201, 204, 304, 400, 401, 404, 409, 428, 429, 500, 503] {
        scene.upstream.on(
            "/status",
            Reply::status(status).header("X-Of-The-Upstream", "yes"),
        );
        let response = scene.get("/status").await.expect_status(status);
        assert_eq!(
            response.header("x-proxy-status"),
            Some("forwarded"),
            "{status}"
        );
        assert_eq!(
            response.header("x-of-the-upstream"),
            Some("yes"),
            "{status}"
        );
    }

    scene.upstream.on("/head", Reply::text("0123456789"));
    let head = scene
        .agent
        .propose(request("HEAD", "/head"))
        .send()
        .await
        .expect_status(200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("x-upstream-content-length"), Some("10"));

    scene
        .upstream
        .on("/cut", Reply::text("0123456789").cut_after(4));
    let cut = scene.agent.propose(request("GET", "/cut")).try_send().await;
    assert!(cut.is_err(), "an incomplete response looks complete");
}

#[tokio::test]
async fn responses_are_streamed_as_they_arrive() {
    let scene = Scene::new(Storage::Sqlite).await;
    let pause = Duration::from_secs(2);
    scene
        .upstream
        .on("/events", Reply::events(&["first", "second"], pause));
    let started = Instant::now();
    let mut stream = scene.agent.propose(request("GET", "/events")).open().await;
    stream.until("data: first\n\n").await;
    assert!(started.elapsed() < pause, "{:?}", started.elapsed());
    stream.until("data: second\n\n").await;
    assert!(stream.next().await.unwrap().is_none());
}

#[tokio::test]
async fn an_upstream_that_takes_too_long_is_reported_as_a_timeout() {
    let builder = TestGateway::builder(Storage::Sqlite)
        .setting("UPSTREAM_TIMEOUT_MS", 300)
        .setting("UPSTREAM_IDLE_TIMEOUT_MS", 300);
    let scene = Scene::on(builder).await;
    scene.upstream.on("/never", Reply::never());
    let late = scene
        .get("/never")
        .await
        .expect_problem(504, "upstream_timeout");
    assert_eq!(late.header("x-proxy-status"), Some("upstream-failed"));
    let stalls = Reply::events(&["first", "second"], Duration::from_secs(20));
    scene.upstream.on("/stalls", stalls);
    let started = Instant::now();
    assert!(
        scene
            .agent
            .propose(request("GET", "/stalls"))
            .try_send()
            .await
            .is_err()
    );
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_client_that_disconnects_ends_the_call_of_the_upstream() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.upstream.on(
        "/events",
        Reply::events(&["1", "2"], Duration::from_secs(30)),
    );
    let mut stream = scene.agent.propose(request("GET", "/events")).open().await;
    stream.until("data: 1").await;
    drop(stream);
    gaiterguard_testkit::eventually(
        "the connection to the upstream is closed",
        Duration::from_secs(15),
        || async { (scene.upstream.abandoned() == 1).then_some(()) },
    )
    .await;
}
