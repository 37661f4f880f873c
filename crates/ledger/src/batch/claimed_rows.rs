//! Claims keys and inserts the rows of their requests in one statement, on PostgreSQL.

use std::collections::HashSet;

use gaiterguard_rows::covered::RequestEnd;
use gaiterguard_rows::outcome::RequestOutcome;
use sqlx::PgConnection;

use crate::batch::claim_conflict::on_claim_conflict;
use crate::batch::new_rows::{NewClaimRow, NewRow, action_id};
use gaiterguard_database::error::StoreError;

/// A request whose key is already claimed gets no row. The columns are arrays, so that one text, which is planned once,
/// serves any number of rows.
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

/// Returns the ids of the rows that were inserted.
pub(super) async fn claim_and_insert(
    connection: &mut PgConnection,
    owner: &str,
    claims: &[NewClaimRow<'_>],
    new: &[NewRow<'_>],
) -> Result<HashSet<i64>, StoreError> {
    fn column<'r, R, T>(rows: &'r [R], of: impl Fn(&'r R) -> T) -> Vec<T> {
        rows.iter().map(of).collect()
    }
    let end = |row: &NewRow<'_>| row.end;
    let ids: Vec<(i64,)> = sqlx::query_as(CLAIM_AND_INSERT)
        .bind(owner)
        .bind(column(claims, |claim| claim.key.0.0))
        .bind(column(claims, |claim| claim.key.1))
        .bind(column(claims, |claim| claim.claim.digest.0.as_slice()))
        .bind(column(claims, |claim| claim.id.0))
        .bind(column(claims, NewClaimRow::state))
        .bind(column(claims, |claim| action_id(claim.decision)))
        .bind(column(claims, |claim| claim.decision.entry.at.0))
        .bind(column(claims, |claim| claim.claim.expires_at.0))
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
