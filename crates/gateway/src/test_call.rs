//! Test calls: a human sends a safe request to a service, to check its address and its credential.

use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use gaiterguard_domain::digested_request::DigestedRequest;
use gaiterguard_domain::id::{ServiceId, UserId, WorkspaceId};
use gaiterguard_domain::request::is_safe;
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_upstream::InboundError;
use http::{HeaderMap, Method};
use http_body::Body as _;

use crate::gateway::Gateway;
use crate::prepare::{canonical, locate};
use crate::refusal::Refusal;
use crate::send::after_sending::AfterSending;
use crate::send::sent::{Arrived, Sent};

/// The longest part of the response's body that is shown, in bytes: more than a human reads.
pub const TEST_BODY_BYTES_MAX: usize = 64 * 1024;

/// The longest time that the call may take. A human is waiting for the result.
const TEST_CALL_MAX: Duration = Duration::from_secs(30);

/// The request of a test call.
#[derive(Clone, Debug)]
pub struct TestCall {
    /// The service.
    pub service: ServiceId,
    /// The method, which must be safe.
    pub method: Method,
    /// The path below the base URL of the service, with the query.
    pub path: String,
}

impl Gateway {
    /// Sends the request like an agent's, with the service's credential. Returns the beginning of the
    /// response, with echoes of the credential masked.
    ///
    /// # Errors
    ///
    /// If the request cannot be sent, or the upstream did not respond.
    pub async fn test_call(
        &self,
        workspace: WorkspaceId,
        user: UserId,
        call: TestCall,
    ) -> Result<KeptResponse, Refusal> {
        if !is_safe(&call.method) {
            return Err(unsafe_method());
        }
        // No claim is checked against the current version, so the definitions are loaded here.
        self.authority.reload(workspace).await?;
        let definitions = self.authority.definitions(workspace);
        let definitions = definitions.ok_or(Refusal::ServiceNotFound)?;
        if definitions.workspace.kill_switch.is_active() {
            return Err(Refusal::KillSwitch);
        }
        let service = definitions.service(call.service);
        let service = service.ok_or(Refusal::ServiceNotFound)?;
        let target = locate::below(service, &call.path)?;
        self.preparer.check_address(service).await?;
        let request = canonical(
            service,
            &target,
            call.method,
            &HeaderMap::new(),
            Bytes::new(),
        )?;
        let request = DigestedRequest::new(request);
        let permit = self
            .recorder
            .test_call(workspace, user, service.id, &request)
            .await?
            .ok_or_else(unsafe_method)?;
        let revoked = definitions.service_token(service.id);
        let calling = async {
            match self
                .sender
                .dispatch(permit, service, &request, &revoked)
                .await
            {
                Ok(sent) => beginning(sent).await,
                Err(failed) => {
                    Err(AfterSending::failed(failed, || self.test_call_revoked(workspace)).into())
                }
            }
        };
        tokio::select! {
            () = self.stopping.cancelled() => Err(Refusal::AuthorityUnconfirmed),
            called = tokio::time::timeout(TEST_CALL_MAX, calling) => {
                called.unwrap_or(Err(Refusal::TestCallTimeout { limit: TEST_CALL_MAX }))
            }
        }
    }

    fn test_call_revoked(&self, workspace: WorkspaceId) -> Refusal {
        match self.authority.definitions(workspace) {
            Some(now) if now.workspace.kill_switch.is_active() => Refusal::KillSwitch,
            Some(_) | None => Refusal::CallRevoked,
        }
    }
}

fn unsafe_method() -> Refusal {
    Refusal::Invalid {
        field: "method",
        message: "must be a safe one".to_owned(),
    }
}

/// Returns the beginning of the response. The rest is not read.
async fn beginning(mut sent: Sent) -> Result<KeptResponse, Refusal> {
    let mut body = BytesMut::new();
    let mut is_whole = false;
    match sent.arrived {
        Arrived::Nothing => {}
        Arrived::Piece(piece) => body.extend_from_slice(&piece),
        Arrived::Whole(piece) => {
            body.extend_from_slice(&piece);
            is_whole = true;
        }
        Arrived::Trailers(_) => is_whole = true,
        Arrived::Unusable(reason) => {
            let status = sent.status.as_u16();
            return Err(Refusal::ResponseUnusable { status, reason });
        }
        Arrived::Broken(InboundError::Echo) => return Err(Refusal::CredentialEchoed),
        // An upstream that switches protocols without a request to do so does not speak HTTP.
        Arrived::Broken(_) | Arrived::Switched(_) => return Err(Refusal::UpstreamBroken),
    }
    while !is_whole && body.len() <= TEST_BODY_BYTES_MAX {
        let next = std::future::poll_fn(|context| Pin::new(&mut sent.rest).poll_frame(context));
        match next.await {
            None => is_whole = true,
            Some(Ok(frame)) => {
                if let Ok(piece) = frame.into_data() {
                    body.extend_from_slice(&piece);
                }
            }
            Some(Err(_)) => return Err(Refusal::UpstreamBroken),
        }
    }
    let is_truncated = !is_whole || body.len() > TEST_BODY_BYTES_MAX;
    body.truncate(TEST_BODY_BYTES_MAX);
    Ok(KeptResponse {
        status: sent.status,
        headers: sent.headers,
        body: body.freeze(),
        is_truncated,
    })
}
