//! Schemas for text that operators enter. Control characters, invisible characters, and characters
//! that reorder text are invalid, because they could disguise what an approver reads.

use utoipa::ToSchema;

/// A name of up to 100 characters. Surrounding white space is trimmed.
#[derive(ToSchema)]
#[schema(
    min_length = 1,
    pattern = "^\\s*[^\\s\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]([^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]{0,98}[^\\s\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff])?\\s*$"
)]
#[expect(dead_code, reason = "only the schema reads it")]
pub(crate) struct Name(String);

/// A title.
#[derive(ToSchema)]
#[schema(
    max_length = 200,
    pattern = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]*$"
)]
#[expect(dead_code, reason = "only the schema reads it")]
pub(crate) struct Title(String);

/// Text of one or more lines.
#[derive(ToSchema)]
#[schema(
    max_length = 2000,
    pattern = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]*$"
)]
#[expect(dead_code, reason = "only the schema reads it")]
pub(crate) struct Text(String);

/// Text of one or more lines that is not blank.
#[derive(ToSchema)]
#[schema(
    min_length = 1,
    max_length = 2000,
    pattern = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]*[^\\s\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff][^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]*$"
)]
#[expect(dead_code, reason = "only the schema reads it")]
pub(crate) struct Words(String);
