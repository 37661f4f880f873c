//! Putting the credential in and sending, once.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use gaiterguard_authority::ResolvedService;
use gaiterguard_credential::{CredentialUnavailable, ReadyCredential, inject};
use gaiterguard_domain::id::{ActionId, RequestEntryId};
use gaiterguard_domain::request::{CanonicalRequest, is_safe};
use gaiterguard_upstream::{
    InboundBody, InboundError, InspectedBody, InvalidOrigin, MaskedBody, NotSentReason, Outbound,
    OutboundBody, PoolKey, SendError,
};
use http::uri::PathAndQuery;
use http::{Method, StatusCode};
use http_body::{Body as _, SizeHint};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Gateway;
use crate::forward::masked::masked;
use crate::forward::tunnel::Tunnel;
use crate::forward::upload::Upload;
use crate::refusal::Refusal;

/// The right to send one request. Sending takes one, so the decision cannot be forgotten; none
/// can be copied, so it cannot be used twice.
#[derive(Debug)]
pub(crate) struct Permit {
    basis: Basis,
}

/// What a permit rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Basis {
    /// The decision is durable.
    Recorded(RequestEntryId),
    /// The execution is durable.
    Approved(ActionId),
    /// The method is safe and no key is claimed, so the decision becomes durable meanwhile.
    Read,
}

impl Basis {
    /// Whether the same may be sent a second time: neither a key nor an approval is used up by it,
    /// and the method asks for nothing to be done.
    fn may_repeat(self) -> bool {
        matches!(self, Self::Read)
    }
}

impl Permit {
    /// For a decision that the ledger has.
    pub(crate) fn recorded(entry: RequestEntryId) -> Self {
        Self {
            basis: Basis::Recorded(entry),
        }
    }

    /// For an action that is durably `EXECUTING`.
    pub(crate) fn approved(action: ActionId) -> Self {
        Self {
            basis: Basis::Approved(action),
        }
    }

    /// For a safe method whose answer will wait for the ledger.
    pub(crate) fn to_read(method: &Method) -> Option<Self> {
        is_safe(method).then_some(Self { basis: Basis::Read })
    }
}

/// An answer whose head has arrived.
pub(crate) struct Sent {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    /// How long the whole body is, as far as it is known.
    pub(crate) size_hint: SizeHint,
    /// What there is of the body already.
    pub(crate) arrived: Arrived,
    /// The rest of the body.
    pub(crate) rest: SentBody,
}

/// What was there of an answer's body when its head was.
pub(crate) enum Arrived {
    /// Nothing yet.
    Nothing,
    /// A piece, and more is to come.
    Piece(Bytes),
    /// All of it.
    Whole(Bytes),
    /// It broke off.
    Cut(InboundError),
    /// There is none: the connection goes on as a WebSocket.
    Switched(Box<Tunnel>),
}

/// The body of such an answer.
pub(crate) type SentBody = MaskedBody<InspectedBody<InboundBody>>;

impl Arrived {
    /// Takes what is there, without waiting for more.
    pub(crate) fn of(body: &mut SentBody) -> Self {
        let mut unwoken = Context::from_waker(Waker::noop());
        match Pin::new(&mut *body).poll_frame(&mut unwoken) {
            Poll::Pending => Self::Nothing,
            Poll::Ready(None) => Self::Whole(Bytes::new()),
            Poll::Ready(Some(Err(error))) => Self::Cut(error),
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(piece) if body.is_end_stream() => Self::Whole(piece),
                Ok(piece) => Self::Piece(piece),
                Err(_trailers) => Self::Nothing,
            },
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum DispatchFailed {
    /// It is proven that the upstream received nothing.
    NothingSent(Refusal),
    /// The upstream may have received the request.
    MaybeSent(MaybeSent),
    /// An operator took the right to it away.
    Cut {
        /// False is a proof that the upstream received nothing.
        may_have_been_sent: bool,
    },
}

/// What is known of a request that the upstream may have received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MaybeSent {
    /// No answer began in time.
    TimedOut,
    /// The connection broke.
    Broken,
}

impl DispatchFailed {
    /// False is a proof that the upstream received nothing.
    pub(crate) fn may_have_been_sent(&self) -> bool {
        match self {
            Self::NothingSent(_) => false,
            Self::MaybeSent(_) => true,
            Self::Cut { may_have_been_sent } => *may_have_been_sent,
        }
    }

    /// The same of a request that had been sent before, and was answered.
    fn of_a_repetition(self) -> Self {
        match self {
            Self::NothingSent(_) => Self::MaybeSent(MaybeSent::Broken),
            Self::Cut { .. } => Self::Cut {
                may_have_been_sent: true,
            },
            maybe_sent @ Self::MaybeSent(_) => maybe_sent,
        }
    }
}

impl Gateway {
    /// Whether the service's address may be dialed at all.
    pub(crate) async fn check_address(&self, service: &ResolvedService) -> Result<(), Refusal> {
        self.upstream
            .check(service.origin().map_err(invalid_origin)?)
            .await
            .map_err(|refused| {
                Refusal::TargetNotAllowed(format!(
                    "the upstream's address may not be dialed: \
                                                   {refused}"
                ))
            })
    }

