//! Reads the audit log and adds a delivery for each channel whose filter an entry matches.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::audit::AuditEntry;
use gaiterguard_domain::event::Subject;
use gaiterguard_domain::id::{ActionId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_store::{
    NewDelivery, NotificationPosition, StoreError, StoredAction, StoredChannel,
};

use crate::channel::Channel;
use crate::context::Context;
use crate::event::NotificationEvent;
use crate::filter::Concerned;

/// The most entries of a chain, and reminders, that one round reads.
const BATCH_MAX: u32 = 500;

/// How many entries without a message may pass until the position is stored. Fewer cost more writes, more cost
/// more reading after a restart.
const UNSTORED_MAX: i64 = 1000;

/// Reads the audit log from where it, or another replica, stopped.
pub(crate) struct FanOut {
    context: Arc<Context>,
    /// How far each chain was read beyond its stored position, without finding anything.
    read: HashMap<i64, i64>,
}

/// A round of reading.
struct Round {
    channels: HashMap<WorkspaceId, Vec<Channel>>,
    deliveries: Vec<NewDelivery>,
    moves: Vec<NotificationPosition>,
    /// Whether a batch was full, so that there may be more.
    is_full: bool,
    /// Whether positions must be stored even if there are no messages.
    must_store: bool,
}

impl FanOut {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            read: HashMap::new(),
        }
    }

    /// Reads until nothing is left. Returns whether messages were added.
    pub(crate) async fn run(&mut self) -> Result<bool, StoreError> {
        let mut has_added = false;
        loop {
            let round = self.read_on().await?;
            let is_stored = if round.deliveries.is_empty() && !round.must_store {
                self.read
                    .extend(round.moves.iter().map(|moved| (moved.chain, moved.to)));
                true
            } else {
                let (context, now) = (&self.context, self.context.now());
                // If another replica was faster, the next round starts from where it stopped.
                let advancing =
                    context
                        .store
                        .notification_advance(&round.moves, &round.deliveries, now);
                let is_stored = advancing.await?;
                self.read.clear();
                has_added |= is_stored && !round.deliveries.is_empty();
                is_stored
            };
            if is_stored && !round.is_full {
                return Ok(has_added);
            }
        }
    }

    async fn read_on(&self) -> Result<Round, StoreError> {
        let store = &self.context.store;
        // All chains are read as of one moment, so that the order of the entries of one action, which may be in
        // several chains, is kept. The channels are read after it: one that is missing from them was created later
        // than every entry of this round.
        let positions = store.notification_positions().await?;
        let mut round = Round {
            channels: by_workspace(store.channel_list(None).await?),
            deliveries: Vec::new(),
            moves: Vec::new(),
            is_full: false,
            must_store: false,
        };
        let mut entries = Vec::new();
        for position in positions {
            let known = self.read.get(&position.chain).copied().unwrap_or_default();
            let from = position.from.max(known);
            let unread = NotificationPosition { from, ..position };
            if position.chain == NotificationPosition::REMINDERS {
                self.remind(unread, position.from, &mut round).await?;
                continue;
            }
            let found = if from < unread.to && !round.channels.is_empty() {
                store.notification_entries(unread, BATCH_MAX).await?
            } else {
                Vec::new()
            };
            let is_full = found.len() == BATCH_MAX as usize;
            let last = found.last().filter(|_| is_full);
            let to = last.map_or(position.to, |entry| entry.sequence);
            // A chain in which nothing was added since the last round is probably at its end.
            round.must_store |= from == position.to || to - position.from >= UNSTORED_MAX;
            round.is_full |= is_full;
            round.moves.push(NotificationPosition { to, ..position });
            entries.extend(found);
        }
        entries.sort_by_key(|entry| (entry.at, entry.id));
        for entry in &entries {
            self.add_entry(entry, &mut round).await?;
        }
        Ok(round)
    }

    async fn add_entry(&self, entry: &AuditEntry, round: &mut Round) -> Result<(), StoreError> {
        let events = entry.event().map(NotificationEvent::of_entry);
        let (Some(events @ [_, ..]), Some(workspace)) = (events, entry.workspace) else {
            return Ok(());
        };
        let Some(channels) = round.channels.get(&workspace) else {
            return Ok(());
        };
        let Some(subject) = entry.subject() else {
            return Ok(());
        };
        let concerned = self.concerned(&subject).await?;
        for channel in channels
            .iter()
            .filter(|it| it.stored.created_at <= entry.at)
        {
            let matching = events
                .iter()
                .filter(|event| is_wanted(channel, **event, concerned));
            let most = if channel.kind.is_for_people() {
                1
            } else {
                events.len()
            };
            for event in matching.take(most) {
                round.deliveries.push(NewDelivery {
                    channel: channel.id(),
                    event: event.as_str(),
                    source: format!("{}:{}", entry.chain, entry.sequence),
                    subject: entry.subject.clone(),
                    actor: entry.actor.clone(),
                    detail: entry.detail.clone(),
                    at: entry.at,
                    due_at: due(channel, *event, entry.at, concerned),
                });
            }
        }
        Ok(())
    }

    /// Adds the reminders of actions that have a fifth of their time left.
    async fn remind(
        &self,
        unread: NotificationPosition,
        stored: i64,
        round: &mut Round,
    ) -> Result<(), StoreError> {
        let now = self.context.now();
        if round.channels.is_empty() || now.0 <= unread.from {
            return Ok(());
        }
        let since = Timestamp(unread.from);
        let store = &self.context.store;
        let expiring = store.action_expiring(since, now, BATCH_MAX).await?;
        let is_full = expiring.len() == BATCH_MAX as usize;
        let last = expiring.last().filter(|_| is_full);
        let to = last.map_or(now, |(_, at)| *at);
        for (action, at) in expiring {
            self.add_reminder(action, at, round).await?;
        }
        round.is_full |= is_full;
        round.moves.push(NotificationPosition {
            chain: NotificationPosition::REMINDERS,
            from: stored,
            to: to.0,
        });
        Ok(())
    }

    async fn add_reminder(
        &self,
        action: ActionId,
        at: Timestamp,
        round: &mut Round,
    ) -> Result<(), StoreError> {
        const EVENT: NotificationEvent = NotificationEvent::ActionExpiring;
        let Some(found) = self.context.store.action_find(action).await? else {
            return Ok(());
        };
        let workspace = match &found {
            StoredAction::Intact(found) => found.action.workspace,
            StoredAction::Damaged(found) => found.workspace,
        };
        let concerned = concerned_by(&found);
        let channels = round.channels.get(&workspace).into_iter().flatten();
        let matching =
            channels.filter(|it| it.stored.created_at <= at && it.filter.matches(EVENT, concerned));
        let subject = Subject::Action(action).to_string();
        let new = matching.map(|channel| NewDelivery {
            channel: channel.id(),
            event: EVENT.as_str(),
            source: subject.clone(),
            subject: subject.clone(),
            actor: String::new(),
            detail: "{}".to_owned(),
            at,
            due_at: due(channel, EVENT, at, concerned),
        });
        round.deliveries.extend(new);
        Ok(())
    }

    async fn concerned(&self, subject: &Subject) -> Result<Concerned, StoreError> {
        Ok(match subject {
            Subject::Action(action) => {
                let found = self.context.store.action_find(*action).await?;
                found.as_ref().map(concerned_by).unwrap_or_default()
            }
            Subject::Agent(agent) => Concerned {
                agent: Some(*agent),
                ..Concerned::default()
            },
            Subject::Service(service) => Concerned {
                service: Some(*service),
                ..Concerned::default()
            },
            _ => Concerned::default(),
        })
    }
}

