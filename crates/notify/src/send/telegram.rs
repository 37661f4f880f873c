//! Messages of a bot of Telegram (<https://core.telegram.org/bots/api>). They are changed when the action ends.

use std::fmt::Write as _;
use std::time::Duration;

use http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::buttons::Buttons;
use crate::card::Card;
use crate::channel::Channel;
use crate::context::Context;
use crate::secrets::ChannelSecrets;
use crate::send::http_post;
use crate::send::outcome::{Accepted, NotAccepted};
use crate::settings::TelegramSettings;
use crate::text::{Escape, html, shown};

/// The longest title, in bytes, escaped.
const TITLE_BYTES_MAX: usize = 400;

/// The longest name or value of a row, in bytes, escaped.
const VALUE_BYTES_MAX: usize = 250;

/// The longest text, in bytes, escaped. A message has at most 4096 characters.
const TEXT_BYTES_MAX: usize = 3900;

/// The longest request that a message shows whole, in bytes, escaped, which leaves room for the title and the rows.
pub(crate) const REQUEST_BYTES_MAX: usize = 2000;

/// How a text is escaped.
pub(crate) const ESCAPE: Escape = html;

/// The beginnings of the errors of a change that leaves nothing to do: the message is as it should be, or deleted.
const DONE: [&str; 3] = [
    "Bad Request: message is not modified",
    "Bad Request: message to edit not found",
    "Bad Request: message can't be edited",
];

/// Sends a card.
pub(super) async fn send(
    context: &Context,
    channel: &Channel,
    settings: &TelegramSettings,
    secrets: &ChannelSecrets,
    mut body: Value,
) -> Result<Accepted, NotAccepted> {
    body["chat_id"] = settings.chat_id.as_str().into();
    let method = "sendMessage";
    let result = call(context, channel, settings, secrets, method, body, None).await?;
    let sent = &result["result"];
    let receipt = sent["message_id"].as_i64().zip(sent["chat"]["id"].as_i64());
    Ok(Accepted {
        receipt: receipt.map(|(message, chat)| format!("{chat}:{message}")),
    })
}

/// Changes a message that was sent to another card.
pub(super) async fn edit(
    context: &Context,
    channel: &Channel,
    settings: &TelegramSettings,
    secrets: &ChannelSecrets,
    receipt: &str,
    mut body: Value,
) -> Result<(), NotAccepted> {
    let ids = receipt.split_once(':');
    let ids = ids.and_then(|(chat, message)| chat.parse::<i64>().ok().zip(message.parse().ok()));
    let Some((chat, message)) = ids else {
        return Ok(());
    };
    let message: i64 = message;
    body["chat_id"] = chat.into();
    body["message_id"] = message.into();
    let method = "editMessageText";
    let done = call(context, channel, settings, secrets, method, body, None).await;
    done.map(drop)
}

/// Calls a method of the bot. The response must begin within `response_max`, or within the usual time.
pub(crate) async fn call(
    context: &Context,
    channel: &Channel,
    settings: &TelegramSettings,
    secrets: &ChannelSecrets,
    method: &str,
    body: Value,
    response_max: Option<Duration>,
) -> Result<Value, NotAccepted> {
    let Some(token) = &secrets.token else {
        return Err(NotAccepted::failed("the channel has no token"));
    };
    let server = settings.server.trim_end_matches('/');
    let url = Zeroizing::new(format!("{server}/bot{}/{method}", token.expose_secret()));
    let body = body.to_string().into_bytes();
    let headers = HeaderMap::new();
    let (response, mut refused) = match response_max {
        None => http_post::json_response(context, channel, &url, headers, body).await?,
        Some(limit) => {
            http_post::json_response_within(context, channel, &url, headers, body, limit).await?
        }
    };
    let description = response["description"].as_str().unwrap_or_default();
    let is_done = DONE.iter().any(|done| description.starts_with(done));
    if response["ok"] == true || is_done {
        return Ok(response);
    }
    let seconds = response["parameters"]["retry_after"].as_u64();
    refused.retry_after = seconds.map(Duration::from_secs).or(refused.retry_after);
    // The code says enough; a description may repeat what was sent.
    if let Some(code) = response["error_code"].as_u64() {
        refused.error = match code {
            400 => "Telegram refused the message, or does not know the chat (400)".to_owned(),
            401 | 404 => format!("Telegram does not know the token ({code})"),
            403 => "the bot may not write to the chat (403)".to_owned(),
            code => format!("Telegram responded with {code}"),
        };
    }
    refused.is_gone = false;
    Err(refused)
}

