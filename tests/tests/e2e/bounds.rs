//! What one agent can fill and one damaged row can hide: nothing that others need.

use std::time::{Duration, Instant};

use gaiterguard_tests::{Held, Reply, Storage, TestGateway, on_both_databases};
use serde_json::{Value, json};

use crate::by_hand::ByHand;
use crate::scene::{Scene, post, request};

on_both_databases!(
    a_flood_of_long_requests_leaves_the_queue_quick_and_small,
    a_list_shows_the_beginning_of_a_body_and_the_action_all_of_it,
    a_damaged_action_is_listed_as_unreadable_and_can_only_be_denied,
);

const MIB: usize = 1024 * 1024;

/// The longest body that is held: the envelope takes the rest of ten mebibytes.
const LONG: usize = 10 * MIB - 4096;

impl Scene {
    /// Holds a POST with these bytes as its body.
    async fn hold_bytes(&self, key: &str, bytes: Vec<u8>) -> Held {
        let call = self
            .agent
            .call(http::Method::DELETE, &format!("/s/things/{key}"));
        let call = call
            .header("x-agent-intent", "Remove what the body names")
            .header("content-type", "application/octet-stream")
            .body(bytes);
        Held::from_answer(call.send().await)
    }
}

/// The memory of a process that is in use, in bytes.
fn resident(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    kilobytes.unwrap().parse::<usize>().unwrap() * 1024
}

async fn a_flood_of_long_requests_leaves_the_queue_quick_and_small(storage: Storage) {
    let builder = TestGateway::builder(storage)
        .setting("MAX_PENDING_BYTES_PER_AGENT", 1_u64 << 30)
        .setting("MAX_PENDING_BYTES_PER_WORKSPACE", 1_u64 << 30);
    let scene = Scene::on(builder).await;
    let mut newest = None;
    for n in 0..20 {
        newest = Some(scene.hold_bytes(&format!("{n}"), vec![1; LONG]).await);
    }
    let process = scene.gateway.process_id();
    let before = resident(process);
    for path in ["/approvals/pending", "/approvals?limit=200"] {
        let asked = Instant::now();
        let stream = scene.human.get(path).open().await;
        let first_byte = asked.elapsed();
        assert!(
            first_byte < Duration::from_secs(2),
            "{path}: {first_byte:?}"
        );
        let whole = stream.try_rest().await.unwrap();
        assert!(whole.len() < MIB, "{path}: {} bytes", whole.len());
        let list: Value = serde_json::from_slice(&whole).unwrap();
        let items = list["approvals"].as_array().or(list["items"].as_array());
        let items = items.unwrap();
        assert_eq!(items.len(), 20);
        for item in items {
            assert_eq!(item["body_size"], LONG);
            assert_eq!(item["body_truncated"], true);
        }
    }
    let grown = resident(process).saturating_sub(before);
    assert!(grown < 64 * MIB, "two lists took {grown} bytes");

    let newest = newest.unwrap();
    scene.upstream.on("/19", Reply::text("done"));
    let whole = scene
        .human
        .get(&format!("/approvals/{}", newest.action_id))
        .send()
        .await
        .expect_status(200);
    assert!(whole.text().len() < 2 * LONG, "{}", whole.text().len());
    let whole = whole.json();
    assert_eq!(whole["body_truncated"], false);
    assert_eq!(whole["body_encoding"], "base64");
    scene.human.approve(&newest).await;
    scene.agent.execute(&newest).send().await.expect_status(200);
    assert_eq!(scene.upstream.only().body.len(), LONG);
}

async fn a_list_shows_the_beginning_of_a_body_and_the_action_all_of_it(storage: Storage) {
    let scene = Scene::new(storage).await;
    // The cut falls into a character of two bytes.
    let text = format!("a{}", "\u{fc}".repeat(4000));
    let held = scene.hold_bytes("text", text.clone().into_bytes()).await;
    let short = scene.hold("short").await;
    let listed = &scene.human.pending().await[0];
    assert_eq!(listed["action_id"], held.action_id);
    assert_eq!(listed["request_body"], text[..4095]);
    assert_eq!(listed["body_encoding"], "utf8");
    assert_eq!(listed["body_size"], text.len());
    assert_eq!(listed["body_truncated"], true);
    assert_eq!(listed["unreadable"], false);
    let path = format!("/approvals/{}", held.action_id);
    let preview = scene.human.read(&format!("{path}?preview=true")).await;
    assert_eq!(preview, *listed);
    let whole = scene.human.read(&path).await;
    assert_eq!(whole["request_body"], text);
    assert_eq!(whole["body_truncated"], false);
    assert_eq!(whole["digest"], listed["digest"]);
    let short = scene.human.action(&short).await;
    assert_eq!(short["body_size"], 0);
    assert_eq!(short["body_truncated"], false);

    let many: Value = (0..60)
        .map(|n| (format!("X-Note-{n}"), json!("n".repeat(400))))
        .collect();
    let mut proposal = request("DELETE", "/headers");
    proposal["headers"] = many;
    let held = scene.agent.propose_held(proposal, "headers").await;
    let listed = scene.human.next_pending("/headers").await;
    assert_eq!(listed["headers_truncated"], true);
    assert!(listed["request_headers"].to_string().len() < 10_000);
    let whole = scene.human.action(&held).await;
    assert_eq!(whole["headers_truncated"], false);
    assert!(whole["request_headers"].as_object().unwrap().len() >= 60);

    // What came back is cut in the list of all actions, too.
    let long = "x".repeat(100_000);
    scene.upstream.on("/answered", Reply::text(long.as_str()));
    let answered = scene.approved("answered").await;
    scene
        .agent
        .execute(&answered)
        .send()
        .await
        .expect_status(200);
    let all = scene.human.read("/approvals?status=EXECUTED").await;
    let result = &all["items"][0]["result"];
    assert_eq!(result["body"], long[..4096]);
    assert_eq!(result["body_size"], long.len());
    assert_eq!(result["body_truncated"], true);
    let whole = scene.human.action(&answered).await;
    assert_eq!(whole["result"]["body"], long);
}

