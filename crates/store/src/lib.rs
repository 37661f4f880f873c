//! What is remembered: the only room with SQL. It sees sealed bytes and never what is in them, and
//! it imports the domain alone.
//!
//! [`Store`] is one handle over SQLite and PostgreSQL. Almost every statement is one text that both
//! understand; where they truly differ, both texts stand side by side. Each noun has a file, and
//! its methods begin with the noun.
//!
//! # Writing
//!
//! Everything that changes goes through a *lane*: a connection with a hash chain of its own. A change
//! and its audit entries are committed together or not at all. The request path's changes go
//! through the [ledger writer](Store::record), which commits whatever is waiting at once; all
//! other changes take a transaction of their own on the same lanes. SQLite has one lane, PostgreSQL
//! two in each process.
//!
//! A change of what decisions rest on (agents, their scopes, services, credentials, documents,
//! rules, the kill switch) moves the workspace's version on in its own transaction. The ledger
//! writer records no decision that was made on another version, so once such a change is
//! acknowledged, nothing is begun that it forbids.
//!
//! # When the database is gone
//!
//! Everything answers [`StoreError::Unavailable`] within seconds and works again as soon as the
//! database does. A COMMIT whose answer was lost is never repeated blindly: the chain's head tells
//! whether it happened.

mod connection;
mod error;
mod found;
mod rows;

mod change;
mod checkpoint;
mod feed;
mod lane;
mod ledger;
mod store;

mod cursor;

mod action;
mod agent;
mod audit;
mod claim;
mod document;
mod kept;
mod master_link;
mod model_use;
mod overview;
mod replica;
mod request;
mod rule;
mod rule_hit;
mod service;
mod session;
mod sighting;
mod user;
mod vault_key;
mod workspace;

pub use action::{
    ActionFilter, ActionFound, ActionWithNames, DamagedAction, RuledAction, RulingFilter,
    StoredHead,
};
pub use agent::{AgentFields, AgentSaved, KeyHash, NewAgent};
pub use audit::{AuditBroken, Resume};
pub use cursor::Page;
pub use document::{DocumentReading, DocumentVersion, FIRST_DOCUMENT_VERSION, NewDocument};
pub use error::{Abandoned, CursorRefused, StoreError};
pub use feed::Notice;
pub use found::{DamagedRow, Found};
pub use ledger::Ending;
pub use model_use::ModelUse;
pub use overview::{
    Overview, OverviewAgent, OverviewCount, OverviewHeld, OverviewOperation, OverviewOutcome,
    OverviewService,
};
pub use rule::{RuleFields, RuleSaved};
pub use rule_hit::RuleHits;
pub use service::{ServiceFields, ServiceSaved};
pub use session::Refreshed;
pub use sighting::{SightingRow, SightingRowKind, ValueHash};
pub use store::{Purpose, Store, StoreOptions};
pub use user::{UserCreated, UserLogin};
pub use vault_key::{DataKeyRow, MasterLink, MasterRow};
pub use workspace::Definitions;
