//! Messages of a bot of Slack (<https://docs.slack.dev/reference/methods/chat.postMessage>). They are changed when the
//! action ends.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use hyper::upgrade::Upgraded;
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
use crate::settings::SlackSettings;
use crate::text::{Escape, shown};

/// The longest title, in bytes, escaped. The header of a message has at most 150 characters.
const TITLE_BYTES_MAX: usize = 150;

/// The longest name and value of a row, in bytes, escaped.
const VALUE_BYTES_MAX: usize = 500;

/// The longest text of the agent, in bytes, escaped. A section has at most 3000 characters.
const INTENT_BYTES_MAX: usize = 2800;

/// The longest request that a message shows whole, in bytes, escaped. A section has at most 3000 characters.
pub(crate) const REQUEST_BYTES_MAX: usize = 2800;

/// How a text is escaped.
pub(crate) const ESCAPE: Escape = escape;

/// The most fields of a section.
const FIELDS_MAX: usize = 10;

/// The most rows, in two sections: more than a card has, and far from the 50 blocks of a message.
const ROWS_MAX: usize = 20;

/// The longest error code of Slack that is repeated.
const CODE_CHARS_MAX: usize = 60;

/// The errors of a change that leaves nothing to do.
const DONE: [&str; 3] = [
    "message_not_found",
    "cant_update_message",
    "edit_window_closed",
];

/// Slack reads these characters as markup and as mentions, such as `<!channel>`.
fn escape(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        c => out.push(c),
    }
}

/// Sends a card.
pub(super) async fn send(
    context: &Context,
    channel: &Channel,
    settings: &SlackSettings,
    secrets: &ChannelSecrets,
    mut body: Value,
) -> Result<Accepted, NotAccepted> {
    body["channel"] = settings.channel.as_str().into();
    let sent = call(
        context,
        channel,
        settings,
        secrets.token.as_ref(),
        "chat.postMessage",
        body,
    )
    .await?;
    let receipt = sent["channel"].as_str().zip(sent["ts"].as_str());
    Ok(Accepted {
        receipt: receipt.map(|(channel, ts)| format!("{channel}:{ts}")),
    })
}

/// Changes a message that was sent to another card.
pub(super) async fn edit(
    context: &Context,
    channel: &Channel,
    settings: &SlackSettings,
    secrets: &ChannelSecrets,
    receipt: &str,
    mut body: Value,
) -> Result<(), NotAccepted> {
    let Some((to, ts)) = receipt.split_once(':') else {
        return Ok(());
    };
    body["channel"] = to.into();
    body["ts"] = ts.into();
    let token = secrets.token.as_ref();
    let done = call(context, channel, settings, token, "chat.update", body).await;
    done.map(drop)
}

/// Opens a WebSocket of the Socket Mode (<https://docs.slack.dev/apis/events-api/using-socket-mode>).
pub(crate) async fn open_socket(
    context: &Context,
    channel: &Channel,
    settings: &SlackSettings,
    secrets: &ChannelSecrets,
) -> Result<Upgraded, NotAccepted> {
    let token = secrets.app_token.as_ref();
    let method = "apps.connections.open";
    let opened = call(context, channel, settings, token, method, json!({})).await?;
    let url = opened["url"].as_str().unwrap_or_default();
    let url = match url.split_once("://") {
        Some(("wss", rest)) => format!("https://{rest}"),
        Some(("ws", rest)) if settings.server.starts_with("http://") => format!("http://{rest}"),
        _ => return Err(NotAccepted::failed("Slack returned no WebSocket URL")),
    };
    http_post::web_socket(context, channel, &Zeroizing::new(url)).await
}

/// Calls a method of Slack's API.
pub(crate) async fn call(
    context: &Context,
    channel: &Channel,
    settings: &SlackSettings,
    token: Option<&SecretString>,
    method: &str,
    body: Value,
) -> Result<Value, NotAccepted> {
    let Some(token) = token else {
        return Err(NotAccepted::failed("the channel has no token"));
    };
    let value = Zeroizing::new(format!("Bearer {}", token.expose_secret()));
    let mut value = HeaderValue::try_from(value.as_str())
        .map_err(|_| NotAccepted::failed("the token cannot be sent in a header"))?;
    value.set_sensitive(true);
    let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
    let url = format!("{}/{method}", settings.server.trim_end_matches('/'));
    let body = body.to_string().into_bytes();
    let (response, mut refused) =
        http_post::json_response(context, channel, &url, headers, body).await?;
    let code = response["error"].as_str().filter(|code| is_code(code));
    if response["ok"] == true || code.is_some_and(|code| DONE.contains(&code)) {
        return Ok(response);
    }
    if let Some(code) = code {
        refused.error = format!("Slack refused the message: {code}");
    }
    refused.is_gone = false;
    Err(refused)
}

