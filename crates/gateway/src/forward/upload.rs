//! A body that goes on to the upstream while it arrives, and what is known of it when that is over.
//!
//! Nobody has seen it whole before it was sent, so its digest is taken on the way, and whoever
//! concludes the request writes down what came of it.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{RequestId, ServiceId, WorkspaceId};
use gaiterguard_domain::ledger::Outcome;
use gaiterguard_domain::request::{Digest, RunningDigest};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_history::BODY_BYTES_MAX;
use gaiterguard_upstream::BoxError;
use http::Method;
use http_body::{Body, Frame, SizeHint};

use crate::body::arriving::{ArrivingBody, BodyBroken};
use crate::body::big_body::{BigBodies, INLINE_BYTES_MAX};
use crate::body::key_guard::{KeyFound, UploadGuard};
use crate::refusal::Refusal;
use crate::submit::prepare::Prepared;

/// The body as the upstream's connection takes it, piece by piece.
pub(crate) struct Upload {
    source: ArrivingBody,
    guard: UploadGuard,
    big_bodies: BigBodies,
    /// A piece that another thread looks at. The guard is there too meanwhile.
    looking: Option<Looking>,
    /// How many bytes have been taken from the source and not been passed on.
    bytes_held: u64,
    /// None once the body has ended.
    digest: Option<RunningDigest>,
    passage: Arc<Passage>,
}

type Looking = Pin<Box<dyn Future<Output = Result<Looked, Refusal>> + Send>>;

/// A piece that has been looked at.
struct Looked {
    guard: UploadGuard,
    /// What may be passed on by now.
    passed: Result<Bytes, KeyFound>,
    is_last: bool,
}

/// What the ledger is told of a request whose body went on as it arrived.
pub(crate) struct Streamed {
    passage: Arc<Passage>,
    workspace: WorkspaceId,
    request_id: RequestId,
    service: ServiceId,
    method: Method,
}

#[derive(Default)]
struct Passage {
    bytes: AtomicU64,
    /// The beginning of it, for the history of what the agent sent.
    beginning: Mutex<BytesMut>,
    /// None while pieces are still to come.
    end: Mutex<Option<End>>,
}

enum End {
    /// All of it was taken; the digest is the whole request's.
    Whole(Digest),
    Broken(BodyBroken),
}

impl Passage {
    fn note(&self, piece: &Bytes) {
        let mut beginning = self
            .beginning
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let room = (BODY_BYTES_MAX + 1).saturating_sub(beginning.len());
        beginning.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    fn end(&self) -> MutexGuard<'_, Option<End>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Upload {
    /// The body of a request of which only the head is known, and what will be known of it.
    pub(crate) fn new(
        prepared: &Prepared,
        source: ArrivingBody,
        big_bodies: BigBodies,
        request_id: RequestId,
    ) -> (Self, Streamed) {
        let passage = Arc::<Passage>::default();
        let streamed = Streamed {
            passage: Arc::clone(&passage),
            workspace: prepared.caller.agent.workspace,
            request_id,
            service: prepared.located.service.id,
            method: prepared.request.method.clone(),
        };
        let upload = Self {
            source,
            guard: UploadGuard::new(&prepared.request.headers),
            big_bodies,
            looking: None,
            bytes_held: 0,
            digest: Some(prepared.request.running_digest()),
            passage,
        };
        (upload, streamed)
    }

    /// The next piece of the source, when it has been looked at. The end is an empty one.
    fn poll_looked(&mut self, context: &mut Context<'_>) -> Poll<Result<Looked, BodyBroken>> {
        loop {
            if let Some(looking) = &mut self.looking {
                let looked = ready!(looking.as_mut().poll(context));
                self.looking = None;
                return Poll::Ready(looked.map_err(|refusal| BodyBroken::Lost(refusal.into())));
            }
            let piece = match ready!(Pin::new(&mut self.source).poll_frame(context)) {
                None => Bytes::new(),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(piece) if piece.is_empty() => continue,
                    Ok(piece) => piece,
                    Err(_trailers) => continue,
                },
                Some(Err(broken)) => return Poll::Ready(Err(broken)),
            };
            // One that knows the length does not ask again after the last piece.
            let is_last = piece.is_empty() || self.source.is_end_stream();
            self.bytes_held += piece.len() as u64;
            let takes_long = piece.len() > INLINE_BYTES_MAX || self.guard.decodes(&piece);
            let mut guard = std::mem::take(&mut self.guard);
            let look = move || Looked {
                passed: guard.push(piece, is_last),
                guard,
                is_last,
            };
            if !takes_long {
                return Poll::Ready(Ok(look()));
            }
            let big_bodies = self.big_bodies.clone();
            self.looking = Some(Box::pin(async move { big_bodies.run(look).await }));
        }
    }

    fn broken(&mut self, broken: BodyBroken) -> BoxError {
        let told = broken.to_string();
        self.digest = None;
        *self.passage.end() = Some(End::Broken(broken));
        told.into()
    }

    fn finish(&mut self) {
        if let Some(digest) = self.digest.take() {
            *self.passage.end() = Some(End::Whole(digest.finish()));
        }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        // None once the body has ended or broken: what was held back has passed by then.
        while this.digest.is_some() {
            let Looked {
                guard,
                passed,
                is_last,
            } = match ready!(this.poll_looked(context)) {
                Ok(looked) => looked,
                Err(broken) => return Poll::Ready(Some(Err(this.broken(broken)))),
            };
            this.guard = guard;
            let Ok(passed) = passed else {
                return Poll::Ready(Some(Err(this.broken(BodyBroken::HoldsAgentKey))));
            };
            if let Some(digest) = &mut this.digest {
                digest.add(&passed);
            }
            this.passage.note(&passed);
            let bytes = passed.len() as u64;
            this.bytes_held -= bytes;
            this.passage.bytes.fetch_add(bytes, Ordering::Relaxed);
            if is_last {
                this.finish();
            }
            if !passed.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(passed))));
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.digest.is_none() || (self.bytes_held == 0 && self.source.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.source.size_hint().exact();
        rest.map_or_else(SizeHint::new, |rest| {
            SizeHint::with_exact(rest + self.bytes_held)
        })
    }
}

impl Streamed {
    /// The beginning of what was sent, as far as the history looks at it.
    pub(crate) fn beginning(&self) -> Bytes {
        let beginning = self.passage.beginning.lock();
        let mut beginning = beginning.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *beginning).freeze()
    }

    /// The audit log's entry about how it ended: what the decision could not know of the body.
    pub(crate) fn audit(&self, outcome: &Outcome, at: Timestamp) -> Box<NewAuditEntry> {
        let (digest, reason) = match &*self.passage.end() {
            Some(End::Whole(digest)) => (Some(digest.to_string()), None),
            Some(End::Broken(broken)) => (None, Some(broken.to_string())),
            None => (None, Some("not all of it was taken".to_owned())),
        };
        let (outcome, status) = match outcome {
            Outcome::Responded(answer) => ("answered", Some(answer.status)),
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

    /// Why the body did not come to its end, if it broke on the agent's side.
    pub(crate) fn take_broken(&self) -> Option<BodyBroken> {
        let mut end = self.passage.end();
        match end.take() {
            Some(End::Broken(broken)) => Some(broken),
            other => {
                *end = other;
                None
            }
        }
    }
}
