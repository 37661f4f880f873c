//! Sealing and opening values under data keys, and replacing those keys.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{DataKeyId, WorkspaceId};
use gaiterguard_domain::ledger::Sealed;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_store::{Store, StoreError};
use gaiterguard_vault::{
    AssociatedData, DATA_KEYS_CACHED_MAX, DataKey, Keyring, OpenError, WrappedKey,
};
use serde_json::json;
use zeroize::Zeroizing;

use crate::error::SealingError;
use crate::master::{self, wrapped_key};
use crate::purpose::Purpose;

/// How long a data key seals new values. Keys that change daily limit what one leaked key opens.
const SEALING_AGE_MAX: Duration = Duration::from_hours(24);

/// The minimum age at which a data key that seals nothing is removed. A value sealed at the end of the
/// key's day is written within seconds, so twice that day leaves a wide margin.
const UNUSED_AGE_MIN: Duration = Duration::from_hours(48);

/// How many values a payload key seals. NIST SP 800-38D allows 2³² with random 96-bit nonces; half of
/// that keeps the probability of two equal nonces below 2⁻³⁴.
const PAYLOAD_KEY_USES_MAX: u64 = 1 << 31;

/// How often a new data key is wrapped again because the master key changed in between. Rotations are
/// rare and manual, so a third change in a row means that something else is wrong.
const INSERT_ATTEMPTS_MAX: usize = 3;

/// The purposes under which data keys are stored.
const CREDENTIAL: &str = "credential";
const PAYLOAD: &str = "payload";

/// Seals and opens values for the store. Clones share their state.
#[derive(Clone)]
pub struct Sealing {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) keyring: Keyring,
    pub(crate) clock: Arc<dyn Clock>,
    /// Wrapped keys as they were read. They are not secret, and only a rotation changes them, after
    /// which this process can still unwrap the old form.
    rows: Mutex<HashMap<DataKeyId, Arc<Row>>>,
    payload: Mutex<HashMap<WorkspaceId, Arc<Payload>>>,
    /// Held while a payload key is made, so that concurrent callers make only one.
    making: tokio::sync::Mutex<()>,
}

struct Row {
    workspace: WorkspaceId,
    wrapped: WrappedKey,
    associated_data: AssociatedData,
}

struct Payload {
    key: SealingKey,
    uses: AtomicU64,
}

/// A data key that is stored already, so that values can be sealed without waiting.
pub struct SealingKey {
    id: DataKeyId,
    workspace: WorkspaceId,
    key: DataKey,
    since: Timestamp,
}

impl SealingKey {
    /// Seals a value of the key's workspace.
    pub fn seal(&self, purpose: &Purpose, plaintext: &[u8]) -> Result<Sealed, SealingError> {
        let associated_data = purpose.associated_data(self.workspace);
        Ok(Sealed {
            data_key: self.id,
            bytes: self.key.seal(plaintext, &associated_data)?,
        })
    }

    /// Returns whether the key is young enough to seal a new value. A caller that keeps a key must check.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.since.until(now) < SEALING_AGE_MAX
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({}, <sealed>)", self.id)
    }
}

impl Sealing {
    pub(crate) fn new(store: Store, keyring: Keyring, clock: Arc<dyn Clock>) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                keyring,
                clock,
                rows: Mutex::default(),
                payload: Mutex::default(),
                making: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// Derives a key for keyed hashes of one kind from the current master key. All processes with the
    /// same secret derive the same key, and a rotation changes it.
    pub fn derived_key(&self, purpose: &str) -> [u8; 16] {
        self.inner.keyring.derived_key(purpose)
    }

    /// Seals a value of a workspace under its payload key.
    pub async fn seal(
        &self,
        workspace: WorkspaceId,
        purpose: &Purpose,
        plaintext: &[u8],
    ) -> Result<Sealed, SealingError> {
        self.payload_key(workspace).await?.seal(purpose, plaintext)
    }

