//! Recording the decision on a request.

use std::ops::ControlFlow;

use gaiterguard_domain::familiarity::OperationKey;
use gaiterguard_domain::id::{ActionId, RequestEntryId, RequestId};
use gaiterguard_domain::ledger::{
    self, Claim, NewClaim, NewDecision, NewEntry, NewHold, PendingLimit,
};
use gaiterguard_domain::redact;
use gaiterguard_domain::request::{Digest, Intent, ProxyRequest, idempotency_digest, is_safe};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::{Decision, Evaluation};
use gaiterguard_provenance::sources;
use gaiterguard_store::{PendingOutcome, StoreError};
use uuid::Uuid;

use crate::prepare::{Prepared, PreparedRequest};
use crate::record::permit::{Covers, Permit};
use crate::record::recorder::Recorder;
use crate::refusal::Refusal;

/// A decision that is ready to be recorded.
pub(crate) struct Decided {
    /// Boxed, because it is handed on several times before the ledger has it.
    new: Box<NewDecision>,
    follows: Follows,
}

/// The consequence of a decision, once it is recorded.
#[derive(Clone, Copy)]
enum Follows {
    /// The request is sent.
    Forward(Covers),
    /// The same, and it may be sent while it is recorded: the method is safe, no key is claimed, and the
    /// connection does not become a WebSocket, whose use is not known to be safe.
    Read(Digest),
    /// The request waits for a human.
    Hold {
        action: ActionId,
        expires_at: Timestamp,
    },
    /// The request is denied.
    Deny,
}

/// The result of recording a decision.
pub(crate) enum Recorded {
    /// The request may be sent.
    Forward(Permit, RequestEntryId),
    /// The request waits for a human.
    Hold {
        action: ActionId,
        expires_at: Timestamp,
    },
    /// The request is denied.
    Deny,
    /// The idempotency key was used before. Nothing was recorded.
    KeyUsed(Claim),
    /// The same request is already held. Nothing was recorded.
    AlreadyHeld(ActionId),
    /// Too many requests are held. Nothing was recorded.
    TooManyPending(Refusal),
    /// The definitions changed since the decision. Nothing was recorded.
    AuthorityChanged,
}

/// A read that may be sent while its decision is recorded.
pub(crate) struct ReadRecord(Box<NewDecision>);

/// The result of recording a read.
pub(crate) enum ReadRecorded {
    /// The decision is durable.
    Done(RequestEntryId),
    /// The definitions changed since the decision. Nothing was recorded.
    AuthorityChanged,
    /// The ledger refused the record, for a reason that only requests with a key or a hold have.
    Impossible,
}

impl Decided {
    /// Returns the evaluation that the decision follows from.
    pub(crate) fn evaluation(&self) -> &Evaluation {
        &self.new.entry.evaluation
    }

    /// Returns the permit of a read, with the record that its response must wait for; or the decision,
    /// if it must be recorded before anything is sent.
    pub(crate) fn into_read(self) -> ControlFlow<(Permit, ReadRecord), Self> {
        match self.follows {
            Follows::Read(digest) => {
                ControlFlow::Break((Permit::of_read(digest), ReadRecord(self.new)))
            }
            _ => ControlFlow::Continue(self),
        }
    }
}

impl ReadRecord {
    /// Returns the id of the request.
    pub(crate) fn request_id(&self) -> RequestId {
        self.0.entry.request_id
    }
}

impl Recorder {
    /// Builds everything about a decided request that becomes durable.
    ///
    /// # Errors
    ///
    /// If a held request cannot be sealed.
    pub(crate) async fn decision(
        &self,
        prepared: &Prepared,
        request: &ProxyRequest,
        evaluation: Evaluation,
        request_id: RequestId,
    ) -> Result<Decided, Refusal> {
        let now = self.clock.now();
        let agent = &prepared.caller.agent;
        let service = &prepared.located.service;
        let considered = prepared.considered(&request.intent);
        let operation = || considered.operation_key(&evaluation);
        let is_held = evaluation.decision == Decision::Hold;
        // Only these are compared with other requests.
        let identity = if is_held || request.idempotency_key.is_some() {
            let payload = prepared.payload(&self.big_bodies).await?;
            Some(idempotency_digest(service.id, &payload))
        } else {
            None
        };
        let (hold, follows) = match (evaluation.decision, identity) {
            (Decision::Hold, Some(identity)) => {
                let opens = gaiterguard_assessment::opens_access(&evaluation.verdict.signals);
                let hold = self.hold(prepared, identity, operation(), opens, now);
                let hold = hold.await?;
                let follows = Follows::Hold {
                    action: hold.action,
                    expires_at: hold.expires_at,
                };
                (Some(hold), follows)
            }
            (Decision::Hold, None) => return Err(Refusal::AuthorityUnconfirmed),
            (Decision::Forward, _) => (None, forwarding(prepared, request)),
            (Decision::Deny, _) => (None, Follows::Deny),
        };
        let key = request.idempotency_key.as_ref();
        let claim = key.zip(identity).map(|(key, digest)| NewClaim {
            key: key.clone(),
            digest,
            expires_at: now.after(self.idempotency_lifetime),
        });
        let new = Box::new(NewDecision {
            authority: prepared.caller.definitions.version(),
            operation: (!is_safe(&prepared.request.method)).then(operation),
            claim,
            hold,
            digest: prepared.digest(),
            entry: NewEntry {
                request_id,
                workspace: agent.workspace,
                agent: agent.id,
                service: service.id,
                method: prepared.request.method.to_string(),
                target_url: redact::agent_keys(&prepared.request.target.to_string()).into_owned(),
                intent: redact::agent_keys(request.intent.as_str()).into_owned(),
                label: request
                    .label
                    .as_ref()
                    .map(|label| label.as_str().to_owned()),
                evaluation: evaluation.for_agent_of(agent.owner),
                at: now,
            },
        });
        Ok(Decided { new, follows })
    }

