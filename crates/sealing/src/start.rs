//! Starting with a secret. The first start names the master key; every later start proves that the
//! secret is the one that the data was sealed with.

use std::sync::Arc;

use gaiterguard_domain::event::Event;
use gaiterguard_domain::time::Clock;
use gaiterguard_store::{MasterRow, Store, StoreError};
use gaiterguard_vault::{Keyring, MasterKey};
use secrecy::SecretString;

use crate::error::SealingError;
use crate::sealing::Sealing;
use crate::{link, master};

/// Why the gateway must not start with this secret.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data was sealed with another secret.
    #[error(
        "ENCRYPTION_SECRET (with ENCRYPTION_SALT) is not the one that this database was sealed \
         with: set the one it was first started with, or last rotated to, or use another database"
    )]
    WrongSecret,
    /// The secret was replaced, and that rotation is finished.
    #[error(
        "ENCRYPTION_SECRET is one that was replaced by `gaiterguard vault rotate`: \
         set the secret that it was replaced with"
    )]
    Replaced,
    /// The secret is the new one, and the rotation to it is not finished.
    #[error(
        "the rotation to this ENCRYPTION_SECRET is not finished, {remaining} data keys are left: \
         set the old secret and run `gaiterguard vault rotate` again with the new one"
    )]
    RotationUnfinished {
        /// How many data keys are still wrapped under another master key.
        remaining: i64,
    },
    /// There are data keys but no master key, so the database is damaged.
    #[error(
        "the database contains data keys, but not which master key encrypts them: restore it from a \
         backup"
    )]
    NoMaster,
    /// Vault or store failed.
    #[error(transparent)]
    Sealing(#[from] SealingError),
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Sealing(error.into())
    }
}

impl Sealing {
    /// Opens the vault with the operator's secret, or creates it at the first start.
    pub async fn open_or_create(
        store: Store,
        secret: &SecretString,
        salt: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let master = MasterKey::derive(secret, salt);
        let id = master.id().to_string();
        let mut rows = store.master_list().await?;
        if rows.is_empty() {
            let at = clock.now();
            let named = master::entry(at, Event::MasterKeyCreated, &id);
            // If the row was not inserted, another replica was faster, or there are keys without a master.
            store.master_insert_first(&id, at, named).await?;
            rows = store.master_list().await?;
        }
        if rows.is_empty() {
            return Err(StartError::NoMaster);
        }
        let is_current = |rows: &[MasterRow]| {
            let row = rows.iter().find(|row| row.id == id);
            row.map(|row| row.is_current).ok_or(StartError::WrongSecret)
        };
        let keyring = Keyring::new(master);
        if !is_current(&rows)? {
            return Self::follow_from(store, keyring, clock).await;
        }
        let remaining = store.data_key_count_not_under(&id).await?;
        if remaining > 0 {
            // A rotation away from this secret may have begun a moment ago.
            return if is_current(&store.master_list().await?)? {
                Err(StartError::RotationUnfinished { remaining })
            } else {
                Self::follow_from(store, keyring, clock).await
            };
        }
        // An old secret and its link together reveal the current master key. Starting with the new
        // secret proves that it is saved, so the link can be removed.
        if rows.iter().any(|row| row.link.is_some()) {
            link::record_secret_kept(&store, &id, clock.now()).await?;
            link::remove_followed_links(&store, clock.now()).await?;
        }
        Ok(Self::new(store, keyring, clock))
    }

    /// Starts with a secret that was replaced, as long as a link leads to the current master key.
    async fn follow_from(
        store: Store,
        keyring: Keyring,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        match master::follow(&store, &keyring).await {
            Ok(()) => Ok(Self::new(store, keyring, clock)),
            Err(SealingError::UnknownMaster) => Err(StartError::Replaced),
            Err(error) => Err(error.into()),
        }
    }
}
