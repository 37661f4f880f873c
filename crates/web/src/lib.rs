//! What every route is made of: extractors, error responses for every error of the crates below, and what their
//! descriptions in the OpenAPI document have in common.

pub mod definition_problem;
pub mod extract;
mod listener_problem;
mod operations;
pub mod problem;
mod refusal;
pub mod request_context;
pub mod responses;
pub mod session;
pub mod stored_response;

pub use operations::operations;
