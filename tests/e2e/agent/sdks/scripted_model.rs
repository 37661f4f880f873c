//! A model that an agent's SDK asks for the next step: an upstream with a script, since models are the outside world.

use std::time::Duration;

use gaiterguard_testkit::{EchoUpstream, Received, Reply};
use serde_json::{Value, json};

/// The next step of the model.
pub(super) enum Next {
    /// Call a tool with these arguments.
    Call(&'static str, Value),
    /// End with this text.
    Say(String),
}

/// Makes the upstream respond to chat completions. `next` decides by the results of the tools that were called.
pub(super) fn serve(
    upstream: &EchoUpstream,
    next: impl Fn(&[Value]) -> Next + Send + Sync + 'static,
) {
    upstream.on_request("/v1/chat/completions", move |received| {
        let asked: Value = serde_json::from_slice(&received.body).unwrap();
        let messages = asked["messages"].as_array().unwrap();
        let results: Vec<Value> = messages
            .iter()
            .filter(|message| message["role"] == "tool")
            .map(|message| result(&message["content"]))
            .collect();
        reply(received, results.len(), &next(&results))
    });
}

/// Deletes note 2 by the gateway's MCP tools: proposes it, waits for the human and executes it.
pub(super) fn delete_note_by_mcp(results: &[Value]) -> Next {
    let Some(last) = results.last() else {
        let removal = json!({
            "service": "notes", "method": "DELETE", "path": "/notes/2",
            "intent": "Delete note 2, because Ann was called",
        });
        return Next::Call("proxy_request", removal);
    };
    let action = results[0]["action_id"].clone();
    match results.len() {
        1 => Next::Call(
            "action_status",
            json!({"action_id": action, "wait_seconds": 50}),
        ),
        2 => Next::Call("execute_action", json!({"action_id": action})),
        _ => Next::Say(format!("Note 2 is deleted: {}", last["status"])),
    }
}

/// Reads a tool's result. Some SDKs pass on the content that MCP wraps it in.
fn result(content: &Value) -> Value {
    match content {
        Value::String(text) => match serde_json::from_str(text) {
            Ok(value) => result(&value),
            Err(_) => content.clone(),
        },
        Value::Array(parts) if !parts.is_empty() => result(&parts[0]),
        Value::Object(members) => {
            for wrapper in ["structuredContent", "content", "text"] {
                if let Some(inner) = members.get(wrapper) {
                    return result(inner);
                }
            }
            content.clone()
        }
        other => other.clone(),
    }
}

/// Returns the next step as the response of a model, after this many calls of tools.
fn reply(received: &Received, calls: usize, next: &Next) -> Reply {
    let (message, finish) = match next {
        Next::Call(name, arguments) => {
            let function = json!({"name": name, "arguments": arguments.to_string()});
            let call = json!({"index": 0, "id": format!("call_{calls}"), "type": "function", "function": function});
            let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
            (message, "tool_calls")
        }
        Next::Say(text) => (json!({"role": "assistant", "content": text}), "stop"),
    };
    let body = |kind: &str, choice: Value| {
        json!({
            "id": "chatcmpl-1", "object": kind, "created": 1_790_000_000, "model": "gpt-4o-mini",
            "choices": [choice],
        })
    };
    if !received.text().contains(r#""stream":true"#) {
        let choice = json!({"index": 0, "message": message, "finish_reason": finish});
        return Reply::json(body("chat.completion", choice));
    }
    let chunk = |delta: &Value, finish: Option<&str>| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        body("chat.completion.chunk", choice).to_string()
    };
    let events = [
        chunk(&message, None),
        chunk(&json!({}), Some(finish)),
        "[DONE]".to_owned(),
    ];
    Reply::events(
        &events.each_ref().map(String::as_str),
        Duration::from_millis(10),
    )
}
