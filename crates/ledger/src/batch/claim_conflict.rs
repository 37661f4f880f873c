//! The rule for claiming a key that is in use.

/// A claim that has expired is replaced, unless its request still runs or its action is still open. Returns the entries
/// whose keys were claimed.
macro_rules! on_claim_conflict {
    () => {
        "ON CONFLICT (agent_id, key) DO UPDATE SET digest = excluded.digest, \
         entry_id = excluded.entry_id, owner = excluded.owner, state = excluded.state, \
         action_id = excluded.action_id, created_at = excluded.created_at, \
         expires_at = excluded.expires_at, answer_status = NULL, answer_key_id = NULL, answer = NULL \
         WHERE claims.expires_at <= excluded.created_at AND claims.state <> 'RUNNING' \
         AND NOT EXISTS (SELECT 1 FROM actions WHERE actions.id = claims.action_id \
         AND actions.status IN ('PENDING', 'APPROVED', 'EXECUTING', 'INDETERMINATE')) \
         RETURNING entry_id"
    };
}

pub(super) use on_claim_conflict;
