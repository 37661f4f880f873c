//! Approvers are shown where the values of a held request were seen before.

use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{Held, Reply, Storage, TestGateway, eventually, on_both_databases};
use serde_json::{Value, json};

on_both_databases!(
    an_approver_sees_where_values_were_seen,
    an_object_that_the_agent_created_counts_as_its_own,
    values_that_an_agent_sent_do_not_count_as_seen,
);

/// How long a replica may take to write the values that it saw, on a busy machine.
const MOMENT: Duration = Duration::from_secs(10);

fn json_reply(body: &Value) -> Reply {
    Reply::json(body.clone())
}

fn channels() -> Value {
    json!({"ok": true, "channels": [
        {"id": "C024BE91L", "name": "general"}, {"id": "C03RANDOM", "name": "random"},
    ]})
}

async fn provenance(scene: &Scene, held: &Held) -> Vec<Value> {
    let action = scene
        .human
        .read(&format!("/approvals/{}", held.action_id))
        .await;
    action["provenance"].as_array().unwrap().clone()
}

/// Sends a request that a rule allows.
async fn forwarded(scene: &Scene, request: Value, key: &str) {
    let call = scene.agent.propose(request).idempotency_key(key);
    call.send().await.expect_status(200);
}

/// Creates a scene with a rule that holds everything except reads.
async fn holding(builder: gaiterguard_testkit::TestGatewayBuilder) -> Scene {
    let scene = Scene::on(builder.setting("MAX_PENDING_PER_AGENT", 500)).await;
    scene
        .human
        .create_rule(json!({
            "name": "Writes", "effect": "require_approval", "enabled": true,
            "condition": "request.method != 'GET' && !request.path.startsWith('/open')",
        }))
        .await;
    scene
        .human
        .create_rule(json!({
            "name": "Open", "effect": "allow", "enabled": true,
            "condition": "request.path.startsWith('/open')",
        }))
        .await;
    scene
}

async fn an_approver_sees_where_values_were_seen(storage: Storage) {
    let scene = holding(TestGateway::builder(storage)).await;
    scene
        .upstream
        .on("/conversations.list", json_reply(&channels()));
    scene
        .get("/conversations.list?limit=9")
        .await
        .expect_status(200);
    let message = json!({"channel": "C024BE91L", "text": "hello there"});
    let held = scene
        .agent
        .propose_held(post("/chat.postMessage", message), "one")
        .await;
    let sources = provenance(&scene, &held).await;
    assert_eq!(sources.len(), 1, "{sources:?}");
    let source = &sources[0];
    assert_eq!(source["location"], "body/channel");
    assert_eq!(source["value"], "C024BE91L");
    assert_eq!(source["kind"], "shown");
    assert_eq!(source["seen_in"], "GET /conversations.list");
    assert_eq!(source["object"], "name: general, id: C024BE91L");
    assert!(source["at"].as_str().unwrap().ends_with('Z'));

    let list = scene.human.read("/approvals/pending").await;
    assert_eq!(list["approvals"][0]["provenance"], json!([]));
}

async fn an_object_that_the_agent_created_counts_as_its_own(storage: Storage) {
    let scene = holding(TestGateway::builder(storage)).await;
    let note = json!({"id": "note-4711", "title": "Mine"});
    scene.upstream.on("/open/notes", json_reply(&note));
    let made = post("/open/notes", json!({"title": "Mine"}));
    forwarded(&scene, made, "made").await;
    let held = scene.hold("notes/note-4711").await;
    let sources = provenance(&scene, &held).await;
    assert_eq!(sources[0]["kind"], "created");
    assert_eq!(sources[0]["seen_in"], "POST /open/notes");
    assert_eq!(sources[0]["location"], "path");

    let invited = json!({"email": "new@partner.example"});
    scene
        .upstream
        .on("/invite", json_reply(&json!({"ok": true})));
    let first = scene
        .agent
        .propose_held(post("/invite", invited.clone()), "first")
        .await;
    assert!(provenance(&scene, &first).await.is_empty());
    scene.human.approve(&first).await;
    scene.agent.execute(&first).send().await.expect_status(200);
    let again = scene
        .agent
        .propose_held(post("/invite", invited), "again")
        .await;
    let sources = provenance(&scene, &again).await;
    assert_eq!(sources[0]["kind"], "approved");
    assert_eq!(sources[0]["seen_in"], "POST /invite");
}

async fn values_that_an_agent_sent_do_not_count_as_seen(storage: Storage) {
    let scene = holding(TestGateway::builder(storage)).await;
    let card = json!({"id": "k-17", "name": "The Boss", "email": "evil@x.example"});
    scene.upstream.on("/open/contacts", json_reply(&card));
    scene.upstream.on("/contacts", json_reply(&json!([card])));
    let plant = post(
        "/open/contacts",
        json!({"name": "The Boss", "email": "evil@x.example"}),
    );
    forwarded(&scene, plant, "plant").await;
    scene.get("/contacts").await.expect_status(200);
    let pay = json!({"to": "evil@x.example", "name": "The Boss"});
    let held = scene.agent.propose_held(post("/pay", pay), "pay").await;
    assert_eq!(provenance(&scene, &held).await, Vec::<Value>::new());
}

