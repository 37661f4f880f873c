//! The handle on everything that notifications do, and their background work.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_definitions::definition_store::{DefinitionError, Editor};
use gaiterguard_domain::id::{ChannelId, WorkspaceId};
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::Clock;
use gaiterguard_domain::workspace::Role;
use gaiterguard_sealing::Sealing;
use gaiterguard_store::{Delivery, Notice, Page, Store, StoreError, StoredChannel};
use gaiterguard_upstream::Upstream;
use secrecy::SecretString;
use tokio::sync::OnceCell;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bot::Bot;
use crate::context::{Context, Mail};
use crate::definition::{self, ChannelChange, NewChannel};
use crate::deliver::Deliverer;
use crate::event::NotificationEvent;
use crate::fan_out::FanOut;
use crate::message::{self, Named};
use crate::requests::HeldRequests;
use crate::send;

/// How often the audit log is read if no notice arrives. Another replica may have died before it sent one.
const POLL_EVERY: Duration = Duration::from_secs(2);

/// How often messages that are due again are searched for.
const DUE_EVERY: Duration = Duration::from_secs(1);

/// How often old deliveries are removed.
const RETENTION_EVERY: Duration = Duration::from_mins(10);

/// How long deliveries are kept.
const KEPT_FOR: Duration = Duration::from_hours(30 * 24);

/// How long it is kept which requests of chats were accepted: longer than their signatures are valid, by clocks that
/// differ.
const REQUESTS_KEPT_FOR: Duration = Duration::from_mins(30);

/// The most deliveries that one statement removes.
const REMOVED_MAX: u32 = 500;

/// How long attempts may take to end at a shutdown. A message whose attempt does not end is sent again after the next
/// start.
const STOP_MAX: Duration = Duration::from_secs(5);

/// The parts that notifications work with.
pub struct NotificationsDeps {
    /// This process.
    pub replica: ReplicaId,
    /// The database.
    pub store: Store,
    /// Seals the secrets of channels.
    pub sealing: Sealing,
    /// Sends HTTP requests.
    pub upstream: Arc<Upstream>,
    /// Sends mail; `None` if no server is set.
    pub mail: Option<Mail>,
    /// Reads held requests.
    pub requests: Arc<dyn HeldRequests>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The URL under which people open the dashboard.
    pub public_url: String,
}

/// The channels of all workspaces, and what is sent through them.
pub struct Notifications {
    pub(crate) context: Arc<Context>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

/// The result of a test message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// Why the receiver did not accept it; `None` if it did.
    pub error: Option<String>,
}

impl Notifications {
    /// Creates notifications. Nothing is sent before [`Self::start`].
    pub fn new(deps: NotificationsDeps) -> Self {
        Self {
            context: Arc::new(Context {
                replica: deps.replica,
                store: deps.store,
                sealing: deps.sealing,
                upstream: deps.upstream,
                mail: deps.mail,
                requests: deps.requests,
                clock: deps.clock,
                public_url: deps.public_url.trim_end_matches('/').to_owned(),
                vapid_key: OnceCell::new(),
            }),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        }
    }

    /// Returns the mail server, if one is set.
    pub(crate) fn mail(&self) -> Option<&Mail> {
        self.context.mail.as_ref()
    }

    /// Starts to read the audit log and to send. Must be called inside a tokio runtime.
    pub fn start(&self) {
        let deliverer = Deliverer::new(
            Arc::clone(&self.context),
            self.tasks.clone(),
            self.stopping.clone(),
        );
        let (context, stopping) = (Arc::clone(&self.context), self.stopping.clone());
        self.tasks.spawn(async move {
            tokio::select! {
                () = run(context, deliverer) => {}
                () = stopping.cancelled() => {}
            }
        });
    }

