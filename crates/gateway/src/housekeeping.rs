//! What the gateway does on its own: it keeps its knowledge confirmed, lets what waits expire,
//! settles what a crash left behind, and forgets what is old enough. Every round works in bounded
//! batches, so that it never holds up a request for long.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_authority::CONFIRM_EVERY;
use gaiterguard_definitions::rule;
use gaiterguard_domain::event::Subject;
use gaiterguard_domain::id::AgentId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_store::{Notice, StoreError};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::Gateway;

/// How many rows a round changes at once.
const BATCH_ROWS_MAX: u32 = 500;

/// How many bodies of ended actions of one agent are dropped at once.
const BODIES_DROPPED_MAX: u32 = 4;

/// How long a replica's claims and executions are its own without it being heard of.
pub const LEASE: Duration = Duration::from_secs(5);

/// How often the lease is renewed, and dead replicas are looked for.
const LEASE_EVERY: Duration = Duration::from_secs(1);

/// How long a dead replica is remembered.
const DEAD_REPLICA_KEPT: Duration = Duration::from_hours(1);

/// How often the times at which keys were last used are written down.
const TOUCH_EVERY: Duration = Duration::from_secs(5);

/// How long to wait before what a model was used for is written down again.
const SPENDING_PAUSE: Duration = Duration::from_millis(250);

/// How often the vault's present master key is looked up. A rotation waits for it, and an old secret
/// opens the vault until then.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// How often the histories of what agents were shown are swept.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// How often old rows are looked for.
const RETENTION_EVERY: Duration = Duration::from_mins(1);

/// How often data keys are looked for that nothing is sealed under any more. What names them is read
/// through for it.
const UNUSED_KEYS_EVERY: Duration = Duration::from_hours(6);

/// The longest that the sweep for expired actions sleeps: another replica may have held an action
/// that expires sooner than any known here.
const EXPIRY_EVERY_MAX: Duration = Duration::from_secs(1);

impl Gateway {
    /// Starts everything that runs beside requests. It ends when the gateway is stopped.
    pub(crate) fn start_housekeeping(self: &Arc<Self>) {
        let spawn = |work: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
                     gateway: Arc<Self>| {
            self.tasks.spawn(async move {
                tokio::select! {
                    () = work => {}
                    () = gateway.stopping.cancelled() => {}
                }
            });
        };
        let each = || Arc::clone(self);
        spawn(Box::pin(each().pass_notices_on()), each());
        spawn(Box::pin(each().confirm_authority()), each());
        spawn(Box::pin(each().cut_expired_keys()), each());
        spawn(Box::pin(each().read_documents()), each());
        spawn(Box::pin(each().expire()), each());
        spawn(Box::pin(each().write_touches()), each());
        spawn(Box::pin(each().write_spending()), each());
        spawn(Box::pin(each().keep_lease()), each());
        spawn(Box::pin(each().follow_rotation()), each());
        spawn(Box::pin(each().forget()), each());
        spawn(Box::pin(each().remove_unused_keys()), each());
        spawn(Box::pin(each().sweep_histories()), each());
        spawn(Box::pin(each().write_sightings()), each());
    }

    /// Takes this run's lease and settles what is known to be left behind. Where other replicas may
    /// live, whose lease is over is known only after a while.
    pub(crate) async fn settle_earlier_run(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.store
            .replica_register(self.replica, LEASE, now)
            .await?;
        if self.store.is_shared() {
            return Ok(());
        }
        self.recover().await
    }

    /// Wakes those who wait for what was just committed, here or by another replica.
    async fn pass_notices_on(self: Arc<Self>) {
        let mut notices = self.store.notices();
        loop {
            match notices.recv().await {
                Ok(Notice::Entry(entry)) => {
                    if let Some(Subject::Action(action)) = entry.subject() {
                        self.watch.wake(action);
                    }
                }
                Ok(Notice::AuthorityChanged(workspace)) => {
                    log_failure("reloading", self.authority.reload(workspace).await);
                }
                Ok(Notice::Missed) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {
                    self.watch.wake_all();
                    log_failure("reloading", self.authority.confirm().await);
                }
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
            }
        }
    }

