//! Injects the credential and sends a request, once.

use std::sync::Arc;

use gaiterguard_authority::ResolvedService;
use gaiterguard_credential::{CredentialUnavailable, Credentials, ReadyCredential, inject};
use gaiterguard_domain::request::CanonicalRequest;
use gaiterguard_upstream::{NotSentReason, Outbound, OutboundBody, PoolKey, SendError, Upstream};
use http::StatusCode;
use http::uri::PathAndQuery;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;
use crate::record::permit::{NotCovered, Permit};
use crate::refusal::Refusal;
use crate::send::masked::masked;
use crate::send::sent::Sent;
use crate::send::upload::Upload;
use gaiterguard_domain::digested_request::DigestedRequest;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MaybeSent {
    /// No response began in time.
    TimedOut,
    /// The connection broke.
    Broken,
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

    /// Injects the service's credential into the request and sends it, once. Only a read is sent a second
    /// time: if the upstream rejects an access token, and a new one is available.
    pub(crate) async fn dispatch(
        &self,
        permit: Permit,
        service: &ResolvedService,
        request: &DigestedRequest,
        revoked: &CancellationToken,
    ) -> Result<Sent, DispatchFailed> {
        permit.check(request)?;
        tracing::debug!(service_id = %service.id, ?permit, "sending");
        let ready = unless_revoked(revoked, self.credentials.ready(service)).await?;
        let body = OutboundBody::from(request.body.clone());
        let sent = self
            .send_once(service, request, body, ready.as_ref(), revoked)
            .await?;
        let Some(refused) =
            ready.filter(|_| sent.status == StatusCode::UNAUTHORIZED && permit.may_repeat())
        else {
            return Ok(sent);
        };
        let renewal = Box::pin(self.credentials.renew_after_401(service, refused.version));
        // Without another credential the upstream's own 401 is the response.
        let Ok(Some(renewed)) = unless_revoked(revoked, renewal).await else {
            return Ok(sent);
        };
        let body = OutboundBody::from(request.body.clone());
        let again = Box::pin(self.send_once(service, request, body, Some(&renewed), revoked)).await;
        match again {
            // The 401 is also the response if the second request certainly did not reach the upstream.
            Err(DispatchFailed::NothingSent(_)) => Ok(sent),
            again => again.map_err(DispatchFailed::of_a_repetition),
        }
    }

    /// The same with a body that is forwarded as it arrives. It cannot be sent a second time. Its
    /// digest is not known before its end, so the permit covers the head alone.
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
        let body = OutboundBody::streaming(upload);
        self.send_once(service, head, body, ready.as_ref(), revoked)
            .await
    }

    async fn send_once(
        &self,
        service: &ResolvedService,
        request: &CanonicalRequest,
        body: OutboundBody,
        ready: Option<&ReadyCredential>,
        revoked: &CancellationToken,
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
            origin: service.origin().clone(),
            method: request.method.clone(),
            path_and_query,
            headers,
            web_socket: request.is_web_socket(),
            body,
        };
        self.metrics.upstream_called();
        let started = Instant::now();
        match self.upstream.send(outbound, revoked).await {
            Ok(inbound) => {
                self.metrics
                    .upstream_responded(started.elapsed().as_secs_f64());
                if let Some(ready) = ready {
                    self.credentials
                        .note_response(service.id, ready, inbound.status);
                }
                Ok(masked(inbound, ready, revoked).await)
            }
            Err(error) => {
                self.metrics.upstream_failed();
                Err(failed(error))
            }
        }
    }
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

#[cfg(test)]
mod tests;
