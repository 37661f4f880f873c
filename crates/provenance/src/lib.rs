//! Remembers what each agent was shown by each service, so that the assessor knows where the values of
//! a request come from.
//!
//! Every response that passes to an agent is noted before its end passes. It is parsed when an assessment
//! asks for a value, or soon after in the background. The results are keyed hashes and sealed pieces, in
//! memory alone; replicas that share a database also exchange the hashes.
//!
//! This crate must never hold a score or a decision, and must never log a value.

mod exchange;
mod histories;
mod history_key;
mod memory;
mod observer;
mod provenance;
mod seal;
mod shared;
mod source;

pub use histories::AgentHistory;
pub use history_key::HistoryKey;
pub use observer::Observer;
pub use provenance::Provenance;
pub use source::{SourceKind, ValueSource, read_sources, sources};
