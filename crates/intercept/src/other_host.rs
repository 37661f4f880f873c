//! Tunnels to hosts that no service names: connected without being intercepted, and recorded.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_authority::AgentCaller;
use gaiterguard_domain::agent::OtherHosts;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{AgentId, WorkspaceId};
use gaiterguard_domain::request::Label;
use gaiterguard_domain::target::Origin;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_listener::{ConnectionSlot, Lifecycle};
use gaiterguard_store::Store;
use gaiterguard_upstream::{Carried, NotSentReason, Upstream, join};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::proxy_refusal::ProxyRefusal;

/// How often an open tunnel must carry something; a silent one is closed after at most twice this time. Clients
/// that keep connections for later close them sooner themselves.
const IDLE_MAX: Duration = Duration::from_mins(10);

/// The port of HTTPS, the only one below [`PORT_MIN`] that a tunnel may lead to.
const HTTPS_PORT: u16 = 443;

/// The first port that programs use without privileges. Below are those of mail, remote shells and other
/// infrastructure, which programs reach without a proxy, and which would be attacked in the gateway's name.
const PORT_MIN: u16 = 1024;

/// Opens tunnels to hosts that no service names. Clones share everything.
#[derive(Clone)]
pub struct OtherHostTunnels {
    upstream: Arc<Upstream>,
    store: Store,
    clock: Arc<dyn Clock>,
    lifecycle: Lifecycle,
}

/// A tunnel whose far end is connected, and which is recorded as open.
pub struct OpenTunnel {
    tunnels: OtherHostTunnels,
    upstream: TcpStream,
    revoked: CancellationToken,
    record: Record,
}

/// The facts that are recorded of a tunnel.
struct Record {
    workspace: WorkspaceId,
    agent: AgentId,
    origin: Origin,
    label: Option<Label>,
    opened_at: Timestamp,
}

impl OtherHostTunnels {
    /// Creates the opener of tunnels.
    pub fn new(
        upstream: Arc<Upstream>,
        store: Store,
        clock: Arc<dyn Clock>,
        lifecycle: Lifecycle,
    ) -> Self {
        Self {
            upstream,
            store,
            clock,
            lifecycle,
        }
    }

    /// Connects to a host that no service of the agent names, and records that.
    ///
    /// # Errors
    ///
    /// If the agent may not do that, the port or the address is not allowed, the host cannot be reached, or
    /// the database fails.
    pub async fn open(
        &self,
        caller: &AgentCaller,
        origin: Origin,
        label: Option<Label>,
    ) -> Result<OpenTunnel, ProxyRefusal> {
        if caller.agent.other_hosts != OtherHosts::Tunnel {
            return Err(ProxyRefusal::NoService(origin));
        }
        if origin.port != HTTPS_PORT && origin.port < PORT_MIN {
            return Err(ProxyRefusal::OtherPort(origin));
        }
        let revoked = caller.tunnels_token();
        let destination = (&origin).into();
        let connecting = self.upstream.open_tcp(&destination);
        let upstream = connecting.await.map_err(|reason| match reason {
            NotSentReason::Refused(refused) => ProxyRefusal::OtherAddress(refused.to_string()),
            reason => ProxyRefusal::OtherUnreachable(origin.clone(), reason.to_string()),
        })?;
        let record = Record {
            workspace: caller.agent.workspace,
            agent: caller.agent.id,
            origin,
            label,
            opened_at: self.clock.now(),
        };
        let entry = record.entry(Event::TunnelOpened, record.opened_at, json!({}));
        self.store.audit_append(entry).await.map_err(|error| {
            tracing::error!(%error, "a tunnel was not opened, because it could not be recorded");
            ProxyRefusal::NotRecorded
        })?;
        Ok(OpenTunnel {
            tunnels: self.clone(),
            upstream,
            revoked,
            record,
        })
    }
}

impl OpenTunnel {
    /// Carries bytes between the client and the host, in a task of its own, until either side or an operator
    /// closes the tunnel. The caller responds to CONNECT with 200.
    pub fn carry(self, client: OnUpgrade, slot: Option<ConnectionSlot>) {
        let lifecycle = self.tunnels.lifecycle.clone();
        let carrying = async move {
            self.carried(client).await;
            drop(slot);
        };
        lifecycle.spawn(carrying);
    }

    async fn carried(self, client: OnUpgrade) {
        let Self {
            tunnels,
            upstream,
            revoked,
            record,
        } = self;
        let carried = Carried::default();
        let joined = async {
            let client = client.await.map_err(io::Error::other)?;
            join(TokioIo::new(client), upstream, IDLE_MAX, &carried).await
        };
        let reason = tokio::select! {
            biased;
            () = revoked.cancelled() => "revoked",
            () = tunnels.lifecycle.draining() => "shutdown",
            ended = joined => match ended {
                Ok(()) => "ended",
                Err(error) if error.kind() == io::ErrorKind::TimedOut => "idle",
                Err(_) => "broken",
            },
        };
        let at = tunnels.clock.now();
        let duration = record.opened_at.until(at).as_millis();
        let end = json!({
            "bytes_sent": carried.forth(),
            "bytes_received": carried.back(),
            "duration_ms": u64::try_from(duration).unwrap_or(u64::MAX),
            "reason": reason,
        });
        let entry = record.entry(Event::TunnelClosed, at, end);
        if let Err(error) = tunnels.store.audit_append(entry).await {
            let origin = &record.origin;
            tracing::error!(%error, %origin, "the end of a tunnel could not be recorded");
        }
    }
}

impl Record {
    fn entry(&self, event: Event, at: Timestamp, mut detail: Value) -> NewAuditEntry {
        detail["host"] = self.origin.host.to_string().into();
        detail["port"] = self.origin.port.into();
        detail["label"] = self.label.as_ref().map(Label::as_str).into();
        NewAuditEntry {
            workspace: Some(self.workspace),
            at,
            actor: Actor::Agent(self.agent),
            event,
            subject: Subject::Agent(self.agent),
            detail,
        }
    }
}
