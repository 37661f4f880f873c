//! The commands for agents: `gaiterguard call` and `gaiterguard mcp`. They are clients of a gateway over
//! HTTP and share no code with its engine.

pub mod call;
pub mod mcp;

mod agent_client;

pub use agent_client::{AgentClient, variables};
