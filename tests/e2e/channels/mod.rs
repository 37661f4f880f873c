//! Promises to those who are notified: people, and the programs that they point webhooks at.

mod bolt;
mod bots;
mod chat;
mod chat_connections;
mod chat_proofs;
mod decisions;
mod definition;
mod delivery;
mod email;
mod escalation;
mod filters;
mod member;
mod ntfy;
mod outage;
mod push;
mod socket_mode;
mod votes;
mod webhook;

use std::time::Duration;

use gaiterguard_testkit::{EchoUpstream, Human, Received, eventually};
use serde_json::{Value, json};

/// How long a message may take to arrive, on a busy machine.
const MOMENT: Duration = Duration::from_secs(20);

/// How long nothing must arrive for "nothing is sent" to be believed: longer than the gateway's polls.
const SILENCE: Duration = Duration::from_secs(4);

/// Creates a channel and returns the response.
async fn create(human: &Human, channel: Value) -> Value {
    let call = human.post("/channels").json(channel);
    call.send().await.expect_status(201).json()
}

/// Creates a webhook that sends these events to a path of `receiver`.
async fn webhook(human: &Human, receiver: &EchoUpstream, path: &str, filter: Value) -> Value {
    let url = format!("{}{path}", receiver.url());
    let settings = json!({"url": url});
    let channel =
        json!({"kind": "webhook", "name": "hook", "settings": settings, "filter": filter});
    create(human, channel).await
}

/// Returns the path of a channel.
fn path_of(created: &Value) -> String {
    format!("/channels/{}", created["channel"]["id"])
}

/// Waits until a receiver has this many requests at a path.
async fn arrived(receiver: &EchoUpstream, path: &str, count: usize) -> Vec<Received> {
    eventually("messages arrive", MOMENT, || async {
        let messages = receiver.received_at(path);
        (messages.len() >= count && messages.iter().all(|one| one.complete)).then_some(messages)
    })
    .await
}

/// Returns the deliveries of a channel, oldest first.
async fn deliveries(human: &Human, channel: &str) -> Vec<Value> {
    let mut list = human.read(&format!("{channel}/deliveries")).await;
    let mut items = std::mem::take(list["items"].as_array_mut().unwrap());
    items.reverse();
    items
}

/// Waits until a channel has this many deliveries that have ended, and returns them.
async fn ended(human: &Human, channel: &str, count: usize) -> Vec<Value> {
    eventually("deliveries end", MOMENT, || async {
        let all = deliveries(human, channel).await;
        let are_ended = all.iter().all(|one| one["state"] != "waiting");
        (all.len() >= count && are_ended).then_some(all)
    })
    .await
}

/// Returns the event and the status of the action of each message.
fn described(received: &[Received]) -> Vec<(String, String)> {
    let messages = received.iter().map(body_of);
    messages
        .map(|message| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (
                text(&message["type"]),
                text(&message["data"]["action"]["status"]),
            )
        })
        .collect()
}

/// Returns the JSON body of a message.
fn body_of(message: &Received) -> Value {
    serde_json::from_slice(&message.body).expect("a message is JSON")
}
