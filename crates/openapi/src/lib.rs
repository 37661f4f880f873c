//! Completes the gateway's OpenAPI document as JSON, after the handlers have described themselves: the paths
//! whose requests and responses are an upstream's, names for repeated schemas, and an example for every
//! operation.

mod examples;
mod passthrough;
mod shared_schemas;

use serde_json::Value;

pub use examples::operation_ids;

/// Completes the document.
pub fn complete(document: &mut Value) {
    passthrough::describe(document);
    shared_schemas::refer(document);
    examples::add(document);
}
