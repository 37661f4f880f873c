//! The descriptions of fields and parameters.

use crate::text;

/// The length limit of the description of a field or parameter, in characters. A body may have 250 fields, and the
/// first sentences say what a field means.
pub const FIELD_TEXT_CHARS_MAX: usize = 500;

/// Returns a description without markup, truncated.
pub(super) fn describe(description: &str) -> Option<String> {
    let plain = text::without_tags(description);
    let plain = plain.trim();
    (!plain.is_empty()).then(|| text::cut(plain, FIELD_TEXT_CHARS_MAX))
}
