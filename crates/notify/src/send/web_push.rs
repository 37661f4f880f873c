//! Push notifications in a browser, through the push service of its maker (RFC 8030): encrypted for the browser
//! (RFC 8291) and signed by this gateway (RFC 8292).

use std::time::Duration;

use gaiterguard_domain::time::Timestamp;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use uuid::Uuid;

use crate::card::{Card, Urgency, headline, name_of};
use crate::channel::Channel;
use crate::context::Context;
use crate::event::NotificationEvent;
use crate::message::{ActionData, Message, Object};
use crate::push::key::vapid_key;
use crate::push::recipient;
use crate::push::subscription::Subscription;
use crate::secrets::ChannelSecrets;
use crate::send::http_post;
use crate::send::outcome::{Accepted, NotAccepted};
use crate::text::{plain, shown};

/// How long the signature of a request to a push service is valid. The standard allows 24 hours; push services whose
/// clock is behind must accept it too.
const SIGNED_FOR: Duration = Duration::from_hours(12);

/// How long a push service keeps a message for a browser that is not connected, if the message itself has no end.
const KEPT_FOR: Duration = Duration::from_hours(24);

/// The longest title, in bytes: two lines on a phone.
const TITLE_BYTES_MAX: usize = 240;

/// The longest second line, in bytes.
const BODY_BYTES_MAX: usize = 400;

/// The receipt of a notification that can be replaced. Its name follows from the action.
const RECEIPT: &str = "notified";

/// A notification, as the service worker of the dashboard reads it. It stays well below the limit of a push message.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Notice {
    title: String,
    body: String,
    /// A later notification with the same name replaces an earlier one.
    tag: String,
    /// The name of an earlier notification that says less, and is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    closes: Option<String>,
    /// The request to open; the queue if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    action_id: Option<String>,
    /// The digest of the request, with which it can be denied; `None` if it cannot be decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// Whether the request can still be decided.
    asks: bool,
    /// Whether the notification makes no sound, because it only replaces another.
    silent: bool,
    /// How many requests wait for a human.
    waiting: i64,
}

/// Sends messages: several as one notification, and the end of an action in place of its notification.
pub(super) async fn send(
    context: &Context,
    channel: &Channel,
    secrets: &ChannelSecrets,
    messages: &[Message],
    replaces: bool,
) -> Result<Accepted, NotAccepted> {
    let damaged = || NotAccepted::failed("the subscription cannot be read");
    let stored = secrets.subscription.as_ref().ok_or_else(damaged)?;
    let subscription: Subscription =
        serde_json::from_str(stored.expose_secret()).map_err(|_| damaged())?;
    let subscriber = subscription.subscriber().ok_or_else(damaged)?;
    let origin = subscription.origin().ok_or_else(damaged)?;

    let now = context.now();
    let store = &context.store;
    let waiting = store.push_waiting(channel.workspace(), now).await;
    let waiting = waiting.map_err(|error| NotAccepted::failed(error.to_string()))?;
    let notice = notice(context, messages, replaces, waiting, now);
    let plaintext = serde_json::to_vec(&notice).unwrap_or_default();
    let body = gaiterguard_webpush::encrypt(&subscriber, &plaintext)
        .map_err(|error| NotAccepted::failed(error.to_string()))?;

    let key = vapid_key(context).await.map_err(|error| {
        tracing::error!(%error, "the key for push services cannot be used");
        NotAccepted::failed("the gateway's key for push services cannot be used")
    })?;
    let contact = contact(context);
    let expires_at = now.after(SIGNED_FOR).0 / 1000;
    let signed = key
        .authorization(&origin.to_string(), expires_at, contact.as_deref())
        .map_err(|error| NotAccepted::failed(error.to_string()))?;
    let headers = headers(&signed, messages, now)
        .map_err(|_| NotAccepted::failed("the message cannot be sent in headers"))?;
    let (status, refused) =
        http_post::bytes(context, channel, &subscription.endpoint, headers, body).await?;
    if status.is_success() {
        return Ok(Accepted {
            receipt: notice.asks.then(|| RECEIPT.to_owned()),
        });
    }
    Err(NotAccepted {
        // RFC 8030, section 7.3: a subscription that has expired is 404 or 410.
        is_gone: matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE),
        ..refused
    })
}

fn headers(
    signed: &str,
    messages: &[Message],
    now: Timestamp,
) -> Result<HeaderMap, http::header::InvalidHeaderValue> {
    let mut headers = HeaderMap::new();
    let mut authorization = HeaderValue::try_from(signed)?;
    authorization.set_sensitive(true);
    headers.insert(AUTHORIZATION, authorization);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("aes128gcm"));
    headers.insert("ttl", HeaderValue::from(kept_for(messages, now).as_secs()));
    headers.insert("urgency", HeaderValue::from_static(urgency(messages)));
    if let [message] = messages
        && let Object::Action(action) = &message.data.object
        && let Some(topic) = topic(&action.action_id)
    {
        headers.insert("topic", HeaderValue::try_from(topic)?);
    }
    Ok(headers)
}

/// Returns the name under which a push service replaces a message that it has not delivered: at most 32 characters.
fn topic(action_id: &str) -> Option<String> {
    let id: Uuid = action_id.parse().ok()?;
    Some(id.simple().to_string())
}

