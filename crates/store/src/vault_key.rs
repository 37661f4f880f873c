//! Names of master keys and wrapped data keys. What they open is known to the vault alone.

use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{DataKeyId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;

use crate::connection::{Connection, On, Target, execute, fetch_all, fetch_one, fetch_optional};
use crate::error::StoreError;
use crate::lane::Write;
use crate::store::Store;

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

/// A data key as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct DataKeyRow {
    /// Its id.
    pub id: DataKeyId,
    /// The workspace whose values it seals.
    pub workspace: WorkspaceId,
    /// What it seals.
    pub purpose: String,
    /// The master key it is wrapped under.
    pub master_id: String,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for DataKeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DataKeyRow({}, {}, <sealed>)", self.id, self.purpose)
    }
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
    /// The master key that new data keys are wrapped under; none in a new database.
    pub async fn master_get_current(&self) -> Result<Option<MasterRow>, StoreError> {
        let mut read = self.read().await?;
        fetch_optional!(
            read,
            MasterColumns,
            "SELECT id, is_current, next_id, link FROM master_keys WHERE is_current"
        )
        .map(TryInto::try_into)
        .transpose()
    }

    /// Every master key that a data key may still be wrapped under, the oldest first.
    pub async fn master_list(&self) -> Result<Vec<MasterRow>, StoreError> {
        let mut read = self.read().await?;
        fetch_all!(
            read,
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
        let mut write = Write::begin(self.shared(), at).await?;
        let made = execute!(
            write,
            "INSERT INTO master_keys (id, is_current, created_at)
             SELECT $1, $2, $3
             WHERE NOT EXISTS (SELECT 1 FROM master_keys) AND NOT EXISTS (SELECT 1 FROM data_keys)
             ON CONFLICT DO NOTHING",
            id,
            true,
            at.0,
        );
        write.end(made, audit).await
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
        let mut write = Write::begin(self.shared(), at).await?;
        let left = execute!(
            write,
            "UPDATE master_keys SET is_current = $4, next_id = $2, link = $3
             WHERE id = $1 AND is_current AND id <> $2",
            old,
            new,
            link,
            false,
        );
        if left == 0 {
            write.rollback().await?;
            return Ok(false);
        }
        let entered = execute!(
            write,
            "INSERT INTO master_keys (id, is_current, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET
                is_current = $2, next_id = NULL, link = NULL, kept_at = NULL",
            new,
            true,
            at.0,
        );
        write.end(entered, audit).await
    }

    /// Keeps a new data key. None if the master key that wrapped it is no longer the current one.
    pub async fn data_key_insert(
        &self,
        workspace: WorkspaceId,
        purpose: &str,
        master_id: &str,
        wrapped: &[u8],
        at: Timestamp,
        audit: impl FnOnce(DataKeyId) -> NewAuditEntry,
    ) -> Result<Option<DataKeyId>, StoreError> {
        let mut write = Write::begin(self.shared(), at).await?;
        // A rotation that begins meanwhile waits until this key is there to be wrapped again.
        let text = write.text(
            "SELECT id FROM master_keys WHERE id = $1 AND is_current",
            "SELECT id FROM master_keys WHERE id = $1 AND is_current FOR SHARE",
        );
        if fetch_optional!(write, (String,), text, master_id).is_none() {
            write.rollback().await?;
            return Ok(None);
        }
        let (id,) = fetch_one!(
            write,
            (i64,),
            "INSERT INTO data_keys (workspace_id, purpose, master_id, wrapped, created_at)
             VALUES ($1, $2, $3, $4, $5) RETURNING id",
            workspace.0,
            purpose,
            master_id,
            wrapped,
            at.0,
        );
        write.audit(audit(DataKeyId(id)));
        write.commit().await?;
        Ok(Some(DataKeyId(id)))
    }

    /// A data key.
    pub async fn data_key_get(&self, id: DataKeyId) -> Result<Option<DataKeyRow>, StoreError> {
        let mut read = self.read().await?;
        let row = fetch_optional!(
            read,
            DataKeyColumns,
            "SELECT id, workspace_id, purpose, master_id, wrapped, created_at FROM data_keys
             WHERE id = $1",
            id.0,
        );
        Ok(row.map(Into::into))
    }

    /// The newest data key for a purpose in a workspace, if the current master key wraps it.
    pub async fn data_key_newest(
        &self,
        workspace: WorkspaceId,
        purpose: &str,
    ) -> Result<Option<DataKeyRow>, StoreError> {
        let mut read = self.read().await?;
        let row = fetch_optional!(
            read,
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

    /// Data keys that a master key wraps, by id, from the one after `after`.
    pub async fn data_key_list_under(
        &self,
        master_id: &str,
        after: Option<DataKeyId>,
        limit: u32,
    ) -> Result<Vec<DataKeyRow>, StoreError> {
        let mut read = self.read().await?;
        let rows = fetch_all!(
            read,
            DataKeyColumns,
            "SELECT id, workspace_id, purpose, master_id, wrapped, created_at FROM data_keys
             WHERE master_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            master_id,
            after.map_or(0, |id| id.0),
            i64::from(limit),
        );
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Puts a data key under another master key. False if `from_master` does not wrap it: somebody
    /// else was first.
    pub async fn data_key_rewrap(
        &self,
        id: DataKeyId,
        from_master: &str,
        to_master: &str,
        wrapped: &[u8],
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut write = Write::begin(self.shared(), at).await?;
        let moved = execute!(
            write,
            "UPDATE data_keys SET master_id = $3, wrapped = $4 WHERE id = $1 AND master_id = $2",
            id.0,
            from_master,
            to_master,
            wrapped,
        );
        write.end(moved, audit).await
    }

    /// Removes up to `limit` data keys that were made before `before` and that no row names, and
    /// answers how many. `before` lies so far back that none of them seals anything new: then what
    /// is looked up first still holds when it is removed.
    pub async fn data_key_delete_unused(
        &self,
        before: Timestamp,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let unused = data_keys_unused(self.shared().target(), before, limit).await?;
        if unused.is_empty() {
            return Ok(0);
        }
        let mut write = Write::begin(self.shared(), at).await?;
        let mut removed = 0;
        for (id,) in unused {
            removed += execute!(write, "DELETE FROM data_keys WHERE id = $1", id);
        }
        write
            .retention("retention.data_keys_deleted", removed, at)
            .await?;
        Ok(removed)
    }

    /// How many data keys a master key does not wrap.
    pub async fn data_key_count_not_under(&self, master_id: &str) -> Result<i64, StoreError> {
        let mut read = self.read().await?;
        let (count,) = fetch_one!(
            read,
            (i64,),
            "SELECT COUNT(*) FROM data_keys WHERE master_id <> $1",
            master_id,
        );
        Ok(count)
    }
}

/// Data keys that were made before `before` and that no row names. What names them is read through,
/// which takes as long as those tables are large: on a connection of its own, with a time of its own.
async fn data_keys_unused(
    target: &Target,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<(i64,)>, StoreError> {
    let mut connection = Connection::open(target).await?;
    if let On::Postgres(postgres) = connection.on() {
        sqlx::query("SET statement_timeout = '10min'")
            .execute(postgres)
            .await?;
    }
    // Every column that names a data key stands here.
    Ok(fetch_all!(
        connection,
        (i64,),
        "SELECT id FROM data_keys WHERE created_at < $1 AND id NOT IN
            (SELECT data_key_id FROM credentials
             UNION SELECT data_key_id FROM documents WHERE data_key_id IS NOT NULL
             UNION SELECT request_key_id FROM actions
             UNION SELECT answer_key_id FROM actions WHERE answer_key_id IS NOT NULL
             UNION SELECT answer_key_id FROM claims WHERE answer_key_id IS NOT NULL)
         ORDER BY id LIMIT $2",
        before.0,
        i64::from(limit),
    ))
}
