//! Repetitions of a held request.

use gaiterguard_database::column::{RowContext, Text, json};
use gaiterguard_database::connection::{AnyConnection, execute, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::repeats::Repeats;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_rows::covered::{cover_part, covered_intents};

use crate::store::Store;

impl Store {
    /// Counts a repetition of a request that is pending. `audit` is the entry for an intent that is new to
    /// the action; a known one changes only the count. An action that is no longer pending remains as it
    /// is.
    ///
    /// # Errors
    ///
    /// [`StoreError::Inconsistent`] if a column cannot be read.
    pub async fn action_repeated(
        &self,
        action: ActionId,
        intent: &str,
        at: Timestamp,
        mut audit: NewAuditEntry,
    ) -> Result<(), StoreError> {
        let id = action.to_string();
        let mut tx = Transaction::begin(self.writers(), at).await?;
        // Two repetitions must not read the same count.
        if let AnyConnection::Postgres(connection) = tx.any() {
            sqlx::query("SELECT id FROM actions WHERE id = $1 FOR NO KEY UPDATE")
                .bind(&id)
                .execute(connection)
                .await?;
        }
        let row = fetch_optional!(
            tx,
            (Text, Option<Text>),
            "SELECT intent, repeats FROM actions WHERE id = $1 AND status = 'PENDING'",
            id.as_str(),
        );
        let Some((first, repeats)) = row else {
            return Ok(());
        };
        let (repeats, is_new) = repeated(&id, &first, repeats.as_ref(), intent, at)?;
        execute!(
            tx,
            "UPDATE actions SET repeats = $2 WHERE id = $1",
            id.as_str(),
            json(&repeats),
        );
        if is_new {
            cover_part(&mut audit.detail, &covered_intents(&id, &repeats.intents));
            tx.audit(audit);
        }
        tx.commit().await
    }
}

/// Reads how an action was repeated, and returns that after one more time, and whether its intent is new.
fn repeated(
    id: &str,
    first: &Text,
    repeats: Option<&Text>,
    intent: &str,
    at: Timestamp,
) -> Result<(Repeats, bool), StoreError> {
    let context = RowContext {
        table: "actions",
        id: &id,
    };
    let earlier = repeats
        .map(|repeats| context.json("repeats", context.text("repeats", repeats)?))
        .transpose()?;
    let first = context.text("intent", first)?;
    Ok(Repeats::after(earlier, first, intent, at))
}
