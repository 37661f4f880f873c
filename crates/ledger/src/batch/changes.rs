//! Writes changes of actions.

use std::borrow::Cow;

use gaiterguard_database::connection::{execute, fetch_optional, lease_time};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::action::{ActionEvent, ActionState, ActionStatus, HumanDecision};
use gaiterguard_domain::event::Event;
use gaiterguard_domain::id::{ActionId, AgentId, RequestEntryId, UserId};
use gaiterguard_domain::ledger::{ActionChange, Changed, StoredResponse};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_rows::action_state::StateColumns;
use gaiterguard_rows::covered::{CustodyColumns, RequestEnd, cover_action};
use gaiterguard_rows::outcome::RequestOutcome;

use crate::batch::presses;
use crate::batch::response_room::ResponseRoom;
use crate::batch::state::{Batch, ResponseColumns};
use crate::batch::votes::{Cast, cast};
use crate::command::{Command, CommandResult};
use crate::writer::transaction::Transaction;

pub(super) async fn write(tx: &mut Transaction, batch: &mut Batch<'_>) -> Result<(), StoreError> {
    for (index, command) in batch.commands.iter().enumerate() {
        let (Command::Change(change, _) | Command::End(change, _)) = command else {
            continue;
        };
        let changed = match change.authority {
            Some((workspace, version)) if batch.versions.get(&workspace) != Some(&version.0) => {
                Changed::AuthorityChanged
            }
            _ if !is_still_member(tx, change).await? => Changed::MembershipChanged,
            _ if !is_released(tx, change).await? => Changed::NotReleased,
            _ if !presses::is_usable(tx, change).await? => Changed::PressRefused,
            _ if let Some(ballot) = &change.ballot => match cast(tx, change, ballot).await? {
                Cast::Decided(decided) => update(tx, batch, &decided).await?,
                Cast::Open(changed) => changed,
            },
            _ => match recalled(tx, change).await? {
                None => update(tx, batch, change).await?,
                Some(revoked) => match update(tx, batch, &revoked).await? {
                    Changed::Done => Changed::Recalled,
                    other => other,
                },
            },
        };
        presses::use_up(tx, change, &changed).await?;
        batch.results[index] = Some(CommandResult::Changed(changed));
    }
    Ok(())
}

/// Whether the human who made a change still has the membership that it was made with. The lock on the workspace
/// keeps it so until the commit.
async fn is_still_member(tx: &mut Transaction, change: &ActionChange) -> Result<bool, StoreError> {
    let Some((workspace, user, expected)) = &change.member else {
        return Ok(true);
    };
    Ok(tx.membership(*workspace, *user).await?.as_ref() == Some(expected))
}

/// Updates an action that still has the revision that the change was made against.
async fn update(
    tx: &mut Transaction,
    batch: &Batch<'_>,
    change: &ActionChange,
) -> Result<Changed, StoreError> {
    let state = by_shared_clock(tx, &change.state).await?;
    let ruling = state.ruling();
    let state = StateColumns::of(&state);
    let owner = (change.state.status() == ActionStatus::Executing).then_some(&batch.owner);
    let has_room = match &change.answer {
        Some(response) => has_room(tx, batch, change.action, response).await?,
        None => true,
    };
    let response = ResponseColumns::of(change.answer.as_ref(), has_room);
    let row = fetch_optional!(
        tx,
        (i64, Option<i64>, Option<i64>),
        "UPDATE actions SET revision = revision + 1, status = $3, owner = $4, expires_at = $5,
            approved_by = $6, approved_at = $7, approval_note = $8, started_at = $9,
            resolution = $10, resolved_by = $11, resolved_at = $12, resolution_note = $13,
            detail = $14, answer_status = $15, answer_key_id = $16, answer = $17, releases_at = $18,
            ruled_by = COALESCE(ruled_by, $19), ruled_at = COALESCE(ruled_at, $20)
         WHERE id = $1 AND revision = $2 RETURNING entry_id, ruled_by, ruled_at",
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
        response.status,
        response.data_key,
        response.bytes,
        state.releases_at,
        ruling.map(|(_, decision)| decision.by.0),
        ruling.map(|(_, decision)| decision.at.0),
    );
    let Some((entry, ruled_by, ruled_at)) = row else {
        return Ok(Changed::RevisionMoved);
    };
    let ended = match &change.answer {
        Some(response) => {
            let end = RequestEnd {
                outcome: Some(RequestOutcome::Responded),
                status: Some(response.status),
                at: change.audit.at,
            };
            let is_written = end_request(tx, entry, end).await?;
            is_written.then(|| end.covered(RequestEntryId(entry)))
        }
        None => None,
    };
    let mut audit = change.audit.clone();
    let revision = change.revision + 1;
    let custody = CustodyColumns {
        owner: owner.map(String::as_str),
        ruled_by,
        ruled_at,
    };
    let action = change.action.to_string();
    let covered = state.covered(&action, revision, response.status, custody);
    cover_action(&mut audit.detail, covered, ended);
    tx.audit(audit);
    Ok(Changed::Done)
}

