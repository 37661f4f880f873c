//! What agents and their clients rely on.

mod call_command;
mod forwarding;
mod idempotency;
mod jupyter;
mod malformed;
mod matrix;
mod mcp;
mod passthrough;
mod same_engine;
mod sdks;
mod token_renewal;
mod uploads;
mod web_socket;
