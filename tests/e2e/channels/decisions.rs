//! Decisions with the buttons of cards in Slack and Telegram: by linked members only, once, and by the same rules as in
//! the dashboard.

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{
    DirectDatabase, Held, Human, Storage, TestGateway, eventually, on_both_databases,
};
use http::Method;
use serde_json::{Value, json};

use super::MOMENT;
use super::chat::{
    SIGNING_SECRET, Slack, TEAM, Telegram, link_code, pressed, seconds, signature, slack_button,
    submitted, telegram_button,
};

on_both_databases!(
    a_linked_approver_approves_from_slack_once,
    a_denial_in_slack_has_a_reason,
    nobody_decides_without_the_right_to,
    a_press_after_the_end_says_what_happened,
    a_button_of_another_request_or_state_decides_nothing,
    two_presses_at_the_same_time_decide_once,
    a_request_is_approved_only_where_all_of_it_is_shown,
    a_person_decides_in_telegram,
);

pub(super) const ANN: &str = "U0ANN";
pub(super) const BOB: &str = "U0BOB";

/// Returns the entries of an action in the audit log with this event.
pub(super) async fn audited(human: &Human, held: &Held, event: &str) -> Vec<Value> {
    let audit = human.read("/audit?limit=200").await;
    let subject = format!("action:{}", held.action_id);
    let entries = audit["items"].as_array().unwrap().iter();
    entries
        .filter(|entry| entry["subject"] == subject && entry["event"] == event)
        .cloned()
        .collect()
}

pub(super) async fn status(human: &Human, held: &Held) -> Value {
    human.action(held).await["status"].clone()
}

pub(super) async fn becomes(human: &Human, held: &Held, wanted: &str) {
    eventually("the action changes", MOMENT, || async {
        (status(human, held).await == wanted).then_some(())
    })
    .await;
}

pub(super) async fn member(scene: &Scene, name: &str, role: &str) -> Human {
    let email = format!("{name}@example.com");
    let human = &scene.human;
    human
        .add_member(&scene.gateway, &email, role, json!({}))
        .await
}

async fn a_linked_approver_approves_from_slack_once(storage: Storage) {
    let scene = Scene::new(storage).await;
    let slack = Slack::start(&scene.human).await;
    let ann = member(&scene, "ann", "approver").await;
    slack.link(&scene.gateway, ANN, &ann).await;
    let linked = ann.read("/auth/chat-accounts").await["items"][0].clone();
    assert_eq!(linked["kind"], "slack");
    assert_eq!(linked["account"], format!("{TEAM}:{ANN}"));
    assert_eq!(linked["channels"], json!(["Slack"]));

    let held = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    let text = card.to_string();
    assert!(
        text.contains("The whole request:") && text.contains("/one"),
        "{text}"
    );
    let approve = slack_button(&card, "approve");
    let token = approve["value"].as_str().unwrap();
    slack
        .press(&scene.gateway, ANN, &approve)
        .await
        .expect_status(200);
    becomes(&scene.human, &held, "APPROVED").await;
    slack.notified(ANN, "Approved.").await;
    let changed = slack.calls("chat.update", 1).await.remove(0);
    let title = changed["text"].as_str().unwrap();
    assert!(title.starts_with("Approved by ann@example.com"), "{title}");
    assert!(slack_button(&changed, "approve").is_null(), "{changed}");
    let entry = audited(&scene.human, &held, "action.approved")
        .await
        .remove(0);
    let user = ann.read("/auth/me").await["id"].clone();
    assert_eq!(entry["actor"], format!("user:{user}"));
    let id: i64 = slack
        .channel
        .trim_start_matches("/channels/")
        .parse()
        .unwrap();
    assert_eq!(entry["detail"]["channel"], id);

    slack
        .press(&scene.gateway, ANN, &approve)
        .await
        .expect_status(200);
    slack
        .notified(ANN, "was already approved by ann@example.com")
        .await;
    assert_eq!(
        audited(&scene.human, &held, "action.approved").await.len(),
        1
    );
    scene.agent.execute(&held).send().await.expect_status(200);
    // Tokens and secrets are in no log and in no row.
    for secret in [token, SIGNING_SECRET, "xoxb-secret"] {
        assert!(!scene.gateway.logs().contains(secret));
    }
    let verified = scene.gateway.run(&["audit", "verify"], "").await;
    assert!(verified.status.success(), "{verified:?}");
}

