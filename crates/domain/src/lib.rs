//! What is true: the nouns of the gateway, their states and the rules that hold whatever stores or
//! serves them.
//!
//! Nothing here waits, reads a clock, touches a file, a socket or a database, or knows of an HTTP
//! framework. Time, randomness and settings come in as arguments. Every other room imports this
//! one; it imports none of them.

pub mod id;
pub mod time;

pub mod agent;
pub mod agent_key;
pub mod document;
pub mod rule;
pub mod service;
pub mod user;
pub mod workspace;

pub mod answer;
pub mod cookie;
pub mod field;
pub mod header;
mod message;
pub mod path;
pub mod redact;
pub mod request;
mod spelled_key;
pub mod target;
mod unescape;

pub mod verdict;

pub mod approval;
pub mod audit;
pub mod evidence;
pub mod ledger;
