//! Promises to agents and their clients.

mod approval_page;
mod aws;
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
