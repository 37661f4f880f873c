//! Tests with real servers on this machine: well-behaved ones, and ones that hang, cut the connection,
//! send nonsense or close at the worst moment.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod attempts;
mod cancelling;
mod destinations;
mod failures;
mod heads;
mod http2;
mod pooling;
mod requests;
mod responses;
mod server;
mod shared;
mod support;
mod tls;
