//! Services that an operator authorizes at their provider, in the browser.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{
    Human, Received, Reply, Response, Service, Storage, TestGateway, eventually, on_both_databases,
};
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

on_both_databases!(an_operator_connects_a_service_and_the_gateway_renews_its_tokens,);

/// How long a token may take to be renewed on a busy machine. It lasts a second.
const LIMIT: Duration = Duration::from_secs(20);

/// A gateway, and a service `mail` without a credential, whose upstream is also its provider.
struct Mail {
    scene: Scene,
    service: Service,
    /// How many tokens the provider has issued.
    issued: Arc<AtomicUsize>,
}

/// The fields of a form.
fn form(received: &Received) -> HashMap<String, String> {
    form_urlencoded::parse(&received.body)
        .into_owned()
        .collect()
}

impl Mail {
    async fn new(storage: Storage) -> Self {
        let builder = TestGateway::builder(storage).setting("REGISTRATION", "open");
        let scene = Scene::on(builder).await;
        scene.allow_everything().await;
        let url = scene.upstream.url();
        let service = scene
            .human
            .create_service("mail", &url, "oauth2", Value::Null)
            .await;
        let issued = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&issued);
        scene.upstream.on_request("/token", move |received| {
            let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
            let form = form(received);
            let is_valid = match form.get("grant_type").map(String::as_str) {
                Some("authorization_code") => {
                    form["code"] == "the-code" && form["code_verifier"].len() >= 43
                }
                Some("refresh_token") => form["refresh_token"] == format!("refresh-{}", number - 1),
                _ => false,
            };
            if !is_valid {
                return Reply::status(400).body(r#"{"error":"invalid_grant"}"#);
            }
            Reply::text(format!(
                r#"{{"access_token":"access-{number}","refresh_token":"refresh-{number}","expires_in":1}}"#
            ))
        });
        Self {
            scene,
            service,
            issued,
        }
    }

    fn human(&self) -> &Human {
        &self.scene.human
    }

    async fn begin(&self, body: Value) -> Response {
        let path = format!("/services/{}/authorizations", self.service.id);
        self.human().post(&path).json(body).send().await
    }

    /// Begins with the endpoints of the provider, and returns the parameters of the address.
    async fn begun(&self) -> HashMap<String, String> {
        let url = self.scene.upstream.url();
        let begun = self.begin(json!({
            "authorization_url": format!("{url}/authorize?access_type=offline"),
            "token_url": format!("{url}/token"),
            "client_id": "client", "client_secret": "s3cret-of-the-client", "scope": "mail.read",
        }));
        let begun = begun.await.expect_status(201).json();
        parameters(begun["authorizationUrl"].as_str().unwrap())
    }

    async fn complete(&self, state: &str, code: &str) -> Response {
        complete(self.human(), state, code).await
    }
}

async fn complete(human: &Human, state: &str, code: &str) -> Response {
    let body = json!({"state": state, "code": code});
    human.post("/oauth/callback").json(body).send().await
}

