//! The agent's side of held requests: their status, now or as soon as it changes.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_authority::{AgentCaller, Authority, CallRevoked};
use gaiterguard_domain::action::{Action, ActionStatus};
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_store::{Store, StoredAction};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::action::kept::KeptResponses;
use crate::action::watch::ActionWatch;
use crate::refusal::Refusal;
use crate::response::Held;

/// The longest time that a status request may wait. Many proxies give up after a minute of silence.
pub const STATUS_WAIT_MAX: Duration = Duration::from_mins(1);

/// An action as its agent sees it.
#[derive(Clone, Debug)]
pub struct ActionReport {
    /// The action with its current state.
    pub action: Action,
    /// The upstream's response, if it is stored.
    pub response: Option<KeptResponse>,
}

/// Held requests as their agents see them.
pub(crate) struct AgentActions {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) kept: KeptResponses,
    authority: Arc<Authority>,
    watch: ActionWatch,
    stopping: CancellationToken,
}

impl AgentActions {
    pub(crate) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        kept: KeptResponses,
        authority: Arc<Authority>,
        watch: ActionWatch,
        stopping: CancellationToken,
    ) -> Self {
        Self {
            store,
            clock,
            kept,
            authority,
            watch,
            stopping,
        }
    }

    /// Returns an action of this agent.
    ///
    /// # Errors
    ///
    /// If the agent does not have the action, it cannot be read, or the database fails.
    pub(crate) async fn find(&self, caller: &AgentCaller, id: ActionId) -> Result<Action, Refusal> {
        match self.store.action_find(id).await? {
            Some(StoredAction::Intact(found)) if found.action.agent == caller.agent.id => {
                Ok(found.action)
            }
            Some(StoredAction::Damaged(damaged)) if damaged.agent == caller.agent.id => {
                Err(Refusal::ActionUnreadable)
            }
            Some(_) | None => Err(Refusal::ActionNotFound),
        }
    }

    /// Returns the status of an action. With `wait`, a pending or executing action is returned as soon
    /// as its status changes, or when the time is over.
    pub(crate) async fn status(
        &self,
        caller: &AgentCaller,
        id: ActionId,
        wait: Duration,
    ) -> Result<ActionReport, Refusal> {
        let deadline = Instant::now() + wait.min(STATUS_WAIT_MAX);
        // A decision before the first look has changed the status since the agent's last one.
        let is_news = |first, now| first != now || !is_waiting(now);
        let changing = self.until(caller, id, deadline, is_news);
        let revoked = caller.key_token();
        let action = tokio::select! {
            biased;
            () = revoked.cancelled() => return Err(self.authority.key_revoked(caller).into()),
            action = changing => action?,
        };
        let response = self.kept.of_action(&action).await?.readable();
        Ok(ActionReport { action, response })
    }

    /// Waits until a held request is decided, or until the deadline. Returns its status then.
    ///
    /// # Errors
    ///
    /// If the agent loses the right to the call.
    pub(crate) async fn until_decided(
        &self,
        caller: &AgentCaller,
        held: &Held,
        deadline: Instant,
    ) -> Result<ActionStatus, Refusal> {
        let (service, web_socket) = (held.service, held.web_socket);
        let revoked = caller.call_token(service, web_socket);
        let deciding = self.until(caller, held.action, deadline, |_, now| !is_waiting(now));
        tokio::select! {
            biased;
            () = revoked.cancelled() => {
                Err(match self.authority.call_revoked(caller, service, web_socket) {
                    // Nothing was sent, and an approval would be stale.
                    CallRevoked::ServiceChanged => Refusal::ActionStale,
                    revoked => revoked.into(),
                })
            }
            action = deciding => Ok(action?.state.status()),
        }
    }

    /// Returns an action as soon as its status is the one that is awaited, which may depend on the first
    /// status; or as it is at the deadline, or when the gateway stops.
    async fn until(
        &self,
        caller: &AgentCaller,
        id: ActionId,
        deadline: Instant,
        is_awaited: impl Fn(ActionStatus, ActionStatus) -> bool + Send,
    ) -> Result<Action, Refusal> {
        // Listening starts before the first read, so that no change is missed.
        let mut changes = self.watch.listen(id);
        let (first, mut changes_at) = self.seen(caller, id).await?;
        let mut latest = first.clone();
        while !is_awaited(first.state.status(), latest.state.status()) && Instant::now() < deadline
        {
            let left = changes_at.map(|at| self.clock.now().until(at));
            let until_change = left.map_or(deadline, |left| Instant::now() + left);
            tokio::select! {
                () = changes.changed() => {}
                () = tokio::time::sleep_until(deadline.min(until_change)) => {}
                () = self.stopping.cancelled() => break,
            }
            (latest, changes_at) = self.seen(caller, id).await?;
        }
        Ok(latest)
    }

    /// Returns an action as its agent sees it, and when that changes by itself.
    async fn seen(
        &self,
        caller: &AgentCaller,
        id: ActionId,
    ) -> Result<(Action, Option<Timestamp>), Refusal> {
        let action = self.find(caller, id).await?;
        let now = self.clock.now();
        let changes_at = action.state.changes_at(now);
        Ok((action.seen_by_agent(now), changes_at))
    }
}

/// Whether the status will change without the agent.
fn is_waiting(status: ActionStatus) -> bool {
    matches!(status, ActionStatus::Pending | ActionStatus::Executing)
}
