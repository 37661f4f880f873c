//! Sends the deliveries that are due, channel by channel. A replica sends through a channel under a lease, one
//! message after another, so that the messages about an action keep their order.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{ChannelId, DeliveryId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_store::{Attempt, Delivery, DeliveryState, StoreError, StoredChannel};
use serde_json::json;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::channel::Channel;
use crate::context::Context;
use crate::event::NotificationEvent;
use crate::kind::ChannelKind;
use crate::message::{self, Message, Object};
use crate::push::recipient;
use crate::retry;
use crate::send::{self, NotAccepted, SentCard};

/// How long a channel stays with a replica that is silent but alive. Longer than two attempts, between which the
/// lease is renewed.
const LEASE: Duration = Duration::from_mins(1);

/// The age from which a lease is renewed before an attempt.
const RENEWED_AFTER: Duration = Duration::from_secs(20);

/// The most deliveries that are read at a time.
const BATCH_MAX: u32 = 50;

/// The fewest held requests that become one message.
const GROUP_MIN: usize = 3;

/// The most time between the creations of two deliveries that were sent together: as long as one is tried, and the quiet
/// hours of a day before that.
const TOGETHER_WITHIN: Duration = Duration::from_hours(72);

/// Why a channel for one member got no message.
const NOT_THEIRS: &str = "not sent: by then, the member could not decide on the request";

/// Why no message was changed.
const NO_CARD: &str =
    "not sent: the channel has no message about this request that could be changed";

/// Why a message was not sent.
const NOTHING_TO_SAY: &str = "not sent: the request had been decided or had ended by then";

/// Why a channel for escalations got no message.
const NOT_ESCALATED: &str =
    "not sent: the request was decided or had ended before it was escalated";

