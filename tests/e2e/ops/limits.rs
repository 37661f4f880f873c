//! One agent can fill only its own share, and one damaged row hides no other.

use std::time::{Duration, Instant};

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{
    DirectDatabase, Held, Reply, Response, Storage, TestGateway, on_both_databases,
};
use serde_json::{Value, json};

on_both_databases!(
    a_flood_of_long_requests_keeps_the_queue_fast_and_small,
    a_list_shows_the_start_of_a_body_and_the_action_all_of_it,
    a_damaged_action_is_listed_as_unreadable_and_can_only_be_denied,
    pending_requests_are_bounded_in_bytes_by_agent_and_workspace,
    beyond_the_budget_only_the_status_of_a_response_is_kept,
    a_costly_page_is_read_in_time_and_delays_no_start,
);

const MIB: usize = 1024 * 1024;

/// How long the start of a list may take on a busy machine, ten times as long as on an idle one.
const FIRST_BYTE_MAX: Duration = Duration::from_secs(10);

/// The longest body that can be held: the envelope takes the rest of ten mebibytes.
const LONG: usize = 10 * MIB - 4096;

/// Proposes a DELETE with these bytes as its body.
async fn propose_bytes(scene: &Scene, key: &str, bytes: Vec<u8>) -> Response {
    let call = scene
        .agent
        .call(http::Method::DELETE, &format!("/s/things/{key}"))
        .header("x-agent-intent", "Remove what the body names")
        .header("content-type", "application/octet-stream")
        .body(bytes);
    call.send().await
}

/// Proposes a DELETE with these bytes as its body. Panics unless it is held.
async fn hold_bytes(scene: &Scene, key: &str, bytes: Vec<u8>) -> Held {
    Held::from_response(propose_bytes(scene, key, bytes).await)
}

/// Returns the resident memory of a process in bytes.
fn resident(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    kilobytes.unwrap().parse::<usize>().unwrap() * 1024
}

