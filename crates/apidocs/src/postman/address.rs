//! The URL of a request in a Postman collection, as a path template.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::spelling::words;

/// The limit on the variables that a URL begins with: a base URL may consist of others.
const EXPANSIONS_MAX: usize = 8;

/// The length limit of a URL, in bytes, also with the values of its variables. A value may contain further
/// variables, so a short collection could expand to gigabytes.
const URL_BYTES_MAX: usize = 4_096;

/// The variables of a collection that may begin a URL.
#[derive(Debug)]
pub(super) struct Variables<'c> {
    values: HashMap<&'c str, &'c str>,
}

impl<'c> Variables<'c> {
    pub(super) fn of(collection: &'c Value) -> Self {
        let list = collection.get("variable").and_then(Value::as_array);
        let values = list.into_iter().flatten().filter_map(|variable| {
            let name = variable.get("key").or(variable.get("id"))?.as_str()?;
            let value = variable.get("value")?.as_str()?.trim();
            (!value.is_empty()).then_some((name, value))
        });
        Self {
            values: values.collect(),
        }
    }

    /// Replaces the variables at the beginning of a URL. One without a value is the address of a host.
    fn expand(&self, url: &str) -> String {
        let mut url = url.to_owned();
        for _ in 0..EXPANSIONS_MAX {
            let Some((name, rest)) = url
                .strip_prefix("{{")
                .and_then(|rest| rest.split_once("}}"))
            else {
                break;
            };
            url = match self.values.get(name.trim()) {
                Some(value) => format!("{value}{rest}"),
                None if rest.is_empty() || rest.starts_with(['/', '?', ':', '.']) => {
                    format!("host{rest}")
                }
                None => format!("host/{rest}"),
            };
            if url.len() > URL_BYTES_MAX {
                break;
            }
        }
        url
    }
}

/// The path and the parameters of a URL.
#[derive(Clone, Debug)]
pub(super) struct Address {
    /// The path, from the host on, with its parameters in braces.
    pub(super) template: String,
    /// The parameters, in the form of `OpenAPI`.
    pub(super) parameters: Vec<Value>,
}

impl Address {
    pub(super) fn read(url: &Value, variables: &Variables<'_>) -> Self {
        let raw = url.as_str().or_else(|| url.get("raw")?.as_str());
        let raw = raw.unwrap_or_default().trim();
        let whole = assembled(url).unwrap_or_else(|| raw.to_owned());
        let (path, query_of_path) = split_query(&whole);
        let template = template(&variables.expand(path));
        let mut parameters: Vec<Value> = Vec::new();
        let described = url.get("variable").and_then(Value::as_array);
        for name in names_in(&template) {
            let own = described.into_iter().flatten().find(|variable| {
                let key = variable.get("key").or(variable.get("id"));
                key.and_then(Value::as_str) == Some(name)
            });
            let description = own.and_then(|variable| words(variable.get("description")));
            parameters.push(json!({
                "name": name, "in": "path", "type": "string", "description": description,
            }));
        }
        if let Some(Value::Array(list)) = url.get("query") {
            for field in list {
                if let Some(name) = field.get("key").and_then(Value::as_str) {
                    let description = words(field.get("description"));
                    parameters.push(query_parameter(name, description));
                }
            }
        } else {
            let query = query_of_path.or(split_query(raw).1).unwrap_or_default();
            let pairs = query.split('&').filter_map(|pair| pair.split('=').next());
            parameters.extend(pairs.map(|name| query_parameter(name, None)));
        }
        parameters.retain(|parameter| {
            let name = parameter["name"].as_str();
            name.is_some_and(|name| !name.trim().is_empty() && !name.contains("{{"))
        });
        Self {
            template,
            parameters,
        }
    }

    /// Returns the path without the names of its parameters.
    pub(super) fn key(&self) -> String {
        let mut key = String::with_capacity(self.template.len());
        let mut is_name = false;
        for character in self.template.chars() {
            match character {
                '}' => is_name = false,
                _ if is_name => continue,
                '{' => is_name = true,
                _ => {}
            }
            key.push(character);
        }
        key
    }
}

fn query_parameter(name: &str, description: Option<&str>) -> Value {
    json!({"name": name, "in": "query", "type": "string", "description": description})
}