/// Whether a channel needs a message about an event: its filter matches, or messages that it got are to be changed.
fn is_wanted(channel: &Channel, event: NotificationEvent, concerned: Concerned) -> bool {
    let matches = |event| channel.filter.matches(event, concerned);
    let had_card =
        || matches(NotificationEvent::ActionCreated) || matches(NotificationEvent::ActionExpiring);
    matches(event) || (channel.kind.can_edit() && event.follows() && had_card())
}

fn concerned_by(found: &StoredAction) -> Concerned {
    match found {
        StoredAction::Intact(found) => Concerned {
            agent: Some(found.action.agent),
            service: Some(found.action.service),
            risk: Some(found.action.evaluation.verdict.score),
            held_at: Some(found.action.created_at),
        },
        StoredAction::Damaged(found) => Concerned {
            agent: Some(found.agent),
            service: Some(found.service),
            risk: None,
            held_at: Some(found.created_at),
        },
    }
}

/// Returns when a message is to be sent.
fn due(
    channel: &Channel,
    event: NotificationEvent,
    at: Timestamp,
    concerned: Concerned,
) -> Timestamp {
    let at = channel.filter.earliest(event, at, concerned);
    let seconds = u64::from(channel.grouping_seconds(event));
    let at = at.after(Duration::from_secs(seconds));
    let quiet_hours = channel.quiet_hours.as_ref();
    quiet_hours.map_or(at, |hours| hours.after(at))
}

/// Returns the channels that are enabled and can be read.
fn by_workspace(stored: Vec<StoredChannel>) -> HashMap<WorkspaceId, Vec<Channel>> {
    let mut channels: HashMap<_, Vec<_>> = HashMap::new();
    for stored in stored.into_iter().filter(|stored| stored.enabled) {
        match Channel::read(stored) {
            Ok(channel) => channels
                .entry(channel.workspace())
                .or_default()
                .push(channel),
            Err(error) => tracing::error!(%error, "a channel gets no messages"),
        }
    }
    channels
}
