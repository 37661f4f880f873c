//! The key that signs checkpoints: created once, sealed in the vault, shared by all replicas.

use std::fmt;
use std::str::FromStr;

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::checkpoint::SignedCheckpoint;
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_sealing::{Purpose, Sealing, SealingError};
use gaiterguard_store::{Store, StoreError, StoredAuditKey};
use gaiterguard_vault::NoRandomness;
use gaiterguard_vault::signing_key::{OtherKey, PUBLIC_KEY_BYTES, SigningKey, is_signed};
use serde_json::json;
use thiserror::Error;

/// Why the key cannot be used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The vault failed.
    #[error("the key that signs checkpoints cannot be opened: {0}")]
    Sealing(#[from] SealingError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system returned no random bytes.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The stored halves do not belong together.
    #[error("the key that signs checkpoints cannot be used: {0}")]
    OtherKey(#[from] OtherKey),
    /// There is no key.
    #[error("there is no key that signs checkpoints yet: the gateway creates it when it starts")]
    Missing,
}

/// The public half of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(pub [u8; PUBLIC_KEY_BYTES]);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// A text is not a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be the 64 hexadecimal digits that `gaiterguard audit key` prints")]
pub struct NotAKey;

impl FromStr for PublicKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let mut bytes = [0; PUBLIC_KEY_BYTES];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAKey)?;
        Ok(Self(bytes))
    }
}

/// Whether a checkpoint carries the signature of the key that it names.
pub(crate) fn is_valid(signed: &SignedCheckpoint) -> bool {
    let digest = signed.checkpoint.digest();
    is_signed(&signed.key, &digest.0, &signed.signature)
}

/// Opens the key.
pub(crate) async fn open(store: &Store, sealing: &Sealing) -> Result<SigningKey, KeyError> {
    let stored = store.audit_key().await?.ok_or(KeyError::Missing)?;
    let purpose = Purpose::audit_key(hex::encode(&stored.public));
    let StoredAuditKey { public, private } = stored;
    let opened = sealing
        .open(
            WorkspaceId::GATEWAY,
            private.data_key,
            &private.bytes,
            &purpose,
        )
        .await?;
    Ok(SigningKey::open(&opened, &public)?)
}

/// Opens the key, and creates it if there is none. Replicas that call this at the same time get the same one.
pub(crate) async fn open_or_create(
    store: &Store,
    sealing: &Sealing,
    at: Timestamp,
) -> Result<SigningKey, KeyError> {
    if store.audit_key().await?.is_none() {
        let (key, private) = SigningKey::generate()?;
        let public = PublicKey(key.public());
        let purpose = Purpose::audit_key(public);
        let sealed = sealing.seal(WorkspaceId::GATEWAY, &purpose, &private);
        let new = StoredAuditKey {
            public: public.0.to_vec(),
            private: sealed.await?,
        };
        let created = NewAuditEntry {
            workspace: None,
            at,
            actor: Actor::Gateway,
            event: Event::AuditKeyCreated,
            subject: Subject::Gateway,
            detail: json!({ "public_key": public.to_string() }),
        };
        // If the row was not inserted, another replica was faster, and its key is used.
        store.audit_key_insert_first(&new, at, created).await?;
    }
    open(store, sealing).await
}