/// Sends deliveries, each channel in a task of its own.
pub(crate) struct Deliverer {
    context: Arc<Context>,
    /// The channels that a task of this process sends through.
    running: Mutex<HashSet<ChannelId>>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Deliverer {
    pub(crate) fn new(
        context: Arc<Context>,
        tasks: TaskTracker,
        stopping: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            context,
            running: Mutex::default(),
            tasks,
            stopping,
        })
    }

    /// Starts to send through each channel that has something to send.
    pub(crate) async fn start_due(self: &Arc<Self>) -> Result<(), StoreError> {
        let context = &self.context;
        for stored in context.store.channel_due(context.now()).await? {
            let id = stored.id;
            if !self.running().insert(id) {
                continue;
            }
            let each = Arc::clone(self);
            self.tasks.spawn(async move {
                if let Err(error) = each.send_through(stored).await {
                    tracing::warn!(%error, channel = id.0, "sending through a channel stopped");
                }
                each.running().remove(&id);
            });
        }
        Ok(())
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashSet<ChannelId>> {
        // An insert or a removal leaves nothing half done.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends everything that is due, under the lease of the channel.
    async fn send_through(&self, stored: StoredChannel) -> Result<(), StoreError> {
        let Context { store, replica, .. } = &*self.context;
        let (id, workspace) = (stored.id, stored.workspace);
        let lease = || store.channel_lease(id, *replica, LEASE, self.context.now());
        if !lease().await? {
            return Ok(());
        }
        let mut leased_at = Instant::now();
        let mut last_sent: Option<Instant> = None;
        'due: loop {
            // Read again, so that a change applies to the next message.
            let Some(stored) = store.channel_get(workspace, id).await? else {
                return Ok(());
            };
            let Ok(mut channel) = Channel::read(stored) else {
                break;
            };
            let now = self.context.now();
            // The hours may have been set after the messages were added.
            let quiet_hours = channel.quiet_hours.as_ref();
            if let Some(end) = quiet_hours.and_then(|hours| hours.end(now)) {
                store.delivery_postpone(id, end, now).await?;
                break;
            }
            let due = store.delivery_due(id, now, BATCH_MAX).await?;
            if due.is_empty() {
                break;
            }
            for group in grouped(&channel, due) {
                if self.stopping.is_cancelled() {
                    break 'due;
                }
                if let Some(last) = last_sent {
                    sleep(channel.kind.pause().saturating_sub(last.elapsed())).await;
                }
                if leased_at.elapsed() > RENEWED_AFTER {
                    if !lease().await? {
                        return Ok(());
                    }
                    leased_at = Instant::now();
                }
                let is_usable = self.send_group(&mut channel, &group).await?;
                last_sent = Some(Instant::now());
                if !is_usable {
                    break 'due;
                }
            }
        }
        store
            .channel_release(id, *replica, self.context.now())
            .await
    }

    /// Sends one message and records how it ended. Returns whether the channel can be used for the next one.
    async fn send_group(
        &self,
        channel: &mut Channel,
        group: &[Delivery],
    ) -> Result<bool, StoreError> {
        let context = &self.context;
        let mut messages = Vec::new();
        let (mut sent, mut silent, mut foreign) = (Vec::new(), Vec::new(), Vec::new());
        for delivery in group {
            let message = message::of_delivery(context, channel.workspace(), delivery).await?;
            let message = message.filter(|message| !is_silent(channel, message));
            match message {
                Some(message) if recipient::is_for(context, channel, &message).await? => {
                    messages.push(message);
                    sent.push(delivery.clone());
                }
                Some(_) => foreign.push(delivery.id),
                None => silent.push(delivery.id),
            }
        }
        for (skips, why) in [(silent, NOTHING_TO_SAY), (foreign, NOT_THEIRS)] {
            if !skips.is_empty() {
                self.record(channel, &skips, &skipped(context.now(), why))
                    .await?;
            }
        }
        let Some(first) = sent.first() else {
            return Ok(true);
        };
        if self.is_not_escalated(channel, first, &messages).await? {
            self.record(channel, &[first.id], &skipped(context.now(), NOT_ESCALATED))
                .await?;
            return Ok(true);
        }
        let dropped = channel.stored.dropped;
        if let Some(message) = messages.first_mut() {
            message.dropped = dropped;
        }
        let mut cards = Vec::new();
        let event = messages.first().and_then(|message| message.event);
        if let Some(event) = event.filter(|event| channel.kind.can_edit() && event.follows()) {
            let store = &context.store;
            let receipts = store
                .delivery_receipts(channel.id(), &first.subject)
                .await?;
            for receipt in receipts {
                cards.push(self.sent_card(channel, first, receipt).await?);
            }
            let is_news = messages
                .first()
                .is_some_and(|message| recipient::is_news(channel, message));
            if cards.is_empty() && !channel.filter.selects(event) && !is_news {
                self.record(channel, &[first.id], &skipped(context.now(), NO_CARD))
                    .await?;
                return Ok(true);
            }
        }
        let secrets = match context.secrets(channel).await {
            Ok(secrets) => secrets,
            Err(error) => {
                // Nothing is wrong with the receiver, so no attempt is counted.
                tracing::error!(%error, channel = channel.id().0, "the secrets of a channel do not open");
                return Ok(false);
            }
        };
        let attempted = send::send(context, channel, &secrets, &messages, &cards).await;
        let is_gone = attempted.as_ref().is_err_and(|failed| failed.is_gone);
        let ids: Vec<_> = sent.iter().map(|delivery| delivery.id).collect();
        let ended = match attempted {
            Ok(accepted) => Attempt {
                state: DeliveryState::Delivered,
                due_at: context.now(),
                error: None,
                // A notification of a browser about several requests is not replaced when one of them ends.
                receipt: accepted
                    .receipt
                    .filter(|_| sent.len() == 1 || channel.kind != ChannelKind::WebPush),
            },
            Err(failed) => self.failed(channel, first, failed),
        };
        let is_delivered = ended.state == DeliveryState::Delivered;
        self.record(channel, &ids, &ended).await?;
        if is_delivered && dropped > 0 {
            let store = &context.store;
            store
                .channel_dropped_reported(channel.id(), dropped, context.now())
                .await?;
            channel.stored.dropped = 0;
        }
        if is_gone && channel.kind == ChannelKind::WebPush {
            recipient::remove(context, channel).await?;
        } else if is_gone {
            self.disable(channel).await?;
        }
        Ok(!is_gone)
    }

    /// Returns a card that a receiver has about a request, with all requests that it is about.
    async fn sent_card(
        &self,
        channel: &Channel,
        about: &Delivery,
        receipt: String,
    ) -> Result<SentCard, StoreError> {
        let mut several = Vec::new();
        if channel.kind != ChannelKind::WebPush {
            let context = &self.context;
            let together = context.store.delivery_together(
                channel.id(),
                &about.subject,
                &receipt,
                TOGETHER_WITHIN,
            );
            let mut subjects = HashSet::new();
            for delivery in together.await? {
                if subjects.insert(delivery.subject.clone()) {
                    let message = message::of_delivery(context, channel.workspace(), &delivery);
                    several.extend(message.await?);
                }
            }
            if subjects.len() < 2 {
                several.clear();
            }
        }
        Ok(SentCard { receipt, several })
    }

    /// Returns whether a message says how a request continued that a channel for escalations was never asked about.
    async fn is_not_escalated(
        &self,
        channel: &Channel,
        first: &Delivery,
        messages: &[Message],
    ) -> Result<bool, StoreError> {
        let event = messages.first().and_then(|message| message.event);
        let follows = event.is_some_and(NotificationEvent::follows);
        if !follows || channel.filter.escalate_after_minutes.is_none() {
            return Ok(false);
        }
        let store = &self.context.store;
        let was_asked = store.delivery_was_asked(channel.id(), &first.subject);
        Ok(!was_asked.await?)
    }

    /// Decides whether a message is sent again.
    fn failed(&self, channel: &Channel, first: &Delivery, failed: NotAccepted) -> Attempt {
        let now = self.context.now();
        let pause = retry::pause(first.attempts + 1, failed.retry_after);
        let due_at = now.after(pause);
        let quiet_hours = channel.quiet_hours.as_ref();
        let due_at = quiet_hours.map_or(due_at, |hours| hours.after(due_at));
        let is_over = first.created_at.after(retry::TRIED_FOR) < due_at;
        Attempt {
            state: if failed.is_gone || is_over {
                DeliveryState::Failed
            } else {
                DeliveryState::Waiting
            },
            due_at,
            error: Some(failed.error),
            receipt: None,
        }
    }

    async fn record(
        &self,
        channel: &Channel,
        deliveries: &[DeliveryId],
        attempt: &Attempt,
    ) -> Result<(), StoreError> {
        let now = self.context.now();
        let store = &self.context.store;
        store
            .delivery_record(channel.id(), deliveries, attempt, now)
            .await
    }

    async fn disable(&self, channel: &Channel) -> Result<(), StoreError> {
        const REASON: &str = "the receiver responded with 410 Gone";
        let at = self.context.now();
        let entry = NewAuditEntry {
            workspace: Some(channel.workspace()),
            at,
            actor: Actor::Gateway,
            event: Event::ChannelDisabled,
            subject: Subject::Channel(channel.id()),
            detail: json!({ "name": channel.stored.name, "reason": REASON }),
        };
        let store = &self.context.store;
        store
            .channel_disable(channel.id(), REASON, at, entry)
            .await?;
        Ok(())
    }
}

