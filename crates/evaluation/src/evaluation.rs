//! Runs the assessors on cases.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use gaiterguard_assessment::OfflineRequest;
use gaiterguard_history::{History, Seen};
use gaiterguard_judge::Assessment;
use gaiterguard_llm::{Llm, LlmVerdict};

use crate::case::Case;
use crate::seen::SeenValue;

/// Score from which a request is held.
pub(crate) const THRESHOLD: f64 = 0.5;

/// The time of every request and of the earlier calls, in seconds: the calls have no times of their own.
const NOW: u64 = 0;

/// How often each request is assessed, so that its time does not depend on a single run.
const ROUNDS: usize = 5;

/// How many requests the model is asked about at the same time. More would measure the queue of a local model's
/// server and not the model.
const CONCURRENT_QUESTIONS_MAX: usize = 4;

/// A case with the results of the assessors.
#[derive(Debug)]
pub(crate) struct Evaluated<'a> {
    pub(crate) case: &'a Case,
    /// History of what the agent was shown before.
    seen: Seen,
    /// The result of the built-in assessor.
    pub(crate) built_in: Assessment,
    /// How long it took, once for each round.
    pub(crate) times: Vec<Duration>,
    /// Whether the gateway would ask a language model.
    pub(crate) is_left_open: bool,
    /// The result of the language model; `None` where it was not asked.
    pub(crate) model: Option<Asked>,
}

/// The result of asking the language model.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) verdict: LlmVerdict,
    /// Whether the model gave its opinion; if not, the verdict follows from `LLM_FAILURE_MODE`.
    pub(crate) is_answered: bool,
    /// How long it took.
    pub(crate) time: Duration,
}

impl<'a> Evaluated<'a> {
    /// Runs the built-in assessor.
    pub(crate) fn new(case: &'a Case) -> Self {
        let seen = case.seen();
        let history = seen.at(NOW);
        let request = case.request(&history);
        let mut times = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let start = Instant::now();
            std::hint::black_box(request.assess());
            times.push(start.elapsed());
        }
        let built_in = request.assess();
        Self {
            case,
            seen,
            is_left_open: OfflineRequest::needs_model(&built_in, THRESHOLD),
            built_in,
            times,
            model: None,
        }
    }

    /// The score of the built-in assessor.
    pub(crate) fn score(&self) -> f64 {
        self.built_in.verdict.score
    }

    /// Whether the built-in assessor alone would hold the request.
    pub(crate) fn is_held(&self) -> bool {
        is_held(self.score())
    }

    /// Returns the values of the request that the agent was shown before.
    pub(crate) fn seen_values(&self) -> Vec<SeenValue> {
        let history = self.seen.at(NOW);
        let origins = self.case.request(&history).origins();
        origins.into_iter().map(SeenValue::from).collect()
    }

    /// The score of both assessors together.
    pub(crate) fn score_with_model(&self) -> f64 {
        let asked = self.model.as_ref();
        asked.map_or(self.score(), |asked| asked.verdict.verdict.score)
    }

    /// Whether both assessors together would hold the request.
    pub(crate) fn is_held_with_model(&self) -> bool {
        let must_hold = self
            .model
            .as_ref()
            .is_some_and(|asked| asked.verdict.must_hold);
        must_hold || is_held(self.score_with_model())
    }
}

/// Whether a score alone holds a request. One that is not a number does.
fn is_held(score: f64) -> bool {
    score.total_cmp(&THRESHOLD).is_ge()
}

/// Asks the model about every request that the built-in assessor leaves open.
pub(crate) async fn ask(llm: &Llm, evaluated: &mut [Evaluated<'_>]) {
    let open = evaluated.iter_mut().filter(|one| one.is_left_open);
    let questions = open.map(|one| async move {
        let start = Instant::now();
        let history = one.seen.at(NOW);
        let request = one.case.request(&history);
        let verdict = request.ask(llm, &one.built_in, THRESHOLD).await;
        let mut signals = verdict.verdict.signals.iter();
        let is_answered = signals.any(|one| {
            let code = one.code.as_str();
            matches!(code, "llm" | "llm_release" | "llm_unsure")
        });
        one.model = Some(Asked {
            verdict,
            is_answered,
            time: start.elapsed(),
        });
    });
    let asked = stream::iter(questions).buffer_unordered(CONCURRENT_QUESTIONS_MAX);
    asked.collect::<Vec<()>>().await;
}

impl Case {
    fn request<'a>(&'a self, history: &'a dyn History) -> OfflineRequest<'a> {
        OfflineRequest {
            request: &self.request,
            intent: &self.intent,
            service_name: &self.service_name,
            history: Some(history),
        }
    }
}
