//! Who may do what at this moment: the definitions of every workspace in one immutable snapshot.
//!
//! A request is decided on one snapshot and recorded with its version. The ledger rejects a
//! decision whose version is not the current one. So a change that is acknowledged anywhere applies
//! to every claim that commits after it, on every replica, however old a snapshot is.
//!
//! This crate must never hold a decision about a request, an HTTP status, or SQL.

mod agent_catalog;
mod authority;
mod caller;
mod confirmed;
mod definitions;
mod last_used;
mod refused;
mod resolved_service;
mod revocation;

pub use agent_catalog::{SearchLimits, SearchResults, UsableService};
pub use authority::{Authority, CONFIRM_EVERY, CONFIRMED_FOR};
pub use caller::AgentCaller;
pub use definitions::Definitions;
pub use last_used::LastUsed;
pub use refused::{CallRevoked, CallerRefused, DocumentsUnread, ServiceRefused};
pub use resolved_service::ResolvedService;
