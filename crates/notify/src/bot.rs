//! The bot of a channel, for what people do in its chat: its secrets stay in here.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_definitions::definition_store::DefinitionError;
use gaiterguard_domain::id::{ChannelId, WorkspaceId};
use gaiterguard_store::StoredChannel;
use gaiterguard_vault::token;
use hyper::upgrade::Upgraded;
use serde_json::Value;
use tokio::time::timeout;

use crate::buttons;
use crate::channel::Channel;
use crate::context::Context;
use crate::kind::ChannelKind;
use crate::secrets::ChannelSecrets;
use crate::send::{self, ATTEMPT_MAX, slack, telegram};
use crate::settings::ChannelSettings;
use crate::text::{plain, shown};

/// The longest reply, in bytes, escaped.
const TEXT_BYTES_MAX: usize = 2000;

/// The bot of a channel whose cards have buttons.
pub struct Bot {
    context: Arc<Context>,
    channel: Channel,
    secrets: ChannelSecrets,
    app: [u8; 32],
}

impl Bot {
    /// Returns the bot of a channel; `None` if the channel is disabled or its cards have no buttons.
    pub(crate) async fn of(
        context: &Arc<Context>,
        stored: StoredChannel,
    ) -> Result<Option<Self>, DefinitionError> {
        let Ok(channel) = Channel::read(stored) else {
            return Ok(None);
        };
        if !channel.stored.enabled || !channel.settings.decides() {
            return Ok(None);
        }
        let secrets = context.secrets(&channel).await?;
        let app = buttons::app(&channel.settings, &secrets);
        Ok(app.map(|app| Self {
            context: Arc::clone(context),
            channel,
            secrets,
            app,
        }))
    }

    /// Returns the channel.
    pub fn id(&self) -> ChannelId {
        self.channel.id()
    }

    /// Returns the name of the channel.
    pub fn name(&self) -> &str {
        &self.channel.stored.name
    }

    /// Returns the workspace of the channel.
    pub fn workspace(&self) -> WorkspaceId {
        self.channel.workspace()
    }

    /// Returns the kind of the channel.
    pub fn kind(&self) -> ChannelKind {
        self.channel.kind
    }

    /// Returns the revision of the channel's definition.
    pub fn revision(&self) -> i64 {
        self.channel.stored.revision
    }

    /// Returns a hash of the secrets that prove that a message is from the chat.
    pub fn app(&self) -> &[u8; 32] {
        &self.app
    }

    /// Returns the URL of the gateway, without a slash at its end.
    pub fn public_url(&self) -> &str {
        &self.context.public_url
    }

    /// Whether the gateway fetches messages: from Telegram, and from Slack with an app token.
    pub fn listens(&self) -> bool {
        self.kind() == ChannelKind::Telegram || self.secrets.app_token.is_some()
    }

    /// Whether a code is the HMAC-SHA256 of `signed` under the channel's signing secret. False without one.
    pub fn has_signed(&self, signed: &[u8], code: &[u8]) -> bool {
        let secret = self.secrets.signing_secret.as_ref();
        secret.is_some_and(|secret| {
            token::constant_time_eq(&token::hmac_sha256(secret, signed), code)
        })
    }

    /// Returns a text as the chat shows it as it is, on one line.
    pub fn escaped(&self, text: &str) -> String {
        let escape = match self.kind() {
            ChannelKind::Slack => slack::ESCAPE,
            _ => plain,
        };
        shown(text, TEXT_BYTES_MAX, escape)
    }

    /// Calls a method of the bot's API, within the time of one attempt.
    ///
    /// # Errors
    ///
    /// Why the call failed, without a secret.
    pub async fn call(&self, method: &str, body: Value) -> Result<Value, String> {
        let calling = async {
            match &self.channel.settings {
                ChannelSettings::Slack(settings) => {
                    slack::call(
                        &self.context,
                        &self.channel,
                        settings,
                        self.secrets.token.as_ref(),
                        method,
                        body,
                    )
                    .await
                }
                ChannelSettings::Telegram(settings) => {
                    telegram::call(
                        &self.context,
                        &self.channel,
                        settings,
                        &self.secrets,
                        method,
                        body,
                        None,
                    )
                    .await
                }
                _ => Err(send::NotAccepted::failed("the channel has no bot")),
            }
        };
        match timeout(ATTEMPT_MAX, calling).await {
            Ok(called) => called.map_err(|failed| failed.error),
            Err(_) => Err("no response in time".to_owned()),
        }
    }

    /// Waits for messages to the bot of Telegram after an offset, for up to `wait`.
    ///
    /// # Errors
    ///
    /// Why none can be fetched, without a secret.
    pub async fn updates(&self, offset: i64, wait: Duration) -> Result<Vec<Value>, String> {
        let ChannelSettings::Telegram(settings) = &self.channel.settings else {
            return Err("the channel is not one of Telegram".to_owned());
        };
        let body = serde_json::json!({
            "offset": offset,
            "timeout": wait.as_secs(),
            "allowed_updates": ["message", "callback_query"],
        });
        let limit = wait + ATTEMPT_MAX;
        let context = &self.context;
        let calling = telegram::call(
            context,
            &self.channel,
            settings,
            &self.secrets,
            "getUpdates",
            body,
            Some(limit),
        );
        let called = timeout(limit, calling)
            .await
            .map_err(|_| "no response in time".to_owned())?;
        let mut called = called.map_err(|failed| failed.error)?;
        match called["result"].take() {
            Value::Array(updates) => Ok(updates),
            _ => Err("Telegram responded without updates".to_owned()),
        }
    }

    /// Opens a WebSocket of Slack's Socket Mode.
    ///
    /// # Errors
    ///
    /// Why it cannot be opened, without a secret.
    pub async fn open_socket(&self) -> Result<Upgraded, String> {
        let ChannelSettings::Slack(settings) = &self.channel.settings else {
            return Err("the channel is not one of Slack".to_owned());
        };
        let opening = slack::open_socket(&self.context, &self.channel, settings, &self.secrets);
        match timeout(ATTEMPT_MAX, opening).await {
            Ok(opened) => opened.map_err(|failed| failed.error),
            Err(_) => Err("no response in time".to_owned()),
        }
    }
}
