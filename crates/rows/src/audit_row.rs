//! Rows of `audit`.

use gaiterguard_database::column::Text;
use gaiterguard_domain::audit::AuditEntry;
use gaiterguard_domain::id::{AuditId, WorkspaceId};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;

/// A row of `audit`.
#[derive(sqlx::FromRow)]
pub struct AuditRow {
    id: i64,
    chain: i64,
    sequence: i64,
    workspace_id: Option<i64>,
    at: i64,
    actor: Text,
    event: Text,
    subject: Text,
    detail: Text,
    covers: Option<Text>,
    previous_hash: Vec<u8>,
    hash: Vec<u8>,
}

/// Reads as much of an entry as can be read. A damaged entry no longer matches its hash, which
/// verification reports; it must not hide the other entries.
impl From<AuditRow> for AuditEntry {
    fn from(row: AuditRow) -> Self {
        let digest = |bytes: Vec<u8>| Digest(bytes.try_into().unwrap_or([0; 32]));
        let text = |text: &Text| text.lossy().to_owned();
        Self {
            id: AuditId(row.id),
            chain: row.chain,
            sequence: row.sequence,
            workspace: row.workspace_id.map(WorkspaceId),
            at: Timestamp(row.at),
            previous_hash: digest(row.previous_hash),
            hash: digest(row.hash),
            actor: text(&row.actor),
            event: text(&row.event),
            subject: text(&row.subject),
            detail: text(&row.detail),
            covers: row.covers.as_ref().map(text),
        }
    }
}

pub fn entries(rows: Vec<AuditRow>) -> Vec<AuditEntry> {
    rows.into_iter().map(Into::into).collect()
}
