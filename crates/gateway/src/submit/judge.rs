//! How risky a request is and what follows: the operator's rules, the built-in assessor's verdict
//! and, where both leave it open, a language model's.

use std::sync::Arc;

use gaiterguard_apidocs::Call;
use gaiterguard_domain::earlier_ruling::EarlierRuling;
use gaiterguard_domain::path;
use gaiterguard_domain::request::{CanonicalRequest, Digest, ProxyRequest, is_safe};
use gaiterguard_domain::rule::{MatchedRule, RuleEffect, strictest};
use gaiterguard_domain::verdict::{Evaluation, OperationRef, Verdict};
use gaiterguard_history::{History, Origin, origins};
use gaiterguard_judge::{Certainty, Documented, Operation, Subject, assess};
use gaiterguard_llm::{LlmQuestion, LlmVerdict, ORIGINS_MAX, excerpt};
use gaiterguard_provenance::AgentHistory;
use gaiterguard_request::{Arena, Opened, Reading, Request};
use gaiterguard_rules::{CompiledRule, Content, Facts, Match, Query, RequestPath, matching_rules};
use http::{HeaderMap, Method};

use crate::Gateway;
use crate::body::big_body::is_big;
use crate::refusal::Refusal;
use crate::submit::earlier_ruling::Present;
use crate::submit::prepare::Prepared;
use crate::submit::second_opinion::{Standing, floor};

/// What is known of a request without asking anybody.
pub(crate) struct Weighed {
    matched: Vec<MatchedRule>,
    in_words: Vec<Arc<CompiledRule>>,
    built_in: Verdict,
    certainty: Certainty,
    operation: Option<OperationRef>,
    threshold: f64,
    /// Where the values of the request come from, if a model is to know.
    origins: Vec<Origin>,
}

/// What rules say of a request.
struct Ruled {
    /// Those that match.
    matched: Vec<MatchedRule>,
    /// Those in words, which a model applies.
    in_words: Vec<Arc<CompiledRule>>,
    /// Whether there are some of which only the body will tell.
    is_in_doubt: bool,
    /// The documented operation that they were told of.
    operation: Option<OperationRef>,
}

impl Gateway {
    /// The rules that match, the assessors' verdict, and what follows from both.
    pub(crate) async fn judge(
        self: &Arc<Self>,
        prepared: &Prepared,
        request: &ProxyRequest,
    ) -> Result<Evaluation, Refusal> {
        let history = Box::pin(prepared.history(&self.provenance)).await;
        let weighed = self.weigh(prepared, request, history).await?;
        if self.needs_model(&weighed) {
            self.judge_with_model(weighed, prepared, request).await
        } else {
            Ok(self.judge_alone(weighed, request))
        }
    }

    /// The rules that match and the built-in assessor's verdict. Nobody is asked; a big body waits for
    /// its turn.
    pub(crate) async fn weigh(
        self: &Arc<Self>,
        prepared: &Prepared,
        request: &ProxyRequest,
        history: Option<AgentHistory>,
    ) -> Result<Weighed, Refusal> {
        if !is_big(&prepared.request.headers, &prepared.request.body) {
            return Ok(self.weigh_here(prepared, request, history.as_ref()));
        }
        let gateway = Arc::clone(self);
        let (prepared, request) = (prepared.clone(), request.clone());
        let weighing = self
            .big_bodies
            .run(move || gateway.weigh_here(&prepared, &request, history.as_ref()));
        Box::pin(weighing).await
    }

    fn weigh_here(
        &self,
        prepared: &Prepared,
        request: &ProxyRequest,
        history: Option<&AgentHistory>,
    ) -> Weighed {
        let documented = documented(prepared);
        let arena = Arena::for_body(prepared.request.body.len());
        let rules = rules_of(prepared);
        let content = content(&rules, &prepared.request, &arena);
        let said = self.apply(&rules, prepared, request, documented, content);
        let opened = Opened::of(&prepared.request, &arena);
        let mut weighed = self.assess(prepared, request, &opened, documented, said, history);
        if self.needs_model(&weighed)
            && let Some(history) = history
        {
            let intent = request.intent.as_str();
            weighed.origins = origins(&opened, intent, history, ORIGINS_MAX);
        }
        weighed
    }

    /// What is known of a request once rules have been applied to it: the built-in assessor's verdict
    /// beside it.
    fn assess(
        &self,
        prepared: &Prepared,
        request: &ProxyRequest,
        opened: &Opened<'_>,
        documented: Option<&gaiterguard_apidocs::Operation>,
        said: Ruled,
        history: Option<&AgentHistory>,
    ) -> Weighed {
        let caller = &prepared.caller;
        let catalog = caller.definitions.catalog(prepared.located.service.id);
        let fields = documented.map_or_else(Vec::new, fields_at_the_top);
        let assessment = assess(Subject {
            opened,
            intent: request.intent.as_str(),
            documented: match (catalog, documented) {
                (_, Some(operation)) => Documented::As(as_judged(operation, &fields)),
                (Some(catalog), None) if catalog.operations().next().is_some() => {
                    Documented::Unknown
                }
                _ => Documented::Nothing,
            },
            history: history.map(|history| history as &dyn History),
        });
        Weighed {
            matched: said.matched,
            in_words: said.in_words,
            built_in: assessment.verdict,
            certainty: assessment.certainty,
            operation: said.operation,
            threshold: caller
                .agent
                .risk_threshold
                .unwrap_or(self.settings.risk_threshold),
            origins: Vec::new(),
        }
    }

