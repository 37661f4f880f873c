//! Who may do what at this moment: the definitions of every workspace in one immutable snapshot.
//!
//! A request is decided on one snapshot and recorded with its version; the ledger refuses a
//! decision whose version is not the present one. So a change that is acknowledged anywhere holds
//! for every claim that commits after it, on every replica, however old a snapshot is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use gaiterguard_apidocs::Catalog;
use gaiterguard_domain::agent::{Agent, StandingRefused};
use gaiterguard_domain::id::{AgentId, RuleId, ServiceId, WorkspaceId};
use gaiterguard_domain::rule::Rule;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_domain::workspace::{AuthorityVersion, Workspace};
use gaiterguard_judge::rule::CompiledRule;
use gaiterguard_store::{Definitions as StoredDefinitions, DocumentVersion, Store, StoreError};
use gaiterguard_vault::agent_key;
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;

use crate::known_service::KnownService;
use crate::library::Library;
use crate::refusal::Refusal;

/// How long a replica may act on what it knows without the database confirming it.
pub const CONFIRMED_FOR: Duration = Duration::from_secs(1);

/// How often a replica asks the database whether anything has changed.
pub const CONFIRM_EVERY: Duration = Duration::from_millis(250);

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
    key_hashes: Vec<([u8; 32], AgentId)>,
    cuts: HashMap<(AgentId, ServiceId), CancellationToken>,
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

    /// The version that decisions on these definitions are recorded with.
    pub fn version(&self) -> AuthorityVersion {
        self.workspace.version
    }

    /// What cuts the running calls of an agent to a service when it loses the right to them.
    pub fn cut(&self, agent: AgentId, service: ServiceId) -> CancellationToken {
        self.cuts
            .get(&(agent, service))
            .cloned()
            .unwrap_or_else(|| {
                let none = CancellationToken::new();
                none.cancel();
                none
            })
    }

    /// Builds the definitions that follow `before`, and cuts the running calls of every agent
    /// that has lost the right to them.
    fn succeed(
        stored: StoredDefinitions,
        catalogs: HashMap<ServiceId, Arc<Catalog>>,
        before: Option<&Self>,
    ) -> Self {
        let stopped = stored.workspace.kill_switch.is_active();
        let mut cuts = HashMap::new();
        for (_, agent) in &stored.agents {
            let runs = !stopped && agent.is_active && agent.blocked_since.is_none();
            for grant in agent.grants.iter().filter(|_| runs) {
                let key = (agent.id, grant.service);
                let kept = before.and_then(|before| before.cuts.get(&key)).cloned();
                cuts.insert(key, kept.unwrap_or_default());
            }
        }
        for (key, token) in before.map(|before| &before.cuts).into_iter().flatten() {
            if !cuts.contains_key(key) {
                token.cancel();
            }
        }
        Self {
            workspace: stored.workspace,
            catalogs,
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
                        "the condition of a stored rule is not understood: the rule counts as \
                         matched, unless it allows"
                    );
                }
                Arc::new(compiled)
            }
        })
        .collect()
}

#[derive(Debug, Default)]
struct Snapshot {
    agents_by_key: HashMap<[u8; 32], (WorkspaceId, AgentId)>,
    workspaces: HashMap<WorkspaceId, Arc<Definitions>>,
}

/// An agent that has shown its key, with the definitions it is judged by.
#[derive(Clone, Debug)]
pub struct AgentCaller {
    key_hash: [u8; 32],
    /// The agent.
    pub agent: Arc<Agent>,
    /// Its workspace.
    pub definitions: Arc<Definitions>,
}

/// The present definitions of all workspaces.
pub struct Authority {
    store: Store,
    library: Arc<Library>,
    clock: Arc<dyn Clock>,
    snapshot: ArcSwap<Snapshot>,
    confirmed_at_ms: AtomicI64,
    is_shared: bool,
    reloading: Mutex<()>,
    /// The documents that another replica has added, or changed, and this one has yet to read.
    unread: StdMutex<HashMap<WorkspaceId, Vec<DocumentVersion>>>,
    has_unread: Notify,
}

impl Authority {
    /// Loads every workspace and reads its documents. `is_shared` tells that other replicas change the same database, so
    /// that what is known here holds only while the database confirms it.
    pub async fn load(
        store: Store,
        library: Arc<Library>,
        clock: Arc<dyn Clock>,
        is_shared: bool,
    ) -> Result<Self, StoreError> {
        let authority = Self {
            store,
            library,
            snapshot: ArcSwap::default(),
            confirmed_at_ms: AtomicI64::new(clock.now().0),
            clock,
            is_shared,
            reloading: Mutex::new(()),
            unread: StdMutex::default(),
            has_unread: Notify::new(),
        };
        authority.confirm().await?;
        authority.read_documents().await?;
        Ok(authority)
    }

    /// The agent of a key. Its workspace's kill switch, and its own block, are looked at here.
    pub fn caller(&self, key: &str) -> Result<AgentCaller, Refusal> {
        let key_hash = agent_key::fingerprint(key).ok_or(Refusal::InvalidAgentKey(
            "the agent key is not of the form agt_ and 64 digits",
        ))?;
        self.caller_by_hash(key_hash)
    }

    /// The same caller on the present definitions, which may refuse it now.
    pub fn again(&self, caller: &AgentCaller) -> Result<AgentCaller, Refusal> {
        self.caller_by_hash(caller.key_hash)
    }