    async fn hold(
        &self,
        prepared: &Prepared,
        identity: Digest,
        operation: OperationKey,
        opens: bool,
        now: Timestamp,
    ) -> Result<NewHold, Refusal> {
        let action = ActionId(Uuid::new_v4());
        let (workspace, service) = (prepared.caller.agent.workspace, prepared.located.service.id);
        let digest = prepared.known_digest()?;
        let history = prepared.history(&self.provenance).await;
        let examined = prepared.examine(&self.big_bodies, move |prepared| {
            let sources = history.and_then(|history| sources(&prepared.request, &history, now));
            let summary = prepared.considered(&Intent::absent()).summary(opens);
            (sources, summary)
        });
        let (provenance, summary) = Box::pin(examined).await?;
        let held = self
            .held_requests
            .seal(
                workspace,
                action,
                &prepared.request,
                digest,
                provenance.as_deref(),
                &summary,
            )
            .await?;
        Ok(NewHold {
            action,
            digest,
            payload: identity,
            denials_since: now.before(self.holds.denial_memory),
            binding: prepared.binding(),
            request: held.whole,
            preview: held.preview,
            provenance: held.provenance,
            summary: held.summary,
            operation,
            recipients: self
                .held_requests
                .familiarity
                .recipients_key(workspace, service, &summary),
            expires_at: now.after(self.holds.lifetime),
            pending_max: self.holds.per_agent_max,
            pending_bytes: self.holds.bytes,
        })
    }

    /// Records a decision. Claim, decision, held action and audit entry become durable together.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub(crate) async fn record(&self, decided: Decided) -> Result<Recorded, StoreError> {
        let Decided { new, follows } = decided;
        let decision = new.entry.evaluation.decision;
        let entry = match self.store.record(new).await? {
            ledger::Recorded::Done(entry) => entry,
            ledger::Recorded::KeyUsed(claim) => return Ok(Recorded::KeyUsed(claim)),
            ledger::Recorded::AlreadyHeld(action) => return Ok(Recorded::AlreadyHeld(action)),
            ledger::Recorded::TooManyPending(limit) => {
                return Ok(Recorded::TooManyPending(self.too_many(limit)));
            }
            ledger::Recorded::AuthorityChanged => return Ok(Recorded::AuthorityChanged),
        };
        self.metrics.decided(decision);
        Ok(match follows {
            Follows::Forward(covers) => {
                Recorded::Forward(Permit::of_decision(entry, covers), entry)
            }
            Follows::Read(digest) => {
                let permit = Permit::of_decision(entry, Covers::Request(digest));
                Recorded::Forward(permit, entry)
            }
            Follows::Hold { action, expires_at } => Recorded::Hold { action, expires_at },
            Follows::Deny => Recorded::Deny,
        })
    }

    /// Records the decision on a read that may be on its way already. `outcome` is recorded with it, if
    /// it is set by then.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub(crate) async fn record_read(
        &self,
        read: ReadRecord,
        outcome: &PendingOutcome,
    ) -> Result<ReadRecorded, StoreError> {
        let recording = self.store.record_in_flight(read.0, outcome.clone());
        Ok(match recording.await? {
            ledger::Recorded::Done(entry) => {
                self.metrics.decided(Decision::Forward);
                ReadRecorded::Done(entry)
            }
            ledger::Recorded::AuthorityChanged => ReadRecorded::AuthorityChanged,
            ledger::Recorded::KeyUsed(_)
            | ledger::Recorded::AlreadyHeld(_)
            | ledger::Recorded::TooManyPending(_) => ReadRecorded::Impossible,
        })
    }

    fn too_many(&self, limit: PendingLimit) -> Refusal {
        match limit {
            PendingLimit::Actions => Refusal::TooManyPending {
                pending_max: self.holds.per_agent_max,
            },
            PendingLimit::Bytes => Refusal::TooManyBytesPending,
        }
    }
}

fn forwarding(prepared: &Prepared, request: &ProxyRequest) -> Follows {
    let is_read = request.idempotency_key.is_none()
        && is_safe(&prepared.request.method)
        && !prepared.request.is_web_socket();
    match &prepared.request {
        PreparedRequest::Whole(whole) if is_read => Follows::Read(whole.digest()),
        PreparedRequest::Whole(whole) => Follows::Forward(Covers::Request(whole.digest())),
        PreparedRequest::Head(head) => Follows::Forward(Covers::head_of_upload(head)),
    }
}
