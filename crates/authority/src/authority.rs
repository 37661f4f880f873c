//! The snapshot of the definitions, and how it is kept current.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use gaiterguard_definitions::library::{Library, ReadError};
use gaiterguard_domain::agent::{Agent, StandingRefused};
use gaiterguard_domain::id::{AgentId, ServiceId, WorkspaceId};
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_store::{Store, StoreError};
use gaiterguard_vault::agent_key;
use tokio::sync::{Mutex, Notify};

use crate::caller::AgentCaller;
use crate::confirmed::{Confirmed, Moment};
use crate::definitions::Definitions;
use crate::refused::{CallRevoked, CallerRefused, DocumentsUnread};
use crate::resolved_service::ResolvedService;
use crate::revocation::Revocations;

/// How long a replica may act on its snapshot without a confirmation by the database. It bounds how long a running
/// call continues after another replica has revoked its right.
pub const CONFIRMED_FOR: Duration = Duration::from_secs(1);

/// How often a replica asks the database whether anything has changed. A quarter of
/// [`CONFIRMED_FOR`], so that one slow query does not stop the replica.
pub const CONFIRM_EVERY: Duration = Duration::from_millis(250);

/// How long a call waits after a start for the documents of its service. The largest documents take a few seconds
/// to read; a call that waits longer is refused before most clients give up.
const DOCUMENTS_WAIT: Duration = Duration::from_secs(15);

/// How often such a call checks whether they have been read. A check is a lookup in memory, so it
/// can be made so often that the delay is not noticed.
const DOCUMENTS_CHECK_EVERY: Duration = Duration::from_millis(25);

/// How long to wait before documents that could not be fetched from the store are read again. Long
/// enough that a database that is down does not fill the log.
const READ_AGAIN_WAIT: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, Default)]
struct Snapshot {
    agents_by_key: HashMap<[u8; 32], (WorkspaceId, AgentId)>,
    workspaces: HashMap<WorkspaceId, Arc<Definitions>>,
}

/// The current definitions of all workspaces.
pub struct Authority {
    store: Store,
    library: Arc<Library>,
    clock: Arc<dyn Clock>,
    snapshot: ArcSwap<Snapshot>,
    confirmed: Confirmed,
    is_shared: bool,
    reloading: Mutex<()>,
    /// Some workspace may have documents that are missing from its catalogs.
    has_missing: Notify,
    /// The workspaces with a damaged definition.
    damaged: StdMutex<HashSet<WorkspaceId>>,
}

/// A workspace whose version in the database has changed.
enum Loaded {
    Definitions(WorkspaceId, Arc<Definitions>),
    /// Its definitions cannot be read.
    Damaged(WorkspaceId),
}

impl Loaded {
    /// Returns the workspace whose definitions this replaces.
    fn replaced(&self) -> Option<WorkspaceId> {
        match self {
            Self::Definitions(workspace, _) => Some(*workspace),
            Self::Damaged(_) => None,
        }
    }
}

