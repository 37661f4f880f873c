//! Claims keys and inserts the rows of their requests, in one round trip or hand-over.

use std::collections::HashSet;

use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{Chunk, ManyRows, ROWS_PER_STATEMENT_MAX, joined};
use gaiterguard_rows::covered::RequestEnd;
use gaiterguard_rows::outcome::RequestOutcome;
use sqlx::{AssertSqlSafe, Execute as _, PgConnection, Sqlite, SqliteConnection};

use crate::batch::new_rows::{NewClaimRow, NewRow, action_id};
use crate::writer::commit::WithCommit;

/// The rule for claiming a key that is in use. A claim that has expired is replaced, unless its request still runs or
/// its action is still open. Returns the entries whose keys were claimed.
macro_rules! on_claim_conflict {
    () => {
        "ON CONFLICT (agent_id, key) DO UPDATE SET digest = excluded.digest, \
         entry_id = excluded.entry_id, owner = excluded.owner, state = excluded.state, \
         action_id = excluded.action_id, created_at = excluded.created_at, \
         expires_at = excluded.expires_at, answer_status = NULL, answer_key_id = NULL, answer = NULL \
         WHERE claims.expires_at <= excluded.created_at AND claims.state <> 'RUNNING' \
         AND NOT EXISTS (SELECT 1 FROM actions WHERE actions.id = claims.action_id \
         AND actions.status IN ('PENDING', 'APPROVED', 'EXECUTING', 'INDETERMINATE')) \
         RETURNING entry_id"
    };
}

static CLAIM: ManyRows = ManyRows::new(
    "INSERT INTO claims (agent_id, key, digest, entry_id, owner, state, action_id, created_at, \
     expires_at) SELECT * FROM (VALUES ",
    9,
    concat!(") AS new WHERE column1 IS NOT NULL ", on_claim_conflict!()),
);

/// Inserts requests. The last column is the key that the request must have claimed to get a row.
static REQUEST: ManyRows = ManyRows::new(
    "INSERT INTO requests (id, request_id, workspace_id, agent_id, service_id, method, target_url, \
     intent, decision, judgement, action_id, created_at, outcome, upstream_status, completed_at, \
     operation, label) SELECT column1, column2, column3, column4, column5, column6, column7, column8, \
     column9, column10, column11, column12, column13, column14, column15, column16, column17 \
     FROM (VALUES ",
    18,
    ") AS new WHERE column1 IS NOT NULL AND (column18 IS NULL OR EXISTS \
     (SELECT 1 FROM claims WHERE agent_id = column4 AND key = column18 AND entry_id = column1))",
);

/// Both on PostgreSQL. A request whose key is already claimed gets no row. The columns are arrays, so that one text,
/// which is planned once, serves any number of rows.
const CLAIM_AND_INSERT: &str = concat!(
    "WITH claimed AS (
        INSERT INTO claims (agent_id, key, digest, entry_id, owner, state, action_id, created_at, expires_at)
        SELECT agent_id, key, digest, entry_id, $1, state, action_id, created_at, expires_at
        FROM UNNEST($2::BIGINT[], $3::TEXT[], $4::BYTEA[], $5::BIGINT[], $6::TEXT[], $7::TEXT[], $8::BIGINT[],
            $9::BIGINT[])
            AS new (agent_id, key, digest, entry_id, state, action_id, created_at, expires_at)
        ",
    on_claim_conflict!(),
    ")
    INSERT INTO requests (id, request_id, workspace_id, agent_id, service_id, method, target_url, intent, decision,
        judgement, action_id, created_at, outcome, upstream_status, completed_at, operation, label)
    SELECT id, request_id, workspace_id, agent_id, service_id, method, target_url, intent, decision, judgement,
        action_id, created_at, outcome, upstream_status, completed_at, operation, label
    FROM UNNEST($10::BIGINT[], $11::TEXT[], $12::BIGINT[], $13::BIGINT[], $14::BIGINT[], $15::TEXT[], $16::TEXT[],
        $17::TEXT[], $18::TEXT[], $19::TEXT[], $20::TEXT[], $21::BIGINT[], $22::TEXT[], $23::BIGINT[],
        $24::BIGINT[], $25::BYTEA[], $26::TEXT[], $27::BOOLEAN[])
        AS new (id, request_id, workspace_id, agent_id, service_id, method, target_url, intent, decision, judgement,
            action_id, created_at, outcome, upstream_status, completed_at, operation, label, has_key)
    WHERE NOT has_key OR id IN (SELECT entry_id FROM claimed)
    RETURNING id"
);

/// Binds the columns of a chunk of requests.
macro_rules! bind_requests {
    ($query:expr, $chunk:expr) => {{
        let mut query = $query;
        for row in $chunk.padded() {
            let decision = row.map(|new| new.decision);
            let entry = decision.map(|decision| &decision.entry);
            let end = row.and_then(|new| new.end);
            let operation = decision.and_then(|decision| decision.operation.as_ref());
            query = query
                .bind(row.map(|new| new.id.0))
                .bind(entry.map(|new| new.request_id.to_string()))
                .bind(entry.map(|new| new.workspace.0))
                .bind(entry.map(|new| new.agent.0))
                .bind(entry.map(|new| new.service.0))
                .bind(entry.map(|new| new.method.as_str()))
                .bind(entry.map(|new| new.target_url.as_str()))
                .bind(entry.map(|new| new.intent.as_str()))
                .bind(entry.map(|new| new.evaluation.decision.as_str()))
                .bind(row.map(|new| new.judgement.as_str()))
                .bind(decision.and_then(action_id))
                .bind(entry.map(|new| new.at.0))
                .bind(end.and_then(|end| end.outcome).map(RequestOutcome::as_str))
                .bind(end.and_then(|end| end.status).map(i64::from))
                .bind(end.map(|end| end.at.0))
                .bind(operation.map(|key| key.0.as_slice()))
                .bind(entry.and_then(|new| new.label.as_deref()))
                .bind(row.and_then(NewRow::claim).map(|claim| claim.key.1));
        }
        query
    }};
}

