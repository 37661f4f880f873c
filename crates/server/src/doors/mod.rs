//! The agent's side: doors that turn what comes in into the engine's request, and the engine's
//! outcome into an answer. No door decides anything.

mod agent;
mod envelope;
mod execute;
mod outcome;
mod proxy;
mod refusal;
mod status;

pub(crate) use execute::execute;
pub(crate) use proxy::{dry_run, proxy};
pub(crate) use status::status;

use gaiterguard_domain::id::ActionId;

use crate::problem::Problem;

/// An action id in a path. What is no UUID is nobody's action.
fn action_id(text: &str) -> Result<ActionId, Problem> {
    text.parse()
        .map_err(|_| Problem::from(gaiterguard_gateway::refusal::Refusal::ActionNotFound))
}
