//! Credentials that are not in a header: in the path, in a subprotocol, and as short as a word.

use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{
    Agent, EchoUpstream, Held, Human, McpClient, McpMode, McpTransport, Reply, Storage,
    TestGateway, WatchedUpstream, raw_exchange,
};
use http::Method;
use serde_json::{Value, json};

/// The token of a bot, with a character that a path need not encode.
const BOT_TOKEN: &str = "123456:AAH-d3f9_secretOfTheBot";

/// A gateway and a service `bots` whose secret is in the path.
struct Bots {
    scene: Scene,
    agent: Agent,
}

impl Bots {
    /// Creates the service with this path at the end of its base URL.
    async fn new(base_path: &str) -> Self {
        let scene = Scene::new(Storage::Sqlite).await;
        let url = format!("{}{base_path}", scene.upstream.url());
        let credential = json!({"placeholder": "token", "value": BOT_TOKEN});
        let human = &scene.human;
        let service = human.create_service("bots", &url, "path", credential).await;
        assert_eq!(service.json["credentials"]["count"], 2);
        let agent = human.create_agent("bot", &[&service]).await;
        Self { scene, agent }
    }
}

/// The path that the upstream receives.
fn sent_path() -> String {
    format!("/bot{BOT_TOKEN}/sendMessage")
}

fn proposal(path: &str) -> Value {
    let mut proposal = request("GET", path);
    proposal["service"] = json!("bots");
    proposal
}

#[tokio::test]
async fn a_secret_in_the_path_replaces_its_placeholder_and_nobody_else_sees_it() {
    let bots = Bots::new("").await;
    bots.scene.allow_everything().await;
    let (sent, upstream) = (sent_path(), &bots.scene.upstream);
    upstream.on_request(&sent, |received| {
        Reply::text(format!("at {}", received.path()))
    });
    for path in ["/bot{token}/sendMessage", "/bot%7Btoken%7D/sendMessage"] {
        let call = bots.agent.propose(proposal(path)).send().await;
        let echoed = call.expect_status(200).text();
        assert!(echoed.starts_with("at /bot***"), "{echoed}");
        assert!(!echoed.contains("AAH"), "{echoed}");
    }
    assert_eq!(upstream.received_at(&sent).len(), 2);
    for path in ["/sendMessage", "/bot{token}/{token}", "/x?token={token}"] {
        let refused = bots.agent.propose(proposal(path)).send().await;
        let refused = refused.expect_problem(400, "validation_failed").json();
        let message = refused["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("{token} once"), "{message}");
    }
    let human = &bots.scene.human;
    for shown in ["/requests?limit=50", "/audit?limit=50", "/services"] {
        let text = human.read(shown).await.to_string();
        assert!(!text.contains("AAH"), "{shown}: {text}");
    }
    let recorded = human.read("/requests?limit=50").await.to_string();
    assert!(recorded.contains("/bot{token}/sendMessage"), "{recorded}");
}

#[tokio::test]
async fn an_agent_need_not_write_a_placeholder_that_is_in_the_base_url() {
    let bots = Bots::new("/bot{token}").await;
    bots.scene.allow_everything().await;
    let call = bots.agent.propose(proposal("/sendMessage")).send().await;
    call.expect_status(200);
    let passed = bots.agent.call(Method::GET, "/s/bots/sendMessage");
    passed.send().await.expect_status(200);
    assert_eq!(bots.scene.upstream.received_at(&sent_path()).len(), 2);
    // The agent cannot move the secret to another place.
    let moved = bots.agent.propose(proposal("/x/{token}")).send().await;
    moved.expect_problem(400, "validation_failed");
    let gateway = &bots.scene.gateway;
    let mut client =
        McpClient::connect(gateway, &bots.agent, McpTransport::Http, McpMode::Newest).await;
    let listed = client
        .call("list_services", json!({}))
        .await
        .json
        .to_string();
    assert!(listed.contains("/bot{token}"), "{listed}");
}

#[tokio::test]
async fn an_unmodified_client_sends_its_agent_key_in_the_place_of_the_secret() {
    let bots = Bots::new("").await;
    bots.scene.allow_everything().await;
    let client = bots.scene.gateway.client();
    let path = format!("/s/bots/bot{}/sendMessage?chat_id=7", bots.agent.key);
    client
        .call(Method::GET, &path)
        .send()
        .await
        .expect_status(200);
    let received = bots.scene.upstream.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].path(), sent_path());
    // Where a service does not use the path for its key, neither may an agent.
    let path = format!("/s/things/bot{}/sendMessage", bots.scene.agent.key);
    let refused = client.call(Method::GET, &path).send().await;
    refused.expect_problem(401, "invalid_agent_key");
    assert_eq!(bots.scene.upstream.received().len(), 1);
}

