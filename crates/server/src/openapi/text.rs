//! The texts that operators write, as the API's description knows them. What is not seen, or makes
//! the rest be seen in another order, has no place in them.

use utoipa::ToSchema;

/// A name of at most 100 characters, less the white space around it.
#[derive(ToSchema)]
#[schema(
    min_length = 1,
    pattern = "^\\s*[^\\s\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]([^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]{0,98}[^\\s\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff])?\\s*$"
)]
#[expect(dead_code, reason = "it is read by the schema alone")]
pub(crate) struct Name(String);

/// A title.
#[derive(ToSchema)]
#[schema(
    max_length = 200,
    pattern = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]*$"
)]
#[expect(dead_code, reason = "it is read by the schema alone")]
pub(crate) struct Title(String);

/// A text of several lines.
#[derive(ToSchema)]
#[schema(
    max_length = 2000,
    pattern = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]*$"
)]
#[expect(dead_code, reason = "it is read by the schema alone")]
pub(crate) struct Text(String);

/// A text of several lines that says something.
#[derive(ToSchema)]
#[schema(
    min_length = 1,
    max_length = 2000,
    pattern = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]*[^\\s\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff][^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]*$"
)]
#[expect(dead_code, reason = "it is read by the schema alone")]
pub(crate) struct Words(String);
