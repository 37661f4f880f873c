//! Counts what a proposed set of rules would have changed.

use std::time::Duration;

use gaiterguard_domain::id::{ActionId, RuleId};
use gaiterguard_domain::ledger::RequestEntry;
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Decision;
use gaiterguard_summary::{Money, MoneySums};

/// The most examples for each kind of change. They illustrate the counts; each may contain a summary of a request.
const EXAMPLES_MAX: usize = 10;

const DAY: Duration = Duration::from_hours(24);

/// The decisions of proposed rules on recorded requests, compared with the recorded decisions.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// The time from which requests were replayed.
    pub since: Timestamp,
    /// The number of requests that were replayed.
    pub requests: u64,
    /// Whether there were more than the limit, so that the oldest were omitted.
    pub is_cut: bool,
    /// The number of requests that at least one proposed rule matches.
    pub matches: u64,
    /// The number of other requests that a proposed rule may match, depending on a part of the request
    /// that was not kept.
    pub possible_matches: u64,
    /// Held before, and forwarded under the proposed rules.
    pub released: Changes,
    /// Forwarded before, and held under the proposed rules.
    pub held: Changes,
    /// Forwarded or held before, and denied under the proposed rules.
    pub denied: Changes,
    /// Denied before, and forwarded or held under the proposed rules.
    pub admitted: Changes,
    /// Requests that stay undecidable, because a rule depends on a part of the request that was not
    /// kept. These count as decided as before.
    pub undecidable: Changes,
    /// The number of requests per day that were held.
    pub prompts_before: f64,
    /// The number of requests per day that would have been held.
    pub prompts_after: f64,
}

/// Requests that would have been decided differently.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// The number of requests.
    pub count: u64,
    /// The sums of their main amounts of money, as far as these are known.
    pub amounts: MoneySums,
    /// The latest of them.
    pub examples: Vec<Example>,
}

/// Whether a proposed rule matches a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DraftMatch {
    /// It does.
    Yes,
    /// None does.
    No,
    /// It depends on a part of the request that was not kept.
    Possible,
}

/// A recorded request with its decision under the proposed rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The request as it was recorded.
    pub entry: RequestEntry,
    /// The decision under the proposed rules; `None` if it cannot be determined.
    pub decision: Option<Decision>,
    /// The proposed rule that decides it, or that cannot be decided.
    pub rule: Option<ProposedRule>,
    /// Whether a rule that was proposed matches it; other rules stay in effect.
    pub(crate) draft: DraftMatch,
}

/// A rule of the proposed set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedRule {
    /// Its id, if it is one of the stored rules.
    pub id: Option<RuleId>,
    /// Its name.
    pub name: String,
    /// Its effect.
    pub effect: RuleEffect,
}

/// Counts requests, from the newest to the oldest.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    requests: u64,
    oldest: Option<Timestamp>,
    held_before: u64,
    held_after: u64,
    matches: u64,
    possible_matches: u64,
    released: Changes,
    held: Changes,
    denied: Changes,
    admitted: Changes,
    undecidable: Changes,
}

impl Changes {
    fn count(&mut self, example: Example, amount: Option<&Money>) {
        self.count += 1;
        if let Some(amount) = amount {
            self.amounts.add(amount);
        }
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(example);
        }
    }
}

impl Example {
    /// Returns the action that holds the request, if the rules cannot be decided without its content.
    pub(crate) fn needs_content(&self) -> Option<ActionId> {
        let is_open = self.decision.is_none() || self.draft == DraftMatch::Possible;
        self.entry.action.filter(|_| is_open)
    }

    /// Whether the decision would change.
    pub(crate) fn is_changed(&self) -> bool {
        let before = self.entry.new.evaluation.decision;
        self.decision.is_some_and(|after| after != before)
    }
}

impl Tally {
    /// Counts one request with its decision under the proposed rules, and its main amount of money.
    pub(crate) fn count(&mut self, example: Example, amount: Option<&Money>) {
        let before = example.entry.new.evaluation.decision;
        let after = example.decision.unwrap_or(before);
        self.requests += 1;
        self.oldest = Some(example.entry.new.at);
        self.held_before += u64::from(before == Decision::Hold);
        self.held_after += u64::from(after == Decision::Hold);
        self.matches += u64::from(example.draft == DraftMatch::Yes);
        self.possible_matches += u64::from(example.draft == DraftMatch::Possible);
        let changes = match (before, example.decision) {
            (_, None) => &mut self.undecidable,
            (before, Some(after)) if before == after => return,
            (Decision::Deny, Some(_)) => &mut self.admitted,
            (_, Some(Decision::Deny)) => &mut self.denied,
            (_, Some(Decision::Hold)) => &mut self.held,
            (_, Some(Decision::Forward)) => &mut self.released,
        };
        changes.count(example, amount);
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    /// Returns the counts of the requests since `since`. The days of a young workspace are those since its
    /// first request, but at least one.
    pub(crate) fn finish(self, since: Timestamp, now: Timestamp, is_cut: bool) -> Simulation {
        let covered = self.oldest.map_or(DAY, |oldest| oldest.until(now)).max(DAY);
        let days = covered.as_secs_f64() / DAY.as_secs_f64();
        let per_day = |count: u64| {
            let hundredths = 100.0 * f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / days;
            hundredths.round() / 100.0
        };
        Simulation {
            since,
            requests: self.requests,
            is_cut,
            matches: self.matches,
            possible_matches: self.possible_matches,
            prompts_before: per_day(self.held_before),
            prompts_after: per_day(self.held_after),
            released: self.released,
            held: self.held,
            denied: self.denied,
            admitted: self.admitted,
            undecidable: self.undecidable,
        }
    }
}
