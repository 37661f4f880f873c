//! Makes checkpoints: in the background, at the end of an orderly stop, and when a proof needs one.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::checkpoint::{Checkpoint, SignedCheckpoint};
use gaiterguard_domain::time::Clock;
use gaiterguard_sealing::Sealing;
use gaiterguard_store::{Store, StoreError, Unsigned};
use gaiterguard_vault::signing_key::SigningKey;
use tokio::sync::OnceCell;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::key::{self, KeyError, PublicKey};

/// How often it is checked whether a checkpoint is due. A proof contains a digest of each entry up to the next
/// checkpoint, so this bounds its length under load.
const CHECK_EVERY: Duration = Duration::from_secs(2);

/// The number of entries without a checkpoint from which one is due: 64 KiB of digests in a proof.
const ENTRIES_DUE: i64 = 1000;

/// How old the newest checkpoint may be if there are entries since. An end of the log that is younger can be cut
/// off without a trace. Each checkpoint is a row that is kept forever, so a quiet gateway makes few.
const AGE_MAX: Duration = Duration::from_mins(5);

/// How long the last checkpoint may take during a stop. It is a few statements; a database that is down must not
/// delay the stop.
const STOP_MAX: Duration = Duration::from_secs(3);

/// How often a checkpoint is tried if other replicas make one at the same moment. Each failed attempt means that
/// another replica's checkpoint was written, so the log is covered.
const ATTEMPTS_MAX: usize = 5;

/// The checkpoints of a gateway. Clones share their state.
#[derive(Clone)]
pub struct Checkpoints {
    pub(crate) store: Store,
    sealing: Sealing,
    clock: Arc<dyn Clock>,
    key: Arc<OnceCell<SigningKey>>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Checkpoints {
    /// Returns the checkpoints of a database.
    pub fn new(store: Store, sealing: Sealing, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            sealing,
            clock,
            key: Arc::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        }
    }

    /// Starts to make checkpoints. Must be called inside a tokio runtime.
    pub fn start(&self) {
        let this = self.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = this.run() => {}
                () = this.stopping.cancelled() => {}
            }
        });
    }

    /// Stops, and makes a last checkpoint of everything that was written before.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        let last = async {
            self.tasks.wait().await;
            self.make().await
        };
        match timeout(STOP_MAX, last).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last checkpoint could not be made"),
            Err(_) => tracing::warn!("the last checkpoint could not be made in time"),
        }
    }

    /// Returns the public half of the key, as the vault confirms it.
    ///
    /// # Errors
    ///
    /// If there is no key, or the vault or the database fails.
    pub async fn public_key(&self) -> Result<PublicKey, KeyError> {
        let key = key::open(&self.store, &self.sealing).await?;
        Ok(PublicKey(key.public()))
    }

    /// Returns the newest checkpoint; `None` before the first one.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn newest(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        self.store.checkpoint_newest().await
    }

    /// Makes a checkpoint, if there are entries that none covers. Returns the newest one.
    ///
    /// # Errors
    ///
    /// If the vault or the database fails.
    pub async fn make(&self) -> Result<Option<SignedCheckpoint>, KeyError> {
        // Created before the heads are read, because its creation is an entry.
        let key = self.key().await?;
        for _ in 0..ATTEMPTS_MAX {
            let newest = self.store.checkpoint_newest().await?;
            let heads = self.store.checkpoint_unsigned_heads().await?;
            if heads.is_empty() {
                return Ok(newest);
            }
            let newest = newest.map(|newest| newest.checkpoint);
            let checkpoint = Checkpoint {
                number: newest.as_ref().map_or(1, |newest| newest.number + 1),
                at: self.clock.now(),
                previous: newest.as_ref().map(Checkpoint::digest),
                heads,
            };
            let signed = SignedCheckpoint {
                key: key.public(),
                signature: key.sign(&checkpoint.digest().0),
                checkpoint,
            };
            // Nothing is returned before the commit: it also makes the heads durable that the checkpoint names.
            if self.store.checkpoint_insert(&signed).await? {
                return Ok(Some(signed));
            }
        }
        Ok(self.store.checkpoint_newest().await?)
    }

    async fn run(&self) {
        let mut ticks = interval(CHECK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_reported = false;
        loop {
            ticks.tick().await;
            match self.make_if_due().await {
                Ok(()) => is_reported = false,
                Err(error) if !is_reported => {
                    tracing::warn!(%error, "a checkpoint of the audit log could not be made and will be tried again");
                    is_reported = true;
                }
                Err(_) => {}
            }
        }
    }

    async fn make_if_due(&self) -> Result<(), KeyError> {
        let Unsigned { entries, newest_at } = self.store.checkpoint_unsigned().await?;
        let is_old = newest_at.is_none_or(|at| at.until(self.clock.now()) >= AGE_MAX);
        if entries >= ENTRIES_DUE || (entries > 0 && is_old) {
            self.make().await?;
        }
        Ok(())
    }

    async fn key(&self) -> Result<&SigningKey, KeyError> {
        let opening = || key::open_or_create(&self.store, &self.sealing, self.clock.now());
        self.key.get_or_try_init(opening).await
    }
}
