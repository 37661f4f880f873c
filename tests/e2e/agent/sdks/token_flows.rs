//! Access tokens of a real OAuth 2.0 provider: fetched by clients through the gateway, and by the gateway itself.

use gaiterguard_testkit::{Agent, Human, PythonUpstream, ReservedPort, Storage, TestGateway};
use http::Method;
use serde_json::{Value, json};

use super::run;

/// The secret of the provider's clients.
const SECRET: &str = "a-secret-of-the-provider-4cd1";

/// Returns the provider, which names `issuer` in its metadata.
async fn provider(issuer: &str) -> PythonUpstream {
    let variables = [("ISSUER", issuer), ("CLIENT_SECRET", SECRET)];
    PythonUpstream::start("oauth_provider.py", &variables).await
}

async fn exchanges(provider: &PythonUpstream) -> Value {
    let listed = provider.client().get("/console/exchanges").send().await;
    listed.expect_status(200).json()
}

#[tokio::test]
async fn google_auth_and_msal_fetch_tokens_and_use_them_through_the_gateway() {
    let front = ReservedPort::take();
    let provider = provider(&format!("https://localhost:{}/s/login", front.number())).await;
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let human = Human::register(&gateway).await;
    let mut services = Vec::new();
    for name in ["login", "watched-login"] {
        services.push(
            human
                .create_service(name, &provider.url(), "none", Value::Null)
                .await,
        );
    }
    let scope: Vec<_> = services.iter().collect();
    let agent = human.create_agent("clerk", &scope).await;
    human
        .create_rule(json!({
            "name": "Tokens may be fetched", "effect": "allow", "enabled": true,
            "condition": "service.name == 'login' && request.path == '/token'",
        }))
        .await;
    let (url, provider_url) = (gateway.url(), provider.url());
    let front_port = front.number().to_string();
    let variables = [
        ("GATEWAY", url.as_str()),
        ("PROVIDER", provider_url.as_str()),
        ("AGENT_KEY", agent.key.as_str()),
        ("CLIENT_SECRET", SECRET),
        ("FRONT_PORT", front_port.as_str()),
    ];
    let results = run(&gateway, "token_flows.py", &variables).await;
    let robot = "robot@project.iam.example";
    assert_eq!(results["google"], json!([robot, robot]));
    // The library names the reason that the gateway gives.
    assert_eq!(results["google_held"], true);
    assert_eq!(results["msal"], "form");
    assert_eq!(results["msal_refused"], "invalid_client");
    let assertion = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    assert_eq!(
        exchanges(&provider).await,
        json!([assertion, assertion, "client_credentials"])
    );
    let received = json!(provider.received()).to_string();
    assert!(!received.contains(&agent.key));
    assert_eq!(gateway.places_with(SECRET).await, Vec::<String>::new());
}

async fn read_me(agent: &Agent, service: &str) -> Value {
    let read = agent.call(Method::GET, &format!("/s/{service}/me")).send();
    read.await.expect_status(200).json()
}

#[tokio::test]
async fn the_gateway_fetches_renews_and_rotates_tokens_of_a_real_provider() {
    let provider = provider("https://provider.example").await;
    let consent = provider.client().post("/console/consent").send().await;
    let consent = consent.expect_status(200).json();
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let human = Human::register(&gateway).await;
    let token_url = format!("{}/token", provider.url());
    let client = |id: &str, more: Value| {
        let mut fields = json!({"token_url": token_url, "client_id": id, "client_secret": SECRET});
        for (name, value) in more.as_object().unwrap() {
            fields[name] = value.clone();
        }
        fields
    };
    let mut services = Vec::new();
    for (name, credentials) in [
        ("by-basic", client("machine", json!({"scope": "read"}))),
        ("by-form", client("form", json!({}))),
        (
            "by-consent",
            client(
                "machine",
                json!({"refresh_token": consent["refresh_token"]}),
            ),
        ),
        (
            "wrong",
            client("machine", json!({"client_secret": "another"})),
        ),
    ] {
        services.push(
            human
                .create_service(name, &provider.url(), "oauth2", credentials)
                .await,
        );
    }
    let scope: Vec<_> = services.iter().collect();
    let agent = human.create_agent("clerk", &scope).await;
    let working = [
        ("by-basic", "machine"),
        ("by-form", "form"),
        ("by-consent", "machine"),
    ];
    for (service, client) in working {
        assert_eq!(read_me(&agent, service).await["client"], client);
    }
    // One exchange each; the second read uses the same token.
    for (service, client) in working {
        assert_eq!(read_me(&agent, service).await["client"], client);
    }
    let first = ["client_credentials", "client_credentials", "refresh_token"];
    assert_eq!(exchanges(&provider).await, json!(first));
    // The provider accepts a refresh token once, so that the second renewal needs the rotated one.
    let expired = provider.client().post("/console/expire").send().await;
    expired.expect_status(204);
    for (service, client) in working {
        assert_eq!(read_me(&agent, service).await["client"], client);
    }
    assert_eq!(exchanges(&provider).await, json!([first, first].concat()));

    let refused = agent.call(Method::GET, "/s/wrong/me").send().await;
    let refused = refused.expect_status(502).json();
    assert_eq!(refused["code"], "credential_refused", "{refused}");

    let write = json!({
        "service": "by-basic", "method": "POST", "path": "/notes",
        "body": {"text": "The gate is painted"}, "intent": "Note that the gate is painted",
    });
    human
        .create_rule(json!({
            "name": "Notes are read first", "effect": "require_approval", "enabled": true,
            "condition": "request.path == '/notes'",
        }))
        .await;
    let held = agent.propose_held(write, "note-1").await;
    human.approve(&held).await;
    let written = agent.execute(&held).send().await.expect_status(201).json();
    assert_eq!(written["text"], "The gate is painted");

    let received = json!(provider.received()).to_string();
    assert!(!received.contains(&agent.key));
    assert_eq!(gateway.places_with(SECRET).await, Vec::<String>::new());
}
