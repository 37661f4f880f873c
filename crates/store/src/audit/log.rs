//! Queries for the audit log. Writers append to it; nothing changes or removes an entry.

use gaiterguard_domain::audit::{AuditEntry, NewAuditEntry};
use gaiterguard_domain::id::{AuditId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use std::time::Duration;

use crate::db::connection::{fetch_all, fetch_optional};
use crate::db::cursor::{NumberPosition, Page, page};
use crate::db::error::StoreError;
use crate::rows::audit_row::AuditRow;
use crate::rows::audit_row::entries;
use crate::store::Store;
use crate::writer::transaction::Transaction;

/// How far back entries are sent again to a subscriber that reconnects: writers that commit at the
/// same time do not commit in the order of their ids. As long as a batch and its commit may take.
const OVERLAP: Duration = Duration::from_secs(10);

/// The entries that a subscriber missed while it was disconnected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resume {
    /// These entries, oldest first. The subscriber may already know some of them.
    Entries(Vec<AuditEntry>),
    /// More entries than the limit, or an unknown last entry: the subscriber must reload
    /// everything.
    Reload,
}

impl Store {
    /// Appends an entry for an event that changes nothing else in the database.
    pub async fn audit_append(&self, entry: NewAuditEntry) -> Result<(), StoreError> {
        let mut tx = Transaction::begin(self.writers(), entry.at).await?;
        tx.audit(entry);
        tx.commit().await
    }

    /// Lists the entries of a workspace, newest first.
    pub async fn audit_list(
        &self,
        workspace: WorkspaceId,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let from = NumberPosition::of(cursor)?;
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            AuditRow,
            "SELECT * FROM audit WHERE workspace_id = $1 AND (at, id) < ($2, $3)
             ORDER BY at DESC, id DESC LIMIT $4",
            workspace.0,
            from.at,
            from.id,
            i64::from(limit) + 1,
        );
        let items = entries(rows);
        Ok(page(items, limit, |entry| NumberPosition {
            at: entry.at.0,
            id: entry.id.0,
        }))
    }

    /// Returns what a subscriber missed whose last entry was `last`.
    pub async fn audit_after(
        &self,
        workspace: WorkspaceId,
        last: AuditId,
        limit: u32,
    ) -> Result<Resume, StoreError> {
        let mut reader = self.reader().await?;
        let found = fetch_optional!(
            reader,
            (i64,),
            "SELECT at FROM audit WHERE id = $2 AND workspace_id = $1",
            workspace.0,
            last.0,
        );
        let Some((at,)) = found else {
            return Ok(Resume::Reload);
        };
        let rows = fetch_all!(
            reader,
            AuditRow,
            "SELECT * FROM audit WHERE workspace_id = $1 AND at >= $2 AND id <> $3
             ORDER BY at, id LIMIT $4",
            workspace.0,
            Timestamp(at).before(OVERLAP).0,
            last.0,
            i64::from(limit) + 1,
        );
        if rows.len() > limit as usize {
            return Ok(Resume::Reload);
        }
        Ok(Resume::Entries(entries(rows)))
    }
}
