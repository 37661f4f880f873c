//! Sending what was decided to be forwarded at once.

pub(crate) mod after_sending;
pub(crate) mod conclude;
pub(crate) mod dispatch;
mod masked;
pub mod relay;
pub(crate) mod to_its_end;
pub mod tunnel;
pub(crate) mod upload;

use std::sync::Arc;

use gaiterguard_domain::id::{AgentId, RequestEntryId, RequestId};
use gaiterguard_domain::ledger::{
    Completion, NewDecision, Outcome as LedgerOutcome, Recorded, StoredResponse,
};
use gaiterguard_domain::request::{IdempotencyKey, ProxyRequest};
use gaiterguard_domain::verdict::{Decision, Evaluation};
use gaiterguard_provenance::Observer;
use gaiterguard_sealing::PayloadKey;
use gaiterguard_store::PendingOutcome;
use tokio_util::sync::CancellationToken;

use self::after_sending::AfterSending;
use self::conclude::Conclusion;
use self::dispatch::{Arrived, DispatchFailed, Permit, Sent};
use self::relay::AnswerBody;
use self::to_its_end::{ToItsEnd, or_broken_off};
use self::upload::{Streamed, Upload};
use crate::Gateway;
use crate::answer::{Answer, Provenance};
use crate::body::arriving::ArrivingBody;
use crate::body::big_body::BigBodies;
use crate::refusal::Refusal;
use crate::submit::prepare::Prepared;

/// A request that is to be forwarded.
pub(crate) struct Forwarding {
    prepared: Prepared,
    risk_score: f64,
    key: Option<Keyed>,
    cut: CancellationToken,
    /// What will be known of its body, if that goes on as it arrives.
    streamed: Option<Streamed>,
}

/// The idempotency key of a request, and what its response is sealed with for a replay.
pub(crate) struct Keyed {
    pub(crate) key: IdempotencyKey,
    pub(crate) answer_key: PayloadKey,
}

impl Forwarding {
    pub(crate) fn new(prepared: Prepared, judgement: &Evaluation, key: Option<Keyed>) -> Self {
        Self {
            risk_score: judgement.verdict.score,
            key,
            // Taken from the definitions that the decision was made on: whoever takes the right away
            // afterwards cuts exactly this.
            cut: prepared.cut(),
            prepared,
            streamed: None,
        }
    }

    /// A body that is still arriving, of which the decision knew nothing, as what is sent in place of
    /// the request's own.
    pub(crate) fn upload(
        &mut self,
        body: ArrivingBody,
        big_bodies: BigBodies,
        request_id: RequestId,
    ) -> Upload {
        let (upload, streamed) = Upload::new(&self.prepared, body, big_bodies, request_id);
        self.streamed = Some(streamed);
        upload
    }

    /// Starts to note the exchange for the assessor.
    fn observe(&self, gateway: &Gateway) -> Option<Box<Observer>> {
        let Prepared {
            caller,
            located,
            request,
            ..
        } = &self.prepared;
        let place = (caller.agent.id, located.service.id);
        let cut = caller.call_token(located.service.id, false);
        let mut observer = gateway.provenance.observe(place, request, false, &cut)?;
        if let Some(streamed) = &self.streamed {
            observer.sent(streamed.beginning());
        }
        Some(observer)
    }

    fn claim(&self) -> Option<(AgentId, IdempotencyKey)> {
        let keyed = self.key.as_ref()?;
        Some((self.prepared.caller.agent.id, keyed.key.clone()))
    }
}

impl Gateway {
    /// Sends a recorded request, to its end even if the agent goes away meanwhile: whatever was begun
    /// must be known to the ledger.
    pub(crate) async fn forward(
        self: &Arc<Self>,
        permit: Permit,
        entry: RequestEntryId,
        forwarding: Forwarding,
        upload: Option<Upload>,
    ) -> Result<Answer, Refusal> {
        let gateway = Arc::clone(self);
        let broken = Completion {
            entry,
            claim: forwarding.claim(),
            outcome: LedgerOutcome::Broken { status: None },
            at: self.clock.now(),
            audit: None,
        };
        let broken_off = {
            let gateway = Arc::clone(self);
            move || gateway.store.complete_in_background(broken)
        };
        let forwarding = async move {
            let sent = match upload {
                None => gateway.send(permit, &forwarding).await,
                Some(upload) => {
                    let prepared = &forwarding.prepared;
                    let (service, request) = (&prepared.located.service, &prepared.request);
                    let cut = &forwarding.cut;
                    let sending = gateway.dispatch_upload(permit, service, request, upload, cut);
                    Box::pin(sending).await
                }
            };
            gateway.relay(sent, entry, forwarding).await
        };
        let forwarding = or_broken_off(forwarding, broken_off);
        Ok(ToItsEnd::new(forwarding, &self.tasks).await?)
    }

    /// Sends a safe request while its decision becomes durable. No answer is given before it is.
    pub(crate) async fn forward_while_recording(
        self: &Arc<Self>,
        permit: Permit,
        forwarding: Forwarding,
        decision: NewDecision,
        request: ProxyRequest,
    ) -> Result<Answer, Refusal> {
        let gateway = Arc::clone(self);
        let forwarding = async move {
            let outcome = PendingOutcome::default();
            let sending = gateway.read(permit, &forwarding, &outcome);
            let recording = gateway.record_read(&forwarding.prepared, decision, &request, &outcome);
            let ((sent, is_recorded), entry) = tokio::join!(sending, recording);
            let entry = entry.map_err(|refusal| {
                let may_have_been_sent = match &sent {
                    Ok(_) => true,
                    Err(failed) => failed.may_have_been_sent(),
                };
                AfterSending::read_unrecorded(refusal, may_have_been_sent)
            })?;
            match sent {
                Ok(Sent {
                    status,
                    headers,
                    arrived: Arrived::Whole(body),
                    ..
                }) if is_recorded => {
                    if let Some(mut observer) = forwarding.observe(&gateway) {
                        observer.head(status, &headers);
                        observer.whole(&body);
                    }
                    Ok(Answer {
                        provenance: Provenance::Forwarded,
                        status,
                        headers,
                        risk_score: forwarding.risk_score,
                        has_key: false,
                        body: AnswerBody::Whole(body),
                    })
                }
                sent => gateway.relay(sent, entry, forwarding).await,
            }
        };
        Ok(ToItsEnd::new(forwarding, &self.tasks).await?)
    }

