//! The audit log can be verified by command and over the API, and exported. Its chain is intact while the gateway
//! works, and every change of it is found.

use std::process::Output;
use std::time::Duration;

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::traffic::BusyGateway;
use gaiterguard_testkit::{
    DirectDatabase, Human, Storage, TestGateway, eventually, on_both_databases,
};
use serde_json::{Value, json};

/// How long the traffic may take to add entries, on a busy machine.
const GROWTH_LIMIT: Duration = Duration::from_secs(20);

on_both_databases!(
    the_chain_is_intact_while_the_gateway_works,
    every_direct_change_of_the_database_is_found,
    a_changed_request_row_is_reported,
    the_dashboard_reports_the_same_result_as_the_command,
    an_export_contains_every_entry_of_the_workspace_and_no_other,
    entries_are_found_by_event_actor_subject_and_time,
);

async fn verify(gateway: &TestGateway) -> Output {
    gateway.run(&["audit", "verify"], "").await
}

/// Verifies the log and returns the number of entries. Panics if it is not intact.
async fn verified_entries(gateway: &TestGateway) -> u64 {
    let output = verify(gateway).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{output:?}");
    text.split_whitespace()
        .find_map(|word| word.parse().ok())
        .unwrap_or_else(|| panic!("no count in {text}"))
}

/// Verifies a log that is not intact and returns the complaint.
async fn complaint(gateway: &TestGateway) -> String {
    let output = verify(gateway).await;
    let line = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

async fn the_chain_is_intact_while_the_gateway_works(storage: Storage) {
    let mut busy = BusyGateway::create(TestGateway::start(storage).await, 3).await;
    let mut before = verified_entries(&busy.gateway).await;
    for _ in 0..2 {
        let traffic = busy.traffic();
        for _ in 0..3 {
            let grown = eventually("the traffic adds entries", GROWTH_LIMIT, || async {
                let entries = verified_entries(&busy.gateway).await;
                (entries > before).then_some(entries)
            });
            let entries = grown.await;
            before = entries;
        }
        traffic.stop().await;
        // The chain is intact after kills and restarts.
        busy.gateway.kill9();
        busy.gateway.restart().await;
    }
    let mut database = DirectDatabase::open(&busy.gateway).await;
    let entries = database.number("SELECT COUNT(*) FROM audit").await;
    let held = verified_entries(&busy.gateway).await;
    assert!(held >= u64::try_from(entries).unwrap());
}

async fn every_direct_change_of_the_database_is_found(storage: Storage) {
    let mut busy = BusyGateway::create(TestGateway::start(storage).await, 3).await;
    for number in 0..5 {
        busy.approved(&format!("approved-{number}")).await;
    }
    // The current chains end here, and the next ones record where.
    busy.gateway.terminate().await;
    busy.gateway.restart().await;
    busy.human
        .create_bearer_service("later", "https://later.example", "x")
        .await;
    let gateway = &busy.gateway;
    let whole = verified_entries(gateway).await;

    let mut database = DirectDatabase::open(gateway).await;
    let longest = "SELECT chain FROM audit GROUP BY chain ORDER BY COUNT(*) DESC, chain LIMIT 1";
    let chain = database.number(longest).await;
    let last = database
        .number(&format!(
            "SELECT MAX(sequence) FROM audit WHERE chain = {chain}"
        ))
        .await;
    assert!(last > 8, "a chain of {last}");
    let middle = last / 2;
    let row = format!("chain = {chain} AND sequence = {middle}");
    let id = database
        .number(&format!("SELECT id FROM audit WHERE {row}"))
        .await;
    let tail = format!("chain = {chain} AND sequence = {last}");

    database
        .change("CREATE TABLE kept_audit AS SELECT * FROM audit")
        .await;
    database
        .change("CREATE TABLE kept_chains AS SELECT * FROM audit_chains")
        .await;
    let head_set_back = format!(
        "UPDATE audit_chains SET sequence = {last} - 1, hash = (SELECT hash FROM kept_audit
         WHERE chain = {chain} AND sequence = {last} - 1) WHERE chain = {chain}"
    );
    let in_the_middle = format!(
        "entry {id} does not follow from the one before it: chain {chain} is broken at position {middle}"
    );
    let changes: Vec<(Vec<String>, String)> = vec![
        (
            vec![format!("UPDATE audit SET actor = 'user:999' WHERE {row}")],
            in_the_middle.clone(),
        ),
        (
            vec![format!("UPDATE audit SET event = 'nothing' WHERE {row}")],
            in_the_middle.clone(),
        ),
        (
            vec![format!("UPDATE audit SET subject = '' WHERE {row}")],
            in_the_middle.clone(),
        ),
        (
            vec![format!("UPDATE audit SET detail = '{{}} ' WHERE {row}")],
            in_the_middle.clone(),
        ),
        (
            vec![format!("UPDATE audit SET at = at + 1 WHERE {row}")],
            in_the_middle.clone(),
        ),
        (
            vec![format!("UPDATE audit SET workspace_id = 4242 WHERE {row}")],
            in_the_middle.clone(),
        ),
        (
            vec![format!("UPDATE audit SET hash = previous_hash WHERE {row}")],
            in_the_middle,
        ),
        // If it is removed, the entry after it is the first that does not match.
        (
            vec![format!("DELETE FROM audit WHERE {row}")],
            format!("broken at position {middle}"),
        ),
        // The entry is moved to the end of the log.
        (
            vec![format!(
                "UPDATE audit SET sequence = {last} + 1 WHERE {row}"
            )],
            format!("broken at position {middle}"),
        ),
        (
            vec![format!("DELETE FROM audit WHERE {tail}")],
            format!(
                "chain {chain} ends at position {}, but it reached position {last}",
                last - 1
            ),
        ),
        (
            vec![format!("DELETE FROM audit WHERE {tail}"), head_set_back],
            format!(
                "chain {chain} ends at position {}, but it reached position {last}",
                last - 1
            ),
        ),
        (
            vec![format!("DELETE FROM audit WHERE chain = {chain}")],
            format!("chain {chain} ends at position 0, but it reached position {last}"),
        ),
        (
            vec![
                format!("DELETE FROM audit WHERE chain = {chain}"),
                format!("DELETE FROM audit_chains WHERE chain = {chain}"),
            ],
            format!("chain {chain} ends at position 0, but it reached position {last}"),
        ),
        (
            vec![format!("DELETE FROM audit_chains WHERE chain = {chain}")],
            format!("chain {chain} has entries but no head"),
        ),
    ];
    for (statements, expected) in changes {
        for statement in &statements {
            database.change(statement).await;
        }
        let said = complaint(gateway).await;
        assert!(said.contains(&expected), "{statements:?}: {said}");

        // Only this chain, because the gateway continues to write to others.
        for (table, kept) in [("audit", "kept_audit"), ("audit_chains", "kept_chains")] {
            let there = format!("SELECT COUNT(*) FROM {table} WHERE chain = {chain}");
            if database.number(&there).await > 0 {
                let remove = format!("DELETE FROM {table} WHERE chain = {chain}");
                database.change(&remove).await;
            }
            let restore = format!("INSERT INTO {table} SELECT * FROM {kept} WHERE chain = {chain}");
            database.change(&restore).await;
        }
        assert!(verified_entries(gateway).await >= whole, "{statements:?}");
    }
}

