//! The built-in assessor, from outside.

#![expect(clippy::unwrap_used, reason = "a test that panics says where")]

mod additions;
mod contradictions;
mod danger_kinds;
mod dangers;
mod never_lower;
mod signals;
mod support;
mod verdicts;
mod wrapping;
