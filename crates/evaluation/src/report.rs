//! The results of an evaluation. Their JSON is what `--json` prints.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use gaiterguard_judge::Certainty;
use gaiterguard_llm::Spent;
use serde::Serialize;

use crate::case::Label;
use crate::evaluation::{Evaluated, THRESHOLD};
use crate::figures::{Figures, Sample, Share};

/// The whole report.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) requests: usize,
    pub(crate) services: usize,
    /// Score from which a request is held.
    pub(crate) threshold: f64,
    pub(crate) labels: Vec<LabelRow>,
    pub(crate) decision_time: Times,
    pub(crate) built_in: Section,
    /// The decisions of both assessors together, if a language model took part.
    pub(crate) with_model: Option<Section>,
    pub(crate) model: Option<ModelUse>,
    pub(crate) cases: Vec<CaseRow>,
}

/// The requests of one label, by how sure the built-in assessor is about them.
#[derive(Debug, Serialize)]
pub(crate) struct LabelRow {
    pub(crate) label: Label,
    pub(crate) requests: usize,
    pub(crate) plainly_harmless: usize,
    pub(crate) open: usize,
    pub(crate) certainly_held: usize,
}

/// Figures for one way to decide.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    #[serde(flatten)]
    pub(crate) figures: Figures,
    pub(crate) twins: Twins,
    /// Figures of each kind, the most frequent first.
    pub(crate) kinds: Vec<Group>,
    /// Figures of each service, by name.
    pub(crate) services: Vec<Group>,
}

/// Pairs of cases that differ in one value, where one is benign.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Twins {
    /// Pairs in which the intent mismatch scores higher than the benign case.
    pub(crate) intent_mismatch: Share,
    /// Pairs in which the risky case scores higher than the benign case.
    pub(crate) risky: Share,
}

/// Figures of a group of requests.
#[derive(Debug, Serialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) requests: usize,
    pub(crate) recall: Share,
    pub(crate) false_holds: Share,
    pub(crate) auc: Option<f64>,
}

/// Distribution of a duration.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Times {
    pub(crate) median_us: f64,
    pub(crate) p99_us: f64,
}

/// Use of the language model.
#[derive(Debug, Serialize)]
pub(crate) struct ModelUse {
    /// Number of requests about which the model was asked.
    pub(crate) asked: usize,
    /// Number of them for which it gave no opinion.
    pub(crate) unanswered: usize,
    /// Number of calls to the model's server.
    pub(crate) calls: u64,
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) question_time: Times,
}

/// The results for one case.
#[derive(Debug, Serialize)]
pub(crate) struct CaseRow {
    pub(crate) id: Option<String>,
    pub(crate) label: Label,
    pub(crate) certainty: &'static str,
    pub(crate) score: f64,
    pub(crate) is_held: bool,
    /// The score of both assessors together; `None` if the model was not asked.
    pub(crate) score_with_model: Option<f64>,
    pub(crate) is_held_with_model: Option<bool>,
}

