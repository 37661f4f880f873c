//! Sending one message through a channel, once.

mod email;
mod http_post;
mod ntfy;
mod slack;
mod telegram;
mod webhook;

use std::time::Duration;

use tokio::time::timeout;

use crate::card::Card;
use crate::channel::Channel;
use crate::context::Context;
use crate::message::Message;
use crate::secrets::ChannelSecrets;
use crate::settings::ChannelSettings;

/// How long one attempt may take as a whole.
pub(crate) const ATTEMPT_MAX: Duration = Duration::from_secs(20);

/// The receiver accepted the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The identifier of the message at the receiver, if it can be changed later.
    pub(crate) receipt: Option<String>,
}

/// The receiver did not accept the message, or it is not known whether it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotAccepted {
    /// The failure, without a secret.
    pub(crate) error: String,
    /// How long the receiver asks to wait.
    pub(crate) retry_after: Option<Duration>,
    /// Whether the receiver wants no more messages.
    pub(crate) is_gone: bool,
}

impl NotAccepted {
    /// Returns a failure that says nothing about the next attempt.
    pub(crate) fn failed(error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            retry_after: None,
            is_gone: false,
        }
    }
}

/// Sends messages in one: several only if they are about held requests and the channel is for people. With receipts of
/// earlier messages about the same action, those are changed instead.
pub(crate) async fn send(
    context: &Context,
    channel: &Channel,
    secrets: &ChannelSecrets,
    messages: &[Message],
    receipts: &[String],
) -> Result<Accepted, NotAccepted> {
    let sending = async {
        let card = || match messages {
            [message] => Card::of(message, &context.public_url, context.now()),
            several => Card::of_several(several, &context.public_url),
        };
        match (&channel.settings, messages) {
            (ChannelSettings::Webhook(settings), [message, ..]) => {
                webhook::send(context, channel, settings, secrets, message).await
            }
            (ChannelSettings::Ntfy(settings), [_, ..]) => {
                ntfy::send(context, channel, settings, secrets, &card()).await
            }
            (ChannelSettings::Email(settings), [message, ..]) => {
                email::send(context, settings, message, &card()).await
            }
            (ChannelSettings::Telegram(settings), [_, ..]) => {
                let card = card();
                for receipt in receipts {
                    telegram::edit(context, channel, settings, secrets, receipt, &card).await?;
                }
                if !receipts.is_empty() {
                    return Ok(Accepted::default());
                }
                telegram::send(context, channel, settings, secrets, &card).await
            }
            (ChannelSettings::Slack(settings), [_, ..]) => {
                let card = card();
                for receipt in receipts {
                    slack::edit(context, channel, settings, secrets, receipt, &card).await?;
                }
                if !receipts.is_empty() {
                    return Ok(Accepted::default());
                }
                slack::send(context, channel, settings, secrets, &card).await
            }
            (_, []) => Ok(Accepted::default()),
        }
    };
    timeout(ATTEMPT_MAX, sending).await.unwrap_or_else(|_| {
        let error = format!("no response within {} seconds", ATTEMPT_MAX.as_secs());
        Err(NotAccepted::failed(error))
    })
}
