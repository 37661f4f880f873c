//! Master keys as the store identifies them, and the links from one to the next.

use std::collections::HashMap;

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_store::{DataKeyRow, MasterRow, Store};
use gaiterguard_vault::{AssociatedData, Keyring, MasterKeyId, OpenError, WrappedKey};
use serde_json::json;

use crate::error::SealingError;

/// Returns the associated data that a data key is wrapped with.
pub(crate) fn wrapping_purpose(workspace: WorkspaceId, purpose: &str) -> AssociatedData {
    AssociatedData::new(workspace.0, "data_key", purpose, 0)
}

/// Returns the workspace of an audit entry about a data key; `None` for a key of the gateway as a whole.
pub(crate) fn audited_workspace(owner: WorkspaceId) -> Option<WorkspaceId> {
    (owner != WorkspaceId::GATEWAY).then_some(owner)
}

pub(crate) fn wrapped_key(row: DataKeyRow) -> Result<WrappedKey, SealingError> {
    Ok(WrappedKey {
        master: master_id(&row.master_id)?,
        bytes: row.wrapped,
    })
}

pub(crate) fn master_id(name: &str) -> Result<MasterKeyId, SealingError> {
    name.parse()
        .map_err(|_| SealingError::InvalidMasterId(name.to_owned()))
}

/// Creates an audit entry about a master key.
pub(crate) fn entry(at: Timestamp, event: Event, master: &str) -> NewAuditEntry {
    NewAuditEntry {
        workspace: None,
        at,
        actor: Actor::Gateway,
        event,
        subject: Subject::MasterKey(master.to_owned()),
        detail: json!({}),
    }
}

pub(crate) fn unknown_or(error: OpenError) -> SealingError {
    match error {
        OpenError::OtherMaster { .. } => SealingError::UnknownMaster,
        error => error.into(),
    }
}

/// Adds to the keyring every master key on the chain of links from its current one to the store's
/// current one.
pub(crate) async fn follow(store: &Store, keyring: &Keyring) -> Result<(), SealingError> {
    let rows: HashMap<String, MasterRow> = store
        .master_list()
        .await?
        .into_iter()
        .map(|row| (row.id.clone(), row))
        .collect();
    let mut reached = keyring.current().to_string();
    // Each step leads to another row, so there are no more steps than rows.
    for _ in 0..=rows.len() {
        let row = rows.get(&reached).ok_or(SealingError::UnknownMaster)?;
        if row.is_current {
            return Ok(());
        }
        let link = row.link.as_ref().ok_or(SealingError::UnknownMaster)?;
        let next = master_id(&link.next)?;
        keyring
            .follow(&master_id(&reached)?, &link.sealed, &next)
            .map_err(unknown_or)?;
        reached.clone_from(&link.next);
    }
    Err(SealingError::UnknownMaster)
}
