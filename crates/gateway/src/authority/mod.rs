//! Who may do what at this moment: the definitions of every workspace in one immutable snapshot.
//!
//! A request is decided on one snapshot and recorded with its version; the ledger refuses a
//! decision whose version is not the present one. So a change that is acknowledged anywhere holds
//! for every claim that commits after it, on every replica, however old a snapshot is.

mod confirmed;
mod cuts;
mod definitions;
pub mod known_service;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use gaiterguard_definitions::library::Library;
use gaiterguard_domain::agent::{Agent, Binding, StandingRefused};
use gaiterguard_domain::id::{AgentId, ServiceId, WorkspaceId};
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_store::{DocumentVersion, Store, StoreError};
use gaiterguard_vault::agent_key;
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;

use self::confirmed::{Confirmed, Moment};
use self::cuts::Cuts;
pub use self::definitions::Definitions;
use crate::refusal::Refusal;

/// How long a replica may act on what it knows without the database confirming it.
pub const CONFIRMED_FOR: Duration = Duration::from_secs(1);

/// How often a replica asks the database whether anything has changed.
pub const CONFIRM_EVERY: Duration = Duration::from_millis(250);

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

impl AgentCaller {
    /// Returns what cuts everything that runs with the key that was shown.
    pub(crate) fn cut(&self) -> CancellationToken {
        self.definitions.cuts.of_key(self.agent.id)
    }

    /// Returns what cuts a running call to a service, which opens a WebSocket or is a plain one.
    pub(crate) fn cut_of_call(&self, service: ServiceId, web_socket: bool) -> CancellationToken {
        let cuts = &self.definitions.cuts;
        cuts.of_right(self.agent.id, service, web_socket)
    }

    /// Returns what an approval of a call to a service rests on besides its bytes; `None` if the
    /// agent may not make it.
    pub(crate) fn binding(&self, service: ServiceId, web_socket: bool) -> Option<Binding> {
        let grant = self.agent.grant(service)?;
        let service = self.definitions.service(service)?;
        Some(if web_socket {
            Binding::of_web_socket(grant, service)
        } else {
            Binding::of(grant, service)
        })
    }
}

/// How long a call waits after a start for the documents of its service.
const DOCUMENTS_WAIT: Duration = Duration::from_secs(15);

/// How often such a call looks whether they have been read.
const DOCUMENTS_LOOK_EVERY: Duration = Duration::from_millis(25);

/// How long to wait before documents that could not be fetched from the store are read again.
const READ_AGAIN_WAIT: Duration = Duration::from_secs(1);

/// The present definitions of all workspaces.
pub struct Authority {
    store: Store,
    library: Arc<Library>,
    clock: Arc<dyn Clock>,
    snapshot: ArcSwap<Snapshot>,
    confirmed: Confirmed,
    is_shared: bool,
    reloading: Mutex<()>,
    /// The documents that another replica has added, or changed, and this one has yet to read.
    unread: StdMutex<HashMap<WorkspaceId, Vec<DocumentVersion>>>,
    has_unread: Notify,
    /// The workspaces of which a stored definition is damaged.
    damaged: StdMutex<HashSet<WorkspaceId>>,
}

