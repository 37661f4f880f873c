//! A test call: a human sends a safe request to a service, to see whether its address and its
//! credential are right.

use std::pin::Pin;
use std::time::Duration;

use bytes::BytesMut;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{ServiceId, UserId, WorkspaceId};
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_upstream::InboundError;
use http::{HeaderMap, Method};
use http_body::Body as _;
use serde_json::json;

use crate::Gateway;
use crate::forward::after_sending::AfterSending;
use crate::forward::dispatch::{Arrived, Permit, Sent};
use crate::refusal::Refusal;
use crate::submit::locate;
use crate::submit::prepare;

/// How much of the answer's body is shown, in bytes.
pub const TEST_BODY_BYTES_MAX: usize = 64 * 1024;

/// How long the call may take in all.
const TEST_CALL_MAX: Duration = Duration::from_secs(30);

/// What is to be sent.
#[derive(Clone, Debug)]
pub struct TestCall {
    /// To which service.
    pub service: ServiceId,
    /// By which method; it has to be a safe one.
    pub method: Method,
    /// Below its base URL, with the query.
    pub path: String,
}

impl Gateway {
    /// Sends it on the way that agents' requests go, with the service's credential, and answers
    /// with the beginning of what came back. Echoes of the credential are masked.
    pub async fn test_call(
        &self,
        workspace: WorkspaceId,
        user: UserId,
        call: TestCall,
    ) -> Result<KeptResponse, Refusal> {
        let permit = Permit::to_read(&call.method).ok_or_else(|| Refusal::Invalid {
            field: "method",
            message: "must be a safe one".to_owned(),
        })?;
        // No agent's claim is checked against the present version, so it is looked up here.
        self.authority.reload(workspace).await?;
        let definitions = self.authority.definitions(workspace);
        let definitions = definitions.ok_or(Refusal::ServiceNotFound)?;
        if definitions.workspace.kill_switch.is_active() {
            return Err(Refusal::KillSwitch);
        }
        let service = definitions.service(call.service);
        let service = service.ok_or(Refusal::ServiceNotFound)?;
        let target = locate::below(service, &call.path)?;
        self.check_address(service).await?;
        let request = prepare::canonical(
            service,
            &target,
            call.method,
            &HeaderMap::new(),
            bytes::Bytes::new(),
        )?;
        self.store
            .audit_append(NewAuditEntry {
                workspace: Some(workspace),
                at: self.clock.now(),
                actor: Actor::User(user),
                event: Event::ServiceTestCalled,
                subject: Subject::Service(service.id),
                detail: json!({ "method": request.method.as_str(), "path": request.target.path() }),
            })
            .await?;
        let cut = definitions.service_token(service.id);
        let calling = async {
            match self.dispatch(permit, service, &request, &cut).await {
                Ok(sent) => beginning(sent).await,
                Err(failed) => {
                    Err(AfterSending::failed(failed, || self.why_test_cut(workspace)).into())
                }
            }
        };
        tokio::select! {
            () = self.stopping.cancelled() => Err(Refusal::AuthorityUnconfirmed),
            called = tokio::time::timeout(TEST_CALL_MAX, calling) => {
                called.unwrap_or(Err(Refusal::UpstreamTimeout))
            }
        }
    }
}

impl Gateway {
    fn why_test_cut(&self, workspace: WorkspaceId) -> Refusal {
        let definitions = self.authority.definitions(workspace);
        match definitions {
            Some(now) if now.workspace.kill_switch.is_active() => Refusal::KillSwitch,
            Some(_) | None => Refusal::CallCut,
        }
    }
}

/// The answer, as much of it as is shown. The rest is not read.
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
        Arrived::Cut(InboundError::Echo) => return Err(Refusal::CredentialEchoed),
        // An upstream that switches what nobody asked it to switch does not speak HTTP.
        Arrived::Cut(_) | Arrived::Switched(_) => return Err(Refusal::UpstreamBroken),
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
