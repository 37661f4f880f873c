//! Compares the parts of actions that change without a new state with the entries that cover them: the votes, the
//! intents of repetitions, and the ruling that revoked an execution.
//!
//! Each entry covers a whole part as it was after a change, with the number of that change. The newest one is compared.

use std::collections::HashMap;

use gaiterguard_database::column::Text;
use gaiterguard_database::connection::{ReadConnection, with_connection};
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{ManyRows, chunks};
use gaiterguard_domain::repeats::Repeats;
use gaiterguard_rows::covered::{CoveredPart, Covers, PartKind, covered_intents, covered_recall};
use gaiterguard_rows::vote_row::{VoteRow, covered_votes, vote_columns};

use crate::audit::assertion_check;
use crate::audit::broken::{AuditBroken, EntryRef};
use crate::audit::current_rows::for_each_row;

type Key = (PartKind, String);

/// The state of the comparison.
#[derive(Default)]
pub(super) struct PartCheck {
    /// The newest entry of each part.
    latest: HashMap<Key, (EntryRef, CoveredPart)>,
    /// The first entries of actions whose every change of a part is covered: those that were not held by earlier
    /// versions.
    whole: HashMap<String, EntryRef>,
    /// Parts that are newer than their entries. Their own entries must be among those that were appended since.
    ahead: HashMap<Key, (EntryRef, CoveredPart)>,
}

/// The parts of an action, apart from its votes.
#[derive(sqlx::FromRow)]
struct PartRow {
    id: String,
    votes_revision: i64,
    votes: i64,
    repeats: Option<Text>,
    recalled_by: Option<i64>,
    recalled_at: Option<i64>,
    recall_note: Option<Text>,
}

/// A vote, with what it is counted and verified by. Both come from one statement, so they belong together.
#[derive(sqlx::FromRow)]
struct VoteOfAction {
    #[sqlx(flatten)]
    vote: VoteRow,
    votes_revision: i64,
    judgement: Text,
}

static PARTS: ManyRows = ManyRows::new(
    "SELECT id, votes_revision, repeats, recalled_by, recalled_at, recall_note, \
     (SELECT COUNT(*) FROM votes WHERE votes.action_id = actions.id) AS votes \
     FROM actions WHERE id IN (VALUES ",
    1,
    ")",
);

static VOTES: ManyRows = ManyRows::new(
    concat!(
        "SELECT ",
        vote_columns!(),
        ", actions.votes_revision, actions.judgement FROM votes \
         JOIN actions ON actions.id = votes.action_id WHERE votes.action_id IN (VALUES "
    ),
    1,
    ")",
);

/// How often votes are read again that were all withdrawn between two statements. Each time, someone must vote and
/// withdraw within milliseconds.
const READS_MAX: usize = 5;

impl PartCheck {
    /// Remembers what an entry covers.
    pub(super) fn note(&mut self, entry: EntryRef, covers: &Covers) {
        for part in &covers.parts {
            let key = (part.kind, part.action.clone());
            if self.ahead.get(&key).is_some_and(|(_, row)| row == part) {
                self.ahead.remove(&key);
            }
            let known = self.latest.get(&key);
            if known.is_none_or(|(_, known)| known.revision <= part.revision) {
                self.latest.insert(key, (entry, part.clone()));
            }
        }
        if let Some(action) = &covers.action
            && action.keys.is_some()
        {
            self.whole.insert(action.id.clone(), entry);
        }
    }

