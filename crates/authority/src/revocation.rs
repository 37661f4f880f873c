//! Cancels running calls when a right that they depend on is revoked.
//!
//! Every running call holds a token. The token of a key is canceled when the key stops opening
//! anything: it is rotated, it expires, its agent is blocked, deactivated or deleted, or the kill
//! switch is activated. Each service that the agent may use has a child token of it, canceled when an
//! approval for that service would become stale, and that one has a child token for WebSockets. A
//! token survives every change that leaves its right as it was. The token of a key also has a child token for
//! tunnels to hosts that no service names, canceled when the agent may not open them any longer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use gaiterguard_domain::agent::{Agent, Binding, OtherHosts};
use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::service::{CredentialPlace, Service};
use gaiterguard_domain::target::BaseUrl;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_store::{Definitions, KeyHash};
use tokio_util::sync::CancellationToken;

/// The tokens of one workspace.
#[derive(Debug, Default)]
pub(crate) struct Revocations {
    keys: HashMap<AgentId, KeyToken>,
    grants: HashMap<(AgentId, ServiceId), GrantToken>,
    services: HashMap<ServiceId, ServiceToken>,
}

/// Canceled with a key.
#[derive(Debug)]
struct KeyToken {
    key_hash: KeyHash,
    expires_at: Option<Timestamp>,
    /// Whether the key was seen to expire. It remains expired, even if the clock is set back, until an
    /// operator sets another time.
    has_lapsed: AtomicBool,
    token: CancellationToken,
    /// `None` if the agent may not open tunnels to other hosts.
    tunnels: Option<CancellationToken>,
}

/// Canceled with the right to use a service.
#[derive(Debug)]
struct GrantToken {
    binding: Binding,
    token: CancellationToken,
    /// `None` if the service does not allow WebSockets.
    web_sockets: Option<CancellationToken>,
}

/// Canceled when a service moves or is deleted, and by the kill switch. Test calls of humans depend on it.
#[derive(Debug)]
struct ServiceToken {
    base_url: BaseUrl,
    place: CredentialPlace,
    token: CancellationToken,
}

impl Revocations {
    /// Returns the tokens for these definitions: those of `before` if the right is as it was, and new
    /// ones otherwise. Nothing is canceled yet; see [`Self::cancel_lost`].
    pub(crate) fn succeed(stored: &Definitions, before: Option<&Self>) -> Self {
        let mut tokens = Self::default();
        let is_stopped = stored.workspace.kill_switch.is_active();
        let mut services = HashMap::new();
        for service in stored.services.iter().filter(|_| !is_stopped) {
            let kept = before.and_then(|before| before.services.get(&service.id));
            let token = ServiceToken::succeed(service, kept);
            tokens.services.insert(service.id, token);
            services.insert(service.id, service);
        }
        for (key_hash, agent) in &stored.agents {
            let runs = !is_stopped && agent.is_active && agent.blocked_since.is_none();
            let kept = before.and_then(|before| before.keys.get(&agent.id));
            let key = KeyToken::succeed(*key_hash, agent, runs, kept);
            for grant in agent.grants.iter().filter(|_| runs) {
                let Some(service) = services.get(&grant.service) else {
                    continue;
                };
                let place = (agent.id, grant.service);
                let is_same_key = kept.is_some_and(|kept| kept.token == key.token);
                let kept = before.and_then(|before| before.grants.get(&place));
                let kept = kept.filter(|_| is_same_key);
                let binding = Binding::of(*grant, service);
                let grant_token =
                    GrantToken::succeed(binding, service.web_socket, &key.token, kept);
                tokens.grants.insert(place, grant_token);
            }
            tokens.keys.insert(agent.id, key);
        }
        tokens
    }

    /// Cancels every running call whose right is in `before` and gone now. A canceled call asks the
    /// current definitions for the reason, so this is called after these tokens have replaced those.
    pub(crate) fn cancel_lost(&self, before: &Self) {
        for (agent, lost) in &before.keys {
            if self
                .keys
                .get(agent)
                .is_none_or(|key| key.token != lost.token)
            {
                lost.token.cancel();
            } else if let Some(tunnels) = &lost.tunnels
                && self
                    .keys
                    .get(agent)
                    .is_none_or(|key| key.tunnels.as_ref() != Some(tunnels))
            {
                tunnels.cancel();
            }
        }
        for (place, lost) in &before.grants {
            let current = self.grants.get(place);
            if current.is_none_or(|current| current.token != lost.token) {
                lost.token.cancel();
            } else if let Some(web_sockets) = &lost.web_sockets
                && current.is_none_or(|current| current.web_sockets.as_ref() != Some(web_sockets))
            {
                web_sockets.cancel();
            }
        }
        for (service, lost) in &before.services {
            if self
                .services
                .get(service)
                .is_none_or(|current| current.token != lost.token)
            {
                lost.token.cancel();
            }
        }
    }

