//! Sending what a human has approved: exactly those bytes, at most once.

use std::sync::Arc;

use gaiterguard_authority::{AgentCaller, ResolvedService};
use gaiterguard_domain::action::{Action, ActionEvent, ActionState};
use gaiterguard_domain::audit::Actor;
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::ledger::{ActionChange, Changed, Completion, Outcome, StoredResponse};
use gaiterguard_domain::request::CanonicalRequest;
use gaiterguard_sealing::PayloadKey;
use tokio_util::sync::CancellationToken;

use crate::Gateway;
use crate::answer::{Answer, Provenance};
use crate::forward::after_sending::{AfterSending, Unrecorded};
use crate::forward::conclude::Conclusion;
use crate::forward::dispatch::{DispatchFailed, Permit, Sent};
use crate::forward::relay;
use crate::forward::to_its_end::{ToItsEnd, or_broken_off};
use crate::refusal::Refusal;

/// How often an execution is begun anew because something changed under it before it is given up.
const REBEGIN_MAX: usize = 8;

/// An action that is durably `EXECUTING`, with everything that is needed to send it.
struct Begun {
    action: Action,
    caller: AgentCaller,
    service: Arc<ResolvedService>,
    request: CanonicalRequest,
    cut: CancellationToken,
    answer_key: PayloadKey,
}

impl Gateway {
    /// Executes an approved action for the agent that asked for it.
    pub async fn execute(
        self: &Arc<Self>,
        caller: AgentCaller,
        id: ActionId,
    ) -> Result<Answer, Refusal> {
        let begun = self.begin(caller, id).await?;
        let gateway = Arc::clone(self);
        let broken_off = {
            let (gateway, action) = (Arc::clone(self), begun.action.clone());
            move || gateway.break_execution(&action)
        };
        let executing = async move {
            let permit = Permit::approved(begun.action.id);
            let sent = gateway
                .dispatch(permit, &begun.service, &begun.request, &begun.cut)
                .await;
            gateway.finish(begun, sent).await
        };
        let executing = or_broken_off(executing, broken_off);
        Ok(ToItsEnd::new(executing, &self.tasks).await?)
    }

    /// Checks everything the approval rests on and makes the action durably `EXECUTING`.
    async fn begin(&self, mut caller: AgentCaller, id: ActionId) -> Result<Begun, Refusal> {
        for _ in 0..REBEGIN_MAX {
            let action = self.action_of(&caller, id).await?;
            match action.state.clone().at(self.clock.now()) {
                ActionState::Approved { .. } => {}
                ActionState::Expired { .. } => return Err(Refusal::ApprovalExpired { action: id }),
                other => {
                    return Err(Refusal::ActionNotApproved {
                        status: other.status(),
                    });
                }
            }
            let request = self.held_request(&action).await?;
            let web_socket = request.is_web_socket();
            let service = bound_service(&caller, &action, web_socket)?;
            self.check_address(&service).await?;
            let cut = caller.call_token(service.id, web_socket);
            let answer_key = self.answer_key(action.workspace).await?;
            let event = ActionEvent::Begin {
                at: self.clock.now(),
            };
            let authority = Some((action.workspace, caller.definitions.version()));
            let actor = Actor::Agent(caller.agent.id);
            let (changed, action) = self.change_action(action, event, actor, authority).await?;
            match changed {
                Changed::Done => {
                    return Ok(Begun {
                        action,
                        caller,
                        service,
                        request,
                        cut,
                        answer_key,
                    });
                }
                Changed::RevisionMoved | Changed::Recalled => {}
                Changed::AuthorityChanged => {
                    Box::pin(self.authority.reload(action.workspace)).await?;
                    caller = self.authority.renewed(&caller)?;
                }
            }
        }
        Err(Refusal::AuthorityUnconfirmed)
    }

