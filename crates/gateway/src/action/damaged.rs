//! Actions whose row cannot be read: they are shown as that, and can be ended by a human.

use gaiterguard_domain::action::{
    Action, ActionEvent, ActionState, ActionStatus, Execution, HumanDecision, Resolution,
    Revocation,
};
use gaiterguard_domain::agent::Binding;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::Subject;
use gaiterguard_domain::id::{RequestEntryId, UserId};
use gaiterguard_domain::ledger::{ActionChange, Changed};
use gaiterguard_domain::request::{Digest, Intent};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::{Decision, Evaluation, Verdict};
use gaiterguard_store::DamagedAction;

use crate::Gateway;
use crate::action::approval::{ActionView, Approver, Ruling, RulingRefused};
use crate::action::{self, audit_event};

/// What a human reads where the reasons for a hold are lost.
const EXPLANATION: &str = "The stored action is damaged and cannot be read. It can only be denied.";

/// What a human reads where it is lost whether the request was sent.
const STATE_LOST: &str =
    "the stored state of this action is damaged, so the request may have been sent";

impl Gateway {
    /// Ends a damaged action as a human says. None if it changed meanwhile and is to be looked at
    /// again.
    pub(crate) async fn end_damaged(
        &self,
        approver: Approver,
        damaged: DamagedAction,
        ruling: &Ruling,
        note: Option<String>,
    ) -> Result<Option<ActionStatus>, RulingRefused> {
        let now = self.clock.now();
        let word = HumanDecision {
            by: approver.user,
            at: now,
            note: note.clone(),
        };
        let event = match ruling {
            Ruling::Approve => return Err(RulingRefused::Unreadable),
            Ruling::Deny => ActionEvent::Deny(word.clone()),
            Ruling::Revoke => ActionEvent::Revoke(word.clone()),
            Ruling::Resolve(finding) => ActionEvent::Resolve {
                decision: word.clone(),
                resolution: *finding,
            },
        };
        let name = audit_event(&event);
        let state = match (damaged.state, ruling) {
            (Some(state), _) => state
                .at(now)
                .apply(event)
                .map_err(|refused| RulingRefused::NotPossible(refused.status))?,
            // Any of these ends it without anything being sent.
            (None, Ruling::Deny) => ActionState::Denied(word),
            (None, Ruling::Revoke) => ActionState::Revoked(Revocation::Withdrawn(word)),
            (None, Ruling::Resolve(Resolution::NotExecuted)) => {
                ActionState::Revoked(Revocation::Resolved(word))
            }
            (None, Ruling::Approve | Ruling::Resolve(Resolution::Executed)) => {
                return Err(RulingRefused::Unreadable);
            }
        };
        let status = state.status();
        let change = ActionChange {
            action: damaged.id,
            revision: damaged.revision,
            state,
            authority: None,
            answer: None,
            audit: NewAuditEntry {
                workspace: Some(damaged.workspace),
                at: now,
                actor: Actor::User(approver.user),
                event: name,
                subject: Subject::Action(damaged.id),
                detail: serde_json::json!({
                    "status": status,
                    "digest": damaged.digest.map(|digest| digest.to_string()),
                    "note": note,
                    "unreadable": true,
                }),
            },
        };
        match self.store.action_change(change).await? {
            Changed::Done => Ok(Some(status)),
            Changed::RevisionMoved | Changed::AuthorityChanged | Changed::Recalled => Ok(None),
        }
    }
}

/// A damaged action as it is shown: what can be read, and for the rest what a reader least regrets.
pub(crate) fn view(damaged: DamagedAction, now: Timestamp) -> ActionView {
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
        action: action::seen(shown, now),
        agent_name: damaged.agent_name,
        service_name: damaged.service_name,
        request: None,
        answer: None,
        answer_is_damaged: false,
    }
}
