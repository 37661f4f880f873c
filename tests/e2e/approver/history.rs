//! The history of decisions can be searched by agent, service, outcome and text.

use std::time::Duration;

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Storage, TestGateway, eventually, on_both_databases};
use serde_json::{Value, json};

on_both_databases!(
    decisions_are_found_by_agent_service_outcome_and_text,
    an_entry_says_what_its_request_would_do_and_who_decided,
    the_overview_counts_the_outcomes_of_held_requests,
    the_overview_counts_approvals_that_were_revoked_or_expired,
);

async fn listed(scene: &Scene, query: &str) -> Vec<Value> {
    let path = format!("/requests?{query}");
    let page = scene.human.read(&path).await;
    page["items"].as_array().unwrap().clone()
}

async fn decisions_are_found_by_agent_service_outcome_and_text(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.get("/Notes_one").await.expect_status(200);
    let denied = scene.hold("denied").await;
    scene.human.deny(&denied, "no").await;
    scene.hold("waiting").await;

    let all = listed(&scene, "").await;
    assert_eq!(all.len(), 3);
    let statuses: Vec<_> = all.iter().map(|entry| &entry["action_status"]).collect();
    assert_eq!(
        statuses,
        ["PENDING", "DENIED"]
            .map(Value::from)
            .iter()
            .chain([&Value::Null])
            .collect::<Vec<_>>()
    );
    for (query, end) in [
        ("action_status=DENIED", "/denied"),
        ("action_status=PENDING", "/waiting"),
        ("q=notes_ONE", "/Notes_one"),
        ("q=DELETE+%2Fwaiting", "/waiting"),
        ("decision=forward", "/Notes_one"),
    ] {
        let found = listed(&scene, query).await;
        assert_eq!(found.len(), 1, "{query}");
        assert!(
            found[0]["target_url"].as_str().unwrap().ends_with(end),
            "{query}"
        );
    }
    assert!(listed(&scene, "q=notesXone").await.is_empty());
    let one = format!("/requests/{}", all[1]["id"]);
    let one = scene.human.read(&one).await;
    assert_eq!(one["action_status"], "DENIED");
    for query in ["action_status=GONE", "q=%00"] {
        let path = format!("/requests?{query}");
        let refused = scene.human.get(&path).send().await;
        refused.expect_problem(400, "validation_failed");
    }
}

async fn an_entry_says_what_its_request_would_do_and_who_decided(storage: Storage) {
    let scene = Scene::new(storage).await;
    let human = &scene.human;
    scene.get("/notes").await.expect_status(200);
    let denied = scene.hold("reports").await;
    human.deny(&denied, "no").await;
    let approved = scene.approved("drafts").await;
    // The approval remains the decision, even after it was withdrawn.
    let path = format!("/approvals/{}/revoke", approved.action_id);
    human.patch(&path).send().await.expect_status(200);
    let waiting = scene.hold("waiting").await;
    let me = human.read("/auth/me").await["id"].clone();

    let all = listed(&scene, "").await;
    let effects: Vec<_> = all.iter().map(|entry| &entry["effect"]).collect();
    assert_eq!(effects, ["deletes", "deletes", "deletes", "reads"]);
    for (entry, held) in all
        .iter()
        .zip([Some(&waiting), Some(&approved), Some(&denied), None])
    {
        let one = human.read(&format!("/requests/{}", entry["id"])).await;
        assert_eq!(one, *entry);
        let Some(held) = held else {
            for field in ["summary", "decided_by", "decided_by_name", "decided_at"] {
                assert_eq!(entry[field], Value::Null, "{field}");
            }
            continue;
        };
        let action = human.read(&format!("/approvals/{}", held.action_id)).await;
        assert_eq!(entry["summary"], action["summary"]);
        assert!(entry["summary"]["headline"].is_array(), "{entry}");
        if held.action_id == waiting.action_id {
            assert_eq!(entry["decided_by"], Value::Null);
            assert_eq!(action["resolved_by_name"], Value::Null);
            continue;
        }
        assert_eq!(entry["decided_by"], me);
        assert_eq!(entry["decided_by_name"], human.email.as_str());
        assert_eq!(action["resolved_by_name"], human.email.as_str());
        let decided = entry["decided_at"].as_str().unwrap();
        let resolved = action["resolved_at"].as_str().unwrap();
        if held.action_id == denied.action_id {
            assert_eq!(decided, resolved);
        } else {
            assert!(decided <= resolved, "{action}");
        }
    }
}

async fn the_overview_counts_the_outcomes_of_held_requests(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.get("/notes").await.expect_status(200);
    let denied = scene.hold("denied").await;
    scene.human.deny(&denied, "no").await;
    scene.approved("approved").await;
    scene.hold("waiting").await;
    let overview = scene.human.get("/overview").send().await.json();
    assert_eq!(
        overview["held"],
        serde_json::json!({"approved": 1, "denied": 1, "expired": 0, "revoked": 0, "pending": 1})
    );
    assert_eq!(
        overview["operations"],
        serde_json::json!([
            {"service": "things", "method": "DELETE", "name": null, "count": 3},
            {"service": "things", "method": "GET", "name": null, "count": 1},
        ])
    );
}

async fn the_overview_counts_approvals_that_were_revoked_or_expired(storage: Storage) {
    // Long enough for a busy machine to approve and revoke.
    let builder = TestGateway::builder(storage).setting("APPROVAL_EXECUTE_TTL_HOURS", "0.002");
    let scene = Scene::on(builder).await;
    let human = &scene.human;
    scene.approved("expired").await;
    let expired = || async {
        let found = listed(&scene, "action_status=EXPIRED").await;
        (!found.is_empty()).then_some(found)
    };
    let expired = eventually("the approval expires", Duration::from_secs(30), expired).await;
    let me = human.read("/auth/me").await["id"].clone();
    assert_eq!(expired[0]["decided_by"], me);

    for held in [
        scene.approved("revoked").await,
        scene.hold("withdrawn").await,
    ] {
        let revoked = human.decide(&held, "revoke", json!({})).await;
        revoked.expect_status(200);
    }
    scene.approved("stopped").await;
    scene.hold("undecided").await;
    let stop = json!({"active": true, "reason": "a drill"});
    human
        .put("/kill-switch")
        .json(stop)
        .send()
        .await
        .expect_status(200);
    let revoked = listed(&scene, "action_status=REVOKED").await;
    assert_eq!(revoked.len(), 4);
    let overview = human.read("/overview").await;
    assert_eq!(
        overview["held"],
        json!({"approved": 1, "denied": 0, "expired": 0, "revoked": 4, "pending": 0})
    );
    assert!(overview["decision_ms_median"].is_i64(), "{overview}");
}