/// Returns the URL without its query and fragment, and its query.
fn split_query(url: &str) -> (&str, Option<&str>) {
    let url = url.split('#').next().unwrap_or_default();
    url.split_once('?')
        .map_or((url, None), |(path, query)| (path, Some(query)))
}

/// Returns the host and the path of a URL that is split into its parts.
fn assembled(url: &Value) -> Option<String> {
    let joined = |key: &str, separator: &str| match url.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let parts: Option<Vec<&str>> = parts
                .iter()
                .map(|part| part.as_str().or_else(|| part.get("value")?.as_str()))
                .collect();
            Some(parts?.join(separator))
        }
        _ => None,
    };
    let host = joined("host", ".")?;
    let path = joined("path", "/").unwrap_or_default();
    let path = path.trim_start_matches('/');
    Some(format!("{}/{path}", host.trim_end_matches('/')))
}

/// Returns the path of a URL as a template. A URL without a scheme begins with its host.
fn template(url: &str) -> String {
    let below_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = match below_scheme.find('/') {
        Some(0) | None if below_scheme.starts_with('/') => below_scheme,
        Some(at) => &below_scheme[at..],
        None => "",
    };
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut template = String::new();
    for segment in segments {
        template.push('/');
        template.push_str(&slotted(segment));
    }
    if template.is_empty() || path.ends_with('/') {
        template.push('/');
    }
    template
}

/// Returns a segment with its variables in braces: `:id`, `{{id}}`.
fn slotted(segment: &str) -> String {
    let name = segment.strip_prefix(':').filter(|name| !name.is_empty());
    if let Some(name) = name {
        return format!("{{{}}}", name.replace(['{', '}'], ""));
    }
    segment.replace("{{", "{").replace("}}", "}")
}

/// Returns the names in braces.
fn names_in(template: &str) -> impl Iterator<Item = &str> {
    template
        .split('{')
        .skip(1)
        .filter_map(|part| Some(part.split_once('}')?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &Value) -> (String, Vec<String>) {
        let collection = json!({"variable": [
            {"key": "baseUrl", "value": "https://{{host}}/v1/"}, {"key": "host", "value": "api.example.com"},
            {"key": "loop", "value": "{{loop}}"}, {"key": "empty", "value": ""}]});
        let address = Address::read(url, &Variables::of(&collection));
        let names = address.parameters.iter();
        let names = names.map(|parameter| parameter["name"].as_str().unwrap().to_owned());
        (address.template.clone(), names.collect())
    }

    #[test]
    fn every_spelling_of_a_url_gives_its_path() {
        for (url, template, names) in [
            (
                json!("https://a.example/users/:id?x=1&y"),
                "/users/{id}",
                &["id", "x", "y"][..],
            ),
            (json!("a.example/users/"), "/users/", &[]),
            (
                json!("{{baseUrl}}/users/{{userId}}.json"),
                "/v1/users/{userId}.json",
                &["userId"],
            ),
            (json!("{{unknown}}/users"), "/users", &[]),
            (json!("{{unknown}}:8080/users"), "/users", &[]),
            (json!("{{unknown}}users"), "/users", &[]),
            (json!("{{empty}}/a/{{loop}}"), "/a/{loop}", &["loop"]),
            (json!("{{loop}}/a"), "/a", &[]),
            (json!("https://a.example"), "/", &[]),
            (json!("/only/path"), "/only/path", &[]),
            (json!(""), "/", &[]),
            (
                json!({"host": ["{{baseUrl}}"], "path": ["users", ":id", {"value": "posts"}],
                    "query": [{"key": "q", "disabled": true}, {"key": null}], "raw": "ignored"}),
                "/v1/users/{id}/posts",
                &["id", "q"],
            ),
            (json!({"host": "a.example", "path": "/b/c"}), "/b/c", &[]),
            (json!({"raw": "https://a.example/x?y={{z}}"}), "/x", &["y"]),
        ] {
            let (found, parameters) = read(&url);
            assert_eq!(
                (found.as_str(), parameters),
                (template, names.iter().map(|&n| n.to_owned()).collect()),
                "{url}"
            );
        }
    }
}
