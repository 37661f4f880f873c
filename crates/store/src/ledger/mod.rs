//! The ledger writer: the request path's changes, committed in batches.
//!
//! Callers put a command into a queue and wait. A task takes all waiting commands, writes them in
//! one transaction with a few statements of many rows, and then wakes the callers. While it
//! commits, the next batch gathers. One commit per batch, because a durable commit costs a disk
//! flush, and a flush per request would limit throughput to the disk's flush rate.
//!
//! If a caller stops waiting before it learns that a claim or an execution was recorded, the
//! record is undone, because nobody will send the request.

pub(crate) mod command;
pub(crate) mod pending_outcome;
pub(crate) mod queue;

pub(crate) mod batch;
mod delivery;
mod task;
