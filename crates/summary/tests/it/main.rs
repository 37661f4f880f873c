//! Headlines of whole requests, as an approver reads them.

mod bounds;
mod clarity;
mod deciding;
mod evaluation;
mod headlines;
mod reach;
mod remote_calls;

use gaiterguard_apidocs::{Body, Field, Operation};
use gaiterguard_domain::effect::Effect;
use gaiterguard_request::Arena;
use gaiterguard_request::opened::{Opened, Request};
use gaiterguard_summary::{Subject, Summary};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};

/// Summarizes a request; a body that begins with a brace is JSON, any other one a form.
fn summary(
    effect: Effect,
    method: &Method,
    target: &str,
    body: &[u8],
    operation: Option<&Operation>,
) -> Summary {
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| (path, Some(query)));
    let mut headers = HeaderMap::new();
    let media_type = match body.first() {
        Some(b'{' | b'[') => "application/json",
        _ => "application/x-www-form-urlencoded",
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
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
