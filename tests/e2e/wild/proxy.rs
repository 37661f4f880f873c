//! A gateway in a company network: everything leaves through an HTTP proxy.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{EchoUpstream, Storage, TestGateway};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// A name that only the proxy knows.
const NAME: &str = "api.example.invalid";

/// A proxy that opens tunnels for one user, all of them to one server.
struct Tunnels {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Tunnels {
    async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(tunnel(client, target, Arc::clone(&seen)));
            }
        });
        Self { address, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn tunnel(mut client: TcpStream, target: SocketAddr, heads: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    // `Basic` with `gateway:p:w`.
    let is_permitted = head.contains("Proxy-Authorization: Basic Z2F0ZXdheTpwOnc=\r\n");
    heads.lock().unwrap().push(head);
    if !is_permitted {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        client.write_all(refusal).await.unwrap();
        return;
    }
    let mut server = TcpStream::connect(target).await.unwrap();
    client
        .write_all(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n")
        .await
        .unwrap();
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

async fn behind(user: &str) -> (Scene, Tunnels) {
    let upstream = EchoUpstream::start().await;
    let tunnels = Tunnels::start(upstream.address()).await;
    let proxy = format!("http://{user}{}", tunnels.address);
    let builder = TestGateway::builder(Storage::Sqlite)
        .setting("UPSTREAM_PROXY", proxy)
        .setting("UPSTREAM_NO_PROXY", "direct.example,10.0.0.0/8");
    let scene = Scene::before(builder, upstream, &format!("http://{NAME}:8080")).await;
    scene.allow_everything().await;
    (scene, tunnels)
}

#[tokio::test]
async fn requests_leave_through_the_proxy_and_the_upstream_sees_no_difference() {
    let (scene, tunnels) = behind("gateway:p%3Aw@").await;
    for _ in 0..2 {
        scene.get("/a").await.expect_status(200);
    }
    let received = scene.upstream.received_at("/a");
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].header("host"), Some("api.example.invalid:8080"));
    assert_eq!(received[0].header("proxy-authorization"), None);
    let heads = tunnels.heads();
    assert_eq!(heads.len(), 1, "the tunnel is kept");
    assert!(
        heads[0].starts_with("CONNECT api.example.invalid:8080 HTTP/1.1\r\n"),
        "{}",
        heads[0]
    );
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_and_nothing_was_sent() {
    let (scene, tunnels) = behind("").await;
    let refused = scene.get("/a").await;
    let refused = refused.expect_problem(502, "upstream_unreachable").json();
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.contains("UPSTREAM_PROXY refused the connection with status 407"),
        "{detail}"
    );
    assert!(scene.upstream.received().is_empty());
    assert_eq!(tunnels.heads().len(), 1);
}

#[tokio::test]
async fn addresses_that_are_refused_are_refused_with_a_proxy_too() {
    let (scene, tunnels) = behind("gateway:p%3Aw@").await;
    let metadata = json!({
        "name": "metadata", "baseUrl": "http://169.254.169.254", "authType": "none",
    });
    let refused = scene.human.post("/services").json(metadata).send().await;
    refused.expect_problem(400, "validation_failed");
    assert!(tunnels.heads().is_empty());
    // This machine's own servers are reached directly.
    let url = scene.upstream.url();
    let own = scene
        .human
        .create_bearer_service("own", &url, "token")
        .await;
    let agent = scene.human.create_agent("local", &[&own]).await;
    let mut read = request("GET", "/own");
    read["service"] = json!("own");
    agent.propose(read).send().await.expect_status(200);
    assert!(tunnels.heads().is_empty());
}
