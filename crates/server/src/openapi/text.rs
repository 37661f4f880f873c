//! Schemas for text that operators enter. Control characters, invisible characters, and characters
//! that reorder text are invalid, because they could disguise what an approver reads.
//!
//! The patterns list these characters from the table that also checks them. Only those up to U+FFFF
//! appear, because the dialects of regular expressions have no common escape for higher ones.

use std::fmt::Write as _;

use gaiterguard_domain::invisible::deceptive_ranges;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Defines a type that stands for its schema alone.
macro_rules! text_schema {
    ($(#[doc = $description:literal])+ $name:ident, $schema:expr) => {
        $(#[doc = $description])+
        pub(crate) enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let description = concat!($($description),+).trim();
                $schema
                    .schema_type(Type::String)
                    .description(Some(description))
                    .into()
            }
        }

        impl ToSchema for $name {}
    };
}

text_schema!(
    /// A name of up to 100 characters. Surrounding white space is trimmed.
    Name,
    ObjectBuilder::new().min_length(Some(1)).pattern(Some({
        let deceptive = deceptive(Lines::One);
        format!(r"^\s*[^\s{deceptive}]([^{deceptive}]{{0,98}}[^\s{deceptive}])?\s*$")
    }))
);

text_schema!(
    /// A title.
    Title,
    ObjectBuilder::new()
        .max_length(Some(200))
        .pattern(Some(format!("^[^{}]*$", deceptive(Lines::Many))))
);

text_schema!(
    /// Text of one or more lines.
    Text,
    ObjectBuilder::new()
        .max_length(Some(2000))
        .pattern(Some(format!("^[^{}]*$", deceptive(Lines::Many))))
);

text_schema!(
    /// Text of one or more lines that is not blank.
    Words,
    ObjectBuilder::new()
        .min_length(Some(1))
        .max_length(Some(2000))
        .pattern(Some({
            let (one, many) = (deceptive(Lines::One), deceptive(Lines::Many));
            format!(r"^[^{many}]*[^\s{one}][^{many}]*$")
        }))
);

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
