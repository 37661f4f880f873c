//! Conflicts of new decisions: an earlier request with the same key, or the same request that is
//! already held.

use gaiterguard_database::column::RowContext;
use gaiterguard_database::connection::fetch_optional;
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::id::{ActionId, AgentId};
use gaiterguard_domain::ledger::{Claim, NewClaim, NewDecision, NewHold};
use gaiterguard_domain::request::Digest;
use gaiterguard_rows::claim_row::ClaimRow;

use crate::writer::transaction::Transaction;

/// Selects the claim of an agent and a key at a point in time. One that has expired counts while
/// its request runs or its action is open, because the key is still in use.
pub const SELECT_CLAIM: &str =
    "SELECT agent_id, key, digest, entry_id, state, action_id, answer_status, answer_key_id, answer
     FROM claims WHERE agent_id = $1 AND key = $2
       AND (expires_at > $3 OR state = 'RUNNING' OR EXISTS
            (SELECT 1 FROM actions WHERE actions.id = claims.action_id AND actions.status IN
                ('PENDING', 'APPROVED', 'EXECUTING', 'INDETERMINATE')))";

/// An idempotency key, which is unique per agent.
pub type Key<'b> = (AgentId, &'b str);

pub fn key(decision: &NewDecision) -> Option<Key<'_>> {
    let claim = decision.claim.as_ref()?;
    Some((decision.entry.agent, claim.key.as_str()))
}

/// Two requests without keys are the same request if these are equal. The second digest covers the service.
pub type HoldIdentity = (AgentId, Digest);

pub fn hold_identity(decision: &NewDecision, hold: &NewHold) -> HoldIdentity {
    (decision.entry.agent, hold.payload)
}

/// Returns the newest action that a request without a key joins. A pending one is joined by the same request in
/// any words, because its human sees all of them. A ruling answers it in the words that the human read: an
/// approval if that request was also sent without a key, and a denial for a while.
pub async fn find_held(
    tx: &mut Transaction,
    decision: &NewDecision,
    hold: &NewHold,
) -> Result<Option<ActionId>, StoreError> {
    let row = fetch_optional!(
        tx,
        (String,),
        "SELECT id FROM actions
         WHERE agent_id = $1 AND payload = $2
           AND (status = 'PENDING' OR (status IN ('APPROVED', 'DENIED') AND intent = $3))
           AND ((status = 'DENIED' AND resolved_at > $4)
             OR (status <> 'DENIED' AND expires_at > $5
               AND NOT EXISTS (SELECT 1 FROM claims WHERE claims.action_id = actions.id)))
         ORDER BY created_at DESC, id DESC LIMIT 1",
        decision.entry.agent.0,
        hold.payload.0.as_slice(),
        decision.entry.intent.as_str(),
        hold.denials_since.0,
        decision.entry.at.0,
    );
    row.map(|(id,)| {
        let context = RowContext {
            table: "actions",
            id: &id,
        };
        context.action_id("id", &id)
    })
    .transpose()
}

/// Returns the claim that a decision conflicts with.
pub async fn find_claim(
    tx: &mut Transaction,
    decision: &NewDecision,
    claim: &NewClaim,
) -> Result<Option<Claim>, StoreError> {
    fetch_optional!(
        tx,
        ClaimRow,
        SELECT_CLAIM,
        decision.entry.agent.0,
        claim.key.as_str(),
        decision.entry.at.0,
    )
    .map(TryInto::try_into)
    .transpose()
}
