//! A SQLite database as a file: its permissions, and the lock of the process that serves from it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// Creates the database file if it is missing, readable by its owner only. SQLite gives its
/// write-ahead log the same permissions.
pub fn create_private(path: &Path) -> Result<(), StoreError> {
    open_private(path).map_err(|error| io_error(path, &error))?;
    Ok(())
}

/// Takes the lock that one serving process holds next to its database.
pub fn lock(path: &Path) -> Result<File, StoreError> {
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push(".lock");
    let lock_path = PathBuf::from(lock_path);
    let file = open_private(&lock_path).map_err(|error| io_error(&lock_path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::AlreadyServed(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(io_error(&lock_path, &error)),
    }
}

fn io_error(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}

/// Opens a file that only its owner may read, and creates it if it is missing.
fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        options.mode(0o600);
        let file = options.open(path)?;
        // The mode applies to a new file only; a file that exists may be readable by others.
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}
