//! A request of Slack, and the proof that it is one
//! (<https://docs.slack.dev/authentication/verifying-requests-from-slack>).

use std::sync::Arc;

use gaiterguard_domain::id::ChannelId;
use gaiterguard_notify::ChannelKind;
use gaiterguard_vault::token;
use serde_json::Value;
use thiserror::Error;

use crate::chats::Chats;
use crate::slack::interaction::{command, interaction};

/// How old a request may be, and how far ahead of this clock, in seconds, as Slack recommends.
const AGE_MAX: i64 = 300;

/// The number of milliseconds in a second.
const MILLIS: i64 = 1000;

/// A request as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct SlackRequest<'a> {
    /// The header `X-Slack-Request-Timestamp`.
    pub timestamp: &'a str,
    /// The header `X-Slack-Signature`.
    pub signature: &'a str,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

/// Why a request is not accepted.
#[derive(Debug, Error)]
pub enum SlackRefused {
    /// It does not prove that it is from Slack.
    #[error(
        "the request must have an `X-Slack-Signature` made with this channel's signing secret and an \
         `X-Slack-Request-Timestamp` from the last five minutes, and is accepted once"
    )]
    NotSigned,
    /// Its body is not one that Slack sends.
    #[error("the body must be a form with `payload` or `command`")]
    Malformed,
    /// The database or the vault failed.
    #[error("the gateway's storage is unavailable")]
    Unavailable,
}

impl Chats {
    /// Handles a request of Slack for a channel, and returns the body of the response.
    ///
    /// # Errors
    ///
    /// If the request is not one of Slack for this channel, or the database or the vault fails.
    pub async fn slack(
        self: &Arc<Self>,
        channel: ChannelId,
        request: SlackRequest<'_>,
    ) -> Result<Option<Value>, SlackRefused> {
        let bot = self.deps.notifications.bot(channel).await;
        let bot = bot.map_err(|error| {
            tracing::warn!(%error, "a request of Slack cannot be checked");
            SlackRefused::Unavailable
        })?;
        let bot = bot.filter(|bot| bot.kind() == ChannelKind::Slack);
        let bot = bot.ok_or(SlackRefused::NotSigned)?;
        let SlackRequest {
            timestamp,
            signature,
            body,
        } = request;
        let at: i64 = timestamp.parse().map_err(|_| SlackRefused::NotSigned)?;
        let age = (self.now().0 / MILLIS).saturating_sub(at);
        let code = signature.strip_prefix("v0=").map(hex::decode);
        let Some(Ok(code)) = code else {
            return Err(SlackRefused::NotSigned);
        };
        let signed = [b"v0:", timestamp.as_bytes(), b":", body].concat();
        if age.saturating_abs() > AGE_MAX || !bot.has_signed(&signed, &code) {
            return Err(SlackRefused::NotSigned);
        }
        let mark = token::sha256(&hex::encode(&code));
        let accepted = self
            .deps
            .store
            .chat_request_accept(channel, &mark, self.now());
        let is_first = accepted.await.map_err(|error| {
            tracing::warn!(%error, "a request of Slack cannot be accepted");
            SlackRefused::Unavailable
        })?;
        if !is_first {
            return Err(SlackRefused::NotSigned);
        }
        let form: Vec<(String, String)> =
            serde_urlencoded::from_bytes(body).map_err(|_| SlackRefused::Malformed)?;
        let field = |name: &str| {
            let found = form.iter().find(|(field, _)| field == name);
            found.map(|(_, value)| value.as_str())
        };
        if field("ssl_check").is_some() {
            return Ok(None);
        }
        let bot = Arc::new(bot);
        if let Some(payload) = field("payload") {
            let payload = serde_json::from_str(payload).map_err(|_| SlackRefused::Malformed)?;
            return Ok(interaction(self, &bot, payload).await);
        }
        if field("command").is_none() {
            return Err(SlackRefused::Malformed);
        }
        let text = |name| field(name).unwrap_or_default();
        let sender = (text("team_id"), text("user_id"), text("user_name"));
        Ok(Some(command(self, &bot, sender, text("text")).await))
    }
}
