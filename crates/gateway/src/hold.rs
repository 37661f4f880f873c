//! A call that remains open while its request waits for a human.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_authority::AgentCaller;
use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::request::WAIT_MAX;
use tokio::time::Instant;

use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::response::{Held, Outcome};

/// How long a call waits before it asks the ledger again whether an approval is released: a small part of
/// the seconds for which approvals are kept back.
const RELEASE_RETRY: Duration = Duration::from_millis(100);

impl Gateway {
    /// Waits for a human's ruling and does what follows: an approved request is executed, and its
    /// response is returned as if the request had been forwarded. At the deadline the agent gets the
    /// hold. If the agent disconnects, the action remains as it is.
    pub(crate) async fn wait_held(
        self: &Arc<Self>,
        caller: &AgentCaller,
        held: Held,
        patience: Duration,
        has_key: bool,
    ) -> Result<Outcome, Refusal> {
        let deadline = Instant::now() + patience.min(WAIT_MAX);
        let (id, actions) = (held.action, &self.agent_actions);
        loop {
            match actions.until_decided(caller, &held, deadline).await? {
                ActionStatus::Pending => return Ok(Outcome::Held(held)),
                ActionStatus::Approved => {}
                _ => return Box::pin(actions.outcome_of_action(caller, id)).await,
            }
            // The agent's definitions may have changed since the call began.
            let renewed = self.authority.renewed(caller)?;
            // Boxed, so that the waiting future stays small.
            match Box::pin(self.execute(renewed, id)).await {
                Ok(mut response) => {
                    response.has_key = has_key;
                    return Ok(Outcome::Responded(response));
                }
                // The ledger's clock is behind this process's clock, and it decides about the release.
                Err(Refusal::ActionNotApproved {
                    status: ActionStatus::Pending,
                }) if Instant::now() < deadline => tokio::time::sleep(RELEASE_RETRY).await,
                // Another call of the agent was faster. Its outcome is also the outcome of this call.
                Err(Refusal::ActionNotApproved { .. }) if Instant::now() < deadline => {}
                Err(Refusal::ActionNotApproved { .. }) => {
                    return Box::pin(actions.outcome_of_action(caller, id)).await;
                }
                Err(refusal) => return Err(refusal),
            }
        }
    }
}
