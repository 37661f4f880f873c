//! Parts that occur in several places of a collection.

use serde_json::{Map, Value};

/// Returns the text of a description, which may be an object.
pub(super) fn words(description: Option<&Value>) -> Option<&str> {
    let description = description?;
    description
        .as_str()
        .or_else(|| description.get("content")?.as_str())
}

/// Returns an object schema with these fields, among others.
pub(super) fn open_object(properties: Map<String, Value>) -> Value {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties.into());
    schema.insert("additionalProperties".to_owned(), true.into());
    schema.into()
}
