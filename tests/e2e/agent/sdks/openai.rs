//! The `OpenAI` SDKs for Python and JavaScript.

use std::time::Duration;

use gaiterguard_testkit::{Received, Reply};
use serde_json::{Value, json};

use super::SdkScene;

#[tokio::test]
async fn the_openai_sdk_for_python_completes_streams_waits_repeats_and_reports_errors() {
    let results = results_of("openai_sdk.py").await;
    // The SDK repeated the request twice, as its header says.
    let broken = json!({"status": 500, "proxy": "replayed", "retries": "2"});
    assert_eq!(results["broken"], broken);
}

#[tokio::test]
async fn the_openai_sdk_for_javascript_completes_streams_waits_repeats_and_reports_errors() {
    let results = results_of("openai_sdk.mjs").await;
    assert_eq!(
        results["broken"],
        json!({"status": 500, "proxy": "replayed"})
    );
}

/// Runs one of the two programs, which do the same, and checks what both print.
async fn results_of(program: &str) -> Value {
    let scene = SdkScene::new("openai", "/v1", "sk-the-real-one").await;
    scene.allow("/v1/chat/completions").await;
    scene
        .upstream
        .on_request("/v1/chat/completions", completion);
    for number in 1..=3 {
        let id = format!("file-{number}");
        let deleted = json!({"id": id, "object": "file", "deleted": true});
        scene
            .upstream
            .on(&format!("/v1/files/{id}"), Reply::json(deleted));
    }
    let base_url = scene.base_url();
    let variables = [
        ("OPENAI_BASE_URL", base_url.as_str()),
        ("OPENAI_API_KEY", scene.agent.key.as_str()),
    ];
    let (results, ()) = tokio::join!(scene.run(program, &variables), async {
        scene
            .human
            .decide_next("/files/file-2", "approve", "fine")
            .await;
        scene
            .human
            .decide_next("/files/file-3", "deny", "Ann needs it")
            .await;
    });
    assert_eq!(results["completion"], "A door in a fence.");
    assert_eq!(results["pieces"], json!(["A door ", "in a fence."]));
    assert_eq!(
        results["held"],
        json!({"status": 428, "code": "approval_required"})
    );
    assert_eq!(results["deleted"], true);
    assert_eq!(
        results["denied"],
        json!({"code": "action_denied", "note": "Ann needs it"})
    );
    assert_eq!(
        results["unknown"],
        json!({"code": "model_not_found", "message": "There is no model `unknown`."})
    );
    let received = scene.upstream.received();
    let models = received.iter().filter_map(model).collect::<Vec<_>>();
    let expected = ["gpt-4o-mini", "gpt-4o-mini", "unknown", "broken"];
    assert_eq!(models, expected);
    assert_eq!(received.len(), expected.len() + 1);
    assert_eq!(scene.upstream.received_at("/v1/files/file-2").len(), 1);
    scene.assert_credential_replaced_key();
    results
}

/// Returns the model that a request names.
fn model(received: &Received) -> Option<String> {
    let body: Value = serde_json::from_slice(&received.body).ok()?;
    body["model"].as_str().map(str::to_owned)
}

fn completion(received: &Received) -> Reply {
    let chunk = |content: &str| {
        json!({
            "id": "chatcmpl-2", "object": "chat.completion.chunk", "created": 1_790_000_000,
            "model": "gpt-4o-mini",
            "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": null}],
        })
        .to_string()
    };
    let problem = |status, code, message: &str| {
        let error = json!({"message": message, "type": "invalid_request_error", "code": code});
        Reply::status(status)
            .header("Content-Type", "application/json")
            .body(json!({"error": error}).to_string())
    };
    match model(received).as_deref() {
        Some("unknown") => problem(404, "model_not_found", "There is no model `unknown`."),
        // The SDK waits only this long before it repeats the request.
        Some("broken") => problem(500, "server_error", "Try again.").header("Retry-After-Ms", "10"),
        _ if received.text().contains(r#""stream":true"#) => {
            let events = [chunk("A door "), chunk("in a fence."), "[DONE]".to_owned()];
            Reply::events(
                &events.each_ref().map(String::as_str),
                Duration::from_millis(10),
            )
        }
        _ => Reply::json(json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1_790_000_000,
            "model": "gpt-4o-mini",
            "choices": [{
                "index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": "A door in a fence."},
            }],
        })),
    }
}
