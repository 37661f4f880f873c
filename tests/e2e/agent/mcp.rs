//! The gateway as tools of the Model Context Protocol, called by the protocol's official client.

use gaiterguard_testkit::scene::{CREDENTIAL, Scene};
use gaiterguard_testkit::{McpClient, McpMode, McpTransport, Reply, Storage};
use http::Method;
use serde_json::{Value, json};

const EVERY_CONNECTION: [(McpTransport, McpMode); 4] = [
    (McpTransport::Http, McpMode::Newest),
    (McpTransport::Http, McpMode::Handshake),
    (McpTransport::Stdio, McpMode::Newest),
    (McpTransport::Stdio, McpMode::Handshake),
];

async fn mcp(scene: &Scene, transport: McpTransport, mode: McpMode) -> McpClient {
    McpClient::connect(&scene.gateway, &scene.agent, transport, mode).await
}

fn removal(path: &str) -> Value {
    json!({"service": "things", "method": "DELETE", "path": path, "intent": "Remove what Ann listed"})
}

#[tokio::test]
async fn every_transport_and_revision_lists_the_tools_and_forwards_a_request() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.upstream.on("/notes", Reply::text("the notes"));
    for (transport, mode) in EVERY_CONNECTION {
        let mut client = mcp(&scene, transport, mode).await;
        assert!(
            client.instructions.contains("action_status"),
            "{transport:?} {mode:?}"
        );
        let tools = client.tools().await;
        let names: Vec<_> = tools
            .iter()
            .filter_map(|tool| tool["name"].as_str())
            .collect();
        let expected = [
            "list_services",
            "search_operations",
            "proxy_request",
            "dry_run",
            "action_status",
            "execute_action",
        ];
        assert_eq!(names, expected, "{transport:?} {mode:?}");
        for tool in &tools {
            assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{tool}");
        }

        let services = client.call("list_services", json!({})).await.expect_done();
        assert_eq!(services["services"][0]["service"], "things");
        assert_eq!(services["services"][0]["base_url"], scene.upstream.url());
        let read = json!({
            "service": "things", "method": "get", "path": "/notes?of=ann", "intent": "Read the notes",
            "headers": {"X-Custom": "a: b"},
        });
        let response = client.call("proxy_request", read).await.expect_done();
        assert_eq!(response["outcome"], "answered");
        assert_eq!(response["proxy_status"], "forwarded");
        assert_eq!(
            (&response["status"], &response["body"]),
            (&json!(200), &json!("the notes"))
        );
        let received = scene.upstream.received().pop().unwrap();
        assert_eq!(received.target, "/notes?of=ann");
        assert_eq!(received.header("x-custom"), Some("a: b"));
        let authorization = format!("Bearer {CREDENTIAL}");
        assert_eq!(
            received.header("authorization"),
            Some(authorization.as_str())
        );
    }
}

#[tokio::test]
async fn a_held_request_is_executed_once() {
    let scene = Scene::new(Storage::Sqlite).await;
    for (number, (transport, mode)) in EVERY_CONNECTION.into_iter().enumerate() {
        let mut client = mcp(&scene, transport, mode).await;
        let path = format!("/removed/{number}");
        let held = client
            .call("proxy_request", removal(&path))
            .await
            .expect_done();
        assert_eq!(held["outcome"], "held");
        assert!(held["next"].as_str().unwrap().contains("action_status"));
        let action = json!({"action_id": held["action_id"]});
        // A client that repeats the call gets the pending action.
        let again = client
            .call("proxy_request", removal(&path))
            .await
            .expect_done();
        assert_eq!(again["action_id"], held["action_id"]);
        let status = client
            .call("action_status", action.clone())
            .await
            .expect_done();
        assert_eq!(status["status"], "PENDING");
        let early = client.call("execute_action", action.clone()).await;
        assert_eq!(
            early.expect_problem("action_not_approved")["action_status"],
            "PENDING"
        );

        let waiting = json!({"action_id": held["action_id"], "wait_seconds": 50});
        let (result, _) = tokio::join!(
            client.call("action_status", waiting),
            scene.human.decide_next(&path, "approve", "so I say")
        );
        let result = result.expect_done();
        assert_eq!(
            (&result["status"], &result["note"]),
            (&json!("APPROVED"), &json!("so I say"))
        );
        assert!(result["next"].as_str().unwrap().contains("execute_action"));
        let response = client
            .call("execute_action", action.clone())
            .await
            .expect_done();
        assert_eq!(response["proxy_status"], "executed-approved");
        assert_eq!(response["status"], 200);
        let again = client.call("execute_action", action.clone()).await;
        assert_eq!(
            again.expect_problem("action_not_approved")["action_status"],
            "EXECUTED"
        );
        let status = client.call("action_status", action).await.expect_done();
        assert_eq!(
            (&status["status"], &status["result"]["status"]),
            (&json!("EXECUTED"), &json!(200))
        );
        assert_eq!(scene.upstream.received_at(&path).len(), 1);
    }
}

