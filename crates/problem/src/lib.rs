//! All problem codes of the gateway, with their statuses and meanings.
//!
//! Error responses, the reference of error codes, and the problems in the OpenAPI document come from this
//! table.
//!
//! This crate must never hold a route, a handler, or the cause of an error.

mod code;

pub use code::Code;
