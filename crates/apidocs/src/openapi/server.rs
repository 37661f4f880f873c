//! Parses the paths of a document's servers, below which its templates apply.

use serde_json::Value;

use super::reference::Source;

/// The limit on the servers in one list.
const SERVERS_MAX: usize = 20;

/// The limit on the values of a server variable.
const VARIABLE_VALUES_MAX: usize = 10;

/// Returns the paths of an `OpenAPI` 3 list of servers; `None` if there is no such list.
pub(super) fn base_paths(source: &Source<'_>, place: &str, holder: &Value) -> Option<Vec<String>> {
    let servers = holder.get("servers")?;
    let Some(servers) = servers.as_array() else {
        source.warn(&format!("{place}/servers"), "is not a list");
        return None;
    };
    let mut paths = Vec::new();
    for server in servers.iter().take(SERVERS_MAX) {
        match server.get("url").and_then(Value::as_str) {
            Some(url) => {
                for url in with_variables(url, server.get("variables")) {
                    push(&mut paths, path_of(&url));
                }
            }
            None => source.warn(&format!("{place}/servers"), "has a server without a url"),
        }
    }
    (!paths.is_empty()).then_some(paths)
}

/// Returns the base path of a Swagger 2.0 document.
pub(super) fn swagger_base_path(source: &Source<'_>) -> Vec<String> {
    match source.root().get("basePath") {
        None | Some(Value::Null) => vec![String::new()],
        Some(Value::String(path)) => vec![path_of(path)],
        Some(_) => {
            source.warn("basePath", "is not text");
            vec![String::new()]
        }
    }
}

fn push(paths: &mut Vec<String>, path: String) {
    if !paths.contains(&path) {
        paths.push(path);
    }
}

/// Expands the variables of a server's URL with their default and listed values. A variable without
/// listed values stays.
fn with_variables(url: &str, variables: Option<&Value>) -> Vec<String> {
    let mut urls = vec![url.to_owned()];
    let Some(variables) = variables.and_then(Value::as_object) else {
        return urls;
    };
    for (name, variable) in variables {
        let hole = format!("{{{name}}}");
        if !url.contains(&hole) {
            continue;
        }
        let default = variable.get("default");
        let listed = variable.get("enum").and_then(Value::as_array);
        let mut values: Vec<String> = Vec::new();
        for value in default.into_iter().chain(listed.into_iter().flatten()) {
            match value {
                Value::String(text) => push(&mut values, text.clone()),
                Value::Number(number) => push(&mut values, number.to_string()),
                _ => {}
            }
        }
        if listed.is_none() {
            push(&mut values, hole.clone());
        }
        values.truncate(VARIABLE_VALUES_MAX);
        urls = urls
            .iter()
            .flat_map(|url| values.iter().map(|value| url.replace(&hole, value)))
            .take(SERVERS_MAX)
            .collect();
    }
    urls
}

/// Returns the path of a URL, without a trailing slash. The scheme may be missing.
fn path_of(url: &str) -> String {
    let url = url.trim();
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let path = if let Some((_, rest)) = url.split_once("://") {
        after_host(rest)
    } else if let Some(rest) = url.strip_prefix("//") {
        after_host(rest)
    } else if url.starts_with('/') || url.starts_with("./") || url == "." {
        url.trim_start_matches('.')
    } else if looks_like_a_host(url) {
        after_host(url)
    } else {
        url
    };
    let mut clean = String::with_capacity(path.len() + 1);
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        clean.push('/');
        clean.push_str(&crate::text::percent_decoded(segment));
    }
    clean
}

fn after_host(rest: &str) -> &str {
    rest.find('/').map_or("", |at| &rest[at..])
}

/// Returns whether a URL without a scheme begins with a host rather than a path.
fn looks_like_a_host(url: &str) -> bool {
    let first = url.split('/').next().unwrap_or_default();
    let (name, port) = first.split_once(':').unwrap_or((first, ""));
    let has_port = !port.is_empty() && port.chars().all(|c| c.is_ascii_digit() || "{}".contains(c));
    let is_number = |label: &str| label.chars().all(|c| c.is_ascii_digit());
    let last_label = name.rsplit('.').next().unwrap_or_default();
    let is_address = name.split('.').count() == 4 && name.split('.').all(is_number);
    let has_dot = name.contains('.') && !is_number(last_label);
    name == "localhost" || has_port || is_address || has_dot
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::warning::Warnings;

    #[test]
    fn the_path_of_a_server_is_found_in_every_spelling() {
        for (url, path) in [
            ("https://api.example.com/v1/", "/v1"),
            ("https://api.example.com", ""),
            ("//api.example.com/a/b", "/a/b"),
            ("api.example.com/v2", "/v2"),
            ("localhost:8080/v2", "/v2"),
            ("/api/v3", "/api/v3"),
            ("api/v3", "/api/v3"),
            ("v1.0", "/v1.0"),
            ("/", ""),
            ("./x", "/x"),
            ("https://{tenant}.example.com:{port}/{base}", "/{base}"),
        ] {
            assert_eq!(path_of(url), path, "{url}");
        }
    }

    #[test]
    fn variables_of_a_server_are_filled_in() {
        let document = json!({"servers": [{"url": "https://x/{stage}/{version}", "variables": {
            "stage": {"default": "live", "enum": ["live", "test"]},
            "version": {"default": "v1"},
        }}, {"url": 1}]});
        let source = Source::new(&document, Warnings::default());
        let paths = base_paths(&source, "", &document).unwrap();
        assert_eq!(
            paths,
            ["/live/v1", "/live/{version}", "/test/v1", "/test/{version}"]
        );
        assert_eq!(source.into_warnings().finish().len(), 1);
    }
}
