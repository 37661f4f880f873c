//! Conditions, their results on requests, and the errors of invalid ones.

use std::collections::BTreeMap;

use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::OperationRef;
use gaiterguard_request::{Arena, Node, Reading};
use gaiterguard_rules::{Cause, Content, Facts, Program, Query, RequestPath};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

/// 2026-05-04T21:30:00Z, a Monday.
const NOW: Timestamp = Timestamp(1_777_930_200_000);

#[derive(Deserialize)]
struct Table {
    requests: BTreeMap<String, Request>,
    cases: BTreeMap<String, Vec<(String, Expected)>>,
    refused: Vec<(String, u32, u32, String)>,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    path: String,
    query: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    #[serde(default)]
    size: u64,
    intent: String,
    operation: Option<Operation>,
    #[serde(default)]
    not_kept: bool,
}

#[derive(Deserialize)]
struct Operation {
    id: String,
    summary: Option<String>,
    tags: Vec<String>,
    deprecated: bool,
    effect: Option<Effect>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(untagged)]
enum Expected {
    Holds(bool),
    Fails(String),
}

fn table() -> Table {
    serde_json::from_str(include_str!("data/conditions.json")).unwrap()
}

fn evaluate(program: &Program, request: &Request) -> Result<bool, Cause> {
    let query = Query::parse(request.query.as_deref());
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    let arena = Arena::default();
    let body = request
        .body
        .as_deref()
        .map(|body| Node::parse_json(body.as_bytes(), &arena).unwrap());
    let operation = request.operation.as_ref().map(|operation| OperationRef {
        id: operation.id.clone(),
        summary: operation.summary.clone(),
        tags: operation.tags.clone(),
        deprecated: operation.deprecated,
    });
    let facts = Facts {
        method: &request.method,
        path: &RequestPath::of(&request.path),
        host: "api.stripe.com",
        query: &query,
        headers: (!request.not_kept).then_some(&headers),
        content: (!request.not_kept).then_some(Content {
            body: body.map_or(Reading::Absent, Reading::of_node),
            size: request.size,
        }),
        service: (ServiceId(3), "stripe"),
        agent: (AgentId(7), "biller"),
        intent: &request.intent,
        operation: operation.as_ref(),
        operation_effect: request
            .operation
            .as_ref()
            .and_then(|operation| operation.effect),
        now: NOW,
    };
    program.evaluate(&facts).map_err(|failure| failure.cause)
}

#[test]
fn every_condition_of_the_table_comes_to_what_it_says() {
    let table = table();
    let mut wrong = Vec::new();
    for (name, cases) in &table.cases {
        let request = &table.requests[name];
        for (text, expected) in cases {
            let found = match Program::compile(text) {
                Err(error) => Expected::Fails(error.to_string()),
                Ok(program) => match evaluate(&program, request) {
                    Ok(holds) => Expected::Holds(holds),
                    Err(cause) => Expected::Fails(format!("{cause:?}")),
                },
            };
            if found != *expected {
                wrong.push(format!("{name}: {text}: {found:?}, not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_invalid_condition_is_refused_with_its_position_and_what_was_expected() {
    let mut wrong = Vec::new();
    for (text, line, column, message) in table().refused {
        match Program::compile(&text) {
            Ok(_) => wrong.push(format!("{text}: compiles")),
            Err(error)
                if (error.line, error.column) == (line, column)
                    && error.message.starts_with(&message) => {}
            Err(error) => wrong.push(format!("{text}: {error}, not {line}:{column} {message}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
