//! The key by which push services recognize this gateway: one for the installation, made when it is first needed,
//! sealed in the vault, and shared by all replicas.

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::ledger::Sealed;
use gaiterguard_sealing::{Purpose, SealingError};
use gaiterguard_store::StoreError;
use gaiterguard_webpush::{VapidKey, WebPushError};
use serde_json::json;

use crate::context::Context;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum PushKeyError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key could not be sealed or opened.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The key could not be made, or is damaged.
    #[error(transparent)]
    Key(#[from] WebPushError),
}

/// Returns the key.
pub(crate) async fn vapid_key(context: &Context) -> Result<&VapidKey, PushKeyError> {
    let key = context
        .vapid_key
        .get_or_try_init(|| open_or_create(context));
    key.await
}

async fn open_or_create(context: &Context) -> Result<VapidKey, PushKeyError> {
    let (store, sealing) = (&context.store, &context.sealing);
    let sealed = if let Some(sealed) = store.push_key().await? {
        sealed
    } else {
        create(context).await?
    };
    let opened = sealing
        .open(
            WorkspaceId::GATEWAY,
            sealed.data_key,
            &sealed.bytes,
            &Purpose::push_key(),
        )
        .await?;
    Ok(VapidKey::from_pkcs8(&opened)?)
}

/// Creates the key and returns it sealed. If another replica was faster, returns that replica's key.
async fn create(context: &Context) -> Result<Sealed, PushKeyError> {
    let (store, sealing) = (&context.store, &context.sealing);
    let new = sealing
        .seal(
            WorkspaceId::GATEWAY,
            &Purpose::push_key(),
            &VapidKey::generate()?,
        )
        .await?;
    let at = context.now();
    let entry = NewAuditEntry {
        workspace: None,
        at,
        actor: Actor::Gateway,
        event: Event::PushKeyCreated,
        subject: Subject::Gateway,
        detail: json!({}),
    };
    if store.push_key_insert(&new, at, entry).await? {
        return Ok(new);
    }
    Ok(store.push_key().await?.unwrap_or(new))
}
