//! An agent that presented its key.

use std::sync::Arc;

use gaiterguard_domain::agent::{Agent, Binding, Grant};
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::request::ServiceName;
use tokio_util::sync::CancellationToken;

use crate::definitions::Definitions;
use crate::refused::ServiceRefused;
use crate::resolved_service::ResolvedService;

/// An agent that presented its key, with the definitions that apply to it.
#[derive(Clone, Debug)]
pub struct AgentCaller {
    /// The digest of the presented key, by which the caller is looked up again.
    pub(crate) key_hash: [u8; 32],
    /// The agent.
    pub agent: Arc<Agent>,
    /// The definitions of its workspace.
    pub definitions: Arc<Definitions>,
}

impl AgentCaller {
    /// Returns the token that is canceled when the presented key stops being valid.
    pub fn key_token(&self) -> CancellationToken {
        self.definitions.revocations.of_key(self.agent.id)
    }

    /// Returns the token that is canceled when the agent may no longer continue a running call to a
    /// service.
    pub fn call_token(&self, service: ServiceId, web_socket: bool) -> CancellationToken {
        let revocations = &self.definitions.revocations;
        revocations.of_grant(self.agent.id, service, web_socket)
    }

    /// Returns the state that an approval of a call to a service depends on, in addition to the
    /// request's bytes; `None` if the agent may not use the service.
    pub fn binding(&self, service: ServiceId, web_socket: bool) -> Option<Binding> {
        let grant = self.agent.grant(service)?;
        let service = self.definitions.service(service)?;
        Some(if web_socket {
            Binding::of_web_socket(grant, service)
        } else {
            Binding::of(grant, service)
        })
    }

    /// Returns a service that the agent may use, with the grant that allows it.
    ///
    /// # Errors
    ///
    /// [`ServiceRefused::NotFound`] if the workspace does not have the service,
    /// [`ServiceRefused::NotInScope`] if the agent may not use it.
    pub fn service(
        &self,
        name: &ServiceName,
    ) -> Result<(Arc<ResolvedService>, Grant), ServiceRefused> {
        let service = match name {
            ServiceName::Id(id) => self.definitions.service(*id),
            ServiceName::Name(name) => self.definitions.service_named(name),
        };
        let service = service.ok_or(ServiceRefused::NotFound)?;
        let grant = self.agent.grant(service.id);
        let grant = grant.ok_or(ServiceRefused::NotInScope)?;
        Ok((Arc::clone(service), grant))
    }
}
