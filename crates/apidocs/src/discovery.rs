//! Google Discovery documents (`discovery#restDescription`), converted to the form of `OpenAPI`.

use serde_json::{Map, Value, json};

use crate::converted::Converted;
use crate::pointer::escaped;

/// Returns whether a tree is a Discovery document of one API.
pub(crate) fn is_one(root: &Value) -> bool {
    let kind = root.get("kind").and_then(Value::as_str);
    kind == Some("discovery#restDescription")
        || root.get("discoveryVersion").is_some() && root.get("rootUrl").is_some()
}

/// Converts a Discovery document.
pub(crate) fn convert(root: &Value) -> Converted {
    let text = |key: &str| root.get(key).and_then(Value::as_str);
    let root_url = text("rootUrl").unwrap_or_default();
    let server = match text("servicePath") {
        Some(path) => format!(
            "{}/{}",
            root_url.trim_end_matches('/'),
            path.trim_matches('/')
        ),
        None => text("baseUrl")
            .or(text("basePath"))
            .unwrap_or_default()
            .to_owned(),
    };
    let mut schemas = root.get("schemas").cloned().unwrap_or_default();
    rewrite(&mut schemas);
    let mut paths = Vec::new();
    let common = root.get("parameters").and_then(Value::as_object);
    let mut open: Vec<(Vec<&str>, &Value)> = vec![(Vec::new(), root)];
    while let Some((trail, holder)) = open.pop() {
        let methods = holder.get("methods").and_then(Value::as_object);
        for (name, method) in methods.into_iter().flatten() {
            let names = [trail.as_slice(), &[name]].concat();
            add(&mut paths, &names, method, common);
        }
        let resources = holder.get("resources").and_then(Value::as_object);
        let resources = resources.into_iter().flatten().rev();
        open.extend(resources.map(|(name, resource)| ([&trail[..], &[name]].concat(), resource)));
    }
    Converted {
        root: json!({
            "openapi": "3.0.0",
            "info": {
                "title": text("title").or(text("canonicalName")).or(text("name")),
                "description": text("description"),
            },
            "servers": [{"url": server}],
            "components": {"schemas": schemas},
        }),
        paths,
    }
}

/// Adds a method, and the paths at which it takes an upload.
fn add(
    paths: &mut Vec<(String, Value)>,
    names: &[&str],
    method: &Value,
    common: Option<&Map<String, Value>>,
) {
    let text = |key: &str| method.get(key).and_then(Value::as_str);
    let Some(path) = text("flatPath").or(text("path")) else {
        return;
    };
    let word = text("httpMethod").unwrap_or("GET").to_lowercase();
    let id = text("id").map_or_else(|| names.join("."), str::to_owned);
    let resource = names.split_last().map_or(&[][..], |(_, resource)| resource);
    let mut operation = json!({
        "operationId": id,
        "description": method.get("description"),
        "deprecated": method.get("deprecated"),
        "tags": (!resource.is_empty()).then(|| vec![resource.join(".")]),
        "security": [{"oauth2": method.get("scopes")}],
        "parameters": parameters(path, method, common),
    });
    if let Some(mut schema) = method.get("request").cloned() {
        rewrite(&mut schema);
        operation["requestBody"] = json!({"content": {"application/json": {"schema": schema}}});
    }
    let template = format!("/{}", path.trim_start_matches('/'));
    let mut uploads: Vec<&str> = Vec::new();
    for (protocol, suffix) in [("simple", "upload"), ("resumable", "resumable_upload")] {
        let upload = method.pointer(&format!("/mediaUpload/protocols/{protocol}/path"));
        let Some(upload) = upload.and_then(Value::as_str) else {
            continue;
        };
        if upload.trim_start_matches('/') == path.trim_start_matches('/')
            || uploads.contains(&upload)
        {
            continue;
        }
        uploads.push(upload);
        let mut operation = operation.clone();
        operation["operationId"] = format!("{id}.{suffix}").into();
        operation["requestBody"] = json!({"content": {"*/*": {}}});
        let template = format!("/{}", upload.trim_start_matches('/'));
        // The path of an upload begins at the host.
        let item = json!({&word: operation, "servers": [{"url": "/"}]});
        paths.push((template, item));
    }
    paths.push((template, json!({word: operation})));
}

/// Returns the parameters of a method. A flat path has other names for its parameters than the method,
/// one for each segment.
fn parameters(path: &str, method: &Value, common: Option<&Map<String, Value>>) -> Vec<Value> {
    let own = method.get("parameters").and_then(Value::as_object);
    let mut parameters = Vec::new();
    let placeholders: Vec<&str> = path
        .split('{')
        .skip(1)
        .filter_map(|part| part.split('}').next())
        .map(|name| name.trim_start_matches('+').trim_end_matches('*'))
        .collect();
    // A pattern that may match several segments at its end: `^operations/.*$`.
    let spans = |parameter: &Value| {
        let pattern = parameter.get("pattern").and_then(Value::as_str);
        pattern.is_some_and(|pattern| pattern.ends_with(".*$") || pattern.ends_with(".+$"))
    };
    let mut renamed = None;
    for (name, parameter) in own.into_iter().chain(common).flatten() {
        let location = parameter.get("location").and_then(Value::as_str);
        let in_path = location == Some("path");
        if in_path && !placeholders.contains(&name.as_str()) {
            renamed = Some(parameter);
            continue;
        }
        let mut parameter = parameter.clone();
        rewrite(&mut parameter);
        if let Some(members) = parameter.as_object_mut() {
            members.insert("name".to_owned(), name.as_str().into());
            members.insert(
                "in".to_owned(),
                if in_path { "path" } else { "query" }.into(),
            );
        }
        parameters.push(parameter);
    }
    let is_own = |name: &str| own.is_some_and(|own| own.contains_key(name));
    let flat: Vec<&str> = placeholders
        .into_iter()
        .filter(|name| !is_own(name))
        .collect();
    for (number, name) in flat.iter().enumerate() {
        let is_last = number + 1 == flat.len();
        parameters.push(json!({
            "name": name,
            "in": "path",
            "type": "string",
            "description": renamed.and_then(|parameter| parameter.get("description")),
            "x-multi-segment": is_last && renamed.is_some_and(spans),
        }));
    }
    parameters
}

/// Rewrites references, which name a schema, and what else Discovery spells in its own way.
fn rewrite(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(rewrite),
        Value::Object(members) => {
            if let Some(Value::String(name)) = members.get_mut("$ref")
                && !name.starts_with('#')
            {
                *name = reference(name);
            }
            if members.get("type").and_then(Value::as_str) == Some("any") {
                members.insert("type".to_owned(), Value::Null);
                members.insert("additionalProperties".to_owned(), true.into());
            }
            if let Some(variant) = members.remove("variant") {
                members.insert("discriminator".to_owned(), discriminator(&variant));
            }
            members.values_mut().for_each(rewrite);
        }
        _ => {}
    }
}

fn reference(name: &str) -> String {
    format!("#/components/schemas/{}", escaped(name).replace('%', "%25"))
}

/// Returns the discriminator of a schema with variants.
fn discriminator(variant: &Value) -> Value {
    let text = |holder: &Value, key: &str| holder.get(key)?.as_str().map(str::to_owned);
    let entries = variant.get("map").and_then(Value::as_array);
    let mapping: Map<String, Value> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let name = text(entry, "$ref")?;
            Some((text(entry, "type_value")?, reference(&name).into()))
        })
        .collect();
    json!({"propertyName": variant.get("discriminant"), "mapping": mapping})
}