    /// What follows for a request whose body has not arrived, if rules decide it whatever is in that:
    /// it is the same as if they had seen the body. None where somebody has to look at it.
    pub(crate) fn judge_by_head(
        &self,
        prepared: &Prepared,
        request: &ProxyRequest,
    ) -> Option<Evaluation> {
        let rules = rules_of(prepared);
        // Words are for a model, and what is held is kept whole.
        let may_decide = |rule: &CompiledRule| {
            !rule.is_in_words() && rule.rule().effect != RuleEffect::RequireApproval
        };
        if !rules.iter().any(|rule| may_decide(rule)) {
            return None;
        }
        let documented = documented(prepared);
        let said = self.apply(&rules, prepared, request, documented, None);
        let is_decided = match strictest(&said.matched) {
            Some(RuleEffect::Deny) => true,
            Some(RuleEffect::Allow) => !said.is_in_doubt,
            Some(RuleEffect::RequireApproval) | None => false,
        };
        is_decided.then(|| {
            let arena = Arena::default();
            let opened = Opened::of(&prepared.request, &arena);
            let history = prepared.history_here(&self.provenance);
            let history = history.as_ref();
            let weighed = self.assess(prepared, request, &opened, documented, said, history);
            self.judge_alone(weighed, request)
        })
    }

    /// Applies rules to a request, of which the content may not have arrived.
    fn apply(
        &self,
        rules: &[&Arc<CompiledRule>],
        prepared: &Prepared,
        request: &ProxyRequest,
        documented: Option<&gaiterguard_apidocs::Operation>,
        content: Option<Content<'_>>,
    ) -> Ruled {
        let operation = documented.map(reference);
        let (mut matched, mut is_in_doubt) = (Vec::new(), false);
        let in_words = rules.iter().filter(|rule| rule.is_in_words());
        let in_words = in_words.map(|rule| Arc::clone(rule)).collect();
        if rules.is_empty() {
            return Ruled {
                matched,
                in_words,
                is_in_doubt,
                operation,
            };
        }
        let (caller, service) = (&prepared.caller, &prepared.located.service);
        let target = &prepared.request.target;
        let query = Query::parse(target.query());
        let facts = Facts {
            method: prepared.request.method.as_str(),
            path: &RequestPath::of(target.path()),
            host: &target.origin().host,
            query: &query,
            headers: Some(&prepared.request.headers),
            content,
            service: (service.id, &service.name),
            agent: (caller.agent.id, &caller.agent.name),
            intent: request.intent.as_str(),
            operation: operation.as_ref(),
            now: self.clock.now(),
        };
        for (rule, how) in matching_rules(rules.iter().map(AsRef::as_ref), &facts) {
            if matches!(how, Match::Undecidable(_)) {
                is_in_doubt = true;
            } else {
                matched.push(rule.matched(how));
            }
        }
        Ruled {
            matched,
            in_words,
            is_in_doubt,
            operation,
        }
    }

    /// Whether the request is for a language model to look at, and there is one.
    pub(crate) fn needs_model(&self, weighed: &Weighed) -> bool {
        self.llm.is_some() && weighed.standing().is_open()
    }

    /// What follows without asking anybody.
    pub(crate) fn judge_alone(&self, weighed: Weighed, request: &ProxyRequest) -> Evaluation {
        let standing = weighed.standing();
        if standing.in_words.is_empty() || !standing.is_open() {
            let Weighed {
                matched,
                built_in,
                operation,
                threshold,
                ..
            } = weighed;
            return Evaluation::of(built_in, matched, operation, threshold);
        }
        let is_safe = is_safe(&request.method);
        let verdict = standing.without_model(is_safe, self.settings.llm_failure_mode);
        weighed.concluded(verdict)
    }

    /// What follows when a language model has looked at the request.
    pub(crate) async fn judge_with_model(
        &self,
        weighed: Weighed,
        prepared: &Prepared,
        request: &ProxyRequest,
    ) -> Result<Evaluation, Refusal> {
        let Some(llm) = &self.llm else {
            return Ok(self.judge_alone(weighed, request));
        };
        // What has not arrived cannot be shown.
        let digest = prepared.known_digest()?;
        let agent = &prepared.caller.agent;
        let service = &prepared.located.service;
        let documentation = documentation(prepared);
        let documentation: Vec<&str> = documentation.iter().map(String::as_str).collect();
        let rulings = self.rulings_before(prepared, digest).await;
        let text_rules = weighed.standing().text_rules();
        let verdict = llm
            .assess(LlmQuestion {
                request: &prepared.request,
                digest,
                intent: request.intent.as_str(),
                agent: agent.id,
                agent_name: &agent.name,
                service: service.id,
                service_name: &service.name,
                documentation: &documentation,
                origins: &weighed.origins,
                rulings: &rulings,
                rules: &text_rules,
                built_in: &weighed.built_in,
                floor: floor(weighed.certainty, &weighed.built_in),
                threshold: weighed.threshold,
                is_safe: is_safe(&prepared.request.method),
            })
            .await;
        Ok(weighed.concluded(verdict))
    }