async fn a_denial_in_slack_has_a_reason(storage: Storage) {
    let scene = Scene::new(storage).await;
    let slack = Slack::start(&scene.human).await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    let held = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    let deny = slack_button(&card, "deny");
    slack
        .press(&scene.gateway, ANN, &deny)
        .await
        .expect_status(200);
    let form = slack.calls("views.open", 1).await.remove(0);
    assert!(form["trigger_id"].as_str().unwrap().starts_with(ANN));
    assert_eq!(status(&scene.human, &held).await, "PENDING");
    let body = submitted(ANN, &form["view"], Some("Wrong customer."));
    let closed = slack.send(&scene.gateway, &body).await.expect_status(200);
    assert!(closed.text().is_empty(), "{}", closed.text());
    becomes(&scene.human, &held, "DENIED").await;
    assert_eq!(scene.agent.status(&held).await["note"], "Wrong customer.");
    // The form of another person comes too late, and says so.
    let late = submitted(ANN, &form["view"], None);
    let late = slack
        .send(&scene.gateway, &late)
        .await
        .expect_status(200)
        .json();
    assert_eq!(late["response_action"], "errors");
    let why = late["errors"]["reason"].as_str().unwrap();
    assert!(why.contains("already denied by human@example.com"), "{why}");
}

async fn nobody_decides_without_the_right_to(storage: Storage) {
    let scene = Scene::new(storage).await;
    let slack = Slack::start(&scene.human).await;
    let viewer = member(&scene, "viewer", "viewer").await;
    let operator = member(&scene, "operator", "operator").await;
    let other = scene
        .human
        .create_service("other", "https://example.com", "none", Value::Null)
        .await;
    let limits = json!({"services": [other.id]});
    let elsewhere = scene
        .human
        .add_member(&scene.gateway, "else@example.com", "approver", limits)
        .await;
    let leaver = member(&scene, "leaver", "approver").await;
    let unlinker = member(&scene, "unlinker", "approver").await;
    for (user, human) in [
        ("U1", &viewer),
        ("U2", &operator),
        ("U3", &elsewhere),
        ("U4", &leaver),
        ("U5", &unlinker),
    ] {
        slack.link(&scene.gateway, user, human).await;
    }
    let held = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    // One has just been removed, and one has just unlinked the account, when they press.
    let id = leaver.read("/auth/me").await["id"].clone();
    let call = scene.human.call(Method::DELETE, &format!("/members/{id}"));
    call.send().await.expect_status(200);
    let account = unlinker.read("/auth/chat-accounts").await["items"][0]["id"].clone();
    let unlink = format!("/auth/chat-accounts/{account}");
    // An account of somebody else is not found.
    let stranger = viewer.call(Method::DELETE, &unlink);
    stranger.send().await.expect_status(404);
    let call = unlinker.call(Method::DELETE, &unlink);
    call.send().await.expect_status(200);
    for button in ["approve", "deny"] {
        let button = slack_button(&card, button);
        for (user, why) in [
            ("U1", "your role is viewer"),
            ("U2", "your role is operator"),
            ("U3", "this service"),
            ("U4", "not linked"),
            ("U5", "not linked"),
            ("U6", "not linked"),
        ] {
            slack
                .press(&scene.gateway, user, &button)
                .await
                .expect_status(200);
            slack.notified(user, why).await;
        }
    }
    // The same user ID in another team is another person.
    slack.link(&scene.gateway, ANN, &scene.human).await;
    let approve = slack_button(&card, "approve");
    let foreign = pressed("T0002", ANN, &approve);
    slack
        .send(&scene.gateway, &foreign)
        .await
        .expect_status(200);
    slack.notified(ANN, "not linked").await;
    // A token that no card has.
    let made_up = json!({"action_id": "approve", "value": "0".repeat(64)});
    slack
        .press(&scene.gateway, ANN, &made_up)
        .await
        .expect_status(200);
    slack.notified(ANN, "too old").await;
    // The button of another app's card.
    let second = Slack::start(&scene.human).await;
    let settings = json!({
        "server": format!("{}/api", second.server.url()), "channel": "C1", "token": "xoxb-secret",
        "signing_secret": "of-the-other-app",
    });
    let call = scene
        .human
        .put(&second.channel)
        .json(json!({"settings": settings}));
    call.send().await.expect_status(200);
    let body = pressed(TEAM, ANN, &approve);
    let now = seconds();
    let signed = signature("of-the-other-app", now, &body);
    let other = second
        .deliver(&scene.gateway, &body, &now.to_string(), &signed)
        .await;
    other.expect_status(200);
    second.notified(ANN, "too old").await;
    assert_eq!(status(&scene.human, &held).await, "PENDING");
    assert_eq!(slack.server.received_at("/api/views.open").len(), 0);
}

