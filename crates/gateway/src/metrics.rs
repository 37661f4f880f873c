//! The gateway's metrics, in the Prometheus text format.

use std::sync::atomic::AtomicU64;

use gaiterguard_domain::verdict::Decision;
use gaiterguard_llm::LlmMetrics;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// The bounds of the buckets of upstream times, in seconds: from an upstream in the same network up to the default
/// timeout.
const UPSTREAM_SECONDS_BUCKETS: [f64; 11] = [
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

/// A decision, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[expect(
    non_camel_case_types,
    reason = "label values are lower case by convention"
)]
pub enum DecisionLabel {
    /// Sent immediately.
    forward,
    /// Held for a human.
    hold,
    /// Denied by a rule.
    deny,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    decision: DecisionLabel,
}

/// The gateway's metrics.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    decisions: Family<DecisionLabels, Counter<u64, AtomicU64>>,
    upstream_seconds: Histogram,
    upstream_failures: Counter,
    running: Gauge,
}

impl Metrics {
    /// Creates the metrics, with those of the language model if there is one.
    pub(crate) fn new(llm: Option<&LlmMetrics>) -> Self {
        let mut registry = Registry::with_prefix("gaiterguard");
        if let Some(llm) = llm {
            llm.register(&mut registry);
        }
        let decisions = Family::default();
        let upstream_seconds = Histogram::new(UPSTREAM_SECONDS_BUCKETS);
        let upstream_failures = Counter::default();
        let running = Gauge::default();
        registry.register(
            "requests",
            "Decisions on agents' requests",
            decisions.clone(),
        );
        registry.register(
            "upstream_first_byte_seconds",
            "Seconds until the first byte of an upstream's response",
            upstream_seconds.clone(),
        );
        registry.register(
            "upstream_failures",
            "Requests to which the upstream did not respond",
            upstream_failures.clone(),
        );
        registry.register(
            "upstream_calls_running",
            "Requests that are waiting for the head of an upstream's response",
            running.clone(),
        );
        Self {
            registry,
            decisions,
            upstream_seconds,
            upstream_failures,
            running,
        }
    }

    pub(crate) fn decided(&self, decision: Decision) {
        let decision = match decision {
            Decision::Forward => DecisionLabel::forward,
            Decision::Hold => DecisionLabel::hold,
            Decision::Deny => DecisionLabel::deny,
        };
        self.decisions
            .get_or_create(&DecisionLabels { decision })
            .inc();
    }

    /// Counts a call to an upstream as running until the result is dropped.
    pub(crate) fn upstream_called(&self) -> Running<'_> {
        self.running.inc();
        Running(&self.running)
    }

    pub(crate) fn upstream_responded(&self, seconds: f64) {
        self.upstream_seconds.observe(seconds);
    }

    pub(crate) fn upstream_failed(&self) {
        self.upstream_failures.inc();
    }

    /// Returns all metrics in the format that Prometheus reads.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

/// A call that waits for the head of its upstream's response.
pub(crate) struct Running<'m>(&'m Gauge);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_abandoned_is_no_longer_running() {
        let metrics = Metrics::new(None);
        let running = metrics.upstream_called();
        let counted = |count| format!("gaiterguard_upstream_calls_running {count}\n");
        assert!(metrics.to_text().contains(&counted(1)));
        drop(running);
        assert!(metrics.to_text().contains(&counted(0)));
    }
}