/// The statements that damage an action, by what they damage.
fn damages(storage: Storage) -> Vec<(&'static str, String)> {
    let (flipped, bytes) = match storage {
        Storage::Sqlite => (
            "CAST(substr(COLUMN, 1, 16) || x'00000000' || substr(COLUMN, 21) AS BLOB)",
            "x'00'",
        ),
        Storage::Postgres => (
            "set_byte(COLUMN, 20, get_byte(COLUMN, 20) # 1)",
            "'\\x00'::bytea",
        ),
    };
    let mut damages = vec![
        (
            "request",
            format!("request = {}", flipped.replace("COLUMN", "request")),
        ),
        ("key", "request_key_id = 999999".to_owned()),
        (
            "digest",
            format!("digest = {}", flipped.replace("COLUMN", "digest")),
        ),
        ("digest-length", format!("digest = {bytes}")),
        ("judgement", "judgement = '{'".to_owned()),
        ("binding", "binding = 'null'".to_owned()),
        ("intent", format!("intent = '{}'", "x".repeat(2001))),
        ("method", "method = 'GET'".to_owned()),
        (
            "address",
            "target_url = 'http://127.0.0.1/harmless'".to_owned(),
        ),
        ("agent", "agent_id = 999999".to_owned()),
    ];
    if storage == Storage::Sqlite {
        damages.push(("utf8", "intent = CAST(x'41ff' AS TEXT)".to_owned()));
    }
    damages
}

async fn a_damaged_action_is_listed_as_unreadable_and_can_only_be_denied(storage: Storage) {
    let scene = Scene::new(storage).await;
    let before = scene.hold("before").await;
    let damages = damages(storage);
    let mut broken = Vec::new();
    for (what, _) in &damages {
        broken.push(scene.hold(what).await);
    }
    let after = scene
        .agent
        .propose_held(post("/charges", json!({"amount": 5})), "after")
        .await;
    let mut by_hand = ByHand::open(&scene.gateway).await;
    for ((_, damage), held) in damages.iter().zip(&broken) {
        let id = &held.action_id;
        by_hand
            .change(&format!("UPDATE actions SET {damage} WHERE id = '{id}'"))
            .await;
    }
    for path in ["/approvals/pending", "/approvals"] {
        let list = scene.human.read(path).await;
        let items = list["approvals"].as_array().or(list["items"].as_array());
        let items = items.unwrap();
        assert_eq!(items.len(), broken.len() + 2, "{path}");
        for item in items {
            let id = item["action_id"].as_str().unwrap();
            let is_broken = broken.iter().position(|held| held.action_id == id);
            let what = is_broken.map(|place| damages[place].0);
            assert_eq!(item["unreadable"], is_broken.is_some(), "{path}: {what:?}");
            assert_eq!(item["status"], "PENDING", "{what:?}");
        }
    }
    for (held, (what, _)) in broken.iter().zip(&damages) {
        assert_eq!(scene.human.action(held).await["unreadable"], true, "{what}");
        let approved = scene.human.decide(held, "approve", json!({})).await;
        approved.expect_problem(409, "action_unreadable");
        let denied = scene
            .human
            .decide(held, "deny", json!({"note": "damaged"}))
            .await;
        assert_eq!(
            denied.expect_status(200).json()["status"],
            "DENIED",
            "{what}"
        );
    }
    assert_eq!(scene.human.pending().await.len(), 2);
    for held in [&before, &after] {
        scene.human.approve(held).await;
        scene.agent.execute(held).send().await.expect_status(200);
    }
    assert_eq!(scene.upstream.received().len(), 2);

    // Damage that comes after the approval sends nothing either.
    let late = scene.approved("late").await;
    let id = &late.action_id;
    let damage = &damages[0].1;
    by_hand
        .change(&format!("UPDATE actions SET {damage} WHERE id = '{id}'"))
        .await;
    let executed = scene.agent.execute(&late).send().await;
    executed.expect_problem(409, "action_unreadable");
    let revoked = scene.human.decide(&late, "revoke", json!({})).await;
    revoked.expect_status(200);
    assert_eq!(scene.upstream.received().len(), 2);
    let history = scene.human.read("/requests").await;
    assert_eq!(history["items"].as_array().unwrap().len(), broken.len() + 3);
}
