//! Assesses requests: the operator's rules, the built-in assessor's verdict and, if both leave a
//! request undecided, a language model's.

use std::sync::Arc;

use gaiterguard_apidocs::Operation;
use gaiterguard_domain::earlier_ruling::EarlierRuling;
use gaiterguard_domain::request::{CanonicalRequest, Digest, is_safe};
use gaiterguard_domain::rule::{MatchedRule, RuleEffect, strictest};
use gaiterguard_domain::time::Clock;
use gaiterguard_domain::verdict::{Decision, Evaluation, OperationRef};
use gaiterguard_history::{History, Origin, origins};
use gaiterguard_judge::{Documented, Subject, assess, first_danger};
use gaiterguard_llm::{FailureMode, Llm, LlmQuestion, LlmVerdict, ORIGINS_MAX};
use gaiterguard_request::{Arena, Opened, Reading, Request};
use gaiterguard_rules::{
    CompiledRule, Content, Facts, Match, Query, RequestPath, Uses, matching_rules,
};
use gaiterguard_store::Store;
use http::{HeaderMap, Method};

use crate::considered::{Considered, reference};
use crate::earlier_ruling::{CurrentRequest, earlier_rulings};
use crate::model_input::{ModelInput, floor};
use crate::operation::{descriptions, effect_of, for_assessor, top_level_fields};

/// Assesses requests.
pub struct Assessor {
    /// The language model, if there is one.
    pub llm: Option<Arc<Llm>>,
    /// The database, for earlier rulings.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The score from which a request is held, unless its agent has another one.
    pub risk_threshold: f64,
    /// Which requests are held if a rule in plain words cannot be applied.
    pub failure_mode: FailureMode,
}

/// The result of rules and the built-in assessor, before a language model is asked.
pub struct Assessed {
    input: ModelInput,
    operation: Option<OperationRef>,
    /// Where the values of the request come from, if a language model is asked.
    origins: Vec<Origin>,
}

/// The result of applying rules to a request.
struct RuleMatches {
    /// The rules that match.
    matched: Vec<MatchedRule>,
    /// The rules in plain words, which a language model applies.
    in_words: Vec<Arc<CompiledRule>>,
    /// Whether there are rules that only the body decides.
    is_undecided: bool,
    /// The documented operation that the rules were evaluated with.
    operation: Option<OperationRef>,
}

impl Assessor {
    /// Returns the rules that match and the built-in assessor's verdict. The time that this takes
    /// grows with the length of the body.
    pub fn assess(&self, considered: Considered<'_>, history: Option<&dyn History>) -> Assessed {
        let operation = considered.operation();
        let arena = Arena::for_body(considered.request.body.len());
        let rules = considered.rules();
        let content = content(&rules, considered.request, &arena);
        let matches = self.matches(&rules, considered, operation, content);
        let opened = Opened::of(considered.request, &arena);
        let mut assessed = self.with_verdict(considered, &opened, operation, matches, history);
        if self.needs_model(&assessed)
            && let Some(history) = history
        {
            assessed.origins = origins(&opened, considered.intent, history, ORIGINS_MAX);
        }
        assessed
    }

    /// Adds the built-in assessor's verdict to the result of the rules.
    fn with_verdict(
        &self,
        considered: Considered<'_>,
        opened: &Opened<'_>,
        operation: Option<&Operation>,
        matches: RuleMatches,
        history: Option<&dyn History>,
    ) -> Assessed {
        let caller = considered.caller;
        let catalog = caller.definitions.catalog(considered.service.id);
        let fields = operation.map_or_else(Vec::new, top_level_fields);
        // No danger is looked for in what only reads.
        let described = operation.filter(|_| !is_safe(&considered.request.method));
        let descriptions = described.map_or_else(Vec::new, descriptions);
        let assessment = assess(Subject {
            opened,
            intent: considered.intent,
            documented: match (catalog, operation) {
                (_, Some(operation)) => {
                    Documented::As(for_assessor(operation, &fields, &descriptions))
                }
                (Some(catalog), None) if catalog.operations().next().is_some() => {
                    Documented::Unknown
                }
                _ => Documented::Nothing,
            },
            history,
            arrived: Some(self.clock.now().0.div_euclid(1000)),
        });
        Assessed {
            input: ModelInput {
                matched: matches.matched,
                in_words: matches.in_words,
                built_in: assessment.verdict,
                certainty: assessment.certainty,
                threshold: caller.agent.risk_threshold.unwrap_or(self.risk_threshold),
            },
            operation: matches.operation,
            origins: Vec::new(),
        }
    }

