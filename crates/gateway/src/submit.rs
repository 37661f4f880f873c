//! The path of a request through the gateway, from top to bottom.
//!
//! Every door ends here. The phases run in a fixed order: identify the caller, locate the service,
//! check that its address may be dialed, build the exact request, assess its risk, and record the
//! decision. Only then is the request sent, held or denied.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_authority::AgentCaller;
use gaiterguard_credential::needs_body;
use gaiterguard_domain::id::RequestId;
use gaiterguard_domain::ledger::Claim;
use gaiterguard_domain::request::{ProxyRequest, is_safe};
use gaiterguard_domain::verdict::{Decision, Evaluation};
use gaiterguard_intake::{ArrivingBody, BodyBroken};

use crate::decide::REDECIDE_MAX;
use crate::forward::{Forwarding, Keyed};
use crate::gateway::Gateway;
use crate::prepare::Prepared;
use crate::record::Recorded;
use crate::refusal::Refusal;
use crate::response::{Held, Outcome};

/// The evaluation of a request.
enum Evaluated {
    /// The request was evaluated now.
    Now(Evaluation),
    /// The request's key was claimed before.
    Before(Claim),
}

impl Gateway {
    /// Decides a request and acts on the decision.
    pub async fn submit(
        self: &Arc<Self>,
        caller: AgentCaller,
        request: ProxyRequest,
        request_id: RequestId,
    ) -> Outcome {
        self.submit_with(caller, request, None, request_id).await
    }

    /// Decides a request whose body is still arriving, and acts on the decision. `request.body`
    /// must be empty. The body is read to its end first, unless rules decide without it: then it is
    /// forwarded as it arrives, or not read.
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

    /// Returns the evaluation of a request. Nothing is stored or sent.
    ///
    /// # Errors
    ///
    /// If the request is invalid, or its decision cannot be made.
    pub async fn dry_run(
        &self,
        caller: AgentCaller,
        request: ProxyRequest,
    ) -> Result<Evaluation, Refusal> {
        let prepared = self.preparer.prepare(caller, &request).await?;
        self.decider.evaluate(&prepared, &request.intent).await
    }

