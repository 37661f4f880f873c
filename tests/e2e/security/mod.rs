//! What nobody gets past.

mod agent_keys;
mod canaries;
mod masking;
mod origins;
mod revocation;
mod targets;
mod workspaces;
