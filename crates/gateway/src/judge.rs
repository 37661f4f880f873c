//! How risky a request is and what follows: the operator's rules and the assessor's verdict.

use gaiterguard_domain::agent::Agent;
use gaiterguard_domain::request::{CanonicalRequest, ProxyRequest};
use gaiterguard_domain::rule::MatchedRule;
use gaiterguard_domain::service::Service;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::{Judgement, OperationRef};
use gaiterguard_judge::Node;
use gaiterguard_judge::rule::{Content, Facts, Query, matching};
use http::header::CONTENT_TYPE;

use crate::Gateway;
use crate::assessor::{Assessment, Question};
use crate::authority::Definitions;
use crate::prepare::Prepared;

impl Gateway {
    /// The rules that match, the assessor's verdict, and what follows from both.
    pub(crate) async fn judge(&self, prepared: &Prepared, request: &ProxyRequest) -> Judgement {
        let caller = &prepared.caller;
        let service = &prepared.located.service;
        let operation = None;
        let asked = Asked {
            request: &prepared.request,
            intent: request.intent.as_str(),
            agent: &caller.agent,
            service,
            operation: operation.as_ref(),
            at: self.clock.now(),
        };
        let matched = matched(&caller.definitions, asked);
        let question = Question {
            request: &prepared.request,
            intent: &request.intent,
            agent: &caller.agent,
            service,
        };
        let verdict = match self.assessor.assess(question) {
            Assessment::Done(verdict) => verdict,
            Assessment::Later(verdict) => verdict.await,
        };
        let threshold = caller
            .agent
            .risk_threshold
            .unwrap_or(self.settings.risk_threshold);
        Judgement::of(verdict, matched, operation, threshold)
    }
}

/// What rules are matched with.
#[derive(Clone, Copy)]
struct Asked<'a> {
    request: &'a CanonicalRequest,
    intent: &'a str,
    agent: &'a Agent,
    service: &'a Service,
    operation: Option<&'a OperationRef>,
    at: Timestamp,
}

/// The rules that match a request. The body is read only where a rule looks at it.
fn matched(definitions: &Definitions, asked: Asked<'_>) -> Vec<MatchedRule> {
    let rules: Vec<_> = definitions
        .rules
        .iter()
        .map(AsRef::as_ref)
        .filter(|rule| rule.rule().covers(asked.service.id, asked.agent.id))
        .collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let target = &asked.request.target;
    let looks_at_body = rules
        .iter()
        .filter_map(|rule| rule.program())
        .any(|program| program.uses().body);
    let body = looks_at_body.then(|| body_of(asked.request)).flatten();
    let query = Query::parse(target.query());
    let facts = Facts {
        method: asked.request.method.as_str(),
        path: target.path(),
        host: &target.origin().host,
        query: &query,
        content: Some(Content {
            headers: &asked.request.headers,
            body: body.as_ref(),
            size: asked.request.body.len() as u64,
        }),
        service: (asked.service.id, &asked.service.name),
        agent: (asked.agent.id, &asked.agent.name),
        intent: asked.intent,
        operation: asked.operation,
        now: asked.at,
    };
    matching(rules, &facts)
}

/// The body, where it is JSON or a form.
pub(crate) fn body_of(request: &CanonicalRequest) -> Option<Node<'_>> {
    let media_type = request
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase());
    match media_type.as_deref() {
        Some("application/x-www-form-urlencoded") => Node::parse_form(&request.body).ok(),
        // Upstreams read JSON under other names, too.
        _ => Node::parse_json(&request.body).ok(),
    }
}
