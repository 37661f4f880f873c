//! Only the operator can create the first account: no page in a browser, no rebound DNS name and no neighbor on the
//! network can do it first.

use std::time::Duration;

use gaiterguard_testkit::{Call, Human, Storage, TestGateway, eventually, on_both_databases};
use http::Method;
use serde_json::{Value, json};

/// How long a line may take to reach the log, on a busy machine.
const MOMENT: Duration = Duration::from_secs(10);

const PASSWORD: &str = "correct horse battery staple";

on_both_databases!(
    no_page_of_another_origin_can_create_the_first_account,
    beyond_loopback_the_first_account_needs_the_code_from_the_log,
    an_open_registration_asks_for_the_code_once,
);

/// The headers that browsers send from pages of other origins.
const FOREIGN_PAGES: [&[(&str, &str)]; 8] = [
    &[
        ("origin", "http://localhost:39315"),
        ("sec-fetch-site", "cross-site"),
    ],
    &[("origin", "http://localhost:39315")],
    &[
        ("origin", "http://127.0.0.1:1"),
        ("sec-fetch-site", "same-site"),
    ],
    &[
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ],
    &[("origin", "null")],
    &[("origin", "")],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
];

fn with(mut call: Call, headers: &[(&str, &str)]) -> Call {
    for (name, value) in headers {
        call = call.header(name, value);
    }
    call
}

fn account(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD})
}

async fn no_page_of_another_origin_can_create_the_first_account(storage: Storage) {
    let gateway = TestGateway::start(storage).await;
    let mallory = account("mallory@evil.example");
    let register = || gateway.dashboard().post("/auth/register");
    for page in FOREIGN_PAGES {
        let refused = with(register().json(mallory.clone()), page).send().await;
        refused.expect_problem(403, "origin_not_allowed");
    }
    // A page may send these types, or bytes without a type, to any origin without a preflight.
    let body = || mallory.to_string().into_bytes();
    let own = format!("http://{}", gateway.dashboard().address());
    for content_type in [
        None,
        Some("text/plain"),
        Some("text/plain; charset=application/json"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=application/json"),
    ] {
        for origin in [None, Some(own.as_str()), Some("http://localhost:39315")] {
            let mut call = register().body(body());
            if let Some(content_type) = content_type {
                call = call.header("content-type", content_type);
            }
            if let Some(origin) = origin {
                call = call.header("origin", origin);
            }
            call.send()
                .await
                .expect_problem(415, "unsupported_media_type");
        }
    }
    let state = gateway.dashboard().get("/auth/registration").send().await;
    assert_eq!(
        state.expect_status(200).json(),
        json!({
            "open": true, "firstAccount": true, "setupCodeRequired": false,
            "password": true, "passkeys": false, "singleSignOn": null,
        })
    );

    let own_page = [("origin", own.as_str()), ("sec-fetch-site", "same-origin")];
    let made = with(register().json(account("human@example.com")), &own_page);
    made.send().await.expect_status(201);
    let state = gateway.dashboard().get("/auth/registration").send().await;
    assert_eq!(
        state.json(),
        json!({
            "open": false, "firstAccount": false, "setupCodeRequired": false,
            "password": true, "passkeys": false, "singleSignOn": null,
        })
    );
    let late = register().json(mallory).send().await;
    late.expect_problem(403, "registration_closed");
}

/// Every call of the API that changes something without a token.
#[tokio::test]
async fn every_call_without_a_token_requires_json_from_an_allowed_origin() {
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let document = gateway.dashboard().get("/openapi.json").send().await.json();
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let operation = &operations[method.as_str().to_ascii_lowercase()];
            let security = operation["security"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let is_optional = security.is_empty() || security.contains(&json!({}));
            // Slack proves its requests, which are forms, with a signature.
            let is_signed = path == "/channels/{id}/slack";
            if operation.is_object() && is_optional && !is_signed {
                found.push((method, path.clone()));
            }
        }
    }
    assert_eq!(found.len(), 9, "{found:?}");
    for (method, path) in found {
        let call = || gateway.dashboard().call(method.clone(), &path);
        let page = [("origin", "https://evil.example")];
        let foreign = with(call().json(json!({})), &page).send().await;
        foreign.expect_problem(403, "origin_not_allowed");
        let bytes = call().body("{}").send().await;
        bytes.expect_problem(415, "unsupported_media_type");
        // Then only the content of the body is invalid, a refresh without a token has nothing to do, and neither
        // single sign-on nor passkeys are available.
        let expected = match path.as_str() {
            "/auth/refresh" => 204,
            "/auth/oidc" => 404,
            "/auth/passkeys/sign-in/options" => 409,
            _ => 400,
        };
        let fine = call().json(json!({})).send().await;
        assert_eq!(fine.status, expected, "{path}: {}", fine.text());
    }
}

