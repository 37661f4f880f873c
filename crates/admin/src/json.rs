//! Documents as the text that commands print.

use serde::Serialize;

/// Returns a document as indented JSON.
pub(crate) fn pretty(document: &impl Serialize) -> String {
    serde_json::to_string_pretty(document).expect("documents have only text keys")
}