async fn a_press_after_the_end_says_what_happened(storage: Storage) {
    // 14 seconds until an action expires.
    let builder = TestGateway::builder(storage).setting("APPROVAL_PENDING_TTL_HOURS", "0.004");
    let scene = Scene::on(builder).await;
    let slack = Slack::start(&scene.human).await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    let first = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    scene.human.deny(&first, "no").await;
    let approve = slack_button(&card, "approve");
    slack
        .press(&scene.gateway, ANN, &approve)
        .await
        .expect_status(200);
    slack
        .notified(ANN, "already denied by human@example.com")
        .await;

    let second = scene.hold("two").await;
    let card = slack.calls("chat.postMessage", 2).await.remove(1);
    becomes(&scene.human, &second, "EXPIRED").await;
    let approve = slack_button(&card, "approve");
    slack
        .press(&scene.gateway, ANN, &approve)
        .await
        .expect_status(200);
    slack.notified(ANN, "has expired").await;
    assert_eq!(status(&scene.human, &second).await, "EXPIRED");
    let changed = slack.call_where("chat.update", |call| {
        call["text"].as_str().unwrap().starts_with("Expired")
    });
    assert!(slack_button(&changed.await, "approve").is_null());
}

async fn a_button_of_another_request_or_state_decides_nothing(storage: Storage) {
    let scene = Scene::new(storage).await;
    let slack = Slack::start(&scene.human).await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    let held = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    let other = scene.hold("two").await;
    let other_card = slack.calls("chat.postMessage", 2).await.remove(1);
    let mut database = DirectDatabase::open(&scene.gateway).await;
    // The card of the first request shows another request than the one that is held.
    let edited = format!(
        "UPDATE card_buttons SET digest = (SELECT digest FROM card_buttons WHERE action_id = '{}' AND decision = 'approve')
         WHERE action_id = '{}'",
        other.action_id, held.action_id
    );
    database.change(&edited).await;
    let approve = slack_button(&card, "approve");
    slack
        .press(&scene.gateway, ANN, &approve)
        .await
        .expect_status(200);
    let why = slack.notified(ANN, "Nothing was decided").await;
    assert!(why.contains("digest"), "{why}");
    assert_eq!(status(&scene.human, &held).await, "PENDING");
    // The card of the second one shows an earlier state.
    let moved = format!(
        "UPDATE card_buttons SET revision = revision + 1 WHERE action_id = '{}'",
        other.action_id
    );
    database.change(&moved).await;
    let approve = slack_button(&other_card, "approve");
    slack
        .press(&scene.gateway, ANN, &approve)
        .await
        .expect_status(200);
    slack
        .notified(ANN, "the message will be updated shortly")
        .await;
    assert_eq!(status(&scene.human, &other).await, "PENDING");
    // Both are decided where they are shown as they are.
    scene.human.deny(&held, "No.").await;
    scene.human.approve(&other).await;
}

async fn two_presses_at_the_same_time_decide_once(storage: Storage) {
    let scene = Scene::new(storage).await;
    let slack = Slack::start(&scene.human).await;
    let bob = member(&scene, "bob", "approver").await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    slack.link(&scene.gateway, BOB, &bob).await;
    for round in 1..=5 {
        let held = scene.hold(&format!("race-{round}")).await;
        let card = slack
            .calls("chat.postMessage", round)
            .await
            .remove(round - 1);
        let approve = slack_button(&card, "approve");
        let presses = [ANN, BOB, ANN, BOB].map(|user| slack.press(&scene.gateway, user, &approve));
        let [one, two, three, four] = presses;
        let all = tokio::join!(one, two, three, four);
        for response in [all.0, all.1, all.2, all.3] {
            response.expect_status(200);
        }
        becomes(&scene.human, &held, "APPROVED").await;
        assert_eq!(
            audited(&scene.human, &held, "action.approved").await.len(),
            1
        );
        eventually("everyone is notified", MOMENT, || async {
            let sent = slack.server.received_at("/api/chat.postEphemeral");
            (sent.len() >= 4 * round).then_some(())
        })
        .await;
    }
    let sent = slack.server.received_at("/api/chat.postEphemeral");
    let approved = sent.iter().filter(|one| one.text().contains("Approved."));
    assert_eq!(approved.count(), 5);
}

