//! Plants secrets of every kind, lets everything happen that can happen to a request, and then searches every byte
//! that the gateway stored, logged or returned for them.

use std::time::Duration;

use gaiterguard_testkit::secret_search::{SecretSearch, percent_reserved};
use gaiterguard_testkit::{
    Agent, EchoUpstream, Encoding, Held, Human, Received, Reply, ReservedPort, Storage,
    TestGateway, on_both_databases, raw_exchange,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

on_both_databases!(
    no_secret_is_stored_logged_or_returned,
    the_gateway_does_not_help_an_agent_to_leak_its_key,
    a_secret_in_an_unusual_part_of_a_response_is_hidden,
);

const BEARER: &str = "canary-bearer/Q7+x~9_k==";
const BASIC_USER: &str = "canary-basic-user";
const BASIC_PASSWORD: &str = "canary \"basic\" pass\\word/é+8";
const API_KEY: &str = "canary-api/key+\"quoted\"~4";
const QUERY: &str = "canary query/&=+%é value";
const PATH: &str = "123456:canary-path_of.the~bot";
const CLIENT_ID: &str = "canary-client-id-55";
const CLIENT_SECRET: &str = "canary-client/secret+77";
const REFRESH_TOKEN: &str = "canary-refresh/token+1";
const NEXT_REFRESH_TOKEN: &str = "canary-refresh/token+2";
const ACCESS_TOKEN: &str = "canary-access/token+3";
const STATIC_TOKEN: &str = "canary-static/token+4";
const COOKIE: &str = "canary-cookie-of-the-agent";
const BODY: &str = "canary in the body of a request";
const REFUSED: &str = "canary-of-a-refused-credential";
const PASSWORD: &str = "canary password of someone";
const WRONG_PASSWORD: &str = "canary password that is wrong";
const NEW_PASSWORD: &str = "canary password of a command";

/// A service, its type, its credential, and the parts of it that must never be seen.
struct Kind {
    name: &'static str,
    auth_type: &'static str,
    credential: Value,
    secrets: Vec<String>,
}

impl Kind {
    /// Returns the path of the base URL, as it is saved.
    fn base_path(&self) -> String {
        match self.auth_type {
            "path" => format!("/{}{{canary}}", self.name),
            _ => format!("/{}", self.name),
        }
    }

    /// Returns the path of the base URL, as the upstream receives it.
    fn sent_path(&self) -> String {
        self.base_path().replace("{canary}", PATH)
    }
}

fn kinds(token_url: &str) -> Vec<Kind> {
    let pair = Encoding::Base64.apply(&format!("{BASIC_USER}:{BASIC_PASSWORD}"));
    let kind = |name, auth_type, credential, secrets: &[&str]| Kind {
        name,
        auth_type,
        credential,
        secrets: secrets.iter().map(ToString::to_string).collect(),
    };
    vec![
        kind("bearer", "bearer", json!({"token": BEARER}), &[BEARER]),
        kind(
            "basic",
            "basic",
            json!({"username": BASIC_USER, "password": BASIC_PASSWORD}),
            &[BASIC_PASSWORD, &pair],
        ),
        kind(
            "api-key",
            "api_key",
            json!({"header": "X-Canary", "value": API_KEY}),
            &[API_KEY],
        ),
        kind(
            "query",
            "query",
            json!({"param": "canary", "value": QUERY}),
            &[QUERY],
        ),
        kind(
            "path",
            "path",
            json!({"placeholder": "canary", "value": PATH}),
            &[PATH],
        ),
        kind(
            "oauth",
            "oauth2",
            json!({
                "token_url": token_url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
                "refresh_token": REFRESH_TOKEN,
            }),
            &[ACCESS_TOKEN],
        ),
        kind(
            "static",
            "oauth2",
            json!({"access_token": STATIC_TOKEN}),
            &[STATIC_TOKEN],
        ),
    ]
}

/// Returns every spelling of a secret in which an upstream may not return it. Text that is already in base64 is not
/// encoded again.
fn echoes(secret: &str) -> Vec<String> {
    let is_basic = secret == Encoding::Base64.apply(&format!("{BASIC_USER}:{BASIC_PASSWORD}"));
    let mut echoes: Vec<String> = Encoding::ALL
        .iter()
        .take(if is_basic { 4 } else { Encoding::ALL.len() })
        .map(|encoding| encoding.apply(secret))
        .collect();
    echoes.push(percent_reserved(secret));
    let json = Encoding::JsonEscaped.apply(secret);
    echoes.push(json.replace('/', "\\/"));
    let units: Vec<String> = secret
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect();
    echoes.push(units.concat());
    echoes
}

struct CanaryScene {
    gateway: TestGateway,
    upstream: EchoUpstream,
    human: Human,
    trusted: Agent,
    watched: Agent,
    kinds: Vec<Kind>,
    _dead_port: ReservedPort,
}

impl CanaryScene {
    async fn build(storage: Storage) -> Self {
        let gateway = TestGateway::builder(storage)
            .setting("LOG", "trace")
            .setting("UPSTREAM_TIMEOUT_MS", 400)
            .start()
            .await;
        gateway
            .dashboard()
            .post("/auth/register")
            .json(json!({"email": "canary@example.com", "password": PASSWORD}))
            .send()
            .await
            .expect_status(201);
        let human = Human::log_in(&gateway, "canary@example.com", PASSWORD).await;
        let upstream = EchoUpstream::start().await;
        let tokens = json!({
            "access_token": ACCESS_TOKEN, "refresh_token": NEXT_REFRESH_TOKEN,
            "token_type": "Bearer", "expires_in": 3600,
        });
        upstream.on("/token", Reply::json(tokens));
        let token_url = format!("{}/token", upstream.url());
        let kinds = kinds(&token_url);
        let mut services = Vec::new();
        for kind in &kinds {
            let url = format!("{}{}", upstream.url(), kind.base_path());
            let credential = kind.credential.clone();
            let made = human.create_service(kind.name, &url, kind.auth_type, credential);
            services.push(made.await);
        }
        // The same credentials at an upstream that does not exist, and a token endpoint that echoes its
        // requests.
        let dead_port = ReservedPort::take();
        for kind in &kinds {
            let (name, url) = (
                format!("dead-{}", kind.name),
                format!("http://{}{}", dead_port.address(), kind.base_path()),
            );
            let credential = kind.credential.clone();
            let made = human.create_service(&name, &url, kind.auth_type, credential);
            services.push(made.await);
        }
        upstream.on_request("/echoing-token", |received: &Received| {
            Reply::status(400)
                .header("Content-Type", "application/json")
                .body(received.to_json().to_string())
        });
        let echoing = json!({
            "token_url": format!("{}/echoing-token", upstream.url()), "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN,
        });
        let url = upstream.url();
        let made = human.create_service("echoing", &url, "oauth2", echoing);
        services.push(made.await);
        let (trusted, watched) = human.create_trusted_and_watched(&services).await;
        Self {
            gateway,
            upstream,
            human,
            trusted,
            watched,
            kinds,
            _dead_port: dead_port,
        }
    }

    /// Makes the upstream return the secrets of a service in every spelling, whole, in pieces and in headers. Returns
    /// the paths.
    fn set_echoes(&self, kind: &Kind) -> Vec<String> {
        let (mut paths, base) = (Vec::new(), kind.sent_path());
        for (index, secret) in kind.secrets.iter().enumerate() {
            for (number, echo) in echoes(secret).into_iter().enumerate() {
                let path = format!("/echo-{index}-{number}");
                let text = format!("before {echo} after");
                let header = echo.is_ascii().then_some(echo.as_str());
                let whole = Reply::status(if number % 2 == 0 { 200 } else { 500 })
                    .header("X-Echo", header.unwrap_or_default())
                    .header(
                        "Location",
                        &format!("/there?it={}", header.unwrap_or_default()),
                    )
                    .header("Set-Cookie", &format!("it={}", header.unwrap_or_default()))
                    .body(text.clone());
                self.upstream.on(&format!("{base}{path}"), whole);
                paths.push(path.clone());

                let mut pieces = Reply::status(200)
                    .chunked()
                    .piece_delay(Duration::from_micros(200));
                for piece in text.as_bytes().chunks(1 + number % 5) {
                    pieces = pieces.body(piece);
                }
                let path = format!("{path}-pieces");
                self.upstream.on(&format!("{base}{path}"), pieces);
                paths.push(path);
            }
        }
        for (path, reply) in [
            ("/never", Reply::never()),
            ("/close", Reply::close()),
            (
                "/cut",
                Reply::text(format!("cut {} cut", kind.secrets[0])).cut_after(12),
            ),
        ] {
            self.upstream.on(&format!("{base}{path}"), reply);
            paths.push(path.to_owned());
        }
        paths
    }
}

fn proposal(service: &str, method: &str, path: &str) -> Value {
    json!({
        "service": service, "method": method, "path": path,
        "intent": format!("See what {method} {path} gives away"),
    })
}

fn with_body(service: &str, path: &str) -> Value {
    let mut proposal = proposal(service, "POST", path);
    proposal["body"] = json!({"text": BODY});
    proposal["headers"] = json!({
        "Cookie": format!("session={COOKIE}"), "Authorization": format!("Bearer {COOKIE}"),
        "Accept-Encoding": "gzip, br", "X-Canary": "mine", "X-Auth-Token": COOKIE,
    });
    proposal
}

async fn no_secret_is_stored_logged_or_returned(storage: Storage) {
    let scene = CanaryScene::build(storage).await;
    let CanaryScene {
        gateway,
        human,
        trusted,
        watched,
        ..
    } = &scene;
    let mut responses = SecretSearch::default();
    let mut shown_to_humans = SecretSearch::default();

    let mut events = human.get("/events").open().await;
    let events = tokio::spawn(async move {
        let mut read = Vec::new();
        while let Ok(Some(piece)) = events.next().await {
            read.extend_from_slice(&piece);
        }
        read
    });

    for kind in &scene.kinds {
        let name = kind.name;
        let echo = proposal(name, "GET", "/echo?x=1");
        let echoed = responses.ask("GET", trusted.propose(echo.clone())).await;
        assert!(echoed.expect_status(200).text().contains("echo?x=1"));
        responses
            .ask("dry-run", {
                trusted
                    .call(http::Method::POST, "/proxy/dry-run")
                    .json(echo)
            })
            .await;
        for path in scene.set_echoes(kind) {
            let call = trusted.propose(proposal(name, "GET", &path));
            match call.clone().try_send().await {
                Ok(response) => responses.add_response(&path, &response),
                Err(_) => assert_eq!(path, "/cut"),
            }
        }
        for _ in 0..2 {
            let key = format!("write-{name}");
            let call = trusted.propose(with_body(name, "/write"));
            let response = call.idempotency_key(&key).send().await.expect_status(200);
            responses.add_response("POST", &response);
        }
        for path in ["/never", "/close"] {
            for _ in 0..2 {
                let call = trusted.propose(with_body(name, path));
                responses
                    .ask(path, call.idempotency_key(&format!("{path}-{name}")))
                    .await;
            }
        }
        let dead = with_body(&format!("dead-{name}"), "/x?y=z");
        let call = trusted
            .propose(dead)
            .idempotency_key(&format!("dead-{name}"));
        let response = responses.ask("a dead upstream", call).await;
        response.expect_problem(502, "upstream_unreachable");

        for decision in ["approve", "deny"] {
            let key = format!("{decision}-{name}");
            let write = with_body(name, "/echo-0-0");
            let call = watched.propose(write.clone()).idempotency_key(&key);
            let held = Held::from_response(responses.ask("hold", call.clone()).await);
            let path = format!("/approvals/{}", held.action_id);
            shown_to_humans
                .ask("pending", human.get("/approvals/pending"))
                .await;
            shown_to_humans.ask("action", human.get(&path)).await;
            let response = human.decide(&held, decision, json!({"note": "seen"})).await;
            shown_to_humans.add_response(decision, &response.expect_status(200));
            responses.ask("execute", watched.execute(&held)).await;
            let status = format!("/status/{}", held.action_id);
            responses
                .ask("status", watched.call(http::Method::GET, &status))
                .await;
            responses.ask("replay", call).await;
            shown_to_humans.ask("action", human.get(&path)).await;
        }
    }
    let echoing = trusted.propose(proposal("echoing", "GET", "/x"));
    let refused = responses.ask("an echoing token endpoint", echoing).await;
    assert!(!refused.status.is_success());
    let mut exchanges = SecretSearch::default();
    for asked in scene.upstream.received_at("/echoing-token") {
        exchanges.add("token endpoint", asked.to_json().to_string());
    }
    let refresh_token = [("it".to_owned(), REFRESH_TOKEN.to_owned())];
    assert!(!exchanges.findings(&refresh_token).is_empty());

    // Mistakes of a human do not reveal secrets either.
    let services = human.get("/services").send().await.json();
    let id = services[0]["id"].as_i64().unwrap();
    let credentials = format!("/services/{id}/credentials");
    for body in [
        json!({"token": format!("{REFUSED}\n")}),
        json!({"token": {"inner": REFUSED}}),
        json!({"token": [REFUSED]}),
        json!({"value": REFUSED}),
        json!(REFUSED),
        json!([REFUSED]),
        json!({"token": 1, "header": REFUSED}),
    ] {
        let call = human.post(&credentials).json(body);
        let refused = shown_to_humans.ask("a bad credential", call).await;
        assert!(refused.status.is_client_error(), "{}", refused.text());
    }
    let text = format!("{{\"token\": \"{REFUSED}\" \"{REFUSED}");
    let call = human
        .post(&credentials)
        .header("content-type", "application/json")
        .body(text);
    shown_to_humans.ask("bad JSON", call).await;
    let service = json!({
        "name": "x", "baseUrl": "https://x.example", "authType": "bearer", "credentials": REFUSED,
    });
    shown_to_humans
        .ask("a bad service", human.post("/services").json(service))
        .await;
    let dashboard = gateway.dashboard();
    for body in [
        json!({"email": "canary@example.com", "password": WRONG_PASSWORD}),
        json!({"email": "canary@example.com", "password": [WRONG_PASSWORD]}),
        json!({"email": {"password": WRONG_PASSWORD}}),
        json!(WRONG_PASSWORD),
    ] {
        for path in ["/auth/login", "/auth/register", "/auth/refresh"] {
            let call = dashboard.post(path).json(body.clone());
            shown_to_humans.ask(path, call).await;
        }
    }
    let created = gateway
        .run(&["user", "create", "second@example.com"], NEW_PASSWORD)
        .await;
    assert!(created.status.success(), "{created:?}");
    responses.add("a command", [created.stdout, created.stderr].concat());

    // Replaced sessions and keys are secrets, too.
    let second = Human::log_in(gateway, "second@example.com", NEW_PASSWORD).await;
    let refresh = async |token: &Value| {
        let call = dashboard.post("/auth/refresh");
        let response = call.json(json!({"refreshToken": token})).send().await;
        response.expect_status(200).json()
    };
    let used = json!(second.refresh_token);
    // A used token has one more successor. Once both are used, it is a stolen one.
    let (first, again) = (refresh(&used).await, refresh(&used).await);
    refresh(&first["refreshToken"]).await;
    let renewed = refresh(&again["refreshToken"]).await;
    let stolen = dashboard
        .post("/auth/refresh")
        .json(json!({"refreshToken": used}));
    shown_to_humans
        .ask("a used token", stolen)
        .await
        .expect_status(401);
    let rotated = human.post(&format!("/agents/{}/rotate-key", trusted.id));
    let rotated = rotated.send().await.expect_status(200).json();
    responses
        .ask(
            "an old key",
            trusted.propose(proposal("bearer", "GET", "/x")),
        )
        .await
        .expect_status(401);

    for path in [
        "/services",
        "/agents",
        "/rules",
        "/approvals?limit=200",
        "/requests?limit=200",
        "/audit?limit=200",
        "/overview",
        "/auth/me",
        "/kill-switch",
        "/metrics",
        "/openapi.json",
        "/health",
        "/ready",
        "/no/such/path",
    ] {
        shown_to_humans.ask(path, human.get(path)).await;
    }
    shown_to_humans
        .ask("logout", human.post("/auth/logout"))
        .await;
    events.abort();
    if let Ok(read) = events.await {
        shown_to_humans.add("events", read);
    }

    let named = |name: &str, secret: &str| (name.to_owned(), secret.to_owned());
    let text = |json: &Value, name: &str| json[name].as_str().unwrap().to_owned();
    let mut secrets = vec![
        named("client secret", CLIENT_SECRET),
        named("refresh token", REFRESH_TOKEN),
        named("next refresh token", NEXT_REFRESH_TOKEN),
        named("refused credential", REFUSED),
        named("password", PASSWORD),
        named("wrong password", WRONG_PASSWORD),
        named("password of a command", NEW_PASSWORD),
        named("access token", &human.access_token),
        named("session's refresh token", &human.refresh_token),
        named("second access token", &second.access_token),
        named("second refresh token", &second.refresh_token),
        named("third access token", &text(&renewed, "accessToken")),
        named("third refresh token", &text(&renewed, "refreshToken")),
        named("agent key", &trusted.key),
        named("agent key of another", &watched.key),
        named("rotated agent key", &text(&rotated, "apiKey")),
    ];
    for kind in &scene.kinds {
        for secret in &kind.secrets {
            secrets.push(named(kind.name, secret));
        }
    }
    let mut at_rest = secrets.clone();
    at_rest.extend([
        named("basic user", BASIC_USER),
        named("client id", CLIENT_ID),
        named("cookie", COOKIE),
        named("body", BODY),
    ]);
    let mut to_humans = secrets.clone();
    to_humans.push(named("cookie", COOKIE));

    let mut logged = SecretSearch::default();
    let log = gateway.logs();
    assert!(log.contains("DEBUG"), "nothing is logged in detail");
    logged.add("log", log);
    let stored = SecretSearch::stored(gateway).await;
    let mut findings = responses.findings(&secrets);
    findings.extend(shown_to_humans.findings(&to_humans));
    findings.extend(logged.findings(&at_rest));
    findings.extend(stored.findings(&at_rest));
    assert!(findings.is_empty(), "{findings:#?}");

    // The credentials did reach their upstreams.
    let received = scene.upstream.received_at("/query/echo");
    assert!(received[0].target.contains("canary="), "{received:?}");
    for received in scene.upstream.received_at("/bearer/write") {
        let authorization = format!("Bearer {BEARER}");
        assert_eq!(received.header("authorization"), Some(&*authorization));
        assert_eq!(received.header_count("authorization"), 1);
        let encodings = received.header("accept-encoding").unwrap_or("identity");
        assert_eq!(encodings, "identity", "{received:?}");
    }
}

async fn the_gateway_does_not_help_an_agent_to_leak_its_key(storage: Storage) {
    let scene = CanaryScene::build(storage).await;
    let (gateway, agent) = (&scene.gateway, &scene.trusted);
    let key = agent.key.as_str();
    let mut responses = SecretSearch::default();
    let mut calls = Vec::new();
    for (number, (field, value)) in [
        ("path", format!("/x?key={key}")),
        ("path", format!("/{key}/x")),
        ("path", format!("/../{key}")),
        ("intent", format!("Use {key} for it")),
        ("service", format!("service-{key}")),
        ("service_id", key.to_owned()),
        ("method", key.to_owned()),
        ("targetUrl", format!("http://{key}.example/{key}")),
        ("targetUrl", key.to_owned()),
        ("wait", key.to_owned()),
        (key, key.to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        for agent in [&scene.trusted, &scene.watched] {
            let mut body = proposal("bearer", "POST", "/write");
            body[field] = json!(value);
            let idempotency_key = format!("{number}-{}", agent.id);
            calls.push(agent.propose(body).idempotency_key(&idempotency_key));
        }
    }
    let write = proposal("bearer", "POST", "/write");
    calls.push(agent.propose(write.clone()).idempotency_key(key));
    let mut with_header = write.clone();
    with_header["headers"] = json!({"X-Mine": key, "X-More": format!("Bearer {key}")});
    calls.push(agent.propose(with_header).idempotency_key("header"));
    let mut with_body = write.clone();
    with_body["body"] = json!({"key": key});
    calls.push(agent.propose(with_body).idempotency_key("body"));
    calls.push(agent.propose(json!(key)));
    calls.push(
        agent
            .call(http::Method::POST, "/proxy")
            .body(key.to_owned()),
    );
    for path in [
        format!("/status/{key}"),
        format!("/proxy/execute/{key}"),
        format!("/{key}"),
        format!("/approvals/{key}"),
        format!("/agents?cursor={key}"),
    ] {
        calls.push(agent.call(http::Method::GET, &path));
        calls.push(agent.call(http::Method::POST, &path));
        calls.push(scene.human.get(&path));
    }
    for (number, call) in calls.into_iter().enumerate() {
        let response = call.send().await;
        // The upstream may return what it received.
        if response.header("x-proxy-status") != Some("forwarded") {
            responses.add_response(&format!("call {number}"), &response);
        }
    }
    for received in scene.upstream.received() {
        for (name, value) in &received.headers {
            assert!(!value.contains(key), "{name}: {value}");
        }
    }
    let secrets = [("agent key".to_owned(), key.to_owned())];
    let mut search = SecretSearch::stored(gateway).await;
    search.add("log", gateway.logs());
    for path in [
        "/requests?limit=200",
        "/audit?limit=200",
        "/approvals?limit=200",
        "/metrics",
    ] {
        search.ask(path, scene.human.get(path)).await;
    }
    let mut findings = search.findings(&secrets);
    findings.extend(responses.findings(&secrets));
    assert!(findings.is_empty(), "{findings:#?}");
}

/// Starts an upstream that replies to each request with the next of these, byte for byte, and closes the connection.
async fn upstream_of_bytes(responses: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for response in responses {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(response.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    url
}

async fn a_secret_in_an_unusual_part_of_a_response_is_hidden(storage: Storage) {
    let gateway = TestGateway::builder(storage)
        .setting("LOG", "trace")
        .start()
        .await;
    let human = Human::register(&gateway).await;
    let secret = "canarytoken0123456789abcdef";
    let chunked = "Transfer-Encoding: chunked\r\nConnection: close";
    let length = "Content-Length: 2\r\nConnection: close\r\n\r\nok";
    let responses = vec![
        format!("HTTP/1.1 200 {secret}\r\n{length}"),
        format!("HTTP/1.1 200 OK\r\nX-{secret}: 1\r\n{length}"),
        format!("HTTP/1.1 200 OK\r\n{secret}: {secret}\r\n{length}"),
        format!("HTTP/1.1 103 Hints\r\nLink: <{secret}>\r\n\r\nHTTP/1.1 200 OK\r\n{length}"),
        format!(
            "HTTP/1.1 200 OK\r\nTrailer: X-T\r\n{chunked}\r\n\r\n2\r\nok\r\n0\r\nX-T: {secret}\r\n\r\n"
        ),
        format!("HTTP/1.1 200 OK\r\n{chunked}\r\n\r\n2;x={secret}\r\nok\r\n0\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/{secret}\r\n{length}"),
        format!("HTTP/1.1 200 OK\r\nWWW-Authenticate: Bearer error=\"{secret}\"\r\n{length}"),
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: {secret}\r\n{length}"),
        // Malformed responses.
        format!("{secret}\r\n\r\n"),
        format!("HTTP/1.1 2{secret}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: {secret}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nbad header {secret}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n{chunked}\r\n\r\n{secret}\r\n"),
        format!(
            "HTTP/1.1 101 {secret}\r\nUpgrade: {secret}\r\nConnection: upgrade\r\n\r\n{secret}"
        ),
    ];
    let count = responses.len();
    let url = upstream_of_bytes(responses).await;
    let service = human.create_bearer_service("odd", &url, secret).await;
    let agent = human.create_agent("reader", &[&service]).await;

    let mut search = SecretSearch::default();
    for number in 0..count {
        let body = proposal("odd", "GET", &format!("/{number}")).to_string();
        let request = format!(
            "POST /proxy HTTP/1.1\r\nHost: gateway\r\nAgent-Key: {}\r\nContent-Length: {}\r\n\
             TE: trailers\r\nConnection: close\r\n\r\n{body}",
            agent.key,
            body.len()
        );
        let pieces = [(Duration::ZERO, request.as_bytes())];
        let address = gateway.client().address();
        let response = raw_exchange(address, &pieces, Duration::from_secs(10)).await;
        // If a body breaks right after the head, the head may be lost with it.
        let is_broken = response.is_empty() && number == 13;
        assert!(response.starts_with(b"HTTP/1.1 ") || is_broken, "{number}");
        search.add(format!("response {number}"), response);
    }
    search
        .ask("requests", human.get("/requests?limit=200"))
        .await;
    search.add("log", gateway.logs());
    let secrets = [("credential".to_owned(), secret.to_owned())];
    let mut findings = search.findings(&secrets);
    findings.extend(SecretSearch::stored(&gateway).await.findings(&secrets));
    assert!(findings.is_empty(), "{findings:#?}");
}
