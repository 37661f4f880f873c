//! The way of a request through the gateway, from top to bottom.
//!
//! Whatever door it came by, a request passes here, and the phases stand in the order in which
//! they are promised: who asks, where to, may that be dialed, what exactly would be sent, how is
//! it judged, is it recorded, and only then is it sent, held or refused.

mod earlier_ruling;
pub(crate) mod judge;
pub(crate) mod locate;
pub(crate) mod prepare;
pub(crate) mod second_opinion;

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_authority::AgentCaller;
use gaiterguard_domain::action::ActionState;
use gaiterguard_domain::agent::Binding;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{ActionId, RequestId, ServiceId, WorkspaceId};
use gaiterguard_domain::ledger::{
    Claim, ClaimState, NewClaim, NewDecision, NewEntry, NewHold, PendingLimit, Recorded,
    StoredResponse,
};
use gaiterguard_domain::redact;
use gaiterguard_domain::request::{ProxyRequest, idempotency_digest, is_safe};
use gaiterguard_domain::rule::{MatchedRule, RuleEffect};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::{Decision, Evaluation};
use gaiterguard_provenance::sources;
use gaiterguard_sealing::Purpose;
use uuid::Uuid;

use self::prepare::Prepared;
use crate::Gateway;
use crate::answer::{Answer, Held, Outcome};
use crate::body::arriving::{ArrivingBody, BodyBroken};
use crate::forward::dispatch::Permit;
use crate::forward::{Forwarding, Keyed};
use crate::refusal::Refusal;
use crate::sealed;

/// How often a request is decided anew because definitions changed under it before it is given up.
const REDECIDE_MAX: usize = 8;

/// What a held agent is told to let pass before it asks again.
const HELD_RETRY_AFTER: Duration = Duration::from_secs(5);

impl Gateway {
    /// Decides a request and does what was decided.
    pub async fn submit(
        self: &Arc<Self>,
        caller: AgentCaller,
        request: ProxyRequest,
        request_id: RequestId,
    ) -> Outcome {
        self.submit_with(caller, request, None, request_id).await
    }

    /// The same with a body that is still arriving; the request has none then. It is read to its end
    /// first, unless rules decide without it: then it goes on as it arrives, or is not read at all.
    pub async fn submit_arriving(
        self: &Arc<Self>,
        caller: AgentCaller,
        request: ProxyRequest,
        body: ArrivingBody,
        request_id: RequestId,
    ) -> Outcome {
        self.submit_with(caller, request, Some(body), request_id)
            .await
    }

    async fn submit_with(
        self: &Arc<Self>,
        caller: AgentCaller,
        request: ProxyRequest,
        arriving: Option<ArrivingBody>,
        request_id: RequestId,
    ) -> Outcome {
        let hold_seconds = Duration::from_secs(u64::from(caller.agent.hold_seconds));
        let patience = request.wait.unwrap_or(hold_seconds);
        let has_key = request.idempotency_key.is_some();
        let who = caller.clone();
        // A call that is held lasts, so it keeps nothing of how it came to that but the action's name.
        let outcome = Box::pin(self.try_submit(caller, request, arriving, request_id)).await;
        let outcome = match outcome {
            Ok(Outcome::Held(held)) if !patience.is_zero() => {
                Box::pin(self.wait_held(&who, held, patience, has_key)).await
            }
            done => done,
        };
        outcome.unwrap_or_else(Outcome::Refused)
    }