    /// Returns the evaluation of a request whose body has not arrived, if rules decide it whatever
    /// the body contains: the result is the same as with the body. Returns `None` if the body must
    /// be assessed.
    pub fn evaluate_head<H: History>(
        &self,
        considered: Considered<'_>,
        history: impl FnOnce() -> Option<H>,
    ) -> Option<Evaluation> {
        let rules = considered.rules();
        // A rule in plain words is for a model, and the body of a held request is stored.
        let may_decide = |rule: &CompiledRule| {
            !rule.is_in_words() && rule.rule().effect != RuleEffect::RequireApproval
        };
        if !rules.iter().any(|rule| may_decide(rule)) {
            return None;
        }
        let operation = considered.operation();
        let matches = self.matches(&rules, considered, operation, None);
        let is_decided = match strictest(&matches.matched) {
            Some(RuleEffect::Deny) => true,
            Some(RuleEffect::Allow) => !matches.is_undecided,
            Some(RuleEffect::RequireApproval) | None => false,
        };
        is_decided.then(|| {
            let arena = Arena::default();
            let opened = Opened::of(considered.request, &arena);
            let history = history();
            let history = history.as_ref().map(|history| history as &dyn History);
            let assessed = self.with_verdict(considered, &opened, operation, matches, history);
            self.evaluate_without_model(assessed, &considered.request.method)
        })
    }

    /// Applies rules to a request whose content may not have arrived.
    fn matches(
        &self,
        rules: &[&Arc<CompiledRule>],
        considered: Considered<'_>,
        operation: Option<&Operation>,
        content: Option<Content<'_>>,
    ) -> RuleMatches {
        let effect = operation
            .filter(|_| uses(rules, |uses| uses.operation_effect))
            .map(|operation| effect_of(considered.service, operation));
        let operation = operation.map(reference);
        let in_words = rules.iter().filter(|rule| rule.is_in_words());
        let mut matches = RuleMatches {
            matched: Vec::new(),
            in_words: in_words.map(|rule| Arc::clone(rule)).collect(),
            is_undecided: false,
            operation: None,
        };
        if !rules.is_empty() {
            let (caller, service) = (considered.caller, considered.service);
            let target = &considered.request.target;
            let query = Query::parse(target.query());
            let facts = Facts {
                method: considered.request.method.as_str(),
                path: &RequestPath::of(target.path()),
                host: target.origin().host.as_str(),
                query: &query,
                headers: Some(&considered.request.headers),
                content,
                service: (service.id, &service.name),
                agent: (caller.agent.id, &caller.agent.name),
                intent: considered.intent,
                operation: operation.as_ref(),
                operation_effect: effect,
                now: self.clock.now(),
            };
            for (rule, how) in matching_rules(rules.iter().map(AsRef::as_ref), &facts) {
                if matches!(how, Match::Undecidable(_)) {
                    matches.is_undecided = true;
                } else {
                    matches.matched.push(rule.matched(how));
                }
            }
        }
        matches.operation = operation;
        matches
    }

    /// Returns whether a language model must be asked, and there is one.
    pub fn needs_model(&self, assessed: &Assessed) -> bool {
        self.llm.is_some() && assessed.input.needs_model()
    }

    /// Returns the evaluation of a request for which no language model is asked.
    pub fn evaluate_without_model(&self, assessed: Assessed, method: &Method) -> Evaluation {
        let Assessed {
            input, operation, ..
        } = assessed;
        if input.in_words.is_empty() || !input.needs_model() {
            let ModelInput {
                matched,
                built_in,
                threshold,
                ..
            } = input;
            return led_by_danger(Evaluation::of(built_in, matched, operation, threshold));
        }
        let verdict = input.without_model(is_safe(method), self.failure_mode);
        concluded(input, operation, verdict)
    }

