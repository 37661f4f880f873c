//! Assesses a request without a workspace: without rules, documents and earlier rulings. The
//! command `risk eval` measures the assessors this way.

use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::request::{CanonicalRequest, is_safe};
use gaiterguard_history::{History, Origin, origins};
use gaiterguard_judge::{Assessment, Documented, Subject, assess};
use gaiterguard_llm::{Llm, LlmQuestion, LlmVerdict, ORIGINS_MAX};
use gaiterguard_request::{Arena, Opened};

use crate::model_input::{ModelInput, floor};

/// A request to assess without a workspace.
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
        let arena = Arena::for_body(self.request.body.len());
        assess(Subject {
            opened: &Opened::of(self.request, &arena),
            intent: self.intent,
            documented: Documented::Nothing,
            history: self.history,
            arrived: None,
        })
    }

    /// Returns where the values of the request come from.
    pub fn origins(&self) -> Vec<Origin> {
        let Some(history) = self.history else {
            return Vec::new();
        };
        let arena = Arena::for_body(self.request.body.len());
        let opened = Opened::of(self.request, &arena);
        origins(&opened, self.intent, history, ORIGINS_MAX)
    }

    /// Returns whether the gateway would ask a language model about a request with this assessment,
    /// if it had one. `threshold` is the score from which requests are held.
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

    /// Asks the language model and returns its verdict. `threshold` is the score from which
    /// requests are held.
    pub async fn ask(&self, llm: &Llm, built_in: &Assessment, threshold: f64) -> LlmVerdict {
        let origins = self.origins();
        let question = LlmQuestion {
            request: self.request,
            digest: self.request.digest(),
            intent: self.intent,
            // The model is shown only the names; the IDs separate cached findings.
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