    /// Puts the service's credential into the request and sends it, once. Only a read whose fetched
    /// token the upstream did not take is sent a second time, if a new token can be had now.
    pub(crate) async fn dispatch(
        &self,
        permit: Permit,
        service: &ResolvedService,
        request: &CanonicalRequest,
        cut: &CancellationToken,
    ) -> Result<Sent, DispatchFailed> {
        tracing::debug!(service_id = %service.id, basis = ?permit.basis, "sending");
        let ready = unless_cut(cut, self.credentials.ready(service)).await?;
        let body = OutboundBody::from(request.body.clone());
        let sent = self
            .send_once(service, request, body, ready.as_ref(), cut)
            .await?;
        let Some(refused) =
            ready.filter(|_| sent.status == StatusCode::UNAUTHORIZED && permit.basis.may_repeat())
        else {
            return Ok(sent);
        };
        let renewal = Box::pin(self.credentials.renew_after_401(service, refused.version));
        // Without another credential the upstream's own 401 is the answer.
        let Ok(Some(renewed)) = unless_cut(cut, renewal).await else {
            return Ok(sent);
        };
        let body = OutboundBody::from(request.body.clone());
        let again = Box::pin(self.send_once(service, request, body, Some(&renewed), cut)).await;
        match again {
            // It is the answer too where the repetition certainly did not reach the upstream.
            Err(DispatchFailed::NothingSent(_)) => Ok(sent),
            again => again.map_err(DispatchFailed::of_a_repetition),
        }
    }

    /// The same with a body that goes on as it arrives, in place of the request's own. It cannot be
    /// sent a second time, and is not.
    pub(crate) async fn dispatch_upload(
        &self,
        permit: Permit,
        service: &ResolvedService,
        request: &CanonicalRequest,
        upload: Upload,
        cut: &CancellationToken,
    ) -> Result<Sent, DispatchFailed> {
        tracing::debug!(service_id = %service.id, basis = ?permit.basis, "streaming the request \
             body");
        let ready = unless_cut(cut, self.credentials.ready(service)).await?;
        let body = OutboundBody::streaming(upload);
        self.send_once(service, request, body, ready.as_ref(), cut)
            .await
    }

    async fn send_once(
        &self,
        service: &ResolvedService,
        request: &CanonicalRequest,
        body: OutboundBody,
        ready: Option<&ReadyCredential>,
        cut: &CancellationToken,
    ) -> Result<Sent, DispatchFailed> {
        let mut headers = request.headers.clone();
        let mut path_and_query = path_and_query(request)?;
        if let Some(ready) = ready {
            inject(&ready.credential, &mut headers, &mut path_and_query).map_err(|error| {
                DispatchFailed::NothingSent(Refusal::CredentialUnavailable(error.to_string()))
            })?;
        }
        let outbound = Outbound {
            pool: PoolKey {
                service_id: service.id.0,
                target_version: service.updated_at.0,
            },
            origin: service
                .origin()
                .map_err(|invalid| DispatchFailed::NothingSent(invalid_origin(invalid)))?
                .clone(),
            method: request.method.clone(),
            path_and_query,
            headers,
            web_socket: request.is_web_socket(),
            body,
        };
        self.metrics.upstream_called();
        let started = Instant::now();
        match self.upstream.send(outbound, cut).await {
            Ok(inbound) => {
                self.metrics
                    .upstream_answered(started.elapsed().as_secs_f64());
                if let Some(ready) = ready {
                    self.credentials
                        .note_response(service.id, ready, inbound.status);
                }
                Ok(masked(inbound, ready, cut).await)
            }
            Err(error) => {
                self.metrics.upstream_failed();
                Err(failed(error))
            }
        }
    }
}

fn invalid_origin(invalid: InvalidOrigin) -> Refusal {
    Refusal::TargetNotAllowed(invalid.to_string())
}

/// Waits for a credential, unless the right to it is taken away meanwhile.
async fn unless_cut<T>(
    cut: &CancellationToken,
    credential: impl Future<Output = Result<T, CredentialUnavailable>>,
) -> Result<T, DispatchFailed> {
    tokio::select! {
        biased;
        () = cut.cancelled() => Err(DispatchFailed::Cut { may_have_been_sent: false }),
        ready = credential => ready.map_err(|error| {
            DispatchFailed::NothingSent(if error.is_own_failure() {
                tracing::error!(%error, "a credential could not be read");
                Refusal::StorageUnavailable
            } else {
                Refusal::CredentialUnavailable(error.to_string())
            })
        }),
    }
}

fn path_and_query(request: &CanonicalRequest) -> Result<PathAndQuery, DispatchFailed> {
    request.target.path_and_query().parse().map_err(|_| {
        // The target's parser takes nothing that this one refuses.
        DispatchFailed::NothingSent(Refusal::StorageUnavailable)
    })
}

fn failed(error: SendError) -> DispatchFailed {
    match error {
        SendError::Cancelled { may_have_been_sent } => DispatchFailed::Cut { may_have_been_sent },
        SendError::TimedOut => DispatchFailed::MaybeSent(MaybeSent::TimedOut),
        SendError::Ambiguous(_) => DispatchFailed::MaybeSent(MaybeSent::Broken),
        SendError::NotSent(NotSentReason::Refused(refused)) => {
            DispatchFailed::NothingSent(Refusal::TargetNotAllowed(format!(
                "the upstream's address may not be dialed: {refused}"
            )))
        }
        SendError::NotSent(reason) => {
            DispatchFailed::NothingSent(Refusal::UpstreamUnreachable(reason.to_string()))
        }
    }
}
