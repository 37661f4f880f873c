//! The private folder with the files that the variables name.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::authority::to_pem;
use crate::bundle::Bundle;
use crate::inherited::Inherited;
use crate::pkcs12;
use crate::preload::PRELOAD;

/// Only the owner may list, read or replace the files.
const FOLDER_MODE: u32 = 0o700;

/// A folder that only its owner can read. Dropping it removes it, unless it is kept.
pub(crate) struct RunFolder(TempDir);

/// The files of a [`RunFolder`].
#[derive(Debug)]
pub(crate) struct Files {
    /// The folder itself.
    pub(crate) folder: PathBuf,
    /// For variables that add to a program's roots.
    pub(crate) added: PathBuf,
    /// For variables that replace a program's roots.
    pub(crate) all: PathBuf,
    /// The same for Java.
    pub(crate) trust_store: PathBuf,
    /// The module that Node.js loads first.
    pub(crate) preload: PathBuf,
    /// The settings of wget, which reads no variable for certificates.
    pub(crate) wgetrc: PathBuf,
}

impl RunFolder {
    /// Creates a folder with all files.
    pub(crate) fn create(bundle: &Bundle, inherited: &Inherited) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("gaiterguard-run-")
            // The library's default is the mode that the umask leaves.
            .permissions(Permissions::from_mode(FOLDER_MODE))
            .tempdir()?;
        let created = Self(folder);
        let files = created.files();
        // Nothing in the variables names this file: it is for programs with settings of their own.
        fs::write(created.path().join("ca.pem"), to_pem(&bundle.authority))?;
        fs::write(files.added, to_pem(&bundle.added))?;
        fs::write(&files.all, to_pem(&bundle.all))?;
        fs::write(files.trust_store, pkcs12::trust_store(&bundle.all))?;
        fs::write(files.preload, PRELOAD)?;
        fs::write(files.wgetrc, wgetrc(&files.all, inherited))?;
        Ok(created)
    }

    /// Returns the path of the socket that leads a confined program to the proxy.
    #[cfg(target_os = "linux")]
    pub(crate) fn proxy_socket(&self) -> PathBuf {
        self.path().join("proxy.sock")
    }

    /// Returns the paths of the files.
    pub(crate) fn files(&self) -> Files {
        let folder = self.path();
        Files {
            folder: folder.to_owned(),
            added: folder.join("added.pem"),
            all: folder.join("bundle.pem"),
            trust_store: folder.join("truststore.p12"),
            preload: folder.join("preload.cjs"),
            wgetrc: folder.join("wgetrc"),
        }
    }

    /// Keeps the folder after this process.
    pub(crate) fn keep(mut self) {
        self.0.disable_cleanup(true);
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Returns the caller's own settings of wget, and the roots. Settings that cannot be read are left out, as wget
/// does with a file that is missing.
fn wgetrc(roots: &Path, inherited: &Inherited) -> Vec<u8> {
    let own = inherited.get("WGETRC").map(PathBuf::from);
    let own = own.or_else(|| Some(Path::new(inherited.get("HOME")?).join(".wgetrc")));
    let mut settings = own.and_then(|file| fs::read(file).ok()).unwrap_or_default();
    settings.extend_from_slice(format!("\nca_certificate = {}\n", roots.display()).as_bytes());
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_can_open_the_folder_and_it_is_removed() {
        let made = rcgen::generate_simple_self_signed(["ours.example".to_owned()]);
        let authority = vec![made.unwrap().cert.der().clone()];
        let bundle = Bundle {
            authority: authority.clone(),
            added: authority.clone(),
            all: authority,
            unreadable: Vec::new(),
        };
        let folder = RunFolder::create(&bundle, &Inherited::from([])).unwrap();
        let files = folder.files();
        let permissions = fs::metadata(&files.folder).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, FOLDER_MODE);
        for file in [&files.added, &files.all, &files.trust_store, &files.preload] {
            assert!(file.is_file(), "{}", file.display());
        }
        drop(folder);
        assert!(!files.folder.exists());
    }
}
