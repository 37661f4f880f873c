//! Tests of the public interface: parsing documents, and searching in them.

#![expect(clippy::unwrap_used, reason = "a test that panics says where")]

mod corpus;
mod formats;
mod kinds;
mod matching;
mod properties;
mod reading;
mod references;
mod selection;
mod support;
mod viewers;
