//! The background work of the gateway: it keeps the definitions confirmed, expires actions, renews access
//! tokens, settles what a crash left behind, and deletes what is old enough. Every round works in bounded batches, so
//! that it never delays a request for long.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_authority::{Authority, CONFIRM_EVERY, LastUsed};
use gaiterguard_credential::Credentials;
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

/// How long a renewal may take. If its connection is silent, there is time for another one within
/// the lease.
const RENEWAL_MAX: Duration = Duration::from_secs(2);

/// How long the row of a dead replica is kept. Its claims are settled within seconds.
const DEAD_REPLICA_KEPT: Duration = Duration::from_hours(1);

/// How often the times at which keys were last used are written. Humans read them at leisure.
const LAST_USED_EVERY: Duration = Duration::from_secs(5);

/// How often access tokens that are due are searched for. A token is due a minute before it ends, unless it
/// lives for less than ten.
const RENEW_EVERY: Duration = Duration::from_secs(15);

/// How long other replicas leave a token that is due to the oldest one. Two that renew at the same time would
/// present one refresh token twice, which some providers take for theft.
const RENEWAL_LEFT_TO_OLDEST: Duration = Duration::from_secs(30);

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
    pub(crate) credentials: Credentials,
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
        spawn(Box::pin(each().record_llm_outages()));
        spawn(Box::pin(each().renew_tokens()));
        spawn(Box::pin(each().keep_lease()));
        spawn(Box::pin(each().follow_rotation()));
        spawn(Box::pin(each().delete_old()));
        spawn(Box::pin(each().remove_unused_keys()));
        spawn(Box::pin(each().sweep_histories()));
        let provenance = Arc::clone(&self.provenance);
        spawn(Box::pin(async move { provenance.write_sightings().await }));
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
            self.authority.read_all_missing().await;
        }
    }

    /// Marks actions as expired at the moment when they expire, so that waiting calls are notified.
    /// Views never depend on this: a state is always computed as of now.
    async fn expire(self: Arc<Self>) {
        loop {
            let next = log_failure("expiring actions", self.expire_due().await).flatten();
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

    async fn write_last_used(self: Arc<Self>) {
        let mut ticks = interval(LAST_USED_EVERY);
        loop {
            ticks.tick().await;
            let touched = self.last_used.take();
            let written = self.store.agent_touch(&touched).await;
            if log_failure("writing the use of keys", written).is_none() {
                for (agent, at) in touched {
                    self.last_used.note(agent, at);
                }
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
                let what = "writing the spending on the language model";
                let is_written = log_failure(what, written).is_some();
                sleep_until(Instant::now() + SPENDING_PAUSE).await;
                if is_written {
                    break;
                }
            }
        }
    }

    /// Records when the language model begins to fail and when it responds again.
    async fn record_llm_outages(self: Arc<Self>) {
        if let Some(llm) = &self.llm {
            llm.record_outages(&self.store).await;
        }
    }

    /// Renews access tokens that end soon, so that no agent waits for that.
    async fn renew_tokens(self: Arc<Self>) {
        let mut ticks = interval(RENEW_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = self.clock.now();
            let is_oldest = !self.store.is_shared()
                || log_failure(
                    "looking up the oldest replica",
                    self.store.replica_is_oldest(self.replica, now).await,
                )
                .unwrap_or_default();
            let patience = if is_oldest {
                Duration::ZERO
            } else {
                RENEWAL_LEFT_TO_OLDEST
            };
            let services = self.authority.services();
            self.credentials
                .renew_due(&services, now.before(patience))
                .await;
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
            let renewing = tokio::time::timeout(RENEWAL_MAX, self.renew_lease()).await;
            let renewed = renewing.unwrap_or_else(|_| {
                let what = "the renewal of the lease timed out";
                Err(StoreError::Unavailable(what.to_owned()))
            });
            renewed_since = log_failure("renewing the lease", renewed)
                .map(|()| renewed_since.unwrap_or_else(Instant::now));
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
        in_batches(|| self.store.claim_recover_running(now, BATCH_ROWS_MAX)).await
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
            let removed = in_batches(|| self.sealing.remove_unused(BATCH_ROWS_MAX)).await;
            log_failure("removing unused data keys", removed);
        }
    }

    /// Deletes everything that is old enough.
    async fn delete_old_once(&self) -> Result<(), StoreError> {
        let (store, now, batch) = (&self.store, self.clock.now(), BATCH_ROWS_MAX);
        in_batches(|| store.claim_delete_expired(now, batch)).await?;
        let results_before = now.before(self.result_retention);
        in_batches(|| store.action_response_drop_before(results_before, batch, now)).await?;
        // Bodies are long, so a few are dropped at a time until the rest fits.
        while store
            .action_body_drop_beyond(self.ended_bytes, BODIES_DROPPED_MAX, now)
            .await?
            > 0
        {}
        let ledger_before = now.before(self.ledger_retention);
        in_batches(|| store.request_delete_before(ledger_before, batch, now)).await?;
        let counted_since = rule::counted_since(now);
        in_batches(|| store.rule_hits_delete_before(counted_since, batch, now)).await?;
        in_batches(|| store.session_delete_expired(now, batch, now)).await?;
        let seen_before = now.before(self.provenance_lifetime);
        in_batches(|| store.sighting_delete_before(seen_before, batch, now)).await?;
        store.replica_delete_dead(DEAD_REPLICA_KEPT, now).await?;
        Ok(())
    }
}

/// Repeats a change of at most [`BATCH_ROWS_MAX`] rows until it finds fewer.
async fn in_batches<C>(change: impl Fn() -> C) -> Result<(), StoreError>
where
    C: Future<Output = Result<u64, StoreError>>,
{
    while change().await? == u64::from(BATCH_ROWS_MAX) {}
    Ok(())
}

/// Returns the value, or logs the failure.
fn log_failure<T>(what: &str, result: Result<T, StoreError>) -> Option<T> {
    result
        .inspect_err(|error| tracing::warn!(%error, "{what} failed and will be tried again"))
        .ok()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::ready;

    use super::*;

    #[tokio::test]
    async fn a_change_is_repeated_until_no_row_is_left() {
        let batch = u64::from(BATCH_ROWS_MAX);
        for rows in [0, 1, batch, 2 * batch + 1] {
            let left = Cell::new(rows);
            let change = || {
                let changed = left.get().min(batch);
                left.set(left.get() - changed);
                ready(Ok(changed))
            };
            in_batches(change).await.unwrap();
            assert_eq!(left.get(), 0, "{rows}");
        }
    }
}
