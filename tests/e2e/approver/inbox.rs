//! The inbox names everything that needs a human.

use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{DirectDatabase, Human, Reply, Storage, eventually, on_both_databases};
use http::Method;
use serde_json::{Value, json};

/// How long a record may take to be written, on a busy machine.
const MOMENT: Duration = Duration::from_secs(10);

on_both_databases!(
    the_inbox_names_everything_that_needs_a_human,
    the_inbox_names_services_without_an_access_token,
);

async fn inbox(human: &Human) -> Value {
    human.read("/inbox").await
}

async fn the_inbox_names_everything_that_needs_a_human(storage: Storage) {
    let scene = Scene::new(storage).await;
    let human = &scene.human;
    let empty = json!({
        "pending": 0, "outcome_unknown": 0, "expiring_approvals": 0,
        "next_approval_expires_at": null, "refused_credentials": [], "failed_renewals": [],
        "unreadable_documents": [], "llm_failing_since": null,
    });
    assert_eq!(inbox(human).await, empty);

    scene.hold("waiting").await;
    let lost = scene.approved("lost").await;
    scene.upstream.on("/lost", Reply::close());
    let execute = format!("/proxy/execute/{}", lost.action_id);
    scene.agent.call(Method::POST, &execute).send().await;
    let approved = scene.approved("approved").await;
    let found = inbox(human).await;
    let counts = |found: &Value| {
        ["pending", "outcome_unknown", "expiring_approvals"].map(|name| found[name].clone())
    };
    assert_eq!(counts(&found), [1, 1, 0].map(Value::from), "{found}");

    // An approval of five hours ago that is valid for six.
    let mut database = DirectDatabase::open(&scene.gateway).await;
    let older = format!(
        "UPDATE actions SET approved_at = approved_at - 18000000 WHERE id = '{}'",
        approved.action_id
    );
    database.change(&older).await;
    let found = inbox(human).await;
    assert_eq!(counts(&found), [1, 1, 1].map(Value::from), "{found}");
    let action = human
        .read(&format!("/approvals/{}", approved.action_id))
        .await;
    assert_eq!(found["next_approval_expires_at"], action["expires_at"]);

    scene.upstream.on("/members-only", Reply::status(403));
    scene.get("/members-only").await.expect_status(403);
    scene.get("/members-only").await.expect_status(403);
    // The ends of requests are recorded soon after their responses.
    let refused = eventually("both refusals are counted", MOMENT, || async {
        let refused = inbox(human).await["refused_credentials"][0].clone();
        (refused["count"] == 2).then_some(refused)
    })
    .await;
    assert_eq!(refused["service_id"], scene.service.id);
    assert_eq!(refused["service_name"], "things");
    // A request that the service accepts shows that the credential works.
    scene.get("/open").await.expect_status(200);
    eventually("the refusals have ended", MOMENT, || async {
        let refused = inbox(human).await["refused_credentials"].clone();
        (refused == json!([])).then_some(())
    })
    .await;
    scene.get("/members-only").await.expect_status(403);
    eventually("the next refusal is reported", MOMENT, || async {
        let refused = inbox(human).await["refused_credentials"][0].clone();
        (refused["count"] == 3).then_some(())
    })
    .await;
    // With another credential, the service has another chance.
    let replace = human.post(&format!("/services/{}/credentials", scene.service.id));
    let replaced = replace.json(json!({"token": "another"})).send().await;
    replaced.expect_status(200);
    assert_eq!(inbox(human).await["refused_credentials"], json!([]));

    let paths = json!({"openapi": "3.0.0", "paths": {}}).to_string();
    let made = human.add_document(&scene.service, "openapi", &paths).await;
    let found = inbox(human).await;
    let document = &found["unreadable_documents"][0];
    assert_eq!(
        (&document["id"], &document["service_name"]),
        (&made["id"], &json!("things"))
    );
}

async fn the_inbox_names_services_without_an_access_token(storage: Storage) {
    let scene = Scene::new(storage).await;
    let human = &scene.human;
    let refusal = Reply::status(400).body("{\"error\":\"invalid_client\"}");
    scene.upstream.on("/token", refusal);
    let url = scene.upstream.url();
    let credentials = json!({
        "token_url": format!("{url}/token"), "client_id": "client",
        "client_secret": "wrong-secret-4f2a",
    });
    let mail = human
        .create_service("mail", &url, "oauth2", credentials)
        .await;
    let agent = human.create_agent("mailer", &[&mail]).await;
    let read = async || {
        let mut read = request("GET", "/x");
        read["service"] = "mail".into();
        agent.propose(read).send().await
    };
    read().await.expect_problem(502, "credential_refused");
    let found = inbox(human).await["failed_renewals"][0].clone();
    assert_eq!(
        (&found["service_id"], &found["service_name"]),
        (&json!(mail.id), &json!("mail"))
    );
    let reason = found["reason"].as_str().unwrap();
    assert!(reason.contains("token endpoint"), "{reason}");
    assert!(!reason.contains("wrong-secret-4f2a"), "{reason}");
    read().await.expect_problem(502, "credential_refused");
    let again = inbox(human).await["failed_renewals"][0].clone();
    assert_eq!(again["since"], found["since"]);
    assert!(
        again["last_at"].as_str() >= found["last_at"].as_str(),
        "{again}"
    );

    let token = json!({"access_token": "t-1", "token_type": "bearer", "expires_in": 3600});
    scene.upstream.on("/token", Reply::json(token));
    read().await.expect_status(200);
    assert_eq!(inbox(human).await["failed_renewals"], json!([]));
}
