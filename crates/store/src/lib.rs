//! Persistence: the only crate with queries. It stores sealed bytes without being able to read them, and
//! depends on `domain`, `database` and `rows` only.
//!
//! [`Store`] is one handle over SQLite and PostgreSQL. Almost every statement is one text that both
//! databases understand; where they differ, the two texts are next to each other.
//!
//! # Layers
//!
//! Each layer uses the ones above it in this list, never the ones below:
//!
//! 1. `writer`: write connections, transactions, and what follows a commit;
//! 2. `ledger`: the queue and the batches of the request path;
//! 3. `store`: opening a database;
//! 4. one module per noun with its queries, whose names begin with the noun.
//!
//! # Writing
//!
//! All changes are made on write connections, each of which has an audit hash chain of its own. A
//! change and its audit entries are committed together, or neither is. Changes on the request path go
//! through the [ledger writer](Store::record), which commits all waiting changes together; any other
//! change is a transaction of its own on one of the same connections. SQLite has one write
//! connection, PostgreSQL two in each process.
//!
//! A change of the definitions that decisions depend on (agents, their scopes, services,
//! credentials, documents, rules, the kill switch) increments the workspace's version in its own
//! transaction. The ledger writer rejects decisions that were made on another version. So once such
//! a change is acknowledged, nothing that it forbids can begin.
//!
//! # When the database is unavailable
//!
//! Every method returns [`StoreError::Unavailable`] within seconds, and works again as soon as the
//! database does. A COMMIT whose response was lost is never blindly repeated: the head of the chain
//! shows whether it happened.

mod ledger;
mod store;
mod writer;

mod action;
mod agent;
mod audit;
mod authorization;
mod certificate_authority;
mod claim;
mod credential;
mod data_key;
mod document;
mod inbox;
mod invitation;
mod master_key;
mod member;
mod model_use;
mod overview;
mod record;
mod replica;
mod request;
mod rule;
mod rule_hit;
mod service;
mod session;
mod sighting;
mod user;
mod vote;
mod workspace;

pub use action::{
    ActionFamiliarity, ActionFilter, ActionPast, ActionWithNames, ApprovedFilter, ApprovedSummary,
    DamagedAction, EarlierAttempt, OperationFamiliarity, RuledAction, RulingFilter, StoredAction,
    StoredHead,
};
pub use agent::{AgentFields, AgentSaved, KeyHash, NewAgent};
pub use audit::{ActorFilter, AuditBroken, AuditFilter, Resume};
pub use authorization::StoredAuthorization;
pub use certificate_authority::StoredCertificateAuthority;
pub use data_key::DataKeyRow;
pub use document::{DocumentReading, DocumentVersion, FIRST_DOCUMENT_VERSION, NewDocument};
pub use gaiterguard_database::connection::Durability;
pub use gaiterguard_database::cursor::Page;
pub use gaiterguard_database::error::{Abandoned, InvalidCursor, StoreError};
pub use gaiterguard_rows::outcome::RequestOutcome;
pub use gaiterguard_rows::stored::{DamagedRow, Stored};
pub use inbox::{EmptyDocument, Inbox, RefusedCredential};
pub use invitation::{InvitationAccepted, InvitationCreated, Invitee, NewInvitation};
pub use ledger::pending_outcome::PendingOutcome;
pub use master_key::{MasterLink, MasterRow};
pub use member::MemberChanged;
pub use model_use::ModelUse;
pub use overview::{
    Overview, OverviewAgent, OverviewCount, OverviewHeld, OverviewOperation, OverviewService,
};
pub use rule::{RuleFields, RuleSaved};
pub use rule_hit::RuleHits;
pub use service::{ServiceFields, ServiceSaved};
pub use session::{NewSession, Refreshed};
pub use sighting::{SightingRow, SightingRowKind, ValueHash};
pub use store::{Purpose, Store, StoreOptions};
pub use user::{UserCreated, UserLogin};
pub use workspace::Definitions;
pub use writer::feed::Notice;
