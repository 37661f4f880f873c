//! One batch of the ledger writer, statement by statement.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use gaiterguard_domain::action::{ActionEvent, ActionState, ActionStatus, HumanDecision};
use gaiterguard_domain::id::{ActionId, AgentId, RequestEntryId, UserId, WorkspaceId};
use gaiterguard_domain::ledger::{
    ActionChange, ByteBudget, Changed, Claim, Completion, NewClaim, NewDecision, Outcome,
    PendingLimit, Recorded, StoredResponse,
};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Decision;
use tokio::sync::OwnedMutexGuard;

use super::decision_rows::{
    CLAIM, End, New, Place, action_id, claim_state, insert_actions, insert_requests,
};
use super::predecessor::{Key, claim_lookup, held_lookup, key, same};
use super::{Answer, Command};
use crate::action::StateColumns;
use crate::audit::covered::{CoveredEnd, cover_action, cover_ends};
use crate::claim;
use crate::connection::{execute, fetch_one, fetch_optional, on};
use crate::error::StoreError;
use crate::kept::{Room, counted};
use crate::lane::{Lane, Write};
use crate::overview::OverviewOutcome;
use crate::rows::{ManyRows, judgement_json, pieces};
use crate::rule_hit;
use crate::store::Shared;

/// Writes everything of a batch but the audit entries, which are written with the commit, and
/// answers what each command is to be told once that is done.
pub(super) async fn write(
    shared: Arc<Shared>,
    lane: OwnedMutexGuard<Lane>,
    commands: &[Command],
) -> Result<(Write, Vec<Answer>), StoreError> {
    let at = commands.first().map_or(Timestamp(0), Command::at);
    let mut write = Write::begin_on(Arc::clone(&shared), lane, at).await?;
    let mut batch = Batch {
        owner: shared.owner(),
        kept: shared.kept_responses(),
        answers: commands.iter().map(|_| None).collect(),
        ended: BTreeMap::new(),
    };
    let versions = versions(&mut write, commands).await?;
    // Keys that completions set free may be claimed again by decisions of the same batch.
    batch.complete(&mut write, commands).await?;
    batch.change(&mut write, commands, &versions).await?;
    batch.record(&mut write, commands, &versions).await?;
    write.cover_ends(std::mem::take(&mut batch.ended), at);
    let answers = batch
        .answers
        .into_iter()
        .map(|answer| answer.unwrap_or(Answer::Later))
        .collect();
    Ok((write, answers))
}

/// The class of the advisory locks under which the bytes that wait in a workspace are counted; any
/// number that nothing else uses.
const HELD_BYTES_LOCK: i32 = 0x6865_6c64;

struct Batch {
    owner: String,
    kept: ByteBudget,
    answers: Vec<Option<Answer>>,
    /// How requests ended for which no entry is written.
    ended: BTreeMap<WorkspaceId, Vec<CoveredEnd>>,
}

static VERSIONS: ManyRows = ManyRows::new(
    "SELECT id, version FROM workspaces WHERE id IN (VALUES ",
    1,
    ")",
);

/// Whoever would change one of these workspaces waits for this batch, and this batch for whoever
/// has begun to.
static VERSIONS_LOCKED: ManyRows = ManyRows::new(
    "SELECT id, version FROM workspaces WHERE id IN (VALUES ",
    1,
    ") ORDER BY id FOR SHARE",
);

/// The present versions of the workspaces whose definitions a batch rests on.
async fn versions(
    write: &mut Write,
    commands: &[Command],
) -> Result<HashMap<WorkspaceId, i64>, StoreError> {
    let workspaces: BTreeSet<WorkspaceId> = commands
        .iter()
        .filter_map(|command| match command {
            Command::Record(decision, ..) => Some(decision.entry.workspace),
            Command::Change(change, _) | Command::End(change, _) => match change.state {
                // What comes back must see whether it was taken back.
                ActionState::Approved { .. } => change.audit.workspace,
                _ => change.authority.map(|(workspace, _)| workspace),
            },
            Command::Complete(..) => None,
        })
        .collect();
    let workspaces: Vec<WorkspaceId> = workspaces.into_iter().collect();
    let mut versions = HashMap::with_capacity(workspaces.len());
    for piece in pieces(&workspaces) {
        let text = write.text(
            VERSIONS.unnumbered(piece.size),
            VERSIONS_LOCKED.numbered(piece.size),
        );
        on!(write, connection => {
            let mut query = sqlx::query_as::<_, (i64, i64)>(text);
            for workspace in piece.padded() {
                query = query.bind(workspace.map(|workspace| workspace.0));
            }
            for (id, version) in query.fetch_all(connection).await? {
                versions.insert(WorkspaceId(id), version);
            }
        });
    }
    Ok(versions)
}

