//! Names of master keys.

use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::Timestamp;

use crate::db::connection::{execute, fetch_all, fetch_optional, lease_time};
use crate::db::error::StoreError;
use crate::store::Store;
use crate::writer::pool::owner_name;
use crate::writer::transaction::Transaction;

/// A master key's name, and the way from it to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterRow {
    /// Its name.
    pub id: String,
    /// Whether new data keys are wrapped under it.
    pub is_current: bool,
    /// The master key that came after it, sealed under it, with that key's name.
    pub link: Option<MasterLink>,
}

/// The next master key, sealed under the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterLink {
    /// The next key's name.
    pub next: String,
    /// The next key, sealed.
    pub sealed: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct MasterColumns {
    id: String,
    is_current: bool,
    next_id: Option<String>,
    link: Option<Vec<u8>>,
}

impl TryFrom<MasterColumns> for MasterRow {
    type Error = StoreError;

    fn try_from(row: MasterColumns) -> Result<Self, StoreError> {
        let link = match (row.next_id, row.link) {
            (Some(next), Some(sealed)) => Some(MasterLink { next, sealed }),
            (None, None) => None,
            _ => return Err(StoreError::inconsistent("master_keys", "link", row.id)),
        };
        Ok(Self {
            id: row.id,
            is_current: row.is_current,
            link,
        })
    }
}

impl Store {
    /// The master key that new data keys are wrapped under; none in a new database.
    pub async fn master_get_current(&self) -> Result<Option<MasterRow>, StoreError> {
        let mut reader = self.reader().await?;
        fetch_optional!(
            reader,
            MasterColumns,
            "SELECT id, is_current, next_id, link FROM master_keys WHERE is_current"
        )
        .map(TryInto::try_into)
        .transpose()
    }

    /// Every master key that a data key may still be wrapped under, the oldest first.
    pub async fn master_list(&self) -> Result<Vec<MasterRow>, StoreError> {
        let mut reader = self.reader().await?;
        fetch_all!(
            reader,
            MasterColumns,
            "SELECT id, is_current, next_id, link FROM master_keys ORDER BY created_at, id"
        )
        .into_iter()
        .map(TryInto::try_into)
        .collect()
    }

    /// Names the first master key. False if there is one, or data keys that one must have
    /// wrapped: a new key is never made over existing data.
    pub async fn master_insert_first(
        &self,
        id: &str,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let made = execute!(
            tx,
            "INSERT INTO master_keys (id, is_current, created_at)
             SELECT $1, $2, $3
             WHERE NOT EXISTS (SELECT 1 FROM master_keys) AND NOT EXISTS (SELECT 1 FROM data_keys)
             ON CONFLICT DO NOTHING",
            id,
            true,
            at.0,
        );
        tx.end(made, audit).await
    }

    /// Makes `new` the current master key and keeps the way from `old` to it. False if `old` is
    /// not the current one.
    pub async fn master_begin_rotation(
        &self,
        old: &str,
        new: &str,
        link: &[u8],
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let left = execute!(
            tx,
            "UPDATE master_keys SET is_current = $4, next_id = $2, link = $3
             WHERE id = $1 AND is_current AND id <> $2",
            old,
            new,
            link,
            false,
        );
        if left == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        let entered = execute!(
            tx,
            "INSERT INTO master_keys (id, is_current, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET
                is_current = $2, next_id = NULL, link = NULL, kept_at = NULL",
            new,
            true,
            at.0,
        );
        tx.end(entered, audit).await
    }

    /// Whether there is a way from any master key to the next one.
    pub async fn master_has_link(&self) -> Result<bool, StoreError> {
        let mut reader = self.reader().await?;
        let found = fetch_optional!(
            reader,
            (String,),
            "SELECT id FROM master_keys WHERE link IS NOT NULL LIMIT 1"
        );
        Ok(found.is_some())
    }

    /// Notes that the next start is known to use the secret of this master key. False if it is not
    /// the current one, or that was known.
    pub async fn master_note_kept(
        &self,
        id: &str,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let noted = execute!(
            tx,
            "UPDATE master_keys SET kept_at = $2 WHERE id = $1 AND is_current AND kept_at IS NULL",
            id,
            at.0,
        );
        tx.end(noted, audit).await
    }

    /// Notes which master key a run of the gateway has followed rotations to. Nothing is written if
    /// that was known.
    pub async fn replica_note_master(
        &self,
        replica: ReplicaId,
        master: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut reader = self.reader().await?;
        let known = fetch_optional!(
            reader,
            (String,),
            "SELECT id FROM replicas WHERE id = $1 AND master_id = $2",
            owner_name(replica),
            master,
        );
        drop(reader);
        if known.is_some() {
            return Ok(());
        }
        let mut tx = Transaction::begin(self.writers(), at).await?;
        execute!(
            tx,
            "UPDATE replicas SET master_id = $2 WHERE id = $1",
            owner_name(replica),
            master,
        );
        tx.commit().await
    }

    /// Cuts the ways from old master keys to the current one, if the next start is known to use the
    /// secret of that, no data key needs them, and every run whose lease lasts has followed. Returns
    /// the master keys that they led from.
    pub async fn master_cut_followed(
        &self,
        now: Timestamp,
        audit: impl Fn(&str) -> NewAuditEntry,
    ) -> Result<Vec<String>, StoreError> {
        let mut tx = Transaction::begin(self.writers(), now).await?;
        let lease_time = lease_time(tx.any(), now).await?;
        let rows = fetch_all!(
            tx,
            (String,),
            "UPDATE master_keys SET next_id = NULL, link = NULL
             WHERE link IS NOT NULL AND NOT is_current
               AND NOT EXISTS (SELECT 1 FROM data_keys WHERE master_id = master_keys.id)
               AND EXISTS (SELECT 1 FROM master_keys AS present
                    WHERE present.is_current AND present.kept_at IS NOT NULL)
               AND NOT EXISTS (SELECT 1 FROM replicas WHERE lease_until > $1
                    AND (replicas.master_id IS NULL OR replicas.master_id NOT IN
                        (SELECT present.id FROM master_keys AS present WHERE present.is_current)))
             RETURNING id",
            lease_time.0,
        );
        let cut: Vec<String> = rows.into_iter().map(|(id,)| id).collect();
        if cut.is_empty() {
            tx.rollback().await?;
            return Ok(cut);
        }
        for id in &cut {
            tx.audit(audit(id));
        }
        tx.commit().await?;
        Ok(cut)
    }
}
