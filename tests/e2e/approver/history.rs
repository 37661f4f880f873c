//! The history of decisions can be searched by agent, service, outcome and text.

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Storage, on_both_databases};
use serde_json::Value;

on_both_databases!(
    decisions_are_found_by_agent_service_outcome_and_text,
    the_overview_counts_the_outcomes_of_held_requests,
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