    async fn try_submit(
        self: &Arc<Self>,
        mut caller: AgentCaller,
        mut request: ProxyRequest,
        mut arriving: Option<ArrivingBody>,
        request_id: RequestId,
    ) -> Result<Outcome, Refusal> {
        for _ in 0..REDECIDE_MAX {
            let (prepared, by_head) = match arriving.take() {
                None => (self.prepare(caller, &request).await?, None),
                Some(body) => {
                    let deciding = self.decide_by_head(caller, &mut request, body);
                    let (prepared, by_head) = Box::pin(deciding).await?;
                    let (judgement, rest) = by_head.unzip();
                    arriving = rest;
                    (prepared, judgement)
                }
            };
            let judgement = if let Some(judgement) = by_head {
                judgement
            } else {
                let history = Box::pin(prepared.history(&self.provenance)).await;
                let weighed = self.weigh(&prepared, &request, history).await?;
                if self.needs_model(&weighed) {
                    // A key is decided once: whoever asks again does not have it judged anew.
                    if let Some(claim) = self.claim_before(&prepared, &request).await? {
                        return Box::pin(self.meet_claim(&prepared, claim, &request)).await;
                    }
                    let cut = prepared.caller.key_token();
                    let judging = Box::pin(self.judge_with_model(weighed, &prepared, &request));
                    tokio::select! {
                        biased;
                        () = cut.cancelled() => {
                            return Err(self.authority.key_revoked(&prepared.caller).into());
                        }
                        judgement = judging => judgement?,
                    }
                } else {
                    self.judge_alone(weighed, &request)
                }
            };
            let decision = self
                .decision(&prepared, &request, &judgement, request_id)
                .await?;

            // A safe request without a key need not wait for the ledger: its answer does. What a WebSocket
            // is opened for is not known to be safe.
            if judgement.decision == Decision::Forward
                && request.idempotency_key.is_none()
                && is_safe(&request.method)
                && !request.web_socket
            {
                let permit = Permit::to_read(&request.method).ok_or(Refusal::StorageUnavailable)?;
                let forwarding = Forwarding::new(prepared, &judgement, None);
                return self
                    .forward_while_recording(permit, forwarding, decision, request)
                    .await
                    .map(Outcome::Responded);
            }

            let hold = decision
                .hold
                .as_ref()
                .map(|hold| (hold.action, hold.expires_at));
            let keyed = match &request.idempotency_key {
                Some(key) if judgement.decision == Decision::Forward => Some(Keyed {
                    key: key.clone(),
                    answer_key: self.answer_key(prepared.caller.agent.workspace).await?,
                }),
                Some(_) | None => None,
            };
            match self.store.record(decision).await? {
                Recorded::Done(entry) => {
                    self.metrics.decided(judgement.decision);
                    return match (judgement.decision, hold) {
                        (Decision::Forward, _) => {
                            let permit = Permit::recorded(entry);
                            let mut forwarding = Forwarding::new(prepared, &judgement, keyed);
                            let upload = arriving.map(|body| {
                                forwarding.upload(body, self.big_bodies.clone(), request_id)
                            });
                            self.forward(permit, entry, forwarding, upload)
                                .await
                                .map(Outcome::Responded)
                        }
                        (Decision::Hold, Some((action, expires_at))) => {
                            let (service, binding) =
                                (prepared.located.service.id, prepared.binding());
                            Ok(Outcome::Held(held(
                                action, service, &binding, expires_at, &judgement,
                            )))
                        }
                        (Decision::Deny, _) => Err(denied(judgement.matched_rules)),
                        (Decision::Hold, None) => Err(Refusal::StorageUnavailable),
                    };
                }
                Recorded::KeyUsed(claim) => {
                    return Box::pin(self.meet_claim(&prepared, claim, &request)).await;
                }
                Recorded::AlreadyHeld(action) => {
                    return Box::pin(self.meet_action(&prepared.caller, action)).await;
                }
                Recorded::TooManyPending(limit) => {
                    let pending_max = self.settings.pending_per_agent_max;
                    return Err(match limit {
                        PendingLimit::Actions => Refusal::TooManyPending { pending_max },
                        PendingLimit::Bytes => Refusal::TooManyBytesPending,
                    });
                }
                Recorded::AuthorityChanged => {
                    Box::pin(self.authority.reload(prepared.caller.agent.workspace)).await?;
                    caller = self.authority.renewed(&prepared.caller)?;
                }
            }
        }
        Err(Refusal::AuthorityUnconfirmed)
    }

    /// Prepares a request whose body is still arriving. With it comes what rules make of its head
    /// alone, and the body to go on as it arrives. Where somebody has to look at the body, or all of it
    /// is there at once, it has become a part of the request.
    async fn decide_by_head(
        &self,
        caller: AgentCaller,
        request: &mut ProxyRequest,
        mut body: ArrivingBody,
    ) -> Result<(Prepared, Option<(Evaluation, ArrivingBody)>), Refusal> {
        let prepared = self.prepare_head(caller, request).await?;
        // A key is claimed with the digest of all of it, and what is safe is sent while that is written.
        let may_go_on =
            request.idempotency_key.is_none() && !is_safe(&request.method) && !request.web_socket;
        if may_go_on && let Some(judgement) = self.judge_by_head(&prepared, request) {
            // Nothing is sent for an agent that announces a body and sends nothing of it.
            if judgement.decision == Decision::Deny || !body.begin().await? {
                if body.begins_with_agent_key() {
                    return Err(BodyBroken::HoldsAgentKey.into());
                }
                return Ok((prepared, Some((judgement, body))));
            }
        }
        let cut = prepared.caller.key_token();
        request.body = tokio::select! {
            biased;
            () = cut.cancelled() => {
                return Err(self.authority.key_revoked(&prepared.caller).into());
            }
            body = body.whole() => body?,
        };
        let prepared = self.with_body(prepared, request.body.clone()).await?;
        Ok((prepared, None))
    }

