//! Push notifications through a server of ntfy, published as JSON (<https://docs.ntfy.sh/publish/#publish-as-json>).

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use secrecy::ExposeSecret as _;
use serde_json::json;
use zeroize::Zeroizing;

use crate::card::{Card, Urgency};
use crate::channel::Channel;
use crate::context::Context;
use crate::secrets::ChannelSecrets;
use crate::send::http_post;
use crate::send::outcome::{Accepted, NotAccepted};
use crate::settings::NtfySettings;
use crate::text::{plain, shown};

/// The longest title, in bytes: two lines on a phone.
const TITLE_BYTES_MAX: usize = 200;

/// The longest name or value of a row, in bytes.
const VALUE_BYTES_MAX: usize = 300;

/// The longest message, in bytes. A server turns a message of more than 4096 bytes into an attachment.
const MESSAGE_BYTES_MAX: usize = 3800;

/// Sends a card.
pub(super) async fn send(
    context: &Context,
    channel: &Channel,
    settings: &NtfySettings,
    secrets: &ChannelSecrets,
    card: &Card,
) -> Result<Accepted, NotAccepted> {
    let mut headers = HeaderMap::new();
    if let Some(token) = &secrets.token {
        let value = Zeroizing::new(format!("Bearer {}", token.expose_secret()));
        let mut value = HeaderValue::try_from(value.as_str())
            .map_err(|_| NotAccepted::failed("the token cannot be sent in a header"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let body = json!({
        "topic": settings.topic,
        "title": shown(&card.title, TITLE_BYTES_MAX, plain),
        "message": message(card),
        "priority": priority(card.urgency),
        "click": card.link,
    });
    let body = body.to_string().into_bytes();
    http_post::json(context, channel, &settings.server, headers, body).await
}

/// Returns the text, whose rows are cut one by one, so that a long value leaves room for the others.
fn message(card: &Card) -> String {
    let mut text = String::new();
    for (name, value) in &card.rows {
        text.push_str(&shown(name, VALUE_BYTES_MAX, plain));
        text.push_str(": ");
        text.push_str(&shown(value, VALUE_BYTES_MAX, plain));
        text.push('\n');
    }
    let label = "The agent says: ";
    if let Some(intent) = &card.intent
        && let Some(room) = MESSAGE_BYTES_MAX.checked_sub(text.len() + label.len() + 8)
    {
        text.push_str(label);
        text.push('“');
        text.push_str(&shown(intent, room, plain));
        text.push('”');
    }
    let end = text.floor_char_boundary(MESSAGE_BYTES_MAX.min(text.len()));
    text.truncate(end);
    text.trim_end().to_owned()
}

/// Returns the number that ntfy has for it: 4 vibrates longer and is shown above others.
fn priority(urgency: Urgency) -> u8 {
    match urgency {
        Urgency::Low => 2,
        Urgency::Normal => 3,
        Urgency::High => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_below_the_limit_however_long_the_values_are() {
        let long = "é".repeat(50_000);
        let card = Card {
            title: long.clone(),
            rows: vec![(long.clone(), long.clone()); 20],
            intent: Some(long),
            link: None,
            urgency: Urgency::High,
        };
        assert!(message(&card).len() <= MESSAGE_BYTES_MAX);
        let short = Card {
            rows: vec![("Agent".to_owned(), "bot".to_owned())],
            intent: Some("a\u{202e}b".to_owned()),
            ..card
        };
        assert_eq!(message(&short), "Agent: bot\nThe agent says: “a[U+202E]b”");
    }
}
