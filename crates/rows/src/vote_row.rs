//! Rows of `votes`.

use gaiterguard_domain::approvals::Vote;
use gaiterguard_domain::id::UserId;
use gaiterguard_domain::time::Timestamp;

use gaiterguard_database::column::Text;

/// A vote, with the request that it is bound to.
#[derive(sqlx::FromRow)]
pub struct VoteRow {
    pub action_id: String,
    pub user_id: i64,
    pub revision: i64,
    pub digest: Vec<u8>,
    note: Option<Text>,
    break_glass: bool,
    at: i64,
}

/// The columns of [`VoteRow`].
#[macro_export]
macro_rules! vote_columns {
    () => {
        "votes.action_id, votes.user_id, votes.revision, votes.digest, votes.note, votes.break_glass, votes.at"
    };
}

pub use crate::vote_columns;

impl From<VoteRow> for Vote {
    fn from(row: VoteRow) -> Self {
        Self {
            by: UserId(row.user_id),
            at: Timestamp(row.at),
            note: row.note.map(|note| note.lossy().to_owned()),
            break_glass: row.break_glass,
        }
    }
}
