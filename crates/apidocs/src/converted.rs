//! A description that was converted to the form of `OpenAPI`.

use serde_json::Value;

/// A description that was converted to the form of `OpenAPI`.
#[derive(Debug)]
pub(crate) struct Converted {
    /// The document without its paths.
    pub(crate) root: Value,
    /// The objects of its paths. A path may be repeated.
    pub(crate) paths: Vec<(String, Value)>,
}
