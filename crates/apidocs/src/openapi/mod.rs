//! Parses `OpenAPI` 3.0, 3.1 and Swagger 2.0 as they occur in practice: skips the parts that cannot
//! be read, with a warning, and keeps the rest.

mod kinds;
mod operation;
mod parameter;
mod prose;
mod reference;
mod schema;
mod server;
mod shape;
mod values;

use std::sync::Arc;

use serde_json::Value;

use crate::document::{Document, OPERATIONS_MAX, SECTIONS_MAX, Section};
use crate::include::Include;
use crate::markdown;
use crate::operation::Operation;
use crate::template::Template;
use crate::text;
use crate::warning::Warnings;
use operation::Around;
use reference::Source;

pub use operation::{DESCRIPTION_CHARS_MAX, SUMMARY_CHARS_MAX};
pub use parameter::PARAMETERS_MAX;
pub use prose::FIELD_TEXT_CHARS_MAX;
pub use schema::{FIELD_DEPTH_MAX, FIELDS_MAX};
pub use values::VALUES_MAX;

const METHODS: [&str; 9] = [
    "get", "post", "put", "patch", "delete", "head", "options", "trace", "query",
];

/// Returns whether the key of a path's object is a method.
pub(crate) fn is_method(word: &str) -> bool {
    METHODS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Returns whether the object of a path may have operations.
pub(crate) fn has_operations(item: &Value) -> bool {
    let mut words = item.as_object().into_iter().flat_map(|item| item.keys());
    words.any(|word| is_method(word) || word == "$ref")
}

/// A description of an API, in the form of `OpenAPI`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Description<'d> {
    /// The document. It holds what references lead to.
    pub(crate) root: &'d Value,
    /// The objects of its paths, if they are not in the document: in other formats one path may have
    /// several operations of a method.
    pub(crate) paths: Option<&'d [(String, Value)]>,
    /// The operations to read, if not all.
    pub(crate) include: Option<&'d Include>,
}

/// Returns whether a tree describes an API.
pub(crate) fn is_one(root: &Value) -> bool {
    version(root).is_some() || root.get("paths").is_some_and(Value::is_object)
}

/// Returns the version that a document declares.
fn version(root: &Value) -> Option<String> {
    let declared = root.get("openapi").or_else(|| root.get("swagger"))?;
    match declared {
        Value::String(version) => Some(version.clone()),
        Value::Number(version) => Some(version.to_string()),
        _ => None,
    }
}

/// Parses a description of an API.
pub(crate) fn read(description: Description<'_>, warnings: Warnings) -> Document {
    let root = description.root;
    let source = Source::new(root, warnings);
    match version(root).as_deref() {
        Some(version) if version.starts_with("3.") || version.starts_with('2') => {}
        Some("3") => {}
        Some(version) => source.warn(
            "version",
            &format!("{} is unknown; read like 3.1", text::cut(version, 20)),
        ),
        None => source.warn("version", "is missing; read like 3.1"),
    }
    let base_paths: Arc<[String]> = if root.get("swagger").is_some() {
        server::swagger_base_path(&source).into()
    } else {
        server::base_paths(&source, "", root)
            .unwrap_or_else(|| vec![String::new()])
            .into()
    };
    let operations = operations(&source, description, &base_paths);
    let title = root.pointer("/info/title").and_then(Value::as_str);
    let title = title.map(|title| text::cut(title.trim(), SUMMARY_CHARS_MAX));
    let sections = sections(root, &source);
    Document {
        title: title.filter(|title| !title.is_empty()),
        operations,
        sections,
        warnings: source.into_warnings().finish(),
    }
}

fn operations<'v>(
    source: &Source<'v>,
    description: Description<'v>,
    base_paths: &Arc<[String]>,
) -> Vec<Operation> {
    let mut operations = Vec::new();
    let paths: Vec<(&str, &Value)> = match (description.paths, source.root().get("paths")) {
        (Some(paths), _) => paths.iter().map(|(key, item)| (&**key, item)).collect(),
        (None, Some(Value::Object(paths))) => {
            paths.iter().map(|(key, item)| (&**key, item)).collect()
        }
        (None, None | Some(Value::Null)) => {
            source.warn("paths", "are missing");
            return operations;
        }
        (None, Some(_)) => {
            source.warn("paths", "are not an object");
            return operations;
        }
    };
    let include = description.include;
    for (key, item) in paths {
        if key.starts_with("x-") || include.is_some_and(|include| !include.admits_path(key)) {
            continue;
        }
        let Some(item) = source.resolve(key, item) else {
            continue;
        };
        let Some(methods) = item.as_object() else {
            source.warn(key, "is not an object");
            continue;
        };
        if let Err(error) = Template::parse(key, &|_| false) {
            source.warn(key, &error.to_string());
            continue;
        }
        let around = Around {
            template: key,
            item,
            base_paths: server::base_paths(source, key, item)
                .map_or_else(|| Arc::clone(base_paths), Arc::from),
        };
        for (word, operation) in methods {
            if !is_method(word)
                || include.is_some_and(|include| !include.admits_operation(operation))
            {
                continue;
            }
            let method = word.to_ascii_uppercase();
            if !operation.is_object() {
                source.warn(&format!("{method} {key}"), "is not an object");
                continue;
            }
            if source.is_late() {
                source.warn(
                    "paths",
                    "take too long to read; some operations are left out",
                );
                return operations;
            }
            if operations.len() == OPERATIONS_MAX {
                source.warn(
                    "paths",
                    &format!("contain more than {OPERATIONS_MAX} operations"),
                );
                return operations;
            }
            operations.push(operation::read(source, &around, &method, operation));
        }
    }
    operations
}

fn sections(root: &Value, source: &Source<'_>) -> Vec<Section> {
    let mut sections = Vec::new();
    if let Some(description) = root.pointer("/info/description").and_then(Value::as_str) {
        let plain = text::without_tags(description);
        sections = markdown::sections(&plain, &[], &mut source.warnings());
    }
    let tags = match root.get("tags") {
        Some(Value::Array(tags)) => tags.as_slice(),
        None | Some(Value::Null) => &[],
        Some(_) => {
            source.warn("tags", "are not a list");
            &[]
        }
    };
    for tag in tags {
        let words = |key: &str| tag.get(key).and_then(Value::as_str);
        if let (Some(name), Some(description)) = (words("name"), words("description")) {
            let plain = text::without_tags(description);
            sections.extend(markdown::sections(&plain, &[name], &mut source.warnings()));
        }
        if sections.len() > SECTIONS_MAX {
            source.warn(
                "tags",
                &format!("contain more than {SECTIONS_MAX} sections"),
            );
            sections.truncate(SECTIONS_MAX);
            break;
        }
    }
    sections
}
