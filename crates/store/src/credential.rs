//! The sealed credentials of services.

use gaiterguard_database::column::json;
use gaiterguard_database::connection::execute;
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{ServiceId, WorkspaceId};
use gaiterguard_domain::service::SealedCredential;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;

use crate::store::Store;

impl Store {
    /// Replaces the credential of a service whose revision is still `revision`: the service's type,
    /// which may have changed, determines which credential fits. The credential is sealed for its
    /// version, which must be the successor of the current one. Returns false if the revision or
    /// the version does not match, or if there is no such service.
    pub async fn credential_put(
        &self,
        workspace: WorkspaceId,
        service: ServiceId,
        revision: i64,
        credential: &SealedCredential,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let touched = execute!(
            tx,
            "UPDATE services SET updated_at = $3, revision = revision + 1
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL AND revision = $4",
            workspace.0,
            service.0,
            at.0,
            revision,
        );
        let put = match touched {
            0 => 0,
            _ => insert_credential(&mut tx, service, credential).await?,
        };
        tx.end(put, audit).await
    }

    /// Replaces a credential that was fetched again, if it still has the version that was used to
    /// fetch it. Its place must be the same.
    pub async fn credential_refresh(
        &self,
        workspace: WorkspaceId,
        service: ServiceId,
        expected_version: i64,
        credential: &SealedCredential,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let replaced = execute!(
            tx,
            "UPDATE credentials SET version = $3, data_key_id = $4, sealed = $5, keys = $6
             WHERE service_id = $1 AND version = $2 AND place = $7 AND EXISTS
                (SELECT 1 FROM services WHERE id = $1 AND workspace_id = $8)",
            service.0,
            expected_version,
            credential.version,
            credential.data_key.0,
            credential.sealed.to_vec(),
            json(&credential.keys),
            json(&credential.place),
            workspace.0,
        );
        tx.end(replaced, audit).await
    }
}

pub(crate) async fn insert_credential(
    tx: &mut Transaction,
    service: ServiceId,
    credential: &SealedCredential,
) -> Result<u64, StoreError> {
    Ok(execute!(
        tx,
        "INSERT INTO credentials (service_id, version, data_key_id, sealed, keys, place)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (service_id) DO UPDATE SET
            version = excluded.version, data_key_id = excluded.data_key_id,
            sealed = excluded.sealed, keys = excluded.keys, place = excluded.place
         WHERE credentials.version = excluded.version - 1",
        service.0,
        credential.version,
        credential.data_key.0,
        credential.sealed.to_vec(),
        json(&credential.keys),
        json(&credential.place),
    ))
}
