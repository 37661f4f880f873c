//! Clients of the Model Context Protocol that write and accept less, or other things, than the official ones.

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Call, Storage};
use http::Method;
use serde_json::{Value, json};

/// Returns a call of a tool, with arguments in this spelling.
fn tool(scene: &Scene, name: &str, arguments: &str) -> Call {
    let message = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{name}","arguments":{arguments}}}}}"#
    );
    let call = scene.agent.call(Method::POST, "/mcp");
    call.header("content-type", "application/json")
        .body(message)
}

async fn result_of(scene: &Scene, name: &str, arguments: &str) -> Value {
    let response = tool(scene, name, arguments).send().await;
    response.expect_status(200).json()["result"].clone()
}

#[tokio::test]
async fn a_client_may_accept_any_type_of_response() {
    let scene = Scene::new(Storage::Sqlite).await;
    let initialize = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    });
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    for message in [initialize, list] {
        for accept in [
            Some("application/json"),
            Some("*/*"),
            Some("application/*"),
            Some("text/event-stream"),
            None,
        ] {
            let mut call = scene.agent.call(Method::POST, "/mcp").json(message.clone());
            if let Some(accept) = accept {
                call = call.header("accept", accept);
            }
            let response = call.send().await.expect_status(200);
            assert_eq!(response.header("content-type"), Some("application/json"));
            assert!(response.json()["result"].is_object(), "{accept:?}");
        }
    }
}

#[tokio::test]
async fn whole_numbers_may_be_written_with_a_fraction_or_an_exponent() {
    let scene = Scene::new(Storage::Sqlite).await;
    let held = scene.hold("x").await;
    scene.allow_everything().await;
    for limit in ["10.0", "1e1"] {
        let arguments = format!(r#"{{"query":"x","limit":{limit}}}"#);
        let found = result_of(&scene, "search_operations", &arguments).await;
        assert_eq!(found["isError"], false, "{found}");
    }
    for id in [
        format!("{}.0", scene.service.id),
        format!("{}e0", scene.service.id),
    ] {
        let arguments =
            format!(r#"{{"service_id":{id},"method":"GET","path":"/a","intent":"Read"}}"#);
        let sent = result_of(&scene, "proxy_request", &arguments).await;
        assert_eq!(sent["isError"], false, "{sent}");
    }
    for seconds in ["0.0", "1.0", "1e0"] {
        let arguments = format!(
            r#"{{"action_id":"{}","wait_seconds":{seconds}}}"#,
            held.action_id
        );
        let status = result_of(&scene, "action_status", &arguments).await;
        assert_eq!(status["structuredContent"]["status"], "PENDING", "{status}");
    }
    for seconds in ["50.5", "\"50\""] {
        let arguments = format!(
            r#"{{"action_id":"{}","wait_seconds":{seconds}}}"#,
            held.action_id
        );
        let refused = result_of(&scene, "action_status", &arguments).await;
        let error = &refused["structuredContent"]["errors"][0];
        assert_eq!(error["field"], "wait_seconds", "{refused}");
    }
}

#[tokio::test]
async fn json_that_is_given_as_a_text_is_sent_as_it_is_and_labeled() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    let arguments = r#"{"service":"things","method":"PUT","path":"/a","intent":"Write",
        "body":"{\"amount\":5}"}"#;
    let sent = result_of(&scene, "proxy_request", arguments).await;
    assert_eq!(sent["isError"], false, "{sent}");
    let received = scene.upstream.only();
    assert_eq!(received.text(), r#"{"amount":5}"#);
    assert_eq!(received.header("content-type"), Some("application/json"));

    let plain = r#"{"service":"things","method":"PUT","path":"/b","intent":"Write","body":"[x"}"#;
    result_of(&scene, "proxy_request", plain).await;
    let received = scene.upstream.received_at("/b");
    assert_eq!(received[0].header("content-type"), None);

    let headers = r#"{"service":"things","method":"GET","path":"/c","intent":"Read",
        "headers":"{\"Accept\":\"text/plain\"}"}"#;
    let refused = result_of(&scene, "proxy_request", headers).await;
    let error = &refused["structuredContent"]["errors"][0];
    assert_eq!(error["field"], "headers", "{refused}");
    assert!(
        error["message"].as_str().unwrap().contains("object"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_human_sees_json_that_is_given_as_a_text_as_it_will_be_sent() {
    let scene = Scene::new(Storage::Sqlite).await;
    let rule = json!({"name": "Ask", "effect": "require_approval", "enabled": true});
    scene.human.create_rule(rule).await;
    let arguments = r#"{"service":"things","method":"PUT","path":"/a","intent":"Write",
        "body":"{\"amount\":5}"}"#;
    let proposed = tool(&scene, "proxy_request", arguments).send().await;
    let result = proposed.expect_status(200).json()["result"]["structuredContent"].clone();
    let pending = scene.human.pending().await;
    assert_eq!(pending.len(), 1);
    let action = &pending[0];
    assert_eq!(action["action_id"], result["action_id"], "{result}");
    assert_eq!(action["request_body"], r#"{"amount":5}"#);
    assert_eq!(action["body_encoding"], "utf8");
    let headers = &action["request_headers"];
    assert_eq!(headers["content-type"], "application/json", "{headers}");

    scene.human.decide_next("/a", "approve", "as shown").await;
    let execution = format!(r#"{{"action_id":{}}}"#, action["action_id"]);
    let executed = result_of(&scene, "execute_action", &execution).await;
    assert_eq!(executed["isError"], false, "{executed}");
    let received = scene.upstream.only();
    assert_eq!(received.text(), r#"{"amount":5}"#);
    assert_eq!(received.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn the_id_of_a_service_that_is_given_as_a_text_is_refused_by_name() {
    let scene = Scene::new(Storage::Sqlite).await;
    let arguments = format!(
        r#"{{"service_id":"{}","method":"GET","path":"/a","intent":"Read"}}"#,
        scene.service.id
    );
    let result = result_of(&scene, "proxy_request", &arguments).await;
    assert_eq!(result["isError"], true, "{result}");
    let error = &result["structuredContent"]["errors"][0];
    assert_eq!(error["field"], "service_id", "{result}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("expected a JSON number"), "{message}");
    assert!(scene.upstream.received().is_empty());
}

#[tokio::test]
async fn the_schemas_of_the_tools_are_those_that_every_model_provider_takes() {
    let scene = Scene::new(Storage::Sqlite).await;
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let call = scene.agent.call(Method::POST, "/mcp").json(list);
    let listed = call.send().await.expect_status(200).json();
    let tools = listed["result"]["tools"].as_array().unwrap();
    assert_eq!(tools.len(), 6);
    for tool in tools {
        check(&tool["inputSchema"], tool["name"].as_str().unwrap());
    }
}

/// Checks a schema against the declarations of functions of the large model providers: one type each, and
/// items for each array. Some SDKs write types in upper case.
pub(crate) fn check(schema: &Value, place: &str) {
    match schema {
        Value::Object(members) => {
            let kind = members.get("type");
            assert!(!kind.is_some_and(Value::is_array), "{place}: {schema}");
            let is_array = |kind: &str| kind.eq_ignore_ascii_case("array");
            if kind.and_then(Value::as_str).is_some_and(is_array) {
                assert!(
                    members.get("items").is_some_and(Value::is_object),
                    "{place}: {schema}"
                );
            }
            for (name, value) in members {
                check(value, &format!("{place}/{name}"));
            }
        }
        Value::Array(values) => values.iter().for_each(|value| check(value, place)),
        _ => {}
    }
}
