//! The Socket Mode: interactions arrive over a WebSocket that the gateway opens
//! (<https://docs.slack.dev/apis/events-api/using-socket-mode>).

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use gaiterguard_notify::Bot;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::chats::Chats;
use crate::slack::interaction::{command, interaction};

/// How long a connection may be silent. Slack sends a ping every few seconds.
const SILENCE_MAX: Duration = Duration::from_mins(2);

/// The longest message, in bytes. An interaction holds the message that was pressed, which has a few KiB.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// Receives interactions until the connection ends.
///
/// # Errors
///
/// Why the connection cannot be opened or has broken, without a secret.
pub(crate) async fn receive(chats: &Arc<Chats>, bot: &Arc<Bot>) -> Result<(), String> {
    let opened = TokioIo::new(bot.open_socket().await?);
    let mut settings = WebSocketConfig::default();
    settings.max_message_size = Some(MESSAGE_BYTES_MAX);
    settings.max_frame_size = Some(MESSAGE_BYTES_MAX);
    let mut socket = WebSocketStream::from_raw_socket(opened, Role::Client, Some(settings)).await;
    loop {
        let next = timeout(SILENCE_MAX, socket.next()).await;
        let message = match next.map_err(|_| "the connection is silent".to_owned())? {
            Some(Ok(Message::Text(text))) => text,
            // Pings are responded to by the protocol's implementation.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                socket.flush().await.map_err(|error| error.to_string())?;
                continue;
            }
            Some(Ok(_)) | None => return Ok(()),
            Some(Err(error)) => return Err(error.to_string()),
        };
        let envelope: Value = serde_json::from_str(&message).unwrap_or_default();
        if envelope["type"] == "disconnect" {
            return Ok(());
        }
        let Some(id) = envelope["envelope_id"].as_str() else {
            continue;
        };
        let response = respond(chats, bot, &envelope).await;
        let mut acknowledgment = json!({"envelope_id": id});
        if let Some(response) = response {
            acknowledgment["payload"] = response;
        }
        let text = acknowledgment.to_string();
        let sent = socket.send(Message::text(text)).await;
        sent.map_err(|error| error.to_string())?;
    }
}

async fn respond(chats: &Arc<Chats>, bot: &Arc<Bot>, envelope: &Value) -> Option<Value> {
    let payload = &envelope["payload"];
    match envelope["type"].as_str()? {
        "interactive" => interaction(chats, bot, payload.clone()).await,
        "slash_commands" => {
            let text = |name: &str| payload[name].as_str().unwrap_or_default();
            let sender = (text("team_id"), text("user_id"), text("user_name"));
            Some(command(chats, bot, sender, text("text")).await)
        }
        _ => None,
    }
}