/// Whether a text is an error code of Slack, and so does not repeat what was sent.
fn is_code(text: &str) -> bool {
    text.len() <= CODE_CHARS_MAX
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Returns the message of a card.
pub(crate) fn content(card: &Card, buttons: Option<&Buttons>) -> Value {
    let plain = |text: String| json!({"type": "plain_text", "text": text, "emoji": false});
    let title = shown(&card.title, TITLE_BYTES_MAX, escape);
    let mut blocks = vec![json!({"type": "header", "text": plain(title.clone())})];
    let fields: Vec<_> = card
        .rows
        .iter()
        .take(ROWS_MAX)
        .map(|(name, value)| {
            let (name, value) = (
                shown(name, VALUE_BYTES_MAX, escape),
                shown(value, VALUE_BYTES_MAX, escape),
            );
            plain(format!("{name}: {value}"))
        })
        .collect();
    let sections = fields.chunks(FIELDS_MAX);
    blocks.extend(sections.map(|fields| json!({"type": "section", "fields": fields})));
    if let Some(intent) = &card.intent {
        let intent = shown(intent, INTENT_BYTES_MAX, escape);
        let text = plain(format!("The agent says: “{intent}”"));
        blocks.push(json!({"type": "section", "text": text}));
    }
    if let Some(buttons) = buttons {
        let request = buttons.request.as_ref();
        let request = request.map(|request| format!("The whole request:\n{request}"));
        let reason = buttons.why_not_approved_here().map(str::to_owned);
        for text in request.into_iter().chain(reason) {
            blocks.push(json!({"type": "section", "text": plain(text)}));
        }
        let button = |id: &str, label: &str, style: &str, token: &SecretString| {
            json!({
                "type": "button", "action_id": id, "text": plain(label.to_owned()), "style": style,
                "value": token.expose_secret(),
            })
        };
        let mut elements = Vec::new();
        let approve = buttons.approve.as_ref();
        elements.extend(approve.map(|token| button("approve", "Approve", "primary", token)));
        elements.push(button("deny", "Deny", "danger", &buttons.deny));
        if let Some(link) = &card.link {
            let open = plain("Open".to_owned());
            let open = json!({"type": "button", "action_id": "open", "text": open, "url": link});
            elements.push(open);
        }
        blocks.push(json!({"type": "actions", "elements": elements}));
    } else if let Some(link) = &card.link {
        let link = shown(link, VALUE_BYTES_MAX, escape);
        let text = json!({"type": "mrkdwn", "text": format!("<{link}|Open in GaiterGuard>")});
        blocks.push(json!({"type": "section", "text": text}));
    }
    json!({"text": title, "blocks": blocks, "unfurl_links": false, "unfurl_media": false})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Urgency;

    #[test]
    fn an_agent_mentions_nobody_and_fills_no_block() {
        let long = "<!channel> *b* ".repeat(10_000);
        let card = Card {
            title: long.clone(),
            rows: vec![(long.clone(), long.clone()); 30],
            intent: Some(long),
            link: Some("https://gate.example/app/?a=1&b=2".to_owned()),
            urgency: Urgency::High,
        };
        let content = content(&card, None);
        let text = content.to_string();
        assert!(!text.contains("<!"), "{text}");
        let blocks = content["blocks"].as_array().unwrap();
        assert_eq!(blocks.len(), 5);
        assert!(blocks[0]["text"]["text"].as_str().unwrap().len() <= 150);
        for fields in &blocks[1..3] {
            assert_eq!(fields["fields"].as_array().unwrap().len(), FIELDS_MAX);
        }
        assert!(blocks[3]["text"]["text"].as_str().unwrap().len() <= 3000);
        let link = "<https://gate.example/app/?a=1&amp;b=2|Open in GaiterGuard>";
        assert_eq!(blocks[4]["text"]["text"], link);
    }
}
