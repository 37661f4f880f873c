//! An upstream that refuses a fetched token: no request is sent twice that may be sent only once, and agents cannot
//! renew tokens at will.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{
    Agent, EchoUpstream, Human, Received, Reply, Service, Storage, TestGateway, eventually,
    on_both_databases,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

on_both_databases!(
    a_request_with_a_key_or_an_approval_is_sent_once_even_if_the_token_is_refused,
    an_agent_cannot_renew_tokens_at_will,
    a_read_with_a_revoked_token_is_repeated_with_a_new_one,
);

const LIMIT: Duration = Duration::from_secs(10);

/// A service with tokens from a token endpoint, and an agent that may use it.
struct Mail {
    scene: Scene,
    service: Service,
    agent: Agent,
    /// The number of the newest token that the endpoint has issued.
    issued: Arc<AtomicUsize>,
}

impl Mail {
    async fn new(storage: Storage, base_url: Option<String>) -> Self {
        let scene = Scene::on(TestGateway::builder(storage)).await;
        let issued = serve_tokens(&scene.upstream);
        let base_url = base_url.unwrap_or_else(|| scene.upstream.url());
        let service = create(&scene.human, &scene.upstream, &base_url).await;
        let agent = scene.human.create_agent("mailer", &[&service]).await;
        Self {
            scene,
            service,
            agent,
            issued,
        }
    }

    async fn allow_everything(&self) {
        self.scene.allow_everything().await;
    }

    fn request(method: &str, path: &str) -> Value {
        json!({"service": "mail", "method": method, "path": path, "intent": "Look at the mail"})
    }

    fn exchanges(&self) -> Vec<Received> {
        self.scene.upstream.received_at("/token")
    }
}

/// Serves RFC 6749 tokens at `/token`. Each refresh token works once.
fn serve_tokens(upstream: &EchoUpstream) -> Arc<AtomicUsize> {
    let issued = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&issued);
    upstream.on_request("/token", move |received: &Received| {
        let before = count.load(Ordering::SeqCst);
        if !received
            .text()
            .contains(&format!("refresh_token=r{before}x"))
        {
            return Reply::status(400).body(r#"{"error":"invalid_grant"}"#);
        }
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        Reply::json(json!({
            "access_token": format!("access-{number}"), "token_type": "Bearer",
            "expires_in": 3600, "refresh_token": format!("r{number}x"),
        }))
    });
    issued
}

async fn create(human: &Human, upstream: &EchoUpstream, base_url: &str) -> Service {
    let credentials = json!({
        "token_url": format!("{}/token", upstream.url()), "client_id": "client",
        "client_secret": "secret", "refresh_token": "r0x",
    });
    human
        .create_service("mail", base_url, "oauth2", credentials)
        .await
}

/// Makes a path refuse tokens older than the one with this number.
fn require(upstream: &EchoUpstream, path: &str, number: usize) {
    upstream.on_request(path, move |received: &Received| {
        let token = received.header("authorization").unwrap_or_default();
        let shown = token.strip_prefix("Bearer access-").unwrap();
        if shown.parse::<usize>().unwrap() < number {
            Reply::status(401).body("expired")
        } else {
            Reply::text("welcome")
        }
    });
}