    async fn submit_with(
        self: &Arc<Self>,
        caller: AgentCaller,
        request: ProxyRequest,
        arriving: Option<ArrivingBody>,
        request_id: RequestId,
    ) -> Outcome {
        let agent_hold = Duration::from_secs(u64::from(caller.agent.hold_seconds));
        let patience = request.wait.unwrap_or(agent_hold);
        let has_key = request.idempotency_key.is_some();
        let who = caller.clone();
        // A held call waits long, so it keeps nothing but the name of its action.
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
            // Locate the service, check its address, and build the exact request.
            let (prepared, by_head) = match arriving.take() {
                None => (self.preparer.prepare(caller, &request).await?, None),
                Some(body) => {
                    let deciding = self.decide_by_head(caller, &mut request, body);
                    let (prepared, by_head) = Box::pin(deciding).await?;
                    let (evaluation, rest) = by_head.unzip();
                    arriving = rest;
                    (prepared, evaluation)
                }
            };

            // Assess the risk.
            let evaluation = match by_head {
                Some(evaluation) => evaluation,
                None => match self.evaluate(&prepared, &request).await? {
                    Evaluated::Now(evaluation) => evaluation,
                    Evaluated::Before(claim) => {
                        return self.claimed(&prepared, &request, claim).await;
                    }
                },
            };

            // Record the decision. The record of a read may become durable while the read is sent,
            // because the response waits for the record.
            let decided = self
                .recorder
                .decision(&prepared, &request, evaluation, request_id)
                .await?;
            let risk_score = decided.evaluation().verdict.score;
            let decided = match decided.into_read() {
                ControlFlow::Continue(decided) => decided,
                ControlFlow::Break((permit, record)) => {
                    let forwarding = Forwarding::new(prepared, risk_score, None);
                    return self
                        .forward_while_recording(permit, record, forwarding, request)
                        .await
                        .map(Outcome::Responded);
                }
            };
            let evaluation = decided.evaluation().clone();
            let keyed = self.keyed(&prepared, &request, &evaluation).await?;

            // Forward, hold or deny.
            match self.recorder.record(decided).await? {
                Recorded::Forward(permit, entry) => {
                    let mut forwarding = Forwarding::new(prepared, risk_score, keyed);
                    let upload = arriving
                        .map(|body| forwarding.upload(body, self.big_bodies.clone(), request_id));
                    return self
                        .forward(permit, entry, forwarding, upload)
                        .await
                        .map(Outcome::Responded);
                }
                Recorded::Hold { action, expires_at } => {
                    let (service, binding) = (prepared.located.service.id, prepared.binding());
                    let held = Held::new(action, service, &binding, expires_at, &evaluation);
                    return Ok(Outcome::Held(held));
                }
                Recorded::Deny => return Err(Refusal::denied(evaluation.matched_rules)),
                Recorded::KeyUsed(claim) => {
                    return self.claimed(&prepared, &request, claim).await;
                }
                Recorded::AlreadyHeld(action) => {
                    let actions = &self.agent_actions;
                    let finding = actions.outcome_of_action(&prepared.caller, action);
                    let outcome = Box::pin(finding).await?;
                    return self.repeated(&prepared, &request, outcome).await;
                }
                Recorded::TooManyPending(refusal) => return Err(refusal),
                Recorded::AuthorityChanged => {
                    Box::pin(self.authority.reload(prepared.caller.agent.workspace)).await?;
                    caller = self.authority.renewed(&prepared.caller)?;
                }
            }
        }
        Err(Refusal::AuthorityUnconfirmed)
    }

    /// Prepares a request whose body is still arriving. If rules decide it by its head alone, the
    /// result includes the evaluation and the body to forward as it arrives. Otherwise, and if the
    /// first piece is the whole body, the body is read to its end and becomes part of the request.
    async fn decide_by_head(
        &self,
        caller: AgentCaller,
        request: &mut ProxyRequest,
        mut body: ArrivingBody,
    ) -> Result<(Prepared, Option<(Evaluation, ArrivingBody)>), Refusal> {
        let prepared = self.preparer.prepare_head(caller, request).await?;
        // A key is claimed with the digest of the whole request, and a read is sent while it is recorded.
        let may_stream = request.idempotency_key.is_none()
            && !is_safe(&request.method)
            && !request.web_socket
            && !needs_body(&prepared.request.headers);
        if may_stream
            && let Some(evaluation) = self.decider.evaluate_head(&prepared, &request.intent)
        {
            // Waits for the first piece, so that nothing is sent for an agent that announces a body
            // and never sends it.
            let caller = &prepared.caller;
            if evaluation.decision == Decision::Deny
                || !self.unless_revoked(caller, body.begin()).await?
            {
                if body.begins_with_agent_key() {
                    return Err(BodyBroken::HoldsAgentKey.into());
                }
                return Ok((prepared, Some((evaluation, body))));
            }
        }
        request.body = self.unless_revoked(&prepared.caller, body.whole()).await?;
        let prepared = self
            .preparer
            .with_body(prepared, request.body.clone())
            .await?;
        Ok((prepared, None))
    }

    /// Evaluates a request. A language model is asked only for a key that was not claimed before,
    /// because a key is decided once.
    async fn evaluate(
        &self,
        prepared: &Prepared,
        request: &ProxyRequest,
    ) -> Result<Evaluated, Refusal> {
        let assessed = self.decider.assess(prepared, &request.intent).await?;
        if !self.decider.needs_model(&assessed) {
            let evaluation = self.decider.evaluate_without_model(assessed, prepared);
            return Ok(Evaluated::Now(evaluation));
        }
        let caller = &prepared.caller;
        if let Some(key) = &request.idempotency_key
            && let Some(claim) = self.agent_actions.claim(caller, key).await?
        {
            return Ok(Evaluated::Before(claim));
        }
        let asking = self
            .decider
            .evaluate_with_model(assessed, prepared, &request.intent);
        // Boxed, so that the future of every request stays small.
        let evaluation = self.unless_revoked(caller, Box::pin(asking)).await?;
        Ok(Evaluated::Now(evaluation))
    }

    /// Waits for a result, unless the agent's key is revoked first.
    async fn unless_revoked<T, E: Into<Refusal>>(
        &self,
        caller: &AgentCaller,
        waiting: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Refusal> {
        let revoked = caller.key_token();
        tokio::select! {
            biased;
            () = revoked.cancelled() => Err(self.authority.key_revoked(caller).into()),
            result = waiting => result.map_err(Into::into),
        }
    }

    /// Returns the outcome of the request that claimed this request's key before.
    async fn claimed(
        &self,
        prepared: &Prepared,
        request: &ProxyRequest,
        claim: Claim,
    ) -> Result<Outcome, Refusal> {
        let payload = prepared.payload(&self.big_bodies).await?;
        let actions = &self.agent_actions;
        let outcome = Box::pin(actions.outcome_of_claim(prepared, &payload, claim)).await?;
        self.repeated(prepared, request, outcome).await
    }

    /// Counts the repetition of a held request, with its intent, for the human who decides.
    async fn repeated(
        &self,
        prepared: &Prepared,
        request: &ProxyRequest,
        outcome: Outcome,
    ) -> Result<Outcome, Refusal> {
        if let Outcome::Held(held) = &outcome {
            let actions = &self.agent_actions;
            let counting = actions.repeated(&prepared.caller, held.action, &request.intent);
            Box::pin(counting).await?;
        }
        Ok(outcome)
    }

    /// Returns the idempotency key of a request that will be forwarded, with the key that seals its
    /// response.
    async fn keyed(
        &self,
        prepared: &Prepared,
        request: &ProxyRequest,
        evaluation: &Evaluation,
    ) -> Result<Option<Keyed>, Refusal> {
        match &request.idempotency_key {
            Some(key) if evaluation.decision == Decision::Forward => Ok(Some(Keyed {
                key: key.clone(),
                response_key: self
                    .kept_responses
                    .key(prepared.caller.agent.workspace)
                    .await?,
            })),
            Some(_) | None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the size of the future that a method returns.
    fn future_size<A, B, C, D, F: Future>(_: impl Fn(A, B, C, D) -> F) -> usize {
        size_of::<F>()
    }

    /// The future is moved on its way, so its rare and large parts are boxed where they are awaited.
    #[test]
    fn the_future_of_every_request_is_small() {
        let size = future_size(|gateway: &'static Arc<Gateway>, caller, request, id| {
            gateway.try_submit(caller, request, None, id)
        });
        assert!(size <= 6 * 1024 + 512, "{size} bytes");
    }

    #[test]
    fn the_future_of_a_held_call_is_smaller() {
        let size = future_size(|gateway: &'static Arc<Gateway>, caller, request, id| {
            gateway.submit(caller, request, id)
        });
        assert!(size <= 2 * 1024, "{size} bytes");
    }

    /// A held call keeps this future for as long as it waits, so the queries of the ledger are boxed.
    #[test]
    fn the_future_that_waits_for_a_ruling_is_small() {
        let size = future_size(|gateway: &'static Arc<Gateway>, caller, held, patience| {
            gateway.wait_held(caller, held, patience, false)
        });
        assert!(size <= 3 * 1024, "{size} bytes");
    }
}
