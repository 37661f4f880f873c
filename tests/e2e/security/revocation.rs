//! A running call ends with the right that it depends on: a key that is rotated or expires, a scope, an address, a
//! flag, a session. A change that leaves the right intact ends nothing.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{
    Agent, DirectDatabase, Gate, Human, Reply, Response, ResponseStream, Service, Storage,
    TestGateway, on_both_databases,
};
use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

on_both_databases!(
    a_rotated_key_ends_all_its_calls,
    an_expiring_key_ends_its_calls_immediately,
    an_agent_that_is_disabled_or_loses_a_service_is_cut,
    a_new_address_ends_its_calls_and_other_changes_end_nothing,
    disabling_web_sockets_ends_open_ones_and_revokes_approved_ones,
    the_running_calls_of_a_human_end_with_the_session,
    a_damaged_definition_does_not_disable_the_kill_switch,
    a_key_that_is_rotated_while_a_definition_is_damaged_stays_refused,
);

/// A call must end within a second. The rest is for a busy machine.
const IN_TIME: Duration = Duration::from_millis(1500);

/// How long a test checks that a call is still open.
const FOR_A_WHILE: Duration = Duration::from_millis(1200);

/// Running calls of every kind.
struct Running {
    stream: ResponseStream,
    slow: JoinHandle<Response>,
    waiting: JoinHandle<Response>,
    status: JoinHandle<Response>,
}

impl Running {
    /// Starts them with one agent.
    async fn begin(scene: &Scene, agent: &Agent) -> Self {
        let upstream = &scene.upstream;
        upstream.on(
            "/stream",
            Reply::events(&["1", "2"], Duration::from_mins(1)),
        );
        upstream.on("/slow", Reply::text("done").after(&Gate::new()));
        let before = upstream.received().len();
        let mut stream = agent.propose(request("GET", "/stream")).open().await;
        stream.until("data: 1").await;
        let slow = tokio::spawn(agent.propose(request("GET", "/slow")).send());
        upstream.wait_for(before + 2).await;
        let held = agent.propose_held(request("DELETE", "/held"), "held").await;
        let mut waits = request("DELETE", "/held");
        waits["wait"] = json!(60);
        let call = agent.propose(waits).idempotency_key("held");
        let waiting = tokio::spawn(call.send());
        let path = format!("/status/{}?wait=60", held.action_id);
        let status = tokio::spawn(agent.call(Method::GET, &path).send());
        // Both are waiting once a third call has got its response, and a little later: nothing reports it.
        agent.status(&held).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        Self {
            stream,
            slow,
            waiting,
            status,
        }
    }

    /// Expects all of them to end in time, with this problem if no part of a response was sent.
    async fn end_with(self, status: u16, code: &str) {
        let all = async {
            let rest = self.stream.try_rest().await;
            assert!(rest.is_err(), "an interrupted response looks complete");
            for call in [self.slow, self.waiting, self.status] {
                call.await.unwrap().expect_problem(status, code);
            }
        };
        tokio::time::timeout(IN_TIME, all)
            .await
            .expect("all end in time");
    }
}

/// Expects a response that is still arriving to break off in time.
async fn breaks_off(stream: ResponseStream) {
    let rest = tokio::time::timeout(IN_TIME, stream.try_rest()).await;
    assert!(rest.expect("it ends in time").is_err());
}

/// Expects a call to be silent and open.
async fn stays_open(stream: &mut ResponseStream) {
    let next = tokio::time::timeout(FOR_A_WHILE, stream.next()).await;
    assert!(next.is_err(), "{next:?}");
}

async fn open_stream(scene: &Scene, agent: &Agent) -> ResponseStream {
    let reply = Reply::events(&["1", "2"], Duration::from_mins(1));
    scene.upstream.on("/stream", reply);
    let mut stream = agent.propose(request("GET", "/stream")).open().await;
    stream.until("data: 1").await;
    stream
}

async fn rotate(human: &Human, agent: &Agent) -> Agent {
    let path = format!("/agents/{}/rotate-key", agent.id);
    let rotated = human.post(&path).send().await.expect_status(200).json();
    let mut agent = agent.clone();
    rotated["apiKey"]
        .as_str()
        .unwrap()
        .clone_into(&mut agent.key);
    agent
}

async fn change_agent(human: &Human, agent: &Agent, change: Value) {
    let path = format!("/agents/{}", agent.id);
    human
        .put(&path)
        .json(change)
        .send()
        .await
        .expect_status(200);
}

