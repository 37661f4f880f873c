//! The body of a request in a Postman collection. A collection holds examples instead of schemas, so the
//! schema of a body is derived from its example.

use serde_json::{Map, Value, json};

use super::spelling::{open_object, words};

/// The longest example whose fields are read, in bytes: far longer than one that a person writes, and short enough to
/// be parsed twice. The schema of a longer one allows anything.
const EXAMPLE_BYTES_MAX: usize = 256 * 1024;

/// The limit on the values of all examples of a collection, which bounds the document that is made of it. Beyond it, a
/// schema allows anything.
const VALUES_MAX: usize = 300_000;

/// How deep the values of an example are read: deeper than the fields of a body are listed. The schema of a deeper
/// value allows anything.
const DEPTH_MAX: usize = 8;

/// How many members of a list are read. The others usually have the same fields.
const MEMBERS_MAX: usize = 4;

/// Reads examples until `VALUES_MAX` values are read.
#[derive(Debug)]
pub(super) struct Examples {
    left: usize,
}

impl Default for Examples {
    fn default() -> Self {
        Self { left: VALUES_MAX }
    }
}

impl Examples {
    /// Converts a body to the `content` of a request body in `OpenAPI`; `None` if its mode is missing or
    /// unknown. The schema is an `anyOf`, so that the bodies of the operation's other examples can be
    /// added.
    pub(super) fn body(&mut self, body: &Value, content_type: Option<&str>) -> Option<Value> {
        let mode = body.get("mode").and_then(Value::as_str)?;
        let (media_type, schema) = match mode {
            "raw" => {
                let raw = body.get("raw").and_then(Value::as_str).unwrap_or_default();
                let language = body
                    .pointer("/options/raw/language")
                    .and_then(Value::as_str);
                let example = parsed(raw);
                let media_type = content_type.or(match language {
                    Some("json") => Some("application/json"),
                    Some("xml") => Some("application/xml"),
                    Some("html") => Some("text/html"),
                    _ => None,
                });
                let default = default_media_type(raw);
                let schema = match &example {
                    Some(example) => self.schema(example, 0),
                    None => json!({}),
                };
                (media_type.unwrap_or(default), schema)
            }
            "urlencoded" => (
                "application/x-www-form-urlencoded",
                self.form(body.get("urlencoded")),
            ),
            "formdata" => ("multipart/form-data", self.form(body.get("formdata"))),
            "graphql" => {
                let mut fields = Map::new();
                fields.insert("query".to_owned(), json!({"type": "string"}));
                fields.insert("operationName".to_owned(), json!({"type": "string"}));
                fields.insert("variables".to_owned(), open_object(Map::new()));
                ("application/json", open_object(fields))
            }
            "file" => (
                content_type.unwrap_or("application/octet-stream"),
                json!({}),
            ),
            _ => return None,
        };
        Some(json!({ media_type: {"schema": {"anyOf": [schema]}} }))
    }

    fn form(&mut self, fields: Option<&Value>) -> Value {
        let mut properties = Map::new();
        for field in fields.and_then(Value::as_array).into_iter().flatten() {
            let Some(name) = field.get("key").and_then(Value::as_str) else {
                continue;
            };
            if name.is_empty() || !self.may_continue() {
                continue;
            }
            properties.insert(
                name.to_owned(),
                json!({"type": "string", "description": words(field.get("description"))}),
            );
        }
        open_object(properties)
    }

