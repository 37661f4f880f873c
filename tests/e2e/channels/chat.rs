//! Slack and Telegram as their documentation describes them, on the gateway's other side: what a person does there.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gaiterguard_testkit::{
    EchoUpstream, Human, Received, Reply, Response, TestGateway, eventually,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{MOMENT, arrived, body_of, create};

/// The signing secret of the app.
pub(super) const SIGNING_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// The token of the bot of Telegram.
pub(super) const BOT_TOKEN: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

/// The team of the people in Slack.
pub(super) const TEAM: &str = "T0001";

/// The block size of SHA-256, in bytes.
const BLOCK: usize = 64;

/// Returns the HMAC-SHA256 of a message (RFC 2104), for a key of at most one block.
fn hmac(key: &str, message: &[u8]) -> Vec<u8> {
    let mut block = key.as_bytes().to_vec();
    block.resize(BLOCK, 0);
    let pad = |byte: u8| block.iter().map(|it| it ^ byte).collect::<Vec<_>>();
    let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
    Sha256::digest([pad(0x5c), inner.to_vec()].concat()).to_vec()
}

/// Returns the present time in seconds.
pub(super) fn seconds() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Returns Slack's signature of a body.
pub(super) fn signature(secret: &str, at: i64, body: &str) -> String {
    let signed = format!("v0:{at}:{body}");
    format!("v0={}", hex::encode(hmac(secret, signed.as_bytes())))
}

/// Encodes a form.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let mut encoder = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        encoder.append_pair(name, value);
    }
    encoder.finish()
}

/// A server of Slack, and the channel that sends to it.
pub(super) struct Slack {
    pub(super) server: EchoUpstream,
    /// The path of the channel, as `/channels/1`.
    pub(super) channel: String,
}

impl Slack {
    /// Starts a server and creates a channel with buttons.
    pub(super) async fn start(human: &Human) -> Self {
        let server = EchoUpstream::start().await;
        let next = AtomicI64::new(1);
        server.on_request("/api/chat.postMessage", move |_| {
            let ts = format!("1503435956.{:06}", next.fetch_add(1, Ordering::SeqCst));
            Reply::json(json!({"ok": true, "channel": "C1", "ts": ts}))
        });
        for method in ["chat.update", "chat.postEphemeral", "views.open"] {
            server.on(&format!("/api/{method}"), Reply::json(json!({"ok": true})));
        }
        let channel = json!({
            "kind": "slack",
            "name": "Slack",
            "settings": {
                "server": format!("{}/api", server.url()), "channel": "C1", "token": "xoxb-secret",
                "signing_secret": SIGNING_SECRET,
            },
            "filter": {"events": ["action.created"]},
        });
        let created = create(human, channel).await;
        assert_eq!(created["channel"]["settings"]["has_signing_secret"], true);
        assert!(!created.to_string().contains(SIGNING_SECRET));
        Self {
            server,
            channel: super::path_of(&created),
        }
    }

    /// Returns the calls of a method so far, at least `count`.
    pub(super) async fn calls(&self, method: &str, count: usize) -> Vec<Value> {
        let calls = arrived(&self.server, &format!("/api/{method}"), count).await;
        calls.iter().map(body_of).collect()
    }

    /// Returns the latest call of a method that satisfies a condition, once there is one.
    pub(super) async fn call_where(&self, method: &str, is: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/api/{method}");
        eventually("Slack is called", MOMENT, || async {
            let calls = self.server.received_at(&path);
            let mut calls = calls.iter().filter(|call| call.complete).map(body_of);
            calls.rfind(|call| is(call))
        })
        .await
    }

    /// Returns the text that only one person sees, once it contains a text.
    pub(super) async fn notified(&self, user: &str, text: &str) -> String {
        let message = self.call_where("chat.postEphemeral", |call| {
            call["user"] == user && call["text"].as_str().unwrap().contains(text)
        });
        message.await["text"].as_str().unwrap().to_owned()
    }

    /// Sends a signed form to the gateway.
    pub(super) async fn send(&self, gateway: &TestGateway, body: &str) -> Response {
        let at = seconds();
        let signature = signature(SIGNING_SECRET, at, body);
        self.deliver(gateway, body, &at.to_string(), &signature)
            .await
    }

    /// Sends a form to the gateway.
    pub(super) async fn deliver(
        &self,
        gateway: &TestGateway,
        body: &str,
        at: &str,
        signature: &str,
    ) -> Response {
        let call = gateway.dashboard().post(&format!("{}/slack", self.channel));
        call.header("content-type", "application/x-www-form-urlencoded")
            .header("x-slack-request-timestamp", at)
            .header("x-slack-signature", signature)
            .body(body.to_owned())
            .limit(Duration::from_secs(30))
            .send()
            .await
    }