fn parameters(address: &str) -> HashMap<String, String> {
    let (_, query) = address.split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

async fn an_operator_connects_a_service_and_the_gateway_renews_its_tokens(storage: Storage) {
    let mail = Mail::new(storage).await;
    let sent = mail.begun().await;
    assert_eq!(sent["response_type"], "code");
    assert_eq!(sent["access_type"], "offline");
    assert_eq!(sent["client_id"], "client");
    assert_eq!(sent["scope"], "mail.read");
    assert_eq!(sent["code_challenge_method"], "S256");
    assert!(sent["redirect_uri"].ends_with("/app/connected"));
    assert!(!format!("{sent:?}").contains("s3cret"));

    let completed = mail.complete(&sent["state"], "the-code").await;
    let completed = completed.expect_status(200).json();
    assert_eq!(completed["canBeRenewed"], true);
    let keys = completed["service"]["credentials"]["keys"].to_string();
    assert!(keys.contains("refresh_token"), "{keys}");
    let exchanged = mail.scene.upstream.received_at("/token").pop().unwrap();
    let verifier = &form(&exchanged)["code_verifier"];
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    assert_eq!(sent["code_challenge"], challenge);
    assert_eq!(form(&exchanged)["redirect_uri"], sent["redirect_uri"]);

    // The tokens last a second, so the gateway renews them with the refresh token.
    let agent = mail.human().create_agent("mailer", &[&mail.service]).await;
    let renewed = eventually("a renewed token", LIMIT, || async {
        let read = agent.call(Method::GET, "/s/mail/inbox").send().await;
        read.expect_status(200);
        let inbox = mail.scene.upstream.received_at("/inbox").pop().unwrap();
        let sent = inbox.header("authorization").unwrap().to_owned();
        (sent != "Bearer access-1").then_some(sent)
    });
    let renewed = renewed.await;
    assert!(renewed.starts_with("Bearer access-"), "{renewed}");

    let audit = mail.human().read("/audit?limit=50").await.to_string();
    assert!(audit.contains("credential.requested"), "{audit}");
    for secret in ["s3cret", "refresh-", "access-", "the-code", &sent["state"]] {
        assert!(!audit.contains(secret), "{secret}: {audit}");
    }
}

#[tokio::test]
async fn a_response_of_a_provider_counts_once_and_only_for_who_asked() {
    let mail = Mail::new(Storage::Sqlite).await;
    let sent = mail.begun().await;
    let other = Human::register_as(&mail.scene.gateway, "other@example.com").await;
    for (human, state) in [(&other, sent["state"].as_str()), (mail.human(), "made-up")] {
        let refused = complete(human, state, "the-code").await;
        refused.expect_problem(400, "validation_failed");
    }
    assert_eq!(mail.issued.load(Ordering::SeqCst), 0);
    mail.complete(&sent["state"], "the-code")
        .await
        .expect_status(200);
    let again = mail.complete(&sent["state"], "the-code").await;
    again.expect_problem(400, "validation_failed");
    assert_eq!(mail.issued.load(Ordering::SeqCst), 1);

    // A refused code leaves the credential as it is.
    let sent = mail.begun().await;
    let refused = mail.complete(&sent["state"], "wrong").await;
    let refused = refused.expect_problem(400, "validation_failed").json();
    assert_eq!(refused["errors"][0]["field"], "code");
    let path = format!("/services/{}", mail.service.id);
    let kept = mail.human().read(&path).await;
    assert!(kept["credentials"]["count"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_service_that_moved_to_another_server_does_not_get_the_credential() {
    let mail = Mail::new(Storage::Sqlite).await;
    let sent = mail.begun().await;
    let path = format!("/services/{}", mail.service.id);
    let elsewhere = json!({"baseUrl": "https://elsewhere.example"});
    let moved = mail.human().put(&path).json(elsewhere).send().await;
    moved.expect_status(200);
    let refused = mail.complete(&sent["state"], "the-code").await;
    let refused = refused.expect_problem(400, "validation_failed").json();
    assert_eq!(refused["errors"][0]["field"], "baseUrl");
    assert_eq!(mail.issued.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_server_with_metadata_is_connected_without_entering_anything() {
    let mail = Mail::new(Storage::Sqlite).await;
    let (upstream, url) = (&mail.scene.upstream, mail.scene.upstream.url());
    let protected = json!({"resource": format!("{url}/mcp"), "authorization_servers": [url]});
    upstream.on(
        "/.well-known/oauth-protected-resource",
        Reply::json(protected),
    );
    let provider = json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "registration_endpoint": format!("{url}/register"),
    });
    upstream.on(
        "/.well-known/oauth-authorization-server",
        Reply::json(provider),
    );
    upstream.on_request("/register", |received| {
        let asked: Value = serde_json::from_slice(&received.body).unwrap();
        assert_eq!(asked["token_endpoint_auth_method"], "none");
        Reply::status(201).body(r#"{"client_id":"registered-1"}"#)
    });
    let begun = mail.begin(json!({})).await.expect_status(201).json();
    let sent = parameters(begun["authorizationUrl"].as_str().unwrap());
    assert_eq!(sent["client_id"], "registered-1");
    assert_eq!(sent["resource"], format!("{url}/mcp"));
    let registered = upstream.received_at("/register").pop().unwrap();
    assert!(registered.text().contains(&sent["redirect_uri"]));

    // A response from another provider is refused (RFC 9207).
    let body = json!({"state": sent["state"], "code": "the-code", "iss": "https://evil.example"});
    let refused = mail.human().post("/oauth/callback").json(body).send().await;
    refused.expect_problem(400, "validation_failed");
    assert_eq!(mail.issued.load(Ordering::SeqCst), 0);

    let begun = mail.begin(json!({})).await.expect_status(201).json();
    let sent = parameters(begun["authorizationUrl"].as_str().unwrap());
    let body = json!({"state": sent["state"], "code": "the-code", "iss": url});
    let completed = mail.human().post("/oauth/callback").json(body).send().await;
    completed.expect_status(200);
    let exchanged = form(&upstream.received_at("/token").pop().unwrap());
    assert_eq!(exchanged["resource"], format!("{url}/mcp"));
    assert!(!exchanged.contains_key("client_secret"));
}

#[tokio::test]
async fn a_server_without_metadata_is_an_error_that_says_what_to_enter() {
    let mail = Mail::new(Storage::Sqlite).await;
    mail.scene
        .upstream
        .on("/.well-known/openid-configuration", Reply::status(404));
    for (body, field) in [
        (json!({}), "server_url"),
        (
            json!({"authorization_url": "https://a.example/authorize"}),
            "client_id",
        ),
        (json!({"client_secret": "x"}), "client_id"),
        (
            json!({"authorization_url": "javascript:alert(1)", "client_id": "c"}),
            "authorization_url",
        ),
        (
            json!({"token_url": "http://169.254.169.254/token"}),
            "token_url",
        ),
        (json!({"pkce": "off"}), "pkce"),
    ] {
        let refused = mail.begin(body.clone()).await;
        let refused = refused.expect_problem(400, "validation_failed").json();
        let fields = refused["errors"].to_string();
        assert!(fields.contains(field), "{body}: {fields}");
    }
    let things = mail.scene.service.id;
    let path = format!("/services/{things}/authorizations");
    let refused = mail.human().post(&path).json(json!({})).send().await;
    let refused = refused.expect_problem(400, "validation_failed").json();
    assert_eq!(refused["errors"][0]["field"], "authType");
}
