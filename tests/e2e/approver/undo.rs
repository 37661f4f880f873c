//! An approval that can be undone releases nothing before its time has passed.

use std::time::{Duration, Instant};

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{Held, Storage, TestGateway, eventually, on_both_databases};
use http::Method;
use serde_json::{Value, json};

on_both_databases!(
    an_approval_that_is_undone_in_time_sends_nothing,
    an_approval_that_is_undone_too_late_was_sent_once,
    a_call_that_waits_is_sent_after_the_release,
    a_status_poll_waits_for_the_release,
    a_restart_releases_nothing_early,
    the_kill_switch_revokes_an_approval_before_its_release,
    only_approvals_have_up_to_thirty_seconds_to_undo,
    the_audit_log_covers_the_release,
);

/// Longer than any test runs before it revokes.
const LONG: u64 = 30;

/// Short, and long enough to be observed on a busy machine.
const SHORT: u64 = 3;

/// How long a release may take to be seen, on a busy machine.
const MOMENT: Duration = Duration::from_secs(30);

/// Approves an action so that it is released after this many seconds. Returns when the call began: the
/// release comes no earlier than that many seconds later.
async fn approve(scene: &Scene, held: &Held, undo_seconds: u64) -> Instant {
    let digest = scene.human.action(held).await["digest"].clone();
    let body = json!({"digest": digest, "undo_seconds": undo_seconds});
    let began = Instant::now();
    let approved = scene.human.decide(held, "approve", body).await;
    assert_eq!(approved.expect_status(200).json()["status"], "APPROVED");
    began
}

async fn revoke(scene: &Scene, held: &Held) -> Value {
    let revoked = scene.human.decide(held, "revoke", json!({})).await;
    revoked.expect_status(200).json()["status"].clone()
}

/// Checks that the agent cannot distinguish the action from one that nobody has decided.
async fn expect_pending(scene: &Scene, held: &Held, key: &str) {
    let status = scene.agent.status(held).await;
    assert_eq!(status["status"], "PENDING");
    let members: Vec<_> = status.as_object().unwrap().keys().collect();
    assert_eq!(members, ["status", "action_id", "created_at", "expires_at"]);
    let refused = scene.agent.execute(held).send().await;
    let refused = refused.expect_problem(409, "action_not_approved");
    assert_eq!(refused.json()["action_status"], "PENDING");
    let again = scene
        .agent
        .propose_held(request("DELETE", &format!("/{key}")), key)
        .await;
    assert_eq!(again.action_id, held.action_id);
}

async fn released(scene: &Scene, held: &Held) {
    eventually("the approval is released", MOMENT, || async {
        (scene.agent.status(held).await["status"] == "APPROVED").then_some(())
    })
    .await;
}

async fn an_approval_that_is_undone_in_time_sends_nothing(storage: Storage) {
    let scene = Scene::new(storage).await;
    let held = scene.hold("thing").await;
    approve(&scene, &held, LONG).await;
    let action = scene.human.action(&held).await;
    assert_eq!(action["status"], "APPROVED");
    let at = |field: &Value| -> jiff::Timestamp { field.as_str().unwrap().parse().unwrap() };
    let kept = at(&action["releases_at"]).duration_since(at(&action["approval"]["at"]));
    let kept = kept.unsigned_abs();
    // On PostgreSQL the release is measured by the clock of the database, a moment later.
    assert!(kept >= Duration::from_secs(LONG), "{kept:?}");
    assert!(kept < Duration::from_secs(LONG) + MOMENT, "{kept:?}");
    expect_pending(&scene, &held, "thing").await;

    assert_eq!(revoke(&scene, &held).await, "REVOKED");
    assert_eq!(scene.agent.status(&held).await["status"], "REVOKED");
    assert_eq!(scene.human.action(&held).await["releases_at"], json!(null));
    let refused = scene.agent.execute(&held).send().await;
    refused.expect_problem(409, "action_not_approved");
    assert!(scene.upstream.received().is_empty());
}

