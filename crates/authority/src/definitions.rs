//! One version of the definitions of a workspace.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use gaiterguard_apidocs::Catalog;
use gaiterguard_definitions::library::Catalogs;
use gaiterguard_domain::agent::Agent;
use gaiterguard_domain::id::{AgentId, RuleId, ServiceId};
use gaiterguard_domain::rule::Rule;
use gaiterguard_domain::workspace::{AuthorityVersion, Workspace};
use gaiterguard_rules::CompiledRule;
use gaiterguard_store::{Definitions as StoredDefinitions, DocumentVersion};
use tokio_util::sync::CancellationToken;

use crate::resolved_service::ResolvedService;
use crate::revocation::Revocations;

/// The definitions of one workspace.
#[derive(Debug)]
pub struct Definitions {
    /// The workspace, with its kill switch and version.
    pub workspace: Workspace,
    agents: HashMap<AgentId, Arc<Agent>>,
    services: HashMap<ServiceId, Arc<ResolvedService>>,
    services_by_name: HashMap<String, ServiceId>,
    /// The enabled rules, compiled.
    pub rules: Vec<Arc<CompiledRule>>,
    catalogs: HashMap<ServiceId, Arc<Catalog>>,
    /// The documents of services whose catalog is not current.
    pub(crate) missing: Vec<DocumentVersion>,
    unread: HashSet<ServiceId>,
    pub(crate) key_hashes: Vec<([u8; 32], AgentId)>,
    pub(crate) revocations: Revocations,
}

impl Definitions {
    /// Returns an agent.
    pub fn agent(&self, id: AgentId) -> Option<&Arc<Agent>> {
        self.agents.get(&id)
    }

    /// Returns a service.
    pub fn service(&self, id: ServiceId) -> Option<&Arc<ResolvedService>> {
        self.services.get(&id)
    }

    /// Returns every service.
    pub fn services(&self) -> impl Iterator<Item = &Arc<ResolvedService>> {
        self.services.values()
    }

    /// Returns the service with a name.
    pub fn service_named(&self, name: &str) -> Option<&Arc<ResolvedService>> {
        self.service(*self.services_by_name.get(name)?)
    }

    /// Returns what the documents of a service describe; `None` if it has no document, or none has been
    /// read yet.
    pub fn catalog(&self, service: ServiceId) -> Option<&Arc<Catalog>> {
        self.catalogs.get(&service)
    }

    /// Whether the service has documents that this process has not read since its start. They may change
    /// a decision, so nothing is decided without them.
    pub fn is_unread(&self, service: ServiceId) -> bool {
        self.unread.contains(&service)
    }

    /// Returns the version that decisions on these definitions are recorded with.
    pub fn version(&self) -> AuthorityVersion {
        self.workspace.version
    }

    /// Returns the token that is canceled when a running test call of a human must end.
    pub fn service_token(&self, service: ServiceId) -> CancellationToken {
        self.revocations.of_service(service)
    }

    /// Builds the definitions that follow `before`. The caller must then cancel the calls whose rights
    /// are gone.
    pub(crate) fn succeed(
        stored: StoredDefinitions,
        catalogs: Catalogs,
        before: Option<&Self>,
    ) -> Self {
        let Catalogs {
            by_service: mut catalogs,
            missing,
        } = catalogs;
        let mut unread: HashSet<ServiceId> =
            missing.iter().map(|version| version.service).collect();
        // Documents that are added or changed later are missing until they are read; the catalog of
        // before applies until then.
        if let Some(before) = before {
            for service in &unread {
                if let Some(catalog) = before.catalogs.get(service) {
                    catalogs.insert(*service, Arc::clone(catalog));
                }
            }
            unread.retain(|service| before.unread.contains(service));
        }
        let revocations = Revocations::succeed(&stored, before.map(|before| &before.revocations));
        Self {
            workspace: stored.workspace,
            catalogs,
            missing,
            unread,
            key_hashes: stored
                .agents
                .iter()
                .map(|(hash, agent)| (*hash, agent.id))
                .collect(),
            agents: stored
                .agents
                .into_iter()
                .map(|(_, agent)| (agent.id, Arc::new(agent)))
                .collect(),
            services_by_name: stored
                .services
                .iter()
                .map(|service| (service.name.clone(), service.id))
                .collect(),
            services: stored
                .services
                .into_iter()
                .map(|service| (service.id, Arc::new(ResolvedService::new(service))))
                .collect(),
            rules: compiled(stored.rules, before),
            revocations,
        }
    }
}

/// Returns the enabled rules. Those that did not change and are not broken are not compiled again.
fn compiled(rules: Vec<Rule>, before: Option<&Definitions>) -> Vec<Arc<CompiledRule>> {
    let known: HashMap<RuleId, &Arc<CompiledRule>> = before
        .map_or(&[][..], |before| &before.rules)
        .iter()
        .map(|rule| (rule.rule().id, rule))
        .collect();
    rules
        .into_iter()
        .filter(|rule| rule.enabled)
        .map(|rule| {
            let same = known.get(&rule.id).filter(|same| *same.rule() == rule);
            match same {
                Some(same) if same.broken().is_none() => Arc::clone(same),
                // A broken one too: what broke it may have been a lack of memory or threads.
                _ => {
                    let compiled = CompiledRule::new(rule);
                    if let Some(error) = compiled.broken()
                        && same.is_none()
                    {
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
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use gaiterguard_domain::document::DocumentKind;
    use gaiterguard_domain::id::{DocumentId, WorkspaceId};
    use gaiterguard_domain::workspace::KillSwitch;

    use super::*;

    #[test]
    fn the_catalog_of_before_applies_until_a_changed_document_is_read() {
        let stored = || StoredDefinitions {
            workspace: Workspace {
                id: WorkspaceId(1),
                kill_switch: KillSwitch::Off,
                version: AuthorityVersion(1),
            },
            agents: Vec::new(),
            services: Vec::new(),
            rules: Vec::new(),
            documents: Vec::new(),
        };
        let version = DocumentVersion {
            id: DocumentId(1),
            service: ServiceId(1),
            kind: DocumentKind::Markdown,
            version: 1,
        };
        let missing = || Catalogs {
            missing: vec![version],
            ..Catalogs::default()
        };
        let service = version.service;
        let started = Definitions::succeed(stored(), missing(), None);
        assert!(started.is_unread(service));
        let catalog = Arc::new(Catalog::new(Vec::new()));
        let read = Catalogs {
            by_service: HashMap::from([(service, Arc::clone(&catalog))]),
            ..Catalogs::default()
        };
        let read = Definitions::succeed(stored(), read, Some(&started));
        let changed = Definitions::succeed(stored(), missing(), Some(&read));
        assert!(!changed.is_unread(service));
        assert!(Arc::ptr_eq(changed.catalog(service).unwrap(), &catalog));
    }
}