    /// Sends a safe request. If its answer is whole at once, and the decision is not written yet, its
    /// end is recorded along with that: true then.
    async fn read(
        &self,
        permit: Permit,
        forwarding: &Forwarding,
        outcome: &PendingOutcome,
    ) -> (Result<Sent, DispatchFailed>, bool) {
        let sent = self.send(permit, forwarding).await;
        let is_recorded = match &sent {
            Ok(sent) if matches!(sent.arrived, Arrived::Whole(_)) => {
                let answer = StoredResponse {
                    status: sent.status.as_u16(),
                    content: None,
                };
                outcome.set(LedgerOutcome::Responded(answer), self.clock.now())
            }
            Ok(_) | Err(_) => false,
        };
        (sent, is_recorded)
    }

    /// Records the decision on a request that may be on its way already. If definitions change
    /// meanwhile, the answer is given only if the request would be forwarded on the new ones too.
    async fn record_read(
        self: &Arc<Self>,
        prepared: &Prepared,
        mut decision: NewDecision,
        request: &ProxyRequest,
        outcome: &PendingOutcome,
    ) -> Result<RequestEntryId, Refusal> {
        let request_id = decision.entry.request_id;
        let mut caller = prepared.caller.clone();
        loop {
            let recording = self.store.record_in_flight(decision, outcome.clone());
            match recording.await? {
                Recorded::Done(entry) => {
                    self.metrics.decided(Decision::Forward);
                    return Ok(entry);
                }
                Recorded::AuthorityChanged => {
                    Box::pin(self.authority.reload(caller.agent.workspace)).await?;
                    let again = self.authority.renewed(&caller)?;
                    let again = Box::pin(self.prepare(again, request)).await?;
                    let judgement = Box::pin(self.judge(&again, request)).await?;
                    let is_same = again.request == prepared.request
                        && again.located.service.id == prepared.located.service.id;
                    if judgement.decision != Decision::Forward || !is_same {
                        return Err(Refusal::AuthorityUnconfirmed);
                    }
                    decision =
                        Box::pin(self.decision(&again, request, &judgement, request_id)).await?;
                    caller = again.caller;
                }
                Recorded::KeyUsed(_) | Recorded::AlreadyHeld(_) | Recorded::TooManyPending(_) => {
                    return Err(Refusal::StorageUnavailable);
                }
            }
        }
    }

    async fn send(&self, permit: Permit, forwarding: &Forwarding) -> Result<Sent, DispatchFailed> {
        let prepared = &forwarding.prepared;
        self.dispatch(
            permit,
            &prepared.located.service,
            &prepared.request,
            &forwarding.cut,
        )
        .await
    }

    async fn relay(
        self: &Arc<Self>,
        sent: Result<Sent, DispatchFailed>,
        entry: RequestEntryId,
        mut forwarding: Forwarding,
    ) -> Result<Answer, AfterSending> {
        let mut sent = match sent {
            Ok(sent) => sent,
            Err(failed) => return Err(self.end_unanswered(failed, entry, forwarding).await),
        };
        let mut observer = forwarding.observe(self);
        if let Some(observer) = &mut observer {
            observer.head(sent.status, &sent.headers);
        }
        let conclusion = Conclusion::Forwarded {
            entry,
            claim: forwarding.claim(),
            answer_key: forwarding
                .key
                .as_ref()
                .map(|keyed| keyed.answer_key.clone()),
            streamed: forwarding.streamed.take(),
        };
        Ok(Answer {
            provenance: Provenance::Forwarded,
            status: sent.status,
            headers: relay::headers(&mut sent, &conclusion),
            risk_score: forwarding.risk_score,
            has_key: forwarding.key.is_some(),
            body: relay::body(self, sent, conclusion, observer).await?,
        })
    }

    /// Records that a request brought no response. What the agent gets to know of it is the same
    /// whether or not the database can take note.
    async fn end_unanswered(
        &self,
        failed: DispatchFailed,
        entry: RequestEntryId,
        mut forwarding: Forwarding,
    ) -> AfterSending {
        if failed.may_have_been_sent()
            && let Some(observer) = forwarding.observe(self)
        {
            observer.end();
        }
        let outcome = if failed.may_have_been_sent() {
            LedgerOutcome::Broken { status: None }
        } else {
            LedgerOutcome::NotSent
        };
        let at = self.clock.now();
        let streamed = forwarding.streamed.take();
        let completion = Completion {
            entry,
            claim: forwarding.claim(),
            audit: streamed.as_ref().map(|one| one.audit(&outcome, at)),
            outcome,
            at,
        };
        self.complete(completion).await.ok();
        if let Some(broken) = streamed.and_then(|streamed| streamed.take_broken()) {
            return AfterSending::body_broken(broken);
        }
        AfterSending::failed(failed, || {
            let prepared = &forwarding.prepared;
            let service = prepared.located.service.id;
            let web_socket = prepared.request.is_web_socket();
            self.authority
                .call_revoked(&prepared.caller, service, web_socket)
                .into()
        })
    }
}
