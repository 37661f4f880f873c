//! Compiles the conditions of operators' rules and evaluates them on a request.
//!
//! A condition has the syntax of the Common Expression Language (CEL), parsed by the `cel` crate. It is
//! evaluated here, because evaluation must borrow from the request, take bounded time, and fail where a
//! guess could let something pass: comparing values of different types is an error, and so is reading a
//! field that appears twice. A rule that holds or denies matches if its condition cannot be evaluated.
//!
//! This crate must never hold IO, a clock, a score, or what follows from a match.

mod arithmetic;
mod body_field;
mod budget;
mod calendar;
mod compile;
mod condition_error;
mod constant;
mod evaluate;
mod expression;
mod facts;
mod failure;
mod guard;
mod kind;
mod lookup;
mod matching;
mod names;
mod number;
mod parse;
mod path;
mod program;
mod respelled;
mod value;
mod warning;

pub use body_field::BodyField;
pub use budget::STEPS_MAX;
pub use compile::{LITERAL_ITEMS_MAX, Uses};
pub use condition_error::ConditionError;
pub use facts::{Content, Facts, Query};
pub use failure::{Cause, Failure};
pub use guard::{CHAIN_MAX, CONDITION_BYTES_MAX, NESTING_MAX};
pub use matching::{CompiledRule, Match, matching_rules};
pub use path::RequestPath;
pub use program::Program;
pub use warning::ConditionWarning;
