//! What operators have decided beforehand: conditions in the Common Expression Language.
//!
//! The grammar is CEL's, read by the `cel` crate; evaluating is done here, so that it borrows from
//! the request, takes bounded time and is strict where guessing would let something pass: values of
//! different kinds are never equal or unequal, and what is there twice is not picked from. A
//! condition that cannot be evaluated counts as matched for whatever holds or refuses.

mod arithmetic;
mod budget;
mod calendar;
mod compared;
mod compile;
mod condition_error;
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

pub use budget::STEPS_MAX;
pub use compile::{LITERAL_ITEMS_MAX, Uses};
pub use condition_error::ConditionError;
pub use facts::{Content, Facts, Query};
pub use failure::{Cause, Failure};
pub use guard::{CHAIN_MAX, CONDITION_BYTES_MAX, NESTING_MAX};
pub use matching::{CompiledRule, Match, weigh};
pub use path::RequestPath;
pub use program::Program;
pub use warning::ConditionWarning;

#[cfg(test)]
mod tests;
