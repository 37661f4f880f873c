//! Decisions with the buttons of cards in Slack and Telegram: by linked members only, once, and by the same rules as in
//! the dashboard.

use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{
    Held, Human, PythonUpstream, Storage, TestGateway, eventually, finish, on_both_databases,
    python_command,
};
use http::Method;
use serde_json::{Value, json};

use super::chat::{
    SIGNING_SECRET, Slack, TEAM, Telegram, form, link_code, method, pressed, seconds, signature,
    slack_button, submitted, telegram_button,
};
use super::{MOMENT, SILENCE, create};

on_both_databases!(
    a_linked_approver_approves_from_slack_once,
    a_denial_in_slack_has_a_reason,
    a_request_that_slack_did_not_sign_now_is_refused,
    nobody_decides_without_the_right_to,
    a_press_after_the_end_says_what_happened,
    two_people_approve_in_slack_one_after_the_other,
    two_presses_at_the_same_time_decide_once,
    a_request_is_approved_only_where_all_of_it_is_shown,
    a_person_decides_in_telegram,
    a_link_ends_with_the_secrets_that_proved_it,
    a_killed_gateway_decides_once,
);

const ANN: &str = "U0ANN";
const BOB: &str = "U0BOB";

/// Returns the entries of an action in the audit log with this event.
async fn audited(human: &Human, held: &Held, event: &str) -> Vec<Value> {
    let audit = human.read("/audit?limit=200").await;
    let subject = format!("action:{}", held.action_id);
    let entries = audit["items"].as_array().unwrap().iter();
    entries
        .filter(|entry| entry["subject"] == subject && entry["event"] == event)
        .cloned()
        .collect()
}

async fn status(human: &Human, held: &Held) -> Value {
    human.action(held).await["status"].clone()
}

async fn becomes(human: &Human, held: &Held, wanted: &str) {
    eventually("the action changes", MOMENT, || async {
        (status(human, held).await == wanted).then_some(())
    })
    .await;
}

