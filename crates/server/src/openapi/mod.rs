//! The OpenAPI document: the descriptions of the handlers, plus what applies to all of them.

mod document;

pub(crate) use document::to_json;
