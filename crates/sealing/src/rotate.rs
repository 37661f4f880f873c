//! Moving every data key to the master key of a new secret, while gateways run.
//!
//! First the new master key becomes the current one, with a link to it from the old one; from then on
//! no data key is made under the old one. Then each data key is wrapped again, in a transaction of its
//! own that takes effect only if the old master key still wraps it. A rotation that is interrupted
//! continues where it stopped.

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::DataKeyId;
use gaiterguard_domain::time::Clock;
use gaiterguard_store::{DataKeyRow, MasterRow, Store, StoreError};
use gaiterguard_vault::{MasterKey, NoRandomness, RewrapError};
use secrecy::SecretString;
use serde_json::json;

use crate::error::SealingError;
use crate::master::{audited_workspace, entry, wrapped_key, wrapping_purpose};

/// How many data keys are read in one query. A row is small; the size only bounds memory.
const BATCH_SIZE: u32 = 100;

/// The result of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// How many data keys this run moved.
    pub rewrapped: u64,
    /// Whether it continued a rotation that had begun before.
    pub resumed: bool,
}

/// Why a rotation did not finish. It can be repeated.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// Old and new secret are the same.
    #[error("the new secret is the same as the current one: use another")]
    SameSecret,
    /// The database has no master key yet.
    #[error("nothing is sealed in this database yet: set the new secret as ENCRYPTION_SECRET")]
    NothingSealed,
    /// The old secret is not the one that the data was sealed with.
    #[error(
        "ENCRYPTION_SECRET (with ENCRYPTION_SALT) is not the one that this database is sealed with"
    )]
    WrongSecret,
    /// An earlier rotation is not finished.
    #[error(
        "an earlier rotation is not finished, {remaining} data keys are left: \
         first run it again with the secrets that it was started with"
    )]
    EarlierUnfinished {
        /// How many data keys it has left.
        remaining: i64,
    },
    /// A data key cannot be opened.
    #[error("data key {id} cannot be opened: {error}")]
    DataKey {
        /// The data key.
        id: DataKeyId,
        /// Why it cannot be opened.
        error: RewrapError,
    },
    /// Vault or store failed.
    #[error(transparent)]
    Sealing(#[from] SealingError),
}

impl From<StoreError> for RotateError {
    fn from(error: StoreError) -> Self {
        Self::Sealing(error.into())
    }
}

impl From<NoRandomness> for RotateError {
    fn from(error: NoRandomness) -> Self {
        Self::Sealing(error.into())
    }
}

/// Moves every data key from the old secret's master key to the new one's.
pub async fn rotate(
    store: &Store,
    old_secret: &SecretString,
    new_secret: &SecretString,
    salt: &str,
    clock: &dyn Clock,
) -> Result<Rotation, RotateError> {
    let old = MasterKey::derive(old_secret, salt);
    let new = MasterKey::derive(new_secret, salt);
    if old.id() == new.id() {
        return Err(RotateError::SameSecret);
    }
    let resumed = begin(store, &old, &new, clock).await?;
    let mut rewrapped = 0;
    let mut after = None;
    loop {
        let batch = store
            .data_key_list_under(&old.id().to_string(), after, BATCH_SIZE)
            .await?;
        if batch.is_empty() && after.is_none() {
            return Ok(Rotation { rewrapped, resumed });
        }
        // At the end of the list, start again, because a gateway may have added a key in between.
        after = batch.last().map(|row| row.id);
        for row in batch {
            if move_key(store, row, &old, &new, clock).await? {
                rewrapped += 1;
            }
        }
    }
}

/// Returns whether the master key of a secret is the current one and wraps every data key, that is,
/// whether the last rotation was to this secret and is finished.
pub async fn is_sealed_under(
    store: &Store,
    secret: &SecretString,
    salt: &str,
) -> Result<bool, SealingError> {
    let id = MasterKey::derive(secret, salt).id().to_string();
    let current = store.master_get_current().await?;
    Ok(current.is_some_and(|row| row.id == id) && store.data_key_count_not_under(&id).await? == 0)
}

/// Makes the new master key the current one. Returns whether it already was.
async fn begin(
    store: &Store,
    old: &MasterKey,
    new: &MasterKey,
    clock: &dyn Clock,
) -> Result<bool, RotateError> {
    let (old_id, new_id) = (old.id().to_string(), new.id().to_string());
    let rows = store.master_list().await?;
    if rows.is_empty() {
        return Err(RotateError::NothingSealed);
    }
    if is_begun(&rows, &old_id, &new_id) {
        return Ok(true);
    }
    if !rows.iter().any(|row| row.is_current && row.id == old_id) {
        return Err(RotateError::WrongSecret);
    }
    let remaining = store.data_key_count_not_under(&old_id).await?;
    if remaining > 0 {
        // Another process may have begun this same rotation a moment ago.
        return if is_begun(&store.master_list().await?, &old_id, &new_id) {
            Ok(true)
        } else {
            Err(RotateError::EarlierUnfinished { remaining })
        };
    }
    let link = old.link(new)?;
    let at = clock.now();
    let begun = NewAuditEntry {
        actor: Actor::Operator,
        detail: json!({ "from": old_id }),
        ..entry(at, Event::MasterKeyRotated, &new_id)
    };
    let is_first = store
        .master_begin_rotation(&old_id, &new_id, &link, at, begun)
        .await?;
    // Another rotation came first. If it is to the same secret, it is the same rotation.
    if !is_first && !is_begun(&store.master_list().await?, &old_id, &new_id) {
        return Err(RotateError::WrongSecret);
    }
    Ok(!is_first)
}

fn is_begun(rows: &[MasterRow], old: &str, new: &str) -> bool {
    rows.iter().any(|row| row.is_current && row.id == new) && rows.iter().any(|row| row.id == old)
}

/// Wraps one data key under the new master key. Returns false if another process already did.
async fn move_key(
    store: &Store,
    row: DataKeyRow,
    old: &MasterKey,
    new: &MasterKey,
    clock: &dyn Clock,
) -> Result<bool, RotateError> {
    let (id, workspace) = (row.id, row.workspace);
    let purpose = wrapping_purpose(workspace, &row.purpose);
    let wrapped = old
        .rewrap(&wrapped_key(row)?, &purpose, new)
        .map_err(|error| RotateError::DataKey { id, error })?;
    let at = clock.now();
    let moved = NewAuditEntry {
        workspace: audited_workspace(workspace),
        at,
        actor: Actor::Operator,
        event: Event::DataKeyRewrapped,
        subject: Subject::DataKey(id),
        detail: json!({}),
    };
    Ok(store
        .data_key_rewrap(
            id,
            &old.id().to_string(),
            &new.id().to_string(),
            &wrapped.bytes,
            at,
            moved,
        )
        .await?)
}
