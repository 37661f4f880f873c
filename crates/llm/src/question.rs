//! A question about a request, and the resulting verdict.

use gaiterguard_domain::earlier_ruling::EarlierRuling;
use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::request::{CanonicalRequest, Digest};
use gaiterguard_domain::rule::MatchedRule;
use gaiterguard_domain::verdict::Verdict;
use gaiterguard_history::Origin;

use crate::text_rule::TextRule;

/// The score of a request that is held because the model returned no finding: above the default
/// threshold of 0.5, and below the scores of findings.
pub(crate) const NO_FINDING_SCORE: f64 = 0.6;

/// The subject of a question. It contains neither a credential nor an agent's key.
#[derive(Clone, Copy, Debug)]
pub struct LlmQuestion<'a> {
    /// The exact request.
    pub request: &'a CanonicalRequest,
    /// Its digest.
    pub digest: Digest,
    /// The intent of the agent; empty if it gave none.
    pub intent: &'a str,
    /// The agent.
    pub agent: AgentId,
    /// The name of the agent.
    pub agent_name: &'a str,
    /// The service.
    pub service: ServiceId,
    /// The name of the service.
    pub service_name: &'a str,
    /// The parts of the service's documents that describe such a request.
    pub documentation: &'a [&'a str],
    /// The origins of the request's values.
    pub origins: &'a [Origin],
    /// The earlier rulings of humans on such requests.
    pub rulings: &'a [EarlierRuling],
    /// The operator's plain-language rules that cover the request.
    pub rules: &'a [TextRule<'a>],
    /// The verdict of the built-in assessor.
    pub built_in: &'a Verdict,
    /// The minimum score, whatever the model says.
    pub floor: f64,
    /// The score from which a request is held.
    pub threshold: f64,
    /// Whether the method is GET, HEAD or OPTIONS.
    pub is_safe: bool,
}

/// The verdict of the built-in assessor and the model together.
#[derive(Clone, Debug, PartialEq)]
pub struct LlmVerdict {
    /// The score with its explanation.
    pub verdict: Verdict,
    /// Whether the request must be held whatever the threshold.
    pub must_hold: bool,
    /// The plain-language rules that apply to the request.
    pub matched_rules: Vec<MatchedRule>,
}