impl Authority {
    /// Loads every workspace. Its documents are read afterwards, by [`Self::read_all_missing`]; until
    /// then a decision on a service with documents waits for them. `is_shared` means that other
    /// replicas change the same database, so that the snapshot is valid only while the database
    /// confirms it.
    ///
    /// # Errors
    ///
    /// If the database fails.
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
            has_missing: Notify::new(),
            damaged: StdMutex::default(),
        };
        authority.confirm().await?;
        Ok(authority)
    }

    /// Returns the agent of a key.
    ///
    /// # Errors
    ///
    /// If the key is invalid, the agent is blocked, the kill switch is active, or the definitions
    /// are not confirmed.
    pub fn caller(&self, key: &str) -> Result<AgentCaller, CallerRefused> {
        let key_hash = agent_key::fingerprint(key).ok_or(CallerRefused::InvalidKey(
            "the agent key must have the form agt_ and 64 hexadecimal digits",
        ))?;
        self.caller_by_hash(key_hash)
    }

    /// Returns the same caller with the current definitions.
    ///
    /// # Errors
    ///
    /// If the agent may no longer call. See [`Self::caller`].
    pub fn renewed(&self, caller: &AgentCaller) -> Result<AgentCaller, CallerRefused> {
        self.caller_by_hash(caller.key_hash)
    }

    fn caller_by_hash(&self, key_hash: [u8; 32]) -> Result<AgentCaller, CallerRefused> {
        self.check_confirmed()?;
        let now = self.clock.now();
        let snapshot = self.snapshot.load();
        // The timing of a lookup by the hash of a 256-bit random key does not help a guesser.
        let owner = snapshot.agents_by_key.get(&key_hash).copied();
        let (workspace, agent) = owner.ok_or_else(|| self.unknown_key())?;
        let definitions = snapshot
            .workspaces
            .get(&workspace)
            .ok_or(CallerRefused::Unconfirmed)?;
        let agent = definitions.agent(agent).ok_or(CallerRefused::Unconfirmed)?;
        check_access(definitions, agent, now)?;
        Ok(AgentCaller {
            key_hash,
            agent: Arc::clone(agent),
            definitions: Arc::clone(definitions),
        })
    }

    /// Returns why a key that is not in the snapshot is refused. It may belong to a workspace whose
    /// definitions could not be read when the gateway started.
    fn unknown_key(&self) -> CallerRefused {
        if self.damaged().is_empty() {
            CallerRefused::InvalidKey("this agent key is unknown or was replaced")
        } else {
            CallerRefused::Unconfirmed
        }
    }

    /// Returns the definitions of a workspace.
    pub fn definitions(&self, workspace: WorkspaceId) -> Option<Arc<Definitions>> {
        self.snapshot.load().workspaces.get(&workspace).cloned()
    }

    /// Returns the services of all workspaces.
    pub fn services(&self) -> Vec<Arc<ResolvedService>> {
        let snapshot = self.snapshot.load();
        let workspaces = snapshot.workspaces.values();
        workspaces
            .flat_map(|definitions| definitions.services().cloned())
            .collect()
    }

    /// Returns the reason why a running call of an agent to a service was canceled.
    pub fn call_revoked(
        &self,
        caller: &AgentCaller,
        service: ServiceId,
        web_socket: bool,
    ) -> CallRevoked {
        let renewed = match self.renewed(caller) {
            Ok(renewed) => renewed,
            // This reason would invite a retry of a request that may have reached the upstream.
            Err(CallerRefused::Unconfirmed) => return CallRevoked::ServiceChanged,
            Err(refused) => return CallRevoked::Caller(refused),
        };
        match renewed.binding(service, web_socket) {
            None => CallRevoked::NotInScope,
            Some(binding) if web_socket && !binding.web_socket => CallRevoked::WebSocketNotAllowed,
            Some(_) => CallRevoked::ServiceChanged,
        }
    }

    /// Returns the reason why everything that ran with an agent's key was canceled.
    pub fn key_revoked(&self, caller: &AgentCaller) -> CallerRefused {
        let renewed = self.renewed(caller);
        renewed.err().unwrap_or(CallerRefused::Unconfirmed)
    }

    /// Cancels what runs with keys that have expired. Returns when the next key expires.
    pub fn cancel_lapsed(&self) -> Option<Timestamp> {
        let now = self.clock.now();
        let snapshot = self.snapshot.load();
        let workspaces = snapshot.workspaces.values();
        workspaces
            .filter_map(|definitions| definitions.revocations.cancel_lapsed(now))
            .min()
    }

    fn check_confirmed(&self) -> Result<(), CallerRefused> {
        if self.is_shared && self.confirmed.age(self.clock.as_ref()) > CONFIRMED_FOR {
            return Err(CallerRefused::Unconfirmed);
        }
        Ok(())
    }

    /// Loads the current definitions of one workspace. A change of a definition must call this
    /// before it is acknowledged.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn reload(&self, workspace: WorkspaceId) -> Result<(), StoreError> {
        let _one_at_a_time = self.reloading.lock().await;
        let loaded = self.load_one(workspace).await?;
        self.publish(loaded.into_iter().collect());
        Ok(())
    }

    /// Asks the database for the versions of all workspaces and loads those that have changed.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn confirm(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.reloading.lock().await;
        // A version is current as of the query, not as of its result.
        let asked_at = Moment::of(self.clock.as_ref());
        let versions = self.store.authority_versions().await?;
        let known = self.snapshot.load_full();
        let is_current = |workspace, version| {
            let known = known.workspaces.get(&workspace);
            known.is_some_and(|definitions| definitions.version() == version)
        };
        let mut loaded = Vec::new();
        let mut outcome = Ok(());
        for (workspace, version) in versions {
            if is_current(workspace, version) {
                continue;
            }
            match self.load_one(workspace).await {
                Ok(one) => loaded.extend(one),
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        // Together, because a new snapshot copies the index of the old one: with one for each workspace, the
        // time of a start would grow with the square of their number. An error does not undo what was loaded
        // before it.
        self.publish(loaded);
        outcome?;
        self.confirmed.note(asked_at);
        Ok(())
    }

    /// Waits until documents are missing from the catalogs of a workspace, and reads and indexes them.
    /// That takes seconds. The definitions apply without those documents until then, because a decision
    /// must not wait for them. If the database fails, the next call reads them again.
    pub async fn read_all_missing(&self) {
        self.has_missing.notified().await;
        let mut has_failed = false;
        for workspace in self.snapshot.load_full().workspaces.keys() {
            if let Err(error) = self.read_missing(*workspace).await {
                tracing::error!(%error, workspace = workspace.0, "documents could not be read");
                has_failed = true;
            }
        }
        if has_failed {
            // Once for all of them, so that the failures of some workspaces do not delay the others.
            tokio::time::sleep(READ_AGAIN_WAIT).await;
            self.has_missing.notify_one();
        }
    }

    /// Reads and indexes the documents that are missing from the catalogs of a workspace, and loads its
    /// definitions with them. A change of a document must call this before it is acknowledged.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn read_missing(&self, workspace: WorkspaceId) -> Result<(), ReadError> {
        let Some(definitions) = self.definitions(workspace) else {
            return Ok(());
        };
        if !definitions.missing.is_empty() {
            // Not under the lock: other workspaces, a block, and the kill switch do not wait for it.
            self.library
                .read_missing(workspace, &definitions.missing)
                .await?;
            self.reload(workspace).await?;
        }
        Ok(())
    }

    /// Waits until the documents of a service have been read.
    ///
    /// # Errors
    ///
    /// If that takes too long.
    pub async fn documents_read(
        &self,
        workspace: WorkspaceId,
        service: ServiceId,
    ) -> Result<(), DocumentsUnread> {
        let end = tokio::time::Instant::now() + DOCUMENTS_WAIT;
        while self
            .definitions(workspace)
            .is_some_and(|known| known.is_unread(service))
        {
            if tokio::time::Instant::now() > end {
                return Err(DocumentsUnread);
            }
            tokio::time::sleep(DOCUMENTS_CHECK_EVERY).await;
        }
        Ok(())
    }

    /// Loads the current definitions of a workspace, for [`Self::publish`]. Only one caller at a time may do both.
    async fn load_one(&self, workspace: WorkspaceId) -> Result<Option<Loaded>, StoreError> {
        let stored = match self.store.authority_load(workspace).await {
            Ok(None) => return Ok(None),
            Ok(Some(stored)) => stored,
            Err(error) if error.is_damage() => {
                // Replicas read the definitions several times a second, so this is logged once.
                if self.damaged().insert(workspace) {
                    tracing::error!(%error, workspace = workspace.0, "a workspace is stopped, because its \
                         definitions cannot be read");
                }
                let is_known = self.definitions(workspace).is_some();
                return Ok(is_known.then_some(Loaded::Damaged(workspace)));
            }
            Err(error) => return Err(error),
        };
        let before = self.snapshot.load();
        let known = before.workspaces.get(&workspace).map(AsRef::as_ref);
        let catalogs = self.library.catalogs(workspace, &stored.documents);
        let definitions = Definitions::succeed(stored, catalogs, known);
        Ok(Some(Loaded::Definitions(workspace, Arc::new(definitions))))
    }

    /// Makes what was loaded the current definitions, and cancels what they do not allow.
    fn publish(&self, loaded: Vec<Loaded>) {
        if loaded.is_empty() {
            return;
        }
        let before = self.snapshot.load_full();
        let mut after = Snapshot::clone(&before);
        let replaced: HashSet<WorkspaceId> = loaded.iter().filter_map(Loaded::replaced).collect();
        // Also those of a workspace that was stopped: they may have been replaced since.
        after
            .agents_by_key
            .retain(|_, (owner, _)| !replaced.contains(owner));
        for one in &loaded {
            match one {
                Loaded::Definitions(workspace, definitions) => {
                    for (hash, agent) in &definitions.key_hashes {
                        after.agents_by_key.insert(*hash, (*workspace, *agent));
                    }
                    let definitions = Arc::clone(definitions);
                    after.workspaces.insert(*workspace, definitions);
                }
                // Its agents get 503 until the damage is repaired, because a block or the kill switch may be
                // among the changes that cannot be read. The other workspaces continue.
                Loaded::Damaged(workspace) => {
                    after.workspaces.remove(workspace);
                }
            }
        }
        self.snapshot.store(Arc::new(after));
        // After the new snapshot is stored: a canceled call asks it for the reason.
        for one in loaded {
            match one {
                Loaded::Definitions(workspace, definitions) => {
                    self.damaged().remove(&workspace);
                    if let Some(known) = before.workspaces.get(&workspace) {
                        definitions.revocations.cancel_lost(&known.revocations);
                    }
                    definitions.revocations.cancel_lapsed(self.clock.now());
                    if !definitions.missing.is_empty() {
                        self.has_missing.notify_one();
                    }
                }
                Loaded::Damaged(workspace) => {
                    if let Some(known) = before.workspaces.get(&workspace) {
                        Revocations::default().cancel_lost(&known.revocations);
                    }
                }
            }
        }
    }

    fn damaged(&self) -> MutexGuard<'_, HashSet<WorkspaceId>> {
        // Every change under this lock is one whole insert or removal.
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_access(
    definitions: &Definitions,
    agent: &Agent,
    now: Timestamp,
) -> Result<(), CallerRefused> {
    let access = match agent.standing(now) {
        // Setting the clock back does not make an expired key valid.
        Ok(()) | Err(StandingRefused::Blocked) if definitions.revocations.has_lapsed(agent.id) => {
            Err(StandingRefused::Expired)
        }
        access => access,
    };
    match access {
        Err(StandingRefused::Revoked) => {
            Err(CallerRefused::InvalidKey("this agent key has been revoked"))
        }
        Err(StandingRefused::Expired) => {
            Err(CallerRefused::InvalidKey("this agent key has expired"))
        }
        // Before the block: unblocking the agent would not be enough.
        _ if definitions.workspace.kill_switch.is_active() => Err(CallerRefused::KillSwitch),
        Err(StandingRefused::Blocked) => Err(CallerRefused::Blocked),
        Ok(()) => Ok(()),
    }
}
