//! What cuts a running call when a right that it rests on is taken away.
//!
//! Everything that runs holds a token. The token of a key is cancelled when the key stops opening
//! anything: it is rotated, it expires, its agent is blocked, deactivated or deleted, or the kill
//! switch is thrown. Below it hangs one token for each service that the agent may use, cancelled
//! when an approval for that service would become stale, and below that one for WebSockets. A token
//! survives every change that leaves its right as it was.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use gaiterguard_domain::agent::{Agent, Binding};
use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::service::{CredentialPlace, Service};
use gaiterguard_domain::target::BaseUrl;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_store::{Definitions, KeyHash};
use tokio_util::sync::CancellationToken;

/// The tokens of one workspace.
#[derive(Debug, Default)]
pub(crate) struct Cuts {
    keys: HashMap<AgentId, KeyCut>,
    rights: HashMap<(AgentId, ServiceId), RightCut>,
    services: HashMap<ServiceId, ServiceCut>,
}

/// What ends with a key.
#[derive(Debug)]
struct KeyCut {
    key_hash: KeyHash,
    expires_at: Option<Timestamp>,
    /// Whether the key was seen to expire. Wherever the clock goes, it stays so until an operator
    /// sets another time.
    has_lapsed: AtomicBool,
    token: CancellationToken,
}

/// What ends with the right to use a service.
#[derive(Debug)]
struct RightCut {
    binding: Binding,
    token: CancellationToken,
    /// None where the service takes no WebSockets.
    web_sockets: Option<CancellationToken>,
}

/// What ends when a service moves: the test calls of humans.
#[derive(Debug)]
struct ServiceCut {
    base_url: BaseUrl,
    place: CredentialPlace,
    token: CancellationToken,
}

impl Cuts {
    /// Returns the tokens for these definitions: those of `before` where the right is as it was, and
    /// new ones everywhere else. Nothing is cancelled yet; see [`Self::cancel_lost`].
    pub(crate) fn succeed(stored: &Definitions, before: Option<&Self>) -> Self {
        let mut cuts = Self::default();
        let is_stopped = stored.workspace.kill_switch.is_active();
        let mut services = HashMap::new();
        for service in stored.services.iter().filter(|_| !is_stopped) {
            let kept = before.and_then(|before| before.services.get(&service.id));
            let cut = ServiceCut::succeed(service, kept);
            cuts.services.insert(service.id, cut);
            services.insert(service.id, service);
        }
        for (key_hash, agent) in &stored.agents {
            let runs = !is_stopped && agent.is_active && agent.blocked_since.is_none();
            let kept = before.and_then(|before| before.keys.get(&agent.id));
            let key = KeyCut::succeed(*key_hash, agent, runs, kept);
            for grant in agent.grants.iter().filter(|_| runs) {
                let Some(service) = services.get(&grant.service) else {
                    continue;
                };
                let place = (agent.id, grant.service);
                let is_same_key = kept.is_some_and(|kept| kept.token == key.token);
                let kept = before.and_then(|before| before.rights.get(&place));
                let kept = kept.filter(|_| is_same_key);
                let binding = Binding::of(*grant, service);
                let right = RightCut::succeed(binding, service.web_socket, &key.token, kept);
                cuts.rights.insert(place, right);
            }
            cuts.keys.insert(agent.id, key);
        }
        cuts
    }

    /// Cuts everything that runs by a right of `before` that is gone now. Whoever is cut asks why, so
    /// this is called once these tokens have taken the place of those.
    pub(crate) fn cancel_lost(&self, before: &Self) {
        for (agent, lost) in &before.keys {
            if self
                .keys
                .get(agent)
                .is_none_or(|key| key.token != lost.token)
            {
                lost.token.cancel();
            }
        }
        for (place, lost) in &before.rights {
            let right = self.rights.get(place);
            if right.is_none_or(|right| right.token != lost.token) {
                lost.token.cancel();
            } else if let Some(web_sockets) = &lost.web_sockets
                && right.is_none_or(|right| right.web_sockets.as_ref() != Some(web_sockets))
            {
                web_sockets.cancel();
            }
        }
        for (service, lost) in &before.services {
            if self
                .services
                .get(service)
                .is_none_or(|cut| cut.token != lost.token)
            {
                lost.token.cancel();
            }
        }
    }

    /// Cuts everything that runs by keys that have expired at `now`. Returns when the next one does.
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

    /// Cancelled when the agent's key stops opening anything.
    pub(crate) fn of_key(&self, agent: AgentId) -> CancellationToken {
        or_cancelled(self.keys.get(&agent).map(|key| &key.token))
    }

    /// Cancelled when the agent loses the right to use the service, as far as a call needs it that
    /// opens a WebSocket, or a plain one.
    pub(crate) fn of_right(
        &self,
        agent: AgentId,
        service: ServiceId,
        web_socket: bool,
    ) -> CancellationToken {
        let right = self.rights.get(&(agent, service));
        or_cancelled(right.and_then(|right| {
            if web_socket {
                right.web_sockets.as_ref()
            } else {
                Some(&right.token)
            }
        }))
    }

    /// Cancelled when the service moves or is deleted, or the kill switch is thrown.
    pub(crate) fn of_service(&self, service: ServiceId) -> CancellationToken {
        or_cancelled(self.services.get(&service).map(|cut| &cut.token))
    }
}

/// A right that is not there counts as one that was taken away.
fn or_cancelled(token: Option<&CancellationToken>) -> CancellationToken {
    token.cloned().unwrap_or_else(|| {
        let cancelled = CancellationToken::new();
        cancelled.cancel();
        cancelled
    })
}

impl KeyCut {
    /// `runs` says whether anything may run with the key, if its time is not over.
    fn succeed(key_hash: KeyHash, agent: &Agent, runs: bool, kept: Option<&Self>) -> Self {
        let kept = kept.filter(|kept| kept.key_hash == key_hash);
        let has_lapsed = kept.is_some_and(|kept| {
            kept.expires_at == agent.expires_at && kept.has_lapsed.load(Ordering::Acquire)
        });
        let token = if runs && !has_lapsed {
            // A key that was cut and opens again does so for what begins from now on.
            let kept = kept.filter(|kept| !kept.token.is_cancelled());
            kept.map(|kept| kept.token.clone()).unwrap_or_default()
        } else {
            or_cancelled(None)
        };
        Self {
            key_hash,
            expires_at: agent.expires_at,
            has_lapsed: AtomicBool::new(has_lapsed),
            token,
        }
    }
}

impl RightCut {
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

impl ServiceCut {
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
