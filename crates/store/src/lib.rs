//! Persistence: the queries of every noun. It stores sealed bytes without being able to read them.
//!
//! [`Store`] is one handle over SQLite and PostgreSQL. Almost every statement is one text that both
//! databases understand; where they differ, the two texts are next to each other.
//!
//! [`Store`] opens a database; each other module has the queries of one noun, whose names begin with the noun. All
//! changes are made through the crate `ledger`, in transactions that commit a change together with its audit entries.
//!
//! # Writing
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

mod store;

mod action;
mod agent;
mod audit;
mod authorization;
mod card;
mod certificate_authority;
mod channel;
mod chat;
mod chat_account;
mod claim;
mod credential;
mod data_key;
mod delivery;
mod document;
mod dropped_delivery;
mod federated;
mod inbox;
mod invitation;
mod llm_outage;
mod master_key;
mod member;
mod model_use;
mod notification;
mod overview;
mod passkey;
mod push_device;
mod record;
mod replica;
mod request;
mod rule;
mod rule_hit;
mod second_factor;
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
pub use audit::{
    ActorFilter, AuditBroken, AuditFilter, ChainPath, CoveringEntry, NoProof, RequestEvidence,
    Resume, StoredAuditKey, Unsigned,
};
pub use authorization::StoredAuthorization;
pub use card::{CardButton, CardDecision, CardPrompt};
pub use certificate_authority::StoredCertificateAuthority;
pub use chat_account::{ChatAccount, ChatAccountLinked, NewChatAccount};
pub use data_key::DataKeyRow;
pub use document::{DocumentReading, DocumentVersion, FIRST_DOCUMENT_VERSION, NewDocument};
pub use federated::{FederatedId, FederatedUser, NO_PASSWORD};
pub use gaiterguard_database::connection::Durability;
pub use gaiterguard_database::cursor::Page;
pub use gaiterguard_database::error::{Abandoned, InvalidCursor, StoreError};
pub use gaiterguard_domain::proof::Proof;
pub use gaiterguard_ledger::pending_outcome::PendingOutcome;
pub use gaiterguard_ledger::writer::feed::Notice;
pub use gaiterguard_rows::channel_row::{ChannelFields, ChannelSecrets, StoredChannel};
pub use gaiterguard_rows::delivery_row::{Attempt, Delivery, DeliveryState, NewDelivery};
pub use gaiterguard_rows::outcome::RequestOutcome;
pub use gaiterguard_rows::proven_request::ProvenRequest;
pub use gaiterguard_rows::stored::{DamagedRow, Stored};
pub use inbox::{EmptyDocument, Inbox, RefusedCredential};
pub use invitation::{InvitationAccepted, InvitationCreated, Invitee, NewInvitation};
pub use master_key::{MasterLink, MasterRow};
pub use member::MemberChanged;
pub use model_use::ModelUse;
pub use notification::{NotificationPosition, SELECT_EXPIRING};
pub use overview::{
    Overview, OverviewAgent, OverviewCount, OverviewHeld, OverviewOperation, OverviewService,
};
pub use passkey::{NewPasskey, PasskeySaved, StoredPasskey};
pub use push_device::NewPushDevice;
pub use rule::{RuleFields, RuleSaved};
pub use rule_hit::RuleHits;
pub use second_factor::{ConfirmedTotp, StoredTotp};
pub use service::{ServiceFields, ServiceSaved};
pub use session::{NewSession, Refreshed};
pub use sighting::{SightingRow, SightingRowKind, ValueHash};
pub use store::{Purpose, Store, StoreOptions};
pub use user::{UserCreated, UserLogin};
pub use workspace::Definitions;
