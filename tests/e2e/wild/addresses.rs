//! Names of upstreams: absolute ones, and ones with several addresses, some of them dead or not allowed.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{EchoUpstream, Reply, Storage, TestGateway, on_both_databases};
use http::Method;
use serde_json::json;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

on_both_databases!(a_name_with_a_final_dot_is_the_same_upstream,);

async fn a_name_with_a_final_dot_is_the_same_upstream(storage: Storage) {
    let name = "api.team.svc.cluster.local";
    let upstream = EchoUpstream::start_with_tls(&[name]).await;
    let port = upstream.address().port();
    let builder = TestGateway::builder(storage)
        .setting("UPSTREAM_CA_FILE", upstream.certificate_file().display())
        .setting("UPSTREAM_HOSTS", format!("{name}=127.0.0.1"));
    let base_url = format!("https://{name}.:{port}/v1");
    let scene = Scene::before(builder, upstream, &base_url).await;
    scene.allow_everything().await;
    assert_eq!(scene.service.json["baseUrl"], base_url);
    assert_eq!(scene.service.json["warnings"], json!([]));

    for (index, dot) in [".", ""].into_iter().enumerate() {
        let response = scene.agent.propose(json!({
            "method": "GET", "targetUrl": format!("https://{name}{dot}:{port}/v1/things"),
            "intent": "Read the things",
        }));
        response.send().await.expect_status(200);
        let received = scene.upstream.received().remove(index);
        assert_eq!(received.target, "/v1/things");
        assert_eq!(
            received.header("host"),
            Some(format!("{name}:{port}").as_str())
        );
    }
    // The same request under one key, in both spellings.
    for (dot, status) in [("", "processed"), (".", "replayed")] {
        let response = scene.agent.propose(json!({
            "method": "POST", "targetUrl": format!("https://{name}{dot}:{port}/v1/things"),
            "intent": "Add a thing", "body": {"name": "thing"},
        }));
        let response = response
            .idempotency_key("thing")
            .send()
            .await
            .expect_status(200);
        assert_eq!(response.header("x-idempotency-status"), Some(status));
    }
    // Neither spelling is another origin, for which the credential would be removed.
    let path = format!("/services/{}", scene.service.id);
    let moved = json!({"baseUrl": format!("https://{name}:{port}/v1")});
    let moved = scene
        .human
        .put(&path)
        .json(moved)
        .send()
        .await
        .expect_status(200)
        .json();
    assert_eq!(moved["baseUrl"], format!("https://{name}:{port}/v1"));
    assert_eq!(moved["credentials"]["count"], 1);
    let passed = scene
        .agent
        .call(Method::GET, "/s/things/again")
        .send()
        .await;
    passed.expect_status(200);
}

#[tokio::test]
async fn a_name_with_a_refused_address_is_named_with_the_setting_when_it_is_saved_and_used() {
    let upstream = EchoUpstream::start().await;
    let port = upstream.address().port();
    let name = "host.docker.internal";
    let builder = TestGateway::builder(Storage::Sqlite)
        .setting(
            "UPSTREAM_HOSTS",
            format!("{name}=127.0.0.1,{name}=fdc4:f303:9324::254"),
        )
        .setting("UPSTREAM_PRIVATE_ALLOW", format!("127.0.0.1/32:{port}"));
    let scene = Scene::before(builder, upstream, &format!("http://{name}:{port}")).await;
    let assert_named = |text: &str| {
        for part in [
            "fdc4:f303:9324::254 is a private address",
            "127.0.0.1",
            "fdc4:f303:9324::254/128",
            "UPSTREAM_PRIVATE_ALLOW",
        ] {
            assert!(text.contains(part), "{text}");
        }
    };
    assert_named(scene.service.json["warnings"][0].as_str().unwrap());
    let path = format!("/services/{}", scene.service.id);
    let shown = scene.human.read(&path).await;
    assert_named(shown["warnings"][0].as_str().unwrap());
    let saved = scene
        .human
        .put(&path)
        .json(json!({"description": "Local"}))
        .send()
        .await;
    assert_named(
        saved.expect_status(200).json()["warnings"][0]
            .as_str()
            .unwrap(),
    );
    let refused = scene
        .get("/a")
        .await
        .expect_problem(403, "target_not_allowed")
        .json();
    assert_named(refused["detail"].as_str().unwrap());
    let tested = scene.human.post(&format!("{path}/test-call"));
    let tested = tested.json(json!({"path": "/a"})).send().await;
    let tested = tested.expect_problem(403, "target_not_allowed").json();
    assert_named(tested["detail"].as_str().unwrap());
    assert_eq!(scene.upstream.connections(), 0);
}

#[tokio::test]
async fn a_name_whose_every_address_is_allowed_works_as_the_warning_says() {
    let upstream = EchoUpstream::start().await;
    let port = upstream.address().port();
    let name = "host.docker.internal";
    let builder = TestGateway::builder(Storage::Sqlite)
        .setting(
            "UPSTREAM_HOSTS",
            format!("{name}=127.0.0.1,{name}=fdc4:f303:9324::254"),
        )
        .setting(
            "UPSTREAM_PRIVATE_ALLOW",
            "127.0.0.1/32,fdc4:f303:9324::254/128",
        );
    let scene = Scene::before(builder, upstream, &format!("http://{name}:{port}")).await;
    assert_eq!(scene.service.json["warnings"], json!([]));
    scene.get("/a").await.expect_status(200);
}

/// Occupies a port of another loopback address without ever accepting a connection.
async fn dead_listener(port: u16) -> (TcpListener, JoinSet<()>) {
    let address = SocketAddr::from(([127, 0, 0, 2], port));
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(address).unwrap();
    let listener = socket.listen(1).unwrap();
    let mut waiting = JoinSet::new();
    for _ in 0..8 {
        waiting.spawn(async move {
            let _stream = TcpStream::connect(address).await;
            std::future::pending::<()>().await;
        });
    }
    // Until the queue is full, a connection would be accepted by the kernel.
    let deadline = Instant::now() + Duration::from_secs(5);
    while Instant::now() < deadline {
        let attempt = TcpStream::connect(address);
        if tokio::time::timeout(Duration::from_millis(200), attempt)
            .await
            .is_err()
        {
            return (listener, waiting);
        }
    }
    panic!("the queue does not fill up");
}

#[tokio::test]
async fn a_dead_address_of_a_name_hardly_delays_requests_and_not_every_time() {
    let upstream = EchoUpstream::start().await;
    upstream.on("/a", Reply::text("alive").header("Connection", "close"));
    let port = upstream.address().port();
    let _dead = dead_listener(port).await;
    let builder = TestGateway::builder(Storage::Sqlite)
        .setting("UPSTREAM_HOSTS", "slow.test=127.0.0.2,slow.test=127.0.0.1");
    let scene = Scene::before(builder, upstream, &format!("http://slow.test:{port}")).await;
    let mut times = Vec::new();
    for _ in 0..10 {
        let started = Instant::now();
        let response = scene.agent.propose(request("GET", "/a")).send().await;
        assert_eq!(response.expect_status(200).text(), "alive");
        times.push(started.elapsed());
    }
    assert!(times[0] < Duration::from_secs(1), "{times:?}");
    let delayed = times
        .iter()
        .filter(|time| **time >= Duration::from_millis(250));
    // One more, because the machine may be busy.
    assert!(delayed.count() <= 2, "{times:?}");
    assert_eq!(scene.upstream.received().len(), 10);
}
