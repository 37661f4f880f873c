//! Token endpoints as providers run them: words of their own, missing lifetimes, clients in the form, and refresh
//! tokens that are dead for good.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{
    Agent, Call, DirectDatabase, Held, Human, Received, Reply, Response, Service, Storage,
    TestGateway, eventually, on_both_databases,
};
use http::Method;
use serde_json::{Value, json};

on_both_databases!(
    the_way_to_authenticate_is_found_out_and_remembered,
    a_dead_refresh_token_is_not_presented_again_and_again,
    a_human_learns_of_a_dead_refresh_token_before_an_agent_needs_it,
);

/// How long work in the background may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// The client secret of every grant here.
const SECRET: &str = "s3cret-of-the-client";

/// A gateway, and a service `mail` with tokens from `/token` of the scene's upstream.
struct Mail {
    scene: Scene,
    service: Service,
    agent: Agent,
}

impl Mail {
    async fn new(storage: Storage, credentials: Value) -> Self {
        let scene = Scene::on(TestGateway::builder(storage)).await;
        scene.allow_everything().await;
        let url = scene.upstream.url();
        let credentials = grant(&url, &credentials);
        let service = scene
            .human
            .create_service("mail", &url, "oauth2", credentials)
            .await;
        let agent = scene.human.create_agent("mailer", &[&service]).await;
        Self {
            scene,
            service,
            agent,
        }
    }

    /// Makes the endpoint respond to everything with this body.
    fn respond(&self, body: &'static str) {
        self.scene.upstream.on("/token", Reply::text(body));
    }

    fn endpoint(&self, respond: impl Fn(&Received) -> Reply + Send + Sync + 'static) {
        self.scene.upstream.on_request("/token", respond);
    }

    /// Replaces the credential, so that the next request fetches a token.
    async fn replace(&self, credentials: Value) -> Response {
        let path = format!("/services/{}/credentials", self.service.id);
        let credentials = grant(&self.scene.upstream.url(), &credentials);
        let call = self.scene.human.call(Method::POST, &path);
        call.json(credentials).send().await
    }

    async fn read(&self, path: &str) -> Response {
        let request = json!({
            "service": "mail", "method": "GET", "path": path, "intent": "Read the mail",
        });
        self.agent.propose(request).send().await
    }

    /// Sends a GET and returns the credential that the upstream received.
    async fn credential_of_a_read(&self) -> Option<String> {
        self.read("/inbox").await.expect_status(200);
        let received = self.scene.upstream.received_at("/inbox");
        let last = received.last().unwrap();
        last.header("authorization").map(str::to_owned)
    }

    fn exchanges(&self) -> Vec<Received> {
        self.scene.upstream.received_at("/token")
    }

    /// Issues the tokens `t1`, `t2` and so on without a lifetime, and makes `/send` refuse the first.
    fn refuse_the_first_token(&self) {
        let count = Arc::new(AtomicUsize::new(0));
        self.endpoint(move |_| {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            Reply::json(json!({"access_token": format!("t{number}")}))
        });
        let upstream = &self.scene.upstream;
        upstream.on_request("/send", |received| match received.header("authorization") {
            Some("Bearer t1") => Reply::status(401),
            _ => Reply::text("sent"),
        });
    }

    /// Proposes a POST to `/send`.
    fn sending(&self, key: &str) -> Call {
        let request = json!({
            "service": "mail", "method": "POST", "path": "/send", "intent": "Send the mail",
        });
        self.agent.propose(request).idempotency_key(key)
    }
}

/// Returns the fields of a grant; null removes one of the usual fields.
fn grant(upstream: &str, more: &Value) -> Value {
    let mut fields = json!({
        "token_url": format!("{upstream}/token"), "client_id": "client", "client_secret": SECRET,
    });
    for (name, value) in more.as_object().unwrap().clone() {
        if value.is_null() {
            fields.as_object_mut().unwrap().remove(&name);
        } else {
            fields[name] = value;
        }
    }
    fields
}

