//! One-time codes with their recovery codes, and what a sign-in uses up.

use gaiterguard_database::connection::{execute, fetch_all, fetch_one, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{DataKeyId, SessionId, UserId};
use gaiterguard_domain::ledger::Sealed;
use gaiterguard_domain::proof::Proof;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::proof::spend;
use gaiterguard_ledger::writer::transaction::Transaction;

use crate::store::Store;

/// The one-time codes of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTotp {
    /// The secret, sealed.
    pub sealed: Sealed,
    /// When a code confirmed that the user's device has the secret; `None` while it is being set up.
    pub confirmed_at: Option<Timestamp>,
    /// The step of the last code that was used.
    pub last_step: i64,
}

/// A secret that a code has confirmed.
#[derive(Clone, Copy, Debug)]
pub struct ConfirmedTotp<'a> {
    /// Whose secret it is.
    pub user: UserId,
    /// The secret, as it was stored.
    pub secret: &'a Sealed,
    /// The step of the code.
    pub step: i64,
    /// The SHA-256 of the user's recovery codes.
    pub recovery_codes: &'a [[u8; 32]],
}

impl Store {
    /// Returns the one-time codes of a user.
    pub async fn totp_get(&self, user: UserId) -> Result<Option<StoredTotp>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            (i64, Vec<u8>, Option<i64>, i64),
            "SELECT data_key_id, sealed, confirmed_at, last_step FROM totp WHERE user_id = $1",
            user.0,
        );
        Ok(
            row.map(|(data_key, bytes, confirmed_at, last_step)| StoredTotp {
                sealed: Sealed {
                    data_key: DataKeyId(data_key),
                    bytes,
                },
                confirmed_at: confirmed_at.map(Timestamp),
                last_step,
            }),
        )
    }

    /// Stores a secret that no code has confirmed yet, in place of an earlier one. Returns false if the
    /// user has one that was confirmed.
    pub async fn totp_begin(
        &self,
        user: UserId,
        secret: &Sealed,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let stored = execute!(
            tx,
            "INSERT INTO totp (user_id, data_key_id, sealed, last_step) VALUES ($1, $2, $3, 0)
             ON CONFLICT (user_id) DO UPDATE
             SET data_key_id = excluded.data_key_id, sealed = excluded.sealed
             WHERE totp.confirmed_at IS NULL",
            user.0,
            secret.data_key.0,
            secret.bytes.as_slice(),
        );
        tx.end(stored, audit).await
    }

    /// Confirms a secret, replaces the recovery codes, and ends all sessions of
    /// the user but one. Returns false if another secret is stored, or was confirmed before.
    pub async fn totp_confirm(
        &self,
        confirmed: ConfirmedTotp<'_>,
        kept: SessionId,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let ConfirmedTotp {
            user,
            secret,
            step,
            recovery_codes,
        } = confirmed;
        let confirmed = execute!(
            tx,
            "UPDATE totp SET confirmed_at = $2, last_step = $3
             WHERE user_id = $1 AND confirmed_at IS NULL AND sealed = $4",
            user.0,
            at.0,
            step,
            secret.bytes.as_slice(),
        );
        if confirmed > 0 {
            recovery_codes_insert(&mut tx, user, recovery_codes).await?;
            execute!(
                tx,
                "UPDATE sessions SET revoked_at = $3
                 WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL",
                user.0,
                kept.0,
                at.0,
            );
        }
        tx.end(confirmed, audit).await
    }

    /// Removes the one-time codes and the recovery codes of a user. Returns false if the proof has
    /// become invalid.
    pub async fn totp_remove(
        &self,
        user: UserId,
        proof: &Proof,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let removed = if spend(&mut tx, proof, at).await? {
            factors_delete(&mut tx, user).await?
        } else {
            0
        };
        tx.end(removed, audit).await
    }

    /// Replaces the recovery codes of a user. Returns false if the proof has become invalid.
    pub async fn recovery_codes_replace(
        &self,
        user: UserId,
        proof: &Proof,
        recovery_codes: &[[u8; 32]],
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let is_valid = spend(&mut tx, proof, at).await?;
        if is_valid {
            recovery_codes_insert(&mut tx, user, recovery_codes).await?;
        }
        tx.end(is_valid.into(), audit).await
    }

    /// Returns how many recovery codes a user has left.
    pub async fn recovery_code_count(&self, user: UserId) -> Result<i64, StoreError> {
        let mut reader = self.reader().await?;
        let (count,) = fetch_one!(
            reader,
            (i64,),
            "SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1",
            user.0,
        );
        Ok(count)
    }

    /// Returns whether a user has a recovery code with this SHA-256.
    pub async fn recovery_code_exists(
        &self,
        user: UserId,
        hash: [u8; 32],
    ) -> Result<bool, StoreError> {
        let mut reader = self.reader().await?;
        let found = fetch_all!(
            reader,
            (i64,),
            "SELECT user_id FROM recovery_codes WHERE user_id = $1 AND hash = $2",
            user.0,
            hash.to_vec(),
        );
        Ok(!found.is_empty())
    }

    /// Removes the one-time codes, the recovery codes and the passkeys of a user, and the connection to the
    /// sign-in provider unless the provider manages the user; ends all sessions of the user. Returns false
    /// if there was nothing to remove.
    pub async fn user_factors_reset(
        &self,
        user: UserId,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let mut removed = factors_delete(&mut tx, user).await?;
        removed += execute!(tx, "DELETE FROM passkeys WHERE user_id = $1", user.0);
        removed += execute!(
            tx,
            "DELETE FROM federated_users WHERE user_id = $1 AND NOT is_managed",
            user.0,
        );
        execute!(
            tx,
            "UPDATE sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL",
            user.0,
            at.0,
        );
        tx.end(removed, audit).await
    }
}

async fn factors_delete(tx: &mut Transaction, user: UserId) -> Result<u64, StoreError> {
    execute!(tx, "DELETE FROM recovery_codes WHERE user_id = $1", user.0);
    Ok(execute!(tx, "DELETE FROM totp WHERE user_id = $1", user.0))
}

async fn recovery_codes_insert(
    tx: &mut Transaction,
    user: UserId,
    hashes: &[[u8; 32]],
) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM recovery_codes WHERE user_id = $1", user.0);
    for hash in hashes {
        execute!(
            tx,
            "INSERT INTO recovery_codes (user_id, hash) VALUES ($1, $2)",
            user.0,
            hash.to_vec(),
        );
    }
    Ok(())
}
