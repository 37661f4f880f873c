//! Sends a decided request, and relays the response.

use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;

use gaiterguard_domain::id::{AgentId, RequestEntryId, RequestId};
use gaiterguard_domain::ledger::{Completion, Outcome as LedgerOutcome, StoredResponse};
use gaiterguard_domain::request::{IdempotencyKey, ProxyRequest};
use gaiterguard_domain::verdict::Decision;
use gaiterguard_intake::ArrivingBody;
use gaiterguard_intake::BigBodies;
use gaiterguard_provenance::{Observer, Provenance};
use gaiterguard_sealing::PayloadKey;
use gaiterguard_store::PendingOutcome;
use tokio_util::sync::CancellationToken;

use crate::decide::REDECIDE_MAX;
use crate::detached::{DetachedOnDrop, or_on_abort};
use crate::gateway::Gateway;
use crate::prepare::{Prepared, PreparedRequest};
use crate::record::completion::PendingCompletion;
use crate::record::permit::Permit;
use crate::record::streamed::Streamed;
use crate::record::{ReadRecord, ReadRecorded};
use crate::refusal::Refusal;
use crate::response::{ProxyStatus, Response};
use crate::send::after_sending::AfterSending;
use crate::send::dispatch::DispatchFailed;
use crate::send::relay::{self, ResponseBody};
use crate::send::sent::{Arrived, Sent};
use crate::send::upload::Upload;

/// A request that is to be forwarded.
pub(crate) struct Forwarding {
    prepared: Prepared,
    risk_score: f64,
    key: Option<Keyed>,
    revoked: CancellationToken,
    /// The record of the body, if it is forwarded as it arrives.
    streamed: Option<Streamed>,
}

/// The idempotency key of a request, and the key that seals its response for a replay.
pub(crate) struct Keyed {
    pub(crate) key: IdempotencyKey,
    pub(crate) response_key: PayloadKey,
}

impl Forwarding {
    pub(crate) fn new(prepared: Prepared, risk_score: f64, key: Option<Keyed>) -> Self {
        Self {
            risk_score,
            key,
            // The token of the definitions that the decision used: a later revocation cancels this token.
            revoked: prepared.call_token(),
            prepared,
            streamed: None,
        }
    }

    /// Returns a body that is still arriving as an upload, which is sent in place of the request's own
    /// body.
    pub(crate) fn upload(
        &mut self,
        body: ArrivingBody,
        big_bodies: BigBodies,
        request_id: RequestId,
    ) -> Upload {
        let streamed = Streamed::new(&self.prepared, request_id);
        let passage = streamed.passage();
        self.streamed = Some(streamed);
        Upload::new(&self.prepared.request, body, big_bodies, passage)
    }

    /// Starts to note the exchange for the assessor.
    fn observe(&self, provenance: &Provenance) -> Option<Box<Observer>> {
        let (key, right) = self.prepared.history_key();
        let mut observer = provenance.observe(key, &self.prepared.request, false, &right)?;
        if let Some(streamed) = &self.streamed {
            observer.sent(streamed.take_beginning());
        }
        Some(observer)
    }

    fn claim(&self) -> Option<(AgentId, IdempotencyKey)> {
        let keyed = self.key.as_ref()?;
        Some((self.prepared.caller.agent.id, keyed.key.clone()))
    }
}

impl Gateway {
    /// Sends a recorded request. It runs to its end even if the agent disconnects, because the ledger
    /// must know the outcome of everything that was begun.
    pub(crate) async fn forward(
        self: &Arc<Self>,
        permit: Permit,
        entry: RequestEntryId,
        forwarding: Forwarding,
        upload: Option<Upload>,
    ) -> Result<Response, Refusal> {
        let gateway = Arc::clone(self);
        let aborted = Completion {
            entry,
            claim: forwarding.claim(),
            outcome: LedgerOutcome::Broken { status: None },
            at: self.clock.now(),
            audit: None,
        };
        let on_abort = {
            let recorder = Arc::clone(&self.recorder);
            move || recorder.complete_in_background(aborted)
        };
        let forwarding = Box::pin(async move {
            let sent = match upload {
                None => gateway.send(permit, &forwarding).await,
                Some(upload) => {
                    let prepared = &forwarding.prepared;
                    let (service, head) = (&prepared.located.service, &prepared.request);
                    let revoked = &forwarding.revoked;
                    let sender = &gateway.sender;
                    let sending = sender.dispatch_upload(permit, service, head, upload, revoked);
                    Box::pin(sending).await
                }
            };
            gateway.relay_response(sent, entry, forwarding).await
        });
        let forwarding = Box::pin(or_on_abort(forwarding, on_abort));
        Ok(DetachedOnDrop::new(forwarding, &self.tasks).await?)
    }

