//! The passkey that an approval may need. Every approval of such a request becomes a vote, whichever way it was given,
//! so this is the one place that demands it.

use gaiterguard_database::error::StoreError;
use gaiterguard_domain::approvals::{Ballot, VoteRefused};
use gaiterguard_domain::id::UserId;
use gaiterguard_domain::ledger::ActionChange;
use gaiterguard_domain::step_up::binding;
use gaiterguard_domain::time::Timestamp;

use crate::proof::spend;
use crate::writer::transaction::Transaction;

/// Uses up the passkey that was presented for a vote. Returns why the vote does not count; `None` if it does.
pub(super) async fn demand(
    tx: &mut Transaction,
    change: &ActionChange,
    ballot: &Ballot,
    user: UserId,
    at: Timestamp,
) -> Result<Option<VoteRefused>, StoreError> {
    let Some(presented) = &ballot.presented else {
        let step_up = ballot.requirement.step_up;
        return Ok(step_up.map(|_| VoteRefused::StepUpRequired));
    };
    if presented.binding != binding(change.action, change.revision, ballot.digest, user) {
        return Ok(Some(VoteRefused::StepUpRequired));
    }
    for proof in &presented.uses {
        if !spend(tx, proof, at).await? {
            return Ok(Some(VoteRefused::StepUpUsed));
        }
    }
    Ok(None)
}
