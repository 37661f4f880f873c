//! Users and the workspaces that they own or join.

use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{SessionId, UserId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::user::{Email, User};
use gaiterguard_domain::workspace::Role;

use crate::store::Store;
use crate::writer::transaction::Transaction;
use gaiterguard_database::column::{RowContext, Text};
use gaiterguard_database::connection::{execute, fetch_one, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_rows::fetch_stored;
use gaiterguard_rows::stored::Stored;

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
struct UserRow {
    id: i64,
    email: Text,
    email_normalized: Text,
    created_at: i64,
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        let context = RowContext {
            table: "users",
            id: &row.id,
        };
        let normalized = context.text("email_normalized", &row.email_normalized)?;
        let spelled = Email::parse(row.email.lossy()).ok();
        // If the spelling is damaged, the normalized address serves as well: it is the one that a
        // login is looked up by.
        let email = match spelled.filter(|email| email.normalized() == normalized) {
            Some(email) => email,
            None => Email::parse(normalized).map_err(|_| context.invalid("email_normalized"))?,
        };
        Ok(Self {
            id: UserId(row.id),
            email,
            created_at: Timestamp(row.created_at),
        })
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
        member_insert(&mut tx, workspace, user.id, at).await?;
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
        member_insert(&mut tx, workspace, user.id, at).await?;
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

    /// Lists the users of a workspace.
    pub async fn user_list(&self, workspace: WorkspaceId) -> Result<Vec<Stored<User>>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(fetch_stored!(
            reader,
            "users",
            "email",
            |row: UserRow| row.try_into(),
            "SELECT users.id, users.email, users.email_normalized, users.created_at
             FROM users JOIN members ON members.user_id = users.id
             WHERE members.workspace_id = $1 ORDER BY users.id",
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

    /// Returns a user's role in a workspace.
    pub async fn member_role(
        &self,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<Option<Role>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            (String,),
            "SELECT role FROM members WHERE workspace_id = $1 AND user_id = $2",
            workspace.0,
            user.0,
        );
        row.map(|(role,)| {
            Role::parse(&role).ok_or_else(|| StoreError::inconsistent("members", "role", user))
        })
        .transpose()
    }
}

async fn user_insert(
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

async fn member_insert(
    tx: &mut Transaction,
    workspace: WorkspaceId,
    user: UserId,
    at: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO members (workspace_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)",
        workspace.0,
        user.0,
        Role::Owner.as_str(),
        at.0,
    );
    Ok(())
}
