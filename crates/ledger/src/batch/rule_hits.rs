//! Counts the rules that matched new decisions.

use std::collections::BTreeMap;

use gaiterguard_domain::id::RuleId;
use gaiterguard_domain::ledger::NewEntry;
use gaiterguard_domain::time::Day;

use crate::writer::rule_hits::RuleHits;

/// Returns the hits of each rule on each day, in the order in which all writers count.
pub(super) fn rule_hits<'e>(decided: impl Iterator<Item = &'e NewEntry>) -> Vec<RuleHits> {
    let mut counted: BTreeMap<(RuleId, Day), RuleHits> = BTreeMap::new();
    for entry in decided {
        let day = Day::of(entry.at);
        for rule in &entry.evaluation.matched_rules {
            let hits = counted.entry((rule.id, day)).or_insert(RuleHits {
                rule: rule.id,
                day,
                workspace: entry.workspace,
                count: 0,
                last_at: entry.at,
            });
            hits.count += 1;
            hits.last_at = hits.last_at.max(entry.at);
        }
    }
    counted.into_values().collect()
}