    /// What became of the request's key, if it has one that was used before.
    async fn claim_before(
        &self,
        prepared: &Prepared,
        request: &ProxyRequest,
    ) -> Result<Option<Claim>, Refusal> {
        match &request.idempotency_key {
            None => Ok(None),
            Some(key) => {
                let (agent, now) = (prepared.caller.agent.id, self.clock.now());
                Ok(Box::pin(self.store.claim_get(agent, key, now)).await?)
            }
        }
    }

    /// What would become of a request, without anything being stored or sent.
    pub async fn dry_run(
        self: &Arc<Self>,
        caller: AgentCaller,
        request: ProxyRequest,
    ) -> Result<Evaluation, Refusal> {
        let prepared = self.prepare(caller, &request).await?;
        self.judge(&prepared, &request).await
    }

    /// Everything about a judged request that is to become durable.
    pub(crate) async fn decision(
        &self,
        prepared: &Prepared,
        request: &ProxyRequest,
        judgement: &Evaluation,
        request_id: RequestId,
    ) -> Result<NewDecision, Refusal> {
        let now = self.clock.now();
        let agent = &prepared.caller.agent;
        let service = &prepared.located.service;
        let hold = match judgement.decision {
            Decision::Hold => Some(self.hold(prepared, now).await?),
            Decision::Forward | Decision::Deny => None,
        };
        let claim = match &request.idempotency_key {
            Some(key) => Some(NewClaim {
                key: key.clone(),
                digest: idempotency_digest(&prepared.known_digest()?, &request.intent),
                expires_at: now.after(self.settings.idempotency_lifetime),
            }),
            None => None,
        };
        let (event, subject) = match (&hold, judgement.decision) {
            (Some(hold), _) => (Event::ActionCreated, Subject::Action(hold.action)),
            (None, Decision::Deny) => (Event::RequestDenied, Subject::Request(request_id)),
            (None, _) => (Event::RequestForwarded, Subject::Request(request_id)),
        };
        let mut detail = serde_json::json!({
            "request_id": request_id,
            "service_id": service.id,
            "method": prepared.request.method.as_str(),
            "digest": prepared.digest.map(|digest| digest.to_string()),
        });
        if prepared.digest.is_none() {
            let is_denied = judgement.decision == Decision::Deny;
            detail["body"] = if is_denied { "not_read" } else { "streamed" }.into();
        }
        Ok(NewDecision {
            authority: prepared.caller.definitions.version(),
            claim,
            hold,
            audit: NewAuditEntry {
                workspace: Some(agent.workspace),
                at: now,
                actor: Actor::Agent(agent.id),
                event,
                subject,
                detail,
            },
            entry: NewEntry {
                request_id,
                workspace: agent.workspace,
                agent: agent.id,
                service: service.id,
                method: prepared.request.method.to_string(),
                target_url: redact::agent_keys(&prepared.request.target.to_string()).into_owned(),
                intent: redact::agent_keys(request.intent.as_str()).into_owned(),
                evaluation: judgement.clone(),
                at: now,
            },
        })
    }

    async fn hold(&self, prepared: &Prepared, now: Timestamp) -> Result<NewHold, Refusal> {
        let action = ActionId(Uuid::new_v4());
        let workspace = prepared.caller.agent.workspace;
        let digest = prepared.known_digest()?;
        let history = Box::pin(prepared.history(&self.provenance)).await;
        let provenance = history.and_then(|history| sources(&prepared.request, &history, now));
        let held = self
            .seal_held(
                workspace,
                action,
                &prepared.request,
                digest,
                provenance.as_deref(),
            )
            .await?;
        Ok(NewHold {
            action,
            digest,
            binding: prepared.binding(),
            request: held.whole,
            preview: held.preview,
            provenance: held.provenance,
            expires_at: now.after(self.settings.pending_lifetime),
            pending_max: self.settings.pending_per_agent_max,
            pending_bytes: self.settings.pending_bytes,
        })
    }

