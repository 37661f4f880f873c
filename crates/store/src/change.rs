//! What all changes have in common: how one of definitions begins, and how any of them ends.

use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::time::Timestamp;

use crate::error::StoreError;
use crate::lane::Write;
use crate::store::Store;

impl Store {
    /// Begins a change of what decisions in a workspace rest on.
    pub(crate) async fn change(
        &self,
        workspace: WorkspaceId,
        at: Timestamp,
    ) -> Result<Write, StoreError> {
        let mut write = Write::begin(self.shared(), at).await?;
        write.authority_bump(workspace).await?;
        Ok(write)
    }
}

impl Write {
    /// Ends a change that touched so many rows: makes it durable with its entry, or gives it up if
    /// there was none to touch. Answers which.
    pub(crate) async fn end(mut self, rows: u64, audit: NewAuditEntry) -> Result<bool, StoreError> {
        if rows == 0 {
            self.rollback().await?;
            return Ok(false);
        }
        self.audit(audit);
        self.commit().await?;
        Ok(true)
    }
}