    fn caller_by_hash(&self, key_hash: [u8; 32]) -> Result<AgentCaller, Refusal> {
        let now = self.clock.now();
        self.check_confirmed(now)?;
        let snapshot = self.snapshot.load();
        // A look-up by the hash of a 256-bit random key tells a guesser nothing by its timing.
        let (workspace, agent) =
            *snapshot
                .agents_by_key
                .get(&key_hash)
                .ok_or(Refusal::InvalidAgentKey(
                    "this agent key is unknown or was replaced",
                ))?;
        let definitions = snapshot
            .workspaces
            .get(&workspace)
            .ok_or(Refusal::AuthorityUnconfirmed)?;
        let agent = definitions
            .agent(agent)
            .ok_or(Refusal::AuthorityUnconfirmed)?;
        check_standing(definitions, agent, now)?;
        Ok(AgentCaller {
            key_hash,
            agent: Arc::clone(agent),
            definitions: Arc::clone(definitions),
        })
    }

    /// The definitions of a workspace, for the human's side.
    pub fn definitions(&self, workspace: WorkspaceId) -> Option<Arc<Definitions>> {
        self.snapshot.load().workspaces.get(&workspace).cloned()
    }

    /// Why the calls of an agent to a service are cut at present.
    pub fn why_cut(&self, caller: &AgentCaller, service: ServiceId) -> Refusal {
        match self.again(caller) {
            Err(refusal) => refusal,
            Ok(again) if again.agent.grant(service).is_none() => {
                Refusal::ServiceNotInScope("the agent may not use this service any more")
            }
            Ok(_) => Refusal::AuthorityUnconfirmed,
        }
    }

    fn check_confirmed(&self, now: Timestamp) -> Result<(), Refusal> {
        let confirmed_at = Timestamp(self.confirmed_at_ms.load(Ordering::Acquire));
        if self.is_shared && confirmed_at.until(now) > CONFIRMED_FOR {
            return Err(Refusal::AuthorityUnconfirmed);
        }
        Ok(())
    }

    /// Loads the present definitions of one workspace. Whoever changes a definition calls this
    /// before the change is acknowledged.
    pub async fn reload(&self, workspace: WorkspaceId) -> Result<(), StoreError> {
        let _one_at_a_time = self.reloading.lock().await;
        self.reload_locked(workspace).await
    }

    /// Asks the database for the versions of all workspaces and loads those that have changed.
    pub async fn confirm(&self) -> Result<(), StoreError> {
        // What the database says holds for the moment at which it was asked, not answered.
        let asked_at = self.clock.now();
        let _one_at_a_time = self.reloading.lock().await;
        let versions = self.store.authority_versions().await?;
        for (workspace, version) in versions {
            let known = self
                .snapshot
                .load()
                .workspaces
                .get(&workspace)
                .map(|w| w.version());
            if known != Some(version) {
                self.reload_locked(workspace).await?;
            }
        }
        self.confirmed_at_ms.fetch_max(asked_at.0, Ordering::AcqRel);
        Ok(())
    }

    /// Waits until there are documents to read, and reads them. Reading takes seconds, during which
    /// the definitions hold without what those documents say: a decision must not wait for it.
    pub(crate) async fn read_unread(&self) -> Result<(), StoreError> {
        self.has_unread.notified().await;
        self.read_documents().await
    }

    async fn read_documents(&self) -> Result<(), StoreError> {
        let unread = std::mem::take(&mut *self.unread());
        for (workspace, missing) in unread {
            if let Err(error) = self.library.read_missing(workspace, &missing).await {
                // The next reload of the workspace tries again.
                tracing::error!(%error, workspace = workspace.0, "documents were not read");
            } else {
                self.reload(workspace).await?;
            }
        }
        Ok(())
    }

    fn note_unread(&self, workspace: WorkspaceId, missing: Vec<DocumentVersion>) {
        let mut unread = self.unread();
        if missing.is_empty() {
            unread.remove(&workspace);
        } else {
            unread.insert(workspace, missing);
            self.has_unread.notify_one();
        }
    }

    fn unread(&self) -> MutexGuard<'_, HashMap<WorkspaceId, Vec<DocumentVersion>>> {
        // Every change under this lock is one whole insert or removal.
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn reload_locked(&self, workspace: WorkspaceId) -> Result<(), StoreError> {
        let Some(stored) = self.store.authority_load(workspace).await? else {
            return Ok(());
        };
        let before = self.snapshot.load_full();
        let known = before.workspaces.get(&workspace);
        let catalogs = self.library.catalogs(workspace, &stored.documents).await;
        self.note_unread(workspace, catalogs.missing);
        let definitions = Arc::new(Definitions::succeed(
            stored,
            catalogs.by_service,
            known.map(AsRef::as_ref),
        ));
        let mut agents_by_key = before.agents_by_key.clone();
        for (hash, _) in known.map(|known| &known.key_hashes).into_iter().flatten() {
            agents_by_key.remove(hash);
        }
        for (hash, agent) in &definitions.key_hashes {
            agents_by_key.insert(*hash, (workspace, *agent));
        }
        let mut workspaces = before.workspaces.clone();
        workspaces.insert(workspace, definitions);
        self.snapshot.store(Arc::new(Snapshot {
            agents_by_key,
            workspaces,
        }));
        Ok(())
    }
}

fn check_standing(definitions: &Definitions, agent: &Agent, now: Timestamp) -> Result<(), Refusal> {
    match agent.standing(now) {
        Err(StandingRefused::Revoked) => {
            return Err(Refusal::InvalidAgentKey("this agent key has been revoked"));
        }
        Err(StandingRefused::Expired) => {
            return Err(Refusal::InvalidAgentKey("this agent key has expired"));
        }
        Err(StandingRefused::Blocked) if !definitions.workspace.kill_switch.is_active() => {
            return Err(Refusal::AgentBlocked);
        }
        Ok(()) | Err(StandingRefused::Blocked) => {}
    }
    if definitions.workspace.kill_switch.is_active() {
        return Err(Refusal::KillSwitch);
    }
    Ok(())
}
