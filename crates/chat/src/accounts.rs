//! Accounts in chats that are linked to users: a signed-in user creates a code, and sends it from the account.

use std::time::Duration;

use gaiterguard_domain::id::{ChatAccountId, UserId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_notify::Bot;
use gaiterguard_store::{ChatAccount, ChatAccountLinked, NewChatAccount, StoreError};
use gaiterguard_vault::{token, totp};
use secrecy::{ExposeSecret as _, SecretString};

use crate::chats::Chats;

/// How long a code works: long enough to change to another program, and to find the bot in it.
const CODE_LIFETIME: Duration = Duration::from_mins(10);

/// The longest name of an account that is stored, in characters.
const NAME_CHARS_MAX: usize = 100;

/// A code that links an account to a user.
pub struct LinkCode {
    /// The code.
    pub code: SecretString,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// An account that is linked to a user.
pub struct LinkedAccount {
    /// The account.
    pub account: ChatAccount,
    /// The names of the channels with whose buttons it decides.
    pub channels: Vec<String>,
}

/// An account as a message of a chat names it.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    /// Its identifier in the chat.
    pub(crate) account: String,
    /// Its name. Untrusted text.
    pub(crate) name: String,
    /// The message whose button it pressed, as the receipt of the message.
    pub(crate) card: Option<String>,
}

impl Chats {
    /// Creates a code for a user of a workspace. It replaces the earlier one.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn create_link_code(
        &self,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<LinkCode, StoreError> {
        let now = self.now();
        let expires_at = now.after(CODE_LIFETIME);
        // As long as a recovery code, because it is typed as well and must not be guessed either.
        let code = totp::generate_recovery_code()
            .map_err(|_| StoreError::timed_out("random bytes of the operating system"))?;
        let hash = token::sha256(code.expose_secret());
        let store = &self.deps.store;
        store
            .chat_link_code_create(workspace, user, &hash, expires_at, now)
            .await?;
        Ok(LinkCode { code, expires_at })
    }

    /// Lists the accounts of a user of a workspace, the first one linked first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn accounts(
        &self,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<Vec<LinkedAccount>, StoreError> {
        let accounts = self.deps.store.chat_account_list(workspace, user).await?;
        if accounts.is_empty() {
            return Ok(Vec::new());
        }
        let bots = self.deps.notifications.bots().await?;
        let linked = accounts.into_iter().map(|account| {
            let bots = bots.iter();
            let its = bots.filter(|bot| {
                bot.workspace() == workspace && bot.app().as_slice() == account.app.as_slice()
            });
            LinkedAccount {
                channels: its.map(|bot| bot.name().to_owned()).collect(),
                account,
            }
        });
        Ok(linked.collect())
    }

    /// Unlinks an account of a user. Returns false if the user has no such account.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn unlink(
        &self,
        workspace: WorkspaceId,
        user: UserId,
        account: ChatAccountId,
    ) -> Result<bool, StoreError> {
        let store = &self.deps.store;
        store
            .chat_account_unlink(workspace, user, account, self.now())
            .await
    }

    /// Links the sender of a code, and returns what to reply.
    pub(crate) async fn link(&self, bot: &Bot, sender: &Sender, code: &str) -> String {
        let code = SecretString::from(code.trim().to_lowercase());
        let new = NewChatAccount {
            workspace: bot.workspace(),
            channel: bot.id(),
            kind: bot.kind().as_str(),
            app: *bot.app(),
            account: sender.account.clone(),
            name: sender.name.chars().take(NAME_CHARS_MAX).collect(),
        };
        let hash = token::sha256(code.expose_secret());
        let linked = self.deps.store.chat_account_link(&hash, &new, self.now());
        match linked.await {
            Ok(ChatAccountLinked::Linked(_, email)) => format!(
                "This account is linked to {email} in GaiterGuard. You decide with the buttons of messages from now on."
            ),
            Ok(ChatAccountLinked::Invalid) => format!(
                "This code is not valid: it works once, for ten minutes. Create a new one in GaiterGuard: {}/app/settings",
                bot.public_url()
            ),
            Err(error) => {
                tracing::warn!(%error, "an account cannot be linked");
                "GaiterGuard's storage is unavailable. Try again.".to_owned()
            }
        }
    }
}
