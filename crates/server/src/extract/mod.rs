//! Extractors that report every failure as a problem.

mod body;
mod deserialize;
mod fields;
mod json;
mod optional_json;
mod path;
mod query;
mod whole;

pub(crate) use body::{arriving_body, read_body};
pub(crate) use fields::Fields;
pub(crate) use json::{ApiJson, JSON_BODY_BYTES_MAX, LimitedJson, from_json};
pub(crate) use optional_json::OptionalJson;
pub(crate) use path::ApiPath;
pub(crate) use query::ApiQuery;
pub(crate) use whole::whole;

#[cfg(test)]
mod tests;
