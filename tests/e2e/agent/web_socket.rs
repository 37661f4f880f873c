//! WebSockets through `/s/{service}/…`: a real client and a real server, with the gateway between them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gaiterguard_testkit::{
    Agent, Human, Jupyter, Service, Storage, TestGateway, eventually, finish, python_command,
    raw_exchange,
};
use http::Method;
use serde_json::{Value, json};

const TERMINAL: &str = "/terminals/websocket/1";

/// A Jupyter server with a terminal, behind a gateway.
struct TerminalScene {
    jupyter: Jupyter,
    gateway: TestGateway,
    human: Human,
    service: Service,
    agent: Agent,
}

impl TerminalScene {
    async fn new() -> Self {
        let jupyter = Jupyter::start().await;
        let gateway = TestGateway::start(Storage::Sqlite).await;
        let human = Human::register(&gateway).await;
        let header =
            json!({"header": "Authorization", "value": format!("token {}", jupyter.token)});
        let service = human
            .create_service("notebooks", &jupyter.url(), "api_key", header)
            .await;
        let agent = human.create_agent("listener", &[&service]).await;
        let scene = Self {
            jupyter,
            gateway,
            human,
            service,
            agent,
        };
        let rule = scene.rule("allow", "request.method == 'POST'").await;
        let client = scene.gateway.client();
        let call = client.call(Method::POST, "/s/notebooks/api/terminals");
        let terminal = call
            .bearer(&scene.agent.key)
            .send()
            .await
            .expect_status(200)
            .json();
        assert_eq!(terminal["name"], "1");
        let rule = format!("/rules/{}", rule["id"]);
        scene.human.delete(&rule).send().await.expect_status(200);
        scene
    }

    async fn rule(&self, effect: &str, condition: &str) -> Value {
        let rule = json!({
            "name": format!("To {effect}"), "effect": effect, "enabled": true,
            "condition": condition,
        });
        self.human.create_rule(rule).await
    }

    async fn allow_web_sockets(&self) {
        let path = format!("/services/{}", self.service.id);
        let change = self.human.put(&path).json(json!({"webSocket": true}));
        let changed = change.send().await.expect_status(200).json();
        assert_eq!(changed["webSocket"], true);
    }

    fn client(&self, stay: &[&str]) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/web_socket.py");
        let url = format!(
            "ws://127.0.0.1:{}/s/notebooks{TERMINAL}",
            self.gateway.port()
        );
        let mut command = python_command("python", self.gateway.folder());
        command
            .arg(script)
            .arg(url)
            .args(stay)
            .env("AGENT_KEY", &self.agent.key)
            .env("OPENED", self.opened());
        command
    }

    /// Returns the file that the client creates after the first message of the terminal.
    fn opened(&self) -> PathBuf {
        self.gateway.folder().join("opened")
    }

    /// Runs the client and returns the JSON that it prints.
    async fn run(&self, stay: &[&str]) -> Value {
        let output = finish(self.client(stay), "").await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Returns the ledger row of the handshake.
    async fn recorded(&self) -> Value {
        let page = self.human.get("/requests?limit=50").send().await;
        let page = page.expect_status(200).json();
        let mut requests = page["items"].as_array().unwrap().iter();
        let recorded = requests.find(|request| {
            let target = request["target_url"].as_str().unwrap();
            target.ends_with(TERMINAL)
        });
        recorded.unwrap().clone()
    }
}

#[tokio::test]
async fn a_web_socket_is_opened_only_if_an_operator_allows_it() {
    let scene = TerminalScene::new().await;
    scene.rule("allow", "request.method == 'GET'").await;
    let refused = scene.run(&[]).await;
    assert_eq!(
        refused,
        json!({"status": 403, "code": "web_socket_not_allowed"})
    );

    scene.allow_web_sockets().await;
    assert_eq!(scene.run(&[]).await, json!({"heard": true}));
    let recorded = eventually("the handshake ended", Duration::from_secs(10), || async {
        Some(scene.recorded().await).filter(|recorded| recorded["upstream_status"] == 101)
    })
    .await;
    assert_eq!(recorded["decision"], "forward");
    let places = scene.gateway.places_with(&scene.jupyter.token).await;
    assert_eq!(places, Vec::<String>::new());
}

