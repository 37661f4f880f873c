//! Postman collections, versions 2.0 and 2.1, converted to the form of `OpenAPI`. A collection holds
//! examples of requests. A request may contain more than its example.

mod address;
mod body;
mod spelling;

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::converted::Converted;
use address::{Address, Variables};
use body::Examples;
use spelling::words;

/// Headers that describe the body or the caller rather than the operation.
const OMITTED_HEADERS: [&str; 4] = ["accept", "authorization", "content-type", "user-agent"];

/// Returns the collection in a tree. The API of Postman wraps it.
pub(crate) fn collection(tree: &Value) -> Option<&Value> {
    let is_one =
        |root: &Value| root.get("item").is_some_and(Value::is_array) && root.get("info").is_some();
    [Some(tree), tree.get("collection")]
        .into_iter()
        .flatten()
        .find(|root| is_one(root))
}

/// Returns whether a tree is a collection of version 1.
pub(crate) fn is_old(tree: &Value) -> bool {
    tree.get("requests").is_some_and(Value::is_array) && tree.get("order").is_some()
}

/// Converts a collection.
pub(crate) fn convert(collection: &Value) -> Converted {
    let variables = Variables::of(collection);
    let mut examples = Examples::default();
    let mut paths: Vec<(String, Value)> = Vec::new();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut tags: Vec<Value> = Vec::new();
    let mut open: Vec<(Vec<&str>, &Value)> = items(collection, &[]).collect();
    while let Some((trail, item)) = open.pop() {
        let name = item.get("name").and_then(Value::as_str);
        if let Some(request) = item.get("request") {
            let request = Request::read(request, item, &trail, &variables, &mut examples);
            let Some((method, address, operation)) = request else {
                continue;
            };
            // Several examples of one operation are one operation.
            let key = format!("{method} {}", address.key());
            if let Some(number) = numbers.get(&key) {
                merge(&mut paths[*number].1[&method], operation);
            } else {
                numbers.insert(key, paths.len());
                paths.push((address.template, json!({ method: operation })));
            }
            continue;
        }
        if let Some(name) = name {
            tags.push(json!({"name": name, "description": words(item.get("description"))}));
        }
        let inner: Vec<&str> = trail.iter().copied().chain(name).collect();
        open.extend(items(item, &inner));
    }
    let info = collection.get("info");
    let info = |key: &str| info.and_then(|info| info.get(key));
    Converted {
        root: json!({
            "openapi": "3.0.0",
            "info": {"title": info("name"), "description": words(info("description"))},
            "tags": tags,
        }),
        paths,
    }
}

/// Returns the items of a folder, the last one first.
fn items<'c>(
    folder: &'c Value,
    trail: &[&'c str],
) -> impl Iterator<Item = (Vec<&'c str>, &'c Value)> {
    let items = folder.get("item").and_then(Value::as_array);
    let trail = trail.to_vec();
    items
        .into_iter()
        .flatten()
        .rev()
        .map(move |item| (trail.clone(), item))
}

struct Request;

impl Request {
    /// Returns the method, the address and the operation of a request.
    fn read(
        request: &Value,
        item: &Value,
        trail: &[&str],
        variables: &Variables<'_>,
        examples: &mut Examples,
    ) -> Option<(String, Address, Value)> {
        // A request may be its URL alone.
        let url = if request.is_string() {
            request
        } else {
            request.get("url")?
        };
        let method = request.get("method").and_then(Value::as_str);
        let method = method.unwrap_or("GET").to_lowercase();
        let address = Address::read(url, variables);
        let headers = headers(request.get("header"));
        let mut parameters = address.parameters.clone();
        for (name, description) in &headers {
            if !OMITTED_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
                parameters.push(json!({
                    "name": name, "in": "header", "type": "string", "description": description,
                }));
            }
        }
        let content_type = content_type(request.get("header"));
        let body = request
            .get("body")
            .and_then(|body| examples.body(body, content_type));
        let description = words(request.get("description")).or(words(item.get("description")));
        let mut operation = json!({
            "summary": item.get("name"),
            "description": description,
            "tags": trail,
            "parameters": parameters,
        });
        if let Some(content) = body {
            operation["requestBody"] = json!({ "content": content });
        }
        Some((method, address, operation))
    }
}

/// Adds the parameters and bodies of a further example of an operation.
fn merge(operation: &mut Value, more: Value) {
    let Value::Object(mut more) = more else {
        return;
    };
    if let (Some(Value::Array(known)), Some(Value::Array(fresh))) =
        (operation.get_mut("parameters"), more.remove("parameters"))
    {
        known.extend(fresh);
    }
    let Some(more) = more.remove("requestBody") else {
        return;
    };
    let Some(known) = operation.pointer_mut("/requestBody/content") else {
        operation["requestBody"] = more;
        return;
    };
    let more = more.get("content").and_then(Value::as_object);
    for (media_type, media) in more.into_iter().flatten() {
        let Some(known) = known.get_mut(media_type) else {
            known[media_type] = media.clone();
            continue;
        };
        let variants = known["schema"]["anyOf"].as_array_mut();
        if let (Some(variants), Some(Value::Array(fresh))) =
            (variants, media.pointer("/schema/anyOf"))
        {
            variants.extend(fresh.iter().cloned());
        }
    }
}

/// Returns the names of headers, with their descriptions.
fn headers(list: Option<&Value>) -> Vec<(&str, Option<&str>)> {
    match list {
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(|header| {
                let name = header.get("key")?.as_str()?.trim();
                (!name.is_empty()).then_some((name, words(header.get("description"))))
            })
            .collect(),
        Some(Value::String(lines)) => lines
            .lines()
            .filter_map(|line| Some((line.split_once(':')?.0.trim(), None)))
            .collect(),
        _ => Vec::new(),
    }
}

/// Returns the media type of a request's body, without parameters.
fn content_type(list: Option<&Value>) -> Option<&str> {
    let is_it = |name: &str| name.trim().eq_ignore_ascii_case("content-type");
    let value = match list? {
        Value::Array(list) => list.iter().find_map(|header| {
            let is_it = header.get("key")?.as_str().is_some_and(is_it);
            let is_sent = header.get("disabled") != Some(&Value::Bool(true));
            (is_it && is_sent)
                .then(|| header.get("value")?.as_str())
                .flatten()
        }),
        Value::String(lines) => lines
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find_map(|(name, value)| is_it(name).then_some(value)),
        _ => None,
    };
    let essence = value?.split(';').next()?.trim();
    (!essence.is_empty() && !essence.contains("{{")).then_some(essence)
}
