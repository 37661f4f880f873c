//! Telegram: what people do with the messages of a bot (<https://core.telegram.org/bots/api#update>).

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_notify::Bot;
use gaiterguard_store::{CardDecision, CardPrompt};
use gaiterguard_vault::token;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::accounts::Sender;
use crate::chats::Chats;
use crate::press::Reply;

/// How long Telegram holds a request until there is an update.
const POLL_WAIT: Duration = Duration::from_secs(25);

/// The shortest time between two requests without an update.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest text of a reply to a press, in characters.
const REPLY_CHARS_MAX: usize = 200;

/// The question for the reason of a denial.
const QUESTION: &str = "Reply to this message with the reason for the denial, which the agent receives. \
     Reply with a hyphen to deny without a reason.";

/// Receives updates until a request fails. An update is confirmed by the request for the next one, so one that a killed
/// process has not handled arrives again.
///
/// # Errors
///
/// Why no updates can be fetched, without a secret.
pub(crate) async fn receive(chats: &Arc<Chats>, bot: &Arc<Bot>) -> Result<(), String> {
    let mut offset = 0;
    loop {
        let asked_at = Instant::now();
        let updates = bot.updates(offset, POLL_WAIT).await?;
        if updates.is_empty() {
            // A server that does not hold the request must not be asked without a pause.
            sleep(PAUSE.saturating_sub(asked_at.elapsed())).await;
        }
        for update in updates {
            offset = offset.max(update["update_id"].as_i64().unwrap_or_default() + 1);
            // An update that has begun is handled to its end, even if this replica stops to receive.
            let (its, bot) = (Arc::clone(chats), Arc::clone(bot));
            let handling = chats.tasks.spawn(async move {
                handle(&its, &bot, &update).await;
            });
            let _ = handling.await;
        }
    }
}

async fn handle(chats: &Chats, bot: &Bot, update: &Value) -> Option<()> {
    if let press @ Value::Object(_) = &update["callback_query"] {
        return pressed(chats, bot, press).await;
    }
    let message = &update["message"];
    let sender = sender(&message["from"])?;
    let chat = message["chat"]["id"].as_i64()?;
    let text = message["text"].as_str()?;
    let mut words = text.split_whitespace();
    let command = words.next()?.split('@').next()?;
    let reply = if matches!(command, "/link" | "/start") {
        match (words.next(), words.next()) {
            (Some(code), None) => chats.link(bot, &sender, code).await,
            _ => format!(
                "Send /link CODE to decide with the buttons of messages. Create the code in GaiterGuard: \
                 {}/app/settings",
                bot.public_url()
            ),
        }
    } else {
        reason(chats, bot, &sender, message).await?
    };
    say(bot, chat, &reply, message["message_id"].as_i64()).await;
    Some(())
}

/// Handles a press of a button.
async fn pressed(chats: &Chats, bot: &Bot, press: &Value) -> Option<()> {
    let id = press["id"].as_str()?;
    let mut sender = sender(&press["from"])?;
    sender.card = receipt(&press["message"]);
    let hash = token::sha256(press["data"].as_str().unwrap_or_default());
    let button = chats.deps.store.card_button(&hash).await.ok().flatten();
    let is_denial = button.is_some_and(|button| button.decision == CardDecision::Deny);
    let reply = if is_denial {
        match chats.may_decide(bot, &sender, &hash).await {
            Ok(()) => ask_reason(chats, bot, &sender, hash, &press["message"]).await,
            Err(refused) => refused,
        }
    } else {
        chats.decide(bot, &sender, &hash, None).await
    };
    let text: String = reply.text().chars().take(REPLY_CHARS_MAX).collect();
    let body = json!({
        "callback_query_id": id,
        "text": text,
        "show_alert": matches!(reply, Reply::Refused(_)),
    });
    if let Err(error) = bot.call("answerCallbackQuery", body).await {
        tracing::warn!(%error, "a reply does not reach a person in Telegram");
    }
    Some(())
}

/// Asks for the reason of a denial.
async fn ask_reason(
    chats: &Chats,
    bot: &Bot,
    sender: &Sender,
    token_hash: [u8; 32],
    card: &Value,
) -> Reply {
    let failed = || Reply::Refused("Nothing was decided: press Deny again.".to_owned());
    let body = json!({
        "chat_id": card["chat"]["id"],
        "text": QUESTION,
        "reply_parameters": {"message_id": card["message_id"], "allow_sending_without_reply": true},
        "reply_markup": {"force_reply": true},
    });
    let asked = match bot.call("sendMessage", body).await {
        Ok(asked) => asked,
        Err(error) => {
            tracing::warn!(%error, "the reason for a denial cannot be asked for in Telegram");
            return failed();
        }
    };
    let Some(receipt) = receipt(&asked["result"]) else {
        return failed();
    };
    let prompt = CardPrompt {
        token_hash,
        account: sender.account.clone(),
    };
    let store = &chats.deps.store;
    let created = store.card_prompt_create(bot.id(), &receipt, &prompt, chats.now());
    match created.await {
        Ok(()) => Reply::Decided("Reply with the reason.".to_owned()),
        Err(error) => {
            tracing::warn!(%error, "the question for a reason cannot be stored");
            failed()
        }
    }
}

/// Denies with the reason that a message gives, if it replies to a question.
async fn reason(chats: &Chats, bot: &Bot, sender: &Sender, message: &Value) -> Option<String> {
    let question = &message["reply_to_message"];
    let receipt = receipt(question)?;
    let found = chats.deps.store.card_prompt(bot.id(), &receipt).await;
    let prompt = match found {
        Ok(Some(prompt)) => prompt,
        Ok(None) if question["text"] == QUESTION => {
            return Some("Nothing was decided: press Deny again.".to_owned());
        }
        Ok(None) => return None,
        Err(error) => {
            tracing::warn!(%error, "the question for a reason cannot be read");
            return Some("GaiterGuard's storage is unavailable. Try again.".to_owned());
        }
    };
    if prompt.account != sender.account {
        return Some(
            "Nothing was decided: the question is for someone else. Press Deny.".to_owned(),
        );
    }
    let text = message["text"].as_str().unwrap_or_default().trim();
    let note = (text != "-" && !text.is_empty()).then(|| text.to_owned());
    let reply = chats.decide(bot, sender, &prompt.token_hash, note).await;
    Some(reply.text().to_owned())
}

async fn say(bot: &Bot, chat: i64, text: &str, to: Option<i64>) {
    let mut body = json!({"chat_id": chat, "text": text});
    if let Some(to) = to {
        body["reply_parameters"] = json!({"message_id": to, "allow_sending_without_reply": true});
    }
    if let Err(error) = bot.call("sendMessage", body).await {
        tracing::warn!(%error, "a reply does not reach a person in Telegram");
    }
}

/// Returns the identifier of a message, in the form in which a card's is stored.
fn receipt(message: &Value) -> Option<String> {
    let chat = message["chat"]["id"].as_i64()?;
    Some(format!("{chat}:{}", message["message_id"].as_i64()?))
}

/// Returns the sender of a message. Bots decide nothing.
fn sender(from: &Value) -> Option<Sender> {
    if from["is_bot"] == true {
        return None;
    }
    let name = from["username"].as_str();
    let name = name.or_else(|| from["first_name"].as_str());
    Some(Sender {
        account: from["id"].as_i64()?.to_string(),
        name: name.unwrap_or_default().to_owned(),
        card: None,
    })
}