#[tokio::test]
async fn a_token_works_whatever_its_type_is_called_unless_requests_must_be_signed() {
    let mail = Mail::new(Storage::Sqlite, json!({})).await;
    for token_type in [
        "User Access Token",
        "Application Access Token",
        "bot",
        "BearerToken",
        "jwt-bearer",
        "",
    ] {
        let token = json!({"access_token": "t1", "token_type": token_type, "expires_in": 7200});
        mail.scene.upstream.on("/token", Reply::json(token));
        mail.replace(json!({})).await.expect_status(200);
        let sent = mail.credential_of_a_read().await;
        assert_eq!(sent.as_deref(), Some("Bearer t1"), "{token_type}");
    }
    for token_type in ["mac", "DPoP"] {
        let token = json!({"access_token": "t1", "token_type": token_type});
        mail.scene.upstream.on("/token", Reply::json(token));
        mail.replace(json!({})).await.expect_status(200);
        let refused = mail.read("/inbox").await.expect_status(502).json();
        assert_eq!(refused["code"], "credential_unavailable", "{refused}");
    }
}

#[tokio::test]
async fn a_token_without_a_usable_lifetime_is_used_and_fetched_once() {
    let mail = Mail::new(Storage::Sqlite, json!({})).await;
    for body in [
        r#"{"access_token":"t1","token_type":"bearer","expires_in":0}"#,
        r#"{"access_token":"t1","token_type":"bearer","expires_in":"0"}"#,
        r#"{"access_token":"t1","token_type":"bearer","expires_in":-1}"#,
        r#"{"access_token":"t1"}"#,
    ] {
        mail.respond(body);
        mail.replace(json!({})).await.expect_status(200);
        let before = mail.exchanges().len();
        for _ in 0..3 {
            let sent = mail.credential_of_a_read().await;
            assert_eq!(sent.as_deref(), Some("Bearer t1"), "{body}");
        }
        assert_eq!(mail.exchanges().len(), before + 1, "{body}");
    }
}

