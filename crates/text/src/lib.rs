//! Words and patterns in texts: words by their stems, classes of characters, and what text that speaks to a reviewer or
//! carries code looks like.
//!
//! This crate must never hold IO, a score, or anything about a request: it only reads one text.

pub mod char_classes;
pub mod patterns;
pub mod prompt_injection;
mod trigram_filter;
pub mod words;