#[tokio::test]
async fn a_listed_origin_may_use_the_api_but_gets_no_session_cookie() {
    let gateway = TestGateway::builder(Storage::Sqlite)
        .setting("CORS_ORIGINS", "https://desk.example.com")
        .start()
        .await;
    let human = Human::register(&gateway).await;
    let credentials = json!({"email": human.email, "password": human.password});
    let mut with_cookie = credentials.clone();
    with_cookie["session"] = json!("cookie");
    let log_in = |body: &Value, origin: &str| {
        let call = gateway.dashboard().post("/auth/login").json(body.clone());
        call.header("origin", origin).send()
    };
    let listed = log_in(&credentials, "https://desk.example.com").await;
    assert_eq!(
        listed.header("access-control-allow-origin"),
        Some("https://desk.example.com")
    );
    listed.expect_status(200);
    let planted = log_in(&with_cookie, "https://desk.example.com").await;
    assert_eq!(planted.header("set-cookie"), None);
    planted.expect_problem(403, "origin_not_allowed");
    let foreign = log_in(&credentials, "https://desk.example.com:8443").await;
    foreign.expect_problem(403, "origin_not_allowed");
    let own = format!("http://{}", gateway.dashboard().address());
    let session = log_in(&with_cookie, &own).await.expect_status(200);
    assert!(session.header("set-cookie").is_some());
}

#[tokio::test]
async fn a_rebound_dns_name_opens_nothing_of_the_dashboard() {
    let gateway = TestGateway::builder(Storage::Sqlite)
        .setting("PUBLIC_URL", "https://gate.example.com")
        .setting("CORS_ORIGINS", "https://desk.example.com")
        .start()
        .await;
    let mut mine = account("human@example.com");
    mine["setupCode"] = json!(code_of(&gateway).await);
    let made = gateway.dashboard().post("/auth/register").json(mine);
    made.send().await.expect_status(201);
    let human = Human::log_in(&gateway, "human@example.com", PASSWORD).await;
    let port = gateway.port();
    let call = |method: Method, path: &str, host: &str| {
        let call = gateway.dashboard().call(method, path);
        call.bearer(&human.access_token).header("host", host)
    };
    let document = gateway.dashboard().get("/openapi.json").send().await.json();
    let mut asked = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let first = path.split('/').nth(1).unwrap();
        let open = ["proxy", "status", "s", "mcp", "health", "ready", "metrics"];
        if open.contains(&first) || ["/openapi.json", "/ca.pem"].contains(&path.as_str()) {
            continue;
        }
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            if operations[method.as_str().to_ascii_lowercase()].is_object() {
                let path = path.replace("{id}", "1").replace("{action_id}", "1");
                let refused = call(method, &path, &format!("evil.example:{port}"))
                    .json(json!({}))
                    .send()
                    .await;
                refused.expect_problem(421, "host_not_allowed");
                asked += 1;
            }
        }
    }
    assert!(asked > 40, "{asked}");
    for path in ["/app/", "/app/icon.svg", "/docs", "/"] {
        let refused = call(Method::GET, path, "evil.example").send().await;
        refused.expect_problem(421, "host_not_allowed");
        let page = call(Method::GET, path, "evil.example")
            .header("accept", "text/html,application/xhtml+xml")
            .send()
            .await;
        assert_eq!(page.status, 421);
        assert!(page.text().contains("PUBLIC_URL"), "{path}");
    }

    let own_port = format!(":{port}");
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "192.168.1.5",
        "gate.example.com",
    ] {
        for port in ["", own_port.as_str(), ":443"] {
            let host = format!("{host}{port}");
            let known = call(Method::GET, "/auth/me", &host).send().await;
            known.expect_status(200);
        }
    }
    let listed = call(Method::GET, "/auth/me", "desk.example.com")
        .send()
        .await;
    listed.expect_status(200);

    // Probes and agents may use the names of their own networks.
    for path in ["/health", "/ready", "/metrics", "/openapi.json"] {
        let probe = call(Method::GET, path, "gateway:3000").send().await;
        probe.expect_status(200);
    }
    let service = human
        .create_service("up", "http://127.0.0.1:9/", "none", Value::Null)
        .await;
    let agent = human.create_agent("assistant", &[&service]).await;
    let dry_run = gateway
        .client()
        .post("/proxy/dry-run")
        .agent_key(&agent.key)
        .header("host", "gateway:3000")
        .json(json!({"service": "up", "method": "GET", "path": "/", "intent": "Look"}));
    dry_run.send().await.expect_status(200);
}

/// Returns the code that a gateway wrote to its log.
async fn code_of(gateway: &TestGateway) -> String {
    let line = eventually("the code is in the log", MOMENT, || async {
        let logs = gateway.logs();
        let line = logs.lines().find(|line| line.contains("setup code"));
        line.map(str::to_owned)
    })
    .await;
    assert!(line.contains("/app/ to create your account"), "{line}");
    let code = line.rsplit(' ').next().unwrap().to_owned();
    assert_eq!(code.len(), 14, "{line}");
    code
}