async fn change_service(human: &Human, service: &Service, change: Value) {
    let path = format!("/services/{}", service.id);
    human
        .put(&path)
        .json(change)
        .send()
        .await
        .expect_status(200);
}

/// Returns an instant in the format of the API.
fn in_time(later: Duration) -> String {
    (jiff::Timestamp::now() + later).to_string()
}

async fn a_rotated_key_ends_all_its_calls(storage: Storage) {
    let scene = Scene::new(storage).await;
    let bystander = scene
        .human
        .create_agent("bystander", &[&scene.service])
        .await;
    let mut others = open_stream(&scene, &bystander).await;
    let running = Running::begin(&scene, &scene.agent).await;
    let renewed = rotate(&scene.human, &scene.agent).await;
    running.end_with(401, "invalid_agent_key").await;
    stays_open(&mut others).await;
    // Held actions belong to the agent, whatever its key.
    let pending = scene.human.pending().await;
    assert_eq!(pending.len(), 1);
    open_stream(&scene, &renewed).await;
}

async fn an_expiring_key_ends_its_calls_immediately(storage: Storage) {
    let scene = Scene::new(storage).await;
    let (human, agent) = (&scene.human, &scene.agent);
    // A key with a later expiry keeps its calls.
    let soon = json!({"expiresAt": in_time(Duration::from_secs(3))});
    change_agent(human, agent, soon).await;
    let running = Running::begin(&scene, agent).await;
    let later = json!({"expiresAt": in_time(Duration::from_hours(1))});
    change_agent(human, agent, later).await;
    // The earlier expiry has to pass.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!running.slow.is_finished() && !running.waiting.is_finished());

    let soon = in_time(Duration::from_millis(800));
    change_agent(human, agent, json!({"expiresAt": soon})).await;
    // The expiry has to pass: the calls must end soon after it.
    tokio::time::sleep(Duration::from_millis(800)).await;
    running.end_with(401, "invalid_agent_key").await;
    scene
        .get("/")
        .await
        .expect_problem(401, "invalid_agent_key");

    // A new expiry makes it valid again, and ended calls remain ended.
    change_agent(human, agent, json!({"expiresAt": null})).await;
    let mut stream = open_stream(&scene, agent).await;
    stays_open(&mut stream).await;
    let soon = json!({"expiresAt": in_time(Duration::from_millis(500))});
    change_agent(human, agent, soon).await;
    breaks_off(stream).await;
}

async fn an_agent_that_is_disabled_or_loses_a_service_is_cut(storage: Storage) {
    let scene = Scene::new(storage).await;
    let human = &scene.human;
    let running = Running::begin(&scene, &scene.agent).await;
    change_agent(human, &scene.agent, json!({"isActive": false})).await;
    running.end_with(401, "invalid_agent_key").await;

    let second = human.create_agent("second", &[&scene.service]).await;
    let stream = open_stream(&scene, &second).await;
    let scope = format!("/agents/{}/services", second.id);
    let nothing = human.put(&scope).json(json!({"serviceIds": []}));
    nothing.send().await.expect_status(200);
    breaks_off(stream).await;

    let third = human.create_agent("third", &[&scene.service]).await;
    let stream = open_stream(&scene, &third).await;
    let path = format!("/agents/{}", third.id);
    human.delete(&path).send().await.expect_status(200);
    breaks_off(stream).await;

    let fourth = human.create_agent("fourth", &[&scene.service]).await;
    let stream = open_stream(&scene, &fourth).await;
    let path = format!("/services/{}", scene.service.id);
    human.delete(&path).send().await.expect_status(200);
    breaks_off(stream).await;
}

