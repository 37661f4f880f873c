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

#[cfg(test)]
mod tests {
    use gaiterguard_domain::agent::Grant;
    use gaiterguard_domain::id::WorkspaceId;
    use gaiterguard_domain::service::AuthType;
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
            expires_at: Some(Timestamp(1000)),
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

    /// Which of a plain call and a WebSocket are cut by a change.
    fn cut_by(change: impl FnOnce(&mut Definitions)) -> (bool, bool) {
        let before = Cuts::succeed(&definitions(|_| {}), None);
        let plain = before.of_right(AGENT, SERVICE, false);
        let web_socket = before.of_right(AGENT, SERVICE, true);
        assert!(!plain.is_cancelled() && !web_socket.is_cancelled());
        let after = Cuts::succeed(&definitions(change), Some(&before));
        after.cancel_lost(&before);
        (plain.is_cancelled(), web_socket.is_cancelled())
    }

    #[test]
    fn a_change_cuts_what_rests_on_it_and_nothing_else() {
        assert_eq!(cut_by(|_| {}), (false, false));
        assert_eq!(
            cut_by(|new| {
                new.agents[0].1.name = "renamed".to_owned();
                new.agents[0].1.expires_at = None;
                new.services[0].name = "renamed".to_owned();
                new.services[0].intent_required = true;
            }),
            (false, false)
        );
        assert_eq!(
            cut_by(|new| new.services[0].web_socket = false),
            (false, true)
        );
        let moved = BaseUrl::parse("https://api.example.com/v2").unwrap();
        for (number, cut) in [
            cut_by(|new| new.agents[0].0 = [2; 32]),
            cut_by(|new| new.agents[0].1.is_active = false),
            cut_by(|new| new.agents[0].1.blocked_since = Some(Timestamp(1))),
            cut_by(|new| new.agents[0].1.grants.clear()),
            cut_by(|new| new.agents[0].1.grants[0].since = Timestamp(1)),
            cut_by(|new| new.agents.clear()),
            cut_by(|new| new.services.clear()),
            cut_by(|new| new.services[0].base_url = moved),
            cut_by(|new| {
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
            assert_eq!(cut, (true, true), "{number}");
        }
    }

    #[test]
    fn a_key_that_has_expired_stays_so_until_it_is_given_another_time() {
        let first = Cuts::succeed(&definitions(|_| {}), None);
        let running = first.of_right(AGENT, SERVICE, true);
        assert_eq!(first.cancel_lapsed(Timestamp(999)), Some(Timestamp(1000)));
        assert!(!running.is_cancelled());
        assert_eq!(first.cancel_lapsed(Timestamp(1000)), None);
        assert!(running.is_cancelled() && first.has_lapsed(AGENT));
        // The clock is set back, and definitions are loaded again.
        let again = Cuts::succeed(&definitions(|_| {}), Some(&first));
        assert_eq!(again.cancel_lapsed(Timestamp(5)), None);
        assert!(again.has_lapsed(AGENT));
        assert!(again.of_key(AGENT).is_cancelled());
        let blocked = Cuts::succeed(
            &definitions(|new| new.agents[0].1.blocked_since = Some(Timestamp(5))),
            Some(&again),
        );
        let unblocked = Cuts::succeed(&definitions(|_| {}), Some(&blocked));
        assert!(unblocked.has_lapsed(AGENT));
        let extended = Cuts::succeed(
            &definitions(|new| new.agents[0].1.expires_at = Some(Timestamp(2000))),
            Some(&unblocked),
        );
        assert!(!extended.has_lapsed(AGENT));
        assert!(!extended.of_right(AGENT, SERVICE, false).is_cancelled());
    }
}
