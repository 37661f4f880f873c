//! Accounts in chats that are linked to users, and the codes that link them.

use gaiterguard_database::connection::{execute, fetch_all, fetch_one, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{ChannelId, ChatAccountId, UserId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;
use serde_json::json;

use crate::store::Store;

/// An account in a chat, as a message of the chat names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChatAccount {
    /// The workspace of the channel that the message arrived through.
    pub workspace: WorkspaceId,
    /// That channel.
    pub channel: ChannelId,
    /// Its kind, as a word.
    pub kind: &'static str,
    /// A hash of what proves that a message is from the chat.
    pub app: [u8; 32],
    /// The account's identifier in the chat.
    pub account: String,
    /// The account's name in the chat. Untrusted text.
    pub name: String,
}

/// An account in a chat that is linked to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatAccount {
    /// Its ID.
    pub id: ChatAccountId,
    /// The user.
    pub user: UserId,
    /// The kind of the chat, as a word.
    pub kind: String,
    /// A hash of what proves that a message is from the chat.
    pub app: Vec<u8>,
    /// The account's identifier in the chat.
    pub account: String,
    /// The account's name in the chat. Untrusted text.
    pub name: String,
    /// When it was linked.
    pub created_at: Timestamp,
}

/// The result of presenting a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatAccountLinked {
    /// The account is linked to this user, whose email address is the second value.
    Linked(UserId, String),
    /// The code is unknown, used or expired, or the user is not a member of the workspace.
    Invalid,
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    id: i64,
    user_id: i64,
    kind: String,
    app: Vec<u8>,
    account: String,
    name: String,
    created_at: i64,
}

impl From<AccountRow> for ChatAccount {
    fn from(row: AccountRow) -> Self {
        Self {
            id: ChatAccountId(row.id),
            user: UserId(row.user_id),
            kind: row.kind,
            app: row.app,
            account: row.account,
            name: row.name,
            created_at: Timestamp(row.created_at),
        }
    }
}

impl Store {
    /// Stores a code that links an account to a user. It replaces the user's earlier code.
    pub async fn chat_link_code_create(
        &self,
        workspace: WorkspaceId,
        user: UserId,
        code_hash: &[u8; 32],
        expires_at: Timestamp,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        execute!(
            tx,
            "INSERT INTO chat_link_codes (workspace_id, user_id, code_hash, expires_at)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (workspace_id, user_id) DO UPDATE SET code_hash = excluded.code_hash,
                expires_at = excluded.expires_at",
            workspace.0,
            user.0,
            code_hash.as_slice(),
            expires_at.0,
        );
        tx.commit().await
    }

    /// Links an account to the user whose code it presents, and uses the code up. An account that was linked to
    /// another user is linked to this one instead.
    pub async fn chat_account_link(
        &self,
        code_hash: &[u8; 32],
        new: &NewChatAccount,
        at: Timestamp,
    ) -> Result<ChatAccountLinked, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let row = fetch_optional!(
            tx,
            (i64,),
            "DELETE FROM chat_link_codes WHERE code_hash = $1 AND workspace_id = $2
             RETURNING CASE WHEN expires_at > $3 AND EXISTS (SELECT 1 FROM members
                WHERE members.workspace_id = chat_link_codes.workspace_id
                  AND members.user_id = chat_link_codes.user_id) THEN user_id ELSE 0 END",
            code_hash.as_slice(),
            new.workspace.0,
            at.0,
        );
        let Some((user @ 1..,)) = row else {
            tx.commit().await?;
            return Ok(ChatAccountLinked::Invalid);
        };
        execute!(
            tx,
            "DELETE FROM chat_accounts WHERE workspace_id = $1 AND app = $2 AND account = $3",
            new.workspace.0,
            new.app.as_slice(),
            &new.account,
        );
        execute!(
            tx,
            "INSERT INTO chat_accounts (workspace_id, user_id, kind, app, account, name, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            new.workspace.0,
            user,
            new.kind,
            new.app.as_slice(),
            &new.account,
            &new.name,
            at.0,
        );
        let (email,) = fetch_one!(tx, (String,), "SELECT email FROM users WHERE id = $1", user);
        let user = UserId(user);
        tx.audit(NewAuditEntry {
            workspace: Some(new.workspace),
            at,
            actor: Actor::User(user),
            event: Event::UserChatLinked,
            subject: Subject::User(user),
            detail: json!({
                "kind": new.kind, "channel": new.channel.0, "account": new.account, "name": new.name,
            }),
        });
        tx.commit().await?;
        Ok(ChatAccountLinked::Linked(user, email))
    }

    /// Returns the link of an account in a chat.
    pub async fn chat_account(
        &self,
        workspace: WorkspaceId,
        app: &[u8; 32],
        account: &str,
    ) -> Result<Option<ChatAccount>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            AccountRow,
            "SELECT id, user_id, kind, app, account, name, created_at FROM chat_accounts
             WHERE workspace_id = $1 AND app = $2 AND account = $3",
            workspace.0,
            app.as_slice(),
            account,
        );
        Ok(row.map(Into::into))
    }

    /// Lists the linked accounts of a user, the first one linked first.
    pub async fn chat_account_list(
        &self,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<Vec<ChatAccount>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            AccountRow,
            "SELECT id, user_id, kind, app, account, name, created_at FROM chat_accounts
             WHERE workspace_id = $1 AND user_id = $2 ORDER BY id",
            workspace.0,
            user.0,
        );
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Unlinks an account of a user. Returns false if the user has no such account.
    pub async fn chat_account_unlink(
        &self,
        workspace: WorkspaceId,
        user: UserId,
        account: ChatAccountId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let row = fetch_optional!(
            tx,
            (String, String),
            "DELETE FROM chat_accounts WHERE id = $3 AND workspace_id = $1 AND user_id = $2
             RETURNING kind, account",
            workspace.0,
            user.0,
            account.0,
        );
        let Some((kind, account)) = row else {
            tx.rollback().await?;
            return Ok(false);
        };
        tx.audit(NewAuditEntry {
            workspace: Some(workspace),
            at,
            actor: Actor::User(user),
            event: Event::UserChatUnlinked,
            subject: Subject::User(user),
            detail: json!({ "kind": kind, "account": account }),
        });
        tx.commit().await?;
        Ok(true)
    }
}