    /// Returns how humans ruled on such requests before; nothing if that cannot be read. The model then
    /// knows less, and nothing is allowed by that.
    async fn rulings_before(&self, prepared: &Prepared, digest: Digest) -> Vec<EarlierRuling> {
        let (caller, service) = (&prepared.caller, &prepared.located.service);
        let present = Present {
            workspace: caller.agent.workspace,
            agent: caller.agent.id,
            service: service.id,
            method: prepared.request.method.as_str(),
            target: &prepared.request.target,
            digest,
            base_path: service.base_url.path(),
            catalog: caller.definitions.catalog(service.id).map(Arc::as_ref),
        };
        let rulings = self.earlier_rulings(&present).await;
        rulings.unwrap_or_else(|error| {
            tracing::warn!(%error, "the language model is asked without earlier rulings");
            Vec::new()
        })
    }
}

impl Weighed {
    fn standing(&self) -> Standing<'_> {
        Standing {
            matched: &self.matched,
            in_words: &self.in_words,
            built_in: &self.built_in,
            certainty: self.certainty,
            threshold: self.threshold,
        }
    }

    fn concluded(self, told: LlmVerdict) -> Evaluation {
        let mut verdict = told.verdict;
        if told.must_hold {
            verdict.score = verdict.score.max(self.threshold);
        }
        let mut matched = self.matched;
        matched.extend(told.matched_rules);
        Evaluation::of(verdict, matched, self.operation, self.threshold)
    }
}

/// Builds the word lists that judging needs, so that the first request does not wait for them.
pub(crate) fn prepare_words() {
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
    });
}

/// The rules that count for a request.
fn rules_of(prepared: &Prepared) -> Vec<&Arc<CompiledRule>> {
    let (agent, service) = (prepared.caller.agent.id, prepared.located.service.id);
    let rules = prepared.caller.definitions.rules.iter();
    rules
        .filter(|rule| rule.rule().covers(service, agent))
        .collect()
}

/// The request as the service's documents are asked about it.
fn call_of(prepared: &Prepared) -> Call<'_> {
    Call {
        method: prepared.request.method.as_str(),
        path: prepared.request.target.path(),
        base_path: prepared.located.service.base_url.path(),
    }
}

/// The operation that the service's documents know the request as.
fn documented(prepared: &Prepared) -> Option<&gaiterguard_apidocs::Operation> {
    let service = prepared.located.service.id;
    let catalog = prepared.caller.definitions.catalog(service)?;
    catalog.find(&call_of(prepared))
}

/// What the service's documents say of the request, for whoever reads.
fn documentation(prepared: &Prepared) -> Vec<String> {
    let service = &prepared.located.service;
    let Some(catalog) = prepared.caller.definitions.catalog(service.id) else {
        return Vec::new();
    };
    let operation = catalog.find(&call_of(prepared));
    let path = path::normalized(prepared.request.target.path());
    excerpt::of_request(catalog, operation, &path)
}

fn reference(operation: &gaiterguard_apidocs::Operation) -> OperationRef {
    OperationRef {
        id: operation.id.clone(),
        summary: operation.summary.clone(),
        tags: operation.tags.clone(),
        deprecated: operation.deprecated,
    }
}

pub(crate) fn as_judged<'a>(
    operation: &'a gaiterguard_apidocs::Operation,
    fields: &'a [String],
) -> Operation<'a> {
    Operation {
        id: &operation.id,
        summary: operation.summary.as_deref().unwrap_or_default(),
        description: operation.description.as_deref().unwrap_or_default(),
        tags: &operation.tags,
        fields,
    }
}

/// The names of the body's documented fields; none where others may stand beside them.
pub(crate) fn fields_at_the_top(operation: &gaiterguard_apidocs::Operation) -> Vec<String> {
    if operation.body.is_open {
        return Vec::new();
    }
    let fields = operation.body.fields.iter();
    fields
        .filter_map(|field| field.pointer.strip_prefix('/'))
        .filter(|name| !name.contains('/'))
        .map(|name| name.replace("~1", "/").replace("~0", "~"))
        .collect()
}

/// The content as rules see it. None where none of them looks at it.
fn content<'a>(
    rules: &[&Arc<CompiledRule>],
    request: &'a CanonicalRequest,
    arena: &'a Arena,
) -> Option<Content<'a>> {
    let is_read = rules
        .iter()
        .filter_map(|rule| rule.program())
        .any(|program| program.uses().body);
    is_read.then(|| Content {
        body: Reading::of(&request.headers, &request.body, arena),
        size: request.body.len() as u64,
    })
}
