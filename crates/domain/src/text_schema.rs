//! The schemas of text that operators enter. The patterns list the characters that parsing refuses, from
//! the same table.
//!
//! Only characters up to U+FFFF appear in them, because the dialects of regular expressions have no common
//! escape for higher ones.

use std::fmt::Write as _;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::invisible::deceptive_ranges;
use crate::text::{NAME_CHARS_MAX, Name, TEXT_CHARS_MAX, TITLE_CHARS_MAX, Text, Title, Words};

fn schema(description: &str, pattern: String) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .pattern(Some(pattern))
}

impl PartialSchema for Name {
    fn schema() -> RefOr<Schema> {
        let one = deceptive(Lines::One);
        let inner_max = NAME_CHARS_MAX - 2;
        let pattern = format!(r"^\s*[^\s{one}]([^{one}]{{0,{inner_max}}}[^\s{one}])?\s*$");
        let description = format!(
            "A name of up to {NAME_CHARS_MAX} characters. Surrounding white space is trimmed."
        );
        schema(&description, pattern).min_length(Some(1)).into()
    }
}

impl PartialSchema for Title {
    fn schema() -> RefOr<Schema> {
        let pattern = format!("^[^{}]*$", deceptive(Lines::Many));
        schema("A title.", pattern)
            .max_length(Some(TITLE_CHARS_MAX))
            .into()
    }
}

impl PartialSchema for Text {
    fn schema() -> RefOr<Schema> {
        let pattern = format!("^[^{}]*$", deceptive(Lines::Many));
        schema("Text of one or more lines.", pattern)
            .max_length(Some(TEXT_CHARS_MAX))
            .into()
    }
}

impl PartialSchema for Words {
    fn schema() -> RefOr<Schema> {
        let (one, many) = (deceptive(Lines::One), deceptive(Lines::Many));
        let pattern = format!(r"^[^{many}]*[^\s{one}][^{many}]*$");
        schema("Text of one or more lines that is not blank.", pattern)
            .min_length(Some(1))
            .max_length(Some(TEXT_CHARS_MAX))
            .into()
    }
}

impl ToSchema for Name {}
impl ToSchema for Title {}
impl ToSchema for Text {}
impl ToSchema for Words {}

/// How many lines a text may have. Tabs and line breaks are valid only in a text of many.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Many,
}

/// Returns the deceptive characters as the inside of a character class.
fn deceptive(lines: Lines) -> String {
    let mut class = String::new();
    for (first, last) in deceptive_ranges() {
        if last > '\u{ffff}' {
            continue;
        }
        if lines == Lines::Many && first == '\0' {
            // The C0 controls without tab, line feed and carriage return.
            class.push_str(r"\u0000-\u0008\u000b\u000c\u000e-\u001f");
            continue;
        }
        // Writing into a String cannot fail.
        let _ = write!(class, r"\u{:04x}", u32::from(first));
        if last > first {
            let _ = write!(class, r"-\u{:04x}", u32::from(last));
        }
    }
    class
}
