//! Agents, the hashes of their keys, and the services they may use.

pub(crate) mod read;

mod change;
mod grant;

pub use self::change::{AgentFields, AgentSaved, NewAgent};
pub use self::read::KeyHash;
