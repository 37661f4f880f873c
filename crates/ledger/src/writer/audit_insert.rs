//! Inserts audit entries, many per statement.

use gaiterguard_database::connection::{Connection, with_connection};
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{ManyRows, chunks};
use gaiterguard_domain::audit::AuditEntry;

static AUDIT_INSERT: ManyRows = ManyRows::new(
    "INSERT INTO audit (id, chain, sequence, workspace_id, at, actor, event, subject, detail, \
     covers, previous_hash, hash) SELECT * FROM (VALUES ",
    12,
    ") AS new WHERE column1 IS NOT NULL",
);

/// Binds the columns of a chunk of audit entries.
macro_rules! bind_entries {
    ($query:expr, $chunk:expr) => {{
        let mut query = $query;
        for row in $chunk.padded() {
            query = query
                .bind(row.map(|entry| entry.id.0))
                .bind(row.map(|entry| entry.chain))
                .bind(row.map(|entry| entry.sequence))
                .bind(
                    row.and_then(|entry| entry.workspace)
                        .map(|workspace| workspace.0),
                )
                .bind(row.map(|entry| entry.at.0))
                .bind(row.map(|entry| entry.actor.as_str()))
                .bind(row.map(|entry| entry.event.as_str()))
                .bind(row.map(|entry| entry.subject.as_str()))
                .bind(row.map(|entry| entry.detail.as_str()))
                .bind(row.and_then(|entry| entry.covers.as_deref()))
                .bind(row.map(|entry| entry.previous_hash.0.as_slice()))
                .bind(row.map(|entry| entry.hash.0.as_slice()));
        }
        query
    }};
}

pub(super) use bind_entries;

pub(super) async fn insert_entries(
    connection: &mut Connection,
    entries: &[AuditEntry],
) -> Result<(), StoreError> {
    for chunk in chunks(entries) {
        let sql = connection.dialect().many_rows(&AUDIT_INSERT, chunk.size);
        with_connection!(connection, connection => {
            bind_entries!(sqlx::query(sql), chunk).execute(connection).await?;
        });
    }
    Ok(())
}
