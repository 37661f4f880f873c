//! The gateway as its users meet it: one module for each thing that they rely on.

#![expect(clippy::unwrap_used, reason = "a test that panics says where")]

mod api_conformance;
mod audit_log;
mod by_hand;
mod call;
mod canaries;
mod commands;
mod conditions;
mod control;
mod crash;
mod cuts;
mod documents;
mod door;
mod doors;
mod first_run;
mod haystack;
mod history;
mod hostile;
mod idempotency;
mod jupyter;
mod kill_loop;
mod llm;
mod local_model;
mod masking;
mod matrix;
mod mcp;
mod order;
mod passing;
mod replicas;
mod risk_eval;
mod rotation;
mod rules;
mod scene;
mod sdk;
mod sessions;
mod settings;
mod skill;
mod targets;
mod terminal;
mod test_call;
mod traffic;
mod uploads;
mod web_socket;
mod workspaces;
mod wrapping;
