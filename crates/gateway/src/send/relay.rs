//! Passes an upstream's response on while it arrives, and records its end before the agent sees the end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use gaiterguard_domain::header;
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_provenance::Observer;
use gaiterguard_upstream::InboundError;
use http::{HeaderMap, StatusCode};
use http_body::{Body, Frame, SizeHint};
use thiserror::Error;
use tokio_util::task::TaskTracker;

use crate::record::Recorder;
use crate::record::completion::{PendingCompletion, ResponseEnd, Unrecorded};
use crate::send::after_sending::AfterSending;
use crate::send::sent::{Arrived, Sent, SentBody};
use crate::send::tunnel::Tunnel;

/// Reasons why a response breaks off. The door closes the connection.
#[derive(Debug, Error)]
pub enum RelayError {
    /// The upstream's response broke off, or the call was canceled.
    #[error("the upstream's response ended early: {0}")]
    Broken(String),
    /// The end of the response could not be recorded, so it is not passed on.
    #[error("the end of the response could not be recorded")]
    Unrecorded,
}

/// How long the rest of a response is read after the agent has disconnected. A response that is stored
/// whole takes less, and a stream of events may never end.
const DRAIN_MAX: Duration = Duration::from_mins(10);

type Completing = Pin<Box<dyn Future<Output = Result<(), RelayError>> + Send>>;

/// The body of a response.
#[derive(Debug)]
pub enum ResponseBody {
    /// All of the body.
    Whole(Bytes),
    /// The body as it arrives.
    Relayed(RelayedBody),
    /// No body: the connection became a WebSocket.
    Switched(Box<Tunnel>),
}

/// Passes responses on.
pub(crate) struct Relay {
    recorder: Arc<Recorder>,
    tasks: TaskTracker,
    stored_bytes_max: usize,
}

/// The body of a response on its way.
pub struct RelayedBody {
    relay: Arc<Relay>,
    stage: Stage,
    size_hint: SizeHint,
}

enum Stage {
    Reading(Box<Reading>),
    /// The last piece, or the trailers, wait until the end is recorded.
    Completing {
        last: Option<Frame<Bytes>>,
        broken: Option<RelayError>,
        completing: Completing,
    },
    Over,
}

/// A response that is still arriving.
struct Reading {
    /// The part that arrived with the head.
    arrived: Arrived,
    rest: SentBody,
    completion: PendingCompletion,
    kept: Kept,
    /// Notes for the assessor what the agent is shown.
    observer: Option<Box<Observer>>,
    /// The number of bytes that are still to come, if the upstream announced it.
    remaining: Option<u64>,
}

/// The part of the response that is stored.
struct Kept {
    status: StatusCode,
    headers: HeaderMap,
    body: BytesMut,
    bytes_max: usize,
    is_truncated: bool,
}

/// Returns the headers for the agent. If the response is stored, they are also left in place.
pub(crate) fn headers(sent: &mut Sent, completion: &PendingCompletion) -> HeaderMap {
    if completion.stores_response() {
        sent.headers.clone()
    } else {
        std::mem::take(&mut sent.headers)
    }
}

impl Relay {
    pub(crate) fn new(
        recorder: Arc<Recorder>,
        tasks: TaskTracker,
        stored_bytes_max: usize,
    ) -> Arc<Self> {
        Arc::new(Self {
            recorder,
            tasks,
            stored_bytes_max,
        })
    }