async fn a_new_address_ends_its_calls_and_other_changes_end_nothing(storage: Storage) {
    let scene = Scene::new(storage).await;
    let (human, service) = (&scene.human, &scene.service);
    let running = Running::begin(&scene, &scene.agent).await;
    let mut stream = open_stream(&scene, &scene.agent).await;
    for change in [
        json!({"name": "renamed", "description": "Another one"}),
        json!({"intentRequired": true}),
        json!({"webSocket": true}),
        json!({"webSocket": false}),
    ] {
        change_service(human, service, change).await;
    }
    let path = format!("/services/{}/credentials", service.id);
    let token = human
        .post(&path)
        .json(json!({"token": "another-credential"}));
    token.send().await.expect_status(200);
    human
        .create_rule(json!({"name": "No", "effect": "deny", "condition": "true", "enabled": false}))
        .await;
    change_agent(human, &scene.agent, json!({"holdSeconds": 1})).await;
    stays_open(&mut stream).await;
    assert!(!running.slow.is_finished() && !running.waiting.is_finished());

    let base_url = format!("{}/elsewhere", scene.upstream.url());
    change_service(human, service, json!({"baseUrl": base_url})).await;
    breaks_off(stream).await;
    let ended = async {
        running.slow.await.unwrap().expect_problem(409, "call_cut");
        let waiting = running.waiting.await.unwrap();
        waiting.expect_problem(409, "action_stale");
    };
    tokio::time::timeout(IN_TIME, ended).await.unwrap();
    running.status.abort();
}

async fn disabling_web_sockets_ends_open_ones_and_revokes_approved_ones(storage: Storage) {
    let upstream = EchoSocket::start().await;
    let url = format!("http://{}", upstream.address);
    let scene = Scene::before(TestGateway::builder(storage), upstream, &url).await;
    let (human, service) = (&scene.human, &scene.service);
    change_service(human, service, json!({"webSocket": true})).await;
    let hold = json!({
        "name": "Ask", "effect": "require_approval", "enabled": true,
        "condition": "request.path == '/held'",
    });
    human.create_rule(hold).await;
    let allow = json!({"name": "Fine", "effect": "allow", "enabled": true});
    human.create_rule(allow).await;

    let mut plain = Socket::open(&scene.gateway, &scene.agent, "/open").await;
    plain.echoes().await;
    let handshake = Socket::ask(&scene.agent, "/held").await;
    let action = handshake.expect_status(428).json()["action_id"].clone();
    let approve = format!("/approvals/{}/approve", action.as_str().unwrap());
    human
        .patch(&approve)
        .json(json!({}))
        .send()
        .await
        .expect_status(200);
    let removal = scene
        .agent
        .propose_held(
            json!({"service": "things", "method": "DELETE", "path": "/held", "intent": "Tidy up"}),
            "k",
        )
        .await;
    human.approve(&removal).await;

    change_service(human, service, json!({"webSocket": false})).await;
    plain.ends().await;
    let execute = format!("/proxy/execute/{}", action.as_str().unwrap());
    let call = scene.agent.call(Method::POST, &execute);
    call.send().await.expect_problem(409, "action_stale");
    // Other calls do not depend on it.
    scene
        .agent
        .execute(&removal)
        .send()
        .await
        .expect_status(200);

    // A rotated key and a blocked agent end them, too.
    change_service(human, service, json!({"webSocket": true})).await;
    let mut socket = Socket::open(&scene.gateway, &scene.agent, "/open").await;
    socket.echoes().await;
    let agent = rotate(human, &scene.agent).await;
    socket.ends().await;
    let mut socket = Socket::open(&scene.gateway, &agent, "/open").await;
    socket.echoes().await;
    let moved = json!({"baseUrl": format!("{url}/below")});
    change_service(human, service, moved).await;
    socket.ends().await;
    let mut socket = Socket::open(&scene.gateway, &agent, "/open").await;
    socket.echoes().await;
    let soon = json!({"expiresAt": in_time(Duration::from_millis(300))});
    change_agent(human, &agent, soon).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    socket.ends().await;
}

async fn the_running_calls_of_a_human_end_with_the_session(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene
        .upstream
        .on("/slow", Reply::text("done").after(&Gate::new()));
    let human = &scene.human;
    let log_in = async || Human::log_in(&scene.gateway, &human.email, &human.password).await;
    let watch = async |human: &Human| {
        let mut events = human.get("/events").open().await;
        events.until("connected").await;
        events
    };
    let ends = async |events: ResponseStream| {
        let began = Instant::now();
        let rest = tokio::time::timeout(IN_TIME, events.try_rest()).await;
        assert!(rest.is_ok(), "open after {:?}", began.elapsed());
    };

    let leaving = log_in().await;
    let events = watch(&leaving).await;
    let call = leaving.post(&format!("/services/{}/test-call", scene.service.id));
    let test_call = tokio::spawn(call.json(json!({"path": "/slow"})).send());
    scene.upstream.wait_for(1).await;
    leaving.post("/auth/logout").send().await;
    ends(events).await;
    let ended = tokio::time::timeout(IN_TIME, test_call).await.unwrap();
    ended.unwrap().expect_problem(401, "not_authenticated");

    let elsewhere = log_in().await;
    let events = watch(&elsewhere).await;
    let sessions = human.read("/auth/sessions").await;
    let path = format!("/auth/sessions/{}", sessions["items"][0]["id"]);
    human.delete(&path).send().await.expect_status(200);
    ends(events).await;

    let mut stays = watch(human).await;
    stays_open(&mut stays).await;
    let arguments = ["user", "reset-password", human.email.as_str()];
    let reset = scene
        .gateway
        .run(&arguments, "another good password\n")
        .await;
    assert!(reset.status.success(), "{reset:?}");
    ends(stays).await;
}