async fn the_dashboard_reports_the_same_result_as_the_command(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.hold("one").await;
    let verify = async || {
        let response = scene.human.post("/audit/verify").send().await;
        response.expect_status(200).json()
    };
    let before = verified_entries(&scene.gateway).await;
    let found = verify().await;
    assert_eq!(found["ok"], true);
    assert!(found["entries"].as_u64().unwrap() >= before, "{found}");
    assert!(found.get("first_fault").is_none());

    let mut database = DirectDatabase::open(&scene.gateway).await;
    let id = database
        .number("SELECT id FROM audit WHERE event = 'action.created'")
        .await;
    database
        .change(&format!(
            "UPDATE audit SET actor = 'user:999' WHERE id = {id}"
        ))
        .await;
    let found = verify().await;
    assert_eq!(found["ok"], false);
    let fault = found["first_fault"].as_str().unwrap();
    assert!(
        fault.contains(&format!("entry {id} does not follow")),
        "{fault}"
    );
    assert!(complaint(&scene.gateway).await.contains(fault));
}

async fn an_export_contains_every_entry_of_the_workspace_and_no_other(storage: Storage) {
    let scene = Scene::on(TestGateway::builder(storage).setting("REGISTRATION", "open")).await;
    for number in 0..260 {
        scene
            .get(&format!("/notes/{number}"))
            .await
            .expect_status(200);
    }
    let other = Human::register_as(&scene.gateway, "other@example.com").await;
    let export = async |human: &Human| -> Vec<Value> {
        let response = human.get("/audit/export").send().await.expect_status(200);
        assert_eq!(
            response.header("content-type"),
            Some("application/x-ndjson")
        );
        let text = response.text();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let lines = export(&scene.human).await;
    assert!(lines.len() > 260, "{} lines", lines.len());
    let mut ids: Vec<_> = lines
        .iter()
        .map(|line| line["id"].as_i64().unwrap())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), lines.len());
    assert!(
        lines
            .iter()
            .all(|line| line["sequence"].as_i64().unwrap() > 0)
    );
    let newest = scene.human.get("/audit?limit=1").send().await.json();
    assert_eq!(newest["items"][0], lines[0]);
    let theirs = export(&other).await;
    assert!(
        theirs
            .iter()
            .all(|line| !ids.contains(&line["id"].as_i64().unwrap()))
    );
    assert!(!theirs.is_empty());
}

