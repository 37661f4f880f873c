//! A question about a request, and the verdict that it leads to.

use gaiterguard_domain::earlier_ruling::EarlierRuling;
use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::request::{CanonicalRequest, Digest};
use gaiterguard_domain::rule::MatchedRule;
use gaiterguard_domain::verdict::Verdict;
use gaiterguard_history::Origin;

use crate::text_rule::TextRule;

/// The score of what is held because the model could not be asked or did not answer.
pub(crate) const UNJUDGED_SCORE: f64 = 0.6;

/// What the model is asked about. Neither a credential nor an agent's key is in it.
#[derive(Clone, Copy, Debug)]
pub struct LlmQuestion<'a> {
    /// The exact request.
    pub request: &'a CanonicalRequest,
    /// Its digest.
    pub digest: Digest,
    /// Why the agent wants to send it; empty if it did not say.
    pub intent: &'a str,
    /// The agent.
    pub agent: AgentId,
    /// Its name.
    pub agent_name: &'a str,
    /// The service.
    pub service: ServiceId,
    /// Its name.
    pub service_name: &'a str,
    /// What the service's documents say of such a request.
    pub documentation: &'a [&'a str],
    /// Where the values of the request come from.
    pub origins: &'a [Origin],
    /// How humans ruled on such requests before.
    pub rulings: &'a [EarlierRuling],
    /// The operator's rules in words that cover the request.
    pub rules: &'a [TextRule<'a>],
    /// What the built-in assessor says.
    pub built_in: &'a Verdict,
    /// A score that nothing the model says goes below.
    pub floor: f64,
    /// The score from which the request is held.
    pub threshold: f64,
    /// Whether the method is GET, HEAD or OPTIONS.
    pub is_safe: bool,
}

/// What follows from the built-in verdict and the model's words.
#[derive(Clone, Debug, PartialEq)]
pub struct LlmVerdict {
    /// The verdict of both.
    pub verdict: Verdict,
    /// Whether the request is to be held whatever the threshold.
    pub must_hold: bool,
    /// The rules in words that the request falls under.
    pub matched_rules: Vec<MatchedRule>,
}
