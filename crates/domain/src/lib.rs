//! The gateway's nouns, their states, and the rules that do not depend on storage or transport.
//!
//! Nothing in this crate waits, reads a clock, or touches a file, a socket, a database or an HTTP
//! framework. Time, randomness and settings are arguments. Every other crate may import this one; it
//! imports none of them.

pub mod id;
pub mod time;

pub mod agent;
pub mod agent_key;
pub mod document;
pub mod member;
pub mod rule;
pub mod served_url;
pub mod service;
pub mod user;
pub mod workspace;

pub mod aws_signature;
pub mod body;
pub mod cookie;
pub mod currency;
pub mod digested_request;
pub mod field;
pub mod header;
pub mod host;
pub mod invisible;
pub mod media_type;
mod message;
pub mod path;
pub mod pkce;
pub mod placeholder;
pub mod redact;
pub mod request;
pub mod response;
pub mod secret_name;
pub mod secret_shape;
pub mod target;
mod target_refused;
pub mod text;
#[cfg(feature = "schema")]
mod text_schema;

pub mod approvals;
pub mod effect;
pub mod step_up;
pub mod verdict;

pub mod action;
pub mod audit;
pub mod checkpoint;
pub mod earlier_ruling;
pub mod event;
pub mod evidence;
pub mod familiarity;
pub mod ledger;
pub mod proof;
pub mod repeats;
pub mod transition;