impl Authority {
    /// Loads every workspace. Its documents are read afterwards, by `read_unread`; until then a
    /// decision on a service that has some waits for them. `is_shared` tells that other replicas change the same database, so
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
            confirmed: Confirmed::new(clock.as_ref()),
            clock,
            is_shared,
            reloading: Mutex::new(()),
            unread: StdMutex::default(),
            has_unread: Notify::new(),
            damaged: StdMutex::default(),
        };
        authority.confirm().await?;
        Ok(authority)
    }

    /// The agent of a key. Its workspace's kill switch, and its own block, are looked at here.
    pub fn caller(&self, key: &str) -> Result<AgentCaller, Refusal> {
        let key_hash = agent_key::fingerprint(key).ok_or(Refusal::InvalidAgentKey(
            "the agent key must have the form agt_ and 64 hexadecimal digits",
        ))?;
        self.caller_by_hash(key_hash)
    }

    /// The same caller on the present definitions, which may refuse it now.
    pub fn again(&self, caller: &AgentCaller) -> Result<AgentCaller, Refusal> {
        self.caller_by_hash(caller.key_hash)
    }

    fn caller_by_hash(&self, key_hash: [u8; 32]) -> Result<AgentCaller, Refusal> {
        self.check_confirmed()?;
        let now = self.clock.now();
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

    /// Returns why a call of an agent to a service was cut.
    pub(crate) fn why_cut(
        &self,
        caller: &AgentCaller,
        service: ServiceId,
        web_socket: bool,
    ) -> Refusal {
        let again = match self.again(caller) {
            Ok(again) => again,
            // That would ask a client to send again what may have reached the upstream.
            Err(Refusal::AuthorityUnconfirmed) => return Refusal::CallCut,
            Err(refusal) => return refusal,
        };
        match again.binding(service, web_socket) {
            None => Refusal::ServiceNotInScope("the agent may no longer use this service"),
            Some(binding) if web_socket && !binding.web_socket => Refusal::WebSocketNotAllowed,
            Some(_) => Refusal::CallCut,
        }
    }

    /// Returns why everything that ran with an agent's key was cut.
    pub(crate) fn why_key_cut(&self, caller: &AgentCaller) -> Refusal {
        let again = self.again(caller);
        again.err().unwrap_or(Refusal::AuthorityUnconfirmed)
    }

    /// Cuts what runs with keys that have expired. Returns when the next one does.
    pub(crate) fn cancel_lapsed(&self) -> Option<Timestamp> {
        let now = self.clock.now();
        let snapshot = self.snapshot.load();
        let workspaces = snapshot.workspaces.values();
        workspaces
            .filter_map(|definitions| definitions.cuts.cancel_lapsed(now))
            .min()
    }

    fn check_confirmed(&self) -> Result<(), Refusal> {
        if self.is_shared && self.confirmed.age(self.clock.as_ref()) > CONFIRMED_FOR {
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
        let asked_at = Moment::of(self.clock.as_ref());
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
        self.confirmed.note(asked_at);
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
                tracing::error!(%error, workspace = workspace.0, "documents could not be read");
                tokio::time::sleep(READ_AGAIN_WAIT).await;
                self.note_unread(workspace, missing);
            } else {
                self.reload(workspace).await?;
            }
        }
        Ok(())
    }

    /// The present definitions of a workspace, once the documents of a service have been read.
    ///
    /// # Errors
    ///
    /// [`Refusal::DocumentsUnread`] if that takes too long.
    pub async fn documents_read(
        &self,
        workspace: WorkspaceId,
        service: ServiceId,
    ) -> Result<(), Refusal> {
        let end = tokio::time::Instant::now() + DOCUMENTS_WAIT;
        while self
            .definitions(workspace)
            .is_some_and(|known| known.is_unread(service))
        {
            if tokio::time::Instant::now() > end {
                return Err(Refusal::DocumentsUnread);
            }
            tokio::time::sleep(DOCUMENTS_LOOK_EVERY).await;
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
        let stored = match self.store.authority_load(workspace).await {
            Ok(None) => return Ok(()),
            Ok(Some(stored)) => stored,
            // Its agents are stopped, so that a kill switch or a block holds for what runs too, and the
            // other workspaces go on.
            Err(error) if error.is_damage() => {
                self.stop_damaged(workspace, &error);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.damaged().remove(&workspace);
        let before = self.snapshot.load_full();
        let known = before.workspaces.get(&workspace);
        let catalogs = self.library.catalogs(workspace, &stored.documents).await;
        let missing = catalogs
            .missing
            .iter()
            .map(|version| version.service)
            .collect();
        self.note_unread(workspace, catalogs.missing);
        let definitions = Arc::new(Definitions::succeed(
            stored,
            catalogs.by_service,
            missing,
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
        workspaces.insert(workspace, Arc::clone(&definitions));
        self.snapshot.store(Arc::new(Snapshot {
            agents_by_key,
            workspaces,
        }));
        // Only now: a call that is cut asks the present definitions why.
        if let Some(known) = known {
            definitions.cuts.cancel_lost(&known.cuts);
        }
        definitions.cuts.cancel_lapsed(self.clock.now());
        Ok(())
    }
}

impl Authority {
    /// Takes away what is known of a workspace whose definitions cannot be read, and cuts everything
    /// that runs in it. Its agents get 503 until the damage is repaired.
    fn stop_damaged(&self, workspace: WorkspaceId, error: &StoreError) {
        // Replicas look again several times a second.
        if self.damaged().insert(workspace) {
            tracing::error!(%error, workspace = workspace.0, "a workspace is stopped, because its \
                 definitions cannot be read");
        }
        let before = self.snapshot.load_full();
        let Some(known) = before.workspaces.get(&workspace) else {
            return;
        };
        let mut workspaces = before.workspaces.clone();
        workspaces.remove(&workspace);
        self.snapshot.store(Arc::new(Snapshot {
            agents_by_key: before.agents_by_key.clone(),
            workspaces,
        }));
        Cuts::default().cancel_lost(&known.cuts);
    }

    fn damaged(&self) -> MutexGuard<'_, HashSet<WorkspaceId>> {
        // Every change under this lock is one whole insert or removal.
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_standing(definitions: &Definitions, agent: &Agent, now: Timestamp) -> Result<(), Refusal> {
    let standing = match agent.standing(now) {
        // A clock that was set back does not open what has expired.
        Ok(()) | Err(StandingRefused::Blocked) if definitions.cuts.has_lapsed(agent.id) => {
            Err(StandingRefused::Expired)
        }
        standing => standing,
    };
    match standing {
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