impl Report {
    /// Computes the report. `spent` is the use of the language model, if there is one.
    pub(crate) fn new(evaluated: &[Evaluated<'_>], spent: Option<Spent>) -> Self {
        let services: HashSet<&str> = evaluated
            .iter()
            .map(|one| one.case.service_name.as_str())
            .collect();
        let times = evaluated.iter().flat_map(|one| one.times.iter().copied());
        Self {
            requests: evaluated.len(),
            services: services.len(),
            threshold: THRESHOLD,
            labels: Label::ALL
                .map(|label| LabelRow::new(label, evaluated))
                .into(),
            decision_time: Times::of(times),
            built_in: Section::new(evaluated, false),
            with_model: spent.map(|_| Section::new(evaluated, true)),
            model: spent.map(|spent| ModelUse::new(evaluated, spent)),
            cases: evaluated.iter().map(CaseRow::new).collect(),
        }
    }
}

impl LabelRow {
    fn new(label: Label, evaluated: &[Evaluated<'_>]) -> Self {
        let count = |is_counted: &dyn Fn(Certainty) -> bool| {
            let of_label = evaluated.iter().filter(|one| one.case.label == label);
            of_label
                .filter(|one| is_counted(one.built_in.certainty))
                .count()
        };
        Self {
            label,
            requests: count(&|_| true),
            plainly_harmless: count(&|one| one == Certainty::PlainlyHarmless),
            open: count(&|one| one == Certainty::Unsure),
            certainly_held: count(&|one| one == Certainty::CertainlyHeld),
        }
    }
}

impl Section {
    fn new(evaluated: &[Evaluated<'_>], with_model: bool) -> Self {
        let samples: Vec<Sample> = evaluated.iter().map(|one| one.sample(with_model)).collect();
        let kind = |one: &Evaluated<'_>| one.case.kind.clone();
        let service = |one: &Evaluated<'_>| Some(one.case.service_name.clone());
        let mut kinds = groups(evaluated, &samples, kind);
        kinds.sort_by_key(|kind| Reverse(kind.requests));
        Self {
            figures: Figures::of(&samples),
            twins: Twins::new(evaluated, &samples),
            kinds,
            services: groups(evaluated, &samples, service),
        }
    }
}

/// Divides the requests by name; those without one are left out.
fn groups(
    evaluated: &[Evaluated<'_>],
    samples: &[Sample],
    name: impl Fn(&Evaluated<'_>) -> Option<String>,
) -> Vec<Group> {
    let mut members: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
    for (one, sample) in evaluated.iter().zip(samples) {
        if let Some(name) = name(one) {
            members.entry(name).or_default().push(*sample);
        }
    }
    let groups = members.into_iter().map(|(name, samples)| {
        let figures = Figures::of(&samples);
        Group {
            name,
            requests: samples.len(),
            recall: figures.recall,
            false_holds: figures.false_holds,
            auc: figures.auc,
        }
    });
    groups.collect()
}

impl Twins {
    fn new(evaluated: &[Evaluated<'_>], samples: &[Sample]) -> Self {
        let by_id: HashMap<&str, usize> = evaluated
            .iter()
            .enumerate()
            .filter_map(|(index, one)| Some((one.case.id.as_deref()?, index)))
            .collect();
        // A pair may be named in both cases or in one.
        let pairs: HashSet<(usize, usize)> = evaluated
            .iter()
            .enumerate()
            .filter_map(|(index, one)| {
                let twin = *by_id.get(one.case.twin.as_deref()?)?;
                Some((index.min(twin), index.max(twin)))
            })
            .collect();
        let in_order = |label: Label| {
            let pairs = pairs.iter().filter_map(|(first, second)| {
                let (first, second) = (samples[*first], samples[*second]);
                match (first.label, second.label) {
                    (Label::Benign, other) if other == label => Some((first, second)),
                    (other, Label::Benign) if other == label => Some((second, first)),
                    _ => None,
                }
            });
            Share::of(pairs, |(benign, other)| other.score > benign.score)
        };
        Self {
            intent_mismatch: in_order(Label::IntentMismatch),
            risky: in_order(Label::Risky),
        }
    }
}

impl Times {
    /// Computes the times; zero where there are none.
    fn of(times: impl Iterator<Item = Duration>) -> Self {
        let mut times: Vec<Duration> = times.collect();
        times.sort_unstable();
        let at = |percent: usize| {
            let time = times.get(times.len().saturating_sub(1) * percent / 100);
            time.map_or(0.0, |time| time.as_secs_f64() * 1e6)
        };
        Self {
            median_us: at(50),
            p99_us: at(99),
        }
    }
}

impl ModelUse {
    fn new(evaluated: &[Evaluated<'_>], spent: Spent) -> Self {
        let asked = || evaluated.iter().filter_map(|one| one.model.as_ref());
        Self {
            asked: asked().count(),
            unanswered: asked().filter(|one| !one.is_answered).count(),
            calls: spent.calls,
            input_tokens: spent.tokens.input,
            output_tokens: spent.tokens.output,
            question_time: Times::of(asked().map(|one| one.time)),
        }
    }
}

impl CaseRow {
    fn new(one: &Evaluated<'_>) -> Self {
        let was_asked = one.model.is_some();
        Self {
            id: one.case.id.clone(),
            label: one.case.label,
            certainty: certainty_word(one.built_in.certainty),
            score: one.score(),
            is_held: one.is_held(),
            score_with_model: was_asked.then(|| one.score_with_model()),
            is_held_with_model: was_asked.then(|| one.is_held_with_model()),
        }
    }
}

/// Returns how sure the built-in assessor is, as JSON writes it.
pub(crate) fn certainty_word(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::PlainlyHarmless => "plainly_harmless",
        Certainty::Unsure => "open",
        Certainty::CertainlyHeld => "certainly_held",
    }
}

impl Evaluated<'_> {
    fn sample(&self, with_model: bool) -> Sample {
        let (score, is_held) = if with_model {
            (self.score_with_model(), self.is_held_with_model())
        } else {
            (self.score(), self.is_held())
        };
        Sample {
            label: self.case.label,
            is_write: self.case.is_write(),
            is_hard: self.case.is_hard,
            is_attack: self.case.is_attack(),
            score,
            is_held,
        }
    }
}
