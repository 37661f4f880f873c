//! Opens the database for commands that may run next to a gateway.
//!
//! Such commands write no log: their output is a result or one line about an error.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use gaiterguard_clock::SystemClock;
use gaiterguard_console as console;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_environment::Source;
use gaiterguard_evidence::Checkpoints;
use gaiterguard_sealing::Sealing;
use gaiterguard_settings::secrets::Secrets;
use gaiterguard_settings::{Database, Settings};
use gaiterguard_store::{Purpose, Store, StoreError, StoreOptions};
use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::error::CommandError;

/// The settings, the secrets, and the open database.
pub(crate) struct OfflineDatabase {
    pub(crate) settings: Settings,
    pub(crate) secrets: Secrets,
    pub(crate) store: Store,
}

/// Behavior if the database does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Create it, or migrate an existing one.
    Create,
    /// Fail. The command works on existing data, and creating an empty database would hide that the
    /// settings point to the wrong place.
    Fail,
}

/// Runs a command and reports its error.
pub(crate) fn run(
    missing: Missing,
    work: impl AsyncFnOnce(&OfflineDatabase) -> Result<(), CommandError>,
) -> ExitCode {
    match try_run(missing, work) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => console::fail(&error, error.exit_code()),
    }
}

fn try_run(
    missing: Missing,
    work: impl AsyncFnOnce(&OfflineDatabase) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let settings = Settings::read(&Source::read(Path::new("."))?)?;
    if missing == Missing::Fail
        && let Database::Sqlite { path } = &settings.storage.database
        // If the path cannot be checked, opening it reports the error.
        && matches!(path.try_exists(), Ok(false))
    {
        return Err(CommandError::NoDatabase(path.clone()));
    }
    let secrets = Secrets::settle(&settings.secret, &settings.storage)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Runtime)?;
    runtime.block_on(async {
        let replica = ReplicaId(Uuid::new_v4());
        let options = StoreOptions::new(replica, Purpose::Tool);
        let store = Store::open(settings.storage.database.url().expose_secret(), options)?;
        let database = OfflineDatabase {
            settings,
            secrets,
            store,
        };
        let done = match database.prepare(missing).await {
            Ok(()) => work(&database).await,
            Err(error) => Err(error),
        };
        database.store.close().await;
        done
    })
}

impl OfflineDatabase {
    /// Returns the checkpoints of the audit log, with the vault that their key is in.
    pub(crate) async fn checkpoints(&self) -> Result<Checkpoints, CommandError> {
        let store = self.store.clone();
        let salt = &self.settings.secret.encryption_salt;
        let secret = &self.secrets.encryption;
        let clock = Arc::new(SystemClock);
        let opening = Sealing::open_or_create(store.clone(), secret, salt, clock.clone());
        Ok(Checkpoints::new(store, opening.await?, clock))
    }

    async fn prepare(&self, missing: Missing) -> Result<(), CommandError> {
        match missing {
            Missing::Create => Ok(self.store.migrate().await?),
            Missing::Fail => match self.store.ready().await {
                Err(error @ StoreError::Refused(_)) => Err(CommandError::Unreadable(error)),
                result => Ok(result?),
            },
        }
    }
}
