//! Names of master keys, and the links that lead from an old one to its successor.
//!
//! A link is the next master key sealed under the one before it. It lets a replica that still has
//! the old secret follow a rotation without a restart, and it is removed once no replica needs it.

use gaiterguard_database::connection::{execute, fetch_all, fetch_optional, lease_time};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::pool::owner_name;
use gaiterguard_ledger::writer::transaction::Transaction;

use crate::store::Store;

/// A master key's name, and the link to its successor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterRow {
    /// The key's name.
    pub id: String,
    /// Whether new data keys are wrapped under it.
    pub is_current: bool,
    /// The link to its successor.
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
    /// Returns the master key that new data keys are wrapped under; `None` in a new database.
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

    /// Lists all master keys, replaced ones included, oldest first.
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

    /// Records the name of the first master key. Returns false if there already is one, or if there
    /// are data keys: a new master key could not unwrap them, so their data would be lost.
    pub async fn master_insert_first(
        &self,
        id: &str,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let inserted = execute!(
            tx,
            "INSERT INTO master_keys (id, is_current, created_at)
             SELECT $1, $2, $3
             WHERE NOT EXISTS (SELECT 1 FROM master_keys) AND NOT EXISTS (SELECT 1 FROM data_keys)
             ON CONFLICT DO NOTHING",
            id,
            true,
            at.0,
        );
        tx.end(inserted, audit).await
    }

    /// Makes `new` the current master key and stores the link to it from `old`. Returns false if
    /// `old` is not the current one, or is `new` itself. `new` may be an earlier key.
    pub async fn master_begin_rotation(
        &self,
        old: &str,
        new: &str,
        link: &[u8],
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let demoted = execute!(
            tx,
            "UPDATE master_keys SET is_current = $4, next_id = $2, link = $3
             WHERE id = $1 AND is_current AND id <> $2",
            old,
            new,
            link,
            false,
        );
        if demoted == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        let promoted = execute!(
            tx,
            "INSERT INTO master_keys (id, is_current, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET
                is_current = $2, next_id = NULL, link = NULL, kept_at = NULL",
            new,
            true,
            at.0,
        );
        tx.end(promoted, audit).await
    }

    /// Returns whether any master key has a link to the next one.
    pub async fn master_has_link(&self) -> Result<bool, StoreError> {
        let mut reader = self.reader().await?;
        let link = fetch_optional!(
            reader,
            (String,),
            "SELECT id FROM master_keys WHERE link IS NOT NULL LIMIT 1"
        );
        Ok(link.is_some())
    }

    /// Records that the secret of this master key is configured for the next start. Returns false
    /// if the key is not the current one, or if that is already recorded.
    pub async fn master_mark_configured(
        &self,
        id: &str,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let updated = execute!(
            tx,
            "UPDATE master_keys SET kept_at = $2 WHERE id = $1 AND is_current AND kept_at IS NULL",
            id,
            at.0,
        );
        tx.end(updated, audit).await
    }

    /// Records which master key a replica has followed rotations to. Writes nothing if that is
    /// already recorded.
    pub async fn replica_set_master(
        &self,
        replica: ReplicaId,
        master: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut reader = self.reader().await?;
        let recorded = fetch_optional!(
            reader,
            (String,),
            "SELECT id FROM replicas WHERE id = $1 AND master_id = $2",
            owner_name(replica),
            master,
        );
        drop(reader);
        if recorded.is_some() {
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

    /// Removes the links from old master keys, provided that the secret of the current one is
    /// configured for the next start, no data key needs the old ones, and every replica with a
    /// lease has followed. Returns the master keys whose links were removed.
    pub async fn master_remove_followed_links(
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
        let removed: Vec<String> = rows.into_iter().map(|(id,)| id).collect();
        if removed.is_empty() {
            tx.rollback().await?;
            return Ok(removed);
        }
        for id in &removed {
            tx.audit(audit(id));
        }
        tx.commit().await?;
        Ok(removed)
    }
}
