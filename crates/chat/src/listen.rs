//! Receives what people do from the chats that do not send it. One replica receives from a bot, under a lease.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::id::ChannelId;
use gaiterguard_notify::{Bot, ChannelKind};
use gaiterguard_store::StoreError;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::chats::Chats;
use crate::{slack, telegram};

/// How often channels and leases are checked.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// How long a bot stays with a replica that is silent but alive.
const LEASE: Duration = Duration::from_secs(45);

/// The age from which a lease is renewed.
const RENEWED_AFTER: Duration = Duration::from_secs(15);

/// The pause after the first failure, which doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause after a failure.
const PAUSE_MAX: Duration = Duration::from_mins(1);

/// A bot that this replica receives from.
struct Receiving {
    revision: i64,
    renewed_at: Instant,
    ending: CancellationToken,
}

impl Chats {
    /// Starts to fetch what people do. Must be called inside a tokio runtime.
    pub fn start(self: &Arc<Self>) {
        let each = Arc::clone(self);
        self.tasks.spawn(async move { run(each).await });
    }
}

/// Receives until the gateway stops.
async fn run(chats: Arc<Chats>) {
    let mut receiving: HashMap<ChannelId, Receiving> = HashMap::new();
    let mut ticks = interval(CHECK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = chats.stopping.cancelled() => break,
        }
        if let Err(error) = check(&chats, &mut receiving).await {
            tracing::warn!(%error, "checking the chats failed and will be tried again");
        }
    }
    let deps = &chats.deps;
    for channel in receiving.into_keys() {
        // Another replica waits for the lease to end otherwise.
        let _ = deps
            .store
            .chat_listen_end(channel, deps.replica, chats.now())
            .await;
    }
}

async fn check(
    chats: &Arc<Chats>,
    receiving: &mut HashMap<ChannelId, Receiving>,
) -> Result<(), StoreError> {
    let bots = chats.deps.notifications.bots().await?;
    let mut wanted: HashMap<[u8; 32], Bot> = HashMap::new();
    for bot in bots.into_iter().filter(Bot::listens) {
        // The same bot in several channels receives once, through the first of them.
        wanted.entry(*bot.app()).or_insert(bot);
    }
    receiving.retain(|channel, each| {
        let mut bots = wanted.values();
        let is_wanted = bots.any(|bot| bot.id() == *channel && bot.revision() == each.revision);
        if !is_wanted {
            each.ending.cancel();
        }
        is_wanted && !each.ending.is_cancelled()
    });
    for bot in wanted.into_values() {
        let id = bot.id();
        let present = receiving.get_mut(&id);
        if present
            .as_ref()
            .is_some_and(|each| each.renewed_at.elapsed() < RENEWED_AFTER)
        {
            continue;
        }
        let deps = &chats.deps;
        let leased = deps
            .store
            .chat_listen(id, deps.replica, LEASE, chats.now())
            .await;
        match (present, leased) {
            (Some(each), Ok(true)) => each.renewed_at = Instant::now(),
            // Another replica has it, or this one may have lost it unnoticed.
            (Some(each), Ok(false)) => each.ending.cancel(),
            (Some(each), Err(_)) if each.renewed_at.elapsed() > LEASE => each.ending.cancel(),
            (None, Ok(true)) => {
                let ending = chats.stopping.child_token();
                let each = Receiving {
                    revision: bot.revision(),
                    renewed_at: Instant::now(),
                    ending: ending.clone(),
                };
                receiving.insert(id, each);
                let (each, bot) = (Arc::clone(chats), Arc::new(bot));
                chats.tasks.spawn(async move {
                    tokio::select! {
                        () = receive(&each, &bot) => {}
                        () = ending.cancelled() => {}
                    }
                });
            }
            (None, Ok(false)) => {}
            (_, Err(error)) => return Err(error),
        }
    }
    Ok(())
}

/// Receives from one bot, and begins again after a failure.
async fn receive(chats: &Arc<Chats>, bot: &Arc<Bot>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let began = Instant::now();
        let ended = match bot.kind() {
            ChannelKind::Telegram => telegram::receive(chats, bot).await,
            _ => slack::socket::receive(chats, bot).await,
        };
        if began.elapsed() > PAUSE_MAX || ended.is_ok() {
            pause = FIRST_PAUSE;
        }
        if let Err(error) = ended {
            tracing::warn!(%error, channel = bot.id().0, "nothing is received from a chat; trying again");
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