async fn a_flood_of_long_requests_keeps_the_queue_fast_and_small(storage: Storage) {
    let builder = TestGateway::builder(storage)
        .setting("MAX_PENDING_BYTES_PER_AGENT", 1_u64 << 30)
        .setting("MAX_PENDING_BYTES_PER_WORKSPACE", 1_u64 << 30);
    let scene = Scene::on(builder).await;
    let mut newest = None;
    for n in 0..20 {
        newest = Some(hold_bytes(&scene, &format!("{n}"), vec![1; LONG]).await);
    }
    let process = scene.gateway.process_id();
    let before = resident(process);
    for path in ["/approvals/pending", "/approvals?limit=200"] {
        let asked = Instant::now();
        let stream = scene.human.get(path).open().await;
        let first_byte = asked.elapsed();
        assert!(first_byte < FIRST_BYTE_MAX, "{path}: {first_byte:?}");
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

async fn a_list_shows_the_start_of_a_body_and_the_action_all_of_it(storage: Storage) {
    let scene = Scene::new(storage).await;
    // The body is cut within a character of two bytes.
    let text = format!("a{}", "\u{fc}".repeat(4000));
    let held = hold_bytes(&scene, "text", text.clone().into_bytes()).await;
    let short = scene.hold("short").await;
    let listed = &scene.human.pending().await[0];
    assert_eq!(listed["action_id"], held.action_id);
    assert_eq!(listed["request_body"], text[..4095]);
    assert_eq!(listed["body_encoding"], "utf8");
    assert_eq!(listed["body_size"], text.len());
    assert_eq!(listed["body_truncated"], true);
    assert_eq!(listed["unreadable"], false);
    let path = format!("/approvals/{}", held.action_id);
    let mut preview = scene.human.read(&format!("{path}?preview=true")).await;
    // Earlier requests are counted as of the time of the call.
    preview["context"]["since"] = listed["context"]["since"].clone();
    assert!(preview["context"].is_object());
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

    // Results are cut in the list of all actions, too.
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

/// Returns statements that damage an action, with the damaged part.
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
    let mut database = DirectDatabase::open(&scene.gateway).await;
    for ((_, damage), held) in damages.iter().zip(&broken) {
        let id = &held.action_id;
        database
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

    // An action that is damaged after its approval is not sent either.
    let late = scene.approved("late").await;
    let id = &late.action_id;
    let damage = &damages[0].1;
    database
        .change(&format!("UPDATE actions SET {damage} WHERE id = '{id}'"))
        .await;
    let executed = scene.agent.execute(&late).send().await;
    executed.expect_problem(409, "action_unreadable");
    let revoked = scene.human.decide(&late, "revoke", json!({})).await;
    revoked.expect_status(200);
    assert_eq!(scene.upstream.received().len(), 2);
    let history = scene.human.read("/requests").await;
    let entries = history["items"].as_array().unwrap().len();
    assert_eq!(entries, broken.len() + 3);
    let entry = &history["items"][1]["id"];
    database
        .change(&format!(
            "UPDATE requests SET judgement = '{{' WHERE id = {entry}"
        ))
        .await;
    let history = scene.human.read("/requests").await;
    assert_eq!(history["items"].as_array().unwrap().len(), entries);
    assert_eq!(history["items"][0]["unreadable"], false);
    assert_eq!(history["items"][1]["unreadable"], true);
    assert_eq!(history["items"][1]["id"], *entry);
}

async fn pending_requests_are_bounded_in_bytes_by_agent_and_workspace(storage: Storage) {
    let builder = TestGateway::builder(storage)
        .setting("MAX_PENDING_BYTES_PER_AGENT", 3 * MIB)
        .setting("MAX_PENDING_BYTES_PER_WORKSPACE", 4 * MIB);
    let scene = Scene::on(builder).await;
    let first = hold_bytes(&scene, "first", vec![b'1'; 2 * MIB]).await;
    let again = propose_bytes(&scene, "second", vec![b'2'; 2 * MIB]).await;
    let refused = again.expect_problem(429, "too_many_pending");
    assert!(refused.header("retry-after").is_some());
    // A short one still fits, and the next long one fits once the first is decided.
    scene.hold("short").await;
    scene.human.deny(&first, "no").await;
    hold_bytes(&scene, "second", vec![b'2'; 2 * MIB]).await;

    // Another agent can use the rest of the workspace's budget.
    let other = scene.human.create_agent("other", &[&scene.service]).await;
    let call = other.call(http::Method::DELETE, "/s/things/theirs");
    let call = call.header("x-agent-intent", "Remove what the body names");
    let beyond = call.clone().body(vec![b'3'; 2 * MIB + 1024]).send().await;
    beyond.expect_problem(429, "too_many_pending");
    Held::from_response(call.body(vec![b'3'; MIB]).send().await);
}

async fn beyond_the_budget_only_the_status_of_a_response_is_kept(storage: Storage) {
    let builder = TestGateway::builder(storage).setting("MAX_KEPT_BYTES_PER_AGENT", 3 * MIB);
    let mut scene = Scene::on(builder).await;
    let long = "x".repeat(MIB);
    scene.upstream.on("/long", Reply::text(long.as_str()));
    let read = |key: &str| {
        let call = scene.agent.propose(request("GET", "/long"));
        call.idempotency_key(key)
    };
    for n in 0..10 {
        let response = read(&format!("{n}")).send().await.expect_status(200);
        assert_eq!(response.text().len(), MIB);
    }
    for (key, is_kept) in [("0", true), ("1", true), ("2", false), ("9", false)] {
        let again = read(key).send().await;
        if is_kept {
            assert_eq!(again.expect_status(200).text(), long, "{key}");
        } else {
            let problem = again.expect_problem(409, "answer_not_kept").json();
            assert_eq!(problem["upstream_status"], 200, "{key}");
        }
    }
    assert_eq!(
        scene.upstream.received_at("/long").len(),
        10,
        "each was sent once"
    );
    // Another agent is not affected, and the count survives a restart.
    let other = scene.human.create_agent("other", &[&scene.service]).await;
    let theirs = other.propose(request("GET", "/long")).idempotency_key("0");
    theirs.clone().send().await.expect_status(200);
    assert_eq!(theirs.send().await.expect_status(200).text(), long);
    scene.gateway.kill9();
    scene.gateway.restart().await;
    let agent = scene.agent.clone().calling(&scene.gateway);
    let call = agent
        .propose(request("GET", "/long"))
        .idempotency_key("late");
    call.clone().send().await.expect_status(200);
    call.send().await.expect_problem(409, "answer_not_kept");
}

async fn a_costly_page_is_read_in_time_and_delays_no_start(storage: Storage) {
    let mut scene = Scene::new(storage).await;
    // The parser compares each attribute of a tag with all previous ones.
    let attributes: Vec<String> = (0..60_000).map(|n| format!(" a{n}")).collect();
    let attributes = attributes.concat();
    let pages = [
        format!("<html><body><!-- x --!>{}", "<div>".repeat(8000)),
        format!("<html><body><svg><title>{}", "<div>".repeat(8000)),
        format!("<html><body><p{attributes}>"),
        format!(
            "<html><body><h1>Charges</h1>{}",
            "<p>Creates a charge.</p>".repeat(50)
        ),
    ];
    for (n, page) in pages.iter().enumerate() {
        let path = format!("/page/{n}");
        let reply = Reply::text(page.as_str()).header("content-type", "text/html");
        scene.upstream.on(&path, reply);
        let address = format!("{}{path}", scene.upstream.url());
        let added = Instant::now();
        let body = json!({"type": "url", "content": address, "allowHtml": true});
        let add = scene
            .human
            .post(&format!("/services/{}/docs", scene.service.id));
        let made = add.json(body).send().await.expect_status(201).json();
        assert!(
            added.elapsed() < Duration::from_secs(15),
            "{n}: {:?}",
            added.elapsed()
        );
        let is_cut = made["warnings"].to_string().contains("nested too deeply");
        match n {
            0 | 1 => assert!(is_cut, "{n}: {made}"),
            3 => assert!(!is_cut, "{made}"),
            _ => {}
        }
    }
    let ended = Instant::now();
    scene.gateway.terminate().await;
    assert!(
        ended.elapsed() < Duration::from_secs(5),
        "{:?}",
        ended.elapsed()
    );
    scene.gateway.restart().await;
    let started = Instant::now();
    let ready = scene.gateway.client().get("/ready").send().await;
    ready.expect_status(200);
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
    // A call right after the start waits for the documents of its service and is decided with them.
    scene.get("/things").await.expect_status(200);
}
