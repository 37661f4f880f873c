//! Parses one operation of a document.

use std::sync::Arc;

use serde_json::Value;

use super::parameter::{Parameters, is_true};
use super::reference::Source;
use super::schema;
use crate::operation::{Body, Operation};
use crate::text;

/// The length limit of a summary, id or tag, in characters: the limit of headings, because they are shown as one.
pub const SUMMARY_CHARS_MAX: usize = 300;

/// The length limit of an operation's description, in characters: the limit of a section of text, as both are found
/// by the same search.
pub const DESCRIPTION_CHARS_MAX: usize = 4_000;

/// The limit on the tags or scopes of one operation. Operations have a few; scopes are also collected from every
/// way to authenticate.
const NAMES_MAX: usize = 50;

/// The limit on the media types of a body whose schemas are parsed. The types of one body usually share a schema,
/// so further ones add no fields.
const MEDIA_TYPES_MAX: usize = 6;

/// The context of an operation.
pub(super) struct Around<'v> {
    /// The path key.
    pub(super) template: &'v str,
    /// The object of its path.
    pub(super) item: &'v Value,
    /// The server paths that apply unless the operation has its own.
    pub(super) base_paths: Arc<[String]>,
}

/// Parses the operation of a method.
pub(super) fn read<'v>(
    source: &Source<'v>,
    around: &Around<'v>,
    method: &str,
    operation: &'v Value,
) -> Operation {
    let place = format!("{method} {}", around.template);
    let words = |key: &str| operation.get(key).and_then(Value::as_str);
    let mut parameters = Parameters::default();
    parameters.read(source, &place, operation);
    parameters.read(source, &place, around.item);
    let mut body = parameters.body.take().unwrap_or_default();
    match operation.get("requestBody") {
        None | Some(Value::Null) => {
            body.media_types = names(operation.get("consumes").or(source.root().get("consumes")));
            if body.fields.is_empty() && !body.is_open {
                body.media_types.clear();
            }
        }
        Some(request_body) => {
            if let Some(request_body) = source.resolve(&place, request_body) {
                body = read_body(source, &place, request_body);
            } else {
                body.is_open = true;
            }
        }
    }
    let id = words("operationId")
        .map(str::trim)
        .filter(|id| !id.is_empty());
    let item_words = |key: &str| around.item.get(key).and_then(Value::as_str);
    let base_paths = super::server::base_paths(source, &place, operation)
        .map_or_else(|| Arc::clone(&around.base_paths), Arc::from);
    let description = words("description")
        .or_else(|| item_words("description"))
        .and_then(|description| prose(description, DESCRIPTION_CHARS_MAX));
    Operation {
        id: id.map_or_else(|| place.clone(), |id| text::cut(id, SUMMARY_CHARS_MAX)),
        method: method.to_owned(),
        template: around.template.to_owned(),
        summary: words("summary")
            .or_else(|| item_words("summary"))
            .and_then(|summary| prose(summary, SUMMARY_CHARS_MAX))
            .or_else(|| description.as_deref().map(opening)),
        description,
        tags: names(operation.get("tags")),
        deprecated: is_true(operation.get("deprecated")),
        parameters: parameters.parameters,
        body,
        scopes: scopes(
            source,
            operation.get("security").or(source.root().get("security")),
        ),
        base_paths,
    }
}

fn prose(words: &str, chars_max: usize) -> Option<String> {
    let plain = text::without_tags(words);
    let plain = plain.trim();
    (!plain.is_empty()).then(|| text::cut(plain, chars_max))
}

/// Returns the first sentence of a description, for an operation without a summary.
fn opening(description: &str) -> String {
    let line = description.lines().next().unwrap_or_default();
    let sentence = line.split_once(". ").map_or(line, |(first, _)| first);
    text::cut(sentence.trim_end_matches('.'), SUMMARY_CHARS_MAX)
}

fn names(list: Option<&Value>) -> Vec<String> {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .take(NAMES_MAX)
        .filter_map(Value::as_str)
        .map(|name| text::cut(name, SUMMARY_CHARS_MAX))
        .collect()
}

/// Returns the scopes of all alternatives of a security requirement.
fn scopes(source: &Source<'_>, security: Option<&Value>) -> Vec<String> {
    let mut scopes = Vec::new();
    let alternatives = security.and_then(Value::as_array).into_iter().flatten();
    let schemes = alternatives
        .filter_map(Value::as_object)
        .flat_map(|alternative| alternative.values());
    for list in schemes {
        // An operation without a requirement of its own has the document's.
        if scopes.len() == NAMES_MAX || !source.may_continue() {
            break;
        }
        for scope in names(Some(list)) {
            if scopes.len() < NAMES_MAX && !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
    }
    scopes
}

fn read_body<'v>(source: &Source<'v>, place: &str, request_body: &'v Value) -> Body {
    let mut body = Body::default();
    if let Some(Value::Object(content)) = request_body.get("content") {
        for (media_type, media) in content.iter().take(MEDIA_TYPES_MAX) {
            let read = match media.get("schema") {
                Some(schema) => schema::body(source, place, schema),
                None => Body {
                    is_open: true,
                    ..Body::default()
                },
            };
            schema::merge(&mut body, read);
            body.media_types
                .push(text::cut(media_type, SUMMARY_CHARS_MAX));
        }
    } else {
        source.warn(place, "has a request body without content");
        body.is_open = true;
    }
    body.required = is_true(request_body.get("required"));
    body
}
