//! Writes how requests ended.

use std::collections::{BTreeSet, HashMap, HashSet};

use gaiterguard_domain::id::{AgentId, RequestEntryId, WorkspaceId};
use gaiterguard_domain::ledger::{Completion, Outcome, StoredResponse};
use gaiterguard_domain::request::IdempotencyKey;

use crate::batch::response_room::ResponseRoom;
use crate::batch::state::{Batch, Index, ResponseColumns};
use crate::command::{Command, CommandResult};
use crate::writer::transaction::Transaction;
use gaiterguard_database::connection::with_connection;
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{ManyRows, chunks};
use gaiterguard_rows::claim_row::{BROKEN, RESPONDED};
use gaiterguard_rows::covered::{RequestEnd, cover_ends};
use gaiterguard_rows::outcome::RequestOutcome;

static COMPLETE: ManyRows = ManyRows::new(
    "WITH done (id, outcome, status, at) AS (VALUES ",
    4,
    ") UPDATE requests SET outcome = done.outcome, upstream_status = done.status, \
     completed_at = done.at FROM done \
     WHERE requests.id = done.id AND requests.completed_at IS NULL \
     RETURNING requests.id, requests.workspace_id",
);

static STORE_RESPONSE: ManyRows = ManyRows::new(
    "WITH done (agent_id, key, entry_id, state, status, data_key, answer) AS (VALUES ",
    7,
    ") UPDATE claims SET state = done.state, answer_status = done.status, \
     answer_key_id = done.data_key, answer = done.answer FROM done \
     WHERE claims.agent_id = done.agent_id AND claims.key = done.key \
     AND claims.entry_id = done.entry_id AND claims.state = 'RUNNING'",
);

static RELEASE: ManyRows = ManyRows::new(
    "DELETE FROM claims WHERE state = 'RUNNING' AND (agent_id, key, entry_id) IN (VALUES ",
    3,
    ")",
);

/// A claimed key, and the completion of its request.
type Claimed<'b> = (&'b (AgentId, IdempotencyKey), &'b Completion);

pub(super) async fn write(tx: &mut Transaction, batch: &mut Batch<'_>) -> Result<(), StoreError> {
    let completions = distinct(batch);
    let ended = end_requests(tx, &completions).await?;
    let mut claimed: Vec<Claimed<'_>> = completions
        .iter()
        .filter_map(|(_, completion)| Some((completion.claim.as_ref()?, *completion)))
        .collect();
    // All writers update claims in this order, so that no two wait for each other.
    claimed.sort_unstable_by_key(|((agent, key), _)| (*agent, key.as_str()));
    let (released, sent): (Vec<_>, Vec<_>) = claimed
        .into_iter()
        .partition(|(_, completion)| completion.outcome == Outcome::NotSent);
    store_responses(tx, batch, &sent).await?;
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

/// Records the ends of requests that have not ended yet. Returns their ids with their workspaces.
async fn end_requests(
    tx: &mut Transaction,
    completions: &[(Index, &Completion)],
) -> Result<HashMap<i64, i64>, StoreError> {
    let mut ended: HashMap<i64, i64> = HashMap::with_capacity(completions.len());
    for chunk in chunks(completions) {
        let sql = tx.dialect().many_rows(&COMPLETE, chunk.size);
        with_connection!(tx, connection => {
            let mut query = sqlx::query_as::<_, (i64, i64)>(sql);
            for row in chunk.padded() {
                let completion = row.map(|(_, completion)| completion);
                let outcome = completion.map(|end| RequestOutcome::of(&end.outcome));
                query = query
                    .bind(completion.map(|end| end.entry.0))
                    .bind(outcome.map(|(outcome, _)| outcome.as_str()))
                    .bind(outcome.and_then(|(_, status)| status).map(i64::from))
                    .bind(completion.map(|end| end.at.0));
            }
            ended.extend(query.fetch_all(connection).await?);
        });
    }
    Ok(ended)
}

/// Stores responses with their claims, for replay.
async fn store_responses(
    tx: &mut Transaction,
    batch: &Batch<'_>,
    sent: &[Claimed<'_>],
) -> Result<(), StoreError> {
    let without_room = without_room(tx, batch, sent).await?;
    for chunk in chunks(sent) {
        let sql = tx.dialect().many_rows(&STORE_RESPONSE, chunk.size);
        with_connection!(tx, connection => {
            let mut query = sqlx::query(sql);
            for row in chunk.padded() {
                let response = row.and_then(|(_, completion)| response_of(completion));
                let state = if response.is_some() { RESPONDED } else { BROKEN };
                let has_room =
                    row.is_none_or(|(_, completion)| !without_room.contains(&completion.entry));
                let columns = ResponseColumns::of(response, has_room);
                query = query
                    .bind(row.map(|((agent, _), _)| agent.0))
                    .bind(row.map(|((_, key), _)| key.as_str()))
                    .bind(row.map(|(_, completion)| completion.entry.0))
                    .bind(state)
                    .bind(columns.status)
                    .bind(columns.data_key)
                    .bind(columns.bytes);
            }
            query.execute(connection).await?;
        });
    }
    Ok(())
}

/// Returns the requests whose responses exceed the budget. For them it is only recorded that there
/// was a response.
async fn without_room(
    tx: &mut Transaction,
    batch: &Batch<'_>,
    sent: &[Claimed<'_>],
) -> Result<HashSet<RequestEntryId>, StoreError> {
    let with_content = || {
        sent.iter().filter_map(|((agent, _), completion)| {
            let response = response_of(completion)?;
            response.content.as_ref()?;
            Some((*agent, response, completion.entry))
        })
    };
    let agents: BTreeSet<AgentId> = with_content().map(|(agent, ..)| agent).collect();
    let mut room = ResponseRoom::read(tx, batch.response_budget, &agents).await?;
    Ok(with_content()
        .filter(|(agent, response, _)| !room.take(*agent, response))
        .map(|(.., entry)| entry)
        .collect())
}

/// Releases the keys of requests of which nothing was sent, so that they can be used again.
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

fn response_of(completion: &Completion) -> Option<&StoredResponse> {
    match &completion.outcome {
        Outcome::Responded(response) => Some(response),
        Outcome::NotSent | Outcome::Broken { .. } => None,
    }
}
