//! The parts of every route: extractors, error responses for every error of the crates below, and the descriptions
//! that routes share in the OpenAPI document.

pub mod definition_problem;
pub mod extract;
pub mod grpc;
mod identity_problem;
mod listener_problem;
mod operations;
pub mod problem;
mod refusal;
pub mod request_context;
pub mod responses;
pub mod session;
pub mod stored_response;

pub use operations::operations;
