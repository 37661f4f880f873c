//! Arbitrary conditions on arbitrary bodies.

use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_request::{Arena, Node, Reading};
use gaiterguard_rules::{Content, Facts, Program, Query, RequestPath};
use http::HeaderMap;

use crate::first_line;

/// Compiles the first line as a condition and evaluates it, with the remaining bytes as the body.
pub fn evaluate_condition(data: &[u8]) {
    let (condition, body) = first_line(data);
    let Ok(condition) = std::str::from_utf8(condition) else {
        return;
    };
    let Ok(program) = Program::compile(condition) else {
        return;
    };
    let arena = Arena::default();
    let reading = Node::parse_json(body, &arena).map_or(Reading::Unknown, Reading::of_node);
    let query = Query::parse(Some("a=b&n=5&a=c"));
    let headers = HeaderMap::new();
    let facts = Facts {
        method: "POST",
        path: &RequestPath::of("/v1/charges"),
        host: "api.example",
        query: &query,
        headers: Some(&headers),
        content: Some(Content {
            body: reading,
            size: body.len() as u64,
        }),
        service: (ServiceId(1), "stripe"),
        agent: (AgentId(2), "assistant"),
        intent: "Charge the card",
        operation: None,
        operation_effect: None,
        now: Timestamp(1_700_000_000_000),
    };
    match program.evaluate(&facts) {
        Ok(is_true) => assert_eq!(program.evaluate(&facts).ok(), Some(is_true)),
        Err(failure) => assert!(!program.explain(failure).is_empty()),
    }
}
