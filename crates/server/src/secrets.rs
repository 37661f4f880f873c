//! The secrets the gateway runs on: those the operator gave, or those generated at the first start
//! into the data directory, one file each, readable by the owner alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::settings::{Database, SECRET_LENGTH_MIN, SecretSettings, StorageSettings};

const JWT_FILE: &str = "jwt_secret";
const ENCRYPTION_FILE: &str = "encryption_secret";
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// Longer than any secret of ours; what is longer was put there by mistake.
const FILE_BYTES_MAX: u64 = 4096;

/// Both secrets, settled.
#[derive(Debug)]
pub(crate) struct Secrets {
    pub(crate) jwt: SecretString,
    pub(crate) encryption: SecretString,
}

/// Why there are no secrets to run on. Each text is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretsError {
    #[error("the data directory {} cannot be used: {error}", path.display())]
    Directory { path: PathBuf, error: io::Error },
    #[error("{} cannot be used: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error(
        "{} may be read by others than its owner (its mode is {mode:03o}); run chmod 600 on it, \
         and consider the secret known to them",
        path.display()
    )]
    Readable { path: PathBuf, mode: u32 },
    #[error("{} does not hold a secret of at least {SECRET_LENGTH_MIN} characters", path.display())]
    Damaged { path: PathBuf },
    #[error(
        "{} is missing although the database {} exists; put the file back or set {variable}, \
         because what the old secret sealed or signed needs it",
        path.display(),
        database.display()
    )]
    Lost {
        path: PathBuf,
        database: PathBuf,
        variable: &'static str,
    },
    #[error("the system gave no random bytes")]
    NoRandomness,
}

impl Secrets {
    /// Takes the secrets from the settings, or else from the data directory, where they are
    /// generated if neither they nor a database are there yet. Also makes the data directory, and
    /// an empty file for the embedded database, so that it is the owner's alone.
    ///
    /// Every command that opens the database calls this first: a database that were older than the
    /// secrets would look like one whose secrets were lost.
    pub(crate) fn settle(
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

/// Puts another secret in the place of the generated one that data is sealed with, whole and
/// durably or not at all, and answers where it is kept.
pub(crate) fn replace_encryption(
    storage: &StorageSettings,
    secret: &SecretString,
) -> Result<PathBuf, SecretsError> {
    let path = storage.data_dir.join(ENCRYPTION_FILE);
    replace(&storage.data_dir, &path, secret).map_err(|error| file_error(&path, error))?;
    Ok(path)
}

struct SecretRoom<'a> {
    directory: &'a Path,
    /// The file of the embedded database, if that is the one in use.
    database: Option<&'a Path>,
    /// Whether that file was there at the start of this process.
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
            // Another process that started at the same time was first, and its secret stands.
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

/// Reads a secret that only its owner can read; none if there is no such file.
fn read(path: &Path) -> Result<Option<SecretString>, SecretsError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error(path, error)),
    };
    // The open file is asked, not the path, so that what was checked is what is read.
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
    file.take(FILE_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| file_error(path, error))?;
    let secret = text.trim();
    if secret.chars().count() < SECRET_LENGTH_MIN {
        return Err(SecretsError::Damaged {
            path: path.to_owned(),
        });
    }
    Ok(Some(SecretString::from(secret)))
}

/// Creates the file whole or not at all, and durably. Fails if it is there already.
fn create(directory: &Path, path: &Path, secret: &SecretString) -> io::Result<()> {
    // A link to a finished file appears in one step and never replaces another, where a file
    // written in place could be left half written by a power cut.
    let draft = draft(directory);
    let written = write(&draft, secret).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    written.and(removed)?;
    File::open(directory)?.sync_all()
}

/// Replaces the file in one step and durably: whoever reads it finds the old secret or the new one.
fn replace(directory: &Path, path: &Path, secret: &SecretString) -> io::Result<()> {
    let draft = draft(directory);
    write(&draft, secret)
        .and_then(|()| fs::rename(&draft, path))
        .inspect_err(|_| {
            // The first failure is the one to tell of.
            let _ = fs::remove_file(&draft);
        })?;
    File::open(directory)?.sync_all()
}

/// Where a secret is written before it appears under its name.
fn draft(directory: &Path) -> PathBuf {
    directory.join(format!(".secret-{}", uuid::Uuid::new_v4()))
}

/// Writes a new file that its owner alone can read, down to the disk.
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

    use tempfile::TempDir;

    use super::*;
    use crate::settings::{Settings, Source};

    fn settings(directory: &Path) -> Settings {
        let directory = directory.to_str().unwrap();
        Settings::from_source(&Source::from_pairs(&[("DATA_DIR", directory)])).unwrap()
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
    fn a_secret_cut_short_is_refused() {
        let directory = TempDir::new().unwrap();
        settle(directory.path()).unwrap();
        fs::write(directory.path().join(JWT_FILE), "abc\n").unwrap();

        let error = settle(directory.path()).unwrap_err();
        assert!(matches!(error, SecretsError::Damaged { .. }), "{error}");
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
    fn many_first_starts_at_once_agree_on_one_secret() {
        let directory = TempDir::new().unwrap();
        let settings = settings(directory.path());
        // The database file is made by whoever is first, so only the secret is raced for here.
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
