//! Wrapped data keys. Only the vault can unwrap them.

use gaiterguard_database::connection::{
    AnyConnection, ConnectTarget, Connection, execute, fetch_all, fetch_one, fetch_optional,
};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::event::Event;
use gaiterguard_domain::id::{DataKeyId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;

use crate::store::Store;

/// A data key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct DataKeyRow {
    /// The key's id.
    pub id: DataKeyId,
    /// The workspace whose values it seals.
    pub workspace: WorkspaceId,
    /// The purpose of the values it seals.
    pub purpose: String,
    /// The master key that it is wrapped under.
    pub master_id: String,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for DataKeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DataKeyRow({}, {}, <sealed>)", self.id, self.purpose)
    }
}

#[derive(sqlx::FromRow)]
struct DataKeyColumns {
    id: i64,
    workspace_id: i64,
    purpose: String,
    master_id: String,
    wrapped: Vec<u8>,
    created_at: i64,
}

impl From<DataKeyColumns> for DataKeyRow {
    fn from(row: DataKeyColumns) -> Self {
        Self {
            id: DataKeyId(row.id),
            workspace: WorkspaceId(row.workspace_id),
            purpose: row.purpose,
            master_id: row.master_id,
            wrapped: row.wrapped,
            created_at: Timestamp(row.created_at),
        }
    }
}

impl Store {
    /// Stores a new data key. Returns `None` if the master key that wrapped it is no longer the
    /// current one.
    pub async fn data_key_insert(
        &self,
        workspace: WorkspaceId,
        purpose: &str,
        master_id: &str,
        wrapped: &[u8],
        at: Timestamp,
        audit: impl FnOnce(DataKeyId) -> NewAuditEntry,
    ) -> Result<Option<DataKeyId>, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        // A rotation that begins at the same time waits, so that it finds this key and wraps it
        // again.
        let sql = tx.dialect().sql(
            "SELECT id FROM master_keys WHERE id = $1 AND is_current",
            "SELECT id FROM master_keys WHERE id = $1 AND is_current FOR SHARE",
        );
        if fetch_optional!(tx, (String,), sql, master_id).is_none() {
            tx.rollback().await?;
            return Ok(None);
        }
        let (id,) = fetch_one!(
            tx,
            (i64,),
            "INSERT INTO data_keys (workspace_id, purpose, master_id, wrapped, created_at)
             VALUES ($1, $2, $3, $4, $5) RETURNING id",
            workspace.0,
            purpose,
            master_id,
            wrapped,
            at.0,
        );
        tx.audit(audit(DataKeyId(id)));
        tx.commit().await?;
        Ok(Some(DataKeyId(id)))
    }

    /// Returns a data key.
    pub async fn data_key_get(&self, id: DataKeyId) -> Result<Option<DataKeyRow>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            DataKeyColumns,
            "SELECT id, workspace_id, purpose, master_id, wrapped, created_at FROM data_keys
             WHERE id = $1",
            id.0,
        );
        Ok(row.map(Into::into))
    }

    /// Returns the newest data key for a purpose in a workspace, if the current master key wraps
    /// it.
    pub async fn data_key_newest(
        &self,
        workspace: WorkspaceId,
        purpose: &str,
    ) -> Result<Option<DataKeyRow>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            DataKeyColumns,
            "SELECT id, workspace_id, purpose, master_id, wrapped, created_at FROM data_keys
             WHERE workspace_id = $1 AND purpose = $2
               AND master_id IN (SELECT id FROM master_keys WHERE is_current)
             ORDER BY id DESC LIMIT 1",
            workspace.0,
            purpose,
        );
        Ok(row.map(Into::into))
    }

    /// Lists the data keys that a master key wraps, by id, starting after `after`.
    pub async fn data_key_list_under(
        &self,
        master_id: &str,
        after: Option<DataKeyId>,
        limit: u32,
    ) -> Result<Vec<DataKeyRow>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            DataKeyColumns,
            "SELECT id, workspace_id, purpose, master_id, wrapped, created_at FROM data_keys
             WHERE master_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            master_id,
            after.map_or(0, |id| id.0),
            i64::from(limit),
        );
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Wraps a data key under another master key. Returns false if `from_master` does not wrap it,
    /// because another replica was first.
    pub async fn data_key_rewrap(
        &self,
        id: DataKeyId,
        from_master: &str,
        to_master: &str,
        wrapped: &[u8],
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let moved = execute!(
            tx,
            "UPDATE data_keys SET master_id = $3, wrapped = $4 WHERE id = $1 AND master_id = $2",
            id.0,
            from_master,
            to_master,
            wrapped,
        );
        tx.end(moved, audit).await
    }

    /// Removes up to `limit` data keys that were created before `before` and that no row refers to.
    /// Returns how many. `before` must be so old that none of the keys seals anything new: only
    /// then are keys that were found to be unused still unused when they are removed.
    pub async fn data_key_delete_unused(
        &self,
        before: Timestamp,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let unused = data_keys_unused(self.writers().target(), before, limit).await?;
        if unused.is_empty() {
            return Ok(0);
        }
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let mut removed = 0;
        for (id,) in unused {
            removed += execute!(tx, "DELETE FROM data_keys WHERE id = $1", id);
        }
        tx.end_retention(Event::RetentionDataKeysDeleted, removed, at)
            .await?;
        Ok(removed)
    }

    /// Returns how many data keys a master key does not wrap.
    pub async fn data_key_count_not_under(&self, master_id: &str) -> Result<i64, StoreError> {
        let mut reader = self.reader().await?;
        let (count,) = fetch_one!(
            reader,
            (i64,),
            "SELECT COUNT(*) FROM data_keys WHERE master_id <> $1",
            master_id,
        );
        Ok(count)
    }
}

/// Returns data keys that were created before `before` and that no row refers to. This scans large
/// tables, so it runs on a connection of its own, with a longer timeout: ten minutes are far more than
/// a scan takes, and end one that hangs before the next search begins.
async fn data_keys_unused(
    target: &ConnectTarget,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<(i64,)>, StoreError> {
    let mut connection = Connection::open(target).await?;
    if let AnyConnection::Postgres(postgres) = connection.any() {
        sqlx::query("SET statement_timeout = '10min'")
            .execute(postgres)
            .await?;
    }
    // This must list every column that refers to a data key: a key of a column that is missing here
    // would be removed while it is still needed.
    Ok(fetch_all!(
        connection,
        (i64,),
        "SELECT id FROM data_keys WHERE created_at < $1 AND id NOT IN
            (SELECT data_key_id FROM credentials
             UNION SELECT data_key_id FROM documents WHERE data_key_id IS NOT NULL
             UNION SELECT request_key_id FROM actions
             UNION SELECT answer_key_id FROM actions WHERE answer_key_id IS NOT NULL
             UNION SELECT answer_key_id FROM claims WHERE answer_key_id IS NOT NULL
             UNION SELECT data_key_id FROM authorizations
             UNION SELECT data_key_id FROM certificate_authorities
             UNION SELECT data_key_id FROM totp
             UNION SELECT data_key_id FROM channels
             UNION SELECT data_key_id FROM audit_keys
             UNION SELECT data_key_id FROM push_keys)
         ORDER BY id LIMIT $2",
        before.0,
        i64::from(limit),
    ))
}
