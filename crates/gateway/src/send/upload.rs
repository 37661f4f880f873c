//! A body that is forwarded to the upstream while it arrives. An agent key in it stops it before any
//! part of the key is sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use gaiterguard_domain::request::{CanonicalRequest, RunningDigest};
use gaiterguard_intake::{ArrivingBody, BodyBroken};
use gaiterguard_intake::{BigBodies, INLINE_BYTES_MAX};
use gaiterguard_intake::{KeyFound, UploadGuard};
use gaiterguard_upstream::BoxError;
use http_body::{Body, Frame, SizeHint};

use crate::record::streamed::Passage;
use crate::refusal::Refusal;

/// The body, as the connection to the upstream takes it piece by piece.
pub(crate) struct Upload {
    source: ArrivingBody,
    guard: UploadGuard,
    big_bodies: BigBodies,
    /// A piece that another thread searches. The guard is there until it is done.
    searching: Option<Searching>,
    /// The number of bytes that have been taken from the source and not been passed on.
    bytes_held: u64,
    /// `None` once the body has ended.
    digest: Option<RunningDigest>,
    passage: Arc<Passage>,
}

type Searching = Pin<Box<dyn Future<Output = Result<Searched, Refusal>> + Send>>;

/// A piece that has been searched.
struct Searched {
    guard: UploadGuard,
    /// The bytes that may be passed on by now.
    passed: Result<Bytes, KeyFound>,
    is_last: bool,
}

impl Upload {
    /// Creates the body of a request with this head, and writes what becomes known about it to `passage`.
    pub(crate) fn new(
        head: &CanonicalRequest,
        source: ArrivingBody,
        big_bodies: BigBodies,
        passage: Arc<Passage>,
    ) -> Self {
        Self {
            source,
            guard: UploadGuard::new(&head.headers),
            big_bodies,
            searching: None,
            bytes_held: 0,
            digest: Some(head.running_digest()),
            passage,
        }
    }

    /// Returns the next piece of the source, once it has been searched. The end is an empty piece.
    fn poll_searched(&mut self, context: &mut Context<'_>) -> Poll<Result<Searched, BodyBroken>> {
        loop {
            if let Some(searching) = &mut self.searching {
                let searched = ready!(searching.as_mut().poll(context));
                self.searching = None;
                return Poll::Ready(searched.map_err(|refusal| BodyBroken::Lost(refusal.into())));
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
            // A consumer that knows the length does not poll again after the last piece.
            let is_last = piece.is_empty() || self.source.is_end_stream();
            self.bytes_held += piece.len() as u64;
            let takes_long = piece.len() > INLINE_BYTES_MAX || self.guard.decodes(&piece);
            let mut guard = std::mem::take(&mut self.guard);
            let search = move || Searched {
                passed: guard.push(piece, is_last),
                guard,
                is_last,
            };
            if !takes_long {
                return Poll::Ready(Ok(search()));
            }
            let big_bodies = self.big_bodies.clone();
            self.searching = Some(Box::pin(async move { Ok(big_bodies.run(search).await?) }));
        }
    }

    fn broken(&mut self, broken: BodyBroken) -> BoxError {
        let message = broken.to_string();
        self.digest = None;
        self.passage.break_off(broken);
        message.into()
    }

    fn finish(&mut self) {
        if let Some(digest) = self.digest.take() {
            self.passage.finish(digest.finish());
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
        // `None` once the body has ended or broken off: the bytes that were held back have passed by then.
        while this.digest.is_some() {
            let Searched {
                guard,
                passed,
                is_last,
            } = match ready!(this.poll_searched(context)) {
                Ok(searched) => searched,
                Err(broken) => return Poll::Ready(Some(Err(this.broken(broken)))),
            };
            this.guard = guard;
            let Ok(passed) = passed else {
                return Poll::Ready(Some(Err(this.broken(BodyBroken::HoldsAgentKey))));
            };
            if let Some(digest) = &mut this.digest {
                digest.add(&passed);
            }
            this.passage.add(&passed);
            this.bytes_held -= passed.len() as u64;
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
