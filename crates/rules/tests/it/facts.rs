//! The rule and the requests that tests evaluate.

use gaiterguard_domain::id::{AgentId, RuleId, ServiceId, WorkspaceId};
use gaiterguard_domain::rule::{Rule, RuleEffect};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_request::{Arena, Node, Reading};
use gaiterguard_rules::{
    Cause, CompiledRule, Content, Facts, Program, Query, RequestPath, matching_rules,
};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const MULTIPART: &str = "multipart/form-data; boundary=b";

pub(crate) fn rule(effect: RuleEffect, condition: Option<&str>) -> Rule {
    Rule {
        id: RuleId(1),
        workspace: WorkspaceId(1),
        name: "a rule".to_owned(),
        effect,
        condition: condition.map(str::to_owned),
        text: None,
        service: None,
        agent: None,
        approvals: None,
        step_up: None,
        author: None,
        enabled: true,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        revision: 0,
    }
}

pub(crate) fn with_body<T>(body: &str, look: impl FnOnce(&Facts<'_>) -> T) -> T {
    let arena = Arena::default();
    let node = Node::parse_json(body.as_bytes(), &arena).unwrap();
    with_head(Some(&HeaderMap::new()), |head| {
        let body = Reading::of_node(node);
        let content = Some(Content { body, size: 1 });
        look(&Facts { content, ..*head })
    })
}

pub(crate) fn with_form<T>(
    media_type: &'static str,
    body: &str,
    look: impl FnOnce(&Facts<'_>) -> T,
) -> T {
    let arena = Arena::default();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    let body = Reading::of(&headers, body.as_bytes(), &arena);
    with_head(Some(&headers), |head| {
        let content = Some(Content { body, size: 1 });
        look(&Facts { content, ..*head })
    })
}

pub(crate) fn with_query<T>(query: &str, look: impl FnOnce(&Facts<'_>) -> T) -> T {
    let query = Query::parse(Some(query));
    with_head(Some(&HeaderMap::new()), |head| {
        look(&Facts {
            query: &query,
            ..*head
        })
    })
}

pub(crate) fn with_head<T>(headers: Option<&HeaderMap>, look: impl FnOnce(&Facts<'_>) -> T) -> T {
    look(&Facts {
        method: "POST",
        path: &RequestPath::of("/"),
        host: "h",
        query: &Query::default(),
        headers,
        content: None,
        service: (ServiceId(1), "s"),
        agent: (AgentId(1), "a"),
        intent: "i",
        operation: None,
        operation_effect: None,
        now: Timestamp(0),
    })
}

pub(crate) fn matches(rule: Rule) -> bool {
    let rules = [CompiledRule::new(rule)];
    with_body("{\"a\":1}", |facts| {
        !matching_rules(&rules, facts).is_empty()
    })
}

/// Evaluates a condition on a body of JSON: its truth, or why it could not be evaluated.
pub(crate) fn evaluated(condition: &str, body: &str) -> Result<bool, Cause> {
    let program = Program::compile(condition).unwrap();
    with_body(body, |facts| {
        program.evaluate(facts).map_err(|failure| failure.cause)
    })
}
