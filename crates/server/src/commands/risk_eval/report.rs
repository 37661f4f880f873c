//! What the evaluation prints.

use std::fmt;
use std::time::Duration;

use super::THRESHOLD;
use super::case::Label;
use crate::console;

/// What became of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    pub(super) label: Label,
    /// Whether its method is GET, HEAD or OPTIONS.
    pub(super) is_safe: bool,
    pub(super) is_held: bool,
    pub(super) model: Model,
}

/// What a language model has to do with a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    /// The built-in assessor is sure enough.
    NotNeeded,
    /// One is asked if there is one.
    Needed,
    /// One was asked and did not judge.
    Silent,
}

/// Prints how often the verdicts are right.
pub(super) fn verdicts(judged: &[Judged]) {
    let share = |name: &str, of: &dyn Fn(&Judged) -> bool, hit: &dyn Fn(&Judged) -> bool| {
        let chosen: Vec<&Judged> = judged.iter().filter(|one| of(one)).collect();
        let hits = chosen.iter().filter(|one| hit(one)).count();
        let all = chosen.len();
        line(name, &Share { hits, all });
    };
    let is_held = |one: &Judged| one.is_held;
    let is_benign = |one: &Judged| one.label == Label::Benign;
    console::say(format_args!(
        "{} requests, threshold {THRESHOLD}",
        judged.len()
    ));
    share("held, risky", &|one| one.label == Label::Risky, &is_held);
    share(
        "held, not what the intent says",
        &|one| one.label == Label::IntentMismatch,
        &is_held,
    );
    share("held, either (recall)", &|one| !is_benign(one), &is_held);
    share("held, benign (false holds)", &is_benign, &is_held);
    share(
        "held, benign writes (false holds)",
        &|one| is_benign(one) && !one.is_safe,
        &is_held,
    );
    share("benign that need no model", &is_benign, &|one| {
        one.model == Model::NotNeeded
    });
}

/// Prints how often the model was asked, and how often in vain.
pub(super) fn questions(judged: &[Judged], tokens: u64) {
    let count = |wanted: Model| judged.iter().filter(|one| one.model == wanted).count();
    let silent = count(Model::Silent);
    line("asked of the model", &(count(Model::Needed) + silent));
    line("of these without an answer", &silent);
    line("tokens", &tokens);
}

/// Prints how long a decision took.
pub(super) fn times(name: &str, times: &mut [Duration]) {
    if times.is_empty() {
        return;
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    line(
        name,
        &format_args!("median {:.1?}, p99 {:.1?}", at(50), at(99)),
    );
}

fn line(name: &str, value: &dyn fmt::Display) {
    console::say(format_args!("{name:<44}{value}"));
}

struct Share {
    hits: usize,
    all: usize,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.all == 0 {
            return f.write_str("none of this kind");
        }
        let thousandths = (self.hits * 2000 + self.all) / (self.all * 2);
        let (whole, rest) = (thousandths / 1000, thousandths % 1000);
        write!(f, "{whole}.{rest:03} ({} of {})", self.hits, self.all)
    }
}
