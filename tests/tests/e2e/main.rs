//! The gateway as its users meet it: one module for each thing that they rely on.

#![expect(clippy::unwrap_used, reason = "a test that panics says where")]

mod audit_log;
mod by_hand;
mod rotation;
mod terminal;
mod traffic;
