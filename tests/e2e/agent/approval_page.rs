//! A client of the Model Context Protocol that can open pages is offered the approval page of a held request, and the
//! person in front of it decides there.

use std::path::Path;
use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{Storage, finish, node_command, python_command};
use http::Method;
use serde_json::{Value, json};

/// How long a stream whose key is revoked may stay open, on a busy machine.
const END_LIMIT: Duration = Duration::from_secs(20);

/// Creates a scene in which every request is held.
async fn holding(storage: Storage) -> Scene {
    let scene = Scene::new(storage).await;
    let rule = json!({"name": "Ask", "effect": "require_approval", "enabled": true});
    scene.human.create_rule(rule).await;
    scene
}

/// Runs the client and returns what it printed.
async fn run(scene: &Scene, as_process: bool) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/mcp_approval_page.mjs");
    let mut command = node_command();
    command
        .env("GATEWAY", scene.gateway.url())
        .env("AGENT_KEY", &scene.agent.key)
        .env("PERSON", &scene.human.access_token);
    if as_process {
        command.env("COMMAND", scene.gateway.command(&[]).get_program());
    }
    let output = finish(command, &std::fs::read_to_string(script).unwrap()).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn the_person_in_front_of_a_client_is_offered_the_page_and_decides_there() {
    for as_process in [false, true] {
        let scene = holding(Storage::Sqlite).await;
        let run = run(&scene, as_process).await;
        let action = run["held"]["action_id"].as_str().unwrap();
        assert_eq!(run["held"]["outcome"], "held", "{run}");
        let [offer] = &run["offers"].as_array().unwrap()[..] else {
            panic!("{run}");
        };
        let page = format!("{}/app/?action={action}", scene.gateway.url());
        assert_eq!(
            (&offer["mode"], &offer["url"], &offer["elicitationId"]),
            (&json!("url"), &json!(page), &json!(action))
        );
        assert_eq!(run["opened"]["status"], 200, "{run}");
        assert_eq!(run["pending"], "PENDING", "{run}");
        assert_eq!(run["early"]["code"], -32042, "{run}");
        let required = &run["early"]["data"]["elicitations"][0];
        assert_eq!(required["url"], page, "{run}");
        assert_eq!(run["before"], 0, "nothing has been decided: {run}");
        assert_eq!(run["decided"], "APPROVED", "{run}");
        assert_eq!(run["alone"], 1, "{run}");
        assert_eq!(run["completed"][0], action, "{run}");
        assert_eq!(run["status"], "APPROVED", "{run}");
        assert_eq!(
            run["executed"]["proxy_status"], "executed-approved",
            "{run}"
        );
        assert_eq!(scene.upstream.only().target, "/notes/1");
    }
}

#[tokio::test]
async fn the_official_client_for_python_is_offered_the_page_too() {
    let scene = holding(Storage::Sqlite).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/mcp_approval_page.py");
    let mut command = python_command("python", scene.gateway.folder());
    command
        .arg(script)
        .env("GATEWAY", scene.gateway.url())
        .env("AGENT_KEY", &scene.agent.key)
        .env("PERSON", &scene.human.access_token);
    let output = finish(command, "").await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let run: Value = serde_json::from_slice(&output.stdout).unwrap();
    let action = run["held"]["action_id"].as_str().unwrap();
    let page = format!("{}/app/?action={action}", scene.gateway.url());
    assert_eq!(run["offers"], json!([page]), "{run}");
    assert_eq!(run["early"]["code"], -32042, "{run}");
    let required = &run["early"]["data"]["elicitations"][0];
    assert_eq!(required["url"], page, "{run}");
    assert_eq!(run["status"], "APPROVED", "{run}");
    assert_eq!(run["before"], 0, "nothing has been decided: {run}");
    assert_eq!(run["alone"], json!([action]), "{run}");
    assert_eq!(
        run["executed"]["proxy_status"], "executed-approved",
        "{run}"
    );
    assert_eq!(scene.upstream.only().target, "/notes/1");
}

/// Sends a message to `/mcp` and returns the type of the response, its session, and its text.
async fn send(
    scene: &Scene,
    session: Option<&str>,
    message: Value,
) -> (String, Option<String>, String) {
    let mut call = scene.agent.call(Method::POST, "/mcp").json(message);
    if let Some(session) = session {
        call = call.header("mcp-session-id", session);
    }
    let response = call.send().await.expect_status(200);
    let header = |name: &str| response.header(name).map(str::to_owned);
    (
        header("content-type").unwrap(),
        header("mcp-session-id"),
        response.text(),
    )
}

fn initialize(capabilities: &Value) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25", "capabilities": capabilities,
            "clientInfo": {"name": "test", "version": "1"},
        },
    })
}

