//! What is fuzzed: everything that takes apart what agents, upstreams and documents send. Each
//! function takes any bytes and panics where something holds that must not.
//!
//! `cargo +nightly fuzz run TARGET --features libfuzzer` runs a target; the inputs that are worth
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

/// The text up to the first line feed, and what follows it.
fn first_line(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &[]),
    }
}
