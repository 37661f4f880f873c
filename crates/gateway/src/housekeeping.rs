//! The background work of the gateway: it keeps the definitions confirmed, expires actions, settles
//! what a crash left behind, and deletes what is old enough. Every round works in bounded batches, so
//! that it never delays a request for long.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_authority::{Authority, CONFIRM_EVERY, LastUsed};
use gaiterguard_definitions::rule;
use gaiterguard_domain::event::Subject;
use gaiterguard_domain::ledger::{ByteBudget, ReplicaId};
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_llm::Llm;
use gaiterguard_provenance::Provenance;
use gaiterguard_sealing::Sealing;
use gaiterguard_store::{Notice, Store, StoreError};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::action::watch::ActionWatch;

/// The most rows that one statement changes, so that the ledger never waits long for its rows.
const BATCH_ROWS_MAX: u32 = 500;

/// The most bodies of an agent's ended actions that one statement drops: each may have megabytes.
const BODIES_DROPPED_MAX: u32 = 4;

/// How long a silent replica keeps its claims and executions: several renewals were missed then.
const LEASE: Duration = Duration::from_secs(5);

/// How often the lease is renewed, and dead replicas are searched for: a fifth of the lease.
const LEASE_EVERY: Duration = Duration::from_secs(1);

/// How long the row of a dead replica is kept. Its claims are settled within seconds.
const DEAD_REPLICA_KEPT: Duration = Duration::from_hours(1);

/// How often the times at which keys were last used are written. Humans read them at leisure.
const LAST_USED_EVERY: Duration = Duration::from_secs(5);

/// The pause between writes of the spending on a language model. Calls in between share one.
const SPENDING_PAUSE: Duration = Duration::from_millis(250);

/// How often the vault's current master key is looked up. A rotation waits for that, and an old secret
/// opens the vault until then.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// How often histories are swept. Until then, noted exchanges are in memory whole.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// How often old rows are searched for. Retention is set in hours or days.
const RETENTION_EVERY: Duration = Duration::from_mins(1);

/// How often unused data keys are searched for. Everything that may name one is read for that.
const UNUSED_KEYS_EVERY: Duration = Duration::from_hours(6);

/// The longest that the sweep for expired actions sleeps: another replica may have held an action
/// that expires sooner than any known here.
const EXPIRY_EVERY_MAX: Duration = Duration::from_secs(1);

