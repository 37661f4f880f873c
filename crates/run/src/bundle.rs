//! The certificates that the program trusts: the machine's roots, the caller's own, and the gateway's
//! authority.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};

use crate::inherited::Inherited;

/// Where the operating systems keep their roots in one file: Debian and Alpine, Fedora, openSUSE, newer
/// Fedora, and the BSDs and macOS.
const MACHINE_FILES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Variables of the caller that name a file or a folder of roots.
pub(crate) const OWN_ROOTS: [&str; 12] = [
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "AWS_CA_BUNDLE",
    "PIP_CERT",
    "CARGO_HTTP_CAINFO",
    "DENO_CERT",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "npm_config_cafile",
    "NPM_CONFIG_CAFILE",
];

type Certificates = Vec<CertificateDer<'static>>;

/// The certificates for the variables.
#[derive(Debug)]
pub(crate) struct Bundle {
    /// The gateway's authority.
    pub(crate) authority: Certificates,
    /// The caller's own roots and the authority, for variables that add to a program's roots.
    pub(crate) added: Certificates,
    /// All roots, for variables that replace a program's roots.
    pub(crate) all: Certificates,
    /// A line for each variable of the caller whose roots cannot be read.
    pub(crate) unreadable: Vec<String>,
}

impl Bundle {
    /// Collects the certificates.
    ///
    /// # Errors
    ///
    /// If the machine has no roots. A program that trusts the gateway's authority alone cannot reach the hosts
    /// that the gateway connects without opening them.
    pub(crate) fn collect(
        authority: Certificates,
        inherited: &Inherited,
    ) -> Result<Self, &'static str> {
        Self::join(&machine(), authority, inherited)
    }

    fn join(
        machine: &Certificates,
        authority: Certificates,
        inherited: &Inherited,
    ) -> Result<Self, &'static str> {
        if machine.is_empty() {
            return Err(
                "this machine has no root certificates: install the package ca-certificates",
            );
        }
        let (own, unreadable) = own(inherited);
        Ok(Self {
            all: unique([machine, &own, &authority]),
            added: unique([&own, &authority]),
            authority,
            unreadable,
        })
    }
}

/// Returns the machine's roots. The file of the operating system is read too, because the library reads only
/// the files of `SSL_CERT_FILE` and `SSL_CERT_DIR` if they are set.
fn machine() -> Certificates {
    let native = load_native_certs().certs;
    let files = MACHINE_FILES.iter().map(Path::new);
    let of_file = files
        .map(|file| load_certs_from_paths(Some(file), None).certs)
        .find(|certificates| !certificates.is_empty());
    unique([&of_file.unwrap_or_default(), &native])
}

/// Returns the roots that the caller's variables name, and the variables whose roots cannot be read.
fn own(inherited: &Inherited) -> (Certificates, Vec<String>) {
    let mut certificates = Vec::new();
    let mut unreadable = Vec::new();
    for name in OWN_ROOTS {
        let Some(value) = inherited.get(name) else {
            continue;
        };
        let path = Path::new(value);
        let CertificateResult { certs, errors, .. } = if path.is_dir() {
            load_certs_from_paths(None, Some(path))
        } else {
            load_certs_from_paths(Some(path), None)
        };
        match errors.first() {
            Some(error) if certs.is_empty() => unreadable.push(format!("{name}: {error}")),
            _ => certificates.extend(certs),
        }
    }
    (certificates, unreadable)
}

/// Returns the certificates in order, each once.
fn unique<const N: usize>(lists: [&Certificates; N]) -> Certificates {
    let mut known = std::collections::HashSet::new();
    let all = lists.into_iter().flatten();
    all.filter(|certificate| known.insert(*certificate))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority;

    fn certificate(name: &str) -> CertificateDer<'static> {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]);
        made.unwrap().cert.der().clone()
    }

    #[test]
    fn what_replaces_roots_contains_those_of_the_machine_and_the_caller() {
        let [machine, own, ours] =
            ["machine.example", "own.example", "ours.example"].map(certificate);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.pem");
        std::fs::write(&file, authority::to_pem([&own])).unwrap();
        let file = file.to_str().unwrap();
        for name in OWN_ROOTS {
            let inherited = Inherited::from([(name, file)]);
            let bundle =
                Bundle::join(&vec![machine.clone()], vec![ours.clone()], &inherited).unwrap();
            assert_eq!(
                bundle.all,
                [machine.clone(), own.clone(), ours.clone()],
                "{name}"
            );
            assert_eq!(bundle.added, [own.clone(), ours.clone()], "{name}");
            assert_eq!(bundle.unreadable, Vec::<String>::new());
        }
        let folder = folder.path().to_str().unwrap();
        let inherited = Inherited::from([("REQUESTS_CA_BUNDLE", folder), ("CURL_CA_BUNDLE", file)]);
        let bundle = Bundle::join(&vec![machine.clone()], vec![ours.clone()], &inherited).unwrap();
        assert_eq!(bundle.all, [machine, own, ours]);
    }

    #[test]
    fn without_roots_of_the_machine_there_is_no_bundle() {
        let authority = vec![certificate("ours.example")];
        assert!(Bundle::join(&Vec::new(), authority, &Inherited::default()).is_err());
    }

    #[test]
    fn a_file_of_the_caller_that_cannot_be_read_is_named() {
        let inherited = Inherited::from([("SSL_CERT_FILE", "/nowhere/own.pem")]);
        let machine = vec![certificate("machine.example")];
        let bundle = Bundle::join(&machine, vec![certificate("ours.example")], &inherited).unwrap();
        assert_eq!(bundle.unreadable.len(), 1);
        assert!(bundle.unreadable[0].contains("SSL_CERT_FILE"));
        assert!(bundle.unreadable[0].contains("/nowhere/own.pem"));
    }
}
