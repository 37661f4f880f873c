//! Fuzz targets for the code that parses input from agents, upstreams and documents. Each function
//! accepts arbitrary bytes and panics if an invariant does not hold.
//!
//! `cargo +nightly fuzz run TARGET --features libfuzzer` runs a target. Inputs that are worth keeping
//! are in `corpus/TARGET`, and the tests replay them.
//! keeping lie in `corpus/TARGET`, and the tests replay them.

mod condition;
mod document;
mod framing;
mod request;
mod response;
mod route;

pub use condition::evaluate_condition;
pub use document::read_document;
pub use framing::frame_requests;
pub use request::open_body;
pub use response::read_response;
pub use route::match_request;

/// Splits the data at its first line feed.
fn first_line(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &[]),
    }
}