#[tokio::test]
async fn an_approver_sees_the_placeholder_and_the_approved_request_has_the_secret() {
    let bots = Bots::new("").await;
    let mut removal = proposal("/bot{token}/deleteMyCommands");
    removal["method"] = json!("DELETE");
    let held = Held::from_response(bots.agent.propose(removal).send().await);
    let human = &bots.scene.human;
    let action = human.action(&held).await;
    let url = action["target_url"].as_str().unwrap();
    assert!(url.ends_with("/bot{token}/deleteMyCommands"), "{url}");
    let pending = human.read("/approvals/pending").await;
    human.approve(&held).await;
    bots.agent.execute(&held).send().await.expect_status(200);
    let path = format!("/bot{BOT_TOKEN}/deleteMyCommands");
    assert_eq!(bots.scene.upstream.received_at(&path).len(), 1);
    // The upstream echoes the path.
    let executed = human.action(&held).await;
    let echo = executed["result"]["body"].as_str().unwrap();
    assert!(echo.contains("/deleteMyCommands"), "{echo}");
    for shown in [action, pending, executed] {
        assert!(!shown.to_string().contains("AAH"), "{shown}");
    }
}

#[tokio::test]
async fn a_placeholder_is_checked_when_it_is_saved() {
    let scene = Scene::new(Storage::Sqlite).await;
    for credential in [
        json!({"placeholder": "a b", "value": "x"}),
        json!({"placeholder": "token", "value": ".."}),
        json!({"placeholder": "", "value": "x"}),
        json!({"value": "x"}),
    ] {
        let body = json!({
            "name": "bots", "baseUrl": scene.upstream.url(), "authType": "path",
            "credentials": credential,
        });
        let refused = scene.human.post("/services").json(body).send().await;
        refused.expect_problem(400, "validation_failed");
    }
}

/// The key and the response of RFC 6455, section 1.3.
const SAMPLE_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const SAMPLE_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

#[tokio::test]
async fn a_browser_like_client_gives_its_key_as_a_subprotocol() {
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let upstream = WatchedUpstream::start().await;
    let human = Human::register(&gateway).await;
    let service = human
        .create_bearer_service("things", &upstream.url(), "s")
        .await;
    let path = format!("/services/{}", service.id);
    let change = human.put(&path).json(json!({"webSocket": true}));
    change.send().await.expect_status(200);
    let rule = json!({"name": "Everything", "effect": "allow", "enabled": true});
    human.create_rule(rule).await;
    let agent = human.create_agent("voice", &[&service]).await;
    let handshake = format!(
        "GET /s/things/v1/realtime HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {SAMPLE_KEY}\r\n\
         Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.{}\r\n\r\n",
        agent.key
    );
    let pieces = [(Duration::ZERO, handshake.as_bytes())];
    let opening = raw_exchange(gateway.client().address(), &pieces, Duration::from_secs(10));
    let responding = async {
        let received = upstream.wait_for_text("\r\n\r\n").await.text();
        upstream
            .send(&format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Accept: {SAMPLE_ACCEPT}\r\nSec-WebSocket-Protocol: realtime\r\n\r\n"
            ))
            .await;
        // The gateway forwards the head before it learns of the end.
        tokio::time::sleep(Duration::from_millis(500)).await;
        upstream.close();
        received
    };
    let (opened, received) = tokio::join!(opening, responding);
    let opened = String::from_utf8_lossy(&opened).into_owned();
    assert!(opened.starts_with("HTTP/1.1 101"), "{opened}");
    assert!(
        opened
            .to_lowercase()
            .contains("sec-websocket-protocol: realtime"),
        "{opened}"
    );
    assert!(
        received.contains("Sec-Websocket-Protocol: realtime\r\n"),
        "{received}"
    );
    assert!(!received.contains("agt_"), "{received}");
}

#[tokio::test]
async fn a_short_secret_does_not_garble_the_words_that_contain_it() {
    let scene = Scene::before(
        TestGateway::builder(Storage::Sqlite),
        EchoUpstream::start().await,
        "http://127.0.0.1:1",
    )
    .await;
    scene.allow_everything().await;
    let body = r#"{"role":"editor","path":"/administration","guest_id":"guest-17","latest":1}"#;
    let basic = |value: &str| json!({"username": value, "password": value});
    let in_header = json!({"header": "X-Key", "value": "test"});
    for (name, auth_type, credential, field, word) in [
        ("admin", "basic", basic("admin"), "password", "admin"),
        ("guest", "basic", basic("guest"), "password", "guest"),
        ("tests", "api_key", in_header, "x-key", "test"),
    ] {
        scene
            .upstream
            .on("/a", Reply::text(body).header("ETag", "\"contest-5\""));
        let url = scene.upstream.url();
        let service = scene
            .human
            .create_service(name, &url, auth_type, credential)
            .await;
        let warnings = service.json["warnings"].to_string();
        for part in [
            &format!("credential's {field} is short"),
            "contains exactly this word",
            "replace it with asterisks",
            "Within longer words",
        ] {
            assert!(warnings.contains(part), "{warnings}");
        }
        let agent = scene
            .human
            .create_agent(&format!("reader-{name}"), &[&service])
            .await;
        let response = agent
            .call(Method::GET, &format!("/s/{name}/a"))
            .send()
            .await;
        let response = response.expect_status(200);
        assert_eq!(response.text(), body, "{name}");
        assert_eq!(response.header("etag"), Some("\"contest-5\""));

        let role = format!(r#"{{"role":"{word}"}}"#);
        scene.upstream.on("/a", Reply::text(role.clone()));
        let call = agent.call(Method::GET, &format!("/s/{name}/a"));
        let altered = call.send().await.expect_status(200).text();
        assert_eq!(altered, role.replace(word, &"*".repeat(word.len())));
    }
    // Longer credentials cause no warning.
    assert_eq!(scene.service.json["warnings"], json!([]));
}
