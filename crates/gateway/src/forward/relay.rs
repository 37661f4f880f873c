//! Passing an upstream's answer on while it arrives, and telling the ledger how it ended before
//! the agent sees the end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_provenance::Observer;
use gaiterguard_upstream::InboundError;
use http::{HeaderMap, StatusCode};
use http_body::{Body, Frame, SizeHint};
use thiserror::Error;

use crate::Gateway;
use crate::forward::after_sending::{AfterSending, Unrecorded};
use crate::forward::conclude::{Conclusion, End};
use crate::forward::dispatch::{Arrived, Sent, SentBody};
use crate::forward::tunnel::Tunnel;

/// Why an answer breaks off. The door closes the connection.
#[derive(Debug, Error)]
pub enum RelayError {
    /// The upstream's answer broke off, or the call was cut.
    #[error("the upstream's response ended early: {0}")]
    Cut(String),
    /// How the answer ended could not be recorded, so its end is not passed on.
    #[error("the end of the response could not be recorded")]
    Unrecorded,
}

type Concluding = Pin<Box<dyn Future<Output = Result<(), RelayError>> + Send>>;

/// The body of an answer.
#[derive(Debug)]
pub enum AnswerBody {
    /// All of it.
    Whole(Bytes),
    /// As it arrives.
    Relayed(RelayedBody),
    /// None: the connection goes on as a WebSocket.
    Switched(Box<Tunnel>),
}

/// The body of an answer on its way.
pub struct RelayedBody {
    gateway: Arc<Gateway>,
    stage: Stage,
    size_hint: SizeHint,
}

enum Stage {
    Reading(Box<Reading>),
    /// The last piece waits until the ledger knows of the end.
    Concluding {
        last: Option<Bytes>,
        cut: Option<RelayError>,
        concluding: Concluding,
    },
    Over,
}

/// An answer that is still arriving.
struct Reading {
    /// What had arrived with the head.
    arrived: Arrived,
    rest: SentBody,
    conclusion: Conclusion,
    kept: Kept,
    /// Notes for the assessor what the agent is shown.
    observer: Option<Box<Observer>>,
    /// How many bytes are still to come, where the upstream said.
    remaining: Option<u64>,
}

/// What is kept of the answer.
struct Kept {
    status: StatusCode,
    headers: HeaderMap,
    body: BytesMut,
    bytes_max: usize,
    is_truncated: bool,
}

/// The headers for the agent; they stay where they are too, if the answer is kept.
pub(crate) fn headers(sent: &mut Sent, conclusion: &Conclusion) -> HeaderMap {
    if conclusion.keeps_answer() {
        sent.headers.clone()
    } else {
        std::mem::take(&mut sent.headers)
    }
}

/// The body of an answer whose head has arrived. What `conclusion` is to keep of it is collected
/// on the way. A body that is whole already has ended, and is concluded here. So is one that cannot be
/// shown, before anything of the response has been.
pub(crate) async fn body(
    gateway: &Arc<Gateway>,
    mut sent: Sent,
    conclusion: Conclusion,
    observer: Option<Box<Observer>>,
) -> Result<AnswerBody, AfterSending> {
    let (body, tunnel) = match sent.arrived {
        Arrived::Whole(body) => (body, None),
        Arrived::Switched(tunnel) => (Bytes::new(), Some(tunnel)),
        Arrived::Cut(InboundError::Echo) => {
            let end = End::Cut {
                status: sent.status,
            };
            conclusion.conclude(gateway, end).await?;
            return Err(AfterSending::credential_echoed());
        }
        arrived => {
            sent.arrived = arrived;
            return Ok(AnswerBody::Relayed(RelayedBody::new(
                Arc::clone(gateway),
                sent,
                conclusion,
                observer,
            )));
        }
    };
    if let Some(observer) = observer {
        observer.whole(&body);
    }
    let mut kept = Kept::new(gateway, sent.status, sent.headers, &conclusion);
    kept.add(&body);
    let concluded = conclusion.conclude(gateway, End::Whole(kept.into_answer()));
    concluded.await?;
    Ok(match tunnel {
        Some(tunnel) => AnswerBody::Switched(tunnel),
        None => AnswerBody::Whole(body),
    })
}

impl Kept {
    fn new(
        gateway: &Gateway,
        status: StatusCode,
        headers: HeaderMap,
        conclusion: &Conclusion,
    ) -> Self {
        let bytes_max = if conclusion.keeps_answer() {
            gateway.settings.stored_answer_bytes_max
        } else {
            0
        };
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

    fn into_answer(self) -> KeptResponse {
        KeptResponse {
            status: self.status,
            headers: self.headers,
            body: self.body.freeze(),
            is_truncated: self.is_truncated,
        }
    }
}

impl Reading {
    /// Notes a piece that passes. Where there is enough, all of it is noted before the rest passes.
    fn observe(&mut self, piece: &Bytes) {
        if let Some(observer) = &mut self.observer
            && !observer.add(piece)
        {
            self.observed();
        }
    }

