//! An agent: a client that sends requests through the gateway.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::field::{FieldValue, one_of};
use crate::id::{AgentId, ServiceId, UserId, WorkspaceId};
use crate::service::Service;
use crate::time::Timestamp;

/// An agent's permission to use a service, identified by when it was given. Revoking a permission
/// and granting it again creates a different grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The service.
    pub service: ServiceId,
    /// When the permission was granted.
    pub since: Timestamp,
}

/// The treatment of a host that none of an agent's services names, at the proxy port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum OtherHosts {
    /// It is refused.
    #[default]
    Refuse,
    /// It is connected without being intercepted, and recorded.
    Tunnel,
}

impl OtherHosts {
    /// Every choice.
    pub const ALL: [Self; 2] = [Self::Refuse, Self::Tunnel];

    /// Returns the word for this choice in database rows and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Tunnel => "tunnel",
        }
    }

    /// Parses such a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == word)
    }
}

impl FieldValue for OtherHosts {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        one_of(value, &Self::ALL, Self::as_str)
    }
}

/// An agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// The agent's id.
    pub id: AgentId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// Its name.
    pub name: String,
    /// The beginning of its key, long enough to recognize the key.
    pub key_prefix: String,
    /// Whether its key is valid; false once revoked.
    pub is_active: bool,
    /// When an operator blocked it.
    pub blocked_since: Option<Timestamp>,
    /// The services it may use.
    pub grants: Vec<Grant>,
    /// How long its calls stay open for a human by default, in seconds.
    pub hold_seconds: u32,
    /// The score from which its requests are held, if it differs from the gateway's.
    pub risk_threshold: Option<f64>,
    /// The treatment of hosts that none of its services names, at the proxy port.
    pub other_hosts: OtherHosts,
    /// When its key expires.
    pub expires_at: Option<Timestamp>,
    /// The user who created it; `None` if that is not known.
    pub owner: Option<UserId>,
    /// When its key was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Incremented by every change of its fields. A change names the revision it was based on.
    pub revision: i64,
}

/// The reason why all requests of an agent are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StandingRefused {
    /// Its key was revoked.
    #[error("this agent key has been revoked")]
    Revoked,
    /// Its key has expired.
    #[error("this agent key has expired")]
    Expired,
    /// An operator blocked it.
    #[error("this agent is blocked")]
    Blocked,
}

impl Agent {
    /// Checks whether the agent may send requests at `now`.
    pub fn standing(&self, now: Timestamp) -> Result<(), StandingRefused> {
        if !self.is_active {
            return Err(StandingRefused::Revoked);
        }
        if self.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(StandingRefused::Expired);
        }
        if self.blocked_since.is_some() {
            return Err(StandingRefused::Blocked);
        }
        Ok(())
    }

    /// Returns the agent's grant for a service.
    pub fn grant(&self, service: ServiceId) -> Option<Grant> {
        self.grants
            .iter()
            .copied()
            .find(|grant| grant.service == service)
    }
}

/// The facts that an approval depends on in addition to the request's bytes. If any of them differs
/// when the request is to be sent, the approval is stale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The service's base URL.
    pub base_url: String,
    /// Where the service's credential is injected, as JSON.
    pub place: String,
    /// When the agent's permission for the service was granted.
    pub granted_since: Timestamp,
    /// Whether the request opens a WebSocket and the service accepts them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub web_socket: bool,
}

impl Binding {
    /// Returns the binding of a plain request from an agent with this grant to this service.
    pub fn of(grant: Grant, service: &Service) -> Self {
        Self {
            base_url: service.base_url.to_string(),
            place: serde_json::to_string(&service.place()).unwrap_or_default(),
            granted_since: grant.since,
            web_socket: false,
        }
    }

    /// Returns the binding of a request that opens a WebSocket.
    pub fn of_web_socket(grant: Grant, service: &Service) -> Self {
        Self {
            web_socket: service.web_socket,
            ..Self::of(grant, service)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_refused_from_the_moment_its_key_expires() {
        let mut agent = Agent {
            id: AgentId(1),
            workspace: WorkspaceId(1),
            name: "a".to_owned(),
            key_prefix: "agt_00000000".to_owned(),
            is_active: true,
            blocked_since: None,
            grants: vec![],
            hold_seconds: 0,
            risk_threshold: None,
            other_hosts: OtherHosts::Refuse,
            expires_at: Some(Timestamp(10)),
            owner: None,
            last_used_at: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            revision: 0,
        };
        assert_eq!(agent.standing(Timestamp(9)), Ok(()));
        assert_eq!(agent.standing(Timestamp(10)), Err(StandingRefused::Expired));
        agent.expires_at = None;
        agent.blocked_since = Some(Timestamp(3));
        assert_eq!(agent.standing(Timestamp(9)), Err(StandingRefused::Blocked));
        agent.is_active = false;
        assert_eq!(agent.standing(Timestamp(9)), Err(StandingRefused::Revoked));
    }
}
