//! A client that may ask the gateway to send requests.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::{AgentId, ServiceId, WorkspaceId};
use crate::service::Service;
use crate::time::Timestamp;

/// The right of an agent to use a service, from when it was last given. A right that was taken
/// and given again is another grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The service.
    pub service: ServiceId,
    /// Since when.
    pub since: Timestamp,
}

/// An agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// Its id.
    pub id: AgentId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// Its name.
    pub name: String,
    /// The beginning of its key, enough to recognize it by.
    pub key_prefix: String,
    /// Whether its key opens anything at all.
    pub is_active: bool,
    /// Since when it is blocked.
    pub blocked_since: Option<Timestamp>,
    /// What it may use.
    pub grants: Vec<Grant>,
    /// How long its held calls stay open by default, in seconds.
    pub hold_seconds: u32,
    /// The risk score from which its requests are held, where it differs from the gateway's.
    pub risk_threshold: Option<f64>,
    /// When its key stops opening anything.
    pub expires_at: Option<Timestamp>,
    /// When its key was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Grows with every change of its fields; a change is made against the revision that was seen.
    pub revision: i64,
}

/// Why an agent's requests are refused whatever they ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StandingRefused {
    /// It was switched off.
    #[error("this agent key has been revoked")]
    Revoked,
    /// Its time is over.
    #[error("this agent key has expired")]
    Expired,
    /// An operator blocked it.
    #[error("this agent has been blocked by an operator")]
    Blocked,
}

impl Agent {
    /// Whether the agent may ask for anything at `now`.
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

    /// The agent's grant for a service.
    pub fn grant(&self, service: ServiceId) -> Option<Grant> {
        self.grants
            .iter()
            .copied()
            .find(|grant| grant.service == service)
    }
}

/// What besides the bytes a human's approval rests on. If any of it differs when the request is
/// to be sent, the approval is stale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The service's base URL.
    pub base_url: String,
    /// The place of the service's credential, as JSON.
    pub place: String,
    /// Since when the agent may use the service.
    pub granted_since: Timestamp,
    /// Whether the request opens a WebSocket and the service takes them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub web_socket: bool,
}

impl Binding {
    /// What an approval of a plain request of an agent with this grant to this service rests on now.
    pub fn of(grant: Grant, service: &Service) -> Self {
        Self {
            base_url: service.base_url.to_string(),
            place: serde_json::to_string(&service.place()).unwrap_or_default(),
            granted_since: grant.since,
            web_socket: false,
        }
    }

    /// What it rests on if the request opens a WebSocket.
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
            expires_at: Some(Timestamp(10)),
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