    /// Notes that no more passes.
    fn observed(&mut self) {
        if let Some(observer) = self.observer.take() {
            observer.end();
        }
    }

    /// The next frame: of what had arrived, and then of the rest.
    fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, InboundError>>> {
        match std::mem::replace(&mut self.arrived, Arrived::Nothing) {
            Arrived::Piece(piece) | Arrived::Whole(piece) => {
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Arrived::Cut(error) => Poll::Ready(Some(Err(error))),
            Arrived::Nothing | Arrived::Switched(_) => Pin::new(&mut self.rest).poll_frame(context),
        }
    }
}

impl RelayedBody {
    fn new(
        gateway: Arc<Gateway>,
        sent: Sent,
        conclusion: Conclusion,
        observer: Option<Box<Observer>>,
    ) -> Self {
        let kept = Kept::new(&gateway, sent.status, sent.headers, &conclusion);
        let reading = Reading {
            arrived: sent.arrived,
            rest: sent.rest,
            conclusion,
            kept,
            observer,
            remaining: sent.size_hint.exact(),
        };
        Self {
            gateway,
            stage: Stage::Reading(Box::new(reading)),
            size_hint: sent.size_hint,
        }
    }

    fn conclude(&mut self, last: Option<Bytes>, cut: Option<RelayError>) {
        let Stage::Reading(mut reading) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return;
        };
        reading.observed();
        let concluding = conclude(Arc::clone(&self.gateway), *reading, cut.is_some());
        self.stage = Stage::Concluding {
            last,
            cut,
            concluding: Box::pin(concluding),
        };
    }
}

async fn conclude(gateway: Arc<Gateway>, reading: Reading, is_cut: bool) -> Result<(), RelayError> {
    let Reading {
        conclusion, kept, ..
    } = reading;
    let end = if is_cut {
        End::Cut {
            status: kept.status,
        }
    } else {
        End::Whole(kept.into_answer())
    };
    conclusion
        .conclude(&gateway, end)
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
                    None => this.conclude(None, None),
                    Some(Err(error)) => {
                        this.conclude(None, Some(RelayError::Cut(error.to_string())));
                    }
                    Some(Ok(frame)) => {
                        let Ok(piece) = frame.into_data() else {
                            continue;
                        };
                        if reading.conclusion.keeps_answer() {
                            reading.kept.add(&piece);
                        }
                        reading.observe(&piece);
                        if let Some(remaining) = &mut reading.remaining {
                            *remaining = remaining.saturating_sub(piece.len() as u64);
                            if *remaining == 0 {
                                this.conclude(Some(piece), None);
                                continue;
                            }
                        }
                        return Poll::Ready(Some(Ok(Frame::data(piece))));
                    }
                },
                Stage::Concluding {
                    last,
                    cut,
                    concluding,
                } => {
                    let concluded = std::task::ready!(concluding.as_mut().poll(context));
                    let (last, cut) = (last.take(), cut.take());
                    this.stage = Stage::Over;
                    if let Some(error) = concluded.err().or(cut) {
                        return Poll::Ready(Some(Err(error)));
                    }
                    if let Some(last) = last {
                        return Poll::Ready(Some(Ok(Frame::data(last))));
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

/// An agent that goes away does not change what happened: an answer that is to be kept is read to
/// its end for the one who asks again, and how it ended is recorded in any case.
impl Drop for RelayedBody {
    fn drop(&mut self) {
        let gateway = Arc::clone(&self.gateway);
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Reading(mut reading) => {
                reading.observed();
                self.gateway.tasks.spawn(async move {
                    let is_cut = if reading.conclusion.keeps_answer() {
                        drain(&mut reading).await.is_err()
                    } else {
                        true
                    };
                    conclude(gateway, *reading, is_cut).await
                });
            }
            Stage::Concluding { concluding, .. } => {
                self.gateway.tasks.spawn(concluding);
            }
            Stage::Over => {}
        }
    }
}

/// Reads on after the agent has gone, as far as anything is kept. The pauses between pieces are
/// bounded by the upstream room, the number of bytes here.
async fn drain(reading: &mut Reading) -> Result<(), RelayError> {
    while !reading.kept.is_truncated {
        match std::future::poll_fn(|context| reading.poll_frame(context)).await {
            None => return Ok(()),
            Some(Ok(frame)) => {
                if let Ok(piece) = frame.into_data() {
                    reading.kept.add(&piece);
                }
            }
            Some(Err(error)) => return Err(RelayError::Cut(error.to_string())),
        }
    }
    Ok(())
}

impl std::fmt::Debug for RelayedBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.stage {
            Stage::Reading(_) => "RelayedBody(reading)",
            Stage::Concluding { .. } => "RelayedBody(concluding)",
            Stage::Over => "RelayedBody(over)",
        })
    }
}
