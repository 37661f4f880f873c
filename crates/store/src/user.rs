//! Users and the workspaces that they own or join.

use gaiterguard_database::column::Text;
use gaiterguard_database::connection::{execute, fetch_one, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{SessionId, UserId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::user::{Email, User};
use gaiterguard_domain::workspace::{Membership, Role};
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_rows::fetch_stored;
use gaiterguard_rows::stored::Stored;
use gaiterguard_rows::user_row::UserRow;

use crate::member::member_insert;
use crate::store::Store;

/// The result of creating a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserCreated {
    /// The user was created and acts in this workspace.
    Created(User, WorkspaceId),
    /// Another user has this email address.
    EmailTaken,
    /// There already is a user, and only the first one was to be created.
    NotFirst,
    /// The user whose workspace was to be joined does not exist.
    HostUnknown,
}

/// A user with what a login needs.
#[derive(Clone, PartialEq, Eq)]
pub struct UserLogin {
    /// The user.
    pub user: User,
    /// The hash of the password.
    pub password_hash: String,
    /// The workspace that the user acts in.
    pub workspace: WorkspaceId,
}

impl std::fmt::Debug for UserLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserLogin")
            .field("user", &self.user)
            .field("workspace", &self.workspace)
            .finish_non_exhaustive()
    }
}

#[derive(sqlx::FromRow)]
struct LoginRow {
    #[sqlx(flatten)]
    user: UserRow,
    password_hash: Text,
    workspace_id: i64,
}

impl Store {
    /// Creates a user with a workspace of their own. `only_if_first` creates one only while no
    /// user exists; of several such attempts at the same time one succeeds.
    pub async fn user_create(
        &self,
        email: &Email,
        password_hash: &str,
        only_if_first: bool,
        at: Timestamp,
        audit: impl FnOnce(UserId, WorkspaceId) -> NewAuditEntry,
    ) -> Result<UserCreated, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        if only_if_first {
            // Locks the row until this transaction ends, so that concurrent attempts wait and then
            // see the user.
            execute!(tx, "UPDATE counters SET next = next WHERE name = 'users'");
            let (count,) = fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM users");
            if count > 0 {
                tx.rollback().await?;
                return Ok(UserCreated::NotFirst);
            }
        }
        let Some(user) = user_insert(&mut tx, email, password_hash, at).await? else {
            tx.rollback().await?;
            return Ok(UserCreated::EmailTaken);
        };
        let (workspace,) = fetch_one!(
            tx,
            (i64,),
            "INSERT INTO workspaces (version, created_at) VALUES (1, $1) RETURNING id",
            at.0,
        );
        let workspace = WorkspaceId(workspace);
        let owner = Membership::of(Role::Owner);
        member_insert(&mut tx, workspace, user.id, &owner, at).await?;
        tx.audit(audit(user.id, workspace));
        tx.commit().await?;
        Ok(UserCreated::Created(user, workspace))
    }

    /// Creates a user who acts in the workspace of the user with the email address `host`.
    pub async fn user_join(
        &self,
        email: &Email,
        password_hash: &str,
        host: &Email,
        at: Timestamp,
        audit: impl FnOnce(UserId, WorkspaceId) -> NewAuditEntry,
    ) -> Result<UserCreated, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let workspace = fetch_optional!(
            tx,
            (i64,),
            "SELECT members.workspace_id FROM users JOIN members ON members.user_id = users.id
             WHERE users.email_normalized = $1
             ORDER BY members.created_at, members.workspace_id LIMIT 1",
            host.normalized(),
        );
        let Some((workspace,)) = workspace else {
            tx.rollback().await?;
            return Ok(UserCreated::HostUnknown);
        };
        let workspace = WorkspaceId(workspace);
        let Some(user) = user_insert(&mut tx, email, password_hash, at).await? else {
            tx.rollback().await?;
            return Ok(UserCreated::EmailTaken);
        };
        let owner = Membership::of(Role::Owner);
        member_insert(&mut tx, workspace, user.id, &owner, at).await?;
        tx.audit(audit(user.id, workspace));
        tx.commit().await?;
        Ok(UserCreated::Created(user, workspace))
    }

    /// Returns the user with an email address, as spelled by [`Email::normalized`].
    pub async fn user_by_email(&self, normalized: &str) -> Result<Option<UserLogin>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            LoginRow,
            "SELECT users.id, users.email, users.email_normalized, users.created_at,
                    users.password_hash, members.workspace_id
             FROM users JOIN members ON members.user_id = users.id
             WHERE users.email_normalized = $1
             ORDER BY members.created_at, members.workspace_id LIMIT 1",
            normalized,
        );
        row.map(|row| {
            Ok(UserLogin {
                user: row.user.try_into()?,
                // A damaged hash matches no password.
                password_hash: row.password_hash.lossy().to_owned(),
                workspace: WorkspaceId(row.workspace_id),
            })
        })
        .transpose()
    }

    /// Returns a user.
    pub async fn user_get(&self, user: UserId) -> Result<Option<User>, StoreError> {
        let mut reader = self.reader().await?;
        fetch_optional!(
            reader,
            UserRow,
            "SELECT id, email, email_normalized, created_at FROM users WHERE id = $1",
            user.0,
        )
        .map(TryInto::try_into)
        .transpose()
    }

    /// Lists the users who belong to a workspace or belonged to it.
    pub async fn user_list(&self, workspace: WorkspaceId) -> Result<Vec<Stored<User>>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(fetch_stored!(
            reader,
            "users",
            "email",
            |row: UserRow| row.try_into(),
            "SELECT users.id, users.email, users.email_normalized, users.created_at
             FROM users WHERE id IN (SELECT user_id FROM members WHERE workspace_id = $1
                UNION SELECT user_id FROM former_members WHERE workspace_id = $1) ORDER BY id",
            workspace.0,
        ))
    }

    /// Returns how many users there are.
    pub async fn user_count(&self) -> Result<i64, StoreError> {
        let mut reader = self.reader().await?;
        let (count,) = fetch_one!(reader, (i64,), "SELECT COUNT(*) FROM users");
        Ok(count)
    }

    /// Sets a user's password and ends all the user's sessions. Returns false if there is no such
    /// user.
    pub async fn user_password_set(
        &self,
        user: UserId,
        password_hash: &str,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let found = execute!(
            tx,
            "UPDATE users SET password_hash = $2 WHERE id = $1",
            user.0,
            password_hash,
        );
        execute!(
            tx,
            "UPDATE sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL",
            user.0,
            at.0,
        );
        tx.end(found, audit).await
    }

    /// Replaces a user's password, if it is still the one with the hash `present`, and ends all the
    /// user's sessions but one. Returns false if the password is another one.
    pub async fn user_password_change(
        &self,
        user: UserId,
        present: &str,
        password_hash: &str,
        kept: SessionId,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let found = execute!(
            tx,
            "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
            user.0,
            present,
            password_hash,
        );
        if found == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        execute!(
            tx,
            "UPDATE sessions SET revoked_at = $3
             WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL",
            user.0,
            kept.0,
            at.0,
        );
        tx.end(found, audit).await
    }
}