async fn an_approval_that_is_undone_too_late_was_sent_once(storage: Storage) {
    let scene = Scene::new(storage).await;
    let held = scene.hold("thing").await;
    let began = approve(&scene, &held, SHORT).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (agent, held) = (scene.agent.clone(), held.clone());
        // Each tries to execute the action until one of them has.
        calls.spawn(async move {
            loop {
                let response = agent.execute(&held).send().await;
                let status = response.json()["action_status"].clone();
                // A gateway with too much to do sends nothing, and asks to try again.
                if status != "PENDING" && response.status != 503 {
                    return (response.status, Instant::now());
                }
            }
        });
    }
    let responses = calls.join_all().await;
    for (_, at) in &responses {
        assert!(at.duration_since(began) >= Duration::from_secs(SHORT));
    }
    let sent = responses.iter().filter(|(status, _)| *status == 200);
    assert_eq!(sent.count(), 1);
    let refused = scene.human.decide(&held, "revoke", json!({})).await;
    let refused = refused.expect_problem(409, "already_decided");
    assert_eq!(refused.json()["action_status"], "EXECUTED");
    assert_eq!(scene.upstream.received().len(), 1);
}

async fn a_call_that_waits_is_sent_after_the_release(storage: Storage) {
    let scene = Scene::new(storage).await;
    let waiting = |path: &str| {
        let mut request = request("DELETE", path);
        request["wait"] = 60.into();
        tokio::spawn(scene.agent.propose(request).send())
    };
    let held_at = async |path: &str| {
        let action = scene.human.next_pending(path).await;
        Held {
            action_id: action["action_id"].as_str().unwrap().to_owned(),
            // The call has no response yet.
            response: scene.get("/").await,
        }
    };
    let call = waiting("/sent");
    let held = held_at("/sent").await;
    let began = approve(&scene, &held, SHORT).await;
    let response = call.await.unwrap().expect_status(200);
    assert!(began.elapsed() >= Duration::from_secs(SHORT));
    assert_eq!(response.header("x-proxy-status"), Some("executed-approved"));

    let call = waiting("/undone");
    let held = held_at("/undone").await;
    approve(&scene, &held, LONG).await;
    revoke(&scene, &held).await;
    call.await.unwrap().expect_problem(403, "action_revoked");
    assert_eq!(scene.upstream.received_at("/sent").len(), 1);
    assert!(scene.upstream.received_at("/undone").is_empty());
}

async fn a_status_poll_waits_for_the_release(storage: Storage) {
    let scene = Scene::new(storage).await;
    let held = scene.hold("thing").await;
    let poll = || {
        let path = format!("/status/{}?wait=60", held.action_id);
        scene.agent.call(Method::GET, &path)
    };
    let before = tokio::spawn(poll().send());
    let began = approve(&scene, &held, SHORT).await;
    let after = poll().send().await;
    for response in [before.await.unwrap(), after] {
        assert_eq!(response.expect_status(200).json()["status"], "APPROVED");
    }
    assert!(began.elapsed() >= Duration::from_secs(SHORT));
    scene.agent.execute(&held).send().await.expect_status(200);
}

async fn a_restart_releases_nothing_early(storage: Storage) {
    let mut scene = Scene::new(storage).await;
    let undone = scene.hold("undone").await;
    let sent = scene.hold("sent").await;
    approve(&scene, &undone, LONG).await;
    let began = approve(&scene, &sent, SHORT).await;
    scene.gateway.kill9();
    scene.gateway.restart().await;
    expect_pending(&scene, &undone, "undone").await;
    revoke(&scene, &undone).await;
    released(&scene, &sent).await;
    assert!(began.elapsed() >= Duration::from_secs(SHORT));
    scene.agent.execute(&sent).send().await.expect_status(200);
    assert_eq!(scene.upstream.received().len(), 1);
    assert_eq!(scene.upstream.received_at("/sent").len(), 1);
}

async fn the_kill_switch_revokes_an_approval_before_its_release(storage: Storage) {
    let scene = Scene::new(storage).await;
    let held = scene.hold("thing").await;
    approve(&scene, &held, LONG).await;
    for active in [true, false] {
        let kill_switch = scene.human.put("/kill-switch");
        let kill_switch = kill_switch.json(json!({"active": active}));
        kill_switch.send().await.expect_status(200);
    }
    assert_eq!(scene.agent.status(&held).await["status"], "REVOKED");
    let refused = scene.agent.execute(&held).send().await;
    refused.expect_problem(409, "action_not_approved");
    assert!(scene.upstream.received().is_empty());
}

