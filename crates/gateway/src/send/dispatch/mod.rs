//! Injects the credential and sends a request, once.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_authority::ResolvedService;
use gaiterguard_credential::{CredentialUnavailable, Credentials, ReadyCredential, Signable};
use gaiterguard_domain::digested_request::DigestedRequest;
use gaiterguard_domain::header::is_grpc;
use gaiterguard_domain::request::CanonicalRequest;
use gaiterguard_upstream::{
    AmbiguousReason, Attempts, Masker, NotSentReason, Outbound, OutboundBody, PoolKey, SendError,
    SendOptions, Upstream,
};
use http::uri::PathAndQuery;
use http::{HeaderValue, StatusCode};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;
use crate::record::permit::{NotCovered, Permit};
use crate::refusal::Refusal;
use crate::send::masked::masked;
use crate::send::sent::Sent;
use crate::send::upload::Upload;

/// Injects credentials and sends requests.
pub(crate) struct Sender {
    upstream: Arc<Upstream>,
    credentials: Credentials,
    metrics: Arc<Metrics>,
}

/// Reasons why there is no response.
#[derive(Debug)]
pub(crate) enum DispatchFailed {
    /// The upstream provably received nothing.
    NothingSent(Refusal),
    /// The upstream may have received the request.
    MaybeSent(MaybeSent),
    /// The right to the call was revoked.
    Revoked {
        /// False proves that the upstream received nothing.
        may_have_been_sent: bool,
    },
}

/// How a request failed that the upstream may have received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MaybeSent {
    /// No response began in time.
    TimedOut {
        /// The time that had passed.
        limit: Duration,
    },
    /// The connection broke.
    Broken,
    /// The response is not valid HTTP, or was broken off. The text says how.
    NotHttp(String),
}

impl DispatchFailed {
    /// Whether the upstream may have received the request. False is a proof.
    pub(crate) fn may_have_been_sent(&self) -> bool {
        match self {
            Self::NothingSent(_) => false,
            Self::MaybeSent(_) => true,
            Self::Revoked { may_have_been_sent } => *may_have_been_sent,
        }
    }

    /// Returns the same failure for a request that had been sent before and had a response.
    fn of_a_repetition(self) -> Self {
        match self {
            Self::NothingSent(_) => Self::MaybeSent(MaybeSent::Broken),
            Self::Revoked { .. } => Self::Revoked {
                may_have_been_sent: true,
            },
            maybe_sent @ Self::MaybeSent(_) => maybe_sent,
        }
    }
}

impl Sender {
    pub(crate) fn new(
        upstream: Arc<Upstream>,
        credentials: Credentials,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            upstream,
            credentials,
            metrics,
        }
    }

    /// Injects the service's credential into the request and sends it, once. Only a read is sent again: if the
    /// upstream closed a connection as it was used again or refused a stream of a shared one, and if it rejects an
    /// access token and a new one is available.
    pub(crate) async fn dispatch(
        &self,
        permit: Permit,
        service: &ResolvedService,
        request: &DigestedRequest,
        revoked: &CancellationToken,
    ) -> Result<Sent, DispatchFailed> {
        permit.check(request)?;
        tracing::debug!(service_id = %service.id, ?permit, "sending");
        let may_repeat = permit.may_repeat();
        let ready = unless_revoked(revoked, self.credentials.ready(service)).await?;
        let sent = self
            .send_whole(service, request, ready.as_ref(), may_repeat, revoked)
            .await?;
        let Some(refused) = ready.filter(|_| sent.status == StatusCode::UNAUTHORIZED && may_repeat)
        else {
            return Ok(sent);
        };
        let renewal = Box::pin(self.credentials.renew_after_401(service, refused.version));
        // Without another credential the upstream's own 401 is the response.
        let Ok(Some(renewed)) = unless_revoked(revoked, renewal).await else {
            return Ok(sent);
        };
        let again = self.send_whole(service, request, Some(&renewed), may_repeat, revoked);
        match Box::pin(again).await {
            // The 401 is also the response if the second request certainly did not reach the upstream.
            Err(DispatchFailed::NothingSent(_)) => Ok(sent),
            again => again.map_err(DispatchFailed::of_a_repetition),
        }
    }

    /// Injects the service's credential and sends a request whose body is forwarded as it arrives, once.
    /// The digest is not known before the end of the body, so the permit covers the head alone.
    pub(crate) async fn dispatch_upload(
        &self,
        permit: Permit,
        service: &ResolvedService,
        head: &CanonicalRequest,
        upload: Upload,
        revoked: &CancellationToken,
    ) -> Result<Sent, DispatchFailed> {
        permit.check_upload(head)?;
        tracing::debug!(service_id = %service.id, ?permit, "streaming the request body");
        let ready = unless_revoked(revoked, self.credentials.ready(service)).await?;
        let (mut outbound, masker) = outbound(service, head, ready.as_ref(), false)?;
        outbound.body = OutboundBody::streaming(upload);
        let sending = self.send_once(service, (outbound, masker), ready.as_ref(), revoked);
        sending.await.map_err(failed)
    }

    /// Sends a request with its whole body. If it may be repeated, it is sent again as [`Attempts`] allows.
    async fn send_whole(
        &self,
        service: &ResolvedService,
        request: &CanonicalRequest,
        ready: Option<&ReadyCredential>,
        may_repeat: bool,
        revoked: &CancellationToken,
    ) -> Result<Sent, DispatchFailed> {
        let mut attempts = Attempts::new(may_repeat);
        loop {
            let mut next = outbound(service, request, ready, true)?;
            attempts.prepare(&mut next.0.options);
            let error = match self.send_once(service, next, ready, revoked).await {
                Ok(sent) => return Ok(sent),
                Err(error) => error,
            };
            if !Box::pin(attempts.follow(&error, revoked)).await {
                let failure = failed(error);
                let repeats = attempts.may_have_been_sent();
                return Err(if repeats {
                    failure.of_a_repetition()
                } else {
                    failure
                });
            }
        }
    }

    async fn send_once(
        &self,
        service: &ResolvedService,
        (outbound, masker): (Outbound, Masker),
        ready: Option<&ReadyCredential>,
        revoked: &CancellationToken,
    ) -> Result<Sent, SendError> {
        let running = self.metrics.upstream_called();
        let started = Instant::now();
        let responded = |status| {
            self.metrics
                .upstream_responded(started.elapsed().as_secs_f64());
            if let Some(ready) = ready {
                self.credentials.note_response(service.id, ready, status);
            }
        };
        let sent = self.upstream.send(outbound, revoked).await;
        drop(running);
        match sent {
            Ok(inbound) => {
                responded(inbound.status);
                Ok(masked(inbound, masker, revoked).await)
            }
            Err(SendError::Unusable { status, reason }) => {
                responded(status);
                Ok(Sent::unusable(status, reason.to_string()))
            }
            Err(error) => {
                self.metrics.upstream_failed();
                Err(error)
            }
        }
    }
}

