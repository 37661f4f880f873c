//! An example for every operation: `assets/examples.json`, by operation id.

use serde_json::{Map, Value, json};

const EXAMPLES: &str = include_str!("../assets/examples.json");

/// Adds the examples to the bodies of requests and of successful responses, and to those of a
/// held request and of an approval that waits for others.
pub(super) fn add(document: &mut Value) {
    let examples = read();
    for operation in operations(document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        let Some(example) = examples.get(id).cloned() else {
            continue;
        };
        if let Some(request) = example.get("request") {
            set(operation.pointer_mut("/requestBody/content"), request);
        }
        for (name, content) in [
            ("created", "/responses/201/content"),
            ("accepted", "/responses/202/content"),
            ("held", "/responses/428/content"),
        ] {
            if let Some(response) = example.get(name) {
                set(operation.pointer_mut(content), response);
            }
        }
        if let (Some(response), Some(responses)) = (
            example.get("response"),
            operation["responses"].as_object_mut(),
        ) {
            // A response of an upstream has any media type.
            if let Some(upstream) = responses.get_mut("2XX") {
                upstream["content"] = json!({"*/*": {}});
            }
            let succeeded = responses
                .iter_mut()
                .filter(|(status, _)| status.starts_with('2'));
            let mut contents = succeeded.filter_map(|(_, response)| response.get_mut("content"));
            set(contents.next(), response);
        }
    }
}

/// Returns the ids of the operations that have an example.
pub fn operation_ids() -> impl Iterator<Item = String> {
    read().into_iter().map(|(id, _)| id)
}

fn read() -> Map<String, Value> {
    serde_json::from_str(EXAMPLES)
        .unwrap_or_else(|error| unreachable!("the examples are a JSON object: {error}"))
}

/// Sets the example of each media type of a body.
fn set(content: Option<&mut Value>, example: &Value) {
    for media in content
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(Map::values_mut)
    {
        media["example"] = example.clone();
    }
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    paths
        .into_iter()
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut)
}
