//! Who users are at an `OpenID` Connect provider.

use gaiterguard_database::connection::{execute, fetch_all, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_domain::proof::Proof;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::user::Email;
use gaiterguard_ledger::proof::spend;
use gaiterguard_ledger::writer::transaction::Transaction;

use crate::store::Store;

/// Stored instead of a password's hash for users who have no password. No password has this hash.
pub const NO_PASSWORD: &str = "";

/// A person at a provider: the issuer and the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FederatedId<'a> {
    /// The issuer's identifier.
    pub issuer: &'a str,
    /// The person's identifier at the issuer.
    pub subject: &'a str,
}

/// A user who signs in at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FederatedUser {
    /// The user.
    pub user: UserId,
    /// The workspace that the user acts in, with the user's role; `None` if the user is not a member of any.
    pub membership: Option<(WorkspaceId, String)>,
    /// Whether the role follows the provider, because the user was created by a sign-in there.
    pub is_managed: bool,
}

impl Store {
    /// Returns the user who is this person.
    pub async fn federated_get(
        &self,
        person: FederatedId<'_>,
    ) -> Result<Option<FederatedUser>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            (i64, bool, Option<i64>, Option<String>),
            "SELECT federated_users.user_id, is_managed, members.workspace_id, members.role
             FROM federated_users LEFT JOIN members ON members.user_id = federated_users.user_id
             WHERE issuer = $1 AND subject = $2
             ORDER BY members.created_at, members.workspace_id LIMIT 1",
            person.issuer,
            person.subject,
        );
        Ok(
            row.map(|(user, is_managed, workspace, role)| FederatedUser {
                user: UserId(user),
                membership: workspace.map(WorkspaceId).zip(role),
                is_managed,
            }),
        )
    }

    /// Creates a user without a password who is this person, as a member of a workspace. Returns `None` if
    /// another user has the email address or is this person.
    pub async fn federated_create(
        &self,
        person: FederatedId<'_>,
        email: &Email,
        workspace: WorkspaceId,
        role: &str,
        at: Timestamp,
        audit: impl FnOnce(UserId) -> NewAuditEntry,
    ) -> Result<Option<UserId>, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let created = fetch_optional!(
            tx,
            (i64,),
            "INSERT INTO users (email, email_normalized, password_hash, created_at)
             VALUES ($1, $2, $3, $4) ON CONFLICT (email_normalized) DO NOTHING RETURNING id",
            email.as_str(),
            email.normalized(),
            NO_PASSWORD,
            at.0,
        );
        let Some((user,)) = created else {
            tx.rollback().await?;
            return Ok(None);
        };
        execute!(
            tx,
            "INSERT INTO members (workspace_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)",
            workspace.0,
            user,
            role,
            at.0,
        );
        if insert(&mut tx, person, UserId(user), true, at).await? == 0 {
            tx.rollback().await?;
            return Ok(None);
        }
        tx.audit(audit(UserId(user)));
        tx.commit().await?;
        Ok(Some(UserId(user)))
    }

    /// Lets a user sign in as this person, and uses up the proof for it. Returns false if another user is this
    /// person, or the proof has become invalid.
    pub async fn federated_link(
        &self,
        person: FederatedId<'_>,
        user: UserId,
        proof: &Proof,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let linked = if spend(&mut tx, proof, at).await? {
            insert(&mut tx, person, user, false, at).await?
        } else {
            0
        };
        tx.end(linked, audit).await
    }

    /// Sets the role of a member who is not an owner. Returns false if the member has this role already, or is an
    /// owner.
    pub async fn federated_role_set(
        &self,
        user: UserId,
        workspace: WorkspaceId,
        role: &str,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        // Ordered with rulings: one that is committed later sees the new role.
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let changed = execute!(
            tx,
            "UPDATE members SET role = $3, services = NULL, effects = NULL
             WHERE user_id = $1 AND workspace_id = $2 AND role NOT IN ($3, 'owner')",
            user.0,
            workspace.0,
            role,
        );
        tx.end(changed, audit).await
    }

    /// Returns the workspace, if there is only one.
    pub async fn workspace_only(&self) -> Result<Option<WorkspaceId>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            (i64,),
            "SELECT id FROM workspaces ORDER BY id LIMIT 2",
        );
        Ok(match rows.as_slice() {
            [(workspace,)] => Some(WorkspaceId(*workspace)),
            _ => None,
        })
    }
}

/// Inserts who a user is at a provider. Returns 0 if a user is this person already.
async fn insert(
    tx: &mut Transaction,
    person: FederatedId<'_>,
    user: UserId,
    is_managed: bool,
    at: Timestamp,
) -> Result<u64, StoreError> {
    Ok(execute!(
        tx,
        "INSERT INTO federated_users (issuer, subject, user_id, is_managed, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (issuer, subject) DO NOTHING",
        person.issuer,
        person.subject,
        user.0,
        is_managed,
        at.0,
    ))
}
