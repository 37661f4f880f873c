//! The binary as a process of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;
mod risk_eval;
mod risk_figures;
