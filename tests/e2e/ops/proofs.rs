//! Signed checkpoints show that the end of the log was cut off, and a proof of a request holds without the database,
//! for the gateway's own command and for an independent program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{
    DirectDatabase, Human, Storage, TestGateway, eventually, finish, on_both_databases,
    python_command,
};
use serde_json::{Value, json};

on_both_databases!(
    every_kind_of_request_is_proven_without_the_database,
    a_proof_that_was_changed_is_refused,
    a_row_that_was_changed_has_no_proof,
    a_cut_tail_is_found_with_a_checkpoint_that_was_kept,
    a_forged_checkpoint_is_refused,
    a_changed_checkpoint_is_found,
    the_key_survives_a_rotation_of_the_vault,
);

/// How long the first checkpoint may take after a start, on a busy machine.
const MOMENT: Duration = Duration::from_secs(20);

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// Returns the standard output of a command that succeeds.
#[track_caller]
fn success(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

/// Returns the only line on standard error of a command that fails.
#[track_caller]
fn refusal(output: &Output) -> String {
    let line = text(&output.stderr);
    assert!(!output.status.success(), "{output:?}");
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

async fn key(gateway: &TestGateway) -> String {
    success(&gateway.run(&["audit", "key"], "").await)
}

async fn prove(gateway: &TestGateway, id: &str) -> Value {
    let output = gateway.run(&["audit", "prove", id], "").await;
    serde_json::from_str(&success(&output)).unwrap()
}

/// Returns the newest checkpoint, once there is one.
async fn checkpoint(gateway: &TestGateway) -> Value {
    eventually("there is a checkpoint", MOMENT, || async {
        let output = gateway.run(&["audit", "checkpoint"], "").await;
        let text = output.status.success().then(|| text(&output.stdout))?;
        Some(serde_json::from_str(&text).unwrap())
    })
    .await
}

/// Writes a document into the gateway's folder.
fn file(gateway: &TestGateway, name: &str, document: &Value) -> PathBuf {
    let path = gateway.folder().join(name);
    std::fs::write(&path, document.to_string()).unwrap();
    path
}

/// Checks a proof with the command, without any setting or database.
async fn check(gateway: &TestGateway, proof: &Value, key: &str) -> Output {
    let mut command = Command::new(gateway.command(&[]).get_program());
    command
        .env_clear()
        .current_dir("/")
        .args(["audit", "check-proof", "--key", key]);
    finish(command, &proof.to_string()).await
}

/// Checks a proof with the independent program.
async fn check_independently(gateway: &TestGateway, proof: &Value, key: &str) -> Output {
    let path = file(gateway, "proof.json", proof);
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/proof/check_proof.py");
    let mut command = python_command("python", gateway.folder());
    command.arg(program).arg(path).arg(key);
    finish(command, "").await
}

/// The ids of all requests.
async fn request_ids(human: &Human) -> Vec<i64> {
    let list = human.read("/requests?limit=200").await;
    let ids = list["items"].as_array().unwrap().iter();
    ids.map(|item| item["id"].as_i64().unwrap()).collect()
}

/// Creates requests of every kind. Returns the id of a held one that was executed, and the `X-Request-Id` of a read.
async fn requests(scene: &Scene) -> (i64, String) {
    let deletions = json!({
        "name": "Deletions wait", "effect": "require_approval", "enabled": true,
        "condition": "request.method == \"DELETE\"",
    });
    let refused = json!({
        "name": "No PUT", "effect": "deny", "enabled": true, "condition": "request.method == \"PUT\"",
    });
    for rule in [deletions, refused] {
        scene.human.create_rule(rule).await;
    }
    scene.allow_everything().await;
    let mut read = request("GET", "/a");
    read["intent"] = "Läs “a” \u{1F43E}\nthe proof holds".into();
    let read = scene.agent.propose(read).send().await.expect_status(200);
    // Reads that are recorded together share an audit entry.
    let reads: Vec<_> = (0..20)
        .map(|number| scene.agent.propose(request("GET", &format!("/{number}"))))
        .map(|read| tokio::spawn(read.send()))
        .collect();
    for read in reads {
        read.await.unwrap().expect_status(200);
    }
    let write = scene.agent.propose(post("/b", json!({"name": "böx"})));
    write.idempotency_key("one").send().await.expect_status(200);
    let put = scene.agent.propose(request("PUT", "/c")).send();
    put.await.expect_problem(403, "policy_denied");
    scene.hold("waits").await;
    let held = scene.approved("executed").await;
    scene.agent.execute(&held).send().await.expect_status(200);
    let list = scene.human.read("/requests?limit=200").await;
    let executed = list["items"].as_array().unwrap().iter().find(|item| {
        item["target_url"]
            .as_str()
            .is_some_and(|url| url.ends_with("/executed"))
    });
    let executed = executed.unwrap()["id"].as_i64().unwrap();
    (executed, read.header("x-request-id").unwrap().to_owned())
}

async fn every_kind_of_request_is_proven_without_the_database(storage: Storage) {
    let builder = TestGateway::builder(storage).setting("REGISTRATION", "open");
    let scene = Scene::on(builder).await;
    let (executed, read) = requests(&scene).await;
    let gateway = &scene.gateway;
    checkpoint(gateway).await;
    let key = key(gateway).await;
    let ids = request_ids(&scene.human).await;
    assert_eq!(ids.len(), 25, "{ids:?}");
    let mut ends = Vec::new();
    for id in &ids {
        let proof = scene.human.read(&format!("/requests/{id}/proof")).await;
        assert_eq!(proof["request"]["id"], *id);
        let shown = success(&check_independently(gateway, &proof, &key).await);
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["request"], proof["request"]);
        ends.push(shown["end"].as_str().unwrap().to_owned());
    }
    let open = ends.iter().filter(|end| *end == "open").count();
    let proven = ends.iter().filter(|end| *end == "proven").count();
    // Only the request that waits for a human has not ended.
    assert_eq!((open, proven), (1, 24), "{ends:?}");

    let proof = prove(gateway, &executed.to_string()).await;
    let shown = success(&check(gateway, &proof, &key).await);
    for line in [
        "the proof holds",
        "sent: \"DELETE\"",
        "action.created: by agent:",
        "action.approved: by user:",
        "action.executed: by",
        "end: the upstream responded, status 200 at ",
    ] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    let independent = success(&check_independently(gateway, &proof, &key).await);
    let independent: Value = serde_json::from_str(&independent).unwrap();
    let changes = independent["changes"].as_array().unwrap();
    let events: Vec<&str> = changes
        .iter()
        .map(|change| change[0].as_str().unwrap())
        .collect();
    assert_eq!(events[..2], ["action.created", "action.approved"]);
    assert_eq!(events.last(), Some(&"action.executed"));

    let proof = prove(gateway, &read).await;
    assert_eq!(proof["request"]["request_id"], read);
    let shown = success(&check(gateway, &proof, &key).await);
    assert!(shown.contains("sent: \"GET\""), "{shown}");
    let other = "0192aaaa-bbbb-7ccc-8ddd-eeeeffff0000";
    let output = gateway.run(&["audit", "prove", other], "").await;
    assert!(refusal(&output).contains("there is no request with this ID"));
    let output = gateway.run(&["audit", "prove", "first"], "").await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    // A proof is of one's own workspace.
    let stranger = Human::register_as(gateway, "stranger@example.com").await;
    let path = format!("/requests/{executed}/proof");
    stranger
        .call(http::Method::GET, &path)
        .send()
        .await
        .expect_problem(404, "not_found");
}

/// Calls `change` with each leaf of a document, as a pointer.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                leaves(member, &format!("{path}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                leaves(item, &format!("{path}/{number}"), found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

/// Returns another value of the same type.
fn changed(value: &Value) -> Value {
    match value {
        Value::Null => json!(1),
        Value::Number(number) => json!(number.as_i64().unwrap() + 1),
        Value::String(text) => match text.strip_prefix('0') {
            // Hexadecimal text stays hexadecimal.
            Some(rest) => json!(format!("1{rest}")),
            None => json!(format!("0{}", text.chars().skip(1).collect::<String>())),
        },
        other => panic!("{other}"),
    }
}

async fn a_proof_that_was_changed_is_refused(storage: Storage) {
    let scene = Scene::new(storage).await;
    let (executed, _) = requests(&scene).await;
    let gateway = &scene.gateway;
    let key = key_once_created(gateway).await;
    let proof = prove(gateway, &executed.to_string()).await;
    success(&check(gateway, &proof, &key).await);
    let mut pointers = Vec::new();
    leaves(&proof, "", &mut pointers);
    assert!(pointers.len() > 50, "{pointers:?}");
    let mut accepted = Vec::new();
    for pointer in &pointers {
        let mut forged = proof.clone();
        let leaf = forged.pointer_mut(pointer).unwrap();
        *leaf = changed(leaf);
        let output = check(gateway, &forged, &key).await;
        if output.status.success() {
            accepted.push(pointer.clone());
        }
    }
    assert_eq!(accepted, Vec::<String>::new());
    // The independent program refuses one change of each part.
    for part in [
        "request/target_url",
        "entries/0/detail",
        "checkpoints/0/at",
        "checkpoints/0/signature",
    ] {
        let mut forged = proof.clone();
        let leaf = forged.pointer_mut(&format!("/{part}")).unwrap();
        *leaf = changed(leaf);
        let output = check_independently(gateway, &forged, &key).await;
        assert!(
            refusal(&output).contains("the proof is not valid"),
            "{part}"
        );
    }
    let other = "11".repeat(32);
    let output = check(gateway, &proof, &other).await;
    assert!(refusal(&output).contains(&format!("and not with {other}")));
    let output = check(gateway, &json!({"format": "other"}), &key).await;
    assert!(
        refusal(&output).contains("gaiterguard.proof.v1"),
        "{output:?}"
    );
}

async fn key_once_created(gateway: &TestGateway) -> String {
    checkpoint(gateway).await;
    key(gateway).await
}

async fn a_row_that_was_changed_has_no_proof(storage: Storage) {
    let scene = Scene::new(storage).await;
    let (executed, _) = requests(&scene).await;
    checkpoint(&scene.gateway).await;
    let mut database = DirectDatabase::open(&scene.gateway).await;
    let change = "UPDATE requests SET intent = 'Another intent' WHERE id = ";
    database.change(&format!("{change}{executed}")).await;
    let output = scene
        .gateway
        .run(&["audit", "prove", &executed.to_string()], "")
        .await;
    let line = refusal(&output);
    assert!(
        line.contains("no audit entry covers the request as it is stored"),
        "{line}"
    );
    let path = format!("/requests/{executed}/proof");
    let call = scene.human.call(http::Method::GET, &path);
    call.send().await.expect_problem(409, "not_provable");
}

/// Removes the last entries of every chain, with everything in the database that says they existed.
async fn cut_tail(gateway: &TestGateway, entries: i64) {
    let mut database = DirectDatabase::open(gateway).await;
    let longest = "SELECT chain FROM audit GROUP BY chain ORDER BY COUNT(*) DESC, chain LIMIT 1";
    let chain = database.number(longest).await;
    let head = format!("SELECT sequence FROM audit_chains WHERE chain = {chain}");
    let last = database.number(&head).await - entries;
    // Rows that were written later must not show the cut either.
    database
        .execute(&format!("DELETE FROM audit WHERE chain <> {chain}"))
        .await;
    database
        .execute(&format!("DELETE FROM audit_chains WHERE chain <> {chain}"))
        .await;
    database
        .change(&format!(
            "DELETE FROM audit WHERE chain = {chain} AND sequence > {last}"
        ))
        .await;
    database
        .change(&format!(
            "UPDATE audit_chains SET sequence = {last}, recorded = 0, hash =
             (SELECT hash FROM audit WHERE chain = {chain} AND sequence = {last}) WHERE chain = {chain}"
        ))
        .await;
    for table in ["audit_checkpoint_heads", "audit_checkpoints"] {
        database.execute(&format!("DELETE FROM {table}")).await;
    }
}

async fn a_cut_tail_is_found_with_a_checkpoint_that_was_kept(storage: Storage) {
    let mut scene = Scene::new(storage).await;
    for number in 0..12 {
        scene.hold(&format!("{number}")).await;
    }
    // An orderly stop makes a checkpoint of everything.
    scene.gateway.terminate().await;
    let gateway = &scene.gateway;
    let kept = file(gateway, "kept.json", &checkpoint(gateway).await);
    let verify = ["audit", "verify", "--checkpoint", kept.to_str().unwrap()];
    let intact = success(&gateway.run(&verify, "").await);
    assert!(
        intact.contains("it contains everything that checkpoint"),
        "{intact}"
    );

    cut_tail(gateway, 5).await;
    // Nothing in the database shows the cut.
    success(&gateway.run(&["audit", "verify"], "").await);
    let line = refusal(&gateway.run(&verify, "").await);
    assert!(
        line.contains("checkpoint") && line.contains("is missing"),
        "{line}"
    );

    // Nor does a checkpoint that was made afterwards.
    scene.gateway.restart().await;
    checkpoint(&scene.gateway).await;
    scene.gateway.terminate().await;
    let line = refusal(&scene.gateway.run(&verify, "").await);
    assert!(
        line.contains("is not the one that was kept") || line.contains("is missing"),
        "{line}"
    );
}

async fn a_forged_checkpoint_is_refused(storage: Storage) {
    let scene = Scene::new(storage).await;
    let gateway = &scene.gateway;
    let kept = checkpoint(gateway).await;
    let mut changes = Vec::new();
    leaves(&kept, "", &mut changes);
    for pointer in changes {
        let mut forged = kept.clone();
        let leaf = forged.pointer_mut(&pointer).unwrap();
        *leaf = changed(leaf);
        let path = file(gateway, "forged.json", &forged);
        let arguments = ["audit", "verify", "--checkpoint", path.to_str().unwrap()];
        let line = refusal(&gateway.run(&arguments, "").await);
        let is_named = line.contains("signature") || line.contains("format");
        assert!(is_named, "{pointer}: {line}");
    }
    // The checkpoint of another gateway says nothing about this one.
    let other = Scene::new(storage).await;
    let path = file(gateway, "other.json", &checkpoint(&other.gateway).await);
    let arguments = ["audit", "verify", "--checkpoint", path.to_str().unwrap()];
    let line = refusal(&gateway.run(&arguments, "").await);
    assert!(
        line.contains("it is the checkpoint of another gateway"),
        "{line}"
    );
    let arguments = ["audit", "verify", "--checkpoint", "missing.json"];
    let line = refusal(&gateway.run(&arguments, "").await);
    assert!(line.contains("missing.json cannot be read"), "{line}");
}

async fn a_changed_checkpoint_is_found(storage: Storage) {
    let mut scene = Scene::new(storage).await;
    checkpoint(&scene.gateway).await;
    scene.gateway.terminate().await;
    let gateway = &scene.gateway;
    success(&gateway.run(&["audit", "verify"], "").await);
    let mut database = DirectDatabase::open(gateway).await;
    let columns = "number, at, previous, public_key, signature";
    database
        .change(&format!(
            "CREATE TABLE kept AS SELECT {columns} FROM audit_checkpoints"
        ))
        .await;
    let newest = database
        .number("SELECT MAX(number) FROM audit_checkpoints")
        .await;
    assert!(newest >= 2, "{newest}");
    for (change, complaint) in [
        (
            format!("UPDATE audit_checkpoints SET at = at + 1 WHERE number = {newest}"),
            "is not as it was signed",
        ),
        (
            format!(
                "UPDATE audit_checkpoints SET signature = (SELECT signature FROM kept WHERE number = 1) WHERE number = {newest}"
            ),
            "is not as it was signed",
        ),
        (
            "UPDATE audit_checkpoints SET number = number + 1000 WHERE number = 1".to_owned(),
            "checkpoint 1 is missing",
        ),
        (
            format!("UPDATE audit_checkpoints SET previous = NULL WHERE number = {newest}"),
            "does not follow the one before it",
        ),
    ] {
        database.change_unchecked(&change).await;
        let line = refusal(&gateway.run(&["audit", "verify"], "").await);
        assert!(line.contains(complaint), "{change}: {line}");
        database
            .change_unchecked("DELETE FROM audit_checkpoints")
            .await;
        database
            .change_unchecked(&format!(
                "INSERT INTO audit_checkpoints ({columns}) SELECT {columns} FROM kept"
            ))
            .await;
        success(&gateway.run(&["audit", "verify"], "").await);
    }
}

async fn the_key_survives_a_rotation_of_the_vault(storage: Storage) {
    const NEW: &str = "another secret of the tests for the vault 0123456789";
    let mut scene = Scene::new(storage).await;
    scene.allow_everything().await;
    let before = checkpoint(&scene.gateway).await;
    let key_before = key(&scene.gateway).await;
    assert_eq!(before["key"], key_before);
    success(&scene.gateway.run(&["vault", "rotate"], NEW).await);
    scene.gateway.terminate().await;
    if storage == Storage::Postgres {
        scene.gateway.set("ENCRYPTION_SECRET", NEW);
    }
    scene.gateway.restart().await;
    assert_eq!(key(&scene.gateway).await, key_before);
    scene.get("/after").await.expect_status(200);
    let id = request_ids(&scene.human).await[0];
    let proof = prove(&scene.gateway, &id.to_string()).await;
    success(&check(&scene.gateway, &proof, &key_before).await);
    let kept = file(&scene.gateway, "kept.json", &before);
    let arguments = ["audit", "verify", "--checkpoint", kept.to_str().unwrap()];
    success(&scene.gateway.run(&arguments, "").await);
}

#[tokio::test]
async fn two_replicas_make_one_series_of_checkpoints() {
    let mut scene = Scene::new(Storage::Postgres).await;
    let mut replica = scene.gateway.start_replica().await;
    scene.allow_everything().await;
    let there = scene.agent.clone().calling(&replica);
    let first = checkpoint(&scene.gateway).await;
    for number in 0..10 {
        scene.get(&format!("/{number}")).await.expect_status(200);
        there
            .propose(request("GET", "/there"))
            .send()
            .await
            .expect_status(200);
    }
    assert_eq!(key(&scene.gateway).await, key(&replica).await);
    // Both make their last checkpoint at the same moment.
    scene.gateway.begin_to_terminate();
    replica.begin_to_terminate();
    scene.gateway.wait().await;
    replica.wait().await;
    let last = checkpoint(&scene.gateway).await;
    assert!(last["number"].as_i64() > first["number"].as_i64(), "{last}");
    let mut database = DirectDatabase::open(&scene.gateway).await;
    let unsigned =
        "SELECT COUNT(*) FROM audit_chains WHERE sequence > COALESCE((SELECT MAX(sequence)
        FROM audit_checkpoint_heads WHERE audit_checkpoint_heads.chain = audit_chains.chain), 0)";
    // Only what the commands and the end of the leases wrote since may be left.
    let left = database.number(unsigned).await;
    assert!(left <= 2, "{left} chains");
    for kept in [&first, &last] {
        let kept = file(&scene.gateway, "kept.json", kept);
        let arguments = ["audit", "verify", "--checkpoint", kept.to_str().unwrap()];
        success(&scene.gateway.run(&arguments, "").await);
    }
}
