//! Conditions and rules, from outside.

#![expect(clippy::unwrap_used, reason = "a test that panics says where")]

mod conditions;
mod encodings;
mod random_conditions;
