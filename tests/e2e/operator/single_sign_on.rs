//! Signing in at an `OpenID` Connect provider, npm's certified `oidc-provider`.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Stdio};
use std::time::Duration;

use gaiterguard_testkit::{
    Client, Human, Response, Storage, TestGateway, eventually, node_command, on_both_databases,
};
use serde_json::{Value, json};

on_both_databases!(
    a_person_with_a_role_signs_in_and_the_role_follows_the_provider,
    a_response_of_the_provider_counts_once_and_only_in_its_browser,
    an_account_is_connected_by_its_own_user_and_not_by_its_email_address,
);

const PROVIDER: &str = include_str!("../../clients/oidc_provider.mjs");

/// How long the gateway may take to fetch the provider's new keys.
const LIMIT: Duration = Duration::from_secs(20);

struct Provider {
    process: Child,
    client: Client,
    url: String,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Provider {
    fn start() -> Self {
        let mut process = node_command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = process.stdin.take().unwrap();
        input.write_all(PROVIDER.as_bytes()).unwrap();
        drop(input);
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port: u16 = lines.next().unwrap().unwrap().parse().unwrap();
        // The provider prints advice, and would fail if nothing read it.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            process,
            client: Client::new(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    /// Changes the provider.
    async fn change(&self, settings: Value) {
        let changed = self.client.post("/control").json(settings).send().await;
        changed.expect_status(200);
    }
}

/// A gateway with an owner, and its provider.
struct Company {
    provider: Provider,
    gateway: TestGateway,
    owner: Human,
}

/// A sign-in that has begun in a browser.
struct Begun {
    url: String,
    cookie: String,
}

impl Company {
    async fn new(storage: Storage) -> Self {
        let provider = Provider::start();
        let gateway = TestGateway::builder(storage)
            .setting("OIDC_ISSUER", &provider.url)
            .setting("OIDC_CLIENT_ID", "gateway")
            .setting("OIDC_CLIENT_SECRET", "the-secret-of-the-client")
            .setting("OIDC_NAME", "Example ID")
            .setting("OIDC_ROLE_CLAIM", "groups")
            .setting("OIDC_ROLE_MAP", "admins:operator,sec:approver")
            .start()
            .await;
        let owner = Human::register(&gateway).await;
        let redirect_uri = format!("{}/app/signed-in", gateway.url());
        provider
            .change(json!({
                "redirectUri": redirect_uri,
                "claims": person("ann@example.com", &["everyone", "sec"]),
            }))
            .await;
        Self {
            provider,
            gateway,
            owner,
        }
    }

    async fn begin(&self) -> Begun {
        let begun = self.gateway.dashboard().post("/auth/oidc").json(json!({}));
        Begun::of(&begun.send().await.expect_status(200))
    }

    /// Signs in at the provider and returns the parameters with which it sends the browser back.
    async fn visit(&self, begun: &Begun) -> Value {
        let visited = self.provider.client.post("/visit");
        let visited = visited.json(json!({"url": begun.url})).send().await;
        let visited = visited.expect_status(200).json();
        let (page, query) = visited["location"]
            .as_str()
            .unwrap()
            .split_once('?')
            .unwrap();
        assert_eq!(page, format!("{}/app/signed-in", self.gateway.url()));
        let redirected: HashMap<String, String> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        json!(redirected)
    }

    async fn complete(&self, cookie: &str, redirected: &Value) -> Response {
        let call = self.gateway.dashboard().post("/auth/oidc/callback");
        call.header("cookie", cookie)
            .json(redirected.clone())
            .send()
            .await
    }

    async fn sign_in(&self) -> Response {
        let begun = self.begin().await;
        let redirected = self.visit(&begun).await;
        self.complete(&begun.cookie, &redirected).await
    }

    async fn audit(&self) -> String {
        self.owner.read("/audit?limit=100").await.to_string()
    }
}

impl Begun {
    fn of(response: &Response) -> Self {
        let url = response.json()["authorizationUrl"]
            .as_str()
            .unwrap()
            .to_owned();
        let cookie = response.header("set-cookie").unwrap();
        for attribute in ["HttpOnly", "SameSite=Strict", "Path=/auth/oidc"] {
            assert!(
                cookie.split("; ").any(|given| given == attribute),
                "{cookie}"
            );
        }
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self { url, cookie }
    }
}

/// Returns the claims of a person whose email address is verified.
fn person(email: &str, groups: &[&str]) -> Value {
    json!({"email": email, "email_verified": true, "groups": groups})
}

async fn a_person_with_a_role_signs_in_and_the_role_follows_the_provider(storage: Storage) {
    let company = Company::new(storage).await;
    let ways = company
        .gateway
        .dashboard()
        .get("/auth/registration")
        .send()
        .await;
    let ways = ways.expect_status(200).json();
    assert_eq!(ways["singleSignOn"], "Example ID");
    assert_eq!(ways["password"], true);

    let begun = company.begin().await;
    for part in ["code_challenge_method=S256", "nonce=", "scope=openid"] {
        assert!(begun.url.contains(part), "{part}: {}", begun.url);
    }
    let signed_in = company.sign_in().await.expect_status(200);
    let cookies = signed_in.headers("set-cookie").join("\n");
    assert!(cookies.contains("gaiterguard_refresh=gr_"), "{cookies}");
    assert!(cookies.contains("gaiterguard_flow=;"), "{cookies}");
    let session = signed_in.json();
    assert_eq!(session["user"]["email"], "ann@example.com");
    assert!(session.get("refreshToken").is_none());
    let token = session["accessToken"].as_str().unwrap();
    let me = company.gateway.dashboard().get("/auth/me").bearer(token);
    me.send().await.expect_status(200);
    assert!(company.audit().await.contains("user.federated_created"));

    // The same person is the same user, whatever the email address is, with the role of today.
    let claims = person("ann.smith@example.com", &["admins"]);
    let changed = json!({"claims": claims, "inIdToken": true});
    company.provider.change(changed).await;
    let again = company.sign_in().await.expect_status(200).json();
    assert_eq!(again["user"]["id"], session["user"]["id"]);
    assert_eq!(again["user"]["email"], "ann@example.com");
    let audit = company.audit().await;
    assert!(audit.contains("user.federated_role"), "{audit}");
    assert!(audit.contains(r#""role":"operator""#), "{audit}");

    for (account, claims) in [
        ("ann", person("ann@example.com", &["everyone"])),
        ("bob", person("bob@example.com", &[])),
        (
            "bob",
            json!({"email": "bob@example.com", "groups": ["sec"]}),
        ),
        (
            "bob",
            json!({"email": "bob@example.com", "email_verified": false, "groups": ["sec"]}),
        ),
    ] {
        let changed = json!({"account": account, "claims": claims});
        company.provider.change(changed).await;
        let refused = company.sign_in().await;
        refused.expect_problem(403, "sign_in_refused");
    }
    let verified = company.gateway.run(&["audit", "verify"], "").await;
    assert!(verified.status.success());
    for secret in ["the-secret-of-the-client", token, &begun.cookie[17..]] {
        assert!(!company.gateway.logs().contains(secret), "{secret}");
        assert!(!company.audit().await.contains(secret), "{secret}");
    }
}

async fn a_response_of_the_provider_counts_once_and_only_in_its_browser(storage: Storage) {
    let company = Company::new(storage).await;
    let begun = company.begin().await;
    let other = company.begin().await;
    let redirected = company.visit(&begun).await;
    let changed = |field: &str, value: &str| {
        let mut changed = redirected.clone();
        changed[field] = value.into();
        changed
    };
    for (cookie, redirected) in [
        (other.cookie.as_str(), redirected.clone()),
        ("a=1", redirected.clone()),
        (&begun.cookie, changed("state", "made-up")),
        (&begun.cookie, changed("iss", "https://evil.example")),
        (&begun.cookie, changed("code", "made-up")),
    ] {
        let refused = company.complete(cookie, &redirected).await;
        refused.expect_problem(400, "sign_in_expired");
    }
    // The provider names itself, so a response without its name is not its own (RFC 9207).
    let mut nameless = redirected.clone();
    nameless.as_object_mut().unwrap().remove("iss");
    let refused = company.complete(&begun.cookie, &nameless).await;
    refused.expect_problem(400, "sign_in_expired");
    // Nor may another page complete it.
    let call = company.gateway.dashboard().post("/auth/oidc/callback");
    let foreign = call.header("cookie", &begun.cookie);
    let foreign = foreign.header("origin", "https://evil.example");
    let refused = foreign.json(redirected.clone()).send().await;
    refused.expect_problem(403, "origin_not_allowed");

    let signed_in = company.complete(&begun.cookie, &redirected).await;
    signed_in.expect_status(200);
    let again = company.complete(&begun.cookie, &redirected).await;
    again.expect_problem(400, "sign_in_expired");
    // Not even with another code.
    let replayed = company.visit(&begun).await;
    assert_ne!(replayed["code"], redirected["code"]);
    let again = company.complete(&begun.cookie, &replayed).await;
    again.expect_problem(400, "sign_in_expired");
}

#[tokio::test]
async fn a_token_that_is_not_the_providers_for_this_sign_in_is_refused() {
    let company = Company::new(Storage::Sqlite).await;
    company.sign_in().await.expect_status(200);
    for tampered in [
        json!({"nonce": null}),
        json!({"nonce": "another"}),
        json!({"exp": 1_700_000_000}),
        json!({"iss": "https://evil.example"}),
        json!({"aud": "another"}),
        json!({"azp": "another"}),
    ] {
        let tamper = json!({"tamper": tampered});
        company.provider.change(tamper).await;
        let refused = company.sign_in().await;
        assert!(
            refused.text().contains("ID token is not valid"),
            "{tampered}: {}",
            refused.text()
        );
        refused.expect_problem(502, "sign_in_provider_failed");
    }
    company.provider.change(json!({"tamper": null})).await;
    company.sign_in().await.expect_status(200);
}

#[tokio::test]
async fn the_provider_may_change_its_keys() {
    let company = Company::new(Storage::Sqlite).await;
    company.sign_in().await.expect_status(200);
    company.provider.change(json!({"rotate": true})).await;
    let signed_in = eventually("a sign-in with the new keys", LIMIT, || async {
        // Fewer attempts than one address may make.
        tokio::time::sleep(Duration::from_millis(500)).await;
        (company.sign_in().await.status == 200).then_some(())
    });
    signed_in.await;
}

async fn an_account_is_connected_by_its_own_user_and_not_by_its_email_address(storage: Storage) {
    let company = Company::new(storage).await;
    let claims = person(&company.owner.email, &["sec"]);
    let changed = json!({"account": "olivia", "claims": claims, "inIdToken": true});
    company.provider.change(changed).await;
    let refused = company.sign_in().await;
    assert!(
        refused.text().contains("already exists"),
        "{}",
        refused.text()
    );
    refused.expect_problem(403, "sign_in_refused");

    let begun = company.owner.post("/auth/oidc/link").json(json!({})).send();
    let begun = Begun::of(&begun.await.expect_status(200));
    let redirected = company.visit(&begun).await;
    // A response for connecting an account does not sign in.
    let refused = company.complete(&begun.cookie, &redirected).await;
    refused.expect_problem(400, "sign_in_expired");
    let link = async |human: &Human| {
        let call = human.post("/auth/oidc/link/callback");
        let call = call.header("cookie", &begun.cookie);
        call.json(redirected.clone()).send().await
    };
    link(&company.owner).await.expect_status(200);
    assert!(company.audit().await.contains("user.federated_linked"));

    // The owner stays an owner, whatever the provider says.
    let changed = json!({"claims": person("olivia@example.com", &[])});
    company.provider.change(changed).await;
    let signed_in = company.sign_in().await.expect_status(200).json();
    assert_eq!(signed_in["user"]["email"], company.owner.email.as_str());
    assert!(!company.audit().await.contains("user.federated_role"));
}

#[tokio::test]
async fn passwords_can_be_switched_off_and_on_again() {
    let mut company = Company::new(Storage::Sqlite).await;
    company.gateway.set("OIDC_ONLY", "true");
    company.gateway.restart().await;
    let dashboard = company.gateway.dashboard();
    let credentials = json!({"email": company.owner.email, "password": company.owner.password});
    let log_in = || {
        dashboard
            .post("/auth/login")
            .json(credentials.clone())
            .send()
    };
    log_in()
        .await
        .expect_problem(403, "password_sign_in_disabled");
    let new = json!({"email": "new@example.com", "password": "a long enough password"});
    let registered = dashboard.post("/auth/register").json(new).send().await;
    registered.expect_problem(403, "registration_closed");
    let ways = dashboard.get("/auth/registration").send().await.json();
    assert_eq!(ways["password"], false);
    company.sign_in().await.expect_status(200);

    let create = ["user", "create", "rescue@example.com"];
    let created = company
        .gateway
        .run(&create, "a long enough password\n")
        .await;
    assert!(created.status.success());
    company.gateway.set("OIDC_ONLY", "false");
    company.gateway.restart().await;
    Human::log_in(
        &company.gateway,
        "rescue@example.com",
        "a long enough password",
    )
    .await;
}
