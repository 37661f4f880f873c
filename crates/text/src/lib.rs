//! Words, numbers, and patterns in texts: words by their stems and classes, quantities, classes of characters, and what text that speaks to a reviewer or
//! carries code looks like.
//!
//! This crate must never hold IO, a score, or anything about a request: it only reads one text.

pub mod char_classes;
pub mod classes;
pub mod pairs;
pub mod patterns;
pub mod prompt_injection;
pub mod quantities;
pub mod stated;
mod trigram_filter;
pub mod words;