async fn a_changed_request_row_is_reported(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.get("/notes/1").await.expect_status(200);
    let held = scene.hold("removal").await;
    scene.human.deny(&held, "not today").await;
    let executed = scene.approved("done").await;
    let call = scene.agent.execute(&executed);
    call.send().await.expect_status(200);
    let gateway = &scene.gateway;
    verified_entries(gateway).await;

    // The decision itself is in the log, too.
    let log = scene.human.read("/audit?limit=200").await;
    let entries = log["items"].as_array().unwrap();
    let of = |event: &str| {
        let entry = entries.iter().find(|entry| entry["event"] == event);
        entry.unwrap()["detail"].clone()
    };
    let forwarded = of("request.forwarded");
    assert_eq!(forwarded["decision"], "forward");
    assert!(forwarded["risk_score"].as_f64().unwrap() < 0.5);
    assert_eq!(forwarded["matched_rules"], serde_json::json!([]));
    let created = of("action.created");
    assert_eq!(created["decision"], "hold");
    assert!(created["risk_score"].as_f64().unwrap() >= 0.5);

    let mut database = DirectDatabase::open(gateway).await;
    let query = "SELECT id FROM requests WHERE decision = 'forward'";
    let read = format!("id = {}", database.number(query).await);
    let read = read.as_str();
    let waits = format!("action_id = '{}'", held.action_id);
    let denied = format!("id = '{}'", held.action_id);
    let done = format!("id = '{}'", executed.action_id);
    let changes = [
        (
            "requests",
            read,
            "target_url = 'https://elsewhere.example/'",
            "target_url",
        ),
        ("requests", read, "intent = 'Something else'", "intent"),
        ("requests", read, "judgement = '{}'", "judgement"),
        ("requests", read, "decision = 'deny'", "decision"),
        ("requests", read, "outcome = 'NOT_SENT'", "outcome"),
        ("requests", read, "upstream_status = 404", "upstream_status"),
        (
            "requests",
            read,
            "completed_at = completed_at + 1",
            "completed_at",
        ),
        (
            "requests",
            read,
            "outcome = NULL, upstream_status = NULL, completed_at = NULL",
            "outcome",
        ),
        (
            "requests",
            &waits,
            "outcome = 'ANSWERED', upstream_status = 200, completed_at = 7",
            "outcome",
        ),
        ("actions", &denied, "status = 'APPROVED'", "who decided"),
        ("actions", &denied, "resolved_by = 4242", "who decided"),
        ("actions", &denied, "resolution_note = 'yes'", "who decided"),
        ("actions", &denied, "intent = 'Something else'", "held"),
        ("actions", &done, "approved_by = 4242", "who decided"),
        (
            "actions",
            &done,
            "target_url = 'https://elsewhere.example/'",
            "held",
        ),
    ];
    for (number, (table, row, change, expected)) in changes.into_iter().enumerate() {
        let keep = format!("CREATE TABLE kept_{number} AS SELECT * FROM {table} WHERE {row}");
        database.change(&keep).await;
        let change = format!("UPDATE {table} SET {change} WHERE {row}");
        database.change(&change).await;
        let said = complaint(gateway).await;
        assert!(
            said.contains(expected) && said.contains(table),
            "{change}: {said}"
        );
        let found = scene.human.post("/audit/verify").send().await;
        let fault = found.json()["first_fault"].clone();
        assert!(said.contains(fault.as_str().unwrap()), "{change}: {fault}");
        database
            .change(&format!("DELETE FROM {table} WHERE {row}"))
            .await;
        let gone = complaint(gateway).await;
        assert!(gone.contains("it is gone"), "{change}: {gone}");
        database
            .change(&format!("INSERT INTO {table} SELECT * FROM kept_{number}"))
            .await;
        verified_entries(gateway).await;
    }
}

/// The entries of a page of the audit log.
async fn found(human: &Human, query: &str) -> Vec<Value> {
    let page = human.read(&format!("/audit?{query}")).await;
    page["items"].as_array().unwrap().clone()
}

fn column<'e>(entries: &'e [Value], name: &str) -> Vec<&'e str> {
    let texts = entries.iter().map(|entry| entry[name].as_str().unwrap());
    texts.collect()
}

/// Whether a filter returns an entry.
type Matches<'t> = Box<dyn Fn(&Value) -> bool + 't>;

