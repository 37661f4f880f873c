//! The gateway as its users meet it: one module for each thing that they rely on.

#![expect(clippy::unwrap_used, reason = "a test that panics says where")]

mod api_conformance;
mod audit_log;
mod by_hand;
mod call;
mod canaries;
mod commands;
mod control;
mod crash;
mod documents;
mod door;
mod doors;
mod first_run;
mod haystack;
mod hostile;
mod idempotency;
mod jupyter;
mod kill_loop;
mod llm;
mod masking;
mod matrix;
mod mcp;
mod passing;
mod replicas;
mod rotation;
mod rules;
mod scene;
mod sdk;
mod skill;
mod targets;
mod terminal;
mod traffic;
mod web_socket;
mod workspaces;
