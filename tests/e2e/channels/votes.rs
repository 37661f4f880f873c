//! Requests that need several people, approved with the buttons of Slack and Telegram.

use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{Human, Storage, eventually, on_both_databases};
use serde_json::{Value, json};

use super::MOMENT;
use super::chat::{Slack, Telegram, link_code, slack_button, telegram_button};
use super::decisions::{ANN, BOB, audited, becomes, member, status};

on_both_databases!(
    two_people_approve_in_slack_one_after_the_other,
    two_people_approve_in_two_chats_in_either_order,
    votes_in_two_chats_at_the_same_time_decide_once,
    someone_whose_approval_does_not_count_sees_why,
);

/// The accounts of the two people in Telegram.
const ANN_THERE: i64 = 17;
const BOB_THERE: i64 = 18;

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

/// A request that needs two people, and the two, each with an account in both chats.
struct Chats {
    scene: Scene,
    slack: Slack,
    telegram: Telegram,
}

impl Chats {
    async fn new(storage: Storage) -> Self {
        let scene = Scene::new(storage).await;
        let rule = json!({
            "name": "Deletions need two people", "effect": "require_approval",
            "condition": "request.method == 'DELETE'", "approvals": {"count": 2},
        });
        scene.human.create_rule(rule).await;
        let slack = Slack::start(&scene.human).await;
        let telegram = Telegram::start(&scene.human).await;
        let ann = member(&scene, "ann", "approver").await;
        let bob = member(&scene, "bob", "approver").await;
        for (human, here, there) in [(&ann, ANN, ANN_THERE), (&bob, BOB, BOB_THERE)] {
            slack.link(&scene.gateway, here, human).await;
            let code = link_code(human).await;
            telegram.say(there, &format!("/link {code}"), None);
            telegram.said(&format!("linked to {}", human.email)).await;
        }
        Self {
            scene,
            slack,
            telegram,
        }
    }

    /// Returns the present card in Slack about a path that says this.
    async fn card(&self, path: &str, says: &str) -> Value {
        let is = |call: &Value| {
            let text = call.to_string();
            text.contains(path) && text.contains(says)
        };
        eventually("the card is there", MOMENT, || async {
            let server = &self.slack.server;
            let changed = server.received_at("/api/chat.update");
            let posted = server.received_at("/api/chat.postMessage");
            let mut all = posted.iter().chain(&changed).map(super::body_of);
            all.rfind(is)
        })
        .await
    }

    /// Returns the present card in Telegram about a path that says this, with its identifier.
    async fn card_there(&self, path: &str, says: &str) -> (i64, Value) {
        let is = |text: &str| text.contains(path) && text.contains(says);
        let sent = self
            .telegram
            .call_where("sendMessage", |call| {
                call["text"].as_str().unwrap().contains(path)
            })
            .await;
        let server = &self.telegram.server;
        let all = server.received_at(&super::chat::method("sendMessage"));
        let place = all.iter().position(|one| super::body_of(one) == sent);
        // The messages of the server are numbered from 500.
        let id = 500 + i64::try_from(place.unwrap()).unwrap();
        if is(sent["text"].as_str().unwrap()) {
            return (id, sent);
        }
        let changed = self.telegram.call_where("editMessageText", |call| {
            call["message_id"] == id && is(call["text"].as_str().unwrap())
        });
        (id, changed.await)
    }

    async fn press(&self, user: &str, card: &Value) {
        let button = slack_button(card, "approve");
        let pressed = self.slack.press(&self.scene.gateway, user, &button);
        pressed.await.expect_status(200);
    }

    fn press_there(&self, user: i64, (id, card): &(i64, Value)) {
        let button = telegram_button(card, "Approve");
        self.telegram.press(user, *id, &button);
    }
}

async fn two_people_approve_in_two_chats_in_either_order(storage: Storage) {
    let chats = Chats::new(storage).await;
    let human = &chats.scene.human;
    // Ann in Slack, then Bob in Telegram.
    let held = chats.scene.hold("first").await;
    let (here, there) = (
        chats.card("/first", "approve").await,
        chats.card_there("/first", "").await,
    );
    chats.press(ANN, &here).await;
    chats
        .slack
        .notified(ANN, "Your approval counts: 1 of 2.")
        .await;
    // Both copies show the vote and have new buttons.
    let here = chats.card("/first", "1 of 2, by ann@example.com").await;
    let there_after = chats
        .card_there("/first", "1 of 2, by ann@example.com")
        .await;
    assert_ne!(slack_button(&here, "approve")["value"], Value::Null);
    assert_ne!(
        telegram_button(&there.1, "Approve"),
        telegram_button(&there_after.1, "Approve")
    );
    // Ann again, in the other chat: she counts once, and the button is left for the other.
    chats.press_there(ANN_THERE, &there_after);
    chats
        .telegram
        .replied("Your approval counts: 1 of 2.")
        .await;
    assert_eq!(status(human, &held).await, "PENDING");
    chats.press_there(BOB_THERE, &there_after);
    becomes(human, &held, "APPROVED").await;
    chats.telegram.replied("Approved.").await;
    chats.card("/first", "Approved by bob@example.com").await;
    chats
        .card_there("/first", "Approved by bob@example.com")
        .await;
    approved_by_both(human, &chats.scene, &held).await;

    // Bob in Telegram, then Ann in Slack.
    let held = chats.scene.hold("second").await;
    let there = chats.card_there("/second", "").await;
    chats.press_there(BOB_THERE, &there);
    let here = chats.card("/second", "1 of 2, by bob@example.com").await;
    chats
        .card_there("/second", "1 of 2, by bob@example.com")
        .await;
    chats.press(BOB, &here).await;
    chats
        .slack
        .notified(BOB, "Your approval counts: 1 of 2.")
        .await;
    assert_eq!(status(human, &held).await, "PENDING");
    chats.press(ANN, &here).await;
    becomes(human, &held, "APPROVED").await;
    chats.slack.notified(ANN, "Approved.").await;
    chats.card("/second", "Approved by ann@example.com").await;
    chats
        .card_there("/second", "Approved by ann@example.com")
        .await;
    approved_by_both(human, &chats.scene, &held).await;
}

