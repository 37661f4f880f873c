//! The certificate authority of the proxy port.

use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::DataKeyId;
use gaiterguard_domain::ledger::Sealed;
use gaiterguard_domain::time::Timestamp;

use crate::store::Store;
use gaiterguard_database::connection::{execute, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_ledger::writer::transaction::Transaction;

/// The number of the first certificate authority.
const FIRST: i64 = 1;

/// A certificate authority as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCertificateAuthority {
    /// Its certificate, in PEM.
    pub certificate: String,
    /// Its private key, sealed.
    pub key: Sealed,
}

impl Store {
    /// Returns the certificate authority; `None` if none has been created.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the database does not respond.
    pub async fn certificate_authority_get(
        &self,
    ) -> Result<Option<StoredCertificateAuthority>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            (String, i64, Vec<u8>),
            "SELECT certificate, data_key_id, sealed FROM certificate_authorities WHERE number = $1",
            FIRST,
        );
        Ok(row.map(
            |(certificate, data_key, bytes)| StoredCertificateAuthority {
                certificate,
                key: Sealed {
                    data_key: DataKeyId(data_key),
                    bytes,
                },
            },
        ))
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
        let inserted = execute!(
            tx,
            "INSERT INTO certificate_authorities
                (number, certificate, data_key_id, sealed, created_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING",
            FIRST,
            new.certificate.as_str(),
            new.key.data_key.0,
            new.key.bytes.as_slice(),
            at.0,
        );
        tx.end(inserted, audit).await
    }
}