    /// Cancels everything that runs with keys that have expired at `now`. Returns when the next key
    /// expires.
    pub(crate) fn cancel_lapsed(&self, now: Timestamp) -> Option<Timestamp> {
        let mut next = None;
        for key in self.keys.values() {
            let Some(expires_at) = key.expires_at else {
                continue;
            };
            if key.has_lapsed.load(Ordering::Acquire) {
                continue;
            }
            if expires_at <= now {
                key.has_lapsed.store(true, Ordering::Release);
                key.token.cancel();
            } else {
                next = Some(next.map_or(expires_at, |next: Timestamp| next.min(expires_at)));
            }
        }
        next
    }

    /// Whether an agent's key was seen to expire.
    pub(crate) fn has_lapsed(&self, agent: AgentId) -> bool {
        let key = self.keys.get(&agent);
        key.is_some_and(|key| key.has_lapsed.load(Ordering::Acquire))
    }

    /// Returns the token that is canceled when the agent's key is revoked or expires, or when the agent is
    /// stopped.
    pub(crate) fn of_key(&self, agent: AgentId) -> CancellationToken {
        or_canceled(self.keys.get(&agent).map(|key| &key.token))
    }

    /// Returns the token that is canceled when the agent may not open tunnels to other hosts any longer.
    pub(crate) fn of_tunnels(&self, agent: AgentId) -> CancellationToken {
        or_canceled(self.keys.get(&agent).and_then(|key| key.tunnels.as_ref()))
    }

    /// Returns the token that is canceled when the agent loses the right to a call to the service, which
    /// opens a WebSocket or does not.
    pub(crate) fn of_grant(
        &self,
        agent: AgentId,
        service: ServiceId,
        web_socket: bool,
    ) -> CancellationToken {
        let grant = self.grants.get(&(agent, service));
        or_canceled(grant.and_then(|grant| {
            if web_socket {
                grant.web_sockets.as_ref()
            } else {
                Some(&grant.token)
            }
        }))
    }

    /// Returns the token that is canceled when the service moves or is deleted, or the kill switch is
    /// activated.
    pub(crate) fn of_service(&self, service: ServiceId) -> CancellationToken {
        or_canceled(self.services.get(&service).map(|service| &service.token))
    }
}

/// A missing right counts as revoked.
fn or_canceled(token: Option<&CancellationToken>) -> CancellationToken {
    token.cloned().unwrap_or_else(|| {
        let canceled = CancellationToken::new();
        canceled.cancel();
        canceled
    })
}

impl KeyToken {
    /// `runs` is false if nothing may run with the key even before it expires.
    fn succeed(key_hash: KeyHash, agent: &Agent, runs: bool, kept: Option<&Self>) -> Self {
        // The expiry is the agent's, so a new key does not end it.
        let has_lapsed = kept.is_some_and(|kept| {
            kept.expires_at == agent.expires_at && kept.has_lapsed.load(Ordering::Acquire)
        });
        let kept = kept.filter(|kept| kept.key_hash == key_hash);
        // A key that was canceled and opens again does so only for calls that begin from now on.
        let kept = kept.filter(|kept| runs && !has_lapsed && !kept.token.is_cancelled());
        let token = match kept {
            Some(kept) => kept.token.clone(),
            None if runs && !has_lapsed => CancellationToken::new(),
            None => or_canceled(None),
        };
        let tunnels = (agent.other_hosts == OtherHosts::Tunnel).then(|| {
            let kept = kept.and_then(|kept| kept.tunnels.clone());
            kept.unwrap_or_else(|| token.child_token())
        });
        Self {
            key_hash,
            expires_at: agent.expires_at,
            has_lapsed: AtomicBool::new(has_lapsed),
            token,
            tunnels,
        }
    }
}

impl GrantToken {
    fn succeed(
        binding: Binding,
        web_socket: bool,
        key: &CancellationToken,
        kept: Option<&Self>,
    ) -> Self {
        let kept = kept.filter(|kept| kept.binding == binding);
        let token = kept.map_or_else(|| key.child_token(), |kept| kept.token.clone());
        let web_sockets = web_socket.then(|| {
            kept.and_then(|kept| kept.web_sockets.clone())
                .unwrap_or_else(|| token.child_token())
        });
        Self {
            binding,
            token,
            web_sockets,
        }
    }
}

