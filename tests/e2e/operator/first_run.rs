//! The path of a new user from an empty data folder to an approved request.

use gaiterguard_testkit::{EchoUpstream, Human, Reply, Storage, TestGateway, on_both_databases};
use serde_json::json;

const CREDENTIAL: &str = "upstream-credential-81d7f3";

on_both_databases!(
    a_new_user_gets_from_an_empty_folder_to_an_approved_request,
    credentials_and_keys_appear_nowhere_else,
    a_restart_loses_nothing
);

async fn a_new_user_gets_from_an_empty_folder_to_an_approved_request(storage: Storage) {
    let upstream = EchoUpstream::start().await;
    let gateway = TestGateway::start(storage).await;
    let human = Human::register(&gateway).await;
    let service = human
        .create_bearer_service("things", &upstream.url(), CREDENTIAL)
        .await;
    let agent = human.create_agent("assistant", &[&service]).await;

    let forwarded = agent
        .propose(json!({
            "service": "things",
            "method": "GET",
            "path": "/things?q=%20a&q",
            "headers": {"Accept": "text/x-thing", "Authorization": "Bearer of-the-agent"},
            "intent": "See which things there are",
        }))
        .send()
        .await
        .expect_status(200);
    assert_eq!(forwarded.header("x-proxy-status"), Some("forwarded"));
    assert!(forwarded.header("x-risk-score").is_some());
    assert!(forwarded.header("x-request-id").is_some());
    let seen = upstream.only();
    assert_eq!(
        (seen.method.as_str(), seen.target.as_str()),
        ("GET", "/things?q=%20a&q")
    );
    assert_eq!(
        seen.header("authorization"),
        Some(format!("Bearer {CREDENTIAL}").as_str())
    );
    assert_eq!(seen.header_count("authorization"), 1);
    assert_eq!(seen.header("accept"), Some("text/x-thing"));
    assert_eq!(seen.header("agent-key"), None);

    let removal = json!({
        "service_id": service.id,
        "method": "DELETE",
        "path": "/things/7",
        "intent": "Remove the seventh thing",
    });
    let held = agent.propose_held(removal.clone(), "remove-7").await;
    assert_eq!(held.response.header("retry-after"), Some("5"));
    let location = format!("/status/{}", held.action_id);
    assert_eq!(held.response.header("location"), Some(location.as_str()));
    assert_eq!(upstream.heads(), 1, "nothing is sent before the approval");
    agent
        .execute(&held)
        .send()
        .await
        .expect_problem(409, "action_not_approved");
    assert_eq!(agent.status(&held).await["status"], "PENDING");

    let pending = human.pending().await;
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0]["action_id"], held.action_id.as_str());
    assert_eq!(pending[0]["method"], "DELETE");
    assert_eq!(
        pending[0]["target_url"],
        format!("{}/things/7", upstream.url())
    );
    assert_eq!(pending[0]["intent"], "Remove the seventh thing");
    human.approve(&held).await;
    assert_eq!(agent.status(&held).await["status"], "APPROVED");
    assert_eq!(upstream.heads(), 1, "an approval alone sends nothing");

    let executed = agent.execute(&held).send().await.expect_status(200);
    assert_eq!(executed.header("x-proxy-status"), Some("executed-approved"));
    let sent = upstream.received_at("/things/7");
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].method, "DELETE");
    assert_eq!(
        sent[0].header("authorization"),
        Some(format!("Bearer {CREDENTIAL}").as_str())
    );

    let status = agent.status(&held).await;
    assert_eq!(
        (&status["status"], &status["result"]["status"]),
        (&json!("EXECUTED"), &json!(200))
    );
    agent
        .execute(&held)
        .send()
        .await
        .expect_problem(409, "action_not_approved");
    let replayed = agent
        .propose(removal)
        .idempotency_key("remove-7")
        .send()
        .await;
    let replayed = replayed.expect_status(200);
    assert_eq!(replayed.header("x-proxy-status"), Some("replayed"));
    assert_eq!(replayed.body, executed.body);
    assert_eq!(
        upstream.received_at("/things/7").len(),
        1,
        "it is sent once, whatever is asked"
    );
    assert!(human.pending().await.is_empty());
}

