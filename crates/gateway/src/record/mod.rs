//! Makes the steps of a request durable, and issues the permits to send it.
//!
//! A [`permit::Permit`] is created only here, from a write that the ledger has committed, or with a write
//! that it is given at the same time. So a request cannot be sent without its record.

pub(crate) mod completion;
mod decision;
mod execution;
pub(crate) mod permit;
mod recorder;
pub(crate) mod streamed;

pub(crate) use decision::{ReadRecord, ReadRecorded, Recorded};
pub(crate) use execution::Begun;
pub(crate) use recorder::Recorder;
