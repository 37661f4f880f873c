//! Verifies the audit log with its checkpoints, and with one that was kept elsewhere.

use gaiterguard_domain::checkpoint::{Checkpoint, SignedCheckpoint};
use gaiterguard_domain::request::Digest;
use gaiterguard_store::{AuditBroken, Store, StoreError};
use thiserror::Error;

use crate::key::{PublicKey, is_valid};

/// Why the log could not be verified.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The checkpoint that was kept has no valid signature, so it says nothing about the log.
    #[error(
        "the signature of the checkpoint is not valid: the file was changed, or no gateway signed it"
    )]
    Forged,
    /// The checkpoint that was kept was signed with another key.
    #[error(
        "the checkpoint was signed with the key {found}, and this gateway's key is {own}: it is the checkpoint of \
         another gateway, or the key in the database was replaced"
    )]
    OtherKey {
        /// The key that signed it.
        found: PublicKey,
        /// The key in the database.
        own: String,
    },
}

/// Verifies every chain, the rows that its entries cover, and every checkpoint. With a checkpoint that was `kept`
/// elsewhere, the log must contain everything that it names, and every checkpoint before it. Returns the number of
/// entries; `progress` is called with the number so far.
///
/// # Errors
///
/// If the database fails, or the kept checkpoint is not one of this gateway.
pub async fn verify(
    store: &Store,
    kept: Option<&SignedCheckpoint>,
    progress: impl FnMut(u64) + Send,
) -> Result<Result<u64, AuditBroken>, VerifyError> {
    let stored = store.audit_key().await?.map(|key| key.public);
    if let Some(kept) = kept {
        if !is_valid(kept) {
            return Err(VerifyError::Forged);
        }
        if stored.as_deref() != Some(&kept.key) {
            return Err(VerifyError::OtherKey {
                found: PublicKey(kept.key),
                own: stored.map_or_else(|| "missing".to_owned(), hex::encode),
            });
        }
    }
    if let Err(broken) = checkpoints(store, stored.as_deref(), kept).await? {
        return Ok(Err(broken));
    }
    let heads = kept.map_or(&[][..], |kept| kept.checkpoint.heads.as_slice());
    Ok(store.audit_verify_up_to(heads, progress).await?)
}

/// Verifies that the checkpoints are numbered without gaps, follow one another, and are signed with the gateway's key.
async fn checkpoints(
    store: &Store,
    key: Option<&[u8]>,
    kept: Option<&SignedCheckpoint>,
) -> Result<Result<(), AuditBroken>, StoreError> {
    let mut number = 0;
    let mut previous: Option<Digest> = None;
    let broken = |number, what| Ok(Err(AuditBroken::Checkpoint { number, what }));
    while let Some(signed) = store.checkpoint_after(number).await? {
        let checkpoint = &signed.checkpoint;
        number += 1;
        if checkpoint.number != number {
            return broken(number, "is missing");
        }
        if checkpoint.previous != previous {
            return broken(number, "does not follow the one before it");
        }
        if key != Some(&signed.key) {
            return broken(number, "names another key than the gateway's");
        }
        if !is_valid(&signed) {
            return broken(number, "is not as it was signed");
        }
        if is_other(kept, checkpoint) {
            return broken(number, "is not the one that was kept");
        }
        previous = Some(checkpoint.digest());
    }
    match kept {
        Some(kept) if kept.checkpoint.number > number => {
            broken(kept.checkpoint.number, "is missing")
        }
        _ => Ok(Ok(())),
    }
}

/// Whether another checkpoint with this number was kept.
fn is_other(kept: Option<&SignedCheckpoint>, found: &Checkpoint) -> bool {
    kept.is_some_and(|kept| kept.checkpoint.number == found.number && kept.checkpoint != *found)
}