    /// Opens a value of a workspace that was sealed for this purpose. Use the result immediately and do
    /// not keep it.
    pub async fn open(
        &self,
        workspace: WorkspaceId,
        data_key: DataKeyId,
        bytes: &[u8],
        purpose: &Purpose,
    ) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        let key = self.data_key(workspace, data_key).await?;
        Ok(key.open(bytes, &purpose.associated_data(workspace))?)
    }

    /// Creates a data key for one version of a credential.
    pub async fn new_credential_key(
        &self,
        workspace: WorkspaceId,
    ) -> Result<SealingKey, SealingError> {
        self.new_key(workspace, CREDENTIAL).await
    }

    /// Returns the current data key for everything except credentials, for callers that must seal
    /// without waiting.
    pub async fn payload_key(&self, workspace: WorkspaceId) -> Result<PayloadKey, SealingError> {
        match self.usable_payload_key(workspace) {
            Some(key) => Ok(key),
            // Boxed because this is rare and its state is large, which would enlarge every request's future.
            None => Box::pin(self.make_payload_key(workspace)).await,
        }
    }

    async fn make_payload_key(&self, workspace: WorkspaceId) -> Result<PayloadKey, SealingError> {
        let _making = self.inner.making.lock().await;
        if let Some(key) = self.usable_payload_key(workspace) {
            return Ok(key);
        }
        let payload = Arc::new(Payload {
            key: self.new_key(workspace, PAYLOAD).await?,
            uses: AtomicU64::new(0),
        });
        lock(&self.inner.payload).insert(workspace, Arc::clone(&payload));
        Ok(PayloadKey(payload))
    }

    /// Follows a rotation that another process performed. The process also follows when it meets the new
    /// key; calling this from time to time makes sure that it does so before the link is removed.
    pub async fn follow_rotation(&self) -> Result<(), SealingError> {
        master::follow(&self.inner.store, &self.inner.keyring).await
    }

    /// Removes up to `limit` data keys that are old and do not seal anything. Returns how many. A
    /// concurrent rotation may find them moved or gone, which makes no difference to it.
    pub async fn remove_unused(&self, limit: u32) -> Result<u64, StoreError> {
        let now = self.inner.clock.now();
        let before = now.before(UNUSED_AGE_MIN);
        let store = &self.inner.store;
        store.data_key_delete_unused(before, limit, now).await
    }

    fn usable_payload_key(&self, workspace: WorkspaceId) -> Option<PayloadKey> {
        let payload = lock(&self.inner.payload).get(&workspace).cloned()?;
        let usable = payload.key.is_usable(self.inner.clock.now())
            && payload.uses.load(Ordering::Relaxed) < PAYLOAD_KEY_USES_MAX;
        usable.then_some(PayloadKey(payload))
    }

    async fn new_key(
        &self,
        workspace: WorkspaceId,
        purpose: &'static str,
    ) -> Result<SealingKey, SealingError> {
        let Inner {
            store,
            keyring,
            clock,
            ..
        } = &*self.inner;
        let associated_data = master::wrapping_purpose(workspace, purpose);
        for _ in 0..INSERT_ATTEMPTS_MAX {
            let (key, wrapped) = keyring.wrap_new(&associated_data)?;
            let at = clock.now();
            let master = wrapped.master.to_string();
            let inserted = store
                .data_key_insert(workspace, purpose, &master, &wrapped.bytes, at, |id| {
                    NewAuditEntry {
                        workspace: master::audited_workspace(workspace),
                        at,
                        actor: Actor::Gateway,
                        event: Event::DataKeyCreated,
                        subject: Subject::DataKey(id),
                        detail: json!({ "purpose": purpose }),
                    }
                })
                .await?;
            if let Some(id) = inserted {
                return Ok(SealingKey {
                    id,
                    workspace,
                    key,
                    since: at,
                });
            }
            self.follow_rotation().await?;
        }
        Err(SealingError::MasterChanging)
    }

    async fn data_key(
        &self,
        workspace: WorkspaceId,
        id: DataKeyId,
    ) -> Result<Arc<DataKey>, SealingError> {
        let known = lock(&self.inner.rows).get(&id).cloned();
        let row = match known {
            Some(row) => row,
            // Boxed because this is rare and its state is large, which would enlarge every request's future.
            None => Box::pin(self.read_row(id)).await?,
        };
        if row.workspace != workspace {
            return Err(SealingError::NoDataKey(id));
        }
        match self.unwrap(id, &row) {
            Err(OpenError::OtherMaster { .. }) => {
                Box::pin(self.follow_rotation()).await?;
                Ok(self.unwrap(id, &row).map_err(master::unknown_or)?)
            }
            done => Ok(done?),
        }
    }

    fn unwrap(&self, id: DataKeyId, row: &Arc<Row>) -> Result<Arc<DataKey>, OpenError> {
        let key = self
            .inner
            .keyring
            .data_key(id.0, &row.wrapped, &row.associated_data)?;
        let mut rows = lock(&self.inner.rows);
        if rows.len() >= DATA_KEYS_CACHED_MAX && !rows.contains_key(&id) {
            // Reading a row again is cheap, so the order of use is not tracked.
            rows.clear();
        }
        rows.entry(id).or_insert_with(|| Arc::clone(row));
        Ok(key)
    }

    async fn read_row(&self, id: DataKeyId) -> Result<Arc<Row>, SealingError> {
        let row = self
            .inner
            .store
            .data_key_get(id)
            .await?
            .ok_or(SealingError::NoDataKey(id))?;
        Ok(Arc::new(Row {
            workspace: row.workspace,
            associated_data: master::wrapping_purpose(row.workspace, &row.purpose),
            wrapped: wrapped_key(row)?,
        }))
    }
}

/// A workspace's payload key.
#[derive(Clone)]
pub struct PayloadKey(Arc<Payload>);

impl PayloadKey {
    /// Seals a value of the key's workspace.
    pub fn seal(&self, purpose: &Purpose, plaintext: &[u8]) -> Result<Sealed, SealingError> {
        self.0.uses.fetch_add(1, Ordering::Relaxed);
        self.0.key.seal(purpose, plaintext)
    }
}

impl fmt::Debug for PayloadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.key.fmt(f)
    }
}

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealing({:?})", self.inner.keyring)
    }
}

/// Locks a mutex, even if a holder panicked: every change under these locks is one whole insert, so a
/// panic leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