async fn a_request_with_a_key_or_an_approval_is_sent_once_even_if_the_token_is_refused(
    storage: Storage,
) {
    let mail = Mail::new(storage, None).await;
    let upstream = &mail.scene.upstream;
    require(upstream, "/single", 2);
    require(upstream, "/approved", 2);

    // The method is safe, but a key still permits only one request.
    let keyed = |key: &str| {
        let call = mail.agent.propose(Mail::request("GET", "/single"));
        call.idempotency_key(key)
    };
    let refused = keyed("one").send().await.expect_status(401);
    assert_eq!(refused.text(), "expired");
    assert_eq!(refused.header("x-proxy-status"), Some("forwarded"));
    assert_eq!(upstream.received_at("/single").len(), 1);
    let replay = keyed("one").send().await.expect_status(401);
    assert_eq!(replay.header("x-proxy-status"), Some("replayed"));
    assert_eq!(upstream.received_at("/single").len(), 1);
    // The next request has a new token.
    keyed("two").send().await.expect_status(200);
    assert_eq!(upstream.received_at("/single").len(), 2);
    assert_eq!(mail.exchanges().len(), 2);

    require(upstream, "/approved", 3);
    let rule = json!({
        "name": "Ask", "effect": "require_approval", "enabled": true,
        "condition": "request.path.endsWith('/approved')",
    });
    mail.scene.human.create_rule(rule).await;
    for method in ["GET", "DELETE"] {
        let before = upstream.received_at("/approved").len();
        let held = mail
            .agent
            .propose_held(Mail::request(method, "/approved"), method)
            .await;
        mail.scene.human.approve(&held).await;
        let executed = mail.agent.execute(&held).send().await.expect_status(401);
        assert_eq!(executed.header("x-proxy-status"), Some("executed-approved"));
        assert_eq!(upstream.received_at("/approved").len(), before + 1);
        let status = mail.agent.status(&held).await;
        assert_eq!(status["status"], "EXECUTED", "{status}");
        assert_eq!(status["result"]["status"], 401, "{status}");
    }
    // A minute has not passed since the last renewal.
    assert_eq!(mail.exchanges().len(), 2);
}

async fn an_agent_cannot_renew_tokens_at_will(storage: Storage) {
    let mail = Mail::new(storage, None).await;
    let upstream = &mail.scene.upstream;
    upstream.on("/forbidden", Reply::status(401).body("no"));
    mail.allow_everything().await;
    for number in 0..10 {
        for (method, key) in [
            ("GET", None),
            ("GET", Some("g")),
            ("PUT", None),
            ("POST", Some("p")),
        ] {
            let mut call = mail.agent.propose(Mail::request(method, "/forbidden"));
            if let Some(key) = key {
                call = call.idempotency_key(&format!("{key}{number}"));
            }
            let response = call.send().await.expect_status(401);
            assert_eq!(response.text(), "no");
        }
    }
    // Only one of the forty requests, a read, renewed the token and was repeated.
    assert_eq!(upstream.received_at("/forbidden").len(), 41);
    assert_eq!(mail.exchanges().len(), 2);
    assert_eq!(mail.issued.load(Ordering::SeqCst), 2);
    let path = format!("/services/{}", mail.service.id);
    let service = mail.scene.human.read(&path).await;
    assert!(!service.to_string().contains("access-"), "{service}");
}

async fn a_read_with_a_revoked_token_is_repeated_with_a_new_one(storage: Storage) {
    let mail = Mail::new(storage, None).await;
    let upstream = &mail.scene.upstream;
    require(upstream, "/inbox", 2);
    let read = || mail.agent.propose(Mail::request("GET", "/inbox")).send();
    let mut reads = tokio::task::JoinSet::new();
    for _ in 0..5 {
        reads.spawn(read());
    }
    for response in reads.join_all().await {
        assert_eq!(response.expect_status(200).text(), "welcome");
    }
    read().await.expect_status(200);
    assert_eq!(
        mail.exchanges().len(),
        2,
        "one fetch and one renewal for all"
    );
}

#[tokio::test]
async fn the_first_response_is_returned_if_the_repetition_cannot_connect() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mail = Mail::new(Storage::Sqlite, Some(format!("http://{address}"))).await;
    let call = mail.agent.propose(Mail::request("GET", "/inbox"));
    let reading = tokio::spawn(call.send());
    let (mut connection, _) = listener.accept().await.unwrap();
    let mut request = [0; 4096];
    let length = connection.read(&mut request).await.unwrap();
    assert!(request[..length].starts_with(b"GET /inbox "));
    drop(listener);
    eventually("the port is closed", LIMIT, || async {
        tokio::net::TcpStream::connect(address)
            .await
            .is_err()
            .then_some(())
    })
    .await;
    let response = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
    connection.write_all(response).await.unwrap();
    drop(connection);
    let response = reading.await.unwrap().expect_status(401);
    assert_eq!(response.text(), "no");
    assert_eq!(response.header("x-proxy-status"), Some("forwarded"));
    eventually("the ledger says so too", LIMIT, || async {
        let rows = mail.scene.human.read("/requests?limit=1").await;
        (rows["items"][0]["upstream_status"] == 401).then_some(())
    })
    .await;
    assert_eq!(mail.exchanges().len(), 2);
}
