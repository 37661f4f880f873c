//! A request as it is assessed: the exact bytes, with the definitions that apply to them.

use std::sync::Arc;

use gaiterguard_apidocs::{Call, Operation};
use gaiterguard_authority::{AgentCaller, ResolvedService};
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::familiarity::OperationKey;
use gaiterguard_domain::path;
use gaiterguard_domain::request::CanonicalRequest;
use gaiterguard_domain::verdict::{Evaluation, OperationRef};
use gaiterguard_familiarity::operation_key;
use gaiterguard_judge::{Documented, effect_of_request};
use gaiterguard_llm::excerpt;
use gaiterguard_request::{Arena, Opened};
use gaiterguard_rules::CompiledRule;
use gaiterguard_summary::{Subject, Summary};

use crate::operation::{for_assessor, top_level_fields};

/// A request that is to be assessed. Its body may not have arrived yet; then it is empty.
#[derive(Clone, Copy, Debug)]
pub struct Considered<'a> {
    /// The agent, with the definitions that apply.
    pub caller: &'a AgentCaller,
    /// The service that the request is for.
    pub service: &'a ResolvedService,
    /// The exact request.
    pub request: &'a CanonicalRequest,
    /// The agent's stated purpose.
    pub intent: &'a str,
}

impl<'a> Considered<'a> {
    /// Returns the rules that cover the agent and the service.
    pub(crate) fn rules(self) -> Vec<&'a Arc<CompiledRule>> {
        let rules = self.caller.definitions.rules.iter();
        let (service, agent) = (self.service.id, self.caller.agent.id);
        rules
            .filter(|rule| rule.rule().covers(service, agent))
            .collect()
    }

    /// Returns the request in the form in which it is looked up in documents.
    fn call(self) -> Call<'a> {
        Call {
            method: self.request.method.as_str(),
            path: self.request.target.path(),
            base_path: self.service.base_url.path(),
        }
    }

    /// Returns the documented operation that the request calls.
    pub(crate) fn operation(self) -> Option<&'a Operation> {
        let catalog = self.caller.definitions.catalog(self.service.id)?;
        catalog.find(&self.call())
    }

    /// Returns what the service's documents say about the request, for a reader.
    pub(crate) fn documentation(self) -> Vec<String> {
        let Some(catalog) = self.caller.definitions.catalog(self.service.id) else {
            return Vec::new();
        };
        let operation = catalog.find(&self.call());
        let path = path::normalized(self.request.target.path());
        excerpt::of_request(catalog, operation, &path)
    }

    /// Returns the key of the operation that the request calls, given its evaluation.
    pub fn operation_key(self, evaluation: &Evaluation) -> OperationKey {
        let Call { method, path, .. } = self.call();
        operation_key(self.service.id, method, path, evaluation.operation.as_ref())
    }

    /// Summarizes the request for a human. `opens_access` is whether its assessment found that it gives access,
    /// which may be seen only in its values. The time that this takes grows with the length of the body.
    pub fn summary(self, opens_access: bool) -> Summary {
        let arena = Arena::for_body(self.request.body.len());
        let opened = Opened::of(self.request, &arena);
        let operation = self.operation();
        let fields = operation.map_or_else(Vec::new, top_level_fields);
        let documented = operation.map_or(Documented::Nothing, |operation| {
            Documented::As(for_assessor(operation, &fields, &[]))
        });
        let mut summary = Summary::of(Subject {
            opened: &opened,
            base_path: self.service.base_url.path(),
            operation,
            effect: effect_of_request(&opened, documented),
        });
        if opens_access {
            summary.effect = summary.effect.min(Effect::Access);
        }
        summary
    }
}

/// Returns an operation as it is recorded with an evaluation.
pub(crate) fn reference(operation: &Operation) -> OperationRef {
    OperationRef {
        id: operation.id.clone(),
        summary: operation.summary.clone(),
        tags: operation.tags.clone(),
        deprecated: operation.deprecated,
    }
}
