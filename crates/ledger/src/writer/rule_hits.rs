//! Counts how often rules match, in the transaction of the decisions that are counted, so that the
//! two never differ.

use gaiterguard_database::many_rows::ManyRows;
use gaiterguard_domain::id::{RuleId, WorkspaceId};
use gaiterguard_domain::time::{Day, Timestamp};

/// Each writer counts in rows of its own chain, so that no other writer waits for it.
macro_rules! on_hits_conflict {
    () => {
        "ON CONFLICT (rule_id, day, chain) DO UPDATE SET hits = rule_hits.hits + excluded.hits, \
         last_at = CASE WHEN excluded.last_at > rule_hits.last_at THEN excluded.last_at \
         ELSE rule_hits.last_at END"
    };
}

pub(super) use on_hits_conflict;

pub(super) static COUNT: ManyRows = ManyRows::new(
    "INSERT INTO rule_hits (rule_id, day, chain, workspace_id, hits, last_at) SELECT * FROM (VALUES ",
    6,
    concat!(") AS new WHERE column1 IS NOT NULL ", on_hits_conflict!()),
);

/// The hits of one rule on one day.
pub struct RuleHits {
    pub rule: RuleId,
    pub day: Day,
    pub workspace: WorkspaceId,
    pub count: i64,
    pub last_at: Timestamp,
}

/// Binds the columns of a chunk of hits.
macro_rules! bind_hits {
    ($query:expr, $chunk:expr, $chain:expr) => {{
        let mut query = $query;
        for row in $chunk.padded() {
            query = query
                .bind(row.map(|hits| hits.rule.0))
                .bind(row.map(|hits| hits.day.0))
                .bind($chain)
                .bind(row.map(|hits| hits.workspace.0))
                .bind(row.map(|hits| hits.count))
                .bind(row.map(|hits| hits.last_at.0));
        }
        query
    }};
}

pub(super) use bind_hits;
