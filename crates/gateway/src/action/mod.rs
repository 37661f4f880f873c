//! Looking at actions and changing their state: the one place where an event of the domain's
//! state machine becomes a durable change with its audit entry.

pub mod approval;
mod damaged;
mod execute;
pub mod held;
mod hold;
pub mod status;
pub mod watch;

use gaiterguard_authority::AgentCaller;
use gaiterguard_domain::action::{Action, ActionEvent, ActionState, TransitionRefused};
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{ActionId, WorkspaceId};
use gaiterguard_domain::ledger::{ActionChange, Changed};
use gaiterguard_domain::workspace::AuthorityVersion;
use gaiterguard_store::StoredAction;

use crate::Gateway;
use crate::refusal::Refusal;

impl Gateway {
    /// An action of this agent.
    pub(crate) async fn action_of(
        &self,
        caller: &AgentCaller,
        id: ActionId,
    ) -> Result<Action, Refusal> {
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

    /// Applies an event to the state that was seen and writes the result, if the action is still
    /// as it was seen. Gives back the action as it is then.
    pub(crate) async fn change_action(
        &self,
        mut action: Action,
        event: ActionEvent,
        actor: Actor,
        authority: Option<(WorkspaceId, AuthorityVersion)>,
    ) -> Result<(Changed, Action), Refusal> {
        let change =
            self.changed(&action, event, actor)
                .map_err(|refused| Refusal::ActionNotApproved {
                    status: refused.status,
                })?;
        let state = change.state.clone();
        let change = ActionChange {
            authority,
            ..change
        };
        let changed = self.store.action_change(change).await?;
        if changed == Changed::Done {
            action.revision += 1;
            action.state = state;
        }
        Ok((changed, action))
    }

    /// What an event makes of the state that was seen, with its audit entry.
    pub(crate) fn changed(
        &self,
        action: &Action,
        event: ActionEvent,
        actor: Actor,
    ) -> Result<ActionChange, TransitionRefused> {
        let now = self.clock.now();
        let name = audit_event(&event);
        let note = match &event {
            ActionEvent::Approve { decision: word, .. }
            | ActionEvent::Deny(word)
            | ActionEvent::Revoke(word)
            | ActionEvent::Resolve { decision: word, .. } => word.note.clone(),
            _ => None,
        };
        let state = action.state.clone().at(now).apply(event)?;
        let detail = serde_json::json!({
            "status": state.status(),
            "digest": action.digest.to_string(),
            "note": note,
        });
        Ok(ActionChange {
            action: action.id,
            revision: action.revision,
            state,
            authority: None,
            answer: None,
            audit: NewAuditEntry {
                workspace: Some(action.workspace),
                at: now,
                actor,
                event: name,
                subject: Subject::Action(action.id),
                detail,
            },
        })
    }
}

/// Returns the audit log's event.
pub(crate) fn audit_event(event: &ActionEvent) -> Event {
    match event {
        ActionEvent::Approve { .. } => Event::ActionApproved,
        ActionEvent::Deny(_) => Event::ActionDenied,
        ActionEvent::Revoke(_) => Event::ActionRevoked,
        ActionEvent::Begin { .. } => Event::ActionExecuting,
        ActionEvent::NothingSent => Event::ActionReturned,
        ActionEvent::Respond { .. } => Event::ActionExecuted,
        ActionEvent::Break { .. } => Event::ActionIndeterminate,
        ActionEvent::Resolve { .. } => Event::ActionResolved,
    }
}

/// The state of an action as everyone sees it at `now`.
pub(crate) fn seen(mut action: Action, now: gaiterguard_domain::time::Timestamp) -> Action {
    let state = std::mem::replace(&mut action.state, ActionState::Expired { at: now });
    action.state = state.at(now);
    action
}