/// Returns the state to write. The release of an approval is measured by the database's clock: a replica
/// whose own clock is ahead of another's must not release it early.
async fn by_shared_clock<'s>(
    tx: &mut Transaction,
    state: &'s ActionState,
) -> Result<Cow<'s, ActionState>, StoreError> {
    let ActionState::Approved {
        approval,
        releases_at: Some(releases_at),
        expires_at,
    } = state
    else {
        return Ok(Cow::Borrowed(state));
    };
    let undo = approval.at.until(*releases_at);
    let now = lease_time(tx.any(), approval.at).await?;
    Ok(Cow::Owned(ActionState::Approved {
        approval: approval.clone(),
        releases_at: Some(now.after(undo)),
        expires_at: *expires_at,
    }))
}

/// Whether a change may be made now: an execution begins only after its approval is released. The
/// revision guards the instant that is read, as it guards the change.
async fn is_released(tx: &mut Transaction, change: &ActionChange) -> Result<bool, StoreError> {
    if !matches!(change.state, ActionState::Executing(_)) {
        return Ok(true);
    }
    let row = fetch_optional!(
        tx,
        (Option<i64>,),
        "SELECT releases_at FROM actions WHERE id = $1 AND revision = $2",
        change.action.to_string(),
        change.revision,
    );
    let Some((Some(releases_at),)) = row else {
        return Ok(true);
    };
    let now = lease_time(tx.any(), change.audit.at).await?;
    Ok(releases_at <= now.0)
}

/// Records the end of an action's request. Returns false if it had already ended.
async fn end_request(
    tx: &mut Transaction,
    entry: i64,
    end: RequestEnd,
) -> Result<bool, StoreError> {
    let written = execute!(
        tx,
        "UPDATE requests SET outcome = $2, upstream_status = $3, completed_at = $4
         WHERE id = $1 AND completed_at IS NULL",
        entry,
        end.outcome.map(RequestOutcome::as_str),
        end.status.map(i64::from),
        end.at.0,
    );
    Ok(written > 0)
}

/// Whether the response to an executed action fits into its agent's budget.
async fn has_room(
    tx: &mut Transaction,
    batch: &Batch<'_>,
    action: ActionId,
    response: &StoredResponse,
) -> Result<bool, StoreError> {
    let agent = fetch_optional!(
        tx,
        (i64,),
        "SELECT agent_id FROM actions WHERE id = $1",
        action.to_string(),
    );
    let Some((agent,)) = agent else {
        return Ok(false);
    };
    let agent = AgentId(agent);
    let mut room = ResponseRoom::read(tx, batch.response_budget, agent).await?;
    Ok(room.take(agent, response))
}

/// Returns the change to make instead if an execution returns to approved after a human has revoked
/// the right to it: the action is revoked by that ruling.
async fn recalled(
    tx: &mut Transaction,
    change: &ActionChange,
) -> Result<Option<ActionChange>, StoreError> {
    if !matches!(change.state, ActionState::Approved { .. }) {
        return Ok(None);
    }
    let row = fetch_optional!(
        tx,
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
    let ruling = HumanDecision {
        by: UserId(by),
        at: Timestamp(at),
        note,
    };
    let Ok(state) = change.state.clone().apply(ActionEvent::Revoke(ruling)) else {
        return Ok(None);
    };
    let mut revoked = change.clone();
    revoked.audit.event = Event::ActionRevoked;
    revoked.audit.detail["status"] = state.status().as_str().into();
    revoked.audit.detail["cause"] = change.audit.event.as_str().into();
    revoked.state = state;
    Ok(Some(revoked))
}
