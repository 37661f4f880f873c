//! Action ids in the requests of agents.

use gaiterguard_domain::id::ActionId;
use gaiterguard_gateway::refusal::Refusal;
use gaiterguard_web::problem::Problem;

/// Parses an action id. A text that is not a UUID cannot name an action, so the error is the same as for
/// an unknown action.
pub(super) fn action_id(text: &str) -> Result<ActionId, Problem> {
    text.parse()
        .map_err(|_| Problem::from(Refusal::ActionNotFound))
}
