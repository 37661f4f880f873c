//! Writes one batch of commands in one transaction. `write` is the entry point.

pub mod write;

mod changes;
mod claimed_rows;
mod completions;
mod decisions;
pub mod existing;
mod new_rows;
mod pending_limit;
mod presses;
mod response_room;
mod rule_hits;
mod state;
mod step_up;
pub mod votes;
