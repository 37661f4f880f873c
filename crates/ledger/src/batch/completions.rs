//! Writes how requests ended.

use std::collections::{HashMap, HashSet};

use gaiterguard_database::connection::{AnyConnection, Dialect, with_connection};
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{Chunk, ManyRows, ROWS_PER_STATEMENT_MAX, chunks, joined};
use gaiterguard_domain::id::{AgentId, WorkspaceId};
use gaiterguard_domain::ledger::{Completion, Outcome};
use gaiterguard_domain::request::IdempotencyKey;
use gaiterguard_rows::claim_row::{BROKEN, RESPONDED};
use gaiterguard_rows::covered::{RequestEnd, cover_ends};
use gaiterguard_rows::outcome::RequestOutcome;
use sqlx::{AssertSqlSafe, PgConnection, SqliteConnection};

use crate::batch::response_room::ResponseRoom;
use crate::batch::state::{Batch, Index, ResponseColumns};
use crate::command::{Command, CommandResult};
use crate::writer::transaction::Transaction;

/// Ends the requests of a list `done` that have not ended.
macro_rules! end_requests {
    () => {
        "UPDATE requests SET outcome = done.outcome, upstream_status = done.status, \
         completed_at = done.at FROM done \
         WHERE requests.id = done.id AND requests.completed_at IS NULL \
         RETURNING requests.id, requests.workspace_id"
    };
}

/// Stores the responses of a list `stored` with their claims, for replay.
macro_rules! store_responses {
    () => {
        "UPDATE claims SET state = stored.state, answer_status = stored.status, \
         answer_key_id = stored.data_key, answer = stored.answer FROM stored \
         WHERE claims.agent_id = stored.agent_id AND claims.key = stored.key \
         AND claims.entry_id = stored.entry_id AND claims.state = 'RUNNING'"
    };
}

static END: ManyRows = ManyRows::new(
    "WITH done (id, outcome, status, at) AS (VALUES ",
    4,
    concat!(") ", end_requests!()),
);

static STORE: ManyRows = ManyRows::new(
    "WITH stored (agent_id, key, entry_id, state, status, data_key, answer) AS (VALUES ",
    7,
    concat!(") ", store_responses!()),
);

/// Both on PostgreSQL, in one round trip. The columns are arrays, so that one text, which is planned once, serves any
/// number of rows.
const END_AND_STORE: &str = concat!(
    "WITH done AS (
        SELECT * FROM UNNEST($1::BIGINT[], $2::TEXT[], $3::BIGINT[], $4::BIGINT[])
            AS new (id, outcome, status, at)
    ), stored AS (
        SELECT * FROM UNNEST($5::BIGINT[], $6::TEXT[], $7::BIGINT[], $8::TEXT[], $9::BIGINT[], $10::BIGINT[],
            $11::BYTEA[]) AS new (agent_id, key, entry_id, state, status, data_key, answer)
    ), updated AS (
        ",
    store_responses!(),
    "
    )
    ",
    end_requests!(),
);

static RELEASE: ManyRows = ManyRows::new(
    "DELETE FROM claims WHERE state = 'RUNNING' AND (agent_id, key, entry_id) IN (VALUES ",
    3,
    ")",
);

/// A claimed key, and the completion of its request.
type Claimed<'b> = (&'b (AgentId, IdempotencyKey), &'b Completion);

/// A response that is stored with its claim.
struct StoredRow<'b> {
    claimed: Claimed<'b>,
    state: &'static str,
    response: ResponseColumns<'b>,
}

pub(super) async fn write(tx: &mut Transaction, batch: &mut Batch<'_>) -> Result<(), StoreError> {
    let completions = distinct(batch);
    let rows_max = match tx.dialect() {
        Dialect::Sqlite => ROWS_PER_STATEMENT_MAX,
        Dialect::Postgres => usize::MAX,
    };
    let mut released = Vec::new();
    let mut ended: HashMap<i64, i64> = HashMap::with_capacity(completions.len());
    for part in completions.chunks(rows_max) {
        let mut claimed: Vec<Claimed<'_>> = part
            .iter()
            .filter_map(|(_, completion)| Some((completion.claim.as_ref()?, *completion)))
            .collect();
        // All writers update claims in this order, so that no two wait for each other.
        claimed.sort_unstable_by_key(|((agent, key), _)| (*agent, key.as_str()));
        let (not_sent, sent): (Vec<_>, Vec<_>) = claimed
            .into_iter()
            .partition(|(_, completion)| completion.outcome == Outcome::NotSent);
        released.extend(not_sent);
        let room = &mut batch.response_room;
        let stored: Vec<_> = sent
            .into_iter()
            .map(|sent| stored_row(room, sent))
            .collect();
        let written = match tx.any() {
            AnyConnection::Sqlite(connection) => end_on_sqlite(connection, part, &stored).await?,
            AnyConnection::Postgres(connection) => {
                end_on_postgres(connection, part, &stored).await?
            }
        };
        ended.extend(written);
    }
    release_claims(tx, &released).await?;
    for (index, completion) in completions {
        let workspace = ended.get(&completion.entry.0).copied().map(WorkspaceId);
        if let Some(workspace) = workspace {
            audit_end(tx, batch, workspace, completion);
        }
        batch.results[index] = Some(CommandResult::Completed(workspace.is_some()));
    }
    Ok(())
}

