//! What is read from documents, and what is found in them, seen from outside.

#![expect(clippy::unwrap_used, reason = "a test that panics says where")]

mod matching;
mod properties;
mod reading;
mod support;