/// Whether a message says nothing that its reader has to know: the decision that it asks for is not needed.
fn is_silent(channel: &Channel, message: &Message) -> bool {
    let asks = message.event.is_some_and(NotificationEvent::asks);
    match &message.data.object {
        Object::Action(action) => {
            let is_escalation = channel.filter.escalate_after_minutes.is_some();
            (channel.kind.is_for_people() || is_escalation) && asks && !action.is_pending
        }
        _ => false,
    }
}

fn skipped(now: Timestamp, why: &str) -> Attempt {
    Attempt {
        state: DeliveryState::Skipped,
        due_at: now,
        error: Some(why.to_owned()),
        receipt: None,
    }
}

/// Puts the held requests of a channel that groups them into one message, if there are several.
fn grouped(channel: &Channel, due: Vec<Delivery>) -> Vec<Vec<Delivery>> {
    let created = NotificationEvent::ActionCreated;
    let is_grouped = |delivery: &Delivery| {
        channel.grouping_seconds(created) > 0 && delivery.event == created.as_str()
    };
    let (together, alone): (Vec<_>, Vec<_>) = due.into_iter().partition(is_grouped);
    let mut groups: Vec<Vec<Delivery>> = Vec::new();
    if together.len() >= GROUP_MIN {
        groups.push(together);
    } else {
        groups.extend(together.into_iter().map(|delivery| vec![delivery]));
    }
    groups.extend(alone.into_iter().map(|delivery| vec![delivery]));
    groups
}
