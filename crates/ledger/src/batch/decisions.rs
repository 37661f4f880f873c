//! Writes new decisions, with their claims and held actions.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use gaiterguard_database::column::evaluation_json;
use gaiterguard_database::connection::{AnyConnection, Dialect};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::id::RequestEntryId;
use gaiterguard_domain::ledger::{Claim, NewDecision, Recorded};
use gaiterguard_domain::verdict::Decision;
use gaiterguard_rows::covered::RequestEnd;

use crate::batch::claimed_rows::{insert_on_postgres, insert_on_sqlite, insert_with_commit};
use crate::batch::existing::{Key, find_claim, key};
use crate::batch::new_rows::{NewRow, audit_rows, insert_actions};
use crate::batch::pending_limit::apply_pending_limit;
use crate::batch::rule_hits::rule_hits;
use crate::batch::state::{Batch, Index};
use crate::command::{Command, CommandResult};
use crate::writer::transaction::Transaction;

/// Decisions with their places in the batch.
type Decisions<'b> = Vec<(Index, &'b NewDecision)>;

pub(super) async fn write(tx: &mut Transaction, batch: &mut Batch<'_>) -> Result<(), StoreError> {
    let (mut first, mut repeated) = current_decisions(batch);
    apply_pending_limit(tx, batch, &mut first).await?;
    let ids = tx.request_ids(first.len()).await?;
    let mut new: Vec<NewRow<'_>> = first
        .into_iter()
        .zip(ids)
        .map(|((index, decision), id)| NewRow {
            index,
            id: RequestEntryId(id),
            decision,
            end: known_end(&batch.commands[index]),
            judgement: evaluation_json(&decision.entry.evaluation),
            is_read: batch.commands[index].is_read(),
        })
        .collect();
    let lost = insert_claimed(tx, &batch.owner, &mut new).await?;
    insert_actions(tx, &new).await?;
    tx.count_rule_hits(rule_hits(new.iter().map(|row| &row.decision.entry)));
    audit_rows(tx, &new);
    for row in &new {
        batch.results[row.index] = Some(CommandResult::Recorded(Recorded::Done(row.id)));
    }
    repeated.extend(lost);
    report_used_keys(tx, batch, &repeated).await
}

/// Returns the decisions that were made on the current definitions: first those that are the first
/// of the batch with their key, then those that repeat a key. The others get their result here.
fn current_decisions<'b>(batch: &mut Batch<'b>) -> (Decisions<'b>, Decisions<'b>) {
    let mut first = Vec::new();
    let mut repeated = Vec::new();
    let mut keys = HashSet::new();
    for (index, command) in batch.commands.iter().enumerate() {
        let Command::Record(decision, ..) = command else {
            continue;
        };
        let decision = decision.as_ref();
        if batch.versions.get(&decision.entry.workspace) != Some(&decision.authority.0) {
            batch.results[index] = Some(CommandResult::Recorded(Recorded::AuthorityChanged));
        } else if key(decision).is_none_or(|key| keys.insert(key)) {
            first.push((index, decision));
        } else {
            repeated.push((index, decision));
        }
    }
    (first, repeated)
}

/// Claims the keys of new rows and inserts the rows. Removes and returns those whose key is already claimed.
async fn insert_claimed<'b>(
    tx: &mut Transaction,
    owner: &str,
    new: &mut Vec<NewRow<'b>>,
) -> Result<Decisions<'b>, StoreError> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    // No statement of the batch needs the rows of reads before, so they cost no hand-over of their own.
    if tx.dialect() == Dialect::Sqlite
        && new.iter().all(|row| row.is_read)
        && let Some(insert) = insert_with_commit(new)?
    {
        tx.run_with_commit(insert);
        return Ok(Vec::new());
    }
    let claimed = match tx.any() {
        AnyConnection::Sqlite(connection) => insert_on_sqlite(connection, owner, new).await?,
        AnyConnection::Postgres(connection) => insert_on_postgres(connection, owner, new).await?,
    };
    let is_lost =
        |row: &mut NewRow<'b>| row.decision.claim.is_some() && !claimed.contains(&row.id.0);
    let lost = new.extract_if(.., is_lost);
    Ok(lost.map(|row| (row.index, row.decision)).collect())
}

/// Reports the existing claim to decisions whose key is already used.
async fn report_used_keys(
    tx: &mut Transaction,
    batch: &mut Batch<'_>,
    decisions: &[(Index, &NewDecision)],
) -> Result<(), StoreError> {
    let mut known: HashMap<Key<'_>, Option<Claim>> = HashMap::new();
    for (index, decision) in decisions {
        let (Some(key), Some(claim)) = (key(decision), &decision.claim) else {
            continue;
        };
        let used = match known.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(find_claim(tx, decision, claim).await?),
        };
        // If the key was released in the meantime, the next batch can claim it.
        batch.results[*index] = Some(match used.clone() {
            Some(used) => CommandResult::Recorded(Recorded::KeyUsed(used)),
            None => CommandResult::Retry,
        });
    }
    Ok(())
}

/// Returns the end of a request that is known when its decision is written. A denied request ends
/// with its decision.
fn known_end(command: &Command) -> Option<RequestEnd> {
    let Command::Record(decision, outcome, _) = command else {
        return None;
    };
    if decision.entry.evaluation.decision == Decision::Deny {
        return Some(RequestEnd {
            outcome: None,
            status: None,
            at: decision.entry.at,
        });
    }
    let (outcome, at) = outcome.as_ref()?.take()?;
    Some(RequestEnd::of(&outcome, at))
}