async fn credentials_and_keys_appear_nowhere_else(storage: Storage) {
    let upstream = EchoUpstream::start().await;
    let gateway = TestGateway::builder(storage)
        .setting("LOG", "trace")
        .start()
        .await;
    let human = Human::register(&gateway).await;
    let service = human
        .create_bearer_service("things", &upstream.url(), CREDENTIAL)
        .await;
    let agent = human.create_agent("assistant", &[&service]).await;
    // The upstream echoes the credential, in stored responses too.
    for path in ["/", "/1"] {
        echo_credential(&upstream, path);
    }
    let request = json!({
        "service": "things", "method": "GET", "path": "/", "intent": "Look",
        "headers": {"Cookie": "session=cookie-of-the-agent-55c1"},
    });
    let echoed = agent
        .propose(request)
        .idempotency_key("look")
        .send()
        .await
        .expect_status(200);
    assert!(!echoed.text().contains(CREDENTIAL), "{}", echoed.text());
    assert!(
        upstream
            .only()
            .header("authorization")
            .unwrap()
            .contains(CREDENTIAL)
    );
    let removal = json!({
        "service": "things", "method": "DELETE", "path": "/1", "intent": "Remove",
        "headers": {"Cookie": "session=cookie-of-the-agent-55c1"},
    });
    let held = agent.propose_held(removal, "remove").await;
    human.approve(&held).await;
    let executed = agent.execute(&held).send().await.expect_status(200);
    assert!(!executed.text().contains(CREDENTIAL), "{}", executed.text());

    let pages = [
        "/services".to_owned(),
        format!("/services/{}", service.id),
        "/agents".to_owned(),
        "/requests".to_owned(),
        "/approvals".to_owned(),
        format!("/approvals/{}", held.action_id),
        "/audit".to_owned(),
        "/overview".to_owned(),
        "/metrics".to_owned(),
    ];
    let secrets = [
        CREDENTIAL,
        &agent.key,
        &human.password,
        "cookie-of-the-agent-55c1",
    ];
    for page in pages {
        let shown = human.get(&page).send().await.expect_status(200).text();
        for secret in secrets {
            assert!(!shown.contains(secret), "{page} shows {secret}: {shown}");
        }
    }
    let tokens = [human.access_token.as_str(), human.refresh_token.as_str()];
    for secret in secrets.iter().chain(&tokens) {
        assert_eq!(
            gateway.places_with(secret).await,
            Vec::<String>::new(),
            "{secret}"
        );
    }
}

/// Replies with the credential of the request.
fn echo_credential(upstream: &EchoUpstream, path: &str) {
    upstream.on_request(path, |received| {
        Reply::text(format!("You are {:?}", received.header("authorization")))
    });
}

async fn a_restart_loses_nothing(storage: Storage) {
    let upstream = EchoUpstream::start().await;
    let mut gateway = TestGateway::start(storage).await;
    let human = Human::register(&gateway).await;
    let service = human
        .create_bearer_service("things", &upstream.url(), CREDENTIAL)
        .await;
    let agent = human.create_agent("assistant", &[&service]).await;
    let removal =
        json!({"service": "things", "method": "DELETE", "path": "/1", "intent": "Remove"});
    let held = agent.propose_held(removal, "remove").await;
    gateway.kill9();
    gateway.restart().await;
    assert_eq!(agent.status(&held).await["status"], "PENDING");
    human.approve(&held).await;
    assert!(gateway.terminate().await.success(), "{}", gateway.logs());
    gateway.restart().await;
    agent.execute(&held).send().await.expect_status(200);
    let sent = upstream.only();
    assert_eq!(
        sent.header("authorization"),
        Some(format!("Bearer {CREDENTIAL}").as_str())
    );
}
