//! Messages for one member: by email, and in the browsers in which the member turned on push notifications. The message
//! has arrived once one of them has it.

use std::time::Duration;

use futures_util::future::join_all;
use gaiterguard_domain::id::UserId;
use gaiterguard_store::{StoreError, StoredChannel};
use tokio::time::timeout;

use crate::card::Card;
use crate::channel::Channel;
use crate::context::Context;
use crate::message::Message;
use crate::push::recipient;
use crate::send::outcome::{Accepted, NotAccepted};
use crate::send::{email, web_push};
use crate::settings::EmailSettings;

/// How long each way may take. Less than an attempt, so that one that hangs does not undo what another has sent.
const WAY_MAX: Duration = Duration::from_secs(15);

/// Why no way is left.
const NO_WAY: &str = "the member has no browser with push notifications, and email needs the settings SMTP_URL and \
     MAIL_FROM";

/// Sends messages, of which the first one is `first`, to a member in every way at the same time.
pub(super) async fn send(
    context: &Context,
    channel: &Channel,
    user: UserId,
    (first, messages): (&Message, &[Message]),
    card: &Card,
) -> Result<Accepted, NotAccepted> {
    let unavailable = |error: StoreError| NotAccepted::failed(error.to_string());
    let store = &context.store;
    let found = store.user_get(user).await.map_err(unavailable)?;
    let found = found.ok_or_else(|| NotAccepted::failed("the member does not exist"))?;
    let devices = store.push_device_list(channel.workspace(), user);
    let devices = devices.await.map_err(unavailable)?;
    let settings = EmailSettings {
        to: vec![found.email.as_str().to_owned()],
    };
    let mailing = async {
        match &context.mail {
            Some(_) => Some(in_time(email::send(context, &settings, first, card)).await),
            None => None,
        }
    };
    let pushing = devices
        .into_iter()
        .map(|device| in_time(push(context, device, messages)));
    let (mailed, pushed) = tokio::join!(mailing, join_all(pushing));
    let ways: Vec<_> = mailed.into_iter().chain(pushed).collect();
    if ways.iter().any(Result::is_ok) {
        return Ok(Accepted::default());
    }
    let errors: Vec<_> = ways
        .into_iter()
        .filter_map(Result::err)
        .map(|failed| failed.error)
        .collect();
    Err(NotAccepted::failed(if errors.is_empty() {
        NO_WAY.to_owned()
    } else {
        errors.join("; ")
    }))
}

/// Sends messages to a browser. One that is gone is removed.
async fn push(
    context: &Context,
    device: StoredChannel,
    messages: &[Message],
) -> Result<Accepted, NotAccepted> {
    let failed = |error: &dyn std::fmt::Display| NotAccepted::failed(error.to_string());
    let device = Channel::read(device).map_err(|error| failed(&error))?;
    let secrets = context.secrets(&device).await;
    let secrets = secrets.map_err(|error| {
        tracing::error!(%error, channel = device.id().0, "the secrets of a channel do not open");
        NotAccepted::failed("the subscription of a browser does not open")
    })?;
    let sent = web_push::send(context, &device, &secrets, messages, true).await;
    if sent.as_ref().is_err_and(|failed| failed.is_gone) {
        let removed = recipient::remove(context, &device).await;
        removed.map_err(|error| failed(&error))?;
    }
    sent
}

async fn in_time(
    sending: impl Future<Output = Result<Accepted, NotAccepted>>,
) -> Result<Accepted, NotAccepted> {
    let sent = timeout(WAY_MAX, sending).await;
    sent.unwrap_or_else(|_| Err(NotAccepted::failed("no response in time")))
}
