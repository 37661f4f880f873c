//! Sends the request of an approved action: exactly its bytes, at most once.

use std::sync::Arc;

use gaiterguard_authority::{AgentCaller, ResolvedService};
use gaiterguard_domain::action::{Action, ActionEvent, ActionState};
use gaiterguard_domain::digested_request::DigestedRequest;
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::ledger::{Completion, Outcome};
use gaiterguard_provenance::HistoryKey;
use gaiterguard_sealing::PayloadKey;
use tokio_util::sync::CancellationToken;

use crate::detached::{DetachedOnDrop, or_on_abort};
use crate::gateway::Gateway;
use crate::record::Begun;
use crate::record::completion::PendingCompletion;
use crate::record::permit::Permit;
use crate::refusal::Refusal;
use crate::response::{ProxyStatus, Response};
use crate::send::after_sending::AfterSending;
use crate::send::dispatch::DispatchFailed;
use crate::send::relay;
use crate::send::sent::Sent;

/// How often an execution is begun again if something changes each time before it is recorded. As for decisions,
/// the limit ends the loop in a workspace that changes without pause.
const REBEGIN_MAX: usize = 8;

/// An action that is durably `EXECUTING`, with everything that is needed to send its request.
struct Execution {
    action: Box<Action>,
    caller: AgentCaller,
    service: Arc<ResolvedService>,
    request: DigestedRequest,
    revoked: CancellationToken,
    response_key: PayloadKey,
}

impl Gateway {
    /// Executes an approved action for its agent.
    ///
    /// # Errors
    ///
    /// If the action cannot be executed, or the upstream did not respond.
    pub async fn execute(
        self: &Arc<Self>,
        caller: AgentCaller,
        id: ActionId,
    ) -> Result<Response, Refusal> {
        let (permit, execution) = self.begin(caller, id).await?;
        let gateway = Arc::clone(self);
        let on_abort = {
            let (recorder, action) = (Arc::clone(&self.recorder), execution.action.clone());
            move || recorder.abandon_execution(&action)
        };
        let executing = Box::pin(async move {
            let Execution {
                service,
                request,
                revoked,
                ..
            } = &execution;
            let sent = gateway
                .sender
                .dispatch(permit, service, request, revoked)
                .await;
            gateway.relay_result(execution, sent).await
        });
        let executing = Box::pin(or_on_abort(executing, on_abort));
        Ok(DetachedOnDrop::new(executing, &self.tasks).await?)
    }

    /// Checks everything that the approval depends on and makes the action durably `EXECUTING`.
    async fn begin(
        &self,
        mut caller: AgentCaller,
        id: ActionId,
    ) -> Result<(Permit, Execution), Refusal> {
        for _ in 0..REBEGIN_MAX {
            let action = self.agent_actions.find(&caller, id).await?;
            match action.state.clone().seen_by_agent(self.clock.now()) {
                ActionState::Approved { .. } => {}
                ActionState::Expired { .. } => return Err(Refusal::ApprovalExpired { action: id }),
                other => {
                    return Err(Refusal::ActionNotApproved {
                        status: other.status(),
                    });
                }
            }
            let request = self.held_requests.whole(&action).await?;
            let web_socket = request.is_web_socket();
            let service = bound_service(&caller, &action, web_socket)?;
            self.preparer.check_address(&service).await?;
            let revoked = caller.call_token(service.id, web_socket);
            let workspace = action.workspace;
            let response_key = self.kept_responses.key(workspace).await?;
            let authority = caller.definitions.version();
            let beginning = self.recorder.begin_execution(action, &request, authority);
            match beginning.await? {
                Begun::Done(permit, action) => {
                    let execution = Execution {
                        action,
                        caller,
                        service,
                        request,
                        revoked,
                        response_key,
                    };
                    return Ok((permit, execution));
                }
                Begun::ActionChanged => {}
                Begun::AuthorityChanged => {
                    Box::pin(self.authority.reload(workspace)).await?;
                    caller = self.authority.renewed(&caller)?;
                }
            }
        }
        Err(Refusal::AuthorityUnconfirmed)
    }

    async fn relay_result(
        &self,
        execution: Execution,
        sent: Result<Sent, DispatchFailed>,
    ) -> Result<Response, AfterSending> {
        let mut sent = match sent {
            Ok(sent) => sent,
            Err(failed) => return Err(self.end_without_result(execution, failed).await),
        };
        let risk_score = execution.action.evaluation.verdict.score;
        let (agent, service) = (execution.caller.agent.id, execution.service.id);
        let right = execution.caller.call_token(service, false);
        let key = HistoryKey { agent, service };
        let request = &execution.request;
        let mut observer = self.provenance.observe(key, request, true, &right);
        if let Some(observer) = &mut observer {
            observer.head(sent.status, &sent.headers);
        }
        let completion = PendingCompletion::Executed(execution.action, execution.response_key);
        Ok(Response {
            proxy_status: ProxyStatus::ExecutedApproved,
            status: sent.status,
            headers: relay::headers(&mut sent, &completion),
            body: self.relay.body(sent, completion, observer).await?,
            risk_score,
            has_key: false,
        })
    }

    /// Records that an execution had no response. The agent gets the same result whether or not the
    /// database is available.
    async fn end_without_result(
        &self,
        execution: Execution,
        failed: DispatchFailed,
    ) -> AfterSending {
        let at = self.clock.now();
        let (entry, service) = (execution.action.entry, execution.service.id);
        let may_have_been_sent = failed.may_have_been_sent();
        let is_revoked = matches!(failed, DispatchFailed::Revoked { .. });
        let refused = AfterSending::failed(failed, || {
            let web_socket = execution.request.is_web_socket();
            self.authority
                .call_revoked(&execution.caller, service, web_socket)
                .into()
        });
        let event = if may_have_been_sent {
            let detail = if is_revoked {
                "an operator canceled the call while it was running".to_owned()
            } else {
                refused.to_string()
            };
            ActionEvent::Break { at, detail }
        } else {
            // The store revokes the action in the same transaction, if a block or the kill switch
            // caused this.
            ActionEvent::NothingSent
        };
        let ending = self.recorder.end_execution(*execution.action, event, None);
        ending.await.ok();
        if may_have_been_sent {
            self.recorder.complete_in_background(Completion {
                entry,
                claim: None,
                outcome: Outcome::Broken { status: None },
                at,
                audit: None,
            });
        }
        refused
    }
}

/// Returns the service of an action, if everything that the approval depends on is unchanged.
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
