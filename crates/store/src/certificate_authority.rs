//! The certificate authorities of the proxy port.

use gaiterguard_database::connection::{execute, fetch_all, fetch_one};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::DataKeyId;
use gaiterguard_domain::ledger::Sealed;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;

use crate::store::Store;

/// The number of the first certificate authority.
const FIRST: i64 = 1;

/// A certificate authority as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCertificateAuthority {
    /// Its certificate, in PEM.
    pub certificate: String,
    /// Its private key, sealed.
    pub key: Sealed,
    /// When it begins to issue certificates.
    pub issues_from: Timestamp,
}

impl Store {
    /// Returns the certificate authorities, in the order in which they issue certificates. Empty if none has been
    /// created.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the database does not respond.
    pub async fn certificate_authorities(
        &self,
    ) -> Result<Vec<StoredCertificateAuthority>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            (String, i64, Vec<u8>, i64),
            "SELECT certificate, data_key_id, sealed, issues_from FROM certificate_authorities ORDER BY number",
        );
        let authorities = rows.into_iter();
        Ok(authorities
            .map(
                |(certificate, data_key, bytes, issues_from)| StoredCertificateAuthority {
                    certificate,
                    key: Sealed {
                        data_key: DataKeyId(data_key),
                        bytes,
                    },
                    issues_from: Timestamp(issues_from),
                },
            )
            .collect())
    }

    /// Stores the first certificate authority. Returns false if there is one already.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the database does not respond.
    pub async fn certificate_authority_insert_first(
        &self,
        new: &StoredCertificateAuthority,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let inserted = insert(&mut tx, FIRST, new, at).await?;
        tx.end(inserted, audit).await
    }

    /// Stores the next certificate authority, and removes all others but the one that issues certificates at `at`.
    /// If the new one does so already, it is the only one that remains. Returns false if another one was stored at
    /// the same moment.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the database does not respond.
    pub async fn certificate_authority_rotate(
        &self,
        new: &StoredCertificateAuthority,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let (last,) = fetch_one!(
            tx,
            (i64,),
            "SELECT COALESCE(MAX(number), 0) FROM certificate_authorities",
        );
        let inserted = insert(&mut tx, last + 1, new, at).await?;
        execute!(
            tx,
            "DELETE FROM certificate_authorities WHERE number <= $1 AND number <>
                (SELECT MAX(number) FROM certificate_authorities WHERE issues_from <= $2)",
            last,
            at.0,
        );
        tx.end(inserted, audit).await
    }
}

async fn insert(
    tx: &mut Transaction,
    number: i64,
    new: &StoredCertificateAuthority,
    at: Timestamp,
) -> Result<u64, StoreError> {
    Ok(execute!(
        tx,
        "INSERT INTO certificate_authorities
            (number, certificate, data_key_id, sealed, created_at, issues_from)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING",
        number,
        new.certificate.as_str(),
        new.key.data_key.0,
        new.key.bytes.as_slice(),
        at.0,
        new.issues_from.0,
    ))
}
