//! Counts the votes on a request that requires particular approvals.

use gaiterguard_database::column::json;
use gaiterguard_database::connection::{execute, fetch_all, fetch_one, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::approvals::{Ballot, Tally, Vote, VoteRefused};
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::event::Event;
use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_domain::ledger::{ActionChange, Changed};
use gaiterguard_domain::workspace::Role;
use gaiterguard_rows::covered::cover_part;
use gaiterguard_rows::vote_row::{VoteRow, covered_votes, vote_columns};
use serde_json::json;

use crate::batch::step_up;
use crate::writer::transaction::Transaction;

/// The consequence of a vote.
pub(super) enum Cast {
    /// Enough votes count: this change follows.
    Decided(Box<ActionChange>),
    /// The state of the action remains.
    Open(Changed),
}

/// Selects the votes on an action, in the order in which they were given.
pub const SELECT_VOTES: &str = concat!(
    "SELECT ",
    vote_columns!(),
    " FROM votes WHERE action_id = $1 ORDER BY votes.at, votes.user_id"
);

/// Counts a change of the votes on an action. Returns how many there were.
pub async fn votes_changed(tx: &mut Transaction, action: &str) -> Result<i64, StoreError> {
    let (changes,) = fetch_one!(
        tx,
        (i64,),
        "UPDATE actions SET votes_revision = votes_revision + 1 WHERE id = $1
         RETURNING votes_revision",
        action,
    );
    Ok(changes)
}

/// Writes the vote that an approval is, and counts the votes of those who may approve now. Votes on one
/// action wait for one another.
pub(super) async fn cast(
    tx: &mut Transaction,
    change: &ActionChange,
    ballot: &Ballot,
) -> Result<Cast, StoreError> {
    let Some(approval) = change.state.approval() else {
        return Ok(Cast::Open(Changed::RevisionMoved));
    };
    let id = change.action.to_string();
    let lock = tx.dialect().sql(
        "SELECT workspace_id FROM actions
         WHERE id = $1 AND revision = $2 AND digest = $3 AND status = 'PENDING'",
        "SELECT workspace_id FROM actions
         WHERE id = $1 AND revision = $2 AND digest = $3 AND status = 'PENDING'
         FOR NO KEY UPDATE",
    );
    let digest = ballot.digest.0.as_slice();
    let row = fetch_optional!(tx, (i64,), lock, id.as_str(), change.revision, digest);
    let Some((workspace,)) = row else {
        return Ok(Cast::Open(Changed::RevisionMoved));
    };
    let workspace = WorkspaceId(workspace);
    let refused = if ballot.break_glass {
        let membership = tx.membership(workspace, approval.by).await?;
        let is_owner = membership.is_some_and(|membership| membership.role == Role::Owner);
        (!is_owner).then_some(VoteRefused::NotOwner)
    } else {
        objection(tx, ballot, workspace, approval.by).await?
    };
    let refused = match refused {
        None => step_up::demand(tx, change, ballot, approval.by, approval.at).await?,
        refused => refused,
    };
    if let Some(refused) = refused {
        return Ok(Cast::Open(Changed::VoteRefused(refused)));
    }
    // A vote is replaced only if it no longer counts, or if the glass is broken.
    let written =
        execute!(
        tx,
        "INSERT INTO votes (action_id, user_id, revision, digest, note, break_glass, at, step_up)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (action_id, user_id) DO UPDATE SET revision = excluded.revision,
            digest = excluded.digest, note = excluded.note, break_glass = excluded.break_glass,
            at = excluded.at, step_up = excluded.step_up
         WHERE votes.revision <> excluded.revision OR votes.digest <> excluded.digest
            OR excluded.break_glass",
        id.as_str(),
        approval.by.0,
        change.revision,
        digest,
        approval.note.as_deref(),
        ballot.break_glass,
        approval.at.0,
        ballot.presented.as_ref().map(|presented| json(&presented.assertion)),
    );
    let rows = fetch_all!(tx, VoteRow, SELECT_VOTES, id.as_str());
    let (mut counted, mut void) = (Vec::<VoteRow>::new(), Vec::<VoteRow>::new());
    for row in rows {
        let user = UserId(row.user_id);
        let is_of_request = row.revision == change.revision && row.digest == digest;
        let is_alone = ballot.break_glass && user == approval.by;
        let counts = is_alone || objection(tx, ballot, workspace, user).await?.is_none();
        if is_of_request && counts {
            counted.push(row);
        } else {
            void.push(row);
        }
    }
    let given = u32::try_from(counted.len()).unwrap_or(u32::MAX);
    let is_decided = given >= ballot.requirement.needed || ballot.break_glass;
    let mut changes = written;
    if is_decided {
        for row in void.drain(..) {
            let sql = "DELETE FROM votes WHERE action_id = $1 AND user_id = $2";
            changes += execute!(tx, sql, id.as_str(), row.user_id);
        }
    }
    // The votes that remain are covered together, so that neither a change nor a removal is unnoticed.
    let covered = if changes > 0 {
        let left: Vec<VoteRow> = fetch_all!(tx, VoteRow, SELECT_VOTES, id.as_str());
        Some(covered_votes(&id, votes_changed(tx, &id).await?, &left))
    } else {
        None
    };
    let tally = Tally {
        needed: ballot.requirement.needed,
        votes: counted.into_iter().map(Vote::from).collect(),
    };
    if written > 0 {
        let mut voted = entry(change, Event::ActionVoted, &tally);
        if let Some(presented) = &ballot.presented {
            voted.detail["passkey_id"] = presented.assertion.passkey_id.0.into();
        }
        if let Some(covered) = &covered {
            cover_part(&mut voted.detail, covered);
        }
        tx.audit(voted);
    }
    if !is_decided {
        return Ok(Cast::Open(Changed::Voted(tally)));
    }
    if ballot.break_glass {
        tx.audit(entry(change, Event::ActionGlassBroken, &tally));
    }
    let mut decided = change.clone();
    if let Some(covered) = &covered {
        cover_part(&mut decided.audit.detail, covered);
    }
    decided.audit.detail["approvals"] = approvals(&tally);
    if ballot.break_glass {
        decided.audit.detail["break_glass"] = true.into();
    }
    Ok(Cast::Decided(Box::new(decided)))
}

/// Returns why the approval of a user does not count now; `None` if it counts. The lock on the workspace keeps
/// its members as they are until the commit.
async fn objection(
    tx: &mut Transaction,
    ballot: &Ballot,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<Option<VoteRefused>, StoreError> {
    let membership = tx.membership(workspace, user).await?;
    let Ballot {
        requirement,
        request,
        ..
    } = ballot;
    Ok(requirement.refuses(*request, user, membership.as_ref()))
}

/// Returns the entry of an event that leaves the state as it is.
fn entry(change: &ActionChange, event: Event, tally: &Tally) -> NewAuditEntry {
    let mut entry = change.audit.clone();
    entry.event = event;
    entry.detail = json!({
        "digest": entry.detail["digest"],
        "note": entry.detail["note"],
        "revision": change.revision,
        "approvals": approvals(tally),
    });
    if let Some(press) = &change.press {
        entry.detail["channel"] = press.channel.0.into();
    }
    entry
}

fn approvals(tally: &Tally) -> serde_json::Value {
    let by: Vec<_> = tally.votes.iter().map(|vote| vote.by).collect();
    json!({ "needed": tally.needed, "given": by.len(), "by": by })
}
