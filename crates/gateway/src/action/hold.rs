//! A call that stays open while its request waits for a human.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_authority::AgentCaller;
use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::request::WAIT_MAX;
use tokio::time::Instant;

use crate::Gateway;
use crate::action::status::is_waiting;
use crate::answer::{Held, Outcome};
use crate::refusal::Refusal;

impl Gateway {
    /// Waits for a human's decision and does what follows from it: an approved request is executed
    /// and answered as if it had been forwarded. When the time is up the agent is told of the hold,
    /// and loses nothing. An agent that goes away meanwhile leaves the action as it is.
    pub(crate) async fn wait_held(
        self: &Arc<Self>,
        caller: &AgentCaller,
        held: Held,
        patience: Duration,
        has_key: bool,
    ) -> Result<Outcome, Refusal> {
        let deadline = Instant::now() + patience.min(WAIT_MAX);
        let id = held.action;
        let (service, web_socket) = (held.service, held.web_socket);
        let cut = caller.call_token(service, web_socket);
        loop {
            let awaiting = self.action_until(caller, id, deadline, |_, now| !is_waiting(now));
            let seen = tokio::select! {
                biased;
                () = cut.cancelled() => {
                    return Err(match self.authority.call_revoked(caller, service, web_socket).into() {
                        Refusal::CallCut => Refusal::ActionStale,
                        refusal => refusal,
                    });
                }
                seen = awaiting => seen?,
            };
            match seen.state.status() {
                ActionStatus::Pending => return Ok(Outcome::Held(held)),
                ActionStatus::Approved => {}
                _ => return Box::pin(self.meet_action(caller, id)).await,
            }
            // Who it is may have changed since the call began.
            let again = self.authority.renewed(caller)?;
            // What comes after the wait is large, and not there while it lasts.
            match Box::pin(self.execute(again, id)).await {
                Ok(mut answer) => {
                    answer.has_key = has_key;
                    return Ok(Outcome::Responded(answer));
                }
                // Another call of the agent was faster: what came of it is this call's answer too.
                Err(Refusal::ActionNotApproved { .. }) if Instant::now() < deadline => {}
                Err(Refusal::ActionNotApproved { .. }) => {
                    return Box::pin(self.meet_action(caller, id)).await;
                }
                Err(refusal) => return Err(refusal),
            }
        }
    }
}
