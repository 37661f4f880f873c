//! Headlines of whole requests, as an approver reads them.

mod batches;
mod bounds;
mod clarity;
mod cuts;
mod danger;
mod deciding;
mod evaluation;
mod headers;
mod headlines;
mod items;
mod measures;
mod pairs;
mod parties;
mod reach;
mod reading;
mod remote_calls;
mod removals;
mod said_acts;
mod secrets;
mod totals;
mod unpacked;
mod verbs;

use gaiterguard_apidocs::{Body, Field, Operation};
use gaiterguard_domain::effect::Effect;
use gaiterguard_judge::{Documented, effect_of_request};
use gaiterguard_request::Arena;
use gaiterguard_request::opened::{Opened, Request};
use gaiterguard_summary::{Subject, Summary};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// Summarizes a request; a body that begins with a brace is JSON, one with an angle bracket XML, and any
/// other one a form.
fn summary(
    effect: Effect,
    method: &Method,
    target: &str,
    body: &[u8],
    operation: Option<&Operation>,
) -> Summary {
    with_headers(effect, method, target, &[], body, operation)
}

/// Summarizes a request with further headers.
fn with_headers(
    effect: Effect,
    method: &Method,
    target: &str,
    further: &[(&str, &str)],
    body: &[u8],
    operation: Option<&Operation>,
) -> Summary {
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| (path, Some(query)));
    let mut headers = HeaderMap::new();
    let media_type = match body.first() {
        Some(b'{' | b'[') => "application/json",
        Some(b'<') => "application/xml",
        _ => "application/x-www-form-urlencoded",
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    for (name, value) in further {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a valid name");
        headers.insert(name, HeaderValue::from_str(value).expect("a valid value"));
    }
    let arena = Arena::default();
    let request = Request {
        method,
        host: "api.example.com",
        path,
        query,
        headers: &headers,
        body,
    };
    Summary::of(Subject {
        opened: &Opened::open(request, &arena),
        base_path: "",
        operation,
        effect,
    })
}

/// Summarizes a request with the effect that the assessor finds, as the gateway does.
fn assessed(
    method: &Method,
    target: &str,
    further: &[(&str, &str)],
    body: &serde_json::Value,
) -> Summary {
    let body = match body {
        serde_json::Value::Null => String::new(),
        body => body.to_string(),
    };
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| (path, Some(query)));
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in further {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a valid name");
        headers.insert(name, HeaderValue::from_str(value).expect("a valid value"));
    }
    let arena = Arena::default();
    let request = Request {
        method,
        host: "api.example.com",
        path,
        query,
        headers: &headers,
        body: body.as_bytes(),
    };
    let opened = Opened::open(request, &arena);
    Summary::of(Subject {
        effect: effect_of_request(&opened, Documented::Nothing),
        opened: &opened,
        base_path: "",
        operation: None,
    })
}

/// Returns a documented operation with fields and their descriptions.
fn operation(template: &str, summary: &str, fields: &[(&str, &str)]) -> Operation {
    let fields = fields.iter().map(|(pointer, description)| Field {
        pointer: (*pointer).to_owned(),
        description: Some((*description).to_owned()),
        ..Field::default()
    });
    Operation {
        template: template.to_owned(),
        summary: Some(summary.to_owned()),
        body: Body {
            fields: fields.collect(),
            ..Body::default()
        },
        ..Operation::default()
    }
}
