//! Limits that no agent, upstream or stranger can bypass.

mod agent_keys;
mod canaries;
mod masking;
mod origins;
mod pages;
mod revocation;
mod targets;
mod workspaces;
