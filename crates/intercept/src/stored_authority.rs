//! The authority in the database: created once, its key sealed in the vault.

use std::sync::Arc;

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Clock;
use gaiterguard_sealing::{Purpose, Sealing, SealingError};
use gaiterguard_store::{Store, StoreError, StoredCertificateAuthority};
use serde_json::json;
use sha2::{Digest as _, Sha256};

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
}

/// Returns the authority, and creates it if there is none. Replicas that call this at the same time get the
/// same one.
pub(crate) async fn open_or_create(
    store: &Store,
    sealing: &Sealing,
    clock: &Arc<dyn Clock>,
) -> Result<CertificateAuthority, AuthorityError> {
    let mut stored = store.certificate_authority_get().await?;
    if stored.is_none() {
        create(store, sealing, clock).await?;
        stored = store.certificate_authority_get().await?;
    }
    let StoredCertificateAuthority { certificate, key } = stored.ok_or(AuthorityError::Missing)?;
    let purpose = purpose(&certificate);
    let opening = sealing.open(WorkspaceId::GATEWAY, key.data_key, &key.bytes, &purpose);
    let key = opening.await?;
    Ok(CertificateAuthority::open(certificate, &key)?)
}

async fn create(
    store: &Store,
    sealing: &Sealing,
    clock: &Arc<dyn Clock>,
) -> Result<(), AuthorityError> {
    let at = clock.now();
    let authority = CertificateAuthority::create(at)?;
    let certificate = authority.pem().to_owned();
    let purpose = purpose(&certificate);
    let sealed = sealing
        .seal(WorkspaceId::GATEWAY, &purpose, &authority.key())
        .await?;
    let created = NewAuditEntry {
        workspace: None,
        at,
        actor: Actor::Gateway,
        event: Event::CertificateAuthorityCreated,
        subject: Subject::Gateway,
        detail: json!({ "sha256": digest(&certificate).to_string() }),
    };
    let new = StoredCertificateAuthority {
        certificate,
        key: sealed,
    };
    // If the row was not inserted, another replica was faster, and its authority is used.
    store
        .certificate_authority_insert_first(&new, at, created)
        .await?;
    Ok(())
}

fn purpose(certificate: &str) -> Purpose {
    Purpose::certificate_authority(digest(certificate))
}

fn digest(certificate: &str) -> Digest {
    Digest(Sha256::digest(certificate).into())
}