async fn entries_are_found_by_event_actor_subject_and_time(storage: Storage) {
    let scene = Scene::new(storage).await;
    let human = &scene.human;
    scene.get("/notes").await.expect_status(200);
    let held = scene.hold("waiting").await;
    human.approve(&held).await;
    let service = format!("service:{}", scene.service.id);
    let agent = format!("agent:{}", scene.agent.id);
    let action = format!("action:{}", held.action_id);
    let me = human.read("/auth/me").await;
    let user = format!("user:{}", me["id"]);

    let all = found(human, "limit=200").await;
    for entry in &all {
        let is_mine = entry["actor"].as_str().unwrap() == user;
        let name = if is_mine {
            human.email.as_str().into()
        } else {
            Value::Null
        };
        assert_eq!(entry["actor_name"], name, "{entry}");
    }

    // Each filter returns exactly the matching entries of the whole log, in its order.
    let is = |field: &'static str, values: Vec<&'static str>| -> Matches<'_> {
        Box::new(move |entry| values.contains(&entry[field].as_str().unwrap()))
    };
    let starts = |field: &'static str, start: String| -> Matches<'_> {
        Box::new(move |entry| entry[field].as_str().unwrap().starts_with(&start))
    };
    let filters: Vec<(String, Matches<'_>)> = vec![
        (
            "event=service.created".into(),
            is("event", vec!["service.created"]),
        ),
        (
            "event=agent.created&event=service.created&event=agent.created".into(),
            is("event", vec!["service.created", "agent.created"]),
        ),
        (
            "event=request.forwarded&event=action.approved".into(),
            is("event", vec!["request.forwarded", "action.approved"]),
        ),
        ("actor=user".into(), starts("actor", "user:".into())),
        (format!("actor={user}"), starts("actor", user.clone())),
        ("actor=agent".into(), starts("actor", "agent:".into())),
        (format!("actor={agent}"), starts("actor", agent.clone())),
        (
            format!("subject={service}"),
            starts("subject", service.clone()),
        ),
        (
            format!("subject={action}"),
            starts("subject", action.clone()),
        ),
        (
            format!("subject={action}&actor={user}&event=action.approved&event=action.denied"),
            is("event", vec!["action.approved"]),
        ),
    ];
    for (query, matches) in &filters {
        let expected: Vec<&Value> = all.iter().filter(|entry| matches(entry)).collect();
        assert!(!expected.is_empty(), "{query}");
        let whole = found(human, &format!("{query}&limit=200")).await;
        assert_eq!(whole.iter().collect::<Vec<_>>(), expected, "{query}");
        // Page by page, it is the same.
        let mut paged = Vec::new();
        let mut next = String::new();
        loop {
            let page = human.read(&format!("/audit?{query}&limit=1{next}")).await;
            paged.extend(page["items"].as_array().unwrap().clone());
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            next = format!("&cursor={cursor}");
        }
        assert_eq!(paged, whole, "{query}");
    }
    assert!(found(human, "event=rule.created").await.is_empty());

    let at = found(human, &format!("subject={service}&event=service.created")).await[0]["at"]
        .as_str()
        .unwrap()
        .to_owned();
    let later = found(human, &format!("limit=200&from={at}")).await;
    let earlier = found(human, &format!("limit=200&to={at}")).await;
    assert!(column(&later, "at").iter().all(|time| **time >= *at));
    assert!(column(&earlier, "at").iter().all(|time| **time < *at));
    assert_eq!(later.len() + earlier.len(), all.len());

    for (query, field, expected) in [
        (
            "event=rule.made",
            "event",
            "rule.created, rule.deleted, rule.updated",
        ),
        ("event=nothing", "event", "action.approved, action.created"),
        ("event=rule.created&event=", "event", "action.approved"),
        ("actor=somebody", "actor", "user:ID"),
        ("actor=user:x", "actor", "user:ID"),
        ("subject=thing:1", "subject", "service:3"),
        ("from=yesterday", "from", "RFC 3339"),
        ("to=2026-03-04", "to", "RFC 3339"),
    ] {
        let refused = human.get(&format!("/audit?{query}")).send().await;
        let refused = refused.expect_problem(400, "validation_failed").json();
        let error = &refused["errors"][0];
        assert_eq!(error["field"], field, "{query}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(expected), "{query}: {message}");
    }
}

#[tokio::test]
async fn no_agent_can_be_named_like_an_actor_of_the_log() {
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let human = Human::register(&gateway).await;
    for name in [
        "operator", "Operator", "gateway", "user:1", "agent:7", "agent",
    ] {
        let call = human
            .post("/agents")
            .json(json!({"name": name, "serviceIds": []}));
        let problem = call
            .send()
            .await
            .expect_problem(400, "validation_failed")
            .json();
        assert_eq!(problem["errors"][0]["field"], "name", "{name}");
        let message = problem["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("is reserved"), "{name}: {message}");
    }
    let agent = human.create_agent("operations", &[]).await;
    let rename = human.put(&format!("/agents/{}", agent.id));
    let refused = rename.json(json!({"name": "operator"})).send().await;
    refused.expect_problem(400, "validation_failed");
}
