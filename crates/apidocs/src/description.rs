//! The formats of API descriptions other than `OpenAPI`. They are converted to its form, so that there is
//! one reader.

use serde_json::Value;

use crate::document::Document;
use crate::include::Include;
use crate::openapi::{self, Description};
use crate::unreadable::Unreadable;
use crate::warning::Warnings;
use crate::{discovery, postman, text};

/// The number of tags that are named if none of them is selected. With the length limit below, the sentence stays
/// under a thousand characters.
const TAGS_NAMED_MAX: usize = 20;

/// The length limit of such a tag, in characters.
const TAG_CHARS_MAX: usize = 40;

/// Reads an API description of any format.
pub(crate) fn read(
    tree: &Value,
    include: Option<&Include>,
    warnings: Warnings,
) -> Result<Document, Unreadable> {
    let converted;
    let description = if openapi::is_one(tree) {
        Description {
            root: tree,
            paths: None,
            include,
        }
    } else {
        converted = if discovery::is_one(tree) {
            discovery::convert(tree)
        } else if let Some(collection) = postman::collection(tree) {
            postman::convert(collection)
        } else if postman::is_old(tree) {
            return Err(Unreadable::OldCollection);
        } else {
            return Err(Unreadable::NoOpenApi);
        };
        Description {
            root: &converted.root,
            paths: Some(&converted.paths),
            include,
        }
    };
    let document = openapi::read(description, warnings);
    if document.operations.is_empty() && include.is_some() {
        return Err(Unreadable::NothingSelected(tags(description)));
    }
    Ok(document)
}

/// Returns the names of a description's tags, up to a limit.
fn tags(description: Description<'_>) -> Vec<String> {
    let declared = description.root.get("tags").and_then(Value::as_array);
    let declared = declared.into_iter().flatten();
    let declared = declared.filter_map(|tag| tag.get("name")?.as_str());
    let of_operations = description
        .paths
        .into_iter()
        .flatten()
        .filter_map(|(_, item)| item.as_object())
        .flat_map(|item| item.values())
        .filter_map(|operation| operation.get("tags")?.as_array())
        .flatten()
        .filter_map(Value::as_str);
    let mut names: Vec<String> = Vec::new();
    for name in declared.chain(of_operations) {
        let name = text::cut(name, TAG_CHARS_MAX);
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() == TAGS_NAMED_MAX {
            break;
        }
    }
    names
}
