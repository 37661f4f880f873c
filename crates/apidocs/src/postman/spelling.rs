//! Helpers that several modules of the conversion share.

use serde_json::{Map, Value};

/// Returns the text of a description: a string, or an object with the text in `content`.
pub(super) fn words(description: Option<&Value>) -> Option<&str> {
    let description = description?;
    description
        .as_str()
        .or_else(|| description.get("content")?.as_str())
}

/// Returns the schema of an object that has these fields and may have others: an example need not show all
/// of them.
pub(super) fn open_object(properties: Map<String, Value>) -> Value {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties.into());
    schema.insert("additionalProperties".to_owned(), true.into());
    schema.into()
}
