//! Which messages a member gets, in a browser or through a channel for that member: those about actions that the member
//! may decide on, and about services that the member may repair, as of the moment of sending.

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::workspace::{Membership, Permission};
use gaiterguard_store::StoreError;
use serde_json::json;

use crate::channel::Channel;
use crate::context::Context;
use crate::event::NotificationEvent;
use crate::kind::ChannelKind;
use crate::message::{Message, Object};
use crate::settings::ChannelSettings;

/// The status of an action whose outcome a human has to look up.
const UNKNOWN: &str = "INDETERMINATE";

/// The status of an action that was sent after its approval, which needs no notification of its own.
const EXECUTED: &str = "EXECUTED";

/// Returns whether a message is sent through a channel. Only browsers and channels for one member have a recipient of
/// their own.
pub(crate) async fn is_for(
    context: &Context,
    channel: &Channel,
    message: &Message,
) -> Result<bool, StoreError> {
    if let ChannelSettings::Member(settings) = &channel.settings {
        let member = context
            .store
            .member_get(channel.workspace(), settings.user_id);
        let member = member.await?;
        return Ok(member.is_some_and(|member| may_know(&member, message)));
    }
    if channel.kind != ChannelKind::WebPush {
        return Ok(true);
    }
    let member = context.store.push_device_member(channel.id()).await?;
    Ok(member.is_some_and(|member| may_get(&member, message)))
}

fn may_get(member: &Membership, message: &Message) -> bool {
    match &message.data.object {
        Object::Action(action) if action.status == EXECUTED => false,
        Object::Action(action) => member
            .demand_decision(ServiceId(action.service.id), action.effect)
            .is_ok(),
        Object::Channel(_) => true,
        _ => member.role.may(Permission::Define),
    }
}

/// Whether a message that was asked for on behalf of a member concerns the member. Every member may read of all that is
/// not about a held request.
fn may_know(member: &Membership, message: &Message) -> bool {
    match &message.data.object {
        Object::Action(action) => member
            .demand_decision(ServiceId(action.service.id), action.effect)
            .is_ok(),
        _ => true,
    }
}

/// Returns whether a message is sent to a browser that got no earlier one about the same action.
pub(crate) fn is_news(channel: &Channel, message: &Message) -> bool {
    channel.kind == ChannelKind::WebPush && is_unknown(message)
}

/// Returns whether a message is about an action whose outcome is unknown.
pub(crate) fn is_unknown(message: &Message) -> bool {
    message.event == Some(NotificationEvent::ActionEnded)
        && matches!(&message.data.object, Object::Action(action) if action.status == UNKNOWN)
}

/// Removes a browser whose push service reports that it is gone.
pub(crate) async fn remove(context: &Context, channel: &Channel) -> Result<(), StoreError> {
    let at = context.now();
    let entry = NewAuditEntry {
        workspace: Some(channel.workspace()),
        at,
        actor: Actor::Gateway,
        event: Event::PushDeviceRemoved,
        subject: Subject::Channel(channel.id()),
        detail: json!({ "name": channel.stored.name }),
    };
    let store = &context.store;
    store
        .channel_delete(channel.workspace(), channel.id(), at, entry)
        .await?;
    Ok(())
}