    async fn confirm_authority(self: Arc<Self>) {
        let mut ticks = interval(CONFIRM_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            log_failure("confirming the definitions", self.authority.confirm().await);
        }
    }

    /// Cuts what runs with keys at the moment they expire. The clock may be set meanwhile, and a
    /// change may bring a key that expires sooner, so it never waits for long.
    async fn cut_expired_keys(self: Arc<Self>) {
        loop {
            let next = self.authority.cancel_lapsed();
            let left = next.map_or(CONFIRM_EVERY, |at| self.clock.now().until(at));
            sleep_until(Instant::now() + left.min(CONFIRM_EVERY)).await;
        }
    }

    /// Reads the documents that other replicas have added.
    async fn read_documents(self: Arc<Self>) {
        loop {
            log_failure("reading documents", self.authority.read_unread().await);
        }
    }

    /// Marks expired actions at the moment they expire, so that whoever watches hears of it. What
    /// is shown never depends on this: a state is always looked at as of now.
    async fn expire(self: Arc<Self>) {
        loop {
            let next = match self.expire_due().await {
                Ok(next) => next,
                Err(error) => {
                    log_failure("expiring actions", Err::<(), _>(error));
                    None
                }
            };
            let left = next.map_or(EXPIRY_EVERY_MAX, |at| self.clock.now().until(at));
            sleep_until(Instant::now() + left.min(EXPIRY_EVERY_MAX)).await;
        }
    }

    async fn expire_due(&self) -> Result<Option<Timestamp>, StoreError> {
        loop {
            let expired = self
                .store
                .action_expire_due(self.clock.now(), BATCH_ROWS_MAX)
                .await?;
            if expired.len() < BATCH_ROWS_MAX as usize {
                return self.store.action_next_expiry().await;
            }
        }
    }

    /// Reads what passed, so that it is not in memory as it was for long, and drops what is old.
    async fn sweep_histories(self: Arc<Self>) {
        let mut ticks = interval(SWEEP_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let gateway = Arc::clone(&self);
            let sweeping = move || gateway.provenance.sweep();
            match tokio::task::spawn_blocking(sweeping).await {
                Ok(ended) => {
                    log_failure("forgetting sightings", self.provenance.forget(ended).await);
                }
                Err(error) => tracing::error!(%error, "sweeping what agents were shown failed"),
            }
        }
    }

    async fn write_sightings(self: Arc<Self>) {
        self.provenance.write_sightings().await;
    }

    async fn write_touches(self: Arc<Self>) {
        let mut ticks = interval(TOUCH_EVERY);
        loop {
            ticks.tick().await;
            let touched = self.touches.take();
            if !touched.is_empty() {
                log_failure("noting key use", self.store.agent_touch(&touched).await);
            }
        }
    }

    /// Writes down what a language model was used for, right after it was used.
    async fn write_spending(self: Arc<Self>) {
        let Some(llm) = &self.llm else { return };
        loop {
            llm.spending_changed().await;
            loop {
                let written = llm.write_spending(&self.store).await;
                let is_written = written.is_ok();
                log_failure("noting what the language model used", written);
                sleep_until(Instant::now() + SPENDING_PAUSE).await;
                if is_written {
                    break;
                }
            }
        }
    }

