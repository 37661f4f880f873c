//! The summary of a recorded request.

use gaiterguard_definitions::definition_store::{DefinitionError, DefinitionStore};
use gaiterguard_domain::ledger::RequestEntry;
use gaiterguard_sealing::Purpose;
use gaiterguard_summary::Summary;

/// Returns the summary of the request that a ledger entry records; `None` if it was not held, or if its
/// summary is missing or damaged.
///
/// # Errors
///
/// If the database or the vault fails.
pub async fn recorded_summary(
    definitions: &DefinitionStore,
    entry: &RequestEntry,
) -> Result<Option<Summary>, DefinitionError> {
    let (Some(action), Some(summary)) = (entry.action, &entry.summary) else {
        return Ok(None);
    };
    let purpose = Purpose::action_summary(action, summary.digest);
    let (workspace, sealed) = (entry.new.workspace, &summary.sealed);
    let opened = definitions
        .sealing()
        .open(workspace, sealed.data_key, &sealed.bytes, &purpose)
        .await;
    match opened {
        Ok(plain) => Ok(serde_json::from_slice(&plain).ok()),
        Err(error) if error.is_damage() => {
            tracing::error!(%error, action_id = %action, "a summary cannot be opened");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
