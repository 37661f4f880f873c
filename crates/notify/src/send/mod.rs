//! Sending one message through a channel, once.

mod email;
mod http_post;
mod member;
mod ntfy;
mod outcome;
pub(crate) mod slack;
pub(crate) mod telegram;
mod web_push;
mod webhook;

use std::time::Duration;

use tokio::time::timeout;

use crate::buttons;
use crate::card::Card;
use crate::channel::Channel;
use crate::context::Context;
use crate::message::Message;
use crate::secrets::ChannelSecrets;
use crate::settings::ChannelSettings;

pub(crate) use email::failure;
pub(crate) use outcome::{Accepted, NotAccepted};

/// How long one attempt may take as a whole.
pub(crate) const ATTEMPT_MAX: Duration = Duration::from_secs(20);

/// A card that a receiver has.
pub(crate) struct SentCard {
    /// The id by which the receiver knows it.
    pub(crate) receipt: String,
    /// The messages of all requests that it is about; empty if it is about one.
    pub(crate) several: Vec<Message>,
}

/// Sends messages in one: several only if they are about held requests and the channel is for people. The cards that the
/// receiver has about the same action are changed instead.
pub(crate) async fn send(
    context: &Context,
    channel: &Channel,
    secrets: &ChannelSecrets,
    messages: &[Message],
    cards: &[SentCard],
) -> Result<Accepted, NotAccepted> {
    let sending = async {
        let dropped = messages.first().map_or(0, |message| message.dropped);
        let public_url = &context.public_url;
        let card = || {
            let card = match messages {
                [message] => Card::of(message, public_url, context.now()),
                several => Card::of_several(several, public_url),
            };
            card.noting_dropped(dropped)
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
                let escape = telegram::ESCAPE;
                let room = telegram::REQUEST_BYTES_MAX;
                let buttons = buttons::of(context, channel, messages, room, escape).await?;
                let body = telegram::content(&card(), buttons.as_ref());
                for SentCard { receipt, several } in cards {
                    let body = match several.as_slice() {
                        [] => body.clone(),
                        several => telegram::content(&Card::of_several(several, public_url), None),
                    };
                    telegram::edit(context, channel, settings, secrets, receipt, body).await?;
                }
                if !cards.is_empty() {
                    return Ok(Accepted::default());
                }
                telegram::send(context, channel, settings, secrets, body).await
            }
            (ChannelSettings::Slack(settings), [_, ..]) => {
                let escape = slack::ESCAPE;
                let room = slack::REQUEST_BYTES_MAX;
                let buttons = buttons::of(context, channel, messages, room, escape).await?;
                let body = slack::content(&card(), buttons.as_ref());
                for SentCard { receipt, several } in cards {
                    let body = match several.as_slice() {
                        [] => body.clone(),
                        several => slack::content(&Card::of_several(several, public_url), None),
                    };
                    slack::edit(context, channel, settings, secrets, receipt, body).await?;
                }
                if !cards.is_empty() {
                    return Ok(Accepted::default());
                }
                slack::send(context, channel, settings, secrets, body).await
            }
            (ChannelSettings::Member(settings), [message, ..]) => {
                let (user, card) = (settings.user_id, card());
                member::send(context, channel, user, (message, messages), &card).await
            }
            (ChannelSettings::WebPush, [_, ..]) => {
                web_push::send(context, channel, secrets, messages, !cards.is_empty()).await
            }
            (_, []) => Ok(Accepted::default()),
        }
    };
    timeout(ATTEMPT_MAX, sending).await.unwrap_or_else(|_| {
        let error = format!("no response within {} seconds", ATTEMPT_MAX.as_secs());
        Err(NotAccepted::failed(error))
    })
}
