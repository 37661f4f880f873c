//! The record of a body that is forwarded as it arrives. The whole body is never known before it is
//! sent, so its digest is computed as it passes and recorded at its end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{RequestId, ServiceId, WorkspaceId};
use gaiterguard_domain::ledger::Outcome;
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_history::BODY_BYTES_MAX;
use gaiterguard_intake::BodyBroken;
use http::Method;

use crate::prepare::Prepared;

/// The record of a body that is forwarded as it arrives.
pub(crate) struct Streamed {
    passage: Arc<Passage>,
    workspace: WorkspaceId,
    request_id: RequestId,
    service: ServiceId,
    method: Method,
}

/// The part of the record that the body itself writes while it passes.
#[derive(Default)]
pub(crate) struct Passage {
    bytes: AtomicU64,
    /// The beginning of the body, for the history of what the agent sent.
    beginning: Mutex<BytesMut>,
    /// `None` while pieces are still to come.
    end: Mutex<Option<BodyEnd>>,
}

enum BodyEnd {
    /// All of the body was forwarded; the digest covers the whole request.
    Whole(Digest),
    Broken(BodyBroken),
}

impl Passage {
    /// Records a piece that is forwarded.
    pub(crate) fn add(&self, piece: &Bytes) {
        let mut beginning = self.lock_beginning();
        let room = (BODY_BYTES_MAX + 1).saturating_sub(beginning.len());
        beginning.extend_from_slice(&piece[..piece.len().min(room)]);
        self.bytes.fetch_add(piece.len() as u64, Ordering::Relaxed);
    }

    /// Records that the whole body was forwarded.
    pub(crate) fn finish(&self, digest: Digest) {
        *self.lock_end() = Some(BodyEnd::Whole(digest));
    }

    /// Records that the body broke off.
    pub(crate) fn break_off(&self, broken: BodyBroken) {
        *self.lock_end() = Some(BodyEnd::Broken(broken));
    }

    fn lock_beginning(&self) -> MutexGuard<'_, BytesMut> {
        // A poisoned lock is safe to use: a panic cannot leave a change half done.
        self.beginning
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_end(&self) -> MutexGuard<'_, Option<BodyEnd>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Streamed {
    /// Starts the record of a request whose head has arrived.
    pub(crate) fn new(prepared: &Prepared, request_id: RequestId) -> Self {
        Self {
            passage: Arc::default(),
            workspace: prepared.caller.agent.workspace,
            request_id,
            service: prepared.located.service.id,
            method: prepared.request.method.clone(),
        }
    }

    /// Returns the part that the body writes.
    pub(crate) fn passage(&self) -> Arc<Passage> {
        Arc::clone(&self.passage)
    }

    /// Takes the beginning of what was sent, as far as the history needs it.
    pub(crate) fn take_beginning(&self) -> Bytes {
        let mut beginning = std::mem::take(&mut *self.passage.lock_beginning());
        if self.passage.lock_end().is_none() {
            // The rest is never noted, so the body counts as one that is too long to be read.
            beginning.resize(BODY_BYTES_MAX + 1, 0);
        }
        beginning.freeze()
    }

    /// Returns the audit entry about the end of the request, with what the decision could not know
    /// about its body.
    pub(crate) fn audit(&self, outcome: &Outcome, at: Timestamp) -> Box<NewAuditEntry> {
        let (digest, reason) = match &*self.passage.lock_end() {
            Some(BodyEnd::Whole(digest)) => (Some(digest.to_string()), None),
            Some(BodyEnd::Broken(broken)) => (None, Some(broken.to_string())),
            None => (None, Some("not all of the body was forwarded".to_owned())),
        };
        let (outcome, status) = match outcome {
            Outcome::Responded(response) => ("answered", Some(response.status)),
            Outcome::NotSent => ("not_sent", None),
            Outcome::Broken { status } => ("unknown", *status),
        };
        let mut detail = serde_json::json!({
            "request_id": self.request_id,
            "service_id": self.service,
            "method": self.method.as_str(),
            "digest": digest,
            "body": "streamed",
            "body_bytes": self.passage.bytes.load(Ordering::Relaxed),
            "outcome": outcome,
            "upstream_status": status,
        });
        if let Some(reason) = reason {
            detail["body_cut"] = reason.into();
        }
        Box::new(NewAuditEntry {
            workspace: Some(self.workspace),
            at,
            actor: Actor::Gateway,
            event: Event::RequestEnded,
            subject: Subject::Request(self.request_id),
            detail,
        })
    }

    /// Takes the reason why the body broke off on the agent's side, if it did.
    pub(crate) fn take_broken(&self) -> Option<BodyBroken> {
        let mut end = self.passage.lock_end();
        match end.take() {
            Some(BodyEnd::Broken(broken)) => Some(broken),
            other => {
                *end = other;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_body_that_is_still_arriving_counts_as_too_long_to_be_read() {
        let streamed = Streamed {
            passage: Arc::default(),
            workspace: WorkspaceId(1),
            request_id: RequestId(Uuid::nil()),
            service: ServiceId(1),
            method: Method::POST,
        };
        let passage = streamed.passage();
        passage.add(&Bytes::from_static(b"the beginning"));
        assert!(streamed.take_beginning().len() > BODY_BYTES_MAX);
        passage.add(&Bytes::from_static(b"all of it"));
        passage.break_off(BodyBroken::HoldsAgentKey);
        assert_eq!(streamed.take_beginning(), "all of it");
    }
}
