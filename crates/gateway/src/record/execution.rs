//! Recording the execution of an approved action.

use gaiterguard_domain::action::{Action, ActionEvent, ActionStatus};
use gaiterguard_domain::audit::Actor;
use gaiterguard_domain::digested_request::DigestedRequest;
use gaiterguard_domain::ledger::{ActionChange, Changed, StoredResponse};
use gaiterguard_domain::transition::transition;
use gaiterguard_domain::workspace::AuthorityVersion;

use crate::record::completion::Unrecorded;
use crate::record::permit::Permit;
use crate::record::recorder::Recorder;
use crate::refusal::Refusal;

/// The result of beginning an execution.
pub(crate) enum Begun {
    /// The action is durably `EXECUTING`, and its request may be sent.
    Done(Permit, Box<Action>),
    /// The action changed since it was read. Nothing was recorded.
    ActionChanged,
    /// The definitions changed since they were read. Nothing was recorded.
    AuthorityChanged,
}

impl Recorder {
    /// Makes an approved action durably `EXECUTING`, if the definitions still have this version.
    /// `request` is the one that the action holds.
    ///
    /// # Errors
    ///
    /// If the action is not approved or not released to the agent, or the database fails.
    pub(crate) async fn begin_execution(
        &self,
        mut action: Action,
        request: &DigestedRequest,
        authority: AuthorityVersion,
    ) -> Result<Begun, Refusal> {
        let now = self.clock.now();
        let event = ActionEvent::Begin { at: now };
        let actor = Actor::Agent(action.agent);
        let change = transition(&action, event, actor, now)?;
        let state = change.state.clone();
        let change = ActionChange {
            authority: Some((action.workspace, authority)),
            ..change
        };
        Ok(match self.store.action_change(change).await? {
            Changed::Done => {
                action.revision += 1;
                action.state = state;
                let permit = Permit::of_execution(action.id, request.digest());
                Begun::Done(permit, Box::new(action))
            }
            // An agent executes, so no membership is involved, and no vote.
            Changed::RevisionMoved
            | Changed::Recalled
            | Changed::MembershipChanged
            | Changed::Voted(_)
            | Changed::PressRefused
            | Changed::VoteRefused(_) => Begun::ActionChanged,
            Changed::AuthorityChanged => Begun::AuthorityChanged,
            Changed::NotReleased => {
                let status = ActionStatus::Pending;
                return Err(Refusal::ActionNotApproved { status });
            }
        })
    }

    /// Records how an execution ended. While the action is `EXECUTING` it belongs to this process; if
    /// another process has changed it, that process assumed that this one had died, and its change
    /// remains. If the database is unavailable, the end is written when it is back.
    pub(crate) async fn end_execution(
        &self,
        action: Action,
        event: ActionEvent,
        response: Option<StoredResponse>,
    ) -> Result<(), Unrecorded> {
        let actor = Actor::Agent(action.agent);
        let change = transition(&action, event, actor, self.clock.now()).map_err(|refused| {
            tracing::error!(action_id = %action.id, %refused, "this execution cannot end in this state");
            Unrecorded
        })?;
        let ended = self
            .store
            .action_end(ActionChange {
                answer: response,
                ..change
            })
            .await;
        match ended {
            Ok(Changed::Done | Changed::Recalled) => Ok(()),
            Ok(_) => {
                tracing::warn!(action_id = %action.id, "the execution was abandoned before it ended");
                Err(Unrecorded)
            }
            Err(error) => {
                tracing::warn!(
                    action_id = %action.id, %error,
                    "the end of an execution will be written when the database is available"
                );
                Err(Unrecorded)
            }
        }
    }

    /// Records that the task of an execution failed: how far it came is unknown.
    pub(crate) fn abandon_execution(&self, action: &Action) {
        tracing::error!(action_id = %action.id, "an execution failed");
        let now = self.clock.now();
        let event = ActionEvent::Break {
            at: now,
            detail: "the gateway failed after the request may have been sent".to_owned(),
        };
        if let Ok(change) = transition(action, event, Actor::Gateway, now) {
            self.store.action_end_in_background(change);
        }
    }
}
