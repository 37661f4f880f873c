//! Sending what a human has approved: exactly those bytes, at most once.

use std::sync::Arc;

use gaiterguard_domain::approval::{Action, ActionEvent, ActionState};
use gaiterguard_domain::audit::Actor;
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::ledger::{Changed, Completion, Outcome, StoredAnswer};
use gaiterguard_domain::request::CanonicalRequest;
use tokio_util::sync::CancellationToken;

use crate::Gateway;
use crate::answer::{Answer, Provenance};
use crate::authority::AgentCaller;
use crate::conclude::Conclusion;
use crate::dispatch::{DispatchFailed, Permit, Sent, Why};
use crate::known_service::KnownService;
use crate::refusal::Refusal;
use crate::relay;
use crate::sealing::Purpose;
use crate::to_its_end::ToItsEnd;

/// How often an execution is begun anew because something changed under it before it is given up.
const REBEGIN_MAX: usize = 8;

/// How often the end of an execution is written again before it is left to recovery.
const END_ATTEMPTS_MAX: usize = 20;

/// How long the pauses between these attempts are.
const END_ATTEMPT_PAUSE: std::time::Duration = std::time::Duration::from_millis(250);

/// An action that is durably `EXECUTING`, with everything that is needed to send it.
struct Begun {
    action: Action,
    caller: AgentCaller,
    service: Arc<KnownService>,
    request: CanonicalRequest,
    cut: CancellationToken,
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
        let executing = async move {
            let permit = Permit::approved(begun.action.id);
            let sent = gateway
                .dispatch(permit, &begun.service, &begun.request, &begun.cut)
                .await;
            gateway.finish(begun, sent).await
        };
        ToItsEnd::new(executing, &self.tasks).await
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
            let cut = caller.cut_of_call(service.id, web_socket);
            let event = ActionEvent::Begin {
                at: self.clock.now(),
            };
            let authority = Some((action.workspace, caller.definitions.version()));
            let actor = Actor::Agent(caller.agent.id);
            let (changed, action) = self
                .change_action(action, event, actor, authority, None)
                .await?;
            match changed {
                Changed::Done => {
                    return Ok(Begun {
                        action,
                        caller,
                        service,
                        request,
                        cut,
                    });
                }
                Changed::RevisionMoved | Changed::Recalled => {}
                Changed::AuthorityChanged => {
                    Box::pin(self.authority.reload(action.workspace)).await?;
                    caller = self.authority.again(&caller)?;
                }
            }
        }
        Err(Refusal::AuthorityUnconfirmed)
    }

    async fn finish(
        self: &Arc<Self>,
        begun: Begun,
        sent: Result<Sent, DispatchFailed>,
    ) -> Result<Answer, Refusal> {
        match sent {
            Ok(mut sent) => {
                let risk_score = begun.action.judgement.verdict.score;
                let conclusion = Conclusion::Executed(Box::new(begun.action));
                Ok(Answer {
                    provenance: Provenance::ExecutedApproved,
                    status: sent.status,
                    headers: relay::headers(&mut sent, &conclusion),
                    body: relay::body(self, sent, conclusion).await?,
                    risk_score,
                    has_key: false,
                })
            }
            Err(failed) => {
                let at = self.clock.now();
                let (entry, service) = (begun.action.entry, begun.service.id);
                let web_socket = begun.request.is_web_socket();
                let event = match &failed.why {
                    Why::Cut if failed.may_have_been_sent => ActionEvent::Break {
                        at,
                        detail: "an operator cut the call while it was under way".to_owned(),
                    },
                    Why::Refused(refusal) if failed.may_have_been_sent => ActionEvent::Break {
                        at,
                        detail: refusal.to_string(),
                    },
                    // What a block or the kill switch has cut is revoked with that, by the store.
                    Why::Cut | Why::Refused(_) => ActionEvent::NothingSent,
                };
                self.end_execution(begun.action, event, None).await?;
                if failed.may_have_been_sent {
                    let outcome = Outcome::Broken { status: None };
                    let completion = Completion {
                        entry,
                        claim: None,
                        outcome,
                        at,
                        audit: None,
                    };
                    self.store.complete_soon(completion).await?;
                }
                Err(match failed.why {
                    Why::Refused(refusal) => refusal,
                    Why::Cut => self.authority.why_cut(&begun.caller, service, web_socket),
                })
            }
        }
    }

    /// Writes how an execution ended. The action is this process's own while it is `EXECUTING`,
    /// so whoever else has changed it has given this process up, and that stands.
    pub(crate) async fn end_execution(
        &self,
        action: Action,
        event: ActionEvent,
        answer: Option<StoredAnswer>,
    ) -> Result<(), Refusal> {
        let mut attempt = 1;
        loop {
            let actor = Actor::Agent(action.agent);
            let ended = self
                .change_action(action.clone(), event.clone(), actor, None, answer.clone())
                .await;
            match ended {
                Ok((Changed::Done | Changed::Recalled, _)) => return Ok(()),
                Ok((Changed::RevisionMoved | Changed::AuthorityChanged, _)) => {
                    tracing::warn!(action_id = %action.id, "the execution was given up meanwhile");
                    return Err(Refusal::OutcomeUnknown);
                }
                Err(error) if attempt == END_ATTEMPTS_MAX => return Err(error),
                Err(_) => {
                    // The upstream has been spoken to: what came of it is worth some patience.
                    attempt += 1;
                    tokio::time::sleep(END_ATTEMPT_PAUSE).await;
                }
            }
        }
    }

    /// The exact request that was held, proven by its digest.
    pub(crate) async fn held_request(&self, action: &Action) -> Result<CanonicalRequest, Refusal> {
        let sealed = self
            .store
            .action_request(action.id)
            .await?
            .ok_or(Refusal::StorageUnavailable)?;
        let purpose = Purpose::action_request(action.id);
        let form = self.open(action.workspace, &purpose, &sealed).await?;
        let request = CanonicalRequest::from_canonical_form(&form);
        request.filter(|request| request.digest() == action.digest).ok_or_else(|| {
            tracing::error!(action_id = %action.id, "the held request is not what was digested");
            Refusal::StorageUnavailable
        })
    }
}

/// Returns the service of an action, if everything the approval rests on is as it was.
fn bound_service(
    caller: &AgentCaller,
    action: &Action,
    web_socket: bool,
) -> Result<Arc<KnownService>, Refusal> {
    if caller.binding(action.service, web_socket).as_ref() != Some(&action.binding) {
        return Err(Refusal::ActionStale);
    }
    let service = caller.definitions.service(action.service);
    service.cloned().ok_or(Refusal::ActionStale)
}
