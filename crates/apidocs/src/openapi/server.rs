//! Parses the base paths of a document's servers. Its path templates are relative to them.

use serde_json::Value;

use super::reference::Source;

/// The limit on the servers in one list, and on the URLs that one server's variables expand to. Every path of the
/// document applies below each of them.
const SERVERS_MAX: usize = 20;

/// The limit on the values of a server variable. The values of several variables multiply.
const VARIABLE_VALUES_MAX: usize = 10;

/// The length limit of a server's URL, in bytes, also with the values of its variables. Without it, a short
/// document could expand to gigabytes.
const URL_BYTES_MAX: usize = 2_048;

/// Returns the base paths in an `OpenAPI` 3 list of servers; `None` if the list is missing or has no usable
/// server.
pub(super) fn base_paths(source: &Source<'_>, place: &str, holder: &Value) -> Option<Vec<String>> {
    let servers = holder.get("servers")?;
    let Some(servers) = servers.as_array() else {
        source.warn(&format!("{place}/servers"), "is not a list");
        return None;
    };
    let warn = |problem: &str| source.warn(&format!("{place}/servers"), problem);
    let mut paths = Vec::new();
    for server in servers.iter().take(SERVERS_MAX) {
        match server.get("url").and_then(Value::as_str) {
            Some(url) if url.len() > URL_BYTES_MAX => warn("has a URL that is too long"),
            Some(url) => {
                let expanded = with_variables(below_host(url), server.get("variables"));
                if expanded.is_cut {
                    warn("has more combinations of values than are read");
                }
                for url in expanded.urls {
                    push_unique(&mut paths, path_of(&url));
                }
            }
            None => warn("has a server without a url"),
        }
    }
    if servers.len() > SERVERS_MAX || paths.len() > SERVERS_MAX {
        warn("has more servers than are read");
    }
    paths.truncate(SERVERS_MAX);
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

fn push_unique(paths: &mut Vec<String>, path: String) {
    if !paths.contains(&path) {
        paths.push(path);
    }
}

/// Returns what follows the host of a URL with a scheme; any other URL as it is. Variables in the host, such
/// as regions, do not change the path.
fn below_host(url: &str) -> &str {
    url.split_once("://")
        .map_or(url, |(_, rest)| after_host(rest))
}

/// The URLs of a server.
struct Expanded {
    urls: Vec<String>,
    /// Whether URLs are missing, because there are too many or because they are too long.
    is_cut: bool,
}

/// Inserts the values of variables into a server's URL. A variable without usable values stays. A variable
/// in a value is not expanded.
fn with_variables(url: &str, variables: Option<&Value>) -> Expanded {
    let mut expanded = Expanded {
        urls: vec![String::new()],
        is_cut: false,
    };
    let mut rest = url;
    while let Some((before, name, after)) = first_variable(rest) {
        let values = values_of(variables, name, &mut expanded.is_cut);
        expanded.extend(before, &values);
        rest = after;
    }
    expanded.extend(rest, &[String::new()]);
    expanded
}

/// Returns the text before the first variable, the variable's name, and the text after it.
fn first_variable(url: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = url.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// Returns the values of a variable: its default, then those that are listed. Without a list, any other
/// value is possible too, so the variable itself is among them.
fn values_of(variables: Option<&Value>, name: &str, is_cut: &mut bool) -> Vec<String> {
    let variable = variables.and_then(|variables| variables.get(name));
    let default = variable.and_then(|variable| variable.get("default"));
    let listed = variable.and_then(|variable| variable.get("enum")?.as_array());
    let mut values: Vec<String> = Vec::new();
    for value in default.into_iter().chain(listed.into_iter().flatten()) {
        match value {
            Value::String(text) => push_unique(&mut values, text.clone()),
            Value::Number(number) => push_unique(&mut values, number.to_string()),
            _ => {}
        }
        if values.len() > VARIABLE_VALUES_MAX {
            values.truncate(VARIABLE_VALUES_MAX);
            *is_cut = true;
            break;
        }
    }
    if listed.is_none() || values.is_empty() {
        values.push(format!("{{{name}}}"));
    }
    values
}

impl Expanded {
    /// Appends the text and each of the values to each of the URLs.
    fn extend(&mut self, text: &str, values: &[String]) {
        let mut urls = Vec::new();
        for url in &self.urls {
            for value in values {
                let length = url.len() + text.len() + value.len();
                if urls.len() < SERVERS_MAX && length <= URL_BYTES_MAX {
                    urls.push(format!("{url}{text}{value}"));
                } else {
                    self.is_cut = true;
                }
            }
        }
        self.urls = urls;
    }
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

    fn read(server: &Value) -> (Vec<String>, usize) {
        let document = json!({"servers": [server]});
        let source = Source::new(&document, Warnings::default());
        let paths = base_paths(&source, "", &document).unwrap_or_default();
        (paths, source.into_warnings().finish().len())
    }

    #[test]
    fn a_server_with_a_variable_without_values_remains() {
        let regions: Vec<String> = (0..40).map(|number| format!("region-{number}")).collect();
        for (url, variables, paths) in [
            ("https://x/{v}", json!({"v": {"enum": []}}), vec!["/{v}"]),
            (
                "https://x/{v}",
                json!({"v": {"enum": [true]}}),
                vec!["/{v}"],
            ),
            ("https://x/{v}/{w", json!({}), vec!["/{v}/{w"]),
            (
                "https://{r}.x/v1",
                json!({"r": {"enum": regions}}),
                vec!["/v1"],
            ),
            (
                "{base}/v1",
                json!({"base": {"default": "https://x/a", "enum": []}}),
                vec!["/a/v1"],
            ),
        ] {
            let (read, warnings) = read(&json!({"url": url, "variables": variables}));
            assert_eq!(
                (read, warnings),
                (paths.iter().map(|&path| path.to_owned()).collect(), 0),
                "{url}"
            );
        }
    }

    #[test]
    fn values_that_multiply_are_limited_and_reported() {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        let url = format!("/{{{}}}", names.join("}/{"));
        let chained: serde_json::Map<String, Value> = names
            .iter()
            .zip(names.iter().skip(1).chain(["k"].iter()))
            .map(|(name, next)| {
                (
                    name.to_string(),
                    json!({"default": format!("{{{next}}}").repeat(10)}),
                )
            })
            .collect();
        let long = json!({"a": {"default": "x".repeat(8 << 20)}});
        let many = json!({"a": {"enum": (0..50).collect::<Vec<_>>()}, "b": {"enum": (0..9).collect::<Vec<_>>()}});
        for variables in [Value::Object(chained), long, many] {
            let (paths, warnings) = read(&json!({"url": url, "variables": variables}));
            assert!(
                paths.len() <= SERVERS_MAX && warnings > 0,
                "{}",
                paths.len()
            );
            assert!(paths.iter().all(|path| path.len() <= URL_BYTES_MAX));
        }
        let (paths, warnings) = read(&json!({"url": "/x".repeat(4_000)}));
        assert!(paths.is_empty() && warnings == 1);
    }
}
