//! The gateway's secrets: either from the settings, or generated at the first start into files of
//! the data directory that only their owner can read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::{Database, SECRET_LENGTH_MIN, SecretSettings, StorageSettings};

const JWT_FILE: &str = "jwt_secret";
const ENCRYPTION_FILE: &str = "encryption_secret";
/// Only the gateway's own user may list or read the secrets.
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// Maximum length of a secret's file. A longer file is there by mistake.
const FILE_BYTES_MAX: u64 = 4096;

/// Both secrets.
#[derive(Debug)]
pub struct Secrets {
    pub jwt: SecretString,
    pub encryption: SecretString,
}

/// Reasons why there are no secrets to start with. Each message is a line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    #[error("the data directory {} cannot be used: {error}", path.display())]
    Directory { path: PathBuf, error: io::Error },
    #[error("{} cannot be used: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error(
        "{} is readable by users other than its owner (mode {mode:03o}): run chmod 600 on it, and \
         consider the secret compromised",
        path.display()
    )]
    Readable { path: PathBuf, mode: u32 },
    #[error(
        "{} must contain a secret of at least {SECRET_LENGTH_MIN} characters and at most \
         {FILE_BYTES_MAX} bytes",
        path.display()
    )]
    Damaged { path: PathBuf },
    #[error(
        "{} is missing although the database {} exists: restore the file or set {variable}; \
         without the old secret, data that it encrypted or signed is lost",
        path.display(),
        database.display()
    )]
    Lost {
        path: PathBuf,
        database: PathBuf,
        variable: &'static str,
    },
    #[error("the system provided no random bytes")]
    NoRandomness,
}

impl Secrets {
    /// Takes the secrets from the settings or else from the data directory. Generates them if
    /// neither they nor a database exist. Also creates the data directory and an empty file for the
    /// embedded database, so that only their owner can read them.
    ///
    /// Every command that opens the database must call this first: a database that is older than
    /// the secrets looks like one whose secrets were lost.
    pub fn settle(
        settings: &SecretSettings,
        storage: &StorageSettings,
    ) -> Result<Self, SecretsError> {
        let room = SecretRoom::open(storage)?;
        let secrets = Self {
            jwt: match &settings.jwt {
                Some(secret) => secret.clone(),
                None => room.secret(JWT_FILE, "JWT_SECRET")?,
            },
            encryption: match &settings.encryption {
                Some(secret) => secret.clone(),
                None => room.secret(ENCRYPTION_FILE, "ENCRYPTION_SECRET")?,
            },
        };
        room.create_database_file()?;
        Ok(secrets)
    }
}

/// Replaces the generated secret that data is encrypted with, atomically and durably. Returns the
/// path of its file.
pub fn replace_encryption(
    storage: &StorageSettings,
    secret: &SecretString,
) -> Result<PathBuf, SecretsError> {
    let path = storage.data_dir.join(ENCRYPTION_FILE);
    replace(&storage.data_dir, &path, secret).map_err(|error| file_error(&path, error))?;
    Ok(path)
}

struct SecretRoom<'a> {
    directory: &'a Path,
    /// Path of the embedded database, if it is in use.
    database: Option<&'a Path>,
    /// Whether that file existed when this process started.
    database_exists: bool,
}

impl<'a> SecretRoom<'a> {
    fn open(storage: &'a StorageSettings) -> Result<Self, SecretsError> {
        let directory = storage.data_dir.as_path();
        DirBuilder::new()
            .recursive(true)
            .mode(DIRECTORY_MODE)
            .create(directory)
            .map_err(|error| SecretsError::Directory {
                path: directory.to_owned(),
                error,
            })?;
        let database = match &storage.database {
            Database::Sqlite { path } => Some(path.as_path()),
            Database::Postgres { .. } => None,
        };
        let database_exists = match database {
            Some(path) => path.try_exists().map_err(|error| file_error(path, error))?,
            None => false,
        };
        Ok(Self {
            directory,
            database,
            database_exists,
        })
    }

    fn secret(&self, name: &str, variable: &'static str) -> Result<SecretString, SecretsError> {
        let path = self.directory.join(name);
        if let Some(secret) = read(&path)? {
            return Ok(secret);
        }
        if let (Some(database), true) = (self.database, self.database_exists) {
            return Err(SecretsError::Lost {
                path,
                database: database.to_owned(),
                variable,
            });
        }
        let secret =
            gaiterguard_vault::token::generate_hex().map_err(|_| SecretsError::NoRandomness)?;
        match create(self.directory, &path, &secret) {
            Ok(()) => Ok(secret),
            // Another process started at the same time and was first, so its secret is used.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                read(&path)?.ok_or_else(|| file_error(&path, error))
            }
            Err(error) => Err(file_error(&path, error)),
        }
    }

    fn create_database_file(&self) -> Result<(), SecretsError> {
        let Some(path) = self.database else {
            return Ok(());
        };
        let created = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(path);
        match created {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(file_error(path, error)),
        }
    }
}

