//! The store's contract, run on both databases.

#![expect(clippy::unwrap_used, reason = "a failed expectation ends the test")]

mod action;
mod agent;
mod audit;
mod audit_parts;
mod audit_rows;
mod byte_budget;
mod channel;
mod chat;
mod claim;
mod database;
mod document;
mod ledger;
mod list;
mod member;
mod model_use;
mod outage;
mod replica;
mod rule;
mod rule_hit;
mod ruling;
mod second_factor;
mod service;
mod session;
mod sighting;
mod sign_in;
mod steps;
mod support;
mod user;
mod vault_key;
mod workspace;