    /// Returns the body of a response whose head has arrived. The part that `completion` stores is
    /// collected on the way. A body that is whole has ended, so its end is recorded here; so is the end
    /// of one that cannot be shown, before any part of the response is.
    pub(crate) async fn body(
        self: &Arc<Self>,
        mut sent: Sent,
        completion: PendingCompletion,
        observer: Option<Box<Observer>>,
    ) -> Result<ResponseBody, AfterSending> {
        let (body, tunnel) = match sent.arrived {
            Arrived::Whole(body) => (body, None),
            Arrived::Switched(tunnel) => (Bytes::new(), Some(tunnel)),
            Arrived::Broken(InboundError::Echo) => {
                let end = ResponseEnd::Broken {
                    status: sent.status,
                };
                completion.complete(&self.recorder, end).await?;
                return Err(AfterSending::credential_echoed());
            }
            Arrived::Unusable(reason) => {
                let status = sent.status;
                completion
                    .complete(&self.recorder, ResponseEnd::status_only(status))
                    .await?;
                return Err(AfterSending::response_unusable(status, reason));
            }
            arrived => {
                sent.arrived = arrived;
                let relay = Arc::clone(self);
                return Ok(ResponseBody::Relayed(RelayedBody::new(
                    relay, sent, completion, observer,
                )));
            }
        };
        if let Some(observer) = observer {
            observer.whole(&body);
        }
        let bytes_max = self.bytes_max(&completion);
        let mut kept = Kept::new(sent.status, sent.headers, bytes_max);
        kept.add(&body);
        let end = ResponseEnd::Whole(kept.into_response());
        completion.complete(&self.recorder, end).await?;
        Ok(match tunnel {
            Some(tunnel) => ResponseBody::Switched(tunnel),
            None => ResponseBody::Whole(body),
        })
    }

    fn bytes_max(&self, completion: &PendingCompletion) -> usize {
        if completion.stores_response() {
            self.stored_bytes_max
        } else {
            0
        }
    }
}

impl Kept {
    fn new(status: StatusCode, headers: HeaderMap, bytes_max: usize) -> Self {
        Self {
            status,
            headers,
            body: BytesMut::new(),
            bytes_max,
            is_truncated: false,
        }
    }

    fn add(&mut self, piece: &Bytes) {
        let room = self.bytes_max - self.body.len();
        self.is_truncated |= piece.len() > room;
        self.body.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    fn add_trailers(&mut self, trailers: &Frame<Bytes>) {
        if let Some(trailers) = trailers.trailers_ref() {
            header::add_grpc_status(&mut self.headers, trailers);
        }
    }

    fn into_response(self) -> KeptResponse {
        KeptResponse {
            status: self.status,
            headers: self.headers,
            body: self.body.freeze(),
            is_truncated: self.is_truncated,
        }
    }
}

impl Reading {
    /// Notes a piece that passes. If it is enough, everything is noted before the rest passes.
    fn observe(&mut self, piece: &Bytes) {
        if let Some(observer) = &mut self.observer
            && !observer.add(piece)
        {
            self.observed();
        }
    }

    /// Notes the end.
    fn observed(&mut self) {
        if let Some(observer) = self.observer.take() {
            observer.end();
        }
    }

    /// Returns the next frame: of the part that arrived with the head, and then of the rest.
    fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, InboundError>>> {
        match std::mem::replace(&mut self.arrived, Arrived::Nothing) {
            Arrived::Piece(piece) | Arrived::Whole(piece) => {
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Arrived::Trailers(trailers) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Arrived::Broken(error) => Poll::Ready(Some(Err(error))),
            Arrived::Nothing | Arrived::Unusable(_) | Arrived::Switched(_) => {
                Pin::new(&mut self.rest).poll_frame(context)
            }
        }
    }
}

impl RelayedBody {
    fn new(
        relay: Arc<Relay>,
        sent: Sent,
        completion: PendingCompletion,
        observer: Option<Box<Observer>>,
    ) -> Self {
        let kept = Kept::new(sent.status, sent.headers, relay.bytes_max(&completion));
        let reading = Reading {
            arrived: sent.arrived,
            rest: sent.rest,
            completion,
            kept,
            observer,
            remaining: sent.size_hint.exact(),
        };
        Self {
            relay,
            stage: Stage::Reading(Box::new(reading)),
            size_hint: sent.size_hint,
        }
    }

