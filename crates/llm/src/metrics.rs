//! Metrics about the use of the model.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::error::LlmError;
use crate::spending::Tokens;

/// The bounds of the buckets for the time of assessments, in seconds. They double up to the longest
/// sensible time limit.
const ASSESSMENT_SECONDS_BUCKETS: [f64; 9] = [0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Direction {
    direction: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Source {
    source: &'static str,
}

/// The metrics. Clones share them.
#[derive(Clone, Debug)]
pub struct LlmMetrics {
    assessments: Family<Source, Counter>,
    calls: Counter,
    failures: Family<Reason, Counter>,
    tokens: Family<Direction, Counter>,
    cost: Counter<f64, AtomicU64>,
    seconds: Histogram,
}

impl Default for LlmMetrics {
    fn default() -> Self {
        Self {
            assessments: Family::default(),
            calls: Counter::default(),
            failures: Family::default(),
            tokens: Family::default(),
            cost: Counter::default(),
            seconds: Histogram::new(ASSESSMENT_SECONDS_BUCKETS),
        }
    }
}

impl LlmMetrics {
    /// Registers the metrics.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "llm_judgements",
            "Requests that needed the language model, by the source of the result",
            self.assessments.clone(),
        );
        registry.register(
            "llm_calls",
            "Calls to the language model's server",
            self.calls.clone(),
        );
        registry.register(
            "llm_failures",
            "Requests to the language model that failed, by reason",
            self.failures.clone(),
        );
        registry.register(
            "llm_tokens",
            "Tokens that the language model used",
            self.tokens.clone(),
        );
        registry.register(
            "llm_cost",
            "Cost of the tokens used, at the prices in the settings",
            self.cost.clone(),
        );
        registry.register(
            "llm_judgement_seconds",
            "Seconds that requests waited for the language model",
            self.seconds.clone(),
        );
    }

    /// Returns the number of calls to the server since the start.
    pub fn calls(&self) -> u64 {
        self.calls.get()
    }

    pub(crate) fn assessed(&self, source: &'static str) {
        self.assessments.get_or_create(&Source { source }).inc();
    }

    pub(crate) fn took(&self, time: Duration) {
        self.seconds.observe(time.as_secs_f64());
    }

    pub(crate) fn called(&self) {
        self.calls.inc();
    }

    pub(crate) fn failed(&self, error: &LlmError) {
        let reason = error.word();
        self.failures.get_or_create(&Reason { reason }).inc();
    }

    pub(crate) fn used(&self, tokens: Tokens, cost: f64) {
        for (direction, count) in [("input", tokens.input), ("output", tokens.output)] {
            self.tokens
                .get_or_create(&Direction { direction })
                .inc_by(count);
        }
        self.cost.inc_by(cost);
    }
}
