//! The OpenAPI document: the descriptions of the handlers, plus what applies to all of them.

mod document;
mod operations;
pub(crate) mod responses;
mod session;

pub(crate) use document::to_json;
pub(crate) use session::with_session;
