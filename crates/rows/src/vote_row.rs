//! Rows of `votes`.

use gaiterguard_database::column::Text;
use gaiterguard_domain::approvals::Vote;
use gaiterguard_domain::evidence::Fields;
use gaiterguard_domain::id::UserId;
use gaiterguard_domain::time::Timestamp;

use crate::covered::{CoveredPart, PartKind};

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
    /// The assertion of the passkey that was used for it, as JSON.
    pub step_up: Option<Text>,
}

/// The columns of [`VoteRow`].
#[macro_export]
macro_rules! vote_columns {
    () => {
        "votes.action_id, votes.user_id, votes.revision, votes.digest, votes.note, votes.break_glass, votes.at, \
         votes.step_up"
    };
}

pub use crate::vote_columns;

/// Returns the record in an audit entry of all votes on an action, whose votes have changed so many times.
pub fn covered_votes(action: &str, changes: i64, votes: &[VoteRow]) -> CoveredPart {
    let mut votes: Vec<&VoteRow> = votes.iter().collect();
    votes.sort_unstable_by_key(|vote| vote.user_id);
    let mut all = Fields::new("gaiterguard.votes.v1").text(action);
    for vote in votes {
        let (note, step_up) = (vote.note.as_ref(), vote.step_up.as_ref());
        all = all
            .number(vote.user_id)
            .number(vote.revision)
            .bytes(vote.digest.as_slice())
            .text(note.map(Text::exact).as_deref())
            .number(i64::from(vote.break_glass))
            .number(vote.at)
            .text(step_up.map(Text::exact).as_deref());
    }
    CoveredPart {
        kind: PartKind::Votes,
        action: action.to_owned(),
        revision: changes,
        digest: all.finish().to_string(),
    }
}

impl From<VoteRow> for Vote {
    fn from(row: VoteRow) -> Self {
        Self {
            by: UserId(row.user_id),
            at: Timestamp(row.at),
            note: row.note.map(|note| note.lossy().to_owned()),
            break_glass: row.break_glass,
            stepped_up: row.step_up.is_some(),
        }
    }
}