    /// Stops, and waits a few seconds for attempts that have begun.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        // A message whose attempt is not recorded is sent again.
        let _ = timeout(STOP_MAX, self.tasks.wait()).await;
    }

    /// Returns the channels of a workspace, in order of creation.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn list(&self, workspace: WorkspaceId) -> Result<Vec<StoredChannel>, StoreError> {
        let mut all = self.context.store.channel_list(Some(workspace)).await?;
        all.retain(definition::is_of_workspace);
        Ok(all)
    }

    /// Returns a channel.
    ///
    /// # Errors
    ///
    /// If there is no such channel, or the database fails.
    pub async fn get(
        &self,
        workspace: WorkspaceId,
        id: ChannelId,
    ) -> Result<StoredChannel, DefinitionError> {
        definition::get(&self.context, workspace, id).await
    }

    /// Creates a channel. Returns it with its signing key, if its kind has one.
    ///
    /// # Errors
    ///
    /// If a field is invalid, the role of the editor does not allow it, or the database or the vault fails.
    pub async fn create(
        &self,
        editor: Editor,
        role: Role,
        new: NewChannel,
    ) -> Result<(StoredChannel, Option<SecretString>), DefinitionError> {
        definition::create(&self.context, editor, role, new).await
    }

    /// Changes a channel.
    ///
    /// # Errors
    ///
    /// As [`Self::create`], and if another change was faster.
    pub async fn update(
        &self,
        editor: Editor,
        role: Role,
        id: ChannelId,
        change: ChannelChange,
    ) -> Result<StoredChannel, DefinitionError> {
        definition::update(&self.context, editor, role, id, change).await
    }

    /// Gives a webhook a new signing key. The present one signs too for a day.
    ///
    /// # Errors
    ///
    /// If the channel is not a webhook, another change was faster, or the database or the vault fails.
    pub async fn rotate_key(
        &self,
        editor: Editor,
        id: ChannelId,
    ) -> Result<(StoredChannel, SecretString), DefinitionError> {
        definition::rotate_key(&self.context, editor, id).await
    }

    /// Deletes a channel with its deliveries.
    ///
    /// # Errors
    ///
    /// If there is no such channel, or the database fails.
    pub async fn delete(&self, editor: Editor, id: ChannelId) -> Result<(), DefinitionError> {
        definition::delete(&self.context, editor, id).await
    }

    /// Sends a test message now, even if the channel is disabled or has quiet hours.
    ///
    /// # Errors
    ///
    /// If there is no such channel, or the database or the vault fails.
    pub async fn test(
        &self,
        workspace: WorkspaceId,
        id: ChannelId,
    ) -> Result<Tested, DefinitionError> {
        let channel = definition::readable(&self.context, workspace, id).await?;
        let secrets = self.context.secrets(&channel).await?;
        let named = Named {
            id: id.0,
            name: Some(channel.stored.name.clone()),
        };
        let message = message::test(named, self.context.now());
        let sent = send::send(&self.context, &channel, &secrets, &[message], &[]).await;
        Ok(Tested {
            error: sent.err().map(|failed| failed.error),
        })
    }

    /// Returns the bot of a channel whose cards have buttons, of any workspace; `None` if there is no such channel or
    /// it is disabled.
    ///
    /// # Errors
    ///
    /// If the database or the vault fails.
    pub async fn bot(&self, id: ChannelId) -> Result<Option<Bot>, DefinitionError> {
        let stored = self.context.store.channel_find(id).await?;
        match stored {
            Some(stored) => Bot::of(&self.context, stored).await,
            None => Ok(None),
        }
    }

    /// Returns the bots of all channels whose cards have buttons, in order of creation. One whose secrets do not open
    /// is left out.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn bots(&self) -> Result<Vec<Bot>, StoreError> {
        let mut bots = Vec::new();
        for stored in self.context.store.channel_list(None).await? {
            let id = stored.id;
            match Bot::of(&self.context, stored).await {
                Ok(bot) => bots.extend(bot),
                Err(error) => {
                    tracing::error!(%error, channel = id.0, "nothing is received from a channel");
                }
            }
        }
        Ok(bots)
    }

    /// Returns a page of the deliveries of a channel, newest first.
    ///
    /// # Errors
    ///
    /// If there is no such channel, the cursor is not of this list, or the database fails.
    pub async fn deliveries(
        &self,
        workspace: WorkspaceId,
        id: ChannelId,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Delivery>, DefinitionError> {
        self.get(workspace, id).await?;
        Ok(self.context.store.delivery_list(id, cursor, limit).await?)
    }
}

/// Reads the audit log and sends, until the gateway stops.
async fn run(context: Arc<Context>, deliverer: Arc<Deliverer>) {
    let mut fan_out = FanOut::new(Arc::clone(&context));
    let mut notices = context.store.notices();
    let mut polls = interval(POLL_EVERY);
    let mut dues = interval(DUE_EVERY);
    let mut retention = interval(RETENTION_EVERY);
    for ticks in [&mut polls, &mut dues, &mut retention] {
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    loop {
        let reads = tokio::select! {
            notice = notices.recv() => match notice {
                Ok(Notice::Entry(entry)) => {
                    let event = entry.event();
                    if event.is_none_or(|event| NotificationEvent::of_entry(event).is_empty()) {
                        continue;
                    }
                    true
                }
                Ok(Notice::AuthorityChanged(_)) => continue,
                Ok(Notice::Missed) | Err(RecvError::Lagged(_)) => true,
                Err(RecvError::Closed) => return,
            },
            _ = polls.tick() => true,
            _ = dues.tick() => false,
            _ = retention.tick() => {
                log_failure("removing old deliveries", remove_old(&context).await);
                false
            }
        };
        if reads {
            log_failure(
                "reading the audit log for notifications",
                fan_out.run().await,
            );
        }
        log_failure(
            "searching for messages to send",
            deliverer.start_due().await,
        );
    }
}

async fn remove_old(context: &Context) -> Result<(), StoreError> {
    let now = context.now();
    let before = now.before(KEPT_FOR);
    let store = &context.store;
    let all = u64::from(REMOVED_MAX);
    // Those of a disabled channel wait; they are counted like others that are dropped.
    for channel in store.channel_list(None).await? {
        store.delivery_drop_before(channel.id, before, now).await?;
    }
    while store
        .delivery_delete_before(before, REMOVED_MAX, now)
        .await?
        == all
    {}
    while store
        .card_buttons_delete_before(before, REMOVED_MAX, now)
        .await?
        == all
    {}
    let before = now.before(REQUESTS_KEPT_FOR);
    while store
        .chat_requests_delete_before(before, REMOVED_MAX, now)
        .await?
        == all
    {}
    Ok(())
}

fn log_failure<T>(what: &str, result: Result<T, StoreError>) {
    if let Err(error) = result {
        tracing::warn!(%error, "{what} failed and will be tried again");
    }
}