    /// Returns the evaluation of a request after a language model assessed it. `digest` is that of
    /// the whole request.
    pub async fn evaluate_with_model(
        &self,
        assessed: Assessed,
        considered: Considered<'_>,
        digest: Digest,
    ) -> Evaluation {
        let Some(llm) = &self.llm else {
            return self.evaluate_without_model(assessed, &considered.request.method);
        };
        let Assessed {
            input,
            operation,
            origins,
        } = assessed;
        let (agent, service) = (&considered.caller.agent, considered.service);
        let documentation = considered.documentation();
        let documentation: Vec<&str> = documentation.iter().map(String::as_str).collect();
        let rulings = self.rulings(considered, digest).await;
        let verdict = llm
            .assess(LlmQuestion {
                request: considered.request,
                digest,
                intent: considered.intent,
                agent: agent.id,
                agent_name: &agent.name,
                service: service.id,
                service_name: &service.name,
                documentation: &documentation,
                origins: &origins,
                rulings: &rulings,
                rules: &input.text_rules(),
                built_in: &input.built_in,
                floor: floor(input.certainty, &input.built_in),
                threshold: input.threshold,
                is_safe: is_safe(&considered.request.method),
            })
            .await;
        concluded(input, operation, verdict)
    }

    /// Returns how humans ruled on similar requests before. If their rulings cannot be read, the
    /// model is asked without them: it knows less, but no rule or floor is lowered.
    async fn rulings(&self, considered: Considered<'_>, digest: Digest) -> Vec<EarlierRuling> {
        let (caller, service) = (considered.caller, considered.service);
        let current = CurrentRequest {
            workspace: caller.agent.workspace,
            agent: caller.agent.id,
            service: service.id,
            method: considered.request.method.as_str(),
            target: &considered.request.target,
            digest,
            base_path: service.base_url.path(),
            catalog: caller.definitions.catalog(service.id).map(Arc::as_ref),
        };
        let rulings = earlier_rulings(&self.store, self.clock.now(), &current).await;
        rulings.unwrap_or_else(|error| {
            tracing::warn!(%error, "the language model is asked without earlier rulings");
            Vec::new()
        })
    }
}

/// Combines a language model's verdict with the rules that matched without it.
fn concluded(
    input: ModelInput,
    operation: Option<OperationRef>,
    from_model: LlmVerdict,
) -> Evaluation {
    let mut verdict = from_model.verdict;
    if from_model.must_hold {
        verdict.score = verdict.score.max(input.threshold);
    }
    let mut matched = input.matched;
    matched.extend(from_model.matched_rules);
    led_by_danger(Evaluation::of(verdict, matched, operation, input.threshold))
}

/// Begins the explanation of a held request with its gravest danger, so that a reader of it, in a notification or by
/// the API, reads first what the dashboard shows first.
fn led_by_danger(mut evaluation: Evaluation) -> Evaluation {
    if evaluation.decision == Decision::Hold
        && let Some(danger) = first_danger(&evaluation.verdict.signals)
        && !evaluation.verdict.explanation.contains(&danger.sentence)
    {
        evaluation.verdict.explanation =
            format!("{} {}", danger.sentence, evaluation.verdict.explanation);
    }
    evaluation
}

/// Builds the word lists of the built-in assessor, so that the first request does not wait for
/// them.
pub fn build_word_lists() {
    let headers = HeaderMap::new();
    let request = Request {
        method: &Method::POST,
        host: "localhost",
        path: "/words",
        query: None,
        headers: &headers,
        body: br#"{"words": "are looked up in every list"}"#,
    };
    let arena = Arena::default();
    let opened = Opened::open(request, &arena);
    assess(Subject {
        opened: &opened,
        intent: "Look the words up",
        documented: Documented::Nothing,
        history: None,
        arrived: None,
    });
}

/// Returns whether the condition of any rule uses a fact.
fn uses(rules: &[&Arc<CompiledRule>], fact: fn(Uses) -> bool) -> bool {
    let mut programs = rules.iter().filter_map(|rule| rule.program());
    programs.any(|program| fact(program.uses()))
}

/// Returns the content for the rules; `None` if none of them uses it.
fn content<'a>(
    rules: &[&Arc<CompiledRule>],
    request: &'a CanonicalRequest,
    arena: &'a Arena,
) -> Option<Content<'a>> {
    uses(rules, |uses| uses.body).then(|| Content {
        body: Reading::of(&request.headers, &request.body, arena),
        size: request.body.len() as u64,
    })
}
