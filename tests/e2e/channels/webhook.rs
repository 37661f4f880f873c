//! Webhooks are verified by an independent implementation of their specification, and say what the dashboard shows.

use gaiterguard_testkit::scene::{Scene, post};
use gaiterguard_testkit::{
    EchoUpstream, Received, Storage, eventually, finish, on_both_databases, python_command,
};
use serde_json::{Value, json};

use super::{MOMENT, arrived, body_of, described, webhook};

on_both_databases!(
    a_webhook_says_what_happens_to_a_held_request,
    a_webhook_is_verified_with_the_old_key_and_the_new_one,
    every_kind_of_event_is_sent_with_its_object,
);

/// Verifies a message with the package `standardwebhooks` and returns its body. The program exits with an error if
/// the signature is wrong.
async fn verified(key: &str, message: &Received) -> Result<Value, String> {
    const PROGRAM: &str = "
import json, sys
from standardwebhooks.webhooks import Webhook
given = json.load(sys.stdin)
print(json.dumps(Webhook(given['key']).verify(given['body'], given['headers'])))
";
    let folder = tempfile::tempdir().unwrap();
    let mut command = python_command("python", folder.path());
    command.args(["-c", PROGRAM]);
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers = names.map(|name| (name.to_owned(), json!(message.header(name).unwrap())));
    let headers: serde_json::Map<_, _> = headers.into_iter().collect();
    let given = json!({"key": key, "headers": headers, "body": message.text()});
    let output = finish(command, &given.to_string()).await;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap())
}

async fn a_webhook_says_what_happens_to_a_held_request(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    let created = webhook(&scene.human, &receiver, "/hook", json!({})).await;
    let key = created["signing_key"].as_str().unwrap();

    let body = json!({"amount": 2000, "currency": "usd", "customer": "cus_1"});
    let refund = post("/refunds", body);
    let held = scene.agent.propose_held(refund, "one").await;
    let first = arrived(&receiver, "/hook", 1).await.remove(0);
    let message = verified(key, &first).await.unwrap();
    assert_eq!(message["type"], "action.created");
    let action = &message["data"]["action"];
    let shown = scene.human.action(&held).await;
    for name in [
        "action_id",
        "method",
        "target_url",
        "intent",
        "digest",
        "expires_at",
    ] {
        assert_eq!(action[name], shown[name], "{name}");
    }
    assert_eq!(action["status"], "PENDING");
    assert_eq!(action["agent"]["name"], "assistant");
    assert_eq!(action["service"]["name"], "things");
    assert_eq!(action["risk_score"], shown["risk_score"]);
    let parts = shown["summary"]["headline"].as_array().unwrap();
    let headline: String = parts
        .iter()
        .map(|part| part["text"].as_str().unwrap())
        .collect();
    assert_eq!(action["headline"], headline);
    assert!(!action["facts"].as_array().unwrap().is_empty());
    let page = format!("{}/app/?action={}", scene.gateway.url(), held.action_id);
    assert_eq!(action["url"], page);
    assert_eq!(message["data"]["actor"]["name"], "assistant");

    scene.human.approve(&held).await;
    scene.agent.execute(&held).send().await.expect_status(200);
    let denied = scene.hold("two").await;
    scene.human.deny(&denied, "Not this one.").await;
    let all = arrived(&receiver, "/hook", 6).await;
    let expected = [
        ("action.created", "PENDING"),
        ("action.decided", "APPROVED"),
        ("action.ended", "EXECUTED"),
        ("action.created", "PENDING"),
        ("action.decided", "DENIED"),
        ("action.ended", "DENIED"),
    ];
    let expected = expected.map(|(event, status)| (event.to_owned(), status.to_owned()));
    let mut described = described(&all);
    let mut sorted = expected.to_vec();
    described.sort();
    sorted.sort();
    assert_eq!(described, sorted);
    let decided: Vec<_> = all
        .iter()
        .map(body_of)
        .filter(|message| message["type"] == "action.decided")
        .collect();
    assert!(
        decided
            .iter()
            .all(|message| message["data"]["actor"]["type"] == "user")
    );
    let note = |message: &Value| message["data"]["action"]["note"].clone();
    assert!(decided.iter().map(note).any(|note| note == "Not this one."));
    let mut ids: Vec<_> = all.iter().map(|one| one.header("webhook-id")).collect();
    ids.dedup();
    assert_eq!(ids.len(), 6);
    // A message that somebody changed is refused.
    let mut changed = first.clone();
    changed.body = first
        .text()
        .replace("cus_1", "cus_2")
        .replace("PENDING", "DENIED")
        .into();
    assert!(verified(key, &changed).await.is_err());
}

async fn a_webhook_is_verified_with_the_old_key_and_the_new_one(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    let created = webhook(&scene.human, &receiver, "/hook", json!({})).await;
    let path = super::path_of(&created);
    let rotated = scene.human.post(&format!("{path}/rotate-key")).send().await;
    let rotated = rotated.expect_status(200).json();
    let (old, new) = (&created["signing_key"], &rotated["signing_key"]);
    assert_ne!(old, new);
    scene.hold("one").await;
    let message = arrived(&receiver, "/hook", 1).await.remove(0);
    for key in [old, new] {
        verified(key.as_str().unwrap(), &message).await.unwrap();
    }
    // No response shows a key again.
    let shown = scene.human.read(&path).await.to_string();
    assert!(!shown.contains("whsec_"), "{shown}");
}

async fn every_kind_of_event_is_sent_with_its_object(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    webhook(&scene.human, &receiver, "/hook", json!({})).await;
    let agent = scene.human.create_agent("blocked", &[&scene.service]).await;
    let block = format!("/agents/{}/block", agent.id);
    scene.human.post(&block).send().await.expect_status(200);
    let on = json!({"active": true, "reason": "Drill"});
    let set = scene.human.put("/kill-switch").json(on);
    set.send().await.expect_status(200);
    let messages = eventually("both events arrive", MOMENT, || async {
        let messages = receiver.received_at("/hook");
        (messages.len() == 2).then(|| messages.iter().map(body_of).collect::<Vec<_>>())
    })
    .await;
    let of = |event: &str| {
        let found = messages.iter().find(|message| message["type"] == event);
        found.unwrap()["data"].clone()
    };
    let blocked = of("agent.blocked");
    assert_eq!(blocked["agent"], json!({"id": agent.id, "name": "blocked"}));
    let switch = of("kill_switch.changed");
    assert_eq!(
        switch["kill_switch"],
        json!({"active": true, "reason": "Drill"})
    );
}
