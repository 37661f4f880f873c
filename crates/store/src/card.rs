//! The buttons of cards in channels. Their tokens are stored as SHA-256 hashes, and the ledger uses a button up in the
//! transaction of its decision.

use gaiterguard_database::connection::{execute, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::id::{ActionId, ChannelId, UserId};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;

use crate::store::Store;

/// The decision that a button makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardDecision {
    /// The agent may execute the request.
    Approve,
    /// The request is never sent.
    Deny,
}

impl CardDecision {
    /// Returns the word for this decision in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all = [Self::Approve, Self::Deny];
        all.into_iter().find(|decision| decision.as_str() == word)
    }
}

/// A button of a card, for one decision on one request as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardButton {
    /// The SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// The channel of the card.
    pub channel: ChannelId,
    /// The action.
    pub action: ActionId,
    /// The revision of the action that the card shows.
    pub revision: i64,
    /// The digest of the request that the card shows.
    pub digest: Digest,
    /// The decision.
    pub decision: CardDecision,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// Who used it; `None` if nobody did.
    pub used_by: Option<UserId>,
}

/// A message that asks one person for the reason of a denial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardPrompt {
    /// The SHA-256 of the token of the button.
    pub token_hash: [u8; 32],
    /// The account that is asked.
    pub account: String,
}

#[derive(sqlx::FromRow)]
struct ButtonRow {
    token_hash: Vec<u8>,
    channel_id: i64,
    action_id: String,
    revision: i64,
    digest: Vec<u8>,
    decision: String,
    expires_at: i64,
    used_by: Option<i64>,
}

impl TryFrom<ButtonRow> for CardButton {
    type Error = StoreError;

    fn try_from(row: ButtonRow) -> Result<Self, StoreError> {
        let wrong = |column| StoreError::inconsistent("card_buttons", column, &row.action_id);
        Ok(Self {
            token_hash: hash(&row.token_hash).ok_or_else(|| wrong("token_hash"))?,
            channel: ChannelId(row.channel_id),
            action: row.action_id.parse().map_err(|_| wrong("action_id"))?,
            revision: row.revision,
            digest: hash(&row.digest)
                .map(Digest)
                .ok_or_else(|| wrong("digest"))?,
            decision: CardDecision::parse(&row.decision).ok_or_else(|| wrong("decision"))?,
            expires_at: Timestamp(row.expires_at),
            used_by: row.used_by.map(UserId),
        })
    }
}

fn hash(bytes: &[u8]) -> Option<[u8; 32]> {
    bytes.try_into().ok()
}

impl Store {
    /// Stores the buttons of a card.
    pub async fn card_buttons_create(
        &self,
        buttons: &[CardButton],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        for button in buttons {
            execute!(
                tx,
                "INSERT INTO card_buttons (token_hash, channel_id, action_id, revision, digest,
                    decision, expires_at, created_at)
                 SELECT $1, channels.id, actions.id, $4, $5, $6, $7, $8 FROM channels, actions
                 WHERE channels.id = $2 AND actions.id = $3",
                button.token_hash.as_slice(),
                button.channel.0,
                button.action.to_string(),
                button.revision,
                button.digest.0.as_slice(),
                button.decision.as_str(),
                button.expires_at.0,
                at.0,
            );
        }
        tx.commit().await
    }

    /// Returns the button with this token.
    pub async fn card_button(
        &self,
        token_hash: &[u8; 32],
    ) -> Result<Option<CardButton>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            ButtonRow,
            "SELECT token_hash, channel_id, action_id, revision, digest, decision, expires_at, used_by
             FROM card_buttons WHERE token_hash = $1",
            token_hash.as_slice(),
        );
        row.map(TryInto::try_into).transpose()
    }

    /// Stores that a message asks for the reason of a denial.
    pub async fn card_prompt_create(
        &self,
        channel: ChannelId,
        receipt: &str,
        prompt: &CardPrompt,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        execute!(
            tx,
            "INSERT INTO card_prompts (channel_id, receipt, token_hash, account)
             SELECT $1, $2, token_hash, $4 FROM card_buttons WHERE token_hash = $3
             ON CONFLICT (channel_id, receipt) DO NOTHING",
            channel.0,
            receipt,
            prompt.token_hash.as_slice(),
            &prompt.account,
        );
        tx.commit().await
    }

    /// Returns what a message asks for; `None` if it asks for nothing.
    pub async fn card_prompt(
        &self,
        channel: ChannelId,
        receipt: &str,
    ) -> Result<Option<CardPrompt>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            (Vec<u8>, String),
            "SELECT token_hash, account FROM card_prompts WHERE channel_id = $1 AND receipt = $2",
            channel.0,
            receipt,
        );
        let Some((token_hash, account)) = row else {
            return Ok(None);
        };
        let wrong = || StoreError::inconsistent("card_prompts", "token_hash", receipt);
        Ok(Some(CardPrompt {
            token_hash: hash(&token_hash).ok_or_else(wrong)?,
            account,
        }))
    }

    /// Removes up to `limit` buttons that were created before a point in time. Returns how many.
    pub async fn card_buttons_delete_before(
        &self,
        before: Timestamp,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let removed = execute!(
            tx,
            "DELETE FROM card_buttons WHERE token_hash IN
                (SELECT token_hash FROM card_buttons WHERE created_at < $1 LIMIT $2)",
            before.0,
            i64::from(limit),
        );
        tx.commit().await?;
        Ok(removed)
    }
}
