//! The cache key of a finding: everything that the model was shown, and who wrote it.

use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::question::LlmQuestion;
use crate::{origin, ruling};

/// The version of the prompts and of parsing. It must change with every change of either.
pub(crate) const PROMPT_VERSION: &str = "gaiterguard.llm.v3";

/// Returns the digest of everything that the model is shown. Two questions have the same digest only if
/// all their parts are the same. `now` counts only through the ages of the rulings.
pub(crate) fn key(model: &str, question: &LlmQuestion<'_>, now: Timestamp) -> Digest {
    let AgentId(agent) = question.agent;
    let ServiceId(service) = question.service;
    let mut sum = Sum(Sha256::new());
    sum.add(PROMPT_VERSION.as_bytes());
    sum.add(model.as_bytes());
    sum.add(&question.digest.0);
    sum.add(question.intent.as_bytes());
    sum.add(&agent.to_be_bytes());
    sum.add(question.agent_name.as_bytes());
    sum.add(&service.to_be_bytes());
    sum.add(question.service_name.as_bytes());
    sum.count(question.documentation.len());
    for excerpt in question.documentation {
        sum.add(excerpt.as_bytes());
    }
    sum.add(origin::shown(question.origins).as_bytes());
    sum.add(ruling::shown(question.rulings, now).as_bytes());
    sum.count(question.rules.len());
    for rule in question.rules {
        sum.add(&rule.id.0.to_be_bytes());
        sum.add(rule.effect.as_str().as_bytes());
        sum.add(rule.text.as_bytes());
    }
    Digest(sum.0.finalize().into())
}

/// A sum over parts, each with its length before it, so that no part runs into the next.
struct Sum(Sha256);

impl Sum {
    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_be_bytes());
    }

    fn add(&mut self, part: &[u8]) {
        self.count(part.len());
        self.0.update(part);
    }
}