/// Returns the row of a response. If the budget has no room for its content, the row only says that there was a
/// response.
fn stored_row<'b>(room: &mut ResponseRoom, claimed: Claimed<'b>) -> StoredRow<'b> {
    let ((agent, _), completion) = claimed;
    let response = completion.outcome.response();
    let has_room = response.is_none_or(|response| room.take(*agent, response));
    StoredRow {
        claimed,
        state: if response.is_some() {
            RESPONDED
        } else {
            BROKEN
        },
        response: ResponseColumns::of(response, has_room),
    }
}

/// Returns the completions of a batch in order of their entries. A request ends once, so a second
/// completion of the same entry gets its result here.
fn distinct<'b>(batch: &mut Batch<'b>) -> Vec<(Index, &'b Completion)> {
    let mut seen = HashSet::new();
    let mut completions: Vec<(Index, &Completion)> = Vec::new();
    for (index, command) in batch.commands.iter().enumerate() {
        if let Command::Complete(completion, _) = command {
            if seen.insert(completion.entry) {
                completions.push((index, completion));
            } else {
                batch.results[index] = Some(CommandResult::Completed(false));
            }
        }
    }
    // All writers update requests in this order, so that no two wait for each other.
    completions.sort_unstable_by_key(|(_, completion)| completion.entry);
    completions
}

/// Records the ends of requests that have not ended yet, and stores responses. Returns the ids of the requests with
/// their workspaces.
async fn end_on_sqlite(
    connection: &mut SqliteConnection,
    completions: &[(Index, &Completion)],
    stored: &[StoredRow<'_>],
) -> Result<Vec<(i64, i64)>, StoreError> {
    let ends = Chunk::new(completions);
    let responses = Chunk::new(stored).at_least(ends.size);
    let end = END.unnumbered(ends.size);
    let mut query = if stored.is_empty() {
        sqlx::query_as(end)
    } else {
        let text = joined([end, STORE.unnumbered(responses.size)]);
        sqlx::query_as(AssertSqlSafe(text))
    };
    for row in ends.padded() {
        let completion = row.map(|(_, completion)| completion);
        let outcome = completion.map(|end| RequestOutcome::of(&end.outcome));
        query = query
            .bind(completion.map(|end| end.entry.0))
            .bind(outcome.map(|(outcome, _)| outcome.as_str()))
            .bind(outcome.and_then(|(_, status)| status).map(i64::from))
            .bind(completion.map(|end| end.at.0));
    }
    if !stored.is_empty() {
        for row in responses.padded() {
            let claimed = row.map(|row| row.claimed);
            let response = row.map(|row| &row.response);
            query = query
                .bind(claimed.map(|((agent, _), _)| agent.0))
                .bind(claimed.map(|((_, key), _)| key.as_str()))
                .bind(claimed.map(|(_, completion)| completion.entry.0))
                .bind(row.map(|row| row.state))
                .bind(response.and_then(|response| response.status))
                .bind(response.and_then(|response| response.data_key))
                .bind(response.and_then(|response| response.bytes));
        }
    }
    Ok(query.fetch_all(connection).await?)
}

/// Does the same as [`end_on_sqlite`], for any number of rows.
async fn end_on_postgres(
    connection: &mut PgConnection,
    completions: &[(Index, &Completion)],
    stored: &[StoredRow<'_>],
) -> Result<Vec<(i64, i64)>, StoreError> {
    fn column<'r, R, T>(rows: &'r [R], of: impl Fn(&'r R) -> T) -> Vec<T> {
        rows.iter().map(of).collect()
    }
    let outcome = |completion: &Completion| RequestOutcome::of(&completion.outcome);
    let rows = sqlx::query_as(END_AND_STORE)
        .bind(column(completions, |(_, end)| end.entry.0))
        .bind(column(completions, |(_, end)| outcome(end).0.as_str()))
        .bind(column(completions, |(_, end)| {
            outcome(end).1.map(i64::from)
        }))
        .bind(column(completions, |(_, end)| end.at.0))
        .bind(column(stored, |row| row.claimed.0.0.0))
        .bind(column(stored, |row| row.claimed.0.1.as_str()))
        .bind(column(stored, |row| row.claimed.1.entry.0))
        .bind(column(stored, |row| row.state))
        .bind(column(stored, |row| row.response.status))
        .bind(column(stored, |row| row.response.data_key))
        .bind(column(stored, |row| row.response.bytes))
        .fetch_all(connection)
        .await?;
    Ok(rows)
}

/// Releases the keys of requests that were not sent, so that they can be used again.
async fn release_claims(tx: &mut Transaction, released: &[Claimed<'_>]) -> Result<(), StoreError> {
    for chunk in chunks(released) {
        let sql = tx.dialect().many_rows(&RELEASE, chunk.size);
        with_connection!(tx, connection => {
            let mut query = sqlx::query(sql);
            for row in chunk.padded() {
                query = query
                    .bind(row.map(|((agent, _), _)| agent.0))
                    .bind(row.map(|((_, key), _)| key.as_str()))
                    .bind(row.map(|(_, completion)| completion.entry.0));
            }
            query.execute(connection).await?;
        });
    }
    Ok(())
}

/// Covers the end of a request: by its own audit entry, or with the others of its workspace.
fn audit_end(
    tx: &mut Transaction,
    batch: &mut Batch<'_>,
    workspace: WorkspaceId,
    completion: &Completion,
) {
    let end = RequestEnd::of(&completion.outcome, completion.at).covered(completion.entry);
    if let Some(entry) = &completion.audit {
        let mut entry = entry.as_ref().clone();
        cover_ends(&mut entry.detail, vec![end]);
        tx.audit(entry);
    } else {
        batch.ended.entry(workspace).or_default().push(end);
    }
}
