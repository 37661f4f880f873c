//! Who may press the buttons of a chat is proved by secrets: signatures of the chat, and links that end with them.

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Storage, on_both_databases};
use serde_json::{Value, json};

use super::chat::{
    BOT_TOKEN, SIGNING_SECRET, Slack, TEAM, form, link_code, pressed, seconds, signature,
    slack_button,
};
use super::create;
use super::decisions::{ANN, BOB, member, status};

on_both_databases!(
    a_request_that_slack_did_not_sign_now_is_refused,
    a_link_ends_with_the_secrets_that_proved_it,
    only_an_owner_sets_up_buttons,
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
    let other = member(&scene, "other", "owner").await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    let held = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    // Another owner sets a signing secret of their own.
    let settings = json!({
        "server": format!("{}/api", slack.server.url()), "channel": "C1", "signing_secret": "mine",
    });
    let call = other
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

async fn only_an_owner_sets_up_buttons(storage: Storage) {
    let scene = Scene::new(storage).await;
    let operator = member(&scene, "operator", "operator").await;
    let server = "https://slack.example/api";
    let slack = |more: Value| {
        let mut settings = json!({"server": server, "channel": "C1", "token": "xoxb-secret"});
        settings
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        settings
    };
    let telegram = |decisions: bool| {
        json!({
            "server": "https://telegram.example", "chat_id": "-1001", "token": BOT_TOKEN,
            "decisions": decisions,
        })
    };
    let signed = slack(json!({"signing_secret": SIGNING_SECRET}));
    let socket = slack(json!({"app_token": "xapp-1"}));
    for (kind, with_buttons, without) in [
        ("slack", signed.clone(), slack(json!({}))),
        ("slack", socket, slack(json!({}))),
        ("telegram", telegram(true), telegram(false)),
    ] {
        let channel =
            |settings: &Value| json!({"kind": kind, "name": "Chat", "settings": settings});
        let refused = operator.post("/channels").json(channel(&with_buttons));
        let refused = refused.send().await.expect_problem(403, "not_permitted");
        let why = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(why.starts_with("only owners may set up a channel"), "{why}");
        // Messages without buttons decide nothing, until an owner adds the buttons.
        let path = super::path_of(&create(&operator, channel(&without)).await);
        let change = json!({"settings": with_buttons});
        let refused = operator.put(&path).json(change.clone()).send().await;
        refused.expect_problem(403, "not_permitted");
        let changed = scene.human.put(&path).json(change).send().await;
        changed.expect_status(200);
        // An operator changes when messages are sent, and neither the bot nor where it writes.
        let mut kept = scene.human.read(&path).await["settings"].clone();
        kept.as_object_mut()
            .unwrap()
            .retain(|name, _| !name.starts_with("has_"));
        let quiet = json!({"from": "22:00", "to": "07:00", "time_zone": "UTC"});
        let call = operator
            .put(&path)
            .json(json!({"settings": kept, "quiet_hours": quiet}));
        call.send().await.expect_status(200);
        let place = if kind == "slack" {
            "channel"
        } else {
            "chat_id"
        };
        for (name, value) in [
            (place, json!("17")),
            ("token", json!("110201543:another-token")),
            ("signing_secret", json!("mine")),
            ("decisions", json!(false)),
        ] {
            let is_known = match name {
                "signing_secret" => kind == "slack",
                "decisions" => kind == "telegram",
                _ => true,
            };
            if !is_known {
                continue;
            }
            let mut other = kept.clone();
            other[name] = value;
            let refused = operator.put(&path).json(json!({"settings": other}));
            refused.send().await.expect_problem(403, "not_permitted");
        }
        // Stopping is safe.
        let disabled = operator.put(&path).json(json!({"enabled": false}));
        disabled.send().await.expect_status(200);
    }
}
