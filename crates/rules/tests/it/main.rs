//! Conditions and rules, from outside.

#![expect(clippy::unwrap_used, reason = "a test that panics says where")]

mod amounts;
mod conditions;
mod encodings;
mod facts;
mod forms;
mod limits;
mod matching;
mod random_conditions;
mod spellings;
mod warnings;