    /// Sends a read while its decision becomes durable. No response is given before it is.
    pub(crate) async fn forward_while_recording(
        self: &Arc<Self>,
        permit: Permit,
        record: ReadRecord,
        forwarding: Forwarding,
        request: ProxyRequest,
    ) -> Result<Response, Refusal> {
        let gateway = Arc::clone(self);
        let forwarding = Box::pin(async move {
            let outcome = PendingOutcome::default();
            // Pinned first, so that the two are not copied: they take several KiB.
            let ((sent, is_recorded), entry) = {
                let sending = pin!(gateway.read(permit, &forwarding, &outcome));
                let prepared = &forwarding.prepared;
                let recording = pin!(gateway.record_read(prepared, record, &request, &outcome));
                tokio::join!(sending, recording)
            };
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
                    if let Some(mut observer) = forwarding.observe(&gateway.provenance) {
                        observer.head(status, &headers);
                        observer.whole(&body);
                    }
                    Ok(Response {
                        proxy_status: ProxyStatus::Forwarded,
                        status,
                        headers,
                        risk_score: forwarding.risk_score,
                        has_key: false,
                        body: ResponseBody::Whole(body),
                    })
                }
                // Boxed, because most responses to reads are whole and recorded by then.
                sent => Box::pin(gateway.relay_response(sent, entry, forwarding)).await,
            }
        });
        Ok(DetachedOnDrop::new(forwarding, &self.tasks).await?)
    }

    /// Sends a read. If its response is whole immediately and the decision is not written yet, its end is
    /// recorded along with the decision, and the result is true.
    async fn read(
        &self,
        permit: Permit,
        forwarding: &Forwarding,
        outcome: &PendingOutcome,
    ) -> (Result<Sent, DispatchFailed>, bool) {
        let sent = self.send(permit, forwarding).await;
        let is_recorded = match &sent {
            Ok(sent) if matches!(sent.arrived, Arrived::Whole(_)) => {
                let response = StoredResponse {
                    status: sent.status.as_u16(),
                    content: None,
                };
                outcome.set(LedgerOutcome::Responded(response), self.clock.now())
            }
            Ok(_) | Err(_) => false,
        };
        (sent, is_recorded)
    }

    /// Records the decision on a read that may be on its way already. If the definitions changed, the
    /// response is given only if the request would also be forwarded with the new ones.
    async fn record_read(
        &self,
        prepared: &Prepared,
        mut record: ReadRecord,
        request: &ProxyRequest,
        outcome: &PendingOutcome,
    ) -> Result<RequestEntryId, Refusal> {
        let request_id = record.request_id();
        let mut caller = prepared.caller.clone();
        for _ in 0..REDECIDE_MAX {
            match self.recorder.record_read(record, outcome).await? {
                ReadRecorded::Done(entry) => return Ok(entry),
                ReadRecorded::AuthorityChanged => {
                    Box::pin(self.authority.reload(caller.agent.workspace)).await?;
                    let renewed = self.authority.renewed(&caller)?;
                    let again = Box::pin(self.preparer.prepare(renewed, request)).await?;
                    let evaluation = Box::pin(self.decider.evaluate(&again, &request.intent));
                    let evaluation = evaluation.await?;
                    let is_same = again.request == prepared.request
                        && again.located.service.id == prepared.located.service.id;
                    if evaluation.decision != Decision::Forward || !is_same {
                        return Err(Refusal::AuthorityUnconfirmed);
                    }
                    let recorder = &self.recorder;
                    let deciding = recorder.decision(&again, request, evaluation, request_id);
                    record = match Box::pin(deciding).await?.into_read() {
                        // The request was sent with the first permit.
                        ControlFlow::Break((_, record)) => record,
                        ControlFlow::Continue(_) => return Err(Refusal::AuthorityUnconfirmed),
                    };
                    caller = again.caller;
                }
                ReadRecorded::Impossible => return Err(Refusal::StorageUnavailable),
            }
        }
        Err(Refusal::AuthorityUnconfirmed)
    }

    async fn send(&self, permit: Permit, forwarding: &Forwarding) -> Result<Sent, DispatchFailed> {
        let prepared = &forwarding.prepared;
        let PreparedRequest::Whole(request) = &prepared.request else {
            // The permit of a head is for an upload, so a request without its body is never sent.
            return Err(DispatchFailed::NothingSent(Refusal::StorageUnavailable));
        };
        let service = &prepared.located.service;
        self.sender
            .dispatch(permit, service, request, &forwarding.revoked)
            .await
    }

    async fn relay_response(
        &self,
        sent: Result<Sent, DispatchFailed>,
        entry: RequestEntryId,
        mut forwarding: Forwarding,
    ) -> Result<Response, AfterSending> {
        let mut sent = match sent {
            Ok(sent) => sent,
            Err(failed) => {
                return Err(Box::pin(self.end_without_response(failed, entry, forwarding)).await);
            }
        };
        let mut observer = forwarding.observe(&self.provenance);
        if let Some(observer) = &mut observer {
            observer.head(sent.status, &sent.headers);
        }
        let completion = PendingCompletion::Forwarded {
            entry,
            claim: forwarding.claim(),
            response_key: forwarding
                .key
                .as_ref()
                .map(|keyed| keyed.response_key.clone()),
            streamed: forwarding.streamed.take(),
        };
        Ok(Response {
            proxy_status: ProxyStatus::Forwarded,
            status: sent.status,
            headers: relay::headers(&mut sent, &completion),
            risk_score: forwarding.risk_score,
            has_key: forwarding.key.is_some(),
            body: self.relay.body(sent, completion, observer).await?,
        })
    }

    /// Records that a request had no response. The agent gets the same result whether or not the
    /// database is available.
    async fn end_without_response(
        &self,
        failed: DispatchFailed,
        entry: RequestEntryId,
        mut forwarding: Forwarding,
    ) -> AfterSending {
        if failed.may_have_been_sent()
            && let Some(observer) = forwarding.observe(&self.provenance)
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
        self.recorder.complete(completion).await.ok();
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
