//! Authorizations whose operator is at the provider.

use gaiterguard_database::connection::{execute, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{DataKeyId, ServiceId, UserId, WorkspaceId};
use gaiterguard_domain::ledger::Sealed;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;

use crate::store::Store;

/// An authorization whose operator is at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAuthorization {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The operator.
    pub user: UserId,
    /// The service that the credential is for.
    pub service: ServiceId,
    /// The origin of the service's base URL when the authorization began.
    pub origin: String,
    /// The secrets that end it, sealed.
    pub sealed: Sealed,
}

impl Store {
    /// Stores an authorization under the digest of its state, and removes those that have expired.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the database does not respond.
    pub async fn authorization_insert(
        &self,
        state: &[u8; 32],
        new: &StoredAuthorization,
        expires_at: Timestamp,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<(), StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        execute!(
            tx,
            "DELETE FROM authorizations WHERE expires_at <= $1",
            at.0,
        );
        execute!(
            tx,
            "INSERT INTO authorizations
                (state, workspace_id, user_id, service_id, origin, data_key_id, sealed, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            state.as_slice(),
            new.workspace.0,
            new.user.0,
            new.service.0,
            new.origin.as_str(),
            new.sealed.data_key.0,
            new.sealed.bytes.as_slice(),
            expires_at.0,
        );
        tx.audit(audit);
        tx.commit().await
    }

    /// Removes the authorization of this user with this state and returns it. `None` if there is none, if it
    /// has expired, or if it has been taken before.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the database does not respond.
    pub async fn authorization_take(
        &self,
        state: &[u8; 32],
        workspace: WorkspaceId,
        user: UserId,
        at: Timestamp,
    ) -> Result<Option<StoredAuthorization>, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let row = fetch_optional!(
            tx,
            (i64, String, i64, Vec<u8>, i64),
            "DELETE FROM authorizations WHERE state = $1 AND workspace_id = $2 AND user_id = $3
             RETURNING service_id, origin, data_key_id, sealed, expires_at",
            state.as_slice(),
            workspace.0,
            user.0,
        );
        tx.commit().await?;
        Ok(row.filter(|(.., expires_at)| at.0 < *expires_at).map(
            |(service, origin, data_key, bytes, _)| StoredAuthorization {
                workspace,
                user,
                service: ServiceId(service),
                origin,
                sealed: Sealed {
                    data_key: DataKeyId(data_key),
                    bytes,
                },
            },
        ))
    }
}
