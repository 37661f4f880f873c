//! Parses the parameters of an operation.

use serde_json::{Map, Value};

use super::prose::describe;
use super::reference::Source;
use super::schema;
use super::values;
use crate::operation::{Body, Field, Parameter, Place};
use crate::pointer::escaped;
use crate::template;

/// The limit on the parameters of one operation. Operations have a few dozen at most; a document may repeat
/// thousands by reference.
pub const PARAMETERS_MAX: usize = 200;

/// The content of a list of parameters, which in Swagger 2.0 includes the body.
#[derive(Default)]
pub(super) struct Parameters {
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
}

impl Parameters {
    /// Parses the `parameters` of an operation or its path. Parameters that are already present win.
    pub(super) fn read<'v>(&mut self, source: &Source<'v>, place: &str, holder: &'v Value) {
        let list: Vec<&'v Value> = match holder.get("parameters") {
            None | Some(Value::Null) => return,
            Some(Value::Array(list)) => list.iter().collect(),
            Some(Value::Object(map)) => map.values().collect(),
            Some(_) => {
                source.warn(place, "has parameters that are not a list");
                return;
            }
        };
        for parameter in list {
            // Many paths can refer to one long list.
            if !source.may_continue() {
                return;
            }
            let Some(parameter) = source.resolve(place, parameter) else {
                continue;
            };
            let Some(parameter) = parameter.as_object() else {
                source.warn(place, "has a parameter that is not an object");
                continue;
            };
            self.add(source, place, parameter);
        }
    }

    fn add<'v>(&mut self, source: &Source<'v>, place: &str, parameter: &'v Map<String, Value>) {
        let name = parameter.get("name").and_then(Value::as_str);
        let location = parameter.get("in").and_then(Value::as_str);
        let known = match (name, location) {
            (_, Some("body")) => {
                self.add_body(source, place, parameter);
                return;
            }
            (Some(name), Some("formData")) => {
                self.add_form_field(source, place, name, parameter);
                return;
            }
            (Some(name), Some("path")) => Some((name, Place::Path)),
            (Some(name), Some("query")) => Some((name, Place::Query)),
            (Some(name), Some("header")) => Some((name, Place::Header)),
            (Some(name), Some("cookie")) => Some((name, Place::Cookie)),
            _ => None,
        };
        let Some((name, location)) = known else {
            source.warn(place, "has a parameter without a name or a known location");
            return;
        };
        let is_known = self
            .parameters
            .iter()
            .any(|known| known.place == location && known.name == name);
        if is_known {
            return;
        }
        if self.parameters.len() == PARAMETERS_MAX {
            source.warn(place, &format!("has more than {PARAMETERS_MAX} parameters"));
            return;
        }
        let schema = schema_of(source, place, parameter);
        let mut listed = Vec::new();
        values::collect(schema, &mut listed);
        let description = parameter.get("description").and_then(Value::as_str);
        self.parameters.push(Parameter {
            name: name.to_owned(),
            place: location,
            description: description.and_then(describe),
            kind: schema
                .get("type")
                .and_then(Value::as_str)
                .map(str::to_owned),
            values: listed,
            required: is_true(parameter.get("required")) || location == Place::Path,
            spans_slashes: location == Place::Path && spans_slashes(parameter, schema),
        });
    }

    fn add_body<'v>(
        &mut self,
        source: &Source<'v>,
        place: &str,
        parameter: &'v Map<String, Value>,
    ) {
        if self.body.is_some() {
            return;
        }
        let mut body = match parameter.get("schema") {
            Some(schema) => schema::body(source, place, schema),
            None => Body {
                is_open: true,
                ..Body::default()
            },
        };
        body.required = is_true(parameter.get("required"));
        self.body = Some(body);
    }

    fn add_form_field<'v>(
        &mut self,
        source: &Source<'v>,
        place: &str,
        name: &str,
        parameter: &'v Map<String, Value>,
    ) {
        let body = self.body.get_or_insert_default();
        let pointer = format!("/{}", escaped(name));
        if body.field(&pointer).is_some() {
            return;
        }
        if body.fields.len() == schema::FIELDS_MAX {
            body.is_open = true;
            return;
        }
        let schema = schema_of(source, place, parameter);
        let mut listed = Vec::new();
        values::collect(schema, &mut listed);
        let description = parameter.get("description").and_then(Value::as_str);
        let required = is_true(parameter.get("required"));
        body.required |= required;
        body.fields.push(Field {
            pointer,
            description: description.and_then(describe),
            kind: schema
                .get("type")
                .and_then(Value::as_str)
                .map(str::to_owned),
            values: listed,
            required,
            is_open: false,
        });
    }
}

pub(super) fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(value)) => *value,
        Some(Value::String(word)) => word.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// Returns the schema of a parameter; in Swagger 2.0 that is the parameter itself.
fn schema_of<'v>(
    source: &Source<'v>,
    place: &str,
    parameter: &'v Map<String, Value>,
) -> &'v Map<String, Value> {
    let in_content = || {
        let content = parameter.get("content")?.as_object()?;
        content.values().next()?.get("schema")
    };
    parameter
        .get("schema")
        .or_else(in_content)
        .and_then(|schema| source.resolve(place, schema))
        .and_then(Value::as_object)
        .unwrap_or(parameter)
}

/// Returns whether a document allows slashes in a path parameter.
fn spans_slashes(parameter: &Map<String, Value>, schema: &Map<String, Value>) -> bool {
    let both = [parameter, schema];
    let has = |key: &str| both.iter().find_map(|holder| holder.get(key));
    let text = |key: &str| has(key).and_then(Value::as_str);
    is_true(has("x-multi-segment"))
        || is_true(has("allowReserved"))
        || text("format").is_some_and(is_path_format)
        || text("pattern").is_some_and(template::pattern_spans)
        || ["example", "x-example", "default"]
            .iter()
            .any(|key| text(key).is_some_and(is_a_path))
        || text("description").is_some_and(speaks_of_slashes)
}

fn is_path_format(format: &str) -> bool {
    matches!(
        format,
        "path" | "file-path" | "filepath" | "uri-path" | "wildcard" | "greedy"
    )
}

/// Returns whether an example spans several segments: it contains a slash and is not a URL.
fn is_a_path(example: &str) -> bool {
    let within = example.trim_matches('/');
    within.contains('/') && !within.contains("://") && !within.contains(char::is_whitespace)
}

/// Returns whether a description allows unescaped slashes in a value.
fn speaks_of_slashes(description: &str) -> bool {
    let text = description.to_lowercase();
    if !text.contains("slash") && !text.contains("multiple segments") {
        return false;
    }
    let admits = [
        "contain",
        "include",
        "including",
        "with slash",
        "span",
        "may have",
        "multiple",
    ];
    let denies = [
        "not contain",
        "not include",
        "no slash",
        "without",
        "cannot",
        "encode",
        "escape",
        "%2f",
        "leading",
        "trailing",
        "replace",
        "backslash",
    ];
    admits.iter().any(|word| text.contains(word)) && !denies.iter().any(|word| text.contains(word))
}