    fn complete(&mut self, last: Option<Frame<Bytes>>, broken: Option<RelayError>) {
        let Stage::Reading(mut reading) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return;
        };
        reading.observed();
        let completing = complete(Arc::clone(&self.relay), *reading, broken.is_some());
        self.stage = Stage::Completing {
            last,
            broken,
            completing: Box::pin(completing),
        };
    }
}

async fn complete(relay: Arc<Relay>, reading: Reading, is_broken: bool) -> Result<(), RelayError> {
    let Reading {
        completion, kept, ..
    } = reading;
    let end = if is_broken {
        ResponseEnd::Broken {
            status: kept.status,
        }
    } else {
        ResponseEnd::Whole(kept.into_response())
    };
    completion
        .complete(&relay.recorder, end)
        .await
        .map_err(|Unrecorded| RelayError::Unrecorded)
}

impl Body for RelayedBody {
    type Data = Bytes;
    type Error = RelayError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RelayError>>> {
        let this = self.get_mut();
        loop {
            match &mut this.stage {
                Stage::Reading(reading) => match std::task::ready!(reading.poll_frame(context)) {
                    None => this.complete(None, None),
                    Some(Err(error)) => {
                        this.complete(None, Some(RelayError::Broken(error.to_string())));
                    }
                    Some(Ok(frame)) => {
                        let piece = match frame.into_data() {
                            Ok(piece) => piece,
                            Err(trailers) => {
                                reading.kept.add_trailers(&trailers);
                                this.complete(Some(trailers), None);
                                continue;
                            }
                        };
                        if reading.completion.stores_response() {
                            reading.kept.add(&piece);
                        }
                        reading.observe(&piece);
                        if let Some(remaining) = &mut reading.remaining {
                            *remaining = remaining.saturating_sub(piece.len() as u64);
                            if *remaining == 0 {
                                this.complete(Some(Frame::data(piece)), None);
                                continue;
                            }
                        }
                        return Poll::Ready(Some(Ok(Frame::data(piece))));
                    }
                },
                Stage::Completing {
                    last,
                    broken,
                    completing,
                } => {
                    let completed = std::task::ready!(completing.as_mut().poll(context));
                    let (last, broken) = (last.take(), broken.take());
                    this.stage = Stage::Over;
                    if let Some(error) = completed.err().or(broken) {
                        return Poll::Ready(Some(Err(error)));
                    }
                    if let Some(last) = last {
                        return Poll::Ready(Some(Ok(last)));
                    }
                }
                Stage::Over => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    fn size_hint(&self) -> SizeHint {
        match self.stage {
            Stage::Over => SizeHint::with_exact(0),
            _ => self.size_hint,
        }
    }
}

/// An agent that disconnects does not change what happened: a response that is stored is read to its
/// end for a repeated request, and its end is recorded in any case.
impl Drop for RelayedBody {
    fn drop(&mut self) {
        let relay = Arc::clone(&self.relay);
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Reading(mut reading) => {
                reading.observed();
                self.relay.tasks.spawn(async move {
                    let is_stored = reading.completion.stores_response();
                    let is_whole = is_stored && drain(&mut reading).await;
                    complete(relay, *reading, !is_whole).await
                });
            }
            Stage::Completing { completing, .. } => {
                self.relay.tasks.spawn(completing);
            }
            Stage::Over => {}
        }
    }
}

/// Reads the rest after the agent has disconnected, as far as it is stored. Returns whether it arrived.
/// The time between pieces is limited by `gaiterguard_upstream`, everything else here.
async fn drain(reading: &mut Reading) -> bool {
    let draining = async {
        while !reading.kept.is_truncated {
            match std::future::poll_fn(|context| reading.poll_frame(context)).await {
                None => return true,
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(piece) => reading.kept.add(&piece),
                    Err(trailers) => reading.kept.add_trailers(&trailers),
                },
                Some(Err(_)) => return false,
            }
        }
        true
    };
    let drained = tokio::time::timeout(DRAIN_MAX, draining).await;
    drained.unwrap_or(false)
}

impl std::fmt::Debug for RelayedBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.stage {
            Stage::Reading(_) => "RelayedBody(reading)",
            Stage::Completing { .. } => "RelayedBody(completing)",
            Stage::Over => "RelayedBody(over)",
        })
    }
}
