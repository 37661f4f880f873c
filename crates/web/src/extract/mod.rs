//! Extractors that report every failure as a problem.

mod body;
mod deserialize;
mod fields;
mod json;
mod optional_json;
mod path;
mod query;
mod whole;

pub use body::{arriving_body, read_body};
pub use fields::Fields;
pub use json::{ApiJson, JSON_BODY_BYTES_MAX, LimitedJson, from_json};
pub use optional_json::OptionalJson;
pub use path::ApiPath;
pub use query::ApiQuery;
pub use whole::whole;

#[cfg(test)]
mod tests;