#[tokio::test]
async fn a_denial_is_returned_with_the_note_of_the_human() {
    let scene = Scene::new(Storage::Sqlite).await;
    let mut client = mcp(&scene, McpTransport::Http, McpMode::Newest).await;
    let held = client
        .call("proxy_request", removal("/x"))
        .await
        .expect_done();
    let waiting = json!({"action_id": held["action_id"], "wait_seconds": 50});
    let (result, _) = tokio::join!(
        client.call("action_status", waiting),
        scene
            .human
            .decide_next("/x", "deny", "use the archive instead")
    );
    let result = result.expect_done();
    assert_eq!(result["status"], "DENIED");
    assert_eq!(result["note"], "use the archive instead");
    let execute = json!({"action_id": held["action_id"]});
    client
        .call("execute_action", execute)
        .await
        .expect_problem("action_not_approved");

    // With its key a request keeps its response.
    let mut keyed = removal("/y");
    keyed["idempotency_key"] = json!("remove-y");
    client
        .call("proxy_request", keyed.clone())
        .await
        .expect_done();
    scene.human.decide_next("/y", "deny", "not this one").await;
    let denied = client
        .call("proxy_request", keyed)
        .await
        .expect_problem("action_denied");
    assert_eq!(denied["note"], "not this one");
    assert!(scene.upstream.received().is_empty());
}

#[tokio::test]
async fn a_dry_run_sends_and_holds_nothing() {
    let scene = Scene::new(Storage::Sqlite).await;
    let mut client = mcp(&scene, McpTransport::Stdio, McpMode::Newest).await;
    let result = client.call("dry_run", removal("/x")).await.expect_done();
    assert_eq!(result["decision"], "hold");
    assert!(result["risk_score"].as_f64().unwrap() >= 0.5);
    assert!(scene.human.pending().await.is_empty());
    assert!(scene.upstream.received().is_empty());
}

#[tokio::test]
async fn documented_operations_are_found_with_the_path_to_send() {
    let scene = Scene::new(Storage::Sqlite).await;
    let mut client = mcp(&scene, McpTransport::Http, McpMode::Newest).await;
    let none = client
        .call("search_operations", json!({"query": "pet"}))
        .await
        .expect_done();
    assert_eq!(none, json!({"operations": [], "documentation": []}));
    let document = json!({
        "openapi": "3.1.0", "info": {"title": "Things", "version": "1"},
        "servers": [{"url": "/v1"}],
        "paths": {"/pets/{petId}": {"delete": {
            "operationId": "removePet", "summary": "Give a pet away",
            "parameters": [{"name": "petId", "in": "path", "required": true, "schema": {"type": "string"}}],
        }}},
    });
    scene
        .human
        .add_document(&scene.service, "openapi", &document.to_string())
        .await;
    let guide = "# Pets\n\nA pet that was given away does not come back.\n";
    scene
        .human
        .add_document(&scene.service, "markdown", guide)
        .await;
    let found = client
        .call(
            "search_operations",
            json!({"query": "give a pet away", "service": "things"}),
        )
        .await
        .expect_done();
    let operation = &found["operations"][0];
    assert_eq!(operation["operation_id"], "removePet");
    assert_eq!(operation["path"], "/v1/pets/{petId}");
    assert_eq!(operation["parameters"][0]["name"], "petId");
    let text = found["documentation"][0]["text"].as_str().unwrap();
    assert!(text.contains("does not come back"), "{text}");
    let elsewhere = json!({"query": "pet", "service": "nothing"});
    client
        .call("search_operations", elsewhere)
        .await
        .expect_problem("service_not_found");
}

