//! Shows what proposed rules would do before they are stored: on the requests that were recorded, with
//! their summaries, and on examples for a condition that a language model proposes.
//!
//! This crate must never store or send anything.

mod propose;
mod recorded;
mod replay;
mod tally;

pub use propose::{Proposal, ProposeError, TriedExample, propose};
pub use recorded::recorded_summary;
pub use replay::{EffectOf, ROWS_MAX, simulate};
pub use tally::{Changes, Example, ProposedRule, Simulation};