/// Returns the request with the credential, as it is sent, and what hides the credential in its response.
fn outbound(
    service: &ResolvedService,
    request: &CanonicalRequest,
    ready: Option<&ReadyCredential>,
    is_whole: bool,
) -> Result<(Outbound, Masker), DispatchFailed> {
    let mut headers = request.headers.clone();
    let mut path_and_query = path_and_query(request)?;
    let masker = match ready {
        None => Masker::new(&[]),
        Some(ready) => {
            if is_grpc(&headers) {
                // An echo of the credential cannot be found in messages that are compressed one by one.
                headers.insert("grpc-accept-encoding", HeaderValue::from_static("identity"));
            }
            let injected = ready.inject(Signable {
                method: &request.method,
                origin: service.base_url.origin(),
                headers: &mut headers,
                path_and_query: &mut path_and_query,
                body: is_whole.then_some(&request.body),
            });
            injected.map_err(|error| {
                DispatchFailed::NothingSent(Refusal::CredentialUnavailable(error.to_string()))
            })?
        }
    };
    let outbound = Outbound {
        pool: PoolKey {
            service_id: service.id.0,
            target_version: service.updated_at.0,
        },
        origin: service.origin().clone(),
        method: request.method.clone(),
        path_and_query,
        headers,
        web_socket: request.is_web_socket(),
        body: OutboundBody::from(request.body.clone()),
        options: SendOptions {
            first_byte_timeout: service.timeouts.response.map(Duration::from),
            idle_timeout: service.timeouts.idle.map(Duration::from),
            ..SendOptions::default()
        },
    };
    Ok((outbound, masker))
}

/// Waits for a credential, unless the right to the call is revoked first.
async fn unless_revoked<T>(
    revoked: &CancellationToken,
    credential: impl Future<Output = Result<T, CredentialUnavailable>>,
) -> Result<T, DispatchFailed> {
    tokio::select! {
        biased;
        () = revoked.cancelled() => Err(DispatchFailed::Revoked { may_have_been_sent: false }),
        ready = credential => ready.map_err(|error| {
            DispatchFailed::NothingSent(if error.is_own_failure() {
                tracing::error!(%error, "a credential could not be read");
                Refusal::StorageUnavailable
            } else if error.is_refused() {
                Refusal::CredentialRefused(error.to_string())
            } else {
                Refusal::CredentialUnavailable(error.to_string())
            })
        }),
    }
}

fn path_and_query(request: &CanonicalRequest) -> Result<PathAndQuery, DispatchFailed> {
    request.target.path_and_query().parse().map_err(|_| {
        // Every target that the parser of targets accepts is valid here.
        DispatchFailed::NothingSent(Refusal::StorageUnavailable)
    })
}

impl From<NotCovered> for DispatchFailed {
    fn from(error: NotCovered) -> Self {
        tracing::error!(%error, "a request was not sent, because of a defect in the gateway");
        Self::NothingSent(Refusal::StorageUnavailable)
    }
}

fn failed(error: SendError) -> DispatchFailed {
    match error {
        SendError::Cancelled { may_have_been_sent } => {
            DispatchFailed::Revoked { may_have_been_sent }
        }
        SendError::TimedOut { limit } => DispatchFailed::MaybeSent(MaybeSent::TimedOut { limit }),
        SendError::Ambiguous(
            reason @ (AmbiguousReason::Http2
            | AmbiguousReason::Reset(_)
            | AmbiguousReason::InvalidResponse(_)),
        ) => DispatchFailed::MaybeSent(MaybeSent::NotHttp(reason.to_string())),
        // An unusable response is a response, so it does not come here.
        SendError::Ambiguous(_) | SendError::Unusable { .. } => {
            DispatchFailed::MaybeSent(MaybeSent::Broken)
        }
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

#[cfg(test)]
mod tests;
