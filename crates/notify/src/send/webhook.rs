//! Webhooks, after the specification Standard Webhooks 1.0.

use gaiterguard_vault::webhook_key;
use http::{HeaderMap, HeaderValue};

use crate::channel::Channel;
use crate::context::Context;
use crate::message::Message;
use crate::secrets::ChannelSecrets;
use crate::send::http_post;
use crate::send::outcome::{Accepted, NotAccepted};
use crate::settings::WebhookSettings;

/// The number of milliseconds in a second.
const MILLIS: i64 = 1000;

/// Sends a message. Its id stays the same in every attempt; the timestamp is that of the attempt, so that a receiver
/// can refuse old ones.
pub(super) async fn send(
    context: &Context,
    channel: &Channel,
    settings: &WebhookSettings,
    secrets: &ChannelSecrets,
    message: &Message,
) -> Result<Accepted, NotAccepted> {
    let body = serde_json::to_vec(message).map_err(|_| NotAccepted::failed("no message"))?;
    let now = context.now();
    let (id, timestamp) = (format!("msg_{}", message.id.simple()), now.0 / MILLIS);
    let signatures: Vec<_> = secrets
        .signing_keys(now)
        .filter_map(|key| webhook_key::sign(key, &id, timestamp, &body))
        .collect();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("webhook-id", id),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signatures.join(" ")),
    ] {
        let value = HeaderValue::try_from(value);
        headers.insert(
            name,
            value.map_err(|_| NotAccepted::failed("no signature"))?,
        );
    }
    http_post::json(context, channel, &settings.url, headers, body).await
}
