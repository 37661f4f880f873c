//! Tests of the public interface: parsing documents, and searching in them.

#![expect(clippy::unwrap_used, reason = "a test that panics says where")]

mod matching;
mod properties;
mod reading;
mod support;
