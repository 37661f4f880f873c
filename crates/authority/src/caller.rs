//! An agent that presented its key.

use std::sync::Arc;

use gaiterguard_domain::agent::{Agent, Binding, Grant};
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::request::ServiceName;
use gaiterguard_domain::target::{Origin, Target};
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

    /// Returns the token that is canceled when the agent may no longer keep tunnels to other hosts open.
    pub fn tunnels_token(&self) -> CancellationToken {
        self.definitions.revocations.of_tunnels(self.agent.id)
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

    /// Returns the service with the longest base URL that contains an address, of those that the agent may
    /// use, with the grant that allows it.
    ///
    /// # Errors
    ///
    /// [`ServiceRefused::NoneContains`] if there is no such service, [`ServiceRefused::Ambiguous`] if there
    /// are several.
    pub fn service_containing(
        &self,
        url: &Target,
    ) -> Result<(Arc<ResolvedService>, Grant), ServiceRefused> {
        let mut longest: Option<(&Arc<ResolvedService>, Grant)> = None;
        let mut is_ambiguous = false;
        for (service, grant) in self.granted() {
            if !service.base_url.contains(url) {
                continue;
            }
            let length = service.base_url.path().len();
            match longest {
                Some((best, _)) if best.base_url.path().len() > length => {}
                Some((best, _)) if best.base_url.path().len() == length => is_ambiguous = true,
                _ => {
                    longest = Some((service, grant));
                    is_ambiguous = false;
                }
            }
        }
        match longest {
            Some(_) if is_ambiguous => Err(ServiceRefused::Ambiguous),
            Some((service, grant)) => Ok((Arc::clone(service), grant)),
            None => Err(ServiceRefused::NoneContains),
        }
    }

    /// Returns the services that the agent may use and whose base URL has this origin.
    pub fn services_at(&self, origin: &Origin) -> impl Iterator<Item = &Arc<ResolvedService>> {
        self.granted()
            .map(|(service, _)| service)
            .filter(move |service| service.base_url.origin() == origin)
    }

    fn granted(&self) -> impl Iterator<Item = (&Arc<ResolvedService>, Grant)> {
        let grants = self.agent.grants.iter();
        grants.filter_map(|grant| Some((self.definitions.service(grant.service)?, *grant)))
    }
}
