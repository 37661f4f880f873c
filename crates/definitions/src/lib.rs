//! Changes that operators make to definitions: services, agents, rules, documents and the kill switch.
//!
//! Every change checks its fields, applies to the revision that was read, and is stored in one
//! transaction with its audit entry. The [`library`] reads the documents of services and keeps what they
//! say.
//!
//! This crate must never hold SQL, HTTP, or the decision about a request.

pub mod agent;
pub mod authorization;
pub mod authorization_fields;
pub mod credentials;
pub mod definition_store;
pub mod document;
pub mod kill_switch;
pub mod library;
pub mod passkey_holders;
pub mod rule;
pub mod service;
pub mod simulation;
pub mod warnings;

mod agent_name;
mod document_content;
mod document_fetcher;
mod document_page;
mod document_refused;
mod document_source;
mod service_body;