static COMPLETE: ManyRows = ManyRows::new(
    "WITH done (id, outcome, status, at) AS (VALUES ",
    4,
    ") UPDATE requests SET outcome = done.outcome, upstream_status = done.status, \
     completed_at = done.at FROM done \
     WHERE requests.id = done.id AND requests.completed_at IS NULL \
     RETURNING requests.id, requests.workspace_id",
);

static ANSWER: ManyRows = ManyRows::new(
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

fn outcome_columns(outcome: &Outcome) -> (OverviewOutcome, Option<u16>) {
    match outcome {
        Outcome::Responded(answer) => (OverviewOutcome::Answered, Some(answer.status)),
        Outcome::NotSent => (OverviewOutcome::NotSent, None),
        Outcome::Broken { status } => (OverviewOutcome::Broken, *status),
    }
}

fn end_columns(completion: &Completion) -> End {
    let (outcome, status) = outcome_columns(&completion.outcome);
    End {
        outcome: Some(outcome),
        status,
        at: completion.at,
    }
}

/// The response of a completion that has something to keep.
fn content_of(completion: &Completion) -> Option<&StoredResponse> {
    match &completion.outcome {
        Outcome::Responded(answer) => answer.content.is_some().then_some(answer),
        Outcome::NotSent | Outcome::Broken { .. } => None,
    }
}

fn answer_columns(
    answer: Option<&StoredResponse>,
    has_room: bool,
) -> (Option<i64>, Option<i64>, Option<&[u8]>) {
    let content = answer.and_then(|answer| answer.content.as_ref());
    let content = content.filter(|_| has_room);
    (
        answer.map(|answer| i64::from(answer.status)),
        content.map(|sealed| sealed.data_key.0),
        content.map(|sealed| sealed.bytes.as_slice()),
    )
}

impl Batch {
    async fn complete(
        &mut self,
        write: &mut Write,
        commands: &[Command],
    ) -> Result<(), StoreError> {
        let mut seen = HashSet::new();
        let mut completions: Vec<(Place, &Completion)> = Vec::new();
        for (place, command) in commands.iter().enumerate() {
            if let Command::Complete(completion, _) = command {
                if seen.insert(completion.entry) {
                    completions.push((place, completion));
                } else {
                    self.answers[place] = Some(Answer::Completed(false));
                }
            }
        }
        // Everyone takes rows in the same order, so that no two writers wait for each other.
        completions.sort_unstable_by_key(|(_, completion)| completion.entry);
        let mut done: HashMap<i64, i64> = HashMap::with_capacity(completions.len());
        for piece in pieces(&completions) {
            let text = write.many(&COMPLETE, piece.size);
            on!(write, connection => {
                let mut query = sqlx::query_as::<_, (i64, i64)>(text);
                for row in piece.padded() {
                    let completion = row.map(|(_, completion)| completion);
                    let ended = completion.map(|end| outcome_columns(&end.outcome));
                    query = query
                        .bind(completion.map(|end| end.entry.0))
                        .bind(ended.map(|(outcome, _)| outcome.as_str()))
                        .bind(ended.and_then(|(_, status)| status).map(i64::from))
                        .bind(completion.map(|end| end.at.0));
                }
                done.extend(query.fetch_all(connection).await?);
            });
        }
        let mut claimed: Vec<_> = completions
            .iter()
            .filter_map(|(_, completion)| Some((completion.claim.as_ref()?, *completion)))
            .collect();
        claimed.sort_unstable_by_key(|((agent, key), _)| (*agent, key.as_str()));
        let (released, answered): (Vec<_>, Vec<_>) = claimed
            .into_iter()
            .partition(|(_, completion)| completion.outcome == Outcome::NotSent);
        let agents: BTreeSet<AgentId> = answered
            .iter()
            .filter(|(_, completion)| content_of(completion).is_some())
            .map(|((agent, _), _)| *agent)
            .collect();
        let mut room = Room::of(write, self.kept, &agents).await?;
        // Past the budget it is kept that there was a response, and not what it was.
        let beyond: HashSet<RequestEntryId> = answered
            .iter()
            .filter(|((agent, _), completion)| {
                content_of(completion).is_some_and(|answer| !room.take(*agent, answer))
            })
            .map(|(_, completion)| completion.entry)
            .collect();
        for piece in pieces(&answered) {
            let text = write.many(&ANSWER, piece.size);
            on!(write, connection => {
                let mut query = sqlx::query(text);
                for row in piece.padded() {
                    let answer = row.and_then(|(_, completion)| match &completion.outcome {
                        Outcome::Responded(answer) => Some(answer),
                        Outcome::NotSent | Outcome::Broken { .. } => None,
                    });
                    let state = if answer.is_some() { claim::ANSWERED } else { claim::BROKEN };
                    let is_beyond =
                        row.is_some_and(|(_, completion)| beyond.contains(&completion.entry));
                    let (status, data_key, bytes) = answer_columns(answer, !is_beyond);
                    query = query
                        .bind(row.map(|((agent, _), _)| agent.0))
                        .bind(row.map(|((_, key), _)| key.as_str()))
                        .bind(row.map(|(_, completion)| completion.entry.0))
                        .bind(state)
                        .bind(status)
                        .bind(data_key)
                        .bind(bytes);
                }
                query.execute(connection).await?;
            });
        }
        for piece in pieces(&released) {
            let text = write.many(&RELEASE, piece.size);
            on!(write, connection => {
                let mut query = sqlx::query(text);
                for row in piece.padded() {
                    query = query
                        .bind(row.map(|((agent, _), _)| agent.0))
                        .bind(row.map(|((_, key), _)| key.as_str()))
                        .bind(row.map(|(_, completion)| completion.entry.0));
                }
                query.execute(connection).await?;
            });
        }
        for (place, completion) in completions {
            let workspace = done.get(&completion.entry.0);
            if let Some(workspace) = workspace {
                let end = end_columns(completion).covered(completion.entry);
                if let Some(entry) = &completion.audit {
                    let mut entry = entry.as_ref().clone();
                    cover_ends(&mut entry.detail, vec![end]);
                    write.audit(entry);
                } else {
                    let ended = self.ended.entry(WorkspaceId(*workspace));
                    ended.or_default().push(end);
                }
            }
            self.answers[place] = Some(Answer::Completed(workspace.is_some()));
        }
        Ok(())
    }

    async fn change(
        &mut self,
        write: &mut Write,
        commands: &[Command],
        versions: &HashMap<WorkspaceId, i64>,
    ) -> Result<(), StoreError> {
        for (place, command) in commands.iter().enumerate() {
            let (Command::Change(change, _) | Command::End(change, _)) = command else {
                continue;
            };
            let changed = match change.authority {
                Some((workspace, version)) if versions.get(&workspace) != Some(&version.0) => {
                    Changed::AuthorityChanged
                }
                _ => match recalled(write, change).await? {
                    None => self.change_one(write, change).await?,
                    Some(revoked) => match self.change_one(write, &revoked).await? {
                        Changed::Done => Changed::Recalled,
                        other => other,
                    },
                },
            };
            self.answers[place] = Some(Answer::Changed(changed));
        }
        Ok(())
    }

    async fn change_one(
        &self,
        write: &mut Write,
        change: &ActionChange,
    ) -> Result<Changed, StoreError> {
        let state = StateColumns::of(&change.state);
        let owner = (change.state.status() == ActionStatus::Executing).then_some(&self.owner);
        let has_room = match &change.answer {
            Some(answer) => self.has_room(write, change.action, answer).await?,
            None => true,
        };
        let (status, data_key, bytes) = answer_columns(change.answer.as_ref(), has_room);
        let row = fetch_optional!(
            write,
            (i64,),
            "UPDATE actions SET revision = revision + 1, status = $3, owner = $4, expires_at = $5,
                approved_by = $6, approved_at = $7, approval_note = $8, started_at = $9,
                resolution = $10, resolved_by = $11, resolved_at = $12, resolution_note = $13,
                detail = $14, answer_status = $15, answer_key_id = $16, answer = $17
             WHERE id = $1 AND revision = $2 RETURNING entry_id",
            change.action.to_string(),
            change.revision,
            state.status,
            owner,
            state.expires_at,
            state.approved_by,
            state.approved_at,
            state.approval_note,
            state.started_at,
            state.resolution,
            state.resolved_by,
            state.resolved_at,
            state.resolution_note,
            state.detail,
            status,
            data_key,
            bytes,
        );
        let Some((entry,)) = row else {
            return Ok(Changed::RevisionMoved);
        };
        let mut ended = None;
        if let Some(answer) = &change.answer {
            let end = End {
                outcome: Some(OverviewOutcome::Answered),
                status: Some(answer.status),
                at: change.audit.at,
            };
            // A request ends once.
            let written = execute!(
                write,
                "UPDATE requests SET outcome = $2, upstream_status = $3, completed_at = $4
                 WHERE id = $1 AND completed_at IS NULL",
                entry,
                end.outcome.map(OverviewOutcome::as_str),
                end.status.map(i64::from),
                end.at.0,
            );
            ended = (written > 0).then(|| end.covered(RequestEntryId(entry)));
        }
        let mut audit = change.audit.clone();
        let revision = change.revision + 1;
        let covered = state.covered(&change.action.to_string(), revision, status);
        cover_action(&mut audit.detail, covered, ended);
        write.audit(audit);
        Ok(Changed::Done)
    }

    /// Whether the response to an executed action fits into its agent's budget.
    async fn has_room(
        &self,
        write: &mut Write,
        action: ActionId,
        answer: &StoredResponse,
    ) -> Result<bool, StoreError> {
        let agent = fetch_optional!(
            write,
            (i64,),
            "SELECT agent_id FROM actions WHERE id = $1",
            action.to_string(),
        );
        let Some((agent,)) = agent else {
            return Ok(false);
        };
        let agent = AgentId(agent);
        let mut room = Room::of(write, self.kept, &BTreeSet::from([agent])).await?;
        Ok(room.take(agent, answer))
    }

    async fn record(
        &mut self,
        write: &mut Write,
        commands: &[Command],
        versions: &HashMap<WorkspaceId, i64>,
    ) -> Result<(), StoreError> {
        let mut first = Vec::new();
        let mut repeated = Vec::new();
        let mut keys = HashSet::new();
        for (place, command) in commands.iter().enumerate() {
            let Command::Record(decision, ..) = command else {
                continue;
            };
            let decision = decision.as_ref();
            if versions.get(&decision.entry.workspace) != Some(&decision.authority.0) {
                self.answers[place] = Some(Answer::Recorded(Recorded::AuthorityChanged));
            } else if key(decision).is_none_or(|key| keys.insert(key)) {
                first.push((place, decision));
            } else {
                repeated.push((place, decision));
            }
        }
        self.cap(write, &mut first).await?;
        let ids = write.request_ids(first.len()).await?;
        let mut new: Vec<New<'_>> = first
            .into_iter()
            .zip(ids)
            .map(|((place, decision), id)| New {
                place,
                id: RequestEntryId(id),
                decision,
                end: end_of(&commands[place]),
                judgement: judgement_json(&decision.entry.evaluation),
            })
            .collect();
        let refused = self.claim(write, &mut new).await?;
        insert_requests(write, &new).await?;
        insert_actions(write, &new).await?;
        rule_hit::count(write, new.iter().map(|row| &row.decision.entry)).await?;
        for row in &new {
            write.audit(row.audit());
            self.answers[row.place] = Some(Answer::Recorded(Recorded::Done(row.id)));
        }
        repeated.extend(refused);
        self.used(write, &repeated).await
    }

    /// Answers decisions that would let too many actions wait, and those that make no other one: their
    /// key was used before, or the same waits already. The others stay.
    async fn cap(
        &mut self,
        write: &mut Write,
        decisions: &mut Vec<(Place, &NewDecision)>,
    ) -> Result<(), StoreError> {
        let holds: Vec<(Place, &NewDecision)> = decisions
            .iter()
            .copied()
            .filter(|(_, decision)| decision.hold.is_some())
            .collect();
        if holds.is_empty() {
            return Ok(());
        }
        let agents: BTreeSet<AgentId> = holds.iter().map(|(_, one)| one.entry.agent).collect();
        let mut waiting: HashMap<AgentId, (i64, u64)> = HashMap::with_capacity(agents.len());
        let mut waiting_in: HashMap<WorkspaceId, u64> = HashMap::new();
        let now = holds.iter().map(|(_, one)| one.entry.at).min();
        for agent in agents {
            // Writers beside this one must not count at the same time.
            if let crate::connection::On::Postgres(connection) = write.on() {
                sqlx::query("SELECT id FROM agents WHERE id = $1 FOR NO KEY UPDATE")
                    .bind(agent.0)
                    .execute(connection)
                    .await?;
            }
            let (count, bytes) = fetch_one!(
                write,
                (i64, i64),
                "SELECT COUNT(*), CAST(COALESCE(SUM(LENGTH(request)), 0) AS BIGINT) FROM actions
                 WHERE agent_id = $1 AND status = 'PENDING' AND expires_at > $2",
                agent.0,
                now.map_or(0, |at| at.0),
            );
            waiting.insert(agent, (count, counted(bytes)));
        }
        let workspaces: BTreeSet<WorkspaceId> =
            holds.iter().map(|(_, one)| one.entry.workspace).collect();
        for workspace in workspaces {
            if let crate::connection::On::Postgres(connection) = write.on() {
                sqlx::query("SELECT pg_advisory_xact_lock($1, CAST($2 % 2147483647 AS INTEGER))")
                    .bind(HELD_BYTES_LOCK)
                    .bind(workspace.0)
                    .execute(connection)
                    .await?;
            }
            let (bytes,) = fetch_one!(
                write,
                (i64,),
                "SELECT CAST(COALESCE(SUM(LENGTH(request)), 0) AS BIGINT) FROM actions
                 WHERE workspace_id = $1 AND status = 'PENDING' AND expires_at > $2",
                workspace.0,
                now.map_or(0, |at| at.0),
            );
            waiting_in.insert(workspace, counted(bytes));
        }
        let mut refused = HashSet::new();
        let mut keyless = HashSet::new();
        for (place, decision) in holds {
            let Some(hold) = &decision.hold else {
                continue;
            };
            let (count, of_agent) = waiting.entry(decision.entry.agent).or_default();
            let of_workspace = waiting_in.entry(decision.entry.workspace).or_default();
            let length = hold.request.bytes.len() as u64;
            let answer = match &decision.claim {
                Some(claim) => claim_lookup(write, decision, claim)
                    .await?
                    .map(|used| Answer::Recorded(Recorded::KeyUsed(used))),
                // The second of two in one batch meets the first in the next.
                None if !keyless.insert(same(decision, hold)) => Some(Answer::Later),
                None => held_lookup(write, decision, hold)
                    .await?
                    .map(|action| Answer::Recorded(Recorded::AlreadyHeld(action))),
            };
            let answer = match answer {
                Some(answer) => answer,
                None if *count >= i64::from(hold.pending_max) => {
                    Answer::Recorded(Recorded::TooManyPending(PendingLimit::Actions))
                }
                None if !hold.pending_bytes.holds(*of_agent, *of_workspace, length) => {
                    Answer::Recorded(Recorded::TooManyPending(PendingLimit::Bytes))
                }
                None => {
                    *of_agent += length;
                    *of_workspace += length;
                    *count += 1;
                    continue;
                }
            };
            self.answers[place] = Some(answer);
            refused.insert(place);
        }
        decisions.retain(|(place, _)| !refused.contains(place));
        Ok(())
    }

    /// Claims the keys of new rows. Takes those out whose key was used before, and answers them.
    async fn claim<'b>(
        &self,
        write: &mut Write,
        new: &mut Vec<New<'b>>,
    ) -> Result<Vec<(Place, &'b NewDecision)>, StoreError> {
        let mut claims: Vec<(Key<'b>, RequestEntryId, &NewDecision, &NewClaim)> = new
            .iter()
            .filter_map(|row| {
                let claim = row.decision.claim.as_ref()?;
                Some((key(row.decision)?, row.id, row.decision, claim))
            })
            .collect();
        if claims.is_empty() {
            return Ok(Vec::new());
        }
        // Writers that claim the same keys take them in the same order.
        claims.sort_unstable_by_key(|(key, ..)| *key);
        let mut claimed: HashSet<i64> = HashSet::with_capacity(claims.len());
        for piece in pieces(&claims) {
            let text = write.many(&CLAIM, piece.size);
            on!(write, connection => {
                let mut query = sqlx::query_as::<_, (i64,)>(text);
                for row in piece.padded() {
                    let decision = row.map(|(_, _, decision, _)| *decision);
                    query = query
                        .bind(row.map(|((agent, _), ..)| agent.0))
                        .bind(row.map(|((_, key), ..)| *key))
                        .bind(row.map(|(.., claim)| claim.digest.0.as_slice()))
                        .bind(row.map(|(_, id, ..)| id.0))
                        .bind(self.owner.as_str())
                        .bind(decision.map(claim_state))
                        .bind(decision.and_then(action_id))
                        .bind(decision.map(|decision| decision.entry.at.0))
                        .bind(row.map(|(.., claim)| claim.expires_at.0));
                }
                claimed.extend(query.fetch_all(connection).await?.into_iter().map(|(id,)| id));
            });
        }
        let mut refused = Vec::new();
        new.retain(|row| {
            let kept = row.decision.claim.is_none() || claimed.contains(&row.id.0);
            if !kept {
                refused.push((row.place, row.decision));
            }
            kept
        });
        Ok(refused)
    }

    /// Answers decisions whose key is used with what became of it.
    async fn used(
        &mut self,
        write: &mut Write,
        decisions: &[(Place, &NewDecision)],
    ) -> Result<(), StoreError> {
        let mut known: HashMap<Key<'_>, Option<Claim>> = HashMap::new();
        for (place, decision) in decisions {
            let (Some(key), Some(claim)) = (key(decision), &decision.claim) else {
                continue;
            };
            let used = match known.entry(key) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => {
                    unknown.insert(claim_lookup(write, decision, claim).await?)
                }
            };
            // A key that was set free meanwhile can be claimed in the next batch.
            self.answers[*place] = Some(match used.clone() {
                Some(used) => Answer::Recorded(Recorded::KeyUsed(used)),
                None => Answer::Later,
            });
        }
        Ok(())
    }
}

