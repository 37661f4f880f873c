//! The ledger: the one way in which anything is written to the database.
//!
//! All changes are made on write connections ([`writer`]), each with an audit hash chain of its own. A change
//! and its audit entries are committed together, or neither is. Changes on the request path go through a queue
//! ([`queue::Ledger`]); any other change is a [`writer::transaction::Transaction`] of its own on one of the same
//! connections.
//!
//! Callers on the request path put a command into the queue and wait. A task takes all waiting commands, writes them in
//! one transaction with a few statements of many rows, and then wakes the callers. While it commits, the next batch
//! gathers. One commit per batch, because a durable commit costs a disk flush, and a flush per request would limit
//! throughput to the disk's flush rate.
//!
//! If a caller stops waiting before it learns that a claim or an execution was recorded, the record is undone, because
//! nobody will send the request.
//!
//! Queries that only read, and the changes outside the request path, are in the crate `store`.

pub mod batch;
pub mod command;
pub mod pending_outcome;
pub mod proof;
pub mod queue;
pub mod writer;

mod delivery;
mod task;