/// Returns the statement that inserts these rows, for SQLite to run with the commit; `None` if one of them claims a
/// key, so that the result is needed before, or if they are too many for one statement.
pub(super) fn insert_with_commit(new: &[NewRow<'_>]) -> Result<Option<WithCommit>, StoreError> {
    if new.len() > ROWS_PER_STATEMENT_MAX || new.iter().any(|row| row.decision.claim.is_some()) {
        return Ok(None);
    }
    let chunk = Chunk::new(new);
    let statement = REQUEST.unnumbered(chunk.size);
    let mut query = bind_requests!(sqlx::query::<Sqlite>(statement), chunk);
    let arguments = query.take_arguments().map_err(sqlx::Error::Encode)?;
    Ok(Some(WithCommit {
        statement,
        arguments: arguments.unwrap_or_default(),
    }))
}

/// Returns the ids of the rows whose keys were claimed.
pub(super) async fn insert_on_sqlite(
    connection: &mut SqliteConnection,
    owner: &str,
    new: &[NewRow<'_>],
) -> Result<HashSet<i64>, StoreError> {
    let mut claimed = HashSet::new();
    for part in new.chunks(ROWS_PER_STATEMENT_MAX) {
        let claims: Vec<NewClaimRow<'_>> = part.iter().filter_map(NewRow::claim).collect();
        let requests = Chunk::new(part);
        let insert = REQUEST.unnumbered(requests.size);
        let query = if claims.is_empty() {
            sqlx::query_as::<_, (i64,)>(insert)
        } else {
            let claims = Chunk::new(&claims).at_least(requests.size);
            let text = joined([CLAIM.unnumbered(claims.size), insert]);
            let mut query = sqlx::query_as(AssertSqlSafe(text));
            for row in claims.padded() {
                query = query
                    .bind(row.map(|new| new.key.0.0))
                    .bind(row.map(|new| new.key.1))
                    .bind(row.map(|new| new.claim.digest.0.as_slice()))
                    .bind(row.map(|new| new.id.0))
                    .bind(owner)
                    .bind(row.map(NewClaimRow::state))
                    .bind(row.and_then(|new| action_id(new.decision)))
                    .bind(row.map(|new| new.decision.entry.at.0))
                    .bind(row.map(|new| new.claim.expires_at.0));
            }
            query
        };
        let query = bind_requests!(query, requests);
        let rows = query.fetch_all(&mut *connection).await?;
        claimed.extend(rows.into_iter().map(|(id,)| id));
    }
    Ok(claimed)
}

/// Returns the ids of the rows that were inserted.
pub(super) async fn insert_on_postgres(
    connection: &mut PgConnection,
    owner: &str,
    new: &[NewRow<'_>],
) -> Result<HashSet<i64>, StoreError> {
    fn column<'r, R, T>(rows: &'r [R], of: impl Fn(&'r R) -> T) -> Vec<T> {
        rows.iter().map(of).collect()
    }
    let mut claims: Vec<NewClaimRow<'_>> = new.iter().filter_map(NewRow::claim).collect();
    // All writers claim keys in this order, so that no two wait for each other.
    claims.sort_unstable_by_key(|claim| claim.key);
    let end = |row: &NewRow<'_>| row.end;
    let ids: Vec<(i64,)> = sqlx::query_as(CLAIM_AND_INSERT)
        .bind(owner)
        .bind(column(&claims, |claim| claim.key.0.0))
        .bind(column(&claims, |claim| claim.key.1))
        .bind(column(&claims, |claim| claim.claim.digest.0.as_slice()))
        .bind(column(&claims, |claim| claim.id.0))
        .bind(column(&claims, NewClaimRow::state))
        .bind(column(&claims, |claim| action_id(claim.decision)))
        .bind(column(&claims, |claim| claim.decision.entry.at.0))
        .bind(column(&claims, |claim| claim.claim.expires_at.0))
        .bind(column(new, |row| row.id.0))
        .bind(column(new, |row| row.decision.entry.request_id.to_string()))
        .bind(column(new, |row| row.decision.entry.workspace.0))
        .bind(column(new, |row| row.decision.entry.agent.0))
        .bind(column(new, |row| row.decision.entry.service.0))
        .bind(column(new, |row| row.decision.entry.method.as_str()))
        .bind(column(new, |row| row.decision.entry.target_url.as_str()))
        .bind(column(new, |row| row.decision.entry.intent.as_str()))
        .bind(column(new, |row| {
            row.decision.entry.evaluation.decision.as_str()
        }))
        .bind(column(new, |row| row.judgement.as_str()))
        .bind(column(new, |row| action_id(row.decision)))
        .bind(column(new, |row| row.decision.entry.at.0))
        .bind(column(new, |row| {
            end(row)
                .and_then(|end| end.outcome)
                .map(RequestOutcome::as_str)
        }))
        .bind(column(new, |row| {
            end(row)
                .and_then(|end: RequestEnd| end.status)
                .map(i64::from)
        }))
        .bind(column(new, |row| end(row).map(|end| end.at.0)))
        .bind(column(new, |row| {
            row.decision.operation.as_ref().map(|key| key.0.as_slice())
        }))
        .bind(column(new, |row| row.decision.entry.label.as_deref()))
        .bind(column(new, |row| row.decision.claim.is_some()))
        .fetch_all(connection)
        .await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}
