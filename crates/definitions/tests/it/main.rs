//! Definitions, sealed in a real SQLite database, and access tokens from a real token endpoint on
//! this machine.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up what it tests has failed"
)]

mod setup;
mod token_server;

mod canary;
mod concurrent;
mod definitions;
mod rotation;
mod sealing;
mod tokens;
