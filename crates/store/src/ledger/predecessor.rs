//! What stands in the way of a decision: an earlier request with its key, or the same request that
//! is held already.

use gaiterguard_domain::id::{ActionId, AgentId};
use gaiterguard_domain::ledger::{Claim, NewClaim, NewDecision, NewHold};
use gaiterguard_domain::request::Digest;

use crate::claim::ClaimRow;
use crate::connection::fetch_optional;
use crate::error::StoreError;
use crate::lane::Write;
use crate::rows::Cell;

/// A claimed key, as the map's key of one batch.
pub(super) type Key<'b> = (AgentId, &'b str);

pub(super) fn key(decision: &NewDecision) -> Option<Key<'_>> {
    let claim = decision.claim.as_ref()?;
    Some((decision.entry.agent, claim.key.as_str()))
}

/// What makes a request that is held without a key the same as another one.
pub(super) fn same<'b>(decision: &'b NewDecision, hold: &NewHold) -> (AgentId, Digest, &'b str) {
    (decision.entry.agent, hold.digest, &decision.entry.intent)
}

/// The living action of the same request, made without a key too.
pub(super) async fn held_lookup(
    write: &mut Write,
    decision: &NewDecision,
    hold: &NewHold,
) -> Result<Option<ActionId>, StoreError> {
    let row = fetch_optional!(
        write,
        (String,),
        "SELECT id FROM actions
         WHERE agent_id = $1 AND status IN ('PENDING', 'APPROVED') AND expires_at > $2
           AND digest = $3 AND intent = $4
           AND NOT EXISTS (SELECT 1 FROM claims WHERE claims.action_id = actions.id)
         ORDER BY created_at LIMIT 1",
        decision.entry.agent.0,
        decision.entry.at.0,
        hold.digest.0.as_slice(),
        decision.entry.intent.as_str(),
    );
    row.map(|(id,)| {
        let cell = Cell {
            table: "actions",
            id: &id,
        };
        cell.action("id", &id)
    })
    .transpose()
}

/// The claim that stands in a decision's way.
pub(super) async fn claim_lookup(
    write: &mut Write,
    decision: &NewDecision,
    claim: &NewClaim,
) -> Result<Option<Claim>, StoreError> {
    fetch_optional!(
        write,
        ClaimRow,
        "SELECT agent_id, key, digest, entry_id, state, action_id, answer_status, answer_key_id,
            answer
         FROM claims WHERE agent_id = $1 AND key = $2
           AND (expires_at > $3 OR state = 'RUNNING' OR EXISTS
                (SELECT 1 FROM actions WHERE actions.id = claims.action_id AND actions.status IN
                    ('PENDING', 'APPROVED', 'EXECUTING', 'INDETERMINATE')))",
        decision.entry.agent.0,
        claim.key.as_str(),
        decision.entry.at.0,
    )
    .map(TryInto::try_into)
    .transpose()
}
