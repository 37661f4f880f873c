//! Upstreams that compress their responses although they were asked not to, with and without saying so.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_testkit::scene::{CREDENTIAL, Scene, request};
use gaiterguard_testkit::{Reply, Storage, finish};
use http::Method;
use serde_json::{Value, json};

use crate::gzip::{gunzip, gzip};

/// Returns a response with these bytes, labeled as gzip or not.
fn reply(body: &[u8], media_type: &str, is_labeled: bool) -> Reply {
    let reply = Reply::status(200).header("Content-Type", media_type);
    let reply = if is_labeled {
        reply.header("Content-Encoding", "gzip")
    } else {
        reply
    };
    reply.body(body)
}

/// Calls a tool of the MCP server and returns its structured result.
async fn tool(scene: &Scene, name: &str, arguments: Value) -> Value {
    let message = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": name, "arguments": arguments},
    });
    let call = scene.agent.call(Method::POST, "/mcp").json(message);
    let result = call.send().await.expect_status(200).json()["result"].clone();
    assert_ne!(result["isError"], true, "{result}");
    result["structuredContent"].clone()
}

/// Runs `gaiterguard call GET` with these further arguments and returns what it prints.
async fn printed(scene: &Scene, path: &str, more: &[&str]) -> Vec<u8> {
    let mut command = scene.gateway.command(&["call"]);
    command
        .args(["GET", path, "--service", "things", "--intent", "Read it"])
        .args(more)
        .env("GAITERGUARD_URL", scene.gateway.url())
        .env("GAITERGUARD_AGENT_KEY", &scene.agent.key);
    let output = finish(command, "").await;
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

async fn test_call(scene: &Scene, path: &str) -> Value {
    let address = format!("/services/{}/test-call", scene.service.id);
    let call = scene.human.post(&address).json(json!({"path": path}));
    call.send().await.expect_status(200).json()
}

/// Whether a response as JSON has this text as its body, and no header that describes a compressed one.
fn assert_shows(shown: &Value, text: &str, door: &str) {
    assert_eq!(shown["body"], text, "{door}: {shown}");
    assert_eq!(shown["body_encoding"], "utf8", "{door}");
    for name in ["content-encoding", "content-length"] {
        assert_eq!(shown["headers"].get(name), None, "{door}");
    }
}

#[tokio::test]
async fn a_compressed_response_is_a_text_wherever_json_is_made_of_it() {
    let scene = Scene::new(Storage::Sqlite).await;
    let clean = r#"{"name":"Jürgen","items":[1,2,3]}"#.to_owned();
    let echo = format!(r#"{{"name":"Jürgen","got":"{CREDENTIAL}"}}"#);
    for (is_labeled, text) in [true, false]
        .into_iter()
        .flat_map(|is_labeled| [(is_labeled, &clean), (is_labeled, &echo)])
    {
        let masked = text.replace(CREDENTIAL, &"*".repeat(CREDENTIAL.len()));
        let sent = gzip(text);
        let reply = || reply(&sent, "application/json", is_labeled);
        scene.upstream.on("/read", reply());

        // Unmodified clients and `POST /proxy` get the bytes.
        let passed = scene.agent.call(Method::GET, "/s/things/read").send().await;
        for response in [passed, scene.get("/read").await] {
            let response = response.expect_status(200);
            let label = is_labeled.then_some("gzip");
            assert_eq!(response.header("content-encoding"), label);
            assert_eq!(gunzip(&response.body), masked);
            assert!(masked != *text || response.body == sent);
        }

        let proposed = tool(&scene, "proxy_request", request("GET", "/read")).await;
        assert_shows(&proposed, &masked, "proxy_request");
        assert_shows(&test_call(&scene, "/read").await, &masked, "test call");
        let json = printed(&scene, "/read", &["--json"]).await;
        let json: Value = serde_json::from_slice(&json).unwrap();
        assert_shows(&json, &masked, "call --json");
        assert_eq!(printed(&scene, "/read", &[]).await, masked.as_bytes());

        let key = format!("held-{is_labeled}-{}", masked == *text);
        scene.upstream.on(&format!("/{key}"), reply());
        let held = scene.approved(&key).await;
        let action = json!({"action_id": held.action_id});
        let executed = tool(&scene, "execute_action", action.clone()).await;
        assert_shows(&executed, &masked, "execute_action");
        let status = tool(&scene, "action_status", action).await;
        assert_shows(&status["result"], &masked, "action_status");
        let status = scene.agent.status(&held).await;
        assert_shows(&status["result"], &masked, "status");
        let card = scene.human.action(&held).await;
        assert_shows(&card["result"], &masked, "card");
        let listed = scene.human.read("/approvals?status=EXECUTED").await;
        assert_shows(&listed["items"][0]["result"], &masked, "list");
    }
}

#[tokio::test]
async fn a_compressed_file_remains_the_file_that_was_requested() {
    let scene = Scene::new(Storage::Sqlite).await;
    let file = gzip("id,name\n1,Ann\n");
    scene
        .upstream
        .on("/file", reply(&file, "application/gzip", false));
    let download = reply(&file, "text/csv", false).header(
        "Content-Disposition",
        "attachment; filename=\"report.csv.gz\"",
    );
    scene.upstream.on("/download", download);
    for path in ["/file", "/download"] {
        let call = scene.agent.call(Method::GET, &format!("/s/things{path}"));
        assert_eq!(call.send().await.expect_status(200).body, file);
        assert_eq!(printed(&scene, path, &[]).await, file);
        let json = printed(&scene, path, &["--json"]).await;
        let shown = [
            tool(&scene, "proxy_request", request("GET", path)).await,
            test_call(&scene, path).await,
            serde_json::from_slice(&json).unwrap(),
        ];
        for shown in shown {
            assert_eq!(shown["body"], STANDARD.encode(&file), "{shown}");
            assert_eq!(shown["body_encoding"], "base64");
        }
    }
}
