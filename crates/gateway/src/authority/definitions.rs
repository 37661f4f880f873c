//! The definitions of one workspace, of one version.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use gaiterguard_apidocs::Catalog;
use gaiterguard_domain::agent::Agent;
use gaiterguard_domain::id::{AgentId, RuleId, ServiceId};
use gaiterguard_domain::rule::Rule;
use gaiterguard_domain::workspace::{AuthorityVersion, Workspace};
use gaiterguard_rules::CompiledRule;
use gaiterguard_store::Definitions as StoredDefinitions;
use tokio_util::sync::CancellationToken;

use super::cuts::Cuts;
use crate::authority::known_service::KnownService;

/// The definitions of one workspace.
#[derive(Debug)]
pub struct Definitions {
    /// The workspace with its kill switch and version.
    pub workspace: Workspace,
    agents: HashMap<AgentId, Arc<Agent>>,
    services: HashMap<ServiceId, Arc<KnownService>>,
    services_by_name: HashMap<String, ServiceId>,
    /// The rules that count, ready to be applied.
    pub rules: Vec<Arc<CompiledRule>>,
    catalogs: HashMap<ServiceId, Arc<Catalog>>,
    unread: HashSet<ServiceId>,
    pub(super) key_hashes: Vec<([u8; 32], AgentId)>,
    pub(super) cuts: Cuts,
}

impl Definitions {
    /// An agent.
    pub fn agent(&self, id: AgentId) -> Option<&Arc<Agent>> {
        self.agents.get(&id)
    }

    /// A service.
    pub fn service(&self, id: ServiceId) -> Option<&Arc<KnownService>> {
        self.services.get(&id)
    }

    /// The service of a name.
    pub fn service_named(&self, name: &str) -> Option<&Arc<KnownService>> {
        self.service(*self.services_by_name.get(name)?)
    }

    /// What the documents of a service say; none if it has no document, or none has been read yet.
    pub fn catalog(&self, service: ServiceId) -> Option<&Arc<Catalog>> {
        self.catalogs.get(&service)
    }

    /// Whether the service has documents that this process has not read since its start. What they say
    /// may decide, so nothing is decided without them.
    pub fn is_unread(&self, service: ServiceId) -> bool {
        self.unread.contains(&service)
    }

    /// The version that decisions on these definitions are recorded with.
    pub fn version(&self) -> AuthorityVersion {
        self.workspace.version
    }

    /// Returns what cuts a running call of a human to a service.
    pub(crate) fn cut_of_service(&self, service: ServiceId) -> CancellationToken {
        self.cuts.of_service(service)
    }

    /// Builds the definitions that follow `before`. What runs by rights that are gone is yet to be
    /// cut.
    pub(super) fn succeed(
        stored: StoredDefinitions,
        catalogs: HashMap<ServiceId, Arc<Catalog>>,
        mut missing: HashSet<ServiceId>,
        before: Option<&Self>,
    ) -> Self {
        // Of what other replicas add later, the definitions hold as they were until it is read.
        if let Some(before) = before {
            missing.retain(|service| before.unread.contains(service));
        }
        let cuts = Cuts::succeed(&stored, before.map(|before| &before.cuts));
        Self {
            workspace: stored.workspace,
            catalogs,
            unread: missing,
            key_hashes: stored
                .agents
                .iter()
                .map(|(hash, agent)| (*hash, agent.id))
                .collect(),
            agents: stored
                .agents
                .into_iter()
                .map(|(_, a)| (a.id, Arc::new(a)))
                .collect(),
            services_by_name: stored
                .services
                .iter()
                .map(|s| (s.name.clone(), s.id))
                .collect(),
            services: stored
                .services
                .into_iter()
                .map(|s| (s.id, Arc::new(KnownService::new(s))))
                .collect(),
            rules: compiled(stored.rules, before),
            cuts,
        }
    }
}

/// The rules that count, compiled where they were not before.
fn compiled(rules: Vec<Rule>, before: Option<&Definitions>) -> Vec<Arc<CompiledRule>> {
    let known: HashMap<RuleId, &Arc<CompiledRule>> = before
        .map_or(&[][..], |before| &before.rules)
        .iter()
        .map(|rule| (rule.rule().id, rule))
        .collect();
    rules
        .into_iter()
        .filter(|rule| rule.enabled)
        .map(|rule| match known.get(&rule.id) {
            Some(same) if *same.rule() == rule => Arc::clone(same),
            _ => {
                let compiled = CompiledRule::new(rule);
                if let Some(error) = compiled.broken() {
                    tracing::error!(
                        rule = %compiled.rule().id,
                        workspace = %compiled.rule().workspace,
                        %error,
                        "the condition of a stored rule does not compile: the rule counts as \
                         matched, unless it allows"
                    );
                }
                Arc::new(compiled)
            }
        })
        .collect()
}