    /// Presses a button as a user.
    pub(super) async fn press(
        &self,
        gateway: &TestGateway,
        user: &str,
        button: &Value,
    ) -> Response {
        self.send(gateway, &pressed(TEAM, user, &self.placed(button)))
            .await
    }

    /// Returns a button with the time of the message that it is in, by which Slack names the message.
    pub(super) fn placed(&self, button: &Value) -> Value {
        let token = button["value"].as_str().unwrap_or_default();
        let has = |call: &Received| call.text().contains(token);
        let changed = self.server.received_at("/api/chat.update");
        let posted = self.server.received_at("/api/chat.postMessage");
        let mut button = button.clone();
        if let Some(call) = changed.iter().find(|call| has(call)) {
            button["ts"] = body_of(call)["ts"].clone();
        } else if let Some(place) = posted.iter().position(has) {
            button["ts"] = json!(format!("1503435956.{:06}", place + 1));
        }
        button
    }

    /// Links the account of a user to a human.
    pub(super) async fn link(&self, gateway: &TestGateway, user: &str, human: &Human) {
        let code = link_code(human).await;
        let reply = self.command(gateway, user, &format!("link {code}")).await;
        assert_eq!(reply["response_type"], "ephemeral");
        let text = reply["text"].as_str().unwrap();
        assert!(text.contains(&human.email), "{text}");
    }

    /// Sends the command `/gaiterguard` with a text, and returns the reply.
    pub(super) async fn command(&self, gateway: &TestGateway, user: &str, text: &str) -> Value {
        let body = form(&[
            ("command", "/gaiterguard"),
            ("text", text),
            ("team_id", TEAM),
            ("user_id", user),
            ("user_name", "someone"),
            ("trigger_id", &format!("{user}.{}", seconds())),
        ]);
        self.send(gateway, &body).await.expect_status(200).json()
    }
}

/// Creates a code that links an account.
pub(super) async fn link_code(human: &Human) -> String {
    let call = human.post("/auth/chat-accounts/codes");
    let created = call.send().await.expect_status(201).json();
    created["code"].as_str().unwrap().to_owned()
}

/// Returns the form that Slack sends when a user presses a button.
pub(super) fn pressed(team: &str, user: &str, button: &Value) -> String {
    let payload = json!({
        "type": "block_actions",
        "team": {"id": team, "domain": "example"},
        "user": {"id": user, "username": "someone", "name": "someone", "team_id": team},
        "api_app_id": "A1",
        "token": "deprecated",
        "container": {"type": "message", "message_ts": button["ts"], "channel_id": "C1", "is_ephemeral": false},
        "trigger_id": format!("{user}.{}.{}", seconds(), rand()),
        "channel": {"id": "C1", "name": "approvals"},
        "response_url": "https://hooks.slack.com/actions/none",
        "actions": [{
            "type": "button", "block_id": "b1", "action_id": button["action_id"],
            "text": button["text"], "value": button["value"], "action_ts": "1503435957.000001",
        }],
    });
    form(&[("payload", &payload.to_string())])
}

/// Returns the form that Slack sends when a user submits a view.
pub(super) fn submitted(user: &str, view: &Value, reason: Option<&str>) -> String {
    let mut view = view.clone();
    view["id"] = json!("V1");
    view["state"] =
        json!({"values": {"reason": {"text": {"type": "plain_text_input", "value": reason}}}});
    let payload = json!({
        "type": "view_submission",
        "team": {"id": TEAM, "domain": "example"},
        "user": {"id": user, "username": "someone", "name": "someone", "team_id": TEAM},
        "api_app_id": "A1",
        "token": "deprecated",
        "trigger_id": format!("{user}.{}.{}", seconds(), rand()),
        "view": view,
        "response_urls": [],
    });
    form(&[("payload", &payload.to_string())])
}

/// Returns a number that differs from call to call.
fn rand() -> i64 {
    static NEXT: AtomicI64 = AtomicI64::new(0);
    NEXT.fetch_add(1, Ordering::SeqCst)
}

/// Returns a button of a card of Slack; null if the card does not have it.
pub(super) fn slack_button(card: &Value, id: &str) -> Value {
    let blocks = card["blocks"].as_array().unwrap().iter();
    let elements = blocks
        .filter_map(|block| block["elements"].as_array())
        .flatten();
    let mut buttons = elements.filter(|element| element["action_id"] == id);
    buttons.next().cloned().unwrap_or_default()
}