/// Checks that each of two people counts once, and that the request is sent once.
async fn approved_by_both(human: &Human, scene: &Scene, held: &gaiterguard_testkit::Held) {
    let action = human.action(held).await;
    let by = action["approvals"]["by"].as_array().unwrap();
    assert_eq!(by.len(), 2, "{action}");
    assert_ne!(by[0]["user_id"], by[1]["user_id"], "{action}");
    assert_eq!(audited(human, held, "action.approved").await.len(), 1);
    scene.agent.execute(held).send().await.expect_status(200);
}

async fn votes_in_two_chats_at_the_same_time_decide_once(storage: Storage) {
    let chats = Chats::new(storage).await;
    let human = &chats.scene.human;
    for round in 0..4_u64 {
        let name = format!("race-{round}");
        let held = chats.scene.hold(&name).await;
        let path = format!("/{name}");
        let (here, there) = (
            chats.card(&path, "approve").await,
            chats.card_there(&path, "").await,
        );
        // Telegram is asked twice a second, so the other press arrives before it, with it, and after it.
        chats.press_there(BOB_THERE, &there);
        tokio::time::sleep(Duration::from_millis(round * 170)).await;
        // Ann presses twice at the same time.
        tokio::join!(chats.press(ANN, &here), chats.press(ANN, &here));
        becomes(human, &held, "APPROVED").await;
        approved_by_both(human, &chats.scene, &held).await;
        chats.card(&path, "Approved by").await;
        chats.card_there(&path, "Approved by").await;
    }
    // One person in both chats at the same time is one approval.
    let held = chats.scene.hold("alone").await;
    let (here, there) = (
        chats.card("/alone", "approve").await,
        chats.card_there("/alone", "").await,
    );
    chats.press_there(ANN_THERE, &there);
    chats.press(ANN, &here).await;
    chats.card("/alone", "1 of 2, by ann@example.com").await;
    chats
        .card_there("/alone", "1 of 2, by ann@example.com")
        .await;
    tokio::time::sleep(super::SILENCE).await;
    assert_eq!(status(human, &held).await, "PENDING");
    let action = human.action(&held).await;
    assert_eq!(action["approvals"]["given"], 1, "{action}");
}

async fn someone_whose_approval_does_not_count_sees_why(storage: Storage) {
    let scene = Scene::new(storage).await;
    for (method, exclude) in [("DELETE", "rule_author"), ("PUT", "agent_owner")] {
        let rule = json!({
            "name": format!("Not the {exclude}"), "effect": "require_approval",
            "condition": format!("request.method == '{method}'"), "approvals": {"exclude": [exclude]},
        });
        scene.human.create_rule(rule).await;
    }
    let slack = Slack::start(&scene.human).await;
    let telegram = Telegram::start(&scene.human).await;
    let bob = member(&scene, "bob", "approver").await;
    // The scene's human wrote the rules and owns the agent.
    slack.link(&scene.gateway, ANN, &scene.human).await;
    slack.link(&scene.gateway, BOB, &bob).await;
    let code = link_code(&scene.human).await;
    telegram.say(ANN_THERE, &format!("/link {code}"), None);
    telegram.said("linked to human@example.com").await;
    for (number, (method, why)) in [
        ("DELETE", "you wrote a rule that holds this request"),
        ("PUT", "you own the agent that sent this request"),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("key-{number}");
        let path = format!("/excluded/{number}");
        let held = scene.agent.propose_held(request(method, &path), &key).await;
        let card = slack.call_where("chat.postMessage", |call| call.to_string().contains(&path));
        let card = card.await;
        let approve = slack_button(&card, "approve");
        slack
            .press(&scene.gateway, ANN, &approve)
            .await
            .expect_status(200);
        slack.notified(ANN, why).await;
        let there = telegram
            .call_where("sendMessage", |call| {
                call["text"].as_str().unwrap().contains(&path)
            })
            .await;
        telegram.press(ANN_THERE, 500, &telegram_button(&there, "Approve"));
        telegram.replied(why).await;
        assert_eq!(status(&scene.human, &held).await, "PENDING");
        // The button is left for someone else.
        slack
            .press(&scene.gateway, BOB, &approve)
            .await
            .expect_status(200);
        becomes(&scene.human, &held, "APPROVED").await;
    }
    // A denial by one who is excluded counts: it only stops a request.
    let held = scene
        .agent
        .propose_held(request("DELETE", "/stopped"), "stopped")
        .await;
    let card = slack.call_where("chat.postMessage", |call| {
        call.to_string().contains("/stopped")
    });
    let deny = slack_button(&card.await, "deny");
    slack
        .press(&scene.gateway, ANN, &deny)
        .await
        .expect_status(200);
    let view = slack.calls("views.open", 1).await.remove(0)["view"].clone();
    let body = super::chat::submitted(ANN, &view, Some("No."));
    slack.send(&scene.gateway, &body).await.expect_status(200);
    becomes(&scene.human, &held, "DENIED").await;
}
