//! The configuration of nginx in the book, without its TLS.

use std::net::SocketAddr;
use std::time::Duration;

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Reply, ReservedPort, Storage};
use http::Method;
use serde_json::json;

use super::arrives;
use super::process::Nginx;

const BOOK: &str = include_str!("../../../../docs/src/operations/proxy.md");

/// The host in the book.
const HOST: &str = "gaiterguard.example.com";

/// Returns the documented `server` block with these addresses.
fn documented(listen: SocketAddr, gateway: SocketAddr) -> String {
    let (_, block) = BOOK.split_once("```nginx\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let without_certificate = block
        .lines()
        .filter(|line| !line.contains("ssl_certificate"));
    let server = without_certificate.collect::<Vec<_>>().join("\n");
    let (port, address) = ("listen 443 ssl;", "127.0.0.1:4173");
    assert!(
        server.contains(port) && server.contains(address),
        "{server}"
    );
    server
        .replace(port, &format!("listen {listen};"))
        .replace(address, &gateway.to_string())
}

#[tokio::test]
async fn the_documented_configuration_of_nginx_serves_people_and_agents() {
    // The second is the one for a gateway below a path.
    for path in ["", "/gate"] {
        let mut scene = Scene::new(Storage::Sqlite).await;
        scene.allow_everything().await;
        // With a public address the first account would need a code.
        let origin = format!("https://{HOST}");
        let public_url = format!("{origin}{path}");
        scene.gateway.set("PUBLIC_URL", &public_url);
        scene.gateway.restart().await;
        let port = ReservedPort::take();
        let server = documented(port.address(), scene.gateway.client().address())
            .replace("location / {", &format!("location {path}/ {{"));
        let nginx = Nginx::start(port, &server).await;
        let call = |method, at: &str, host: &str| {
            let call = nginx.client().call(method, &format!("{path}{at}"));
            call.header("host", host)
        };

        let human = &scene.human;
        let login = json!({
            "email": human.email, "password": human.password, "session": "cookie",
        });
        let login = call(Method::POST, "/auth/login", HOST)
            .header("origin", &origin)
            .header("sec-fetch-site", "same-origin")
            .json(login);
        let signed_in = login.send().await.expect_status(200);
        for cookie in signed_in.headers("set-cookie") {
            assert!(cookie.contains(&format!("Path={path}/auth;")), "{cookie}");
            assert!(cookie.contains("Secure"), "{cookie}");
        }
        let rebound = call(Method::GET, "/app/", "elsewhere.example");
        rebound.send().await.expect_status(421);

        let token = signed_in.json()["accessToken"].clone();
        let events = call(Method::GET, "/events", HOST).bearer(token.as_str().unwrap());
        let mut events = events.open().await;
        arrives(&mut events, "connected").await;
        scene.upstream.on("/upload", Reply::text("uploaded"));
        let agent = |method, at: &str| call(method, at, HOST).agent_key(&scene.agent.key);
        let upload = agent(Method::POST, "/s/things/upload").body(vec![b'x'; 5 << 20]);
        assert_eq!(upload.send().await.expect_status(200).text(), "uploaded");
        arrives(&mut events, "request.decided").await;
        let received = scene.upstream.received_at("/upload").pop().unwrap();
        assert_eq!(received.body.len(), 5 << 20);

        let cut = Reply::text("hello").body("more").chunked();
        let cut = cut.piece_delay(Duration::from_millis(100)).cut_after(7);
        scene.upstream.on("/cut", cut);
        let broken = agent(Method::GET, "/s/things/cut").try_send().await;
        let looks_complete = broken.is_ok_and(|response| response.status == 200);
        assert!(!looks_complete);

        // nginx would otherwise decode a path and merge its slashes.
        let odd = "/a%2Fb%7E?c=%2F&d=//";
        let read = agent(Method::GET, &format!("/s/things{odd}"));
        read.send().await.expect_status(200);
        assert_eq!(scene.upstream.received().pop().unwrap().target, odd);
    }
}