#[tokio::test]
async fn the_handshake_is_assessed_and_can_be_held() {
    let scene = TerminalScene::new().await;
    scene.allow_web_sockets().await;
    scene
        .rule(
            "require_approval",
            "request.headers['upgrade'] == 'websocket'",
        )
        .await;
    let (result, shown) = tokio::join!(
        scene.run(&[]),
        scene.human.decide_next(TERMINAL, "approve", "fine")
    );
    assert_eq!(result, json!({"heard": true}));
    assert_eq!(shown["request_headers"]["upgrade"], "websocket");
    assert_eq!(shown["intent"], "Look around");

    let (result, _) = tokio::join!(
        scene.run(&[]),
        scene.human.decide_next(TERMINAL, "deny", "not now")
    );
    assert_eq!(result, json!({"status": 403, "code": "action_denied"}));
}

#[tokio::test]
async fn a_web_socket_ends_when_the_agent_is_blocked_or_the_gateway_stops() {
    let mut scene = TerminalScene::new().await;
    scene.allow_web_sockets().await;
    scene.rule("allow", "request.method == 'GET'").await;
    let block = format!("/agents/{}/block", scene.agent.id);
    let opened = scene.opened();
    let (result, ()) = tokio::join!(scene.run(&["60"]), async {
        until_open(&opened).await;
        scene.human.post(&block).send().await.expect_status(200);
    });
    assert_eq!(result["ended"], true);
    let unblock = format!("/agents/{}/unblock", scene.agent.id);
    scene.human.post(&unblock).send().await.expect_status(200);

    let client = finish(scene.client(&["60"]), "");
    let stop = async {
        until_open(&opened).await;
        scene.gateway.begin_to_terminate();
    };
    let (output, ()) = tokio::join!(client, stop);
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["ended"], true, "{result}");
    assert!(scene.gateway.wait().await.success());
}

/// Waits until the client has received the first message of the terminal.
async fn until_open(opened: &Path) {
    eventually("it is open", Duration::from_mins(1), || async {
        opened.exists().then_some(())
    })
    .await;
    std::fs::remove_file(opened).unwrap();
}

#[tokio::test]
async fn other_routes_ignore_the_upgrade_and_still_check_later_requests() {
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let asks =
        "GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let last = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let all = format!("{asks}{asks}{last}");
    let address = gateway.client().address();
    let pieces = [(Duration::ZERO, all.as_bytes())];
    let received = raw_exchange(address, &pieces, Duration::from_secs(20)).await;
    let responses = String::from_utf8(received).unwrap();
    assert_eq!(responses.matches("HTTP/1.1 200").count(), 3, "{responses}");
    // Later requests are still checked.
    let odd = format!("{asks}GET /health HTTP/1.1\r\nHost : x\r\n\r\n");
    let pieces = [(Duration::ZERO, odd.as_bytes())];
    let received = raw_exchange(address, &pieces, Duration::from_secs(20)).await;
    let responses = String::from_utf8(received).unwrap();
    assert_eq!(responses.matches("HTTP/1.1 400").count(), 1, "{responses}");
}

#[tokio::test]
async fn a_service_may_require_an_intent() {
    let scene = TerminalScene::new().await;
    let path = format!("/services/{}", scene.service.id);
    let change = scene.human.put(&path).json(json!({"intentRequired": true}));
    let changed = change.send().await.expect_status(200).json();
    assert_eq!(
        (&changed["intentRequired"], &changed["webSocket"]),
        (&json!(true), &json!(false))
    );
    let call = || {
        scene
            .gateway
            .client()
            .call(Method::GET, "/s/notebooks/api/contents")
            .bearer(&scene.agent.key)
    };
    let refused = call().send().await.expect_status(400).json();
    assert_eq!(refused["errors"][0]["field"], "X-Agent-Intent");
    let stated = call().header("x-agent-intent", "See which files there are");
    stated.send().await.expect_status(200);
    let odd = scene
        .human
        .put(&path)
        .json(json!({"intentRequired": "yes"}));
    odd.send().await.expect_status(400);
}
