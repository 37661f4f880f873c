//! What an agent is told of its action, at once or as soon as it changes.

use std::time::Duration;

use gaiterguard_authority::AgentCaller;
use gaiterguard_domain::action::{Action, ActionStatus};
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::response::KeptResponse;
use tokio::time::Instant;

use crate::Gateway;
use crate::action;
use crate::refusal::Refusal;

/// The longest that a question for an action's status may wait.
pub const STATUS_WAIT_MAX: Duration = Duration::from_mins(1);

/// An action as its agent sees it.
#[derive(Clone, Debug)]
pub struct ActionReport {
    /// The action as it stands now.
    pub action: Action,
    /// The upstream's answer, where there is one and it is kept.
    pub answer: Option<KeptResponse>,
}

impl Gateway {
    /// Tells where an action stands. With `wait`, one that waits for a human or is being executed is
    /// told of as soon as that changes, or when the time is up.
    pub async fn status(
        &self,
        caller: &AgentCaller,
        id: ActionId,
        wait: Duration,
    ) -> Result<ActionReport, Refusal> {
        let deadline = Instant::now() + wait.min(STATUS_WAIT_MAX);
        // What has been decided before the question came has changed since the agent last looked.
        let is_told = |first, now| first != now || !is_waiting(now);
        let awaiting = self.action_until(caller, id, deadline, is_told);
        let cut = caller.key_token();
        let action = tokio::select! {
            biased;
            () = cut.cancelled() => return Err(self.authority.key_revoked(caller).into()),
            action = awaiting => action?,
        };
        let answer = self.action_kept_answer(&action).await?;
        Ok(ActionReport { action, answer })
    }

    /// An agent's action as soon as its status is the one that is awaited, given the first one that
    /// was seen; or as it stands at the deadline, or when the gateway stops.
    pub(crate) async fn action_until(
        &self,
        caller: &AgentCaller,
        id: ActionId,
        deadline: Instant,
        is_awaited: impl Fn(ActionStatus, ActionStatus) -> bool + Send,
    ) -> Result<Action, Refusal> {
        // Whoever listens before looking misses nothing.
        let mut changes = self.watch.listen(id);
        let first = action::seen(self.action_of(caller, id).await?, self.clock.now());
        let mut latest = first.clone();
        while !is_awaited(first.state.status(), latest.state.status()) && Instant::now() < deadline
        {
            let expiry = latest
                .state
                .expires_at()
                .map(|at| self.clock.now().until(at));
            let until_expiry = expiry.map_or(deadline, |left| Instant::now() + left);
            tokio::select! {
                () = changes.changed() => {}
                () = tokio::time::sleep_until(deadline.min(until_expiry)) => {}
                () = self.stopping.cancelled() => break,
            }
            latest = action::seen(self.action_of(caller, id).await?, self.clock.now());
        }
        Ok(latest)
    }
}

/// Whether there is something to wait for.
pub(crate) fn is_waiting(status: ActionStatus) -> bool {
    matches!(status, ActionStatus::Pending | ActionStatus::Executing)
}
