//! Actions whose row cannot be read. They are shown as damaged, and a human can end them.

use std::time::Duration;

use gaiterguard_domain::action::{
    Action, ActionState, Execution, HumanDecision, Resolution, Revocation,
};
use gaiterguard_domain::agent::Binding;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::Subject;
use gaiterguard_domain::id::{RequestEntryId, UserId};
use gaiterguard_domain::ledger::ActionChange;
use gaiterguard_domain::request::{Digest, Intent};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::{Decision, Evaluation, Verdict};
use gaiterguard_store::DamagedAction;

use crate::action::ruling::{ActionView, Ruling, RulingRefused};

/// The explanation of the risk if the reasons for the hold are lost.
const EXPLANATION: &str = "The stored action is damaged and cannot be read. It can only be denied.";

/// The detail of the state if it is lost whether the request was sent.
const STATE_LOST: &str =
    "the stored state of this action is damaged, so the request may have been sent";

/// Returns the change with which a human ends a damaged action.
///
/// # Errors
///
/// If the ruling is not possible: a damaged action cannot be approved.
pub(super) fn change(
    damaged: DamagedAction,
    ruling: &Ruling,
    decision: HumanDecision,
) -> Result<ActionChange, RulingRefused> {
    if matches!(ruling, Ruling::Approve { .. }) {
        return Err(RulingRefused::Unreadable);
    }
    let (now, by, note) = (decision.at, decision.by, decision.note.clone());
    // Only an approval has a lifetime.
    let event = ruling.event(decision.clone(), Duration::ZERO);
    let name = event.audited_as();
    let state = match (damaged.state, ruling) {
        (Some(state), _) => state.at(now).apply(event)?,
        // Each of these ends the action without anything being sent.
        (None, Ruling::Deny) => ActionState::Denied(decision),
        (None, Ruling::Revoke) => ActionState::Revoked(Revocation::Withdrawn(decision)),
        (None, Ruling::Resolve(Resolution::NotExecuted)) => {
            ActionState::Revoked(Revocation::Resolved(decision))
        }
        (None, Ruling::Approve { .. } | Ruling::Resolve(Resolution::Executed)) => {
            return Err(RulingRefused::Unreadable);
        }
    };
    let detail = serde_json::json!({
        "status": state.status(),
        "digest": damaged.digest.map(|digest| digest.to_string()),
        "note": note,
        "unreadable": true,
    });
    Ok(ActionChange {
        action: damaged.id,
        revision: damaged.revision,
        state,
        authority: None,
        member: None,
        press: None,
        answer: None,
        ballot: None,
        audit: NewAuditEntry {
            workspace: Some(damaged.workspace),
            at: now,
            actor: Actor::User(by),
            event: name,
            subject: Subject::Action(damaged.id),
            detail,
        },
    })
}

/// Returns the view of a damaged action: the columns that can be read, and for the others the values
/// that are safest to assume.
pub(super) fn view(damaged: DamagedAction, now: Timestamp) -> ActionView {
    let created_at = damaged.created_at;
    let state = damaged.state.unwrap_or_else(|| ActionState::Indeterminate {
        execution: Execution {
            approval: HumanDecision {
                by: UserId(0),
                at: created_at,
                note: None,
            },
            expires_at: created_at,
            started_at: created_at,
        },
        at: created_at,
        detail: STATE_LOST.to_owned(),
    });
    let shown = Action {
        id: damaged.id,
        revision: damaged.revision,
        workspace: damaged.workspace,
        agent: damaged.agent,
        service: damaged.service,
        entry: RequestEntryId(0),
        state,
        method: damaged.method,
        target_url: damaged.target_url,
        digest: damaged.digest.unwrap_or(Digest([0; 32])),
        intent: Intent::parse(&damaged.intent).unwrap_or_else(|_| Intent::absent()),
        evaluation: Evaluation {
            decision: Decision::Hold,
            verdict: Verdict {
                score: 1.0,
                explanation: EXPLANATION.to_owned(),
                signals: Vec::new(),
            },
            matched_rules: Vec::new(),
            operation: None,
            approvals: None,
        },
        binding: Binding {
            base_url: String::new(),
            place: String::new(),
            granted_since: created_at,
            web_socket: false,
        },
        created_at,
    };
    ActionView {
        provenance: Vec::new(),
        not_permitted: None,
        action: shown.at(now),
        agent_name: damaged.agent_name,
        service_name: damaged.service_name,
        label: None,
        request: None,
        summary: None,
        response: None,
        response_is_damaged: false,
    }
}
