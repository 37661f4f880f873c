//! Removing the link from a master key to the one that replaced it. An old secret and the link together
//! reveal the current master key. So the link is removed as soon as every running gateway has followed it
//! and the next start is known to use the new secret.

use std::time::Duration;

use gaiterguard_domain::event::Event;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_store::{Store, StoreError};
use gaiterguard_vault::MasterKey;
use secrecy::SecretString;
use tokio::time::{Instant, sleep};

use crate::error::SealingError;
use crate::master::entry;
use crate::sealing::Sealing;

/// How long a finished rotation waits for running gateways. They look for rotations every second, and
/// the lease of one that has died lasts for five, so this leaves time for both.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(15);

/// How often it checks whether they have followed.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);

/// The values that the old secret can still open after a rotation has finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldSecret {
    /// Nothing.
    OpensNothing,
    /// Everything, until each running gateway has followed or stopped.
    AwaitsGateways,
}

impl Sealing {
    /// Follows a rotation of the master key, records that for the other replicas, and removes the link
    /// once all have followed.
    pub async fn retire_replaced_master(&self, replica: ReplicaId) -> Result<(), SealingError> {
        self.follow_rotation().await?;
        let store = &self.inner.store;
        if store.master_has_link().await? {
            let now = self.inner.clock.now();
            let master = self.inner.keyring.current().to_string();
            store.replica_set_master(replica, &master, now).await?;
            remove_followed_links(store, now).await?;
        }
        Ok(())
    }
}

/// Ends a rotation whose new secret is saved for the next start. Waits until every running gateway has
/// followed, after which the old secret opens nothing. It can be repeated.
pub async fn finish(
    store: &Store,
    new_secret: &SecretString,
    salt: &str,
    clock: &dyn Clock,
) -> Result<OldSecret, SealingError> {
    let master = MasterKey::derive(new_secret, salt).id().to_string();
    record_secret_kept(store, &master, clock.now()).await?;
    let deadline = Instant::now() + FOLLOWED_WITHIN;
    loop {
        remove_followed_links(store, clock.now()).await?;
        if !store.master_has_link().await? {
            return Ok(OldSecret::OpensNothing);
        }
        if Instant::now() >= deadline {
            return Ok(OldSecret::AwaitsGateways);
        }
        sleep(CHECK_INTERVAL).await;
    }
}

/// Records that the next start is known to use the secret of this master key.
pub(crate) async fn record_secret_kept(
    store: &Store,
    master: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let kept = entry(at, Event::MasterKeySecretKept, master);
    store.master_mark_configured(master, at, kept).await?;
    Ok(())
}

/// Removes the link unless a gateway still needs it.
pub(crate) async fn remove_followed_links(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    let removed = |old: &str| entry(now, Event::MasterKeyLinkCut, old);
    store.master_remove_followed_links(now, removed).await?;
    Ok(())
}