#[tokio::test]
async fn the_tools_permit_only_what_the_agent_may_do() {
    let scene = Scene::new(Storage::Sqlite).await;
    let service = &scene.upstream.url();
    scene
        .human
        .create_bearer_service("others", service, "another secret")
        .await;
    let mut client = mcp(&scene, McpTransport::Http, McpMode::Newest).await;
    let mut elsewhere = removal("/x");
    elsewhere["service"] = json!("others");
    for tool in ["proxy_request", "dry_run"] {
        client
            .call(tool, elsewhere.clone())
            .await
            .expect_problem("service_not_in_scope");
    }
    let services = client.call("list_services", json!({})).await.expect_done();
    assert_eq!(services["services"].as_array().unwrap().len(), 1);
    let odd = json!({"service": "things", "method": "GET", "path": "/a/../b", "intent": "Look"});
    client
        .call("proxy_request", odd)
        .await
        .expect_problem("invalid_target");
    let waiting =
        json!({"service": "things", "method": "GET", "path": "/", "intent": "Look", "wait": 5});
    let result = client
        .call("proxy_request", waiting)
        .await
        .expect_problem("validation_failed");
    assert_eq!(result["errors"][0]["field"], "wait");
    let nobodys = json!({"action_id": "00000000-0000-4000-8000-000000000000"});
    client
        .call("action_status", nobodys)
        .await
        .expect_problem("action_not_found");

    let held = client
        .call("proxy_request", removal("/x"))
        .await
        .expect_done();
    let block = format!("/agents/{}/block", scene.agent.id);
    scene.human.post(&block).send().await.expect_status(200);
    for (tool, arguments) in [
        ("list_services", json!({})),
        ("proxy_request", removal("/x")),
        ("execute_action", json!({"action_id": held["action_id"]})),
    ] {
        client
            .call(tool, arguments)
            .await
            .expect_problem("agent_blocked");
    }
    // A blocked agent still gets the reason.
    let mut later = mcp(&scene, McpTransport::Stdio, McpMode::Handshake).await;
    later
        .call("list_services", json!({}))
        .await
        .expect_problem("agent_blocked");
    assert!(scene.upstream.received().is_empty());
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_never_shown() {
    let scene = Scene::new(Storage::Sqlite).await;
    let wrong = format!("agt_{}", "0".repeat(64));
    for (transport, mode) in EVERY_CONNECTION {
        let refused = McpClient::try_connect(&scene.gateway, &wrong, transport, mode).await;
        let result = refused.err().expect("a wrong key is refused");
        assert!(!result.contains(&wrong), "{result}");
        if let McpTransport::Stdio = transport {
            assert!(result.contains("invalid_agent_key"), "{result}");
        }
    }
    assert!(!scene.gateway.logs().contains(&wrong));
}

#[tokio::test]
async fn a_page_in_a_browser_is_refused() {
    let scene = Scene::new(Storage::Sqlite).await;
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let call = || {
        scene
            .agent
            .call(Method::POST, "/mcp")
            .header("accept", "application/json, text/event-stream")
            .json(list.clone())
    };
    call().send().await.expect_status(200);
    let origin = "http://localhost:6274";
    let page = call().header("origin", origin).send().await;
    assert_eq!(
        page.expect_status(200)
            .header("access-control-allow-origin"),
        Some(origin)
    );
    // A DNS name that an attacker points to the gateway.
    let rebound = call()
        .header("host", "evil.example")
        .header("origin", "http://evil.example");
    let refused = rebound.send().await.expect_status(403);
    assert_eq!(refused.json()["code"], "cross_origin_refused");
    assert_eq!(refused.header("x-proxy-status"), Some("refused"));
}

#[tokio::test]
async fn an_invalid_message_is_refused_with_a_problem() {
    let scene = Scene::new(Storage::Sqlite).await;
    let both = "application/json, text/event-stream";
    let call = |accept: &str| {
        scene
            .agent
            .call(Method::POST, "/mcp")
            .header("accept", accept)
    };
    let odd = call(both)
        .json(json!({"no": "message"}))
        .send()
        .await
        .expect_status(400);
    assert_eq!(odd.json()["code"], "validation_failed");
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let unknown =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "approve"}});
    let result = call(both)
        .json(unknown)
        .send()
        .await
        .expect_status(200)
        .json();
    assert_eq!(result["error"]["code"], -32602, "{result}");
    scene
        .agent
        .call(Method::GET, "/mcp")
        .send()
        .await
        .expect_status(405);
    let nobody = scene.gateway.client().call(Method::POST, "/mcp").json(list);
    let nobody = nobody
        .header("accept", both)
        .send()
        .await
        .expect_status(401);
    assert_eq!(nobody.json()["code"], "invalid_agent_key");
}

#[tokio::test]
async fn the_body_in_a_tool_call_is_sent_byte_for_byte() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    let body = r#"{"b":1.50,"a":1e2,"a":12345678901234567890123}"#;
    let message = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"proxy_request","arguments":
        {{"service":"things","method":"POST","path":"/a","intent":"Write","body":{body}}}}}}}"#
    );
    let result = scene
        .agent
        .call(Method::POST, "/mcp")
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "application/json")
        .body(message)
        .send()
        .await
        .expect_status(200)
        .json();
    assert_eq!(result["result"]["isError"], false, "{result}");
    let received = scene.upstream.only();
    assert_eq!(received.text(), body);
    assert_eq!(received.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_long_response_is_truncated_and_marked() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.upstream.on("/long", Reply::text("é".repeat(200_000)));
    let mut client = mcp(&scene, McpTransport::Stdio, McpMode::Newest).await;
    let read = json!({"service": "things", "method": "GET", "path": "/long", "intent": "Read it"});
    let response = client.call("proxy_request", read).await.expect_done();
    assert_eq!(
        (&response["truncated"], &response["body_encoding"]),
        (&json!(true), &json!("utf8"))
    );
    assert!(response["body"].as_str().unwrap().len() <= 256 * 1024);
}

#[tokio::test]
async fn the_bridge_reports_an_unreachable_gateway_to_the_model() {
    let mut scene = Scene::new(Storage::Sqlite).await;
    let mut client = mcp(&scene, McpTransport::Stdio, McpMode::Newest).await;
    client.call("list_services", json!({})).await.expect_done();
    scene.gateway.kill9();
    let result = client
        .call("list_services", json!({}))
        .await
        .expect_problem("gateway_unreachable");
    assert!(!result.to_string().contains(&scene.agent.key));
}
