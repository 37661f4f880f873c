//! Applies events of the domain's state machine to actions: the one place where an event becomes a
//! change with its audit entry.

use crate::action::{Action, ActionEvent, TransitionRefused};
use crate::approvals::{Approvable, Ballot};
use crate::audit::{Actor, NewAuditEntry};
use crate::effect::Effect;
use crate::event::Subject;
use crate::ledger::ActionChange;
use crate::time::Timestamp;

/// Returns the change that an event makes to an action, with its audit entry.
///
/// # Errors
///
/// If the event is not possible in the action's state.
pub fn transition(
    action: &Action,
    event: ActionEvent,
    actor: Actor,
    now: Timestamp,
) -> Result<ActionChange, TransitionRefused> {
    let name = event.audited_as();
    let (note, undo) = match &event {
        ActionEvent::Approve { decision, undo, .. } => (decision.note.clone(), undo.as_secs()),
        ActionEvent::Deny(decision)
        | ActionEvent::Revoke(decision)
        | ActionEvent::Resolve { decision, .. } => (decision.note.clone(), 0),
        _ => (None, 0),
    };
    let state = action.state.clone().at(now).apply(event)?;
    let mut detail = serde_json::json!({
        "status": state.status(),
        "digest": action.digest.to_string(),
        "note": note,
    });
    if undo > 0 {
        detail["undo_seconds"] = undo.into();
    }
    Ok(ActionChange {
        action: action.id,
        revision: action.revision,
        state,
        authority: None,
        member: None,
        press: None,
        answer: None,
        ballot: None,
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

/// Returns the vote that an approval of an action is; `None` if the action does not require particular approvals.
/// `effect` is the most severe effect of the request, if known.
pub fn ballot(action: &Action, effect: Option<Effect>, break_glass: bool) -> Option<Ballot> {
    let requirement = action.evaluation.approvals.clone()?;
    Some(Ballot {
        requirement,
        request: Approvable {
            service: action.service,
            effect,
        },
        digest: action.digest,
        break_glass,
        presented: None,
    })
}
