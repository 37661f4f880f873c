//! Passkeys of users.

use gaiterguard_database::connection::{execute, fetch_all, fetch_one, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{PasskeyId, UserId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::Membership;
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_rows::membership::{self, MembershipRow};

use crate::store::Store;

/// How many passkeys a user may have: one for each device, and some spare.
const PASSKEYS_MAX: i64 = 20;

/// A passkey to store.
#[derive(Clone, Copy, Debug)]
pub struct NewPasskey<'a> {
    /// Whose passkey it is.
    pub user: UserId,
    /// The ID of the credential.
    pub credential_id: &'a [u8],
    /// The public key, a COSE key.
    pub public_key: &'a [u8],
    /// The name that the user gave it.
    pub name: &'a str,
    /// How many signatures it has made; zero if it does not count them.
    pub sign_count: u32,
}

/// The result of storing a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasskeySaved {
    /// It was stored.
    Created(PasskeyId),
    /// It is stored already.
    Exists,
    /// The user has too many.
    TooMany,
}

/// A passkey as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPasskey {
    /// Its ID here.
    pub id: PasskeyId,
    /// Whose passkey it is.
    pub user: UserId,
    /// The ID of the credential.
    pub credential_id: Vec<u8>,
    /// The public key, a COSE key.
    pub public_key: Vec<u8>,
    /// The name that the user gave it.
    pub name: String,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct HolderRow {
    user_id: i64,
    #[sqlx(flatten)]
    membership: MembershipRow,
}

#[derive(sqlx::FromRow)]
struct PasskeyRow {
    id: i64,
    user_id: i64,
    credential_id: Vec<u8>,
    public_key: Vec<u8>,
    name: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl From<PasskeyRow> for StoredPasskey {
    fn from(row: PasskeyRow) -> Self {
        Self {
            id: PasskeyId(row.id),
            user: UserId(row.user_id),
            credential_id: row.credential_id,
            public_key: row.public_key,
            name: row.name,
            created_at: Timestamp(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp),
        }
    }
}

impl Store {
    /// Stores a passkey.
    pub async fn passkey_create(
        &self,
        new: NewPasskey<'_>,
        at: Timestamp,
        audit: impl FnOnce(PasskeyId) -> NewAuditEntry,
    ) -> Result<PasskeySaved, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let (count,) = fetch_one!(
            tx,
            (i64,),
            "SELECT COUNT(*) FROM passkeys WHERE user_id = $1",
            new.user.0,
        );
        if count >= PASSKEYS_MAX {
            tx.rollback().await?;
            return Ok(PasskeySaved::TooMany);
        }
        let created = fetch_optional!(
            tx,
            (i64,),
            "INSERT INTO passkeys (user_id, credential_id, public_key, name, sign_count, created_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (credential_id) DO NOTHING RETURNING id",
            new.user.0,
            new.credential_id,
            new.public_key,
            new.name,
            i64::from(new.sign_count),
            at.0,
        );
        let Some((id,)) = created else {
            tx.rollback().await?;
            return Ok(PasskeySaved::Exists);
        };
        tx.audit(audit(PasskeyId(id)));
        tx.commit().await?;
        Ok(PasskeySaved::Created(PasskeyId(id)))
    }

    /// Lists a user's passkeys, the newest first.
    pub async fn passkey_list(&self, user: UserId) -> Result<Vec<StoredPasskey>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            PasskeyRow,
            "SELECT id, user_id, credential_id, public_key, name, created_at, last_used_at
             FROM passkeys WHERE user_id = $1 ORDER BY id DESC",
            user.0,
        );
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Lists the owners and approvers of a workspace who have a passkey.
    pub async fn passkey_approvers(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Vec<(UserId, Membership)>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            HolderRow,
            "SELECT user_id, role, services, effects FROM members
             WHERE workspace_id = $1 AND role IN ('owner', 'approver')
                AND EXISTS (SELECT 1 FROM passkeys WHERE passkeys.user_id = members.user_id)
             ORDER BY user_id",
            workspace.0,
        );
        let read = |row: HolderRow| {
            let membership = row.membership.read(membership::context(&row.user_id))?;
            Ok((UserId(row.user_id), membership))
        };
        rows.into_iter().map(read).collect()
    }

    /// Returns the passkey with this credential ID.
    pub async fn passkey_by_credential(
        &self,
        credential_id: &[u8],
    ) -> Result<Option<StoredPasskey>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            PasskeyRow,
            "SELECT id, user_id, credential_id, public_key, name, created_at, last_used_at
             FROM passkeys WHERE credential_id = $1",
            credential_id,
        );
        Ok(row.map(Into::into))
    }

    /// Removes a passkey of a user. Returns false if the user has no such passkey.
    pub async fn passkey_delete(
        &self,
        user: UserId,
        passkey: PasskeyId,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let removed = execute!(
            tx,
            "DELETE FROM passkeys WHERE user_id = $1 AND id = $2",
            user.0,
            passkey.0,
        );
        tx.end(removed, audit).await
    }
}
