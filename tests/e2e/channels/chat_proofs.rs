//! Who may press the buttons of a chat is proved by secrets: signatures of the chat, and links that end with them.

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Storage, on_both_databases};
use serde_json::json;

use super::chat::{
    SIGNING_SECRET, Slack, TEAM, form, link_code, pressed, seconds, signature, slack_button,
};
use super::decisions::{ANN, BOB, member, status};

on_both_databases!(
    a_request_that_slack_did_not_sign_now_is_refused,
    a_link_ends_with_the_secrets_that_proved_it,
);

async fn a_request_that_slack_did_not_sign_now_is_refused(storage: Storage) {
    let scene = Scene::new(storage).await;
    let slack = Slack::start(&scene.human).await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    let held = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    let body = pressed(TEAM, ANN, &slack_button(&card, "approve"));
    let now = seconds();
    let right = signature(SIGNING_SECRET, now, &body);
    let old = now - 301;
    let ahead = now + 330;
    for (at, signature) in [
        (now.to_string(), signature("another secret", now, &body)),
        (now.to_string(), right.replace("v0=", "v1=")),
        (now.to_string(), "v0=zz".to_owned()),
        (now.to_string(), String::new()),
        ((now - 1).to_string(), right.clone()),
        (old.to_string(), signature(SIGNING_SECRET, old, &body)),
        (ahead.to_string(), signature(SIGNING_SECRET, ahead, &body)),
        ("soon".to_owned(), right.clone()),
    ] {
        let refused = slack.deliver(&scene.gateway, &body, &at, &signature).await;
        refused.expect_problem(401, "invalid_signature");
    }
    let at = now.to_string();
    let changed = body.replace(ANN, BOB);
    let refused = slack.deliver(&scene.gateway, &changed, &at, &right).await;
    refused.expect_problem(401, "invalid_signature");
    // A GET decides nothing.
    let get = scene
        .gateway
        .dashboard()
        .get(&format!("{}/slack", slack.channel));
    get.send().await.expect_status(405);
    assert_eq!(status(&scene.human, &held).await, "PENDING");
    // The command that links is accepted once.
    let code = link_code(&scene.human).await;
    let body = form(&[
        ("command", "/gaiterguard"),
        ("text", &format!("link {code}")),
        ("team_id", TEAM),
        ("user_id", BOB),
    ]);
    let right = signature(SIGNING_SECRET, now, &body);
    let first = slack.deliver(&scene.gateway, &body, &at, &right).await;
    first.expect_status(200);
    let replayed = slack.deliver(&scene.gateway, &body, &at, &right).await;
    replayed.expect_problem(401, "invalid_signature");
    let again = slack
        .command(&scene.gateway, ANN, &format!("link {code}"))
        .await;
    let again = again["text"].as_str().unwrap();
    assert!(again.contains("not valid"), "{again}");
    let malformed = slack.send(&scene.gateway, "payload=%7B").await;
    malformed.expect_problem(400, "validation_failed");
}

async fn a_link_ends_with_the_secrets_that_proved_it(storage: Storage) {
    let scene = Scene::new(storage).await;
    let slack = Slack::start(&scene.human).await;
    let operator = member(&scene, "operator", "operator").await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    let held = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    // An operator, who decides nothing, sets a signing secret of their own.
    let settings = json!({
        "server": format!("{}/api", slack.server.url()), "channel": "C1", "signing_secret": "mine",
    });
    let call = operator
        .put(&slack.channel)
        .json(json!({"settings": settings}));
    call.send().await.expect_status(200);
    let body = pressed(TEAM, ANN, &slack_button(&card, "approve"));
    let now = seconds();
    let forged = signature("mine", now, &body);
    let forged = slack
        .deliver(&scene.gateway, &body, &now.to_string(), &forged)
        .await;
    forged.expect_status(200);
    slack.notified(ANN, "not linked").await;
    assert_eq!(status(&scene.human, &held).await, "PENDING");
    let linked = scene.human.read("/auth/chat-accounts").await;
    assert_eq!(linked["items"][0]["channels"], json!([]));
}