async fn member(scene: &Scene, name: &str, role: &str) -> Human {
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

    let held = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
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

async fn two_people_approve_in_slack_one_after_the_other(storage: Storage) {
    let scene = Scene::new(storage).await;
    let rule = json!({
        "name": "Deletions need two people", "effect": "require_approval",
        "condition": "request.method == 'DELETE'", "approvals": {"count": 2},
    });
    scene.human.create_rule(rule).await;
    let slack = Slack::start(&scene.human).await;
    let bob = member(&scene, "bob", "approver").await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    slack.link(&scene.gateway, BOB, &bob).await;
    let held = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    let first = slack_button(&card, "approve");
    slack
        .press(&scene.gateway, ANN, &first)
        .await
        .expect_status(200);
    slack.notified(ANN, "Your approval counts: 1 of 2.").await;
    let changed = slack.call_where("chat.update", |call| {
        call["text"].as_str().unwrap().contains("1 of 2 approvals")
    });
    let changed = changed.await;
    assert!(
        changed.to_string().contains("1 of 2, by human@example.com"),
        "{changed}"
    );
    let voted = audited(&scene.human, &held, "action.voted").await.remove(0);
    assert!(voted["detail"]["channel"].is_i64(), "{voted}");
    // The button that was pressed is used up, for everyone.
    slack
        .press(&scene.gateway, BOB, &first)
        .await
        .expect_status(200);
    slack.notified(BOB, "was used already").await;
    let second = slack_button(&changed, "approve");
    // One person counts once.
    slack
        .press(&scene.gateway, ANN, &second)
        .await
        .expect_status(200);
    eventually("she is notified again", MOMENT, || async {
        let sent = slack.server.received_at("/api/chat.postEphemeral");
        let hers = sent.iter().filter(|one| one.text().contains("1 of 2."));
        (hers.count() == 2).then_some(())
    })
    .await;
    slack
        .press(&scene.gateway, BOB, &second)
        .await
        .expect_status(200);
    becomes(&scene.human, &held, "APPROVED").await;
    let action = scene.human.action(&held).await;
    assert_eq!(action["approvals"]["by"].as_array().unwrap().len(), 2);
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
    // The messages of the server are numbered from 500: the card, the reply about the link, the second card, the question.
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

async fn a_killed_gateway_decides_once(storage: Storage) {
    let mut scene = Scene::new(storage).await;
    let slack = Slack::start(&scene.human).await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    for round in 1..=4_u32 {
        let held = scene.hold(&format!("kill-{round}")).await;
        let name = format!("/kill-{round}");
        let card = slack
            .call_where("chat.postMessage", |call| call.to_string().contains(&name))
            .await;
        let approve = slack_button(&card, "approve");
        let pressing = {
            let gateway = scene.gateway.dashboard();
            let body = pressed(TEAM, ANN, &slack.placed(&approve));
            let now = seconds();
            let call = gateway.post(&format!("{}/slack", slack.channel));
            let call = call
                .header("content-type", "application/x-www-form-urlencoded")
                .header("x-slack-request-timestamp", &now.to_string())
                .header("x-slack-signature", &signature(SIGNING_SECRET, now, &body))
                .body(body);
            tokio::spawn(async move { call.try_send().await.is_ok() })
        };
        tokio::time::sleep(Duration::from_millis(u64::from(round) * 4)).await;
        scene.gateway.kill9();
        let _ = pressing.await;
        scene.gateway.restart().await;
        scene.human =
            Human::log_in(&scene.gateway, &scene.human.email, &scene.human.password).await;
        // The person presses again: the decision is there already, or is made now.
        slack
            .press(&scene.gateway, ANN, &approve)
            .await
            .expect_status(200);
        becomes(&scene.human, &held, "APPROVED").await;
        assert_eq!(
            audited(&scene.human, &held, "action.approved").await.len(),
            1
        );
        // The card is not lost: it says how the request was decided.
        slack
            .call_where("chat.update", |call| {
                call["text"].as_str().unwrap().starts_with("Approved by")
                    && call.to_string().contains(&name)
            })
            .await;
        scene.agent.execute(&held).send().await.expect_status(200);
    }
    let verified = scene.gateway.run(&["audit", "verify"], "").await;
    assert!(verified.status.success(), "{verified:?}");
}

#[tokio::test]
async fn one_of_two_replicas_asks_telegram_and_either_hears_slack() {
    let scene = Scene::new(Storage::Postgres).await;
    let replica = scene.gateway.start_replica().await;
    let slack = Slack::start(&scene.human).await;
    let telegram = Telegram::start(&scene.human).await;
    slack.link(&replica, ANN, &scene.human).await;
    let code = link_code(&scene.human).await;
    telegram.say(17, &format!("/start {code}"), None);
    telegram.said("linked to human@example.com").await;
    let held = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    let card_there = telegram.said("Approval needed").await;
    // Both copies are pressed, at both replicas.
    let approve = slack_button(&card, "approve");
    telegram.press(17, 501, &telegram_button(&card_there, "Approve"));
    slack
        .press(&replica, ANN, &approve)
        .await
        .expect_status(200);
    becomes(&scene.human, &held, "APPROVED").await;
    assert_eq!(
        audited(&scene.human, &held, "action.approved").await.len(),
        1
    );
    slack
        .call_where("chat.update", |call| {
            call["text"].as_str().unwrap().starts_with("Approved")
        })
        .await;
    telegram.call_where("editMessageText", |_| true).await;
    // Each update was handled by one replica, once.
    tokio::time::sleep(SILENCE).await;
    let answers = telegram.server.received_at(&method("answerCallbackQuery"));
    assert_eq!(answers.len(), 1);
    let said = telegram.server.received_at(&method("sendMessage"));
    let linked = said.iter().filter(|one| one.text().contains("linked to"));
    assert_eq!(linked.count(), 1);
}

#[tokio::test]
async fn slack_is_heard_over_a_web_socket() {
    let scene = Scene::new(Storage::Sqlite).await;
    let server = PythonUpstream::start("slack.py", &[]).await;
    let channel = json!({
        "kind": "slack",
        "name": "Socket",
        "settings": {
            "server": format!("{}/api", server.url()), "channel": "C1", "token": "xoxb-secret",
            "app_token": "xapp-1-secret",
        },
    });
    let created = create(&scene.human, channel).await;
    assert_eq!(created["channel"]["settings"]["has_app_token"], true);
    let connected = async |count: i64| {
        eventually("the gateway connects", MOMENT, || async {
            let state = server
                .client()
                .get("/state")
                .send()
                .await
                .expect_status(200)
                .json();
            (state["connected"].as_i64().unwrap() >= count && state["live"] == 1).then_some(state)
        })
        .await
    };
    let state = connected(1).await;
    assert_eq!(state["tokens"][0], "Bearer xapp-1-secret");
    let send = async |kind: &str, payload: Value| {
        let call = server
            .client()
            .post("/send")
            .json(json!({"type": kind, "payload": payload}));
        call.limit(Duration::from_secs(20))
            .send()
            .await
            .expect_status(200)
            .json()
    };
    let code = link_code(&scene.human).await;
    let command = json!({
        "command": "/gaiterguard", "text": format!("link {code}"), "team_id": TEAM,
        "user_id": ANN, "user_name": "ann",
    });
    let linked = send("slash_commands", command).await;
    let text = linked["payload"]["text"].as_str().unwrap();
    assert!(text.contains("human@example.com"), "{linked}");
    // Slack asks for a new connection from time to time.
    server
        .client()
        .post("/disconnect")
        .send()
        .await
        .expect_status(200);
    connected(2).await;
    let held = scene.hold("one").await;
    let unknown = json!({"action_id": "approve", "value": "nothing", "text": {}});
    let press = pressed(TEAM, ANN, &unknown);
    let payload = form_urlencoded::parse(press.as_bytes())
        .next()
        .unwrap()
        .1
        .into_owned();
    let acknowledged = send("interactive", serde_json::from_str(&payload).unwrap()).await;
    assert!(acknowledged["payload"].is_null(), "{acknowledged}");
    assert_eq!(status(&scene.human, &held).await, "PENDING");
    assert!(!scene.gateway.logs().contains("xapp-1-secret"));
}

/// Slack's own library signs what the gateway accepts, and reads what the gateway sends.
#[tokio::test]
async fn the_library_of_slack_agrees() {
    const PROGRAM: &str = r#"
import json, sys
from slack_bolt import App, BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slack_sdk.signature import SignatureVerifier
given = json.load(sys.stdin)
verifier = SignatureVerifier(given["secret"])
signatures = [verifier.generate_signature(timestamp=given["at"], body=body) for body in given["bodies"]]
seen = []
def authorize(**_):
    return AuthorizeResult(enterprise_id=None, team_id="T0001", bot_token="xoxb-secret", bot_id="B1", bot_user_id="UB")
app = App(signing_secret=given["secret"], authorize=authorize, process_before_response=True)
@app.action("approve")
def approve(ack, action):
    ack(); seen.append(["approve", action["value"]])
@app.view("deny")
def deny(ack, view):
    ack(); seen.append(["deny", view["private_metadata"]])
@app.command("/gaiterguard")
def link(ack, command):
    ack(); seen.append(["command", command["text"]])
statuses = []
for body, signature in zip(given["bodies"], signatures):
    headers = {"X-Slack-Request-Timestamp": [given["at"]], "X-Slack-Signature": [signature],
               "Content-Type": ["application/x-www-form-urlencoded"]}
    statuses.append(app.dispatch(BoltRequest(body=body, headers=headers)).status)
blocks = Block.parse_all(given["blocks"])
for block in blocks:
    block.validate_json()
view = View(**given["view"])
view.validate_json()
print(json.dumps({"signatures": signatures, "seen": seen, "statuses": statuses,
                  "blocks": [type(block).__name__ for block in blocks]}))
"#;
    let scene = Scene::new(Storage::Sqlite).await;
    let slack = Slack::start(&scene.human).await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    let held = scene
        .agent
        .propose_held(request("DELETE", "/one"), "one")
        .await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    let deny = slack_button(&card, "deny");
    slack
        .press(&scene.gateway, ANN, &deny)
        .await
        .expect_status(200);
    let view = slack.calls("views.open", 1).await.remove(0)["view"].clone();
    let command = form(&[
        ("command", "/gaiterguard"),
        ("text", "link x"),
        ("team_id", TEAM),
        ("user_id", BOB),
    ]);
    let approve = slack_button(&card, "approve");
    let bodies = [
        pressed(TEAM, ANN, &approve),
        submitted(ANN, &view, Some("no")),
        command,
    ];
    let at = seconds().to_string();
    let given = json!({
        "secret": SIGNING_SECRET, "at": at, "bodies": bodies, "blocks": card["blocks"], "view": view,
    });
    let folder = tempfile::tempdir().unwrap();
    let mut program = python_command("python", folder.path());
    program.args(["-c", PROGRAM]);
    let output = finish(program, &given.to_string()).await;
    assert!(output.status.success(), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["statuses"], json!([200, 200, 200]), "{said}");
    assert_eq!(said["seen"][0], json!(["approve", approve["value"]]));
    assert_eq!(said["seen"][1], json!(["deny", view["private_metadata"]]));
    assert_eq!(said["seen"][2], json!(["command", "link x"]));
    assert!(
        said["blocks"]
            .as_array()
            .unwrap()
            .contains(&json!("ActionsBlock")),
        "{said}"
    );
    let signature = said["signatures"][0].as_str().unwrap();
    slack
        .deliver(&scene.gateway, &bodies[0], &at, signature)
        .await
        .expect_status(200);
    becomes(&scene.human, &held, "APPROVED").await;
}