async fn the_way_to_authenticate_is_found_out_and_remembered(storage: Storage) {
    let mail = Mail::new(storage, json!({})).await;
    for (status, body) in [
        (400, r#"{"error":"invalid_request"}"#),
        (400, r#"{"status":"BAD_CLIENT_ID"}"#),
        (403, ""),
        (401, r#"{"error":"invalid_client"}"#),
    ] {
        mail.endpoint(move |received| {
            let form = received.text();
            if form.contains("client_id=client") && form.contains("client_secret=s3cret") {
                Reply::json(json!({"access_token": "t1", "expires_in": 1}))
            } else {
                Reply::status(status).body(body)
            }
        });
        mail.replace(json!({})).await.expect_status(200);
        let before = mail.exchanges().len();
        let sent = mail.credential_of_a_read().await;
        assert_eq!(sent.as_deref(), Some("Bearer t1"), "{body}");
        assert_eq!(mail.exchanges().len(), before + 2, "{body}");
        // The token is valid for a second.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        mail.credential_of_a_read().await;
        let exchanges = mail.exchanges();
        assert_eq!(exchanges.len(), before + 3, "{body}");
        let last = exchanges.last().unwrap();
        assert_eq!(last.header("authorization"), None, "{body}");
    }
}

#[tokio::test]
async fn a_public_client_renews_without_a_secret() {
    let public = json!({"client_secret": null, "refresh_token": "r0"});
    let mail = Mail::new(Storage::Sqlite, public).await;
    let count = Arc::new(AtomicUsize::new(0));
    mail.endpoint(move |received| {
        let form = received.text();
        let number = count.load(Ordering::SeqCst);
        let is_expected = form.contains(&format!("refresh_token=r{number}"))
            && form.contains("grant_type=refresh_token")
            && form.contains("client_id=client");
        if form.contains("client_secret")
            || received.header("authorization").is_some()
            || !is_expected
        {
            return Reply::status(400).body(r#"{"error":"invalid_client"}"#);
        }
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        Reply::json(json!({
            "access_token": format!("t{number}"), "token_type": "bearer", "expires_in": 1,
            "refresh_token": format!("r{number}"),
        }))
    });
    assert_eq!(
        mail.credential_of_a_read().await.as_deref(),
        Some("Bearer t1")
    );
    // The token is valid for a second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(
        mail.credential_of_a_read().await.as_deref(),
        Some("Bearer t2")
    );
    assert_eq!(mail.exchanges().len(), 2);
}

#[tokio::test]
async fn further_fields_of_the_form_are_sent_and_shown_by_name() {
    let extra = json!({"extra": {"audience": "https://api.example/", "account_id": "7"}});
    let mail = Mail::new(Storage::Sqlite, extra).await;
    mail.endpoint(|received| {
        let form = received.text();
        if form.contains("audience=https%3A%2F%2Fapi.example%2F")
            && form.contains("account_id=7")
            && form.contains("grant_type=client_credentials")
        {
            Reply::json(json!({"access_token": "t1"}))
        } else {
            Reply::status(403)
        }
    });
    assert_eq!(
        mail.credential_of_a_read().await.as_deref(),
        Some("Bearer t1")
    );
    let path = format!("/services/{}", mail.service.id);
    let shown = mail.scene.human.read(&path).await;
    let keys = shown["credentials"]["keys"].to_string();
    assert!(keys.contains("extra.audience"), "{shown}");
    assert!(!shown.to_string().contains("api.example"), "{shown}");

    mail.endpoint(|received| {
        if received.text().contains("grant_type=account_credentials") {
            Reply::json(json!({"data": {"access_token": "t2"}}))
        } else {
            Reply::status(400)
        }
    });
    let other = json!({
        "extra": {"grant_type": "account_credentials"}, "response_pointer": "/data",
    });
    mail.replace(other).await.expect_status(200);
    assert_eq!(
        mail.credential_of_a_read().await.as_deref(),
        Some("Bearer t2")
    );
}

#[tokio::test]
async fn writes_alone_are_enough_to_renew_a_token_that_ended_without_notice() {
    let mail = Mail::new(Storage::Sqlite, json!({})).await;
    mail.refuse_the_first_token();
    for (key, status) in [("one", 401), ("two", 200), ("three", 200)] {
        mail.sending(key).send().await.expect_status(status);
    }
    assert_eq!(mail.scene.upstream.received_at("/send").len(), 3);
    assert_eq!(mail.exchanges().len(), 2);
}

#[tokio::test]
async fn a_human_learns_why_an_approved_request_failed_and_the_next_one_has_a_new_token() {
    let mail = Mail::new(Storage::Sqlite, json!({})).await;
    mail.refuse_the_first_token();
    let human = &mail.scene.human;
    let rule = json!({"name": "Ask", "effect": "require_approval", "enabled": true});
    human.create_rule(rule).await;
    let held = Held::from_response(mail.sending("one").send().await);
    human.approve(&held).await;
    mail.agent.execute(&held).send().await.expect_status(401);
    let shown = human.action(&held).await;
    assert_eq!(shown["status"], "EXECUTED", "{shown}");
    assert_eq!(shown["result"]["status"], 401, "{shown}");
    let refused = eventually("the refusal is in the inbox", LIMIT, || async {
        let refused = human.read("/inbox").await["refused_credentials"][0].clone();
        (!refused.is_null()).then_some(refused)
    })
    .await;
    assert_eq!(refused["service_name"], "mail", "{refused}");
    assert_eq!(refused["count"], 1, "{refused}");

    // The same act can be approved again. Its card shows how the earlier attempt ended.
    let again = Held::from_response(mail.sending("two").send().await);
    let earlier = human.action(&again).await["context"]["earlier"].clone();
    assert_eq!(earlier["action_id"], json!(held.action_id), "{earlier}");
    assert_eq!(earlier["same_request"], true, "{earlier}");
    assert_eq!(earlier["response_status"], 401, "{earlier}");
    human.approve(&again).await;
    mail.agent.execute(&again).send().await.expect_status(200);
    let sent = mail.scene.upstream.received_at("/send");
    let tokens: Vec<_> = sent
        .iter()
        .map(|sent| sent.header("authorization"))
        .collect();
    assert_eq!(tokens, [Some("Bearer t1"), Some("Bearer t2")]);
    assert_eq!(mail.exchanges().len(), 2);
}

async fn a_human_learns_of_a_dead_refresh_token_before_an_agent_needs_it(storage: Storage) {
    let mut mail = Mail::new(storage, json!({"refresh_token": "dead"})).await;
    mail.scene.upstream.on(
        "/token",
        Reply::status(400).body(r#"{"error":"invalid_grant"}"#),
    );
    // A credential that nothing has used for hours.
    mail.scene.gateway.kill9();
    let older = format!(
        "UPDATE services SET updated_at = updated_at - 18000000 WHERE id = {}",
        mail.service.id
    );
    let mut database = DirectDatabase::open(&mail.scene.gateway).await;
    database.change(&older).await;
    mail.scene.gateway.restart().await;

    let human = &mail.scene.human;
    eventually("the inbox names the service", LIMIT, || async {
        let inbox = human.read("/inbox").await;
        (inbox["failed_renewals"] != json!([])).then_some(())
    })
    .await;
    shows_the_failure(human, &mail.service).await;
    eventually("the audit log says so once", LIMIT, || async {
        let reported = human.read("/audit?event=credential.failing").await;
        (reported["items"].as_array().unwrap().len() == 1).then_some(())
    })
    .await;
    assert_eq!(human.read("/requests").await["items"], json!([]));
    let refused = mail.read("/inbox").await;
    refused.expect_problem(502, "credential_refused");
}

async fn a_dead_refresh_token_is_not_presented_again_and_again(storage: Storage) {
    let mail = Mail::new(storage, json!({"refresh_token": "dead"})).await;
    mail.scene.upstream.on(
        "/token",
        Reply::status(400).body(r#"{"error":"invalid_grant"}"#),
    );
    for number in 0..30 {
        let started = Instant::now();
        let refused = mail.read("/inbox").await.expect_status(502).json();
        assert_eq!(refused["code"], "credential_refused", "{refused}");
        assert!(refused.to_string().contains("operator"), "{refused}");
        // Only the first waits for another replica that may have renewed the token.
        let limit = Duration::from_millis(if number == 0 { 10_000 } else { 1_000 });
        assert!(
            started.elapsed() < limit,
            "{number}: {:?}",
            started.elapsed()
        );
    }
    let mut reads = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let request = json!({
            "service": "mail", "method": "GET", "path": "/inbox", "intent": "Read the mail",
        });
        let read = mail.agent.propose(request);
        reads.spawn(async move {
            let started = Instant::now();
            (read.send().await, started.elapsed())
        });
    }
    for (response, duration) in reads.join_all().await {
        let refused = response.expect_problem(502, "credential_refused");
        assert!(refused.text().contains("operator"), "{}", refused.text());
        assert!(duration < Duration::from_secs(5), "{duration:?}");
    }
    let exchanges = mail.exchanges().len();
    assert!(exchanges <= 6, "{exchanges} exchanges");
    assert!(mail.scene.upstream.received_at("/inbox").is_empty());

    shows_the_failure(&mail.scene.human, &mail.service).await;

    // A new credential is tried immediately.
    mail.respond(r#"{"access_token":"t1","expires_in":3600}"#);
    mail.replace(json!({"refresh_token": "new"}))
        .await
        .expect_status(200);
    assert_eq!(
        mail.credential_of_a_read().await.as_deref(),
        Some("Bearer t1")
    );
    let path = format!("/services/{}", mail.service.id);
    let shown = mail.scene.human.read(&path).await;
    assert_eq!(shown["credentials"]["failure"], Value::Null, "{shown}");
}

/// Checks that the service and the inbox say that its token cannot be fetched.
async fn shows_the_failure(human: &Human, service: &Service) {
    let shown = human.read(&format!("/services/{}", service.id)).await;
    let failure = shown["credentials"]["failure"].to_string();
    assert!(failure.contains("invalid_grant"), "{shown}");
    let inbox = human.read("/inbox").await;
    assert_eq!(
        inbox["failed_renewals"][0]["service_name"], "mail",
        "{inbox}"
    );
}

#[tokio::test]
async fn a_token_in_a_form_is_understood() {
    let mail = Mail::new(Storage::Sqlite, json!({})).await;
    for content_type in ["application/x-www-form-urlencoded", "text/plain"] {
        let form = Reply::text("access_token=t1&token_type=bearer&expires=3600")
            .header("content-type", content_type);
        mail.scene.upstream.on("/token", form);
        mail.replace(json!({})).await.expect_status(200);
        let sent = mail.credential_of_a_read().await;
        assert_eq!(sent.as_deref(), Some("Bearer t1"), "{content_type}");
    }
    let refusal = Reply::status(400).body("error=invalid_scope&error_description=canary");
    mail.scene.upstream.on("/token", refusal);
    mail.replace(json!({})).await.expect_status(200);
    let refused = mail.read("/inbox").await.expect_status(502).text();
    assert!(
        refused.contains("invalid_scope") && !refused.contains("canary"),
        "{refused}"
    );
}
