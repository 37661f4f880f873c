//! Describes `/s/{service}/{path}`, whose requests and responses are an upstream's, from
//! `assets/passthrough.json`.

use serde_json::{Map, Value};

const TEMPLATE: &str = include_str!("../assets/passthrough.json");

/// Adds the path to the document, in the order of its paths.
pub(super) fn describe(document: &mut Value) {
    let template: Value = serde_json::from_str(TEMPLATE)
        .unwrap_or_else(|error| unreachable!("the template is JSON: {error}"));
    let methods = ["get", "head", "options", "post", "put", "patch", "delete"];
    let operations = methods.map(|method| (method.to_owned(), operation(&template, method)));
    document["components"]["schemas"]["UnmodifiedClientProblem"] = template["problem"].clone();
    document["paths"]["/s/{service}/{path}"] = Value::Object(Map::from_iter(operations));
    if let Some(paths) = document["paths"].as_object_mut() {
        paths.sort_keys();
    }
}

fn operation(template: &Value, method: &str) -> Value {
    let mut operation = template["operation"].clone();
    let (first, rest) = method.split_at(1);
    operation["operationId"] = format!("pass{}{rest}", first.to_ascii_uppercase()).into();
    operation["summary"] = format!("Send {} to a service", method.to_ascii_uppercase()).into();
    if method != "head" {
        operation["responses"]["2XX"]["content"] = template["responseBody"].clone();
    }
    if matches!(method, "post" | "put" | "patch") {
        operation["requestBody"] = template["requestBody"].clone();
    }
    operation
}
