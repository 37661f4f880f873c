//! Votes on held requests that require particular approvals. They are given through the ledger, which counts
//! them.

use std::collections::HashMap;

use gaiterguard_database::connection::{execute, fetch_all, with_connection};
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{ManyRows, chunks};
use gaiterguard_domain::approvals::Vote;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{ActionId, UserId};
use gaiterguard_ledger::batch::votes::{SELECT_VOTES, votes_changed};
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_rows::covered::cover_part;
use gaiterguard_rows::vote_row::{VoteRow, covered_votes, vote_columns};

use crate::store::Store;

/// The votes on actions: on a pending one, those on its present request.
static VOTES: ManyRows = ManyRows::new(
    concat!(
        "SELECT ",
        vote_columns!(),
        " FROM votes JOIN actions ON actions.id = votes.action_id \
         WHERE (actions.status <> 'PENDING' OR (votes.revision = actions.revision \
         AND votes.digest = actions.digest)) AND votes.action_id IN (VALUES "
    ),
    1,
    ") ORDER BY votes.at, votes.user_id",
);

impl Store {
    /// Returns the votes on these actions, in the order in which they were given. Those on a pending one
    /// may be of people who may no longer approve it.
    pub async fn votes(
        &self,
        actions: &[ActionId],
    ) -> Result<HashMap<ActionId, Vec<Vote>>, StoreError> {
        let mut votes = HashMap::<ActionId, Vec<Vote>>::new();
        if actions.is_empty() {
            return Ok(votes);
        }
        let ids: Vec<String> = actions.iter().map(ActionId::to_string).collect();
        let mut reader = self.reader().await?;
        for chunk in chunks(&ids) {
            let sql = reader.dialect().many_rows(&VOTES, chunk.size);
            with_connection!(reader, connection => {
                let mut query = sqlx::query_as::<_, VoteRow>(sql);
                for id in chunk.padded() {
                    query = query.bind(id.map(String::as_str));
                }
                for row in query.fetch_all(connection).await? {
                    if let Ok(action) = row.action_id.parse() {
                        votes.entry(action).or_default().push(row.into());
                    }
                }
            });
        }
        Ok(votes)
    }

    /// Withdraws a user's vote on a pending action. Returns false if there is none.
    pub async fn vote_withdraw(
        &self,
        action: ActionId,
        user: UserId,
        mut audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let id = action.to_string();
        let mut tx = Transaction::begin(self.writers(), audit.at).await?;
        // A vote must not be withdrawn while it is counted.
        let lock = tx.dialect().sql(
            "SELECT id FROM actions WHERE id = $1",
            "SELECT id FROM actions WHERE id = $1 FOR NO KEY UPDATE",
        );
        fetch_all!(tx, (String,), lock, id.as_str());
        let withdrawn = execute!(
            tx,
            "DELETE FROM votes WHERE action_id = $1 AND user_id = $2 AND EXISTS
                (SELECT 1 FROM actions WHERE id = $1 AND status = 'PENDING' AND expires_at > $3)",
            id.as_str(),
            user.0,
            audit.at.0,
        );
        if withdrawn > 0 {
            let left: Vec<VoteRow> = fetch_all!(tx, VoteRow, SELECT_VOTES, id.as_str());
            let changes = votes_changed(&mut tx, &id).await?;
            cover_part(&mut audit.detail, &covered_votes(&id, changes, &left));
        }
        tx.end(withdrawn, audit).await
    }
}
