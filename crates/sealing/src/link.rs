//! Cutting the way from a master key to the one that replaced it. Whoever has an old secret and that way
//! has the present master key, so it lasts no longer than somebody needs it: until every gateway that
//! runs has followed, and the next start is known to use the new secret.

use std::time::Duration;

use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_store::{Store, StoreError};
use gaiterguard_vault::MasterKey;
use secrecy::SecretString;
use tokio::time::{Instant, sleep};

use crate::error::SealingError;
use crate::master::entry;
use crate::sealing::Sealing;

/// How long a finished rotation waits for gateways that run. They look for rotations every second, and
/// the lease of one that has died lasts for five.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(15);

/// How often it looks whether they have followed.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What a finished rotation has left of the old secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldSecret {
    /// It opens nothing any more.
    OpensNothing,
    /// It opens everything until each gateway that runs has followed, or has stopped.
    AwaitsGateways,
}

impl Sealing {
    /// Follows a rotation of the master key, lets the other runs know, and cuts the way once all have.
    pub async fn let_go_of_replaced(&self, replica: ReplicaId) -> Result<(), SealingError> {
        self.follow_rotation().await?;
        let store = &self.inner.store;
        if store.master_has_link().await? {
            let now = self.inner.clock.now();
            let master = self.inner.keyring.current().to_string();
            store.replica_set_master(replica, &master, now).await?;
            cut_followed(store, now).await?;
        }
        Ok(())
    }
}

/// Ends a rotation whose new secret is kept for the next start: the old one opens nothing as soon as
/// every gateway that runs has followed, which is waited for. It can be repeated.
pub async fn finish(
    store: &Store,
    new_secret: &SecretString,
    salt: &str,
    clock: &dyn Clock,
) -> Result<OldSecret, SealingError> {
    let master = MasterKey::derive(new_secret, salt).id().to_string();
    note_kept(store, &master, clock.now()).await?;
    let deadline = Instant::now() + FOLLOWED_WITHIN;
    loop {
        cut_followed(store, clock.now()).await?;
        if !store.master_has_link().await? {
            return Ok(OldSecret::OpensNothing);
        }
        if Instant::now() >= deadline {
            return Ok(OldSecret::AwaitsGateways);
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Notes that the next start is known to use the secret of this master key.
pub(crate) async fn note_kept(
    store: &Store,
    master: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let kept = entry(at, "master_key.secret_kept", master);
    store.master_mark_configured(master, at, kept).await?;
    Ok(())
}

/// Cuts the way if nobody needs it any more.
pub(crate) async fn cut_followed(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    let cut = |old: &str| entry(now, "master_key.link_cut", old);
    store.master_remove_followed_links(now, cut).await?;
    Ok(())
}