async fn only_approvals_have_up_to_thirty_seconds_to_undo(storage: Storage) {
    let scene = Scene::new(storage).await;
    let held = scene.hold("thing").await;
    for odd in [json!(31), json!(-1), json!(1.5), json!("5"), json!({})] {
        let refused = scene
            .human
            .decide(&held, "approve", json!({"undo_seconds": odd}))
            .await
            .expect_problem(400, "validation_failed");
        assert_eq!(
            refused.json()["errors"][0]["field"],
            "undo_seconds",
            "{odd}"
        );
    }
    for decision in ["deny", "revoke"] {
        let refused = scene
            .human
            .decide(&held, decision, json!({"undo_seconds": 5}))
            .await;
        refused.expect_problem(400, "validation_failed");
    }
    let several = async |decision: &str, undo_seconds: u64| {
        let digest = scene.human.action(&held).await["digest"].clone();
        let decision = json!({
            "action_id": held.action_id, "digest": digest,
            "decision": decision, "undo_seconds": undo_seconds,
        });
        let call = scene.human.post("/approvals/decisions");
        call.json(json!({"decisions": [decision]})).send().await
    };
    for (decision, undo_seconds) in [("deny", 5), ("approve", 31)] {
        let refused = several(decision, undo_seconds).await;
        let refused = refused.expect_problem(400, "validation_failed").json();
        let field = &refused["errors"][0]["field"];
        assert_eq!(field, "decisions[0].undo_seconds", "{decision}");
    }
    expect_pending(&scene, &held, "thing").await;
    assert_eq!(scene.human.action(&held).await["status"], "PENDING");

    let approved = several("approve", LONG).await.expect_status(200).json();
    assert_eq!(approved["results"][0]["status"], "APPROVED");
    expect_pending(&scene, &held, "thing").await;
    assert_ne!(scene.human.action(&held).await["releases_at"], json!(null));

    let immediate = scene.hold("immediate").await;
    approve(&scene, &immediate, 0).await;
    let action = scene.human.action(&immediate).await;
    assert_eq!(action["releases_at"], json!(null));
    let executed = scene.agent.execute(&immediate).send().await;
    executed.expect_status(200);
}

async fn the_audit_log_covers_the_release(storage: Storage) {
    let scene = Scene::new(storage).await;
    let waiting = scene.hold("waiting").await;
    let undone = scene.hold("undone").await;
    approve(&scene, &waiting, LONG).await;
    approve(&scene, &undone, LONG).await;
    revoke(&scene, &undone).await;
    let audit = scene.human.read("/audit?limit=200").await;
    let subject = format!("action:{}", undone.action_id);
    let events: Vec<_> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["subject"] == subject)
        .map(|entry| {
            (
                entry["event"].as_str().unwrap(),
                &entry["detail"]["undo_seconds"],
            )
        })
        .collect();
    assert_eq!(
        events,
        [
            ("action.revoked", &json!(null)),
            ("action.approved", &json!(LONG)),
            ("action.created", &json!(null)),
        ]
    );
    let verified = scene.gateway.run(&["audit", "verify"], "").await;
    assert!(verified.status.success(), "{verified:?}");
    let mut database = gaiterguard_testkit::DirectDatabase::open(&scene.gateway).await;
    database
        .change("UPDATE actions SET releases_at = releases_at - 1 WHERE releases_at IS NOT NULL")
        .await;
    let broken = scene.gateway.run(&["audit", "verify"], "").await;
    assert!(!broken.status.success(), "{broken:?}");
}

#[tokio::test]
async fn no_replica_releases_an_approval_early() {
    let scene = Scene::on(TestGateway::builder(Storage::Postgres)).await;
    let replica = scene.gateway.start_replica().await;
    let there = scene.agent.clone().calling(&replica);
    let undone = scene.hold("undone").await;
    approve(&scene, &undone, LONG).await;
    let refused = there.execute(&undone).send().await;
    let refused = refused.expect_problem(409, "action_not_approved");
    assert_eq!(refused.json()["action_status"], "PENDING");
    revoke(&scene, &undone).await;
    assert_eq!(there.status(&undone).await["status"], "REVOKED");

    let mut waiting = request("DELETE", "/sent");
    waiting["wait"] = 60.into();
    let call = tokio::spawn(there.propose(waiting).idempotency_key("sent").send());
    scene.human.next_pending("/sent").await;
    let held = scene.hold("sent").await;
    let began = approve(&scene, &held, SHORT).await;
    let mut calls = tokio::task::JoinSet::new();
    for agent in [scene.agent.clone(), there.clone()] {
        let held = held.clone();
        calls.spawn(async move {
            loop {
                let response = agent.execute(&held).send().await;
                if response.json()["action_status"] != "PENDING" {
                    return;
                }
            }
        });
    }
    call.await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(SHORT));
    calls.join_all().await;
    assert!(scene.upstream.received_at("/undone").is_empty());
    assert_eq!(scene.upstream.received_at("/sent").len(), 1);
}