/// A server of Telegram, and the channel that sends to it.
pub(super) struct Telegram {
    pub(super) server: EchoUpstream,
    updates: Arc<Mutex<Vec<Value>>>,
    next: AtomicI64,
}

impl Telegram {
    /// Starts a server and creates a channel with buttons.
    pub(super) async fn start(human: &Human) -> Self {
        let server = EchoUpstream::start().await;
        let updates: Arc<Mutex<Vec<Value>>> = Arc::default();
        let next = AtomicI64::new(500);
        let reply = |result: Value| Reply::json(json!({"ok": true, "result": result}));
        server.on_request(&method("sendMessage"), move |received| {
            let id = next.fetch_add(1, Ordering::SeqCst);
            let sent = body_of(received);
            let chat = json!({"id": -1001, "type": "supergroup"});
            let from = json!({"id": 110_201_543, "is_bot": true, "first_name": "Gate"});
            reply(json!({"message_id": id, "chat": chat, "from": from, "text": sent["text"]}))
        });
        for name in ["editMessageText", "answerCallbackQuery"] {
            server.on(&method(name), reply(json!(true)));
        }
        let waiting = Arc::clone(&updates);
        server.on_request(&method("getUpdates"), move |received| {
            let offset = body_of(received)["offset"].as_i64().unwrap();
            let mut waiting = waiting.lock().unwrap();
            waiting.retain(|update| update["update_id"].as_i64().unwrap() >= offset);
            Reply::json(json!({"ok": true, "result": *waiting}))
        });
        let channel = json!({
            "kind": "telegram",
            "name": "Telegram",
            "settings": {
                "server": server.url(), "chat_id": "-1001", "token": BOT_TOKEN, "decisions": true,
            },
            "filter": {"events": ["action.created"]},
        });
        create(human, channel).await;
        Self {
            server,
            updates,
            next: AtomicI64::new(1),
        }
    }

    fn add(&self, mut update: Value) {
        let id = self.next.fetch_add(1, Ordering::SeqCst);
        update["update_id"] = json!(id);
        self.updates.lock().unwrap().push(update);
    }

    /// Sends a text to the chat as a user, possibly as a reply to a message.
    pub(super) fn say(&self, user: i64, text: &str, to: Option<&Value>) {
        let mut message = json!({
            "message_id": 900 + self.next.load(Ordering::SeqCst),
            "date": seconds(),
            "chat": {"id": -1001, "type": "supergroup"},
            "from": {"id": user, "is_bot": false, "first_name": "Ann", "username": "ann"},
            "text": text,
        });
        if let Some(to) = to {
            message["reply_to_message"] = to.clone();
        }
        self.add(json!({"message": message}));
    }

    /// Presses a button of a card as a user.
    pub(super) fn press(&self, user: i64, message: i64, button: &Value) {
        self.add(json!({"callback_query": {
            "id": format!("{user}-{}", rand()),
            "from": {"id": user, "is_bot": false, "first_name": "Ann", "username": "ann"},
            "chat_instance": "1",
            "data": button["callback_data"],
            "message": {"message_id": message, "chat": {"id": -1001, "type": "supergroup"}, "date": seconds()},
        }}));
    }

    /// Returns the latest call of a method that satisfies a condition, once there is one.
    pub(super) async fn call_where(&self, name: &str, is: impl Fn(&Value) -> bool) -> Value {
        let path = method(name);
        eventually("Telegram is called", MOMENT, || async {
            let calls: Vec<Received> = self.server.received_at(&path);
            let mut calls = calls.iter().filter(|call| call.complete).map(body_of);
            calls.rfind(|call| is(call))
        })
        .await
    }

    /// Returns the reply to a press, once it contains a text.
    pub(super) async fn replied(&self, text: &str) -> Value {
        self.call_where("answerCallbackQuery", |call| {
            call["text"].as_str().unwrap().contains(text)
        })
        .await
    }

    /// Returns a message of the bot, once one contains a text.
    pub(super) async fn said(&self, text: &str) -> Value {
        self.call_where("sendMessage", |call| {
            call["text"].as_str().unwrap().contains(text)
        })
        .await
    }
}

/// Returns the path of a method of the bot.
pub(super) fn method(name: &str) -> String {
    format!("/bot{BOT_TOKEN}/{name}")
}

/// Returns a button of a card of Telegram; null if the card does not have it.
pub(super) fn telegram_button(card: &Value, label: &str) -> Value {
    let rows = card["reply_markup"]["inline_keyboard"].as_array().unwrap();
    let mut buttons = rows.iter().filter_map(Value::as_array).flatten();
    buttons
        .find(|button| button["text"] == label)
        .cloned()
        .unwrap_or_default()
}