/// Returns the message of a card.
pub(crate) fn content(card: &Card, buttons: Option<&Buttons>) -> Value {
    let mut content = json!({
        "text": text(card, buttons),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": true},
    });
    // Telegram accepts only public addresses on a button.
    let link = card
        .link
        .as_ref()
        .filter(|link| link.starts_with("https://"));
    let mut rows = Vec::new();
    if let Some(buttons) = buttons {
        // A token has 64 bytes, as many as Telegram allows.
        let button = |label: &str, token: &SecretString| json!({"text": label, "callback_data": token.expose_secret()});
        let approve = buttons.approve.as_ref();
        let mut row: Vec<_> = approve
            .map(|token| button("Approve", token))
            .into_iter()
            .collect();
        row.push(button("Deny", &buttons.deny));
        rows.push(row);
    }
    rows.extend(link.map(|link| vec![json!({"text": "Open", "url": link})]));
    if !rows.is_empty() {
        content["reply_markup"] = json!({"inline_keyboard": rows});
    }
    content
}

/// Returns the text. Each part is escaped, and then cut to its limit.
fn text(card: &Card, buttons: Option<&Buttons>) -> String {
    let mut text = format!("<b>{}</b>\n", shown(&card.title, TITLE_BYTES_MAX, html));
    let link = card
        .link
        .as_deref()
        .map(|link| shown(link, VALUE_BYTES_MAX, html));
    let link = link.map_or_else(String::new, |link| format!("\n{link}"));
    let request = buttons
        .and_then(|buttons| buttons.request.as_ref())
        .map(|request| format!("\nThe whole request:\n<pre>{request}</pre>"))
        .unwrap_or_default();
    let reason = buttons
        .and_then(Buttons::why_not_approved_here)
        .map(|reason| format!("\n{reason}"))
        .unwrap_or_default();
    let link = format!("{request}{reason}{link}");
    for (name, value) in &card.rows {
        let (name, value) = (
            shown(name, VALUE_BYTES_MAX, html),
            shown(value, VALUE_BYTES_MAX, html),
        );
        if text.len() + name.len() + value.len() + link.len() + 10 < TEXT_BYTES_MAX {
            let _ = writeln!(text, "{name}: {value}");
        }
    }
    let frame = "The agent says:\n<blockquote></blockquote>";
    if let Some(intent) = &card.intent
        && let Some(room) = TEXT_BYTES_MAX.checked_sub(text.len() + link.len() + frame.len() + 8)
    {
        let intent = shown(intent, room, html);
        let _ = write!(text, "The agent says:\n<blockquote>{intent}</blockquote>");
    }
    text.push_str(&link);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Urgency;

    #[test]
    fn a_message_stays_below_the_limit_and_has_only_its_own_markup() {
        let long = "<b>&".repeat(25_000);
        let card = Card {
            title: long.clone(),
            rows: vec![(long.clone(), long.clone()); 30],
            intent: Some(long),
            link: Some("https://gate.example/app/".to_owned()),
            urgency: Urgency::High,
        };
        let text = text(&card, None);
        assert!(text.len() <= TEXT_BYTES_MAX, "{}", text.len());
        assert_eq!(text.matches("<b>").count(), 1);
        assert!(text.ends_with("https://gate.example/app/"));
        assert_eq!(
            content(&card, None)["reply_markup"]["inline_keyboard"][0][0]["text"],
            "Open"
        );
    }
}
