//! A request that is assessed on its own: without a workspace, its rules and its documents.

use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::request::{CanonicalRequest, is_safe};
use gaiterguard_history::{History, Origin, origins};
use gaiterguard_judge::{Assessment, Documented, Subject, assess};
use gaiterguard_llm::{Llm, LlmQuestion, LlmVerdict, ORIGINS_MAX};
use gaiterguard_request::{Arena, Opened};

use crate::model_input::{ModelInput, floor};

/// A request that is assessed on its own.
#[derive(Clone, Copy, Debug)]
pub struct OfflineRequest<'a> {
    /// The request as it would be sent.
    pub request: &'a CanonicalRequest,
    /// The agent's stated purpose.
    pub intent: &'a str,
    /// The name of the service that the request is for.
    pub service_name: &'a str,
    /// The values that the agent was shown before; `None` if they are unknown.
    pub history: Option<&'a dyn History>,
}

impl OfflineRequest<'_> {
    /// Returns the built-in assessor's assessment.
    pub fn assess(&self) -> Assessment {
        let arena = Arena::default();
        assess(Subject {
            opened: &Opened::of(self.request, &arena),
            intent: self.intent,
            documented: Documented::Nothing,
            history: self.history,
        })
    }

    /// Returns where the values of the request come from.
    pub fn origins(&self) -> Vec<Origin> {
        let arena = Arena::default();
        let opened = Opened::of(self.request, &arena);
        self.history.map_or_else(Vec::new, |history| {
            origins(&opened, self.intent, history, ORIGINS_MAX)
        })
    }

    /// Whether the gateway would ask a language model about the request, if it had one.
    pub fn needs_model(built_in: &Assessment, threshold: f64) -> bool {
        let input = ModelInput {
            matched: Vec::new(),
            in_words: Vec::new(),
            built_in: built_in.verdict.clone(),
            certainty: built_in.certainty,
            threshold,
        };
        input.needs_model()
    }

    /// Returns the language model's verdict, for a score from which requests are held.
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