pub(crate) async fn user_insert(
    tx: &mut Transaction,
    email: &Email,
    password_hash: &str,
    at: Timestamp,
) -> Result<Option<User>, StoreError> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "INSERT INTO users (email, email_normalized, password_hash, created_at)
         VALUES ($1, $2, $3, $4) ON CONFLICT (email_normalized) DO NOTHING RETURNING id",
        email.as_str(),
        email.normalized(),
        password_hash,
        at.0,
    );
    Ok(row.map(|(id,)| User {
        id: UserId(id),
        email: email.clone(),
        created_at: at,
    }))
}

/// Returns a user if the user has this email address.
pub(crate) async fn user_of(
    tx: &mut Transaction,
    user: UserId,
    email: &Email,
) -> Result<Option<User>, StoreError> {
    fetch_optional!(
        tx,
        UserRow,
        "SELECT id, email, email_normalized, created_at FROM users
         WHERE id = $1 AND email_normalized = $2",
        user.0,
        email.normalized(),
    )
    .map(TryInto::try_into)
    .transpose()
}

/// Gives a new password to the user with this email address, if the user belongs to no workspace and so cannot sign
/// in.
pub(crate) async fn user_revive(
    tx: &mut Transaction,
    email: &Email,
    password_hash: &str,
) -> Result<Option<User>, StoreError> {
    fetch_optional!(
        tx,
        UserRow,
        "UPDATE users SET password_hash = $2 WHERE email_normalized = $1
            AND NOT EXISTS (SELECT 1 FROM members WHERE members.user_id = users.id)
         RETURNING id, email, email_normalized, created_at",
        email.normalized(),
        password_hash,
    )
    .map(TryInto::try_into)
    .transpose()
}
