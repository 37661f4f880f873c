//! The authorities in the database, their keys sealed in the vault.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_sealing::{Purpose, Sealing, SealingError};
use gaiterguard_store::{Store, StoreError, StoredCertificateAuthority};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::authorities::{Authorities, Dated};
use crate::certificate_authority::{CertificateAuthority, CertificateError};

/// Why the authority cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The vault failed.
    #[error("the certificate authority cannot be opened: {0}")]
    Sealing(#[from] SealingError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The certificate or its key is not usable.
    #[error("the certificate authority: {0}")]
    Certificate(#[from] CertificateError),
    /// Another replica created one, and it cannot be found.
    #[error("the certificate authority was created by another process and is missing")]
    Missing,
    /// Another command created one at the same moment.
    #[error(
        "another certificate authority was created at the same moment: run the command again if you need one more"
    )]
    Concurrent,
}

/// Returns the authorities, and creates the first one if there is none. Replicas that call this at the same time
/// get the same one.
pub(crate) async fn open_or_create(
    store: &Store,
    sealing: &Sealing,
    clock: &Arc<dyn Clock>,
) -> Result<Authorities, AuthorityError> {
    let mut stored = store.certificate_authorities().await?;
    if stored.is_empty() {
        let at = clock.now();
        let (new, digest) = create(sealing, at, at).await?;
        let created = entry(
            Event::CertificateAuthorityCreated,
            at,
            json!({ "sha256": digest }),
        );
        // If the row was not inserted, another replica was faster, and its authority is used.
        store
            .certificate_authority_insert_first(&new, at, created)
            .await?;
        stored = store.certificate_authorities().await?;
    }
    open(sealing, stored).await
}

/// Opens stored authorities.
pub(crate) async fn open(
    sealing: &Sealing,
    stored: Vec<StoredCertificateAuthority>,
) -> Result<Authorities, AuthorityError> {
    let mut authorities = Vec::with_capacity(stored.len());
    for one in stored {
        let StoredCertificateAuthority {
            certificate,
            key,
            issues_from,
        } = one;
        let purpose = purpose(&certificate);
        let opening = sealing.open(WorkspaceId::GATEWAY, key.data_key, &key.bytes, &purpose);
        authorities.push(Dated {
            authority: CertificateAuthority::open(certificate, &opening.await?)?,
            issues_from,
        });
    }
    Authorities::new(authorities).ok_or(AuthorityError::Missing)
}

/// Creates another authority, which issues certificates after `overlap`: by then, clients have fetched its
/// certificate. Without an overlap, the present authority is no longer trusted. Returns when it issues
/// certificates.
///
/// # Errors
///
/// If the database or the vault fails, or another authority was created at the same moment.
pub async fn rotate(
    store: &Store,
    sealing: &Sealing,
    now: Timestamp,
    overlap: Duration,
) -> Result<Timestamp, AuthorityError> {
    let issues_from = now.after(overlap);
    let (new, digest) = create(sealing, now, issues_from).await?;
    let detail = json!({ "sha256": digest, "issues_from": issues_from });
    let rotated = entry(Event::CertificateAuthorityRotated, now, detail);
    if !store
        .certificate_authority_rotate(&new, now, rotated)
        .await?
    {
        return Err(AuthorityError::Concurrent);
    }
    Ok(issues_from)
}

async fn create(
    sealing: &Sealing,
    at: Timestamp,
    issues_from: Timestamp,
) -> Result<(StoredCertificateAuthority, String), AuthorityError> {
    let authority = CertificateAuthority::create(at)?;
    let certificate = authority.pem().to_owned();
    let purpose = purpose(&certificate);
    let key = sealing
        .seal(WorkspaceId::GATEWAY, &purpose, &authority.key())
        .await?;
    let digest = digest(&certificate).to_string();
    let new = StoredCertificateAuthority {
        certificate,
        key,
        issues_from,
    };
    Ok((new, digest))
}

fn entry(event: Event, at: Timestamp, detail: Value) -> NewAuditEntry {
    NewAuditEntry {
        workspace: None,
        at,
        actor: Actor::Gateway,
        event,
        subject: Subject::Gateway,
        detail,
    }
}

fn purpose(certificate: &str) -> Purpose {
    Purpose::certificate_authority(digest(certificate))
}

fn digest(certificate: &str) -> Digest {
    Digest(Sha256::digest(certificate).into())
}