async fn a_request_is_approved_only_where_all_of_it_is_shown(storage: Storage) {
    let scene = Scene::new(storage).await;
    let rule = json!({
        "name": "Everything", "effect": "require_approval", "condition": "request.method == 'POST'",
    });
    scene.human.create_rule(rule).await;
    let slack = Slack::start(&scene.human).await;
    let telegram = Telegram::start(&scene.human).await;
    let short = json!({"text": "<!channel> *hi* \u{202e}now"});
    scene
        .agent
        .propose_held(post("/messages", short), "one")
        .await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    let text = card.to_string();
    assert!(
        !text.contains("<!") && text.contains("&lt;!channel&gt; *hi* [U+202E]now"),
        "{text}"
    );
    assert!(!slack_button(&card, "approve").is_null());
    let card = telegram.said("Approval needed").await;
    assert!(!telegram_button(&card, "Approve").is_null());

    let long = json!({"text": "<b>\u{200f}".repeat(20_000)});
    scene
        .agent
        .propose_held(post("/messages", long), "two")
        .await;
    let compressed = json!({
        "service": "things", "method": "POST", "path": "/zipped", "intent": "Send a compressed text",
        "headers": {"content-encoding": "gzip"}, "body_base64": "H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==",
    });
    scene.agent.propose_held(compressed, "three").await;
    for card in slack.calls("chat.postMessage", 3).await.iter().skip(1) {
        assert!(slack_button(card, "approve").is_null(), "{card}");
        assert!(!slack_button(card, "deny").is_null(), "{card}");
        assert!(
            card.to_string().contains("Open it to approve it."),
            "{card}"
        );
        for block in card["blocks"].as_array().unwrap() {
            let text = block["text"]["text"].as_str().unwrap_or_default();
            assert!(text.chars().count() <= 3000, "{}", text.len());
        }
    }

    let rule = json!({
        "name": "A passkey", "effect": "require_approval", "stepUp": "passkey",
        "condition": "request.method == 'PUT'",
    });
    scene.human.create_rule(rule).await;
    let replace = request("PUT", "/messages/1");
    scene.agent.propose_held(replace, "four").await;
    let card = slack.calls("chat.postMessage", 4).await.remove(3);
    assert!(slack_button(&card, "approve").is_null(), "{card}");
    assert!(!slack_button(&card, "deny").is_null(), "{card}");
    assert!(
        card.to_string().contains("Approval needs a passkey."),
        "{card}"
    );
    assert!(card.to_string().contains("The whole request"), "{card}");
}

async fn a_person_decides_in_telegram(storage: Storage) {
    let scene = Scene::new(storage).await;
    let telegram = Telegram::start(&scene.human).await;
    let ann = member(&scene, "ann", "approver").await;
    let held = scene.hold("one").await;
    let card = telegram.said("Approval needed").await;
    let approve = telegram_button(&card, "Approve");
    assert_eq!(approve["callback_data"].as_str().unwrap().len(), 64);
    assert!(card["text"].as_str().unwrap().contains("<pre>DELETE "));
    telegram.press(17, 500, &approve);
    let refused = telegram.replied("not linked").await;
    assert_eq!(refused["show_alert"], true);
    let code = link_code(&ann).await;
    telegram.say(17, &format!("/link@gate_bot {}", code.to_uppercase()), None);
    telegram.said("linked to ann@example.com").await;
    telegram.press(17, 500, &approve);
    telegram.replied("Approved.").await;
    becomes(&scene.human, &held, "APPROVED").await;
    let changed = telegram.call_where("editMessageText", |_| true).await;
    assert!(
        changed["text"]
            .as_str()
            .unwrap()
            .contains("Approved by ann@example.com")
    );

    let second = scene.hold("two").await;
    let card = telegram
        .call_where("sendMessage", |call| {
            call["text"].as_str().unwrap().contains("/two")
        })
        .await;
    let deny = telegram_button(&card, "Deny");
    telegram.press(17, 501, &deny);
    telegram.replied("Reply with the reason.").await;
    let question = telegram.said("Reply to this message").await;
    assert_eq!(question["reply_markup"]["force_reply"], true);
    // The messages of the server are numbered from 500: the card, the reply about the link, the second card, the
    // question.
    let question = json!({"message_id": 503, "chat": {"id": -1001}, "text": question["text"]});
    telegram.say(18, "Because I say so", Some(&question));
    telegram.said("for someone else").await;
    telegram.say(17, "Not this one.", Some(&question));
    telegram.said("Denied.").await;
    becomes(&scene.human, &second, "DENIED").await;
    assert_eq!(scene.agent.status(&second).await["note"], "Not this one.");
    assert!(
        !scene
            .gateway
            .logs()
            .contains("AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw")
    );
}