    /// Answers a request whose key was used before, without deciding anything anew.
    pub(crate) async fn meet_claim(
        &self,
        prepared: &Prepared,
        claim: Claim,
        request: &ProxyRequest,
    ) -> Result<Outcome, Refusal> {
        let digest = idempotency_digest(&prepared.known_digest()?, &request.intent);
        if claim.digest != digest {
            return Err(Refusal::IdempotencyKeyReused);
        }
        let workspace = prepared.caller.agent.workspace;
        match claim.state {
            ClaimState::Running => Err(Refusal::IdempotencyInProgress),
            ClaimState::Broken => Err(Refusal::OutcomeUnknown),
            ClaimState::Denied => {
                let entry = self.store.request_get(workspace, claim.entry).await?;
                Err(denied(
                    entry.map_or_else(Vec::new, |e| e.new.evaluation.matched_rules),
                ))
            }
            ClaimState::Responded(stored) => {
                let entry = self.store.request_get(workspace, claim.entry).await?;
                let score = entry.map_or(0.0, |entry| entry.new.evaluation.verdict.score);
                let purpose = sealed::request_answer(claim.entry);
                let answer = self.replay(workspace, &purpose, &stored, score).await?;
                Ok(Outcome::Responded(answer))
            }
            ClaimState::Held(action) => self.meet_action(&prepared.caller, action).await,
        }
    }

    /// Answers a request that was held before by what has become of its action.
    pub(crate) async fn meet_action(
        &self,
        caller: &AgentCaller,
        id: ActionId,
    ) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let workspace = caller.agent.workspace;
        let action = self.action_of(caller, id).await?;
        let note = action
            .state
            .last_decision()
            .and_then(|word| word.note.clone());
        let score = action.evaluation.verdict.score;
        match action.state.at(now) {
            ActionState::Pending { expires_at } | ActionState::Approved { expires_at, .. } => {
                Ok(Outcome::Held(held(
                    id,
                    action.service,
                    &action.binding,
                    expires_at,
                    &action.evaluation,
                )))
            }
            ActionState::Executed { .. } => match self.store.action_response(id).await {
                Ok(Some(stored)) => self
                    .replay(workspace, &sealed::action_answer(id), &stored, score)
                    .await
                    .map(Outcome::Responded),
                Ok(None) => Err(Refusal::OutcomeUnknown),
                Err(error) if error.is_damage() => {
                    tracing::error!(%error, "a kept answer is damaged");
                    Err(Refusal::OutcomeUnknown)
                }
                Err(error) => Err(error.into()),
            },
            ActionState::Executing(_) => Err(Refusal::IdempotencyInProgress),
            ActionState::Indeterminate { .. } => Err(Refusal::OutcomeUnknown),
            ActionState::Denied(_) => Err(Refusal::ActionDenied { action: id, note }),
            ActionState::Revoked(_) => Err(Refusal::ActionRevoked { action: id, note }),
            ActionState::Expired { .. } => Err(Refusal::ActionExpired { action: id }),
        }
    }

    async fn replay(
        &self,
        workspace: WorkspaceId,
        purpose: &Purpose,
        stored: &StoredResponse,
        score: f64,
    ) -> Result<Answer, Refusal> {
        match self.open_answer(workspace, purpose, stored).await? {
            Some(kept) if !kept.is_truncated => Ok(Answer::replayed(kept, score)),
            Some(_) | None => Err(Refusal::AnswerNotKept {
                status: stored.status,
            }),
        }
    }
}

fn held(
    action: ActionId,
    service: ServiceId,
    binding: &Binding,
    expires_at: Timestamp,
    judgement: &Evaluation,
) -> Held {
    Held {
        action,
        service,
        web_socket: binding.web_socket,
        risk_score: judgement.verdict.score,
        risk_explanation: judgement.verdict.explanation.clone(),
        expires_at,
        retry_after: HELD_RETRY_AFTER,
    }
}

fn denied(mut rules: Vec<MatchedRule>) -> Refusal {
    rules.retain(|rule| rule.effect == RuleEffect::Deny);
    Refusal::PolicyDenied { rules }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How large the future is that a method returns.
    fn future_size<A, B, C, D, F: Future>(_: impl Fn(A, B, C, D) -> F) -> usize {
        size_of::<F>()
    }

    /// It is moved on its way; what is rare and large in it is boxed where it is awaited.
    #[test]
    fn what_travels_with_every_request_is_small() {
        let size = future_size(|gateway: &'static Arc<Gateway>, caller, request, id| {
            gateway.try_submit(caller, request, None, id)
        });
        assert!(size <= 6 * 1024, "{size} bytes");
    }

    #[test]
    fn what_waits_with_a_held_call_is_smaller() {
        let size = future_size(|gateway: &'static Arc<Gateway>, caller, request, id| {
            gateway.submit(caller, request, id)
        });
        assert!(size <= 2 * 1024, "{size} bytes");
    }
}
