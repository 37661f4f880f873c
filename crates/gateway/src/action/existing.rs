//! The outcome of a request that was sent before: with the same idempotency key, or held without one.

use gaiterguard_authority::AgentCaller;
use gaiterguard_domain::action::ActionState;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{ActionId, WorkspaceId};
use gaiterguard_domain::ledger::{Claim, ClaimState, StoredResponse};
use gaiterguard_domain::redact;
use gaiterguard_domain::request::{Digest, IdempotencyKey, Intent, idempotency_digest};
use gaiterguard_sealing::Purpose;

use crate::action::agent::AgentActions;
use crate::action::kept;
use crate::prepare::Prepared;
use crate::refusal::Refusal;
use crate::response::{Held, Outcome, Response};

impl AgentActions {
    /// Returns the earlier claim of an idempotency key.
    pub(crate) async fn claim(
        &self,
        caller: &AgentCaller,
        key: &IdempotencyKey,
    ) -> Result<Option<Claim>, Refusal> {
        let now = self.clock.now();
        let claim = Box::pin(self.store.claim_get(caller.agent.id, key, now));
        Ok(claim.await?)
    }

    /// Returns the outcome of the request that claimed a key. Nothing is decided again.
    pub(crate) async fn outcome_of_claim(
        &self,
        prepared: &Prepared,
        payload: &Digest,
        claim: Claim,
    ) -> Result<Outcome, Refusal> {
        let digest = idempotency_digest(prepared.located.service.id, payload);
        if claim.digest != digest {
            return Err(Refusal::IdempotencyKeyReused);
        }
        let workspace = prepared.caller.agent.workspace;
        match claim.state {
            ClaimState::Running => Err(Refusal::IdempotencyInProgress),
            ClaimState::Broken => Err(Refusal::OutcomeUnknown),
            ClaimState::Denied => {
                let entry = self.store.request_get(workspace, claim.entry).await?;
                let rules = entry.map_or_else(Vec::new, |entry| entry.new.evaluation.matched_rules);
                Err(Refusal::denied(rules))
            }
            ClaimState::Responded(stored) => {
                let entry = self.store.request_get(workspace, claim.entry).await?;
                let score = entry.map_or(0.0, |entry| entry.new.evaluation.verdict.score);
                let purpose = kept::purpose_of_request(claim.entry);
                let response = self.replay(workspace, &purpose, &stored, score).await?;
                Ok(Outcome::Responded(response))
            }
            ClaimState::Held(action) => self.outcome_of_action(&prepared.caller, action).await,
        }
    }

    /// Returns the outcome of a request that was held before.
    pub(crate) async fn outcome_of_action(
        &self,
        caller: &AgentCaller,
        id: ActionId,
    ) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let workspace = caller.agent.workspace;
        let action = self.find(caller, id).await?;
        let note = action
            .state
            .last_decision()
            .and_then(|decision| decision.note.clone());
        let score = action.evaluation.verdict.score;
        match action.state.seen_by_agent(now) {
            ActionState::Pending { expires_at } | ActionState::Approved { expires_at, .. } => {
                Ok(Outcome::Held(Held::new(
                    id,
                    action.service,
                    &action.binding,
                    expires_at,
                    &action.evaluation,
                )))
            }
            ActionState::Executed { .. } => match self.store.action_response(id).await {
                Ok(Some(stored)) => self
                    .replay(workspace, &kept::purpose_of_action(id), &stored, score)
                    .await
                    .map(Outcome::Responded),
                Ok(None) => Err(Refusal::OutcomeUnknown),
                Err(error) if error.is_damage() => {
                    tracing::error!(%error, "a stored response is damaged");
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

    /// Counts a repetition of a held request, and keeps its intent if it is new.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub(crate) async fn repeated(
        &self,
        caller: &AgentCaller,
        action: ActionId,
        intent: &Intent,
    ) -> Result<(), Refusal> {
        let now = self.clock.now();
        let intent = redact::agent_keys(intent.as_str());
        let audit = NewAuditEntry {
            workspace: Some(caller.agent.workspace),
            at: now,
            actor: Actor::Agent(caller.agent.id),
            event: Event::ActionRepeated,
            subject: Subject::Action(action),
            detail: serde_json::json!({ "intent": intent }),
        };
        let counting = self.store.action_repeated(action, &intent, now, audit);
        Ok(counting.await?)
    }

    async fn replay(
        &self,
        workspace: WorkspaceId,
        purpose: &Purpose,
        stored: &StoredResponse,
        score: f64,
    ) -> Result<Response, Refusal> {
        match self.kept.open(workspace, purpose, stored).await? {
            Some(kept) if !kept.is_truncated => Ok(Response::replayed(kept, score)),
            Some(_) | None => Err(Refusal::ResponseNotStored {
                status: stored.status,
            }),
        }
    }
}