    /// Stays alive in the eyes of the other replicas, and settles what dead ones left behind. While
    /// the database is away all leases end, so nobody is taken for dead before everyone has had the
    /// time to renew theirs.
    async fn keep_lease(self: Arc<Self>) {
        let mut ticks = interval(LEASE_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut renewed_since = None;
        loop {
            ticks.tick().await;
            let renewed = self.renew_lease().await;
            renewed_since = renewed
                .is_ok()
                .then(|| renewed_since.unwrap_or_else(Instant::now));
            log_failure("renewing the lease", renewed);
            if renewed_since.is_some_and(|since| since.elapsed() >= LEASE) {
                log_failure("recovering", self.recover().await);
            }
        }
    }

    async fn renew_lease(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        if self.store.replica_renew(self.replica, LEASE, now).await? {
            return Ok(());
        }
        // Taken for dead, as after a long pause of the whole machine: what was begun before is
        // settled by now, and what is begun from here on is this replica's own again.
        self.store.replica_register(self.replica, LEASE, now).await
    }

    /// Settles what replicas that have died left `EXECUTING` or running.
    async fn recover(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let batch = BATCH_ROWS_MAX as usize;
        while self
            .store
            .action_recover_executing(now, BATCH_ROWS_MAX)
            .await?
            .len()
            == batch
        {}
        while self
            .store
            .claim_recover_running(now, BATCH_ROWS_MAX)
            .await?
            == u64::from(BATCH_ROWS_MAX)
        {}
        Ok(())
    }

    /// Follows a rotation of the vault's master key while the way to the new one is open, whether
    /// or not anything has to be sealed meanwhile, and cuts that way once all replicas have.
    async fn follow_rotation(self: Arc<Self>) {
        let mut ticks = interval(FOLLOW_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.sealing.retire_replaced_master(self.replica).await {
                tracing::warn!(%error, "the vault's master key could not be looked up");
            }
        }
    }

    async fn forget(self: Arc<Self>) {
        let mut ticks = interval(RETENTION_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            log_failure("forgetting what is old", self.forget_once().await);
        }
    }

    async fn remove_unused_keys(self: Arc<Self>) {
        let mut ticks = interval(UNUSED_KEYS_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            log_failure("removing unused data keys", self.remove_unused().await);
        }
    }

    async fn remove_unused(&self) -> Result<(), StoreError> {
        while self.sealing.remove_unused(BATCH_ROWS_MAX).await? == u64::from(BATCH_ROWS_MAX) {}
        Ok(())
    }

    /// One batch of each kind.
    async fn forget_once(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let settings = &self.settings;
        self.store.claim_delete_expired(now, BATCH_ROWS_MAX).await?;
        let results_before = now.before(settings.result_retention);
        self.store
            .action_response_drop_before(results_before, BATCH_ROWS_MAX, now)
            .await?;
        // Bodies are long: few at a time, until the rest fits.
        while self
            .store
            .action_body_drop_beyond(settings.ended_bytes, BODIES_DROPPED_MAX, now)
            .await?
            > 0
        {}
        let ledger_before = now.before(settings.ledger_retention);
        self.store
            .request_delete_before(ledger_before, BATCH_ROWS_MAX, now)
            .await?;
        let counted_since = rule::counted_since(now);
        self.store
            .rule_hits_delete_before(counted_since, BATCH_ROWS_MAX, now)
            .await?;
        self.store
            .session_delete_expired(now, BATCH_ROWS_MAX, now)
            .await?;
        let seen_before = now.before(settings.provenance_lifetime);
        while self
            .store
            .sighting_delete_before(seen_before, BATCH_ROWS_MAX, now)
            .await?
            == u64::from(BATCH_ROWS_MAX)
        {}
        self.store
            .replica_delete_dead(DEAD_REPLICA_KEPT, now)
            .await?;
        Ok(())
    }
}

fn log_failure<T>(what: &str, result: Result<T, StoreError>) {
    if let Err(error) = result {
        tracing::warn!(%error, "{what} failed and will be tried again");
    }
}

/// When which key was last used, until it is written down.
#[derive(Debug, Default)]
pub(crate) struct Touches(std::sync::Mutex<std::collections::HashMap<AgentId, Timestamp>>);

impl Touches {
    pub(crate) fn note(&self, agent: AgentId, at: Timestamp) {
        let mut touched = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        touched.insert(agent, at);
    }

    fn take(&self) -> Vec<(AgentId, Timestamp)> {
        let mut touched = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        touched.drain().collect()
    }
}
