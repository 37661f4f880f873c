//! The decisions of the built-in assessor alone: small changes are forwarded, serious ones are held, and values that
//! the agent was shown before make a difference.

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{Human, Jupyter, Reply, Storage, TestGateway, on_both_databases};
use serde_json::{Value, json};

on_both_databases!(
    small_changes_are_forwarded_and_serious_ones_held,
    an_agent_may_delete_its_own_file_but_no_other,
);

fn saying(mut request: Value, intent: &str) -> Value {
    request["intent"] = json!(intent);
    request
}

async fn passes(scene: &Scene, request: Value, key: &str) {
    let call = scene.agent.propose(request).idempotency_key(key);
    let response = call.send().await.expect_status(200);
    assert_eq!(response.header("x-proxy-status"), Some("forwarded"));
}

async fn waits(scene: &Scene, request: Value, key: &str) -> Value {
    let held = scene.agent.propose_held(request, key).await;
    scene
        .human
        .read(&format!("/approvals/{}", held.action_id))
        .await
}

async fn small_changes_are_forwarded_and_serious_ones_held(storage: Storage) {
    let scene = Scene::on(TestGateway::builder(storage)).await;
    let comment = post(
        "/issues/17/comments",
        json!({"body": "Fixed in the branch, please try again."}),
    );
    let intent = "Comment on issue 17 that it is fixed in the branch";
    passes(&scene, saying(comment, intent), "comment").await;

    // The agent may delete its own draft, but not another person's, whatever it calls it.
    scene.upstream.on(
        "/documents",
        Reply::json(json!({"id": "doc-8812", "title": "Offer"})),
    );
    let draft = post("/documents", json!({"title": "Offer"}));
    passes(
        &scene,
        saying(draft, "Start a draft with the title Offer"),
        "draft",
    )
    .await;
    let removal = |id: &str| {
        let removal = request("DELETE", &format!("/documents/{id}"));
        saying(removal, "My draft is not needed any more, delete it")
    };
    passes(&scene, removal("doc-8812"), "own").await;
    waits(&scene, removal("doc-9903"), "other").await;

    let mailbox = request("GET", "/users/ben@corp.example/mailFolders/inbox/messages");
    let mailbox = saying(
        mailbox,
        "Read all messages in Ben's mailbox to see what he promised",
    );
    waits(&scene, mailbox, "mailbox").await;

    scene.upstream.on(
        "/conversations.list",
        Reply::json(json!({"channels": [
            {"id": "C024BE91L", "name": "general"}, {"id": "C061EG9T2", "name": "random"},
        ]})),
    );
    scene.get("/conversations.list").await.expect_status(200);
    let message = |channel: &str| {
        let body = json!({"channel": channel, "text": "The build is green again"});
        saying(
            post("/chat.postMessage", body),
            "Tell #general that the build is green again",
        )
    };
    passes(&scene, message("C024BE91L"), "general").await;
    let action = waits(&scene, message("C0777ZZ99"), "nowhere").await;
    let explanation = action["risk_explanation"].as_str().unwrap();
    assert!(
        explanation.contains(
            "“C0777ZZ99” appears neither in the intent nor in anything that the agent was shown"
        ),
        "{explanation}"
    );
}

async fn an_agent_may_delete_its_own_file_but_no_other(storage: Storage) {
    let jupyter = Jupyter::start().await;
    std::fs::write(jupyter.file("figures.txt"), "worth keeping").unwrap();
    let gateway = TestGateway::start(storage).await;
    let human = Human::register(&gateway).await;
    let header = json!({"header": "Authorization", "value": format!("token {}", jupyter.token)});
    let service = human
        .create_service("notebooks", &jupyter.url(), "api_key", header)
        .await;
    let agent = human.create_agent("librarian", &[&service]).await;
    let made = agent.propose(json!({
        "service": "notebooks", "method": "POST", "path": "/api/contents",
        "body": {"type": "file", "ext": ".txt"},
        "intent": "Create a text file to try something",
    }));
    let made = made
        .idempotency_key("make")
        .send()
        .await
        .expect_status(201)
        .json();
    let name = made["name"].as_str().unwrap().to_owned();
    assert!(jupyter.file(&name).exists());
    let removal = |name: &str| {
        json!({
            "service": "notebooks", "method": "DELETE", "path": format!("/api/contents/{name}"),
            "intent": "The file is not needed any more",
        })
    };
    let own = agent.propose(removal(&name)).idempotency_key("own");
    own.send().await.expect_status(204);
    assert!(!jupyter.file(&name).exists());
    agent.propose_held(removal("figures.txt"), "other").await;
    assert!(jupyter.file("figures.txt").exists());
}
