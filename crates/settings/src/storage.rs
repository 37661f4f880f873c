//! Settings of the storage.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use gaiterguard_domain::ledger::ByteBudget;
use gaiterguard_environment::{SettingError, Source, read, value};
use secrecy::{ExposeSecret, SecretString};

const DATABASE_FILE: &str = "gaiterguard.db";

/// Where data is stored, and how much of it.
#[derive(Debug)]
pub struct StorageSettings {
    /// Directory of the embedded database and generated secrets.
    pub data_dir: PathBuf,
    pub database: Database,
    /// Limit of the bytes kept of responses for replay, and of the same size for the requests of
    /// ended actions.
    pub kept_bytes: ByteBudget,
    pub read_durability: ReadDurability,
}

/// The event that the record of a read survives before its response is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReadDurability {
    /// The death of the process. It is on stable storage within 100 ms.
    Process,
    /// The loss of power: it is on stable storage.
    Fsync,
}

/// The database and its location.
#[derive(Debug, Clone)]
pub enum Database {
    /// The embedded database, in this file.
    Sqlite { path: PathBuf },
    /// A PostgreSQL server; the URL may contain a password.
    Postgres { url: SecretString },
}

/// Where data is stored, and how much of it.
#[derive(Debug, Args)]
pub(crate) struct StorageVariables {
    /// Directory of the embedded database and generated secrets.
    #[arg(env = "DATA_DIR", default_value = "./data")]
    data_dir: PathBuf,
    /// The database: `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`. The default is
    /// `gaiterguard.db` in `DATA_DIR`.
    #[arg(env = "DATABASE_URL", hide_env_values = true, value_parser = Database::parse)]
    database: Option<Database>,
    // 256 responses of the maximum length.
    /// Maximum total size of an agent's stored responses, in bytes. Beyond the limit, only the
    /// status is stored. The bodies of ended actions have a separate limit of the same size; beyond
    /// it, the oldest bodies are truncated to their first 4 KiB.
    #[arg(
        env = "MAX_KEPT_BYTES_PER_AGENT",
        default_value = "268435456",
        value_parser = value::bytes,
    )]
    kept_bytes_per_agent_max: u64,
    // Eight such agents.
    /// The same limits for all agents of a workspace together, in bytes.
    #[arg(
        env = "MAX_KEPT_BYTES_PER_WORKSPACE",
        default_value = "2147483648",
        value_parser = value::bytes,
    )]
    kept_bytes_per_workspace_max: u64,
    /// When the response to a GET, HEAD, or OPTIONS request without an idempotency key is returned.
    /// `process`: once the request's entry in the ledger survives the death of the gateway's process;
    /// the entry is on stable storage within 100 ms. `fsync`: once the entry is on stable storage.
    #[arg(env = "READ_DURABILITY", default_value = "process")]
    read_durability: ReadDurability,
}

impl StorageSettings {
    /// Reads the settings.
    pub fn read(source: &Source) -> Result<Self, SettingError> {
        let variables: StorageVariables = read(source)?;
        let data_dir = variables.data_dir;
        let database = match variables.database {
            None => Database::Sqlite {
                path: data_dir.join(DATABASE_FILE),
            },
            Some(database) => database.below(&data_dir),
        };
        Ok(Self {
            data_dir,
            database,
            kept_bytes: ByteBudget {
                agent: variables.kept_bytes_per_agent_max,
                workspace: variables.kept_bytes_per_workspace_max,
            },
            read_durability: variables.read_durability,
        })
    }
}

impl Database {
    fn parse(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite://").filter(|path| {
            // Query options are refused, because the gateway sets the options of the database.
            !path.is_empty() && !path.contains(['?', '#']) && *path != ":memory:"
        }) {
            return Ok(Self::Sqlite {
                path: PathBuf::from(path),
            });
        }
        let rest = ["postgres://", "postgresql://"]
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme));
        if rest.is_some_and(|rest| !rest.is_empty()) {
            return Ok(Self::Postgres {
                url: SecretString::from(url),
            });
        }
        Err("sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME".to_owned())
    }

    /// Resolves `$DATA_DIR` in a path: people may copy the default as the documentation writes it.
    fn below(self, data_dir: &Path) -> Self {
        match self {
            Self::Sqlite { path } => Self::Sqlite {
                path: match path.strip_prefix("$DATA_DIR") {
                    Ok(rest) => data_dir.join(rest),
                    Err(_) => path,
                },
            },
            Self::Postgres { .. } => self,
        }
    }

    /// Returns the URL that the store opens.
    pub fn url(&self) -> SecretString {
        match self {
            Self::Sqlite { path } => SecretString::from(format!("sqlite://{}", path.display())),
            Self::Postgres { url } => SecretString::from(url.expose_secret()),
        }
    }
}