/// An upstream that accepts every WebSocket and echoes what it receives. A request for no WebSocket gets an empty
/// response.
struct EchoSocket {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl EchoSocket {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(echo(connection));
            }
        });
        Self { address, serving }
    }
}

impl Drop for EchoSocket {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn echo(mut connection: TcpStream) {
    let head = read_head(&mut connection).await;
    if !head.to_ascii_lowercase().contains("upgrade: websocket") {
        let response = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let _ = connection.write_all(response).await;
        return;
    }
    let switched =
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let _ = connection.write_all(switched).await;
    let (mut from, mut to) = connection.split();
    let _ = tokio::io::copy(&mut from, &mut to).await;
}

async fn read_head(connection: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match connection.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// The agent's side of a WebSocket through the gateway.
struct Socket(TcpStream);

impl Socket {
    async fn open(gateway: &TestGateway, agent: &Agent, path: &str) -> Self {
        let mut connection = TcpStream::connect(gateway.client().address())
            .await
            .unwrap();
        let head = format!(
            "GET /s/things{path} HTTP/1.1\r\nHost: localhost\r\nAgent-Key: {}\r\n\
             X-Agent-Intent: Listen\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            agent.key
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let head = read_head(&mut connection).await;
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        Self(connection)
    }

    /// Requests a WebSocket and returns the response as that of any call.
    async fn ask(agent: &Agent, path: &str) -> Response {
        let call = agent.call(Method::GET, &format!("/s/things{path}"));
        call.header("x-agent-intent", "Listen")
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .send()
            .await
    }

    async fn echoes(&mut self) {
        self.0.write_all(b"ping").await.unwrap();
        let mut heard = [0; 4];
        self.0.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"ping");
    }

    async fn ends(mut self) {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(IN_TIME, self.0.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "it is still open");
    }
}

async fn a_key_that_is_rotated_while_a_definition_is_damaged_stays_refused(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.allow_everything().await;
    let mut database = DirectDatabase::open(&scene.gateway).await;
    database.change("UPDATE rules SET effect = 'damaged'").await;
    let renewed = rotate(&scene.human, &scene.agent).await;
    scene
        .get("/")
        .await
        .expect_problem(503, "authority_unconfirmed");
    database.change("UPDATE rules SET effect = 'allow'").await;
    // Loads the repaired definitions.
    change_agent(&scene.human, &renewed, json!({"name": "renamed"})).await;
    scene
        .get("/")
        .await
        .expect_problem(401, "invalid_agent_key");
    let served = renewed.propose(request("GET", "/")).send().await;
    served.expect_status(200);
}

async fn a_damaged_definition_does_not_disable_the_kill_switch(storage: Storage) {
    let mut scene = Scene::new(storage).await;
    scene.allow_everything().await;
    let stream = open_stream(&scene, &scene.agent).await;
    let mut database = DirectDatabase::open(&scene.gateway).await;
    database.change("UPDATE rules SET effect = 'damaged'").await;
    let stop = scene.human.put("/kill-switch");
    stop.json(json!({"active": true}))
        .send()
        .await
        .expect_status(200);
    breaks_off(stream).await;
    let refused = scene.agent.propose(request("GET", "/")).send().await;
    refused.expect_problem(503, "authority_unconfirmed");

    // The gateway starts with it, and works after a direct repair.
    scene.gateway.restart().await;
    scene
        .get("/")
        .await
        .expect_problem(503, "authority_unconfirmed");
    assert!(scene.human.pending().await.is_empty());
    database.change("UPDATE rules SET effect = 'allow'").await;
    let release = scene.human.put("/kill-switch");
    release
        .json(json!({"active": false}))
        .send()
        .await
        .expect_status(200);
    let served = scene.agent.propose(request("GET", "/")).send().await;
    served.expect_status(200);
}