/// Reads a secret that only its owner can read; `None` if the file does not exist.
fn read(path: &Path) -> Result<Option<SecretString>, SecretsError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error(path, error)),
    };
    // Checks the open file rather than the path, so that the file that is checked is the file that
    // is read.
    let mode = file
        .metadata()
        .map_err(|error| file_error(path, error))?
        .mode()
        & 0o777;
    if mode & !FILE_MODE != 0 {
        return Err(SecretsError::Readable {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(|error| file_error(path, error))?;
    let secret = text.trim();
    if text.len() as u64 > FILE_BYTES_MAX || secret.chars().count() < SECRET_LENGTH_MIN {
        return Err(SecretsError::Damaged {
            path: path.to_owned(),
        });
    }
    Ok(Some(SecretString::from(secret)))
}

/// Creates the file atomically and durably. Fails if it already exists.
fn create(directory: &Path, path: &Path, secret: &SecretString) -> io::Result<()> {
    // A hard link to a finished file appears in one step and never replaces another file. Writing
    // in place could leave a partial file after a power failure.
    let draft = draft(directory);
    let written = write(&draft, secret).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    written.and(removed)?;
    File::open(directory)?.sync_all()
}

/// Replaces the file atomically and durably: a reader finds either the old secret or the new one.
fn replace(directory: &Path, path: &Path, secret: &SecretString) -> io::Result<()> {
    let draft = draft(directory);
    write(&draft, secret)
        .and_then(|()| fs::rename(&draft, path))
        .inspect_err(|_| {
            // Report the first failure.
            let _ = fs::remove_file(&draft);
        })?;
    File::open(directory)?.sync_all()
}

/// Path of the temporary file, before it is renamed.
fn draft(directory: &Path) -> PathBuf {
    directory.join(format!(".secret-{}", uuid::Uuid::new_v4()))
}

/// Writes a new file that only its owner can read, and syncs it to disk.
fn write(path: &Path, secret: &SecretString) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(path)?;
    file.write_all(secret.expose_secret().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

fn file_error(path: &Path, error: io::Error) -> SecretsError {
    SecretsError::File {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use gaiterguard_environment::Source;
    use tempfile::TempDir;

    use super::*;
    use crate::Settings;

    fn settings(directory: &Path) -> Settings {
        let directory = directory.to_str().unwrap();
        Settings::read(&Source::from_pairs([("DATA_DIR", directory)])).unwrap()
    }

    fn settle(directory: &Path) -> Result<Secrets, SecretsError> {
        let settings = settings(directory);
        Secrets::settle(&settings.secret, &settings.storage)
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_first_start_generates_and_the_second_reads() {
        let parent = TempDir::new().unwrap();
        let directory = parent.path().join("deep/data");
        let first = settle(&directory).unwrap();
        let second = settle(&directory).unwrap();

        assert_eq!(first.jwt.expose_secret(), second.jwt.expose_secret());
        assert_eq!(
            first.encryption.expose_secret(),
            second.encryption.expose_secret()
        );
        assert_ne!(first.jwt.expose_secret(), first.encryption.expose_secret());
        assert_eq!(first.jwt.expose_secret().len(), 64);
        assert_eq!(mode(&directory), 0o700);
        for name in [JWT_FILE, ENCRYPTION_FILE, "gaiterguard.db"] {
            assert_eq!(mode(&directory.join(name)), 0o600, "{name}");
        }
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 3);
        assert!(!format!("{first:?}").contains(first.jwt.expose_secret()));
    }

    #[test]
    fn a_lost_secret_is_not_replaced() {
        let directory = TempDir::new().unwrap();
        settle(directory.path()).unwrap();
        fs::remove_file(directory.path().join(ENCRYPTION_FILE)).unwrap();

        let error = settle(directory.path()).unwrap_err();
        assert!(matches!(error, SecretsError::Lost { .. }), "{error}");
        assert!(error.to_string().contains("ENCRYPTION_SECRET"), "{error}");
        assert!(!directory.path().join(ENCRYPTION_FILE).exists());
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        let directory = TempDir::new().unwrap();
        settle(directory.path()).unwrap();
        let path = directory.path().join(JWT_FILE);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();

        let error = settle(directory.path()).unwrap_err();
        assert!(
            matches!(error, SecretsError::Readable { mode: 0o640, .. }),
            "{error}"
        );
    }

    #[test]
    fn a_secret_that_is_too_short_or_too_long_is_refused() {
        let directory = TempDir::new().unwrap();
        settle(directory.path()).unwrap();
        for text in ["abc\n".to_owned(), "a".repeat(5000)] {
            fs::write(directory.path().join(JWT_FILE), text).unwrap();
            let error = settle(directory.path()).unwrap_err();
            assert!(matches!(error, SecretsError::Damaged { .. }), "{error}");
        }
    }

    #[test]
    fn a_replaced_secret_is_what_the_next_start_reads() {
        let directory = TempDir::new().unwrap();
        let before = settle(directory.path()).unwrap();
        let secret = SecretString::from("the secret after the rotation, 4242");
        let settings = settings(directory.path());
        let path = replace_encryption(&settings.storage, &secret).unwrap();

        assert_eq!(path, directory.path().join(ENCRYPTION_FILE));
        assert_eq!(mode(&path), 0o600);
        let after = settle(directory.path()).unwrap();
        assert_eq!(after.encryption.expose_secret(), secret.expose_secret());
        assert_eq!(after.jwt.expose_secret(), before.jwt.expose_secret());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_secret_that_cannot_be_replaced_leaves_no_draft() {
        let directory = TempDir::new().unwrap();
        let settings = settings(directory.path());
        fs::create_dir(directory.path().join(ENCRYPTION_FILE)).unwrap();
        let secret = SecretString::from("the secret after the rotation, 4242");

        let error = replace_encryption(&settings.storage, &secret).unwrap_err();
        assert!(matches!(error, SecretsError::File { .. }), "{error}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn concurrent_first_starts_agree_on_one_secret() {
        let directory = TempDir::new().unwrap();
        let settings = settings(directory.path());
        // Only the secret can be created concurrently here: the first process creates the database
        // file.
        let room = SecretRoom::open(&settings.storage).unwrap();
        let secrets: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| room.secret(JWT_FILE, "JWT_SECRET").unwrap()))
                .collect();
            starts
                .into_iter()
                .map(|start| start.join().unwrap())
                .collect()
        });
        for secret in &secrets {
            assert_eq!(secret.expose_secret(), secrets[0].expose_secret());
        }
    }
}
