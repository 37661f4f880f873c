//! The buttons of a card. Each has a token that is used once, for one decision on one request as the card shows it.

use gaiterguard_domain::id::ActionId;
use gaiterguard_store::{CardButton, CardDecision};
use gaiterguard_vault::token;
use secrecy::{ExposeSecret as _, SecretString};

use crate::channel::Channel;
use crate::context::Context;
use crate::event::NotificationEvent;
use crate::message::{Message, Object};
use crate::secrets::ChannelSecrets;
use crate::send::NotAccepted;
use crate::settings::ChannelSettings;
use crate::text::{Escape, whole_lines};

/// The buttons of a card.
#[derive(Clone, Debug)]
pub(crate) struct Buttons {
    /// The token that approves; `None` if the card does not show the whole request, or an approval needs a
    /// passkey.
    pub(crate) approve: Option<SecretString>,
    /// The token that denies.
    pub(crate) deny: SecretString,
    /// The whole request, escaped for the channel.
    pub(crate) request: Option<String>,
}

impl Buttons {
    /// Returns why the card does not approve; `None` if it does.
    pub(crate) fn why_not_approved_here(&self) -> Option<&'static str> {
        match (&self.request, &self.approve) {
            (None, _) => Some("The whole request cannot be shown here. Open it to approve it."),
            (Some(_), None) => Some("Approval needs a passkey. Open it to approve it."),
            (Some(_), Some(_)) => None,
        }
    }
}

impl ChannelSettings {
    /// Whether people decide with the buttons of this channel's cards.
    pub(crate) fn decides(&self) -> bool {
        match self {
            Self::Slack(slack) => slack.has_signing_secret || slack.has_app_token,
            Self::Telegram(telegram) => telegram.decisions,
            _ => false,
        }
    }
}

/// Makes the buttons of a card about these messages; `None` for a card without buttons. `bytes_max` is the longest
/// request that the card can show, escaped.
pub(crate) async fn of(
    context: &Context,
    channel: &Channel,
    messages: &[Message],
    bytes_max: usize,
    escape: Escape,
) -> Result<Option<Buttons>, NotAccepted> {
    let [message] = messages else {
        return Ok(None);
    };
    let asks = message.event.is_some_and(NotificationEvent::asks);
    let Object::Action(action) = &message.data.object else {
        return Ok(None);
    };
    if !asks || !action.is_pending || !channel.settings.decides() {
        return Ok(None);
    }
    let Ok(id) = action.action_id.parse::<ActionId>() else {
        return Ok(None);
    };
    let unavailable = || NotAccepted::failed("the gateway's storage is unavailable");
    let whole = context.requests.whole(channel.workspace(), id).await;
    let Some(whole) = whole.map_err(|_| unavailable())? else {
        return Ok(None);
    };
    let text = whole.text();
    let request = text.and_then(|text| whole_lines(&text, bytes_max, escape));
    let generate = || token::generate_hex().map_err(|_| unavailable());
    let approves = request.is_some() && !whole.needs_passkey;
    let buttons = Buttons {
        approve: approves.then(generate).transpose()?,
        deny: generate()?,
        request,
    };
    let stored = |token: &SecretString, decision| CardButton {
        token_hash: token::sha256(token.expose_secret()),
        channel: channel.id(),
        action: id,
        revision: whole.revision,
        digest: whole.digest,
        decision,
        expires_at: whole.expires_at,
        used_by: None,
    };
    let approve = buttons.approve.as_ref();
    let mut rows = vec![stored(&buttons.deny, CardDecision::Deny)];
    rows.extend(approve.map(|token| stored(token, CardDecision::Approve)));
    let store = &context.store;
    store
        .card_buttons_create(&rows, context.now())
        .await
        .map_err(|_| unavailable())?;
    Ok(Some(buttons))
}

/// Returns what identifies the chat that a channel's messages are from: a hash of the secrets that prove it. So an
/// account that was linked through one bot is not linked through another one, whose secrets someone else may know.
pub(crate) fn app(settings: &ChannelSettings, secrets: &ChannelSecrets) -> Option<[u8; 32]> {
    let code = |secret: &SecretString, text: &str| token::keyed_code(secret, "chat app", text);
    match settings {
        ChannelSettings::Slack(slack) => {
            let signing = secrets.signing_secret.as_ref();
            let socket = secrets.app_token.as_ref();
            match (signing, socket) {
                (Some(signing), Some(socket)) => {
                    let socket = token::sha256(socket.expose_secret());
                    Some(code(signing, &format!("{} {socket:?}", slack.server)))
                }
                (Some(only), None) | (None, Some(only)) => Some(code(only, &slack.server)),
                (None, None) => None,
            }
        }
        ChannelSettings::Telegram(telegram) => {
            let token = secrets.token.as_ref()?;
            Some(code(token, &telegram.server))
        }
        _ => None,
    }
}