    fn may_continue(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    /// Returns a schema that allows an example and whatever has the same types.
    fn schema(&mut self, example: &Value, depth: usize) -> Value {
        if depth == DEPTH_MAX || !self.may_continue() {
            return json!({});
        }
        match example {
            Value::Object(members) => {
                let mut properties = Map::new();
                for (name, member) in members {
                    if self.left == 0 {
                        break;
                    }
                    properties.insert(name.clone(), self.schema(member, depth + 1));
                }
                open_object(properties)
            }
            Value::Array(list) => {
                let members: Vec<Value> = list
                    .iter()
                    .take(MEMBERS_MAX)
                    .map(|member| self.schema(member, depth + 1))
                    .collect();
                json!({"type": "array", "items": {"anyOf": members}})
            }
            Value::String(_) => json!({"type": "string"}),
            Value::Number(_) => json!({"type": "number"}),
            Value::Bool(_) => json!({"type": "boolean"}),
            Value::Null => json!({}),
        }
    }
}

/// Returns the media type of an example without a language: any, if a variable stands for all of it, and JSON if
/// it begins like JSON, also if it is too long to be read or has a mistake.
fn default_media_type(raw: &str) -> &'static str {
    let raw = raw.trim();
    if raw.starts_with("{{") && raw.find("}}") == Some(raw.len().saturating_sub(2)) {
        "*/*"
    } else if raw.starts_with(['{', '[']) && !raw.starts_with("{{") {
        "application/json"
    } else {
        "text/plain"
    }
}

/// Parses an example that is a JSON object or array. If it is not valid JSON, it is parsed again with
/// `null` for its variables and without comments.
fn parsed(raw: &str) -> Option<Value> {
    let raw = raw.trim();
    if !raw.starts_with(['{', '[']) || raw.len() > EXAMPLE_BYTES_MAX {
        return None;
    }
    serde_json::from_str(raw)
        .or_else(|_| serde_json::from_str(&with_values(raw)))
        .ok()
}

/// Replaces each variable outside quotes with `null`, as in `{"id": {{id}}}`, and removes comments. Postman
/// allows both.
fn with_values(raw: &str) -> String {
    let mut plain = String::with_capacity(raw.len());
    let mut rest = raw;
    let mut is_quoted = false;
    // Otherwise, each unclosed `{{` would search the whole rest for its end: quadratic time.
    let last_end = raw.rfind("}}").unwrap_or(0);
    while let Some(character) = rest.chars().next() {
        let mut length = character.len_utf8();
        match character {
            '"' => {
                is_quoted = !is_quoted;
                plain.push('"');
            }
            '\\' if is_quoted => {
                length += rest[length..].chars().next().map_or(0, char::len_utf8);
                plain.push_str(&rest[..length]);
            }
            '{' if !is_quoted && rest.starts_with("{{") && raw.len() - rest.len() < last_end => {
                length = rest.find("}}").map_or(length, |end| end + 2);
                plain.push_str("null");
            }
            '/' if !is_quoted && rest.starts_with("//") => {
                length = rest.find('\n').unwrap_or(rest.len());
            }
            '/' if !is_quoted && rest.starts_with("/*") => {
                length = rest.find("*/").map_or(rest.len(), |end| end + 2);
            }
            other => plain.push(other),
        }
        rest = &rest[length..];
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_comments_in_an_example_do_not_hide_its_fields() {
        let raw = "{\"id\": {{id}}, // a \"comment\"\n \"url\": \"http://{{host}}/\\\"\", /* b */ \"a\": [{{x}}]}";
        assert_eq!(
            parsed(raw),
            Some(json!({"id": null, "url": "http://{{host}}/\"", "a": [null]}))
        );
        assert_eq!(parsed("plain {{text}}"), None);
        assert_eq!(parsed("{ {{unclosed"), None);
    }

    #[test]
    fn an_example_that_is_not_read_still_has_a_media_type() {
        assert_eq!(default_media_type(" {{body}} "), "*/*");
        assert_eq!(default_media_type("{{a}} and {{b}}"), "text/plain");
        assert_eq!(default_media_type("[1, 2,]"), "application/json");
        assert_eq!(default_media_type("a=b"), "text/plain");
    }

    #[test]
    fn a_replacement_takes_linear_time() {
        for raw in [
            "{ {{".repeat(60_000),
            "{ /*".repeat(60_000),
            "{ \"\\".repeat(60_000),
        ] {
            assert_eq!(parsed(&raw), None);
        }
    }
}