fn proposal(path: &str) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 2, "method": "tools/call",
        "params": {"name": "proxy_request", "arguments": {
            "service": "things", "method": "DELETE", "path": path, "intent": "Remove it",
        }},
    })
}

#[tokio::test]
async fn a_client_that_does_not_say_so_is_offered_no_page() {
    let scene = holding(Storage::Sqlite).await;
    for (number, capabilities) in [
        json!({}),
        json!({"elicitation": {}}),
        json!({"elicitation": {"form": {}}}),
    ]
    .into_iter()
    .enumerate()
    {
        let (_, session, _) = send(&scene, None, initialize(&capabilities)).await;
        assert_eq!(session, None);
        for session in [None, Some("another-session")] {
            let proposal = proposal(&format!("/{number}"));
            let (kind, _, text) = send(&scene, session, proposal).await;
            assert_eq!(kind, "application/json");
            let response: Value = serde_json::from_str(&text).unwrap();
            let result = &response["result"]["structuredContent"];
            assert_eq!(result["outcome"], "held", "{text}");
        }
    }
}

#[tokio::test]
async fn every_replica_offers_the_page_and_a_response_to_the_offer_decides_nothing() {
    let scene = holding(Storage::Postgres).await;
    let capabilities = json!({"elicitation": {"url": {}}});
    let (_, session, _) = send(&scene, None, initialize(&capabilities)).await;
    let session = session.unwrap();
    let replica = scene.gateway.start_replica().await;
    let there = scene.agent.clone().calling(&replica);
    let call = there.call(Method::POST, "/mcp").json(proposal("/1"));
    let response = call.header("mcp-session-id", &session).send().await;
    let response = response.expect_status(200);
    assert_eq!(response.header("content-type"), Some("text/event-stream"));
    let text = response.text();
    let messages: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    let [offer, result] = &messages[..] else {
        panic!("{text}");
    };
    assert_eq!(offer["method"], "elicitation/create");
    assert_eq!(result["id"], 2);
    for result in [
        json!({"action": "accept"}),
        json!({"action": "decline"}),
        json!({"action": "accept", "content": {"approve": true}}),
    ] {
        let answer = json!({"jsonrpc": "2.0", "id": offer["id"], "result": result});
        let call = scene.agent.call(Method::POST, "/mcp").json(answer);
        let call = call.header("mcp-session-id", &session);
        call.send().await.expect_status(202);
    }
    let pending = scene.human.pending().await;
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0]["status"], "PENDING");
}

#[tokio::test]
async fn the_stream_of_a_session_reports_the_decisions_of_its_agent_while_the_key_is_valid() {
    let scene = holding(Storage::Postgres).await;
    let replica = scene.gateway.start_replica().await;
    let there = scene.agent.clone().calling(&replica);
    // Without a session in which pages are offered, there is no stream.
    for session in [None, Some("another-session")] {
        let mut call = there.call(Method::GET, "/mcp");
        if let Some(session) = session {
            call = call.header("mcp-session-id", session);
        }
        let refused = call.send().await.expect_problem(405, "method_not_allowed");
        assert_eq!(refused.header("allow"), Some("POST"));
    }
    let capabilities = json!({"elicitation": {"url": {}}});
    let (_, session, _) = send(&scene, None, initialize(&capabilities)).await;
    let session = session.unwrap();
    let nobody = replica.client().get("/mcp");
    let nobody = nobody.header("mcp-session-id", &session).send().await;
    nobody.expect_problem(401, "invalid_agent_key");
    let stream = there.call(Method::GET, "/mcp");
    let mut stream = stream.header("mcp-session-id", &session).open().await;
    assert_eq!(stream.status, 200);
    // The decision on a request of another agent is not reported.
    let other = scene.human.create_agent("other", &[&scene.service]).await;
    let other = other.calling(&scene.gateway);
    let foreign = other.propose_held(request("DELETE", "/2"), "foreign").await;
    scene.human.deny(&foreign, "No.").await;
    let held = scene.hold("one").await;
    scene.human.approve(&held).await;
    let read = stream.until(&held.action_id).await;
    assert!(
        read.contains(r#""method":"notifications/elicitation/complete""#),
        "{read}"
    );
    assert!(!read.contains(&foreign.action_id), "{read}");
    // It ends with the key.
    let rotate = format!("/agents/{}/rotate-key", scene.agent.id);
    scene.human.post(&rotate).send().await.expect_status(200);
    let ending = async { while let Ok(Some(_)) = stream.next().await {} };
    let ended = tokio::time::timeout(END_LIMIT, ending).await;
    ended.expect("the stream ends with the key");
}