/// Returns how long a message says something: as long as the request can be decided.
fn kept_for(messages: &[Message], now: Timestamp) -> Duration {
    let ends = messages.iter().map(|message| match &message.data.object {
        Object::Action(action) if asks(message) => action.expires_at.map(|at| now.until(at)),
        _ => None,
    });
    ends.map(|left| left.unwrap_or(KEPT_FOR))
        .max()
        .unwrap_or(KEPT_FOR)
}

/// Returns the urgency (RFC 8030, section 5.3). A phone that saves power gets what is `normal` later.
fn urgency(messages: &[Message]) -> &'static str {
    if messages.iter().any(asks) {
        "high"
    } else {
        "normal"
    }
}

fn asks(message: &Message) -> bool {
    message.event.is_some_and(NotificationEvent::asks)
}

/// Returns a way to reach the operator, which push services want to know.
fn contact(context: &Context) -> Option<String> {
    let mail = context.mail.as_ref();
    let mail = mail.map(|mail| format!("mailto:{}", mail.from.email));
    mail.or_else(|| {
        let url = &context.public_url;
        url.starts_with("https://").then(|| url.clone())
    })
}

fn notice(
    context: &Context,
    messages: &[Message],
    replaces: bool,
    waiting: i64,
    now: Timestamp,
) -> Notice {
    match messages {
        [message] => of_one(message, &context.public_url, replaces, waiting, now),
        several => of_several(several, &context.public_url, waiting),
    }
}

fn of_one(
    message: &Message,
    public_url: &str,
    replaces: bool,
    waiting: i64,
    now: Timestamp,
) -> Notice {
    let card = Card::of(message, public_url, now);
    let plain_notice = |body: String, tag: String| Notice {
        title: shown(&card.title, TITLE_BYTES_MAX, plain),
        body: shown(&body, BODY_BYTES_MAX, plain),
        tag,
        closes: None,
        action_id: None,
        digest: None,
        asks: false,
        silent: card.urgency == Urgency::Low,
        waiting,
    };
    match &message.data.object {
        Object::Action(action) => of_action(message, action, &card, replaces, waiting),
        Object::Service { service, .. } => {
            let body = "Agents’ requests to this service fail until its credential works again.";
            plain_notice(body.to_owned(), format!("credential {}", service.id))
        }
        Object::Agent(agent) => plain_notice(String::new(), format!("agent {}", agent.id)),
        Object::LanguageModel { .. } => {
            let body = "Writes that it would have decided are held until it responds again.";
            plain_notice(body.to_owned(), "language model".to_owned())
        }
        Object::KillSwitch { .. } => plain_notice(String::new(), "kill switch".to_owned()),
        Object::Channel(_) => Notice {
            title: "Notifications of GaiterGuard arrive here".to_owned(),
            silent: false,
            ..plain_notice(String::new(), "test".to_owned())
        },
    }
}

/// Returns the notification of a request, which has the same texts and names as those of an open page.
fn of_action(
    message: &Message,
    action: &ActionData,
    card: &Card,
    replaces: bool,
    waiting: i64,
) -> Notice {
    let held = format!("{} held", action.action_id);
    let is_unknown = recipient::is_unknown(message);
    let title = match message.event {
        Some(NotificationEvent::ActionCreated) => headline(action),
        _ if is_unknown => format!("Outcome unknown: {}", headline(action)),
        _ => card.title.clone(),
    };
    let effect = action
        .effect
        .map(|effect| format!("{} · ", effect.word()))
        .unwrap_or_default();
    let (agent, service) = (&action.agent.name, &action.service.name);
    let (agent, service) = (name_of(agent.as_deref()), name_of(service.as_deref()));
    Notice {
        title: shown(&title, TITLE_BYTES_MAX, plain),
        body: shown(
            &format!("{effect}{agent} → {service}"),
            BODY_BYTES_MAX,
            plain,
        ),
        tag: if is_unknown {
            format!("{} unknown", action.action_id)
        } else {
            held.clone()
        },
        closes: is_unknown.then_some(held),
        action_id: Some(action.action_id.clone()),
        digest: action.digest.clone().filter(|_| asks(message)),
        asks: asks(message),
        silent: replaces && !is_unknown && !asks(message),
        waiting,
    }
}

fn of_several(messages: &[Message], public_url: &str, waiting: i64) -> Notice {
    let card = Card::of_several(messages, public_url);
    let mut agents = Vec::new();
    let mut first = None;
    for message in messages {
        if let Object::Action(action) = &message.data.object {
            first.get_or_insert(&action.action_id);
            let name = name_of(action.agent.name.as_deref());
            if !agents.contains(&name) {
                agents.push(name);
            }
        }
    }
    Notice {
        title: shown(&card.title, TITLE_BYTES_MAX, plain),
        body: shown(
            &format!("From {}", agents.join(", ")),
            BODY_BYTES_MAX,
            plain,
        ),
        tag: format!("group {}", first.map_or("", |id| id.as_str())),
        closes: None,
        action_id: None,
        digest: None,
        asks: true,
        silent: false,
        waiting,
    }
}
