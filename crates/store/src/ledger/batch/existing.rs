//! Conflicts of new decisions: an earlier request with the same key, or the same request that is
//! already held.

use gaiterguard_domain::id::{ActionId, AgentId, ServiceId};
use gaiterguard_domain::ledger::{Claim, NewClaim, NewDecision, NewHold};
use gaiterguard_domain::request::Digest;

use crate::db::connection::fetch_optional;
use crate::db::error::StoreError;
use crate::rows::claim_row::{ClaimRow, SELECT_CLAIM};
use crate::rows::column::RowContext;
use crate::writer::transaction::Transaction;

/// An idempotency key, which is unique per agent.
pub(super) type Key<'b> = (AgentId, &'b str);

pub(super) fn key(decision: &NewDecision) -> Option<Key<'_>> {
    let claim = decision.claim.as_ref()?;
    Some((decision.entry.agent, claim.key.as_str()))
}

/// Two requests without keys are the same request if these are equal.
pub(super) type HoldIdentity<'b> = (AgentId, ServiceId, Digest, &'b str);

pub(super) fn hold_identity<'b>(decision: &'b NewDecision, hold: &NewHold) -> HoldIdentity<'b> {
    let entry = &decision.entry;
    (entry.agent, entry.service, hold.digest, &entry.intent)
}

/// Returns the open action of the same request, if that was also sent without a key.
pub(super) async fn find_held(
    tx: &mut Transaction,
    decision: &NewDecision,
    hold: &NewHold,
) -> Result<Option<ActionId>, StoreError> {
    let row = fetch_optional!(
        tx,
        (String,),
        "SELECT id FROM actions
         WHERE agent_id = $1 AND status IN ('PENDING', 'APPROVED') AND expires_at > $2
           AND digest = $3 AND intent = $4 AND service_id = $5
           AND NOT EXISTS (SELECT 1 FROM claims WHERE claims.action_id = actions.id)
         ORDER BY created_at LIMIT 1",
        decision.entry.agent.0,
        decision.entry.at.0,
        hold.digest.0.as_slice(),
        decision.entry.intent.as_str(),
        decision.entry.service.0,
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
pub(super) async fn find_claim(
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