    async fn finish(
        self: &Arc<Self>,
        begun: Begun,
        sent: Result<Sent, DispatchFailed>,
    ) -> Result<Answer, AfterSending> {
        let mut sent = match sent {
            Ok(sent) => sent,
            Err(failed) => return Err(self.finish_unanswered(begun, failed).await),
        };
        let risk_score = begun.action.evaluation.verdict.score;
        let place = (begun.caller.agent.id, begun.service.id);
        let cut = begun.caller.call_token(begun.service.id, false);
        let mut observer = self.provenance.observe(place, &begun.request, true, &cut);
        if let Some(observer) = &mut observer {
            observer.head(sent.status, &sent.headers);
        }
        let conclusion = Conclusion::Executed(Box::new(begun.action), begun.answer_key);
        Ok(Answer {
            provenance: Provenance::ExecutedApproved,
            status: sent.status,
            headers: relay::headers(&mut sent, &conclusion),
            body: relay::body(self, sent, conclusion, observer).await?,
            risk_score,
            has_key: false,
        })
    }

    /// Records that an execution brought no response. What the agent gets to know of it is the same
    /// whether or not the database can take note.
    async fn finish_unanswered(&self, begun: Begun, failed: DispatchFailed) -> AfterSending {
        let at = self.clock.now();
        let (entry, service) = (begun.action.entry, begun.service.id);
        let may_have_been_sent = failed.may_have_been_sent();
        let is_cut = matches!(failed, DispatchFailed::Cut { .. });
        let told = AfterSending::failed(failed, || {
            let web_socket = begun.request.is_web_socket();
            self.authority
                .call_revoked(&begun.caller, service, web_socket)
                .into()
        });
        let event = if may_have_been_sent {
            let detail = if is_cut {
                "an operator canceled the call while it was running".to_owned()
            } else {
                told.to_string()
            };
            ActionEvent::Break { at, detail }
        } else {
            // What a block or the kill switch has cut is revoked with that, by the store.
            ActionEvent::NothingSent
        };
        self.end_execution(begun.action, event, None).await.ok();
        if may_have_been_sent {
            self.store.complete_in_background(Completion {
                entry,
                claim: None,
                outcome: Outcome::Broken { status: None },
                at,
                audit: None,
            });
        }
        told
    }

    /// Gives an execution up whose task broke off: nobody else knows how far it came.
    fn break_execution(&self, action: &Action) {
        tracing::error!(action_id = %action.id, "an execution failed");
        let event = ActionEvent::Break {
            at: self.clock.now(),
            detail: "the gateway failed after the request may have been sent".to_owned(),
        };
        if let Ok(change) = self.changed(action, event, Actor::Gateway) {
            self.store.action_end_in_background(change);
        }
    }

    /// Writes how an execution ended. The action is this process's own while it is `EXECUTING`,
    /// so whoever else has changed it has given this process up, and that holds. If the database
    /// is away, the end is written when it is back.
    pub(crate) async fn end_execution(
        &self,
        action: Action,
        event: ActionEvent,
        answer: Option<StoredResponse>,
    ) -> Result<(), Unrecorded> {
        let change = self
            .changed(&action, event, Actor::Agent(action.agent))
            .map_err(|refused| {
                tracing::error!(action_id = %action.id, %refused, "this execution cannot end in \
                     this state");
                Unrecorded
            })?;
        let ended = self
            .store
            .action_end(ActionChange { answer, ..change })
            .await;
        match ended {
            Ok(Changed::Done | Changed::Recalled) => Ok(()),
            Ok(Changed::RevisionMoved | Changed::AuthorityChanged) => {
                tracing::warn!(action_id = %action.id, "the execution was abandoned before it \
                                                        ended");
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
}

/// Returns the service of an action, if everything the approval rests on is as it was.
fn bound_service(
    caller: &AgentCaller,
    action: &Action,
    web_socket: bool,
) -> Result<Arc<ResolvedService>, Refusal> {
    if caller.binding(action.service, web_socket).as_ref() != Some(&action.binding) {
        return Err(Refusal::ActionStale);
    }
    let service = caller.definitions.service(action.service);
    service.cloned().ok_or(Refusal::ActionStale)
}
