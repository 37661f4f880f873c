//! A request that is judged by itself: without a workspace, its rules and its documents.

use crate::submit::second_opinion::{Standing, floor};
use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::request::{CanonicalRequest, is_safe};
use gaiterguard_history::{History, Origin, origins};
use gaiterguard_judge::{Assessment, Documented, Subject, assess};
use gaiterguard_llm::{Llm, LlmQuestion, LlmVerdict, ORIGINS_MAX};
use gaiterguard_request::{Arena, Opened};

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// The request as it would be sent.
    pub request: &'a CanonicalRequest,
    /// Why it is sent.
    pub intent: &'a str,
    /// The name of the service that it goes to.
    pub service_name: &'a str,
    /// What the agent was shown before; none where that is not known.
    pub history: Option<&'a dyn History>,
}

impl Trial<'_> {
    /// What the built-in assessor says.
    pub fn assess(&self) -> Assessment {
        let arena = Arena::default();
        assess(Subject {
            opened: &Opened::of(self.request, &arena),
            intent: self.intent,
            documented: Documented::Nothing,
            history: self.history,
        })
    }

    /// Where the values of the request come from.
    pub fn origins(&self) -> Vec<Origin> {
        let arena = Arena::default();
        let opened = Opened::of(self.request, &arena);
        self.history.map_or_else(Vec::new, |history| {
            origins(&opened, self.intent, history, ORIGINS_MAX)
        })
    }

    /// Whether the gateway would ask a language model, if it had one.
    pub fn is_left_open(built_in: &Assessment, threshold: f64) -> bool {
        let standing = Standing {
            matched: &[],
            in_words: &[],
            built_in: &built_in.verdict,
            certainty: built_in.certainty,
            threshold,
        };
        standing.is_open()
    }

    /// What the language model makes of it, if requests are held from the threshold.
    pub async fn ask(&self, llm: &Llm, built_in: &Assessment, threshold: f64) -> LlmVerdict {
        let origins = self.origins();
        let question = LlmQuestion {
            request: self.request,
            digest: self.request.digest(),
            intent: self.intent,
            agent: AgentId(0),
            agent_name: "agent",
            service: ServiceId(0),
            service_name: self.service_name,
            documentation: &[],
            origins: &origins,
            rulings: &[],
            rules: &[],
            built_in: &built_in.verdict,
            floor: floor(built_in.certainty, &built_in.verdict),
            threshold,
            is_safe: is_safe(&self.request.method),
        };
        llm.assess(question).await
    }
}