/// Returns what becomes of an execution that comes back, if a human has taken the right to it away
/// since it began: it is revoked by that word.
async fn recalled(
    write: &mut Write,
    change: &ActionChange,
) -> Result<Option<ActionChange>, StoreError> {
    if !matches!(change.state, ActionState::Approved { .. }) {
        return Ok(None);
    }
    let row = fetch_optional!(
        write,
        (i64, i64, Option<String>),
        "SELECT recalled_by, recalled_at, recall_note FROM actions
         WHERE id = $1 AND revision = $2 AND status = 'EXECUTING'
           AND recalled_by IS NOT NULL AND recalled_at IS NOT NULL",
        change.action.to_string(),
        change.revision,
    );
    let Some((by, at, note)) = row else {
        return Ok(None);
    };
    let word = HumanDecision {
        by: UserId(by),
        at: Timestamp(at),
        note,
    };
    let Ok(state) = change.state.clone().apply(ActionEvent::Revoke(word)) else {
        return Ok(None);
    };
    let mut revoked = change.clone();
    revoked.audit.event = "action.revoked";
    revoked.audit.detail["status"] = state.status().as_str().into();
    revoked.audit.detail["cause"] = change.audit.event.into();
    revoked.state = state;
    Ok(Some(revoked))
}

/// The end of a request that is known when its decision is written: one that was refused ends with
/// that.
fn end_of(command: &Command) -> Option<End> {
    let Command::Record(decision, ending, _) = command else {
        return None;
    };
    if decision.entry.evaluation.decision == Decision::Deny {
        return Some(End {
            outcome: None,
            status: None,
            at: decision.entry.at,
        });
    }
    let (outcome, at) = ending.as_ref()?.take()?;
    let (outcome, status) = outcome_columns(&outcome);
    Some(End {
        outcome: Some(outcome),
        status,
        at,
    })
}
