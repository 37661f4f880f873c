//! Interactions in Slack, however they arrive: presses of buttons, the reason of a denial, and commands.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_notify::Bot;
use gaiterguard_vault::token;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::accounts::Sender;
use crate::chats::Chats;
use crate::press::Reply;

/// How long a response waits for the decision. Slack waits for three seconds, including the time on the network.
const DECISION_WAIT: Duration = Duration::from_secs(2);

/// The longest reason, in characters, as long as a note may be.
const REASON_CHARS_MAX: usize = 2000;

/// Handles an interaction, and returns the body of the response.
pub(crate) async fn interaction(
    chats: &Arc<Chats>,
    bot: &Arc<Bot>,
    payload: Value,
) -> Option<Value> {
    let team = payload["team"]["id"].as_str();
    let team = team.or_else(|| payload["user"]["team_id"].as_str());
    let user = payload["user"]["id"].as_str()?;
    let name = payload["user"]["username"].as_str().unwrap_or_default();
    let mut sender = sender((team?, user, name))?;
    match payload["type"].as_str()? {
        "block_actions" => {
            let press = &payload["actions"][0];
            let hash = token::sha256(press["value"].as_str().unwrap_or_default());
            let place = Place::of(&payload["container"]["channel_id"], user)?;
            let ts = payload["container"]["message_ts"].as_str();
            sender.card = ts.map(|ts| format!("{}:{ts}", place.channel));
            match press["action_id"].as_str()? {
                "approve" => {
                    within_time(chats, bot, sender, hash, None, place).await;
                }
                "deny" => ask_reason(chats, bot, &sender, &hash, &payload, place).await,
                _ => {}
            }
            None
        }
        "view_submission" => {
            let view = &payload["view"];
            let kept: Value = serde_json::from_str(view["private_metadata"].as_str()?).ok()?;
            let hash = token::sha256(kept["token"].as_str()?);
            let place = Place::of(&kept["channel"], user)?;
            let reason = view["state"]["values"]["reason"]["text"]["value"].as_str();
            let form = Form {
                reason: reason
                    .filter(|reason| !reason.trim().is_empty())
                    .map(str::to_owned),
            };
            let reply = within_time(chats, bot, sender, hash, Some(form), place).await;
            let Some(Reply::Refused(why)) = reply else {
                return None;
            };
            Some(json!({"response_action": "errors", "errors": {"reason": why}}))
        }
        _ => None,
    }
}

/// Handles the command `/gaiterguard`, and returns the response.
pub(crate) async fn command(
    chats: &Chats,
    bot: &Bot,
    from: (&str, &str, &str),
    text: &str,
) -> Value {
    let words: Vec<&str> = text.split_whitespace().collect();
    let reply = match (words.as_slice(), sender(from)) {
        (["link", code], Some(sender)) => chats.link(bot, &sender, code).await,
        _ => format!(
            "Send `/gaiterguard link CODE` to decide with the buttons of messages. Create the code in \
             GaiterGuard: {}/app/settings",
            bot.public_url()
        ),
    };
    json!({"response_type": "ephemeral", "text": bot.escaped(&reply)})
}

/// Returns the sender with these ids of a team and a user, and this name. A user is known by both ids.
fn sender((team, user, name): (&str, &str, &str)) -> Option<Sender> {
    (!team.is_empty() && !user.is_empty()).then(|| Sender {
        account: format!("{team}:{user}"),
        name: name.to_owned(),
        card: None,
    })
}

/// Where a person sees a reply that nobody else does.
#[derive(Clone)]
struct Place {
    channel: String,
    user: String,
}

impl Place {
    fn of(channel: &Value, user: &str) -> Option<Self> {
        Some(Self {
            channel: channel.as_str()?.to_owned(),
            user: user.to_owned(),
        })
    }

    async fn notify(&self, bot: &Bot, text: &str) {
        let message = json!({
            "channel": self.channel, "user": self.user, "text": bot.escaped(text),
        });
        if let Err(error) = bot.call("chat.postEphemeral", message).await {
            tracing::warn!(%error, "a reply does not reach a person in Slack");
        }
    }
}

/// A form for the reason of a denial, as it was submitted.
struct Form {
    reason: Option<String>,
}

/// Decides in a task of its own, and notifies the person. Returns the reply if it is there in time.
async fn within_time(
    chats: &Arc<Chats>,
    bot: &Arc<Bot>,
    sender: Sender,
    hash: [u8; 32],
    form: Option<Form>,
    place: Place,
) -> Option<Reply> {
    let (sending, receiving) = tokio::sync::oneshot::channel();
    let (its, bot) = (Arc::clone(chats), Arc::clone(bot));
    let has_form = form.is_some();
    let reason = form.and_then(|form| form.reason);
    chats.tasks.spawn(async move {
        let reply = its.decide(&bot, &sender, &hash, reason).await;
        let text = reply.text().to_owned();
        let is_shown = has_form && matches!(reply, Reply::Refused(_));
        // A refusal of a form is shown in it, if the response still waits.
        if sending.send(reply).is_err() || !is_shown {
            place.notify(&bot, &text).await;
        }
    });
    timeout(DECISION_WAIT, receiving).await.ok()?.ok()
}

/// Opens a form for the reason of a denial.
async fn ask_reason(
    chats: &Arc<Chats>,
    bot: &Arc<Bot>,
    sender: &Sender,
    hash: &[u8; 32],
    payload: &Value,
    place: Place,
) {
    let kept = json!({"token": payload["actions"][0]["value"], "channel": place.channel});
    let plain = |text: &str| json!({"type": "plain_text", "text": text});
    let input = json!({
        "type": "plain_text_input", "action_id": "text", "multiline": true,
        "max_length": REASON_CHARS_MAX,
    });
    let view = json!({
        "type": "modal",
        "callback_id": "deny",
        "private_metadata": kept.to_string(),
        "title": plain("Deny the request"),
        "submit": plain("Deny"),
        "close": plain("Cancel"),
        "blocks": [{
            "type": "input", "block_id": "reason", "optional": true, "element": input,
            "label": plain("Reason"), "hint": plain("The agent receives it."),
        }],
    });
    let form = json!({"trigger_id": payload["trigger_id"], "view": view});
    let (its, bot, sender, hash) = (Arc::clone(chats), Arc::clone(bot), sender.clone(), *hash);
    let asking = chats.tasks.spawn(async move {
        if let Err(refused) = its.may_decide(&bot, &sender, &hash).await {
            place.notify(&bot, refused.text()).await;
        } else if let Err(error) = bot.call("views.open", form).await {
            tracing::warn!(%error, "the form for a denial cannot be opened in Slack");
            let text = "Nothing was decided: the form cannot be opened. Press Deny again, or decide in GaiterGuard.";
            place.notify(&bot, text).await;
        }
    });
    // The rest continues by itself.
    let _ = timeout(DECISION_WAIT, asking).await;
}
