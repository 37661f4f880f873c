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
struct House {
    jupyter: Jupyter,
    gateway: TestGateway,
    human: Human,
    service: Service,
    agent: Agent,
}

impl House {
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
        let house = Self {
            jupyter,
            gateway,
            human,
            service,
            agent,
        };
        let rule = house.rule("allow", "request.method == 'POST'").await;
        let client = house.gateway.client();
        let call = client.call(Method::POST, "/s/notebooks/api/terminals");
        let terminal = call
            .bearer(&house.agent.key)
            .send()
            .await
            .expect_status(200)
            .json();
        assert_eq!(terminal["name"], "1");
        let rule = format!("/rules/{}", rule["id"]);
        house.human.delete(&rule).send().await.expect_status(200);
        house
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

    /// The file that the client makes once it has heard from the terminal.
    fn opened(&self) -> PathBuf {
        self.gateway.folder().join("opened")
    }

    /// What the client says at its end.
    async fn told(&self, stay: &[&str]) -> Value {
        let output = finish(self.client(stay), "").await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The request of the handshake, as the gateway recorded it.
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
async fn it_is_opened_only_where_an_operator_allows_it() {
    let house = House::new().await;
    house.rule("allow", "request.method == 'GET'").await;
    let refused = house.told(&[]).await;
    assert_eq!(
        refused,
        json!({"status": 403, "code": "web_socket_not_allowed"})
    );

    house.allow_web_sockets().await;
    assert_eq!(house.told(&[]).await, json!({"heard": true}));
    let recorded = eventually("the handshake ended", Duration::from_secs(10), || async {
        Some(house.recorded().await).filter(|recorded| recorded["upstream_status"] == 101)
    })
    .await;
    assert_eq!(recorded["decision"], "forward");
    let places = house.gateway.places_with(&house.jupyter.token).await;
    assert_eq!(places, Vec::<String>::new());
}

#[tokio::test]
async fn the_handshake_is_judged_and_waits_for_a_human() {
    let house = House::new().await;
    house.allow_web_sockets().await;
    house
        .rule(
            "require_approval",
            "request.headers['upgrade'] == 'websocket'",
        )
        .await;
    let (told, shown) = tokio::join!(
        house.told(&[]),
        house.human.decide_next(TERMINAL, "approve", "fine")
    );
    assert_eq!(told, json!({"heard": true}));
    assert_eq!(shown["request_headers"]["upgrade"], "websocket");
    assert_eq!(shown["intent"], "Look around");

    let (told, _) = tokio::join!(
        house.told(&[]),
        house.human.decide_next(TERMINAL, "deny", "not now")
    );
    assert_eq!(told, json!({"status": 403, "code": "action_denied"}));
}

#[tokio::test]
async fn it_ends_when_the_agent_is_blocked_and_when_the_gateway_stops() {
    let mut house = House::new().await;
    house.allow_web_sockets().await;
    house.rule("allow", "request.method == 'GET'").await;
    let block = format!("/agents/{}/block", house.agent.id);
    let opened = house.opened();
    let (told, ()) = tokio::join!(house.told(&["60"]), async {
        until_open(&opened).await;
        house.human.post(&block).send().await.expect_status(200);
    });
    assert_eq!(told["ended"], true);
    let unblock = format!("/agents/{}/unblock", house.agent.id);
    house.human.post(&unblock).send().await.expect_status(200);

    let client = finish(house.client(&["60"]), "");
    let stop = async {
        until_open(&opened).await;
        house.gateway.begin_to_terminate();
    };
    let (output, ()) = tokio::join!(client, stop);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["ended"], true, "{told}");
    assert!(house.gateway.wait().await.success());
}

/// Waits until the client has heard from the terminal.
async fn until_open(opened: &Path) {
    eventually("it is open", Duration::from_mins(1), || async {
        opened.exists().then_some(())
    })
    .await;
    std::fs::remove_file(opened).unwrap();
}

#[tokio::test]
async fn whoever_asks_for_one_elsewhere_is_answered_in_http_and_so_is_what_follows() {
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
    // What follows is still looked at.
    let odd = format!("{asks}GET /health HTTP/1.1\r\nHost : x\r\n\r\n");
    let pieces = [(Duration::ZERO, odd.as_bytes())];
    let received = raw_exchange(address, &pieces, Duration::from_secs(20)).await;
    let responses = String::from_utf8(received).unwrap();
    assert_eq!(responses.matches("HTTP/1.1 400").count(), 1, "{responses}");
}

#[tokio::test]
async fn a_service_may_require_that_every_request_says_why() {
    let house = House::new().await;
    let path = format!("/services/{}", house.service.id);
    let change = house.human.put(&path).json(json!({"intentRequired": true}));
    let changed = change.send().await.expect_status(200).json();
    assert_eq!(
        (&changed["intentRequired"], &changed["webSocket"]),
        (&json!(true), &json!(false))
    );
    let call = || {
        house
            .gateway
            .client()
            .call(Method::GET, "/s/notebooks/api/contents")
            .bearer(&house.agent.key)
    };
    let refused = call().send().await.expect_status(400).json();
    assert_eq!(refused["errors"][0]["field"], "X-Agent-Intent");
    let stated = call().header("x-agent-intent", "See which files there are");
    stated.send().await.expect_status(200);
    let odd = house
        .human
        .put(&path)
        .json(json!({"intentRequired": "yes"}));
    odd.send().await.expect_status(400);
}
