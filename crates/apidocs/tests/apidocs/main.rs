//! What is read from documents, and what is found in them, seen from outside.

mod matching;
mod properties;
mod reading;
mod support;
