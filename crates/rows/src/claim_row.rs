//! Rows of `claims`: used idempotency keys.

use gaiterguard_database::column::{RowContext, Text};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::id::RequestEntryId;
use gaiterguard_domain::ledger::{Claim, ClaimState, StoredResponse};

/// The values of the column `state`.
pub const RUNNING: &str = "RUNNING";
pub const HELD: &str = "HELD";
pub const DENIED: &str = "DENIED";
pub const RESPONDED: &str = "ANSWERED";
pub const BROKEN: &str = "BROKEN";

#[derive(sqlx::FromRow)]
pub struct ClaimRow {
    pub agent_id: i64,
    pub key: String,
    digest: Vec<u8>,
    entry_id: i64,
    state: Text,
    action_id: Option<Text>,
    answer_status: Option<i64>,
    answer_key_id: Option<i64>,
    answer: Option<Vec<u8>>,
}

impl TryFrom<ClaimRow> for Claim {
    type Error = StoreError;

    fn try_from(row: ClaimRow) -> Result<Self, StoreError> {
        let context = RowContext {
            table: "claims",
            id: &format_args!("{} of agent {}", row.key, row.agent_id),
        };
        let (digest, entry) = (context.digest("digest", &row.digest)?, row.entry_id);
        let state = state(context, row.state.lossy(), row.action_id, || {
            context.response(row.answer_status, row.answer_key_id, row.answer)
        });
        Ok(Self {
            digest,
            entry: RequestEntryId(entry),
            // The outcome is lost, so the claim counts as one whose request may have been sent: its
            // key must not be used to send it again.
            state: state.unwrap_or_else(|error| {
                tracing::error!(%error, "a claimed key is damaged");
                ClaimState::Broken
            }),
        })
    }
}

fn state(
    context: RowContext<'_>,
    word: &str,
    action: Option<Text>,
    response: impl FnOnce() -> Result<Option<StoredResponse>, StoreError>,
) -> Result<ClaimState, StoreError> {
    Ok(match word {
        RUNNING => ClaimState::Running,
        DENIED => ClaimState::Denied,
        BROKEN => ClaimState::Broken,
        HELD => {
            let action = context.required("action_id", action)?;
            ClaimState::Held(context.action_id("action_id", action.lossy())?)
        }
        RESPONDED => ClaimState::Responded(context.required("answer_status", response()?)?),
        _ => return Err(context.invalid("state")),
    })
}