async fn beyond_loopback_the_first_account_needs_the_code_from_the_log(storage: Storage) {
    let mut gateway = TestGateway::builder(storage)
        .setting("HOST", "0.0.0.0")
        .start()
        .await;
    let state = gateway.dashboard().get("/auth/registration").send().await;
    assert_eq!(
        state.json(),
        json!({
            "open": true, "firstAccount": true, "setupCodeRequired": true,
            "password": true, "passkeys": false, "singleSignOn": null,
        })
    );
    let code = code_of(&gateway).await;
    let port = gateway.port();
    let open = format!("http://localhost:{port}/app/");
    assert!(gateway.logs().contains(&open));

    // An agent on the network comes first and uses up all tries of its address.
    let mut mallory = account("mallory@evil.example");
    let register = |body: &Value| {
        gateway
            .dashboard()
            .post("/auth/register")
            .json(body.clone())
    };
    let refused = register(&mallory).send().await;
    refused.expect_problem(403, "setup_code_required");
    mallory["setupCode"] = json!("0000-0000-0000");
    let mut throttled = false;
    for _ in 0..100 {
        let refused = register(&mallory).send().await;
        if refused.status == 429 {
            throttled = true;
            break;
        }
        refused.expect_problem(403, "setup_code_invalid");
    }
    assert!(throttled, "wrong codes are not throttled");

    // The code that the operator copied is the same after a restart and on every replica.
    gateway.restart().await;
    let mut mine = account("human@example.com");
    mine["setupCode"] = json!(code.to_lowercase());
    let replica = match storage {
        Storage::Sqlite => None,
        Storage::Postgres => Some(gateway.start_replica().await),
    };
    let responds_first = replica.as_ref().unwrap_or(&gateway).dashboard();
    let made = responds_first.post("/auth/register").json(mine.clone());
    made.send().await.expect_status(201);
    drop(replica);

    mine["email"] = json!("second@example.com");
    let second = gateway.dashboard().post("/auth/register").json(mine);
    second
        .send()
        .await
        .expect_problem(403, "registration_closed");
    let shown = gateway.logs().matches(&code).count();
    gateway.restart().await;
    assert_eq!(gateway.logs().matches(&code).count(), shown, "it is over");
}

#[tokio::test]
async fn behind_a_public_url_the_first_account_needs_the_code_even_on_loopback() {
    for (url, is_needed) in [
        ("https://gate.example.com", true),
        ("http://192.0.2.7:8080", true),
        ("http://[2001:db8::1]", true),
        ("http://localhost.example.com", true),
        ("http://127.0.0.1:8080", false),
        ("http://[::1]:8080", false),
        ("http://localhost:8080", false),
        ("https://Gate.Localhost", false),
    ] {
        let gateway = TestGateway::builder(Storage::Sqlite)
            .setting("PUBLIC_URL", url)
            .start()
            .await;
        let state = gateway.dashboard().get("/auth/registration").send().await;
        assert_eq!(state.json()["setupCodeRequired"], is_needed, "{url}");
        let register = |body: Value| gateway.dashboard().post("/auth/register").json(body);
        let mut mine = account("human@example.com");
        if is_needed {
            let refused = register(mine.clone()).send().await;
            refused.expect_problem(403, "setup_code_required");
            mine["setupCode"] = json!(code_of(&gateway).await);
        }
        register(mine).send().await.expect_status(201);
    }
}

async fn an_open_registration_asks_for_the_code_once(storage: Storage) {
    let gateway = TestGateway::builder(storage)
        .setting("HOST", "0.0.0.0")
        .setting("REGISTRATION", "open")
        .setting("LOG", "error")
        .start()
        .await;
    let code = code_of(&gateway).await;
    let register = |body: Value| gateway.dashboard().post("/auth/register").json(body).send();
    let first = register(account("human@example.com")).await;
    first.expect_problem(403, "setup_code_required");
    let mut mine = account("human@example.com");
    mine["setupCode"] = json!(code);
    register(mine).await.expect_status(201);
    register(account("other@example.com"))
        .await
        .expect_status(201);
}

#[tokio::test]
async fn an_account_created_by_command_needs_no_code_and_ends_it() {
    let gateway = TestGateway::builder(Storage::Sqlite)
        .setting("HOST", "0.0.0.0")
        .start()
        .await;
    let code = code_of(&gateway).await;
    let created = gateway
        .run(&["user", "create", "human@example.com"], PASSWORD)
        .await;
    assert!(created.status.success(), "{created:?}");
    let mut late = account("mallory@evil.example");
    late["setupCode"] = json!(code);
    let late = gateway.dashboard().post("/auth/register").json(late);
    late.send().await.expect_problem(403, "registration_closed");
    Human::log_in(&gateway, "human@example.com", PASSWORD).await;
}
