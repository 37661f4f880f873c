//! An agent that tidies files on a Jupyter server: it reads by itself, and removes only with approval.

use gaiterguard_testkit::{Human, Jupyter, Storage, TestGateway, on_both_databases};
use serde_json::json;

on_both_databases!(reads_are_forwarded_and_an_approved_removal_is_executed);

async fn reads_are_forwarded_and_an_approved_removal_is_executed(storage: Storage) {
    let jupyter = Jupyter::start().await;
    std::fs::write(jupyter.file("keep.txt"), "worth keeping").unwrap();
    std::fs::write(jupyter.file("old draft.txt"), "not needed").unwrap();

    let gateway = TestGateway::start(storage).await;
    let human = Human::register(&gateway).await;
    let header = json!({"header": "Authorization", "value": format!("token {}", jupyter.token)});
    let service = human
        .create_service("notebooks", &jupyter.url(), "api_key", header)
        .await;
    let agent = human.create_agent("librarian", &[&service]).await;

    let listing = agent
        .propose(json!({
            "service": "notebooks", "method": "GET", "path": "/api/contents",
            "intent": "See which files there are",
        }))
        .send()
        .await
        .expect_status(200);
    assert_eq!(listing.header("x-proxy-status"), Some("forwarded"));
    let listing = listing.json();
    let files = listing["content"].as_array().unwrap();
    let mut names: Vec<&str> = files
        .iter()
        .filter_map(|file| file["name"].as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["keep.txt", "old draft.txt"]);

    let removal = json!({
        "service": "notebooks", "method": "DELETE", "path": "/api/contents/old%20draft.txt",
        "intent": "Remove the old draft",
    });
    let held = agent.propose_held(removal, "old-draft").await;
    assert!(jupyter.file("old draft.txt").exists());
    human.approve(&held).await;
    agent.execute(&held).send().await.expect_status(204);
    assert!(!jupyter.file("old draft.txt").exists());
    assert!(jupyter.file("keep.txt").exists());
    let status = agent.status(&held).await;
    assert_eq!(
        (&status["status"], &status["result"]["status"]),
        (&json!("EXECUTED"), &json!(204))
    );

    assert_eq!(
        gateway.places_with(&jupyter.token).await,
        Vec::<String>::new()
    );
}