    /// Compares the parts of these actions, once every chain has been read. Parts that have changed since are
    /// remembered for [`Self::finish`].
    pub(super) async fn compare(
        &mut self,
        reader: &mut ReadConnection,
        actions: &[&str],
    ) -> Result<Result<(), AuditBroken>, StoreError> {
        let mut left: Vec<String> = actions.iter().map(|id| (*id).to_owned()).collect();
        for _ in 0..READS_MAX {
            let ids: Vec<&str> = left.iter().map(String::as_str).collect();
            let (mut rows, mut votes) = (Vec::new(), HashMap::<String, Vec<VoteOfAction>>::new());
            for_each_row!(reader, PARTS, &ids, row: PartRow => rows.push(row));
            let with_votes = rows.iter().filter(|row| row.votes > 0);
            let with_votes: Vec<&str> = with_votes.map(|row| row.id.as_str()).collect();
            for_each_row!(reader, VOTES, &with_votes, row: VoteOfAction => {
                votes.entry(row.vote.action_id.clone()).or_default().push(row);
            });
            let mut again = Vec::new();
            for row in rows {
                let votes = votes.remove(&row.id).unwrap_or_default();
                if votes.is_empty() && row.votes > 0 {
                    again.push(row.id);
                } else if let Err(broken) = self.compare_parts(row, votes) {
                    return Ok(Err(broken));
                }
            }
            if again.is_empty() {
                break;
            }
            left = again;
        }
        Ok(Ok(()))
    }

    fn compare_parts(&mut self, row: PartRow, votes: Vec<VoteOfAction>) -> Result<(), AuditBroken> {
        let id = row.id;
        let no_intents = covered_intents(&id, &[]);
        let intents = match row.repeats.as_ref() {
            None => no_intents.clone(),
            Some(repeats) => match serde_json::from_str::<Repeats>(&repeats.exact()) {
                Ok(repeats) => covered_intents(&id, &repeats.intents),
                // No entry covers it.
                Err(_) => CoveredPart {
                    digest: String::new(),
                    ..no_intents.clone()
                },
            },
        };
        self.compare_part("repeats", intents, &no_intents)?;
        let note = row.recall_note.as_ref().map(Text::exact);
        let no_recall = CoveredPart {
            revision: 0,
            ..covered_recall(&id, None, None, None)
        };
        let mut recall = covered_recall(&id, row.recalled_by, row.recalled_at, note.as_deref());
        if recall.digest == no_recall.digest {
            recall.revision = 0;
        }
        self.compare_part(
            "recalled_by, recalled_at or recall_note",
            recall,
            &no_recall,
        )?;
        let no_votes = covered_votes(&id, 0, &[]);
        let changes = votes
            .first()
            .map_or(row.votes_revision, |vote| vote.votes_revision);
        for vote in &votes {
            if let Err(what) = assertion_check::check(&vote.vote, &vote.judgement) {
                let key = (PartKind::Votes, id.clone());
                let entry = self.latest.get(&key).map(|(entry, _)| *entry);
                // Every vote of this version has an entry.
                if let Some(entry) = entry.or_else(|| self.whole.get(&id).copied()) {
                    return Err(entry.broken("votes", id, what));
                }
            }
        }
        let votes: Vec<VoteRow> = votes.into_iter().map(|vote| vote.vote).collect();
        self.compare_part("a vote", covered_votes(&id, changes, &votes), &no_votes)
    }

    /// Compares a part with its newest entry. `nothing` is the part of an action on which nothing was done.
    fn compare_part(
        &mut self,
        what: &'static str,
        part: CoveredPart,
        nothing: &CoveredPart,
    ) -> Result<(), AuditBroken> {
        let key = (part.kind, part.action.clone());
        let table = table(part.kind);
        let (entry, known) = match (self.latest.get(&key), self.whole.get(&part.action)) {
            (Some((entry, known)), _) => (*entry, known),
            (None, Some(entry)) => (*entry, nothing),
            (None, None) => return Ok(()),
        };
        if part.revision > known.revision {
            self.ahead.insert(key, (entry, part));
        } else if part != *known {
            return Err(entry.broken(table, part.action, what));
        }
        Ok(())
    }

    /// Whether the entries that were appended since must be read.
    pub(super) fn needs_recheck(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// Fails if a part is still newer than its entries.
    pub(super) fn finish(&self) -> Result<(), AuditBroken> {
        let first = self.ahead.values().min_by_key(|(entry, _)| entry.place());
        match first {
            None => Ok(()),
            Some((entry, part)) => {
                let what = "it was changed without an entry";
                Err(entry.broken(table(part.kind), part.action.clone(), what))
            }
        }
    }
}

/// Returns the table that a part is in.
fn table(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Votes => "votes",
        PartKind::Intents | PartKind::Recall => "actions",
    }
}