impl ServiceToken {
    fn succeed(service: &Service, kept: Option<&Self>) -> Self {
        let place = service.place();
        let kept = kept.filter(|kept| kept.base_url == service.base_url && kept.place == place);
        Self {
            base_url: service.base_url.clone(),
            place,
            token: kept.map(|kept| kept.token.clone()).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use gaiterguard_domain::agent::Grant;
    use gaiterguard_domain::id::WorkspaceId;
    use gaiterguard_domain::service::{AuthType, Timeouts};
    use gaiterguard_domain::workspace::{AuthorityVersion, KillSwitch, Workspace};

    use super::*;

    const AGENT: AgentId = AgentId(1);
    const SERVICE: ServiceId = ServiceId(1);

    fn definitions(change: impl FnOnce(&mut Definitions)) -> Definitions {
        let agent = Agent {
            id: AGENT,
            workspace: WorkspaceId(1),
            name: "assistant".to_owned(),
            key_prefix: "agt_00000000".to_owned(),
            is_active: true,
            blocked_since: None,
            grants: vec![Grant {
                service: SERVICE,
                since: Timestamp(0),
            }],
            hold_seconds: 0,
            risk_threshold: None,
            other_hosts: OtherHosts::Refuse,
            expires_at: Some(Timestamp(1000)),
            owner: None,
            last_used_at: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            revision: 0,
        };
        let service = Service {
            id: SERVICE,
            workspace: WorkspaceId(1),
            name: "things".to_owned(),
            base_url: BaseUrl::parse("https://api.example.com/v1").unwrap(),
            auth_type: AuthType::None,
            description: None,
            intent_required: false,
            web_socket: true,
            timeouts: Timeouts::default(),
            credential: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            revision: 0,
        };
        let mut definitions = Definitions {
            workspace: Workspace {
                id: WorkspaceId(1),
                kill_switch: KillSwitch::Off,
                version: AuthorityVersion(1),
            },
            agents: vec![([1; 32], agent)],
            services: vec![service],
            rules: Vec::new(),
            documents: Vec::new(),
        };
        change(&mut definitions);
        definitions
    }

    /// Returns whether a change cancels a plain call, and whether it cancels a WebSocket.
    fn canceled_by(change: impl FnOnce(&mut Definitions)) -> (bool, bool) {
        let before = Revocations::succeed(&definitions(|_| {}), None);
        let plain = before.of_grant(AGENT, SERVICE, false);
        let web_socket = before.of_grant(AGENT, SERVICE, true);
        assert!(!plain.is_cancelled() && !web_socket.is_cancelled());
        let after = Revocations::succeed(&definitions(change), Some(&before));
        after.cancel_lost(&before);
        (plain.is_cancelled(), web_socket.is_cancelled())
    }

    #[test]
    fn a_change_cancels_the_calls_that_depend_on_it_and_no_others() {
        assert_eq!(canceled_by(|_| {}), (false, false));
        assert_eq!(
            canceled_by(|new| {
                new.agents[0].1.name = "renamed".to_owned();
                new.agents[0].1.expires_at = None;
                new.services[0].name = "renamed".to_owned();
                new.services[0].intent_required = true;
            }),
            (false, false)
        );
        assert_eq!(
            canceled_by(|new| new.services[0].web_socket = false),
            (false, true)
        );
        let moved = BaseUrl::parse("https://api.example.com/v2").unwrap();
        for (number, canceled) in [
            canceled_by(|new| new.agents[0].0 = [2; 32]),
            canceled_by(|new| new.agents[0].1.is_active = false),
            canceled_by(|new| new.agents[0].1.blocked_since = Some(Timestamp(1))),
            canceled_by(|new| new.agents[0].1.grants.clear()),
            canceled_by(|new| new.agents[0].1.grants[0].since = Timestamp(1)),
            canceled_by(|new| new.agents.clear()),
            canceled_by(|new| new.services.clear()),
            canceled_by(|new| new.services[0].base_url = moved),
            canceled_by(|new| {
                new.workspace.kill_switch = KillSwitch::Active {
                    by: gaiterguard_domain::id::UserId(1),
                    at: Timestamp(1),
                    reason: None,
                };
            }),
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(canceled, (true, true), "{number}");
        }
    }

    #[test]
    fn a_key_that_has_expired_stays_so_until_it_is_given_another_time() {
        let first = Revocations::succeed(&definitions(|_| {}), None);
        let running = first.of_grant(AGENT, SERVICE, true);
        assert_eq!(first.cancel_lapsed(Timestamp(999)), Some(Timestamp(1000)));
        assert!(!running.is_cancelled());
        assert_eq!(first.cancel_lapsed(Timestamp(1000)), None);
        assert!(running.is_cancelled() && first.has_lapsed(AGENT));
        // The clock is set back, and definitions are loaded again.
        let again = Revocations::succeed(&definitions(|_| {}), Some(&first));
        assert_eq!(again.cancel_lapsed(Timestamp(5)), None);
        assert!(again.has_lapsed(AGENT));
        assert!(again.of_key(AGENT).is_cancelled());
        let blocked = Revocations::succeed(
            &definitions(|new| new.agents[0].1.blocked_since = Some(Timestamp(5))),
            Some(&again),
        );
        let unblocked = Revocations::succeed(&definitions(|_| {}), Some(&blocked));
        assert!(unblocked.has_lapsed(AGENT));
        let rotated = Revocations::succeed(
            &definitions(|new| new.agents[0].0 = [9; 32]),
            Some(&unblocked),
        );
        assert!(rotated.has_lapsed(AGENT) && rotated.of_key(AGENT).is_cancelled());
        let extended = Revocations::succeed(
            &definitions(|new| new.agents[0].1.expires_at = Some(Timestamp(2000))),
            Some(&unblocked),
        );
        assert!(!extended.has_lapsed(AGENT));
        assert!(!extended.of_grant(AGENT, SERVICE, false).is_cancelled());
    }
}