/// The background work of a gateway.
pub(crate) struct Housekeeping {
    pub(crate) replica: ReplicaId,
    pub(crate) store: Store,
    pub(crate) authority: Arc<Authority>,
    pub(crate) sealing: Sealing,
    pub(crate) llm: Option<Arc<Llm>>,
    pub(crate) provenance: Arc<Provenance>,
    pub(crate) watch: ActionWatch,
    pub(crate) last_used: Arc<LastUsed>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The most bytes of requests of ended actions that are kept.
    pub(crate) ended_bytes: ByteBudget,
    /// The time during which the rows of the ledger are kept.
    pub(crate) ledger_retention: Duration,
    /// The time during which the responses to executed actions are kept.
    pub(crate) result_retention: Duration,
    /// The time during which the values of a response count as seen.
    pub(crate) provenance_lifetime: Duration,
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Housekeeping {
    /// Starts the background work. It ends when the gateway stops.
    pub(crate) fn start(self: &Arc<Self>, tasks: &TaskTracker, stopping: &CancellationToken) {
        let spawn = |work: Work| {
            let stopping = stopping.clone();
            tasks.spawn(async move {
                tokio::select! {
                    () = work => {}
                    () = stopping.cancelled() => {}
                }
            });
        };
        let each = || Arc::clone(self);
        spawn(Box::pin(each().forward_notices()));
        spawn(Box::pin(each().confirm_authority()));
        spawn(Box::pin(each().cancel_expired_keys()));
        spawn(Box::pin(each().read_documents()));
        spawn(Box::pin(each().expire()));
        spawn(Box::pin(each().write_last_used()));
        spawn(Box::pin(each().write_spending()));
        spawn(Box::pin(each().keep_lease()));
        spawn(Box::pin(each().follow_rotation()));
        spawn(Box::pin(each().delete_old()));
        spawn(Box::pin(each().remove_unused_keys()));
        spawn(Box::pin(each().sweep_histories()));
        spawn(Box::pin(each().write_sightings()));
    }

    /// Takes this run's lease and settles what an earlier run left behind. If there may be other
    /// replicas, it takes a while until an ended lease is certain.
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

    /// Wakes the calls that wait for a change that was committed here or by another replica.
    async fn forward_notices(self: Arc<Self>) {
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

    /// Cancels what runs with a key at the moment when the key expires. The clock may be set, and a
    /// change may add a key that expires sooner, so this never waits for long.
    async fn cancel_expired_keys(self: Arc<Self>) {
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

    /// Marks actions as expired at the moment when they expire, so that waiting calls are notified.
    /// Views never depend on this: a state is always computed as of now.
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

    /// Parses what was noted, so that it does not remain in memory as it was, and drops what is old.
    async fn sweep_histories(self: Arc<Self>) {
        let mut ticks = interval(SWEEP_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let provenance = Arc::clone(&self.provenance);
            let sweeping = move || provenance.sweep();
            match tokio::task::spawn_blocking(sweeping).await {
                Ok(ended) => {
                    log_failure("deleting sightings", self.provenance.forget(ended).await);
                }
                Err(error) => tracing::error!(%error, "sweeping the histories of agents failed"),
            }
        }
    }

    async fn write_sightings(self: Arc<Self>) {
        self.provenance.write_sightings().await;
    }

    async fn write_last_used(self: Arc<Self>) {
        let mut ticks = interval(LAST_USED_EVERY);
        loop {
            ticks.tick().await;
            let touched = self.last_used.take();
            if !touched.is_empty() {
                log_failure(
                    "writing the use of keys",
                    self.store.agent_touch(&touched).await,
                );
            }
        }
    }

    /// Writes the spending on a language model right after it was used.
    async fn write_spending(self: Arc<Self>) {
        let Some(llm) = &self.llm else { return };
        loop {
            llm.spending_changed().await;
            loop {
                let written = llm.write_spending(&self.store).await;
                let is_written = written.is_ok();
                log_failure("writing the spending on the language model", written);
                sleep_until(Instant::now() + SPENDING_PAUSE).await;
                if is_written {
                    break;
                }
            }
        }
    }

    /// Renews the lease of this replica, and settles what dead replicas left behind. All leases end
    /// while the database is unavailable, so no replica is declared dead before every replica has had
    /// the time to renew its lease.
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
        // This replica was declared dead, as after a long pause of the whole machine. Its earlier work
        // is settled by now, and its new work belongs to it again.
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

    /// Follows a rotation of the vault's master key while the link to the new key exists, even if
    /// nothing has to be sealed, and removes the link once all replicas have followed it.
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

    async fn delete_old(self: Arc<Self>) {
        let mut ticks = interval(RETENTION_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            log_failure("deleting what is old", self.delete_old_once().await);
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

    /// Deletes one batch of each kind.
    async fn delete_old_once(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.store.claim_delete_expired(now, BATCH_ROWS_MAX).await?;
        let results_before = now.before(self.result_retention);
        self.store
            .action_response_drop_before(results_before, BATCH_ROWS_MAX, now)
            .await?;
        // Bodies are long, so a few are dropped at a time until the rest fits.
        while self
            .store
            .action_body_drop_beyond(self.ended_bytes, BODIES_DROPPED_MAX, now)
            .await?
            > 0
        {}
        let ledger_before = now.before(self.ledger_retention);
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
        let seen_before = now.before(self.provenance_lifetime);
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
