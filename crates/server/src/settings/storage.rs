//! Settings of the storage.

use std::path::{Path, PathBuf};

use gaiterguard_domain::ledger::ByteBudget;
use secrecy::{ExposeSecret, SecretString};

use super::read::{self, MIB};
use super::{SettingError, Source};

const DATABASE_FILE: &str = "gaiterguard.db";

/// `DATA_DIR`, `DATABASE_URL`, `MAX_KEPT_BYTES_PER_AGENT`, and `MAX_KEPT_BYTES_PER_WORKSPACE`.
#[derive(Debug)]
pub(crate) struct StorageSettings {
    /// Directory of the embedded database and generated secrets.
    pub(crate) data_dir: PathBuf,
    pub(crate) database: Database,
    /// Limit of the bytes kept of responses for replay, and of the same size for the requests of
    /// ended actions.
    pub(crate) kept_bytes: ByteBudget,
}

/// The database and its location.
#[derive(Debug)]
pub(crate) enum Database {
    /// The embedded database, in this file.
    Sqlite { path: PathBuf },
    /// A PostgreSQL server; the URL may contain a password.
    Postgres { url: SecretString },
}

impl StorageSettings {
    pub(crate) fn from_source(source: &Source) -> Result<Self, SettingError> {
        let data_dir = read::path(source, "DATA_DIR")?.unwrap_or_else(|| PathBuf::from("./data"));
        let database = match source.get("DATABASE_URL")? {
            None => Database::Sqlite {
                path: data_dir.join(DATABASE_FILE),
            },
            Some(url) => Database::parse(url, &data_dir).ok_or_else(|| {
                let expected = "sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME";
                SettingError::invalid_secret("DATABASE_URL", expected)
            })?,
        };
        Ok(Self {
            data_dir,
            database,
            // 256 responses of the maximum length for one agent, and eight such agents.
            kept_bytes: ByteBudget {
                agent: read::bytes(source, "MAX_KEPT_BYTES_PER_AGENT", 256 * MIB)?,
                workspace: read::bytes(source, "MAX_KEPT_BYTES_PER_WORKSPACE", 2048 * MIB)?,
            },
        })
    }
}

impl Database {
    fn parse(url: &str, data_dir: &Path) -> Option<Self> {
        if let Some(path) = url.strip_prefix("sqlite://").filter(|path| {
            // Query options are refused, because the gateway sets the options of the database.
            !path.is_empty() && !path.contains(['?', '#']) && *path != ":memory:"
        }) {
            // The documentation writes the default with this variable, so people may copy it as it
            // is.
            let path = match path.strip_prefix("$DATA_DIR/") {
                Some(rest) => data_dir.join(rest),
                None => PathBuf::from(path),
            };
            return Some(Self::Sqlite { path });
        }
        let rest = url
            .strip_prefix("postgres://")
            .or_else(|| url.strip_prefix("postgresql://"))?;
        (!rest.is_empty()).then(|| Self::Postgres {
            url: SecretString::from(url),
        })
    }

    /// Returns the URL that the store opens.
    pub(crate) fn url(&self) -> SecretString {
        match self {
            Self::Sqlite { path } => SecretString::from(format!("sqlite://{}", path.display())),
            Self::Postgres { url } => SecretString::from(url.expose_secret()),
        }
    }
}