#[tokio::test]
async fn every_response_is_evidence_for_the_next_request() {
    let scene = holding(TestGateway::builder(Storage::Sqlite)).await;
    for at in 0..200 {
        let path = format!("/rooms/{at}");
        let room = json!({"id": format!("R{at:06}"), "name": format!("Room {at}")});
        let reply = json_reply(&room);
        let reply = if at % 3 == 0 { reply.chunked() } else { reply };
        scene.upstream.on(&path, reply);
        scene.get(&path).await.expect_status(200);
        let book = post("/book", json!({"room": format!("R{at:06}")}));
        let held = scene.agent.propose_held(book, &format!("book-{at}")).await;
        let sources = provenance(&scene, &held).await;
        assert_eq!(sources[0]["seen_in"], format!("GET {path}"), "{at}");
    }
}

#[tokio::test]
async fn a_blocked_agent_loses_its_history() {
    let scene = holding(TestGateway::builder(Storage::Sqlite)).await;
    scene
        .upstream
        .on("/conversations.list", json_reply(&channels()));
    scene.get("/conversations.list").await.expect_status(200);
    for way in ["block", "unblock"] {
        let path = format!("/agents/{}/{way}", scene.agent.id);
        scene.human.post(&path).send().await.expect_status(200);
    }
    let message = json!({"channel": "C024BE91L"});
    let held = scene
        .agent
        .propose_held(post("/send", message), "one")
        .await;
    assert_eq!(provenance(&scene, &held).await, Vec::<Value>::new());
}

#[tokio::test]
async fn zero_hours_turn_provenance_off() {
    let builder = TestGateway::builder(Storage::Sqlite).setting("PROVENANCE_HOURS", 0);
    let scene = holding(builder).await;
    scene
        .upstream
        .on("/conversations.list", json_reply(&channels()));
    scene.get("/conversations.list").await.expect_status(200);
    let message = json!({"channel": "C024BE91L"});
    let held = scene
        .agent
        .propose_held(post("/send", message), "one")
        .await;
    assert_eq!(provenance(&scene, &held).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_replica_knows_values_that_passed_through_the_other() {
    let scene = holding(TestGateway::builder(Storage::Postgres)).await;
    let replica = scene.gateway.start_replica().await;
    let there = scene.agent.clone().calling(&replica);
    scene
        .upstream
        .on("/conversations.list", json_reply(&channels()));
    scene.get("/conversations.list").await.expect_status(200);
    let card = json!({"email": "evil@x.example", "by": "somebody"});
    scene
        .upstream
        .on("/open/contacts", json_reply(&json!({"ok": true})));
    scene.upstream.on("/contacts", json_reply(&json!([card])));
    let plant = post("/open/contacts", json!({"email": "evil@x.example"}));
    forwarded(&scene, plant, "plant").await;
    let mut attempt = 0;
    let sources = eventually("the replica knows the channel", MOMENT, || {
        attempt += 1;
        let (there, scene) = (&there, &scene);
        let key = format!("try-{attempt}");
        async move {
            let message = json!({"channel": "C024BE91L", "try": key});
            let held = there.propose_held(post("/send", message), &key).await;
            let sources = provenance(scene, &held).await;
            (!sources.is_empty()).then_some(sources)
        }
    })
    .await;
    assert_eq!(sources[0]["value"], "C024BE91L");
    assert_eq!(sources[0]["seen_in"], "an earlier request");

    there
        .propose(request("GET", "/contacts"))
        .send()
        .await
        .expect_status(200);
    let pay = json!({"to": "evil@x.example", "for": "somebody"});
    let held = there.propose_held(post("/pay", pay), "pay").await;
    let sources = provenance(&scene, &held).await;
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert_eq!(sources[0]["value"], "somebody");
}

#[tokio::test]
async fn a_streamed_upload_plants_nothing() {
    let scene = holding(TestGateway::builder(Storage::Sqlite)).await;
    let listed = json!([{"email": "evil@x.example", "by": "somebody"}]);
    scene
        .upstream
        .on("/open/file", json_reply(&json!({"ok": true})));
    scene.upstream.on("/list", json_reply(&listed));
    let path = "/s/things/open/file";
    let upload = scene.agent.call(http::Method::PUT, path);
    let upload = upload.header("X-Agent-Intent", "Upload the list");
    upload
        .body(listed.to_string())
        .send()
        .await
        .expect_status(200);
    scene.get("/list").await.expect_status(200);
    let pay = json!({"to": "evil@x.example", "for": "somebody"});
    let held = scene.agent.propose_held(post("/pay", pay), "pay").await;
    assert_eq!(provenance(&scene, &held).await, Vec::<Value>::new());
}
