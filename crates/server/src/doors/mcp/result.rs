//! JSON results of the tools.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use gaiterguard_apidocs::{Field, Operation, Parameter, Section};
use gaiterguard_authority::{ResolvedService, SearchResults, UsableService};
use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_gateway::action::ActionReport;
use gaiterguard_gateway::refusal::Refusal;
use gaiterguard_gateway::response::{Held, Response as UpstreamResponse};
use gaiterguard_gateway::send::relay::{RelayedBody, ResponseBody};
use gaiterguard_upstream::compressed;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::stored_response::StoredResponseBody;
use http::StatusCode;
use http_body_util::BodyExt as _;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::doors::outcome::proxy_status;
use crate::doors::status::StatusBody;

/// Maximum length of a body in a result, in bytes. As text it is about 64,000 tokens, half of what many
/// models can read.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// Time limit for reading a body that does not end, such as a stream of events.
const BODY_WAIT: Duration = Duration::from_secs(30);

/// Limits on what a search result contains of a document: characters of a description and of a section,
/// parameters or fields of an operation, and values of each.
const DESCRIPTION_CHARS_MAX: usize = 600;
const SECTION_CHARS_MAX: usize = 2_000;
const FIELDS_MAX: usize = 60;
const VALUES_MAX: usize = 20;

/// Serializes a value.
pub(super) fn of(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Returns the result of `list_services`.
pub(super) fn services(services: &[UsableService]) -> Value {
    let usable_services = services.iter().map(|usable| {
        let service = &usable.service;
        json!({
            "service": service.name,
            "service_id": service.id,
            "base_url": service.base_url.to_string(),
            "description": service.description,
            "documented_operations": usable.operations,
        })
    });
    json!({ "services": usable_services.collect::<Vec<_>>() })
}

/// Returns the result of `search_operations`.
pub(super) fn findings(found: &SearchResults) -> Value {
    let operations = found
        .operations
        .iter()
        .map(|(service, it)| operation(service, it));
    let sections = found
        .sections
        .iter()
        .map(|(service, it)| section(service, it));
    json!({
        "operations": operations.collect::<Vec<_>>(),
        "documentation": sections.collect::<Vec<_>>(),
    })
}

fn section(service: &ResolvedService, section: &Section) -> Value {
    json!({
        "service": service.name,
        "heading": section.heading,
        "text": cut(&section.text, SECTION_CHARS_MAX),
    })
}

fn operation(service: &ResolvedService, operation: &Operation) -> Value {
    let mut result = Map::new();
    result.insert("service".to_owned(), json!(service.name));
    result.insert("method".to_owned(), json!(operation.method));
    let path = path_at(operation, service.base_url.path());
    result.insert("path".to_owned(), json!(path));
    result.insert("operation_id".to_owned(), json!(operation.id));
    insert_text(&mut result, "summary", operation.summary.as_deref());
    insert_text(&mut result, "description", operation.description.as_deref());
    if operation.deprecated {
        result.insert("deprecated".to_owned(), json!(true));
    }
    let parameters: Vec<_> = operation
        .parameters
        .iter()
        .take(FIELDS_MAX)
        .map(parameter)
        .collect();
    if !parameters.is_empty() {
        result.insert("parameters".to_owned(), Value::Array(parameters));
    }
    if operation.body.required || !operation.body.fields.is_empty() {
        let fields = operation.body.fields.iter().take(FIELDS_MAX).map(field);
        let body = json!({
            "required": operation.body.required,
            "media_types": operation.body.media_types,
            "fields": fields.collect::<Vec<_>>(),
        });
        result.insert("body".to_owned(), body);
    }
    Value::Object(result)
}

/// Returns the path to request an operation with: its template without the prefix that the
/// service's base URL already contains.
fn path_at(operation: &Operation, service_path: &str) -> String {
    let service_path = service_path.trim_end_matches('/');
    let below = |base: &String| {
        let whole = format!("{base}{}", operation.template);
        let rest = whole.strip_prefix(service_path)?;
        rest.starts_with('/').then(|| rest.to_owned())
    };
    let mut known = operation.base_paths.iter();
    known
        .find_map(below)
        .unwrap_or_else(|| operation.template.clone())
}

fn parameter(parameter: &Parameter) -> Value {
    let mut result = Map::new();
    result.insert("name".to_owned(), json!(parameter.name));
    result.insert("in".to_owned(), of(&parameter.place));
    described(
        &mut result,
        parameter.required,
        parameter.kind.as_deref(),
        &parameter.values,
        parameter.description.as_deref(),
    );
    Value::Object(result)
}

fn field(field: &Field) -> Value {
    let mut result = Map::new();
    result.insert("pointer".to_owned(), json!(field.pointer));
    described(
        &mut result,
        field.required,
        field.kind.as_deref(),
        &field.values,
        field.description.as_deref(),
    );
    Value::Object(result)
}

fn described(
    result: &mut Map<String, Value>,
    is_required: bool,
    kind: Option<&str>,
    values: &[String],
    description: Option<&str>,
) {
    if is_required {
        result.insert("required".to_owned(), json!(true));
    }
    if let Some(kind) = kind {
        result.insert("type".to_owned(), json!(kind));
    }
    if !values.is_empty() {
        let values = &values[..values.len().min(VALUES_MAX)];
        result.insert("values".to_owned(), json!(values));
    }
    insert_text(result, "description", description);
}

fn insert_text(result: &mut Map<String, Value>, member: &str, text: Option<&str>) {
    if let Some(text) = text {
        result.insert(member.to_owned(), json!(cut(text, DESCRIPTION_CHARS_MAX)));
    }
}

/// Truncates a text and marks the cut.
fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Returns the result for a held request.
pub(super) fn held(held: &Held) -> Value {
    json!({
        "outcome": "held",
        "code": "approval_required",
        "action_id": held.action,
        "risk_score": held.risk_score,
        "risk_explanation": held.risk_explanation,
        "expires_at": held.expires_at.to_string(),
        "next": "Nothing was sent. Inform your user that a human must approve this request. Then \
                 call action_status with this action_id and wait_seconds 50, repeatedly while it \
                 is PENDING. When it is APPROVED, call execute_action. Do not send the request \
                 again.",
    })
}

/// Returns the result of `action_status`: the body of `GET /status`, with the next step. A stored
/// response is shortened as in every result.
pub(super) fn status(mut report: ActionReport) -> Value {
    report.response = report.response.map(shortened);
    let next = match report.action.state.status() {
        ActionStatus::Pending => "No human has decided yet: call action_status again.",
        ActionStatus::Approved => {
            "To send the request, call execute_action with this action_id once."
        }
        ActionStatus::Denied | ActionStatus::Revoked => {
            "The request will not be sent. Follow the note, and inform your user."
        }
        ActionStatus::Expired => {
            "The request will not be sent: it was not decided or executed in time. Ask your user \
             before you propose it again."
        }
        ActionStatus::Executing => {
            "The request is being sent: call action_status again for the result."
        }
        ActionStatus::Executed => {
            "The request was sent; result contains the response if it is stored."
        }
        ActionStatus::Indeterminate => {
            "The request may have been sent. Do not send it again: a human investigates."
        }
    };
    let mut result = of(&StatusBody::from(report));
    result["next"] = json!(next);
    result
}

/// Returns the result for an upstream's response, whatever its status.
pub(super) async fn response(upstream: UpstreamResponse) -> Result<Value, Problem> {
    let status = upstream.proxy_status;
    let risk_score = upstream.risk_score;
    if upstream.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Refusal::WebSocketLost.into());
    }
    let (body, is_truncated) = match upstream.body {
        ResponseBody::Whole(mut bytes) => {
            let is_truncated = bytes.len() > BODY_BYTES_MAX;
            bytes.truncate(BODY_BYTES_MAX);
            (bytes, is_truncated)
        }
        ResponseBody::Relayed(body) => beginning(body).await?,
        ResponseBody::Switched(_) => (Bytes::new(), false),
    };
    let shown = StoredResponseBody::of_readable(&shortened(KeptResponse {
        status: upstream.status,
        headers: upstream.headers,
        body,
        is_truncated,
    }));
    let mut result = json!({
        "outcome": "answered",
        "proxy_status": proxy_status(status),
        "risk_score": risk_score,
    });
    if let (Some(result), Value::Object(shown)) = (result.as_object_mut(), of(&shown)) {
        result.extend(shown);
    }
    Ok(result)
}

/// Returns a response in readable form, with at most the part of its body that a result contains.
fn shortened(response: KeptResponse) -> KeptResponse {
    let mut readable = compressed::readable(response);
    if readable.body.len() > BODY_BYTES_MAX {
        readable.body.truncate(BODY_BYTES_MAX);
        readable.is_truncated = true;
    }
    if readable.is_truncated {
        readable.body.truncate(whole_characters(&readable.body));
    }
    readable
}

/// Reads the part of a body that a result contains, and whether there is more.
async fn beginning(mut body: RelayedBody) -> Result<(Bytes, bool), Problem> {
    let deadline = Instant::now() + BODY_WAIT;
    let mut read = BytesMut::new();
    loop {
        let frame = match tokio::time::timeout_at(deadline, body.frame()).await {
            Err(_) => return Ok((read.freeze(), true)),
            Ok(None) => return Ok((read.freeze(), false)),
            Ok(Some(frame)) => frame.map_err(|_| Problem::from(Refusal::UpstreamBroken))?,
        };
        if let Ok(piece) = frame.into_data() {
            let room = BODY_BYTES_MAX - read.len();
            read.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.len() > room {
                return Ok((read.freeze(), true));
            }
        }
    }
}

/// Returns the length of a text's beginning without an incomplete last character.
fn whole_characters(text: &[u8]) -> usize {
    match std::str::from_utf8(text) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::CONTENT_ENCODING;

    use super::*;

    #[test]
    fn an_operation_is_found_at_the_path_that_is_sent() {
        let operation = |base: &str, template: &str| Operation {
            template: template.to_owned(),
            base_paths: [base.to_owned()].into(),
            ..Operation::default()
        };
        for (base, template, service_path, path) in [
            ("", "/charges", "/", "/charges"),
            ("/v1", "/charges", "/v1", "/charges"),
            ("/v1", "/charges", "/", "/v1/charges"),
            ("", "/v1/charges", "/v1", "/charges"),
            ("/v2", "/charges", "/v1", "/charges"),
            ("/v10", "/charges", "/v1", "/charges"),
        ] {
            let path_at = path_at(&operation(base, template), service_path);
            assert_eq!(path_at, path, "{base} {template} {service_path}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters_whatever_its_label() {
        for label in ["identity", "utf-8"] {
            let shortened = shortened(KeptResponse {
                status: StatusCode::OK,
                headers: [(CONTENT_ENCODING, HeaderValue::from_static(label))]
                    .into_iter()
                    .collect(),
                body: format!("x{}", "é".repeat(BODY_BYTES_MAX / 2)).into(),
                is_truncated: false,
            });
            assert!(shortened.is_truncated, "{label}");
            assert_eq!(shortened.body.len(), BODY_BYTES_MAX - 1, "{label}");
        }
    }

    #[test]
    fn a_truncated_text_is_marked() {
        assert_eq!(cut("één", 3), "één");
        assert_eq!(cut("één", 2), "éé…");
        assert_eq!(whole_characters("né".as_bytes()), 3);
        assert_eq!(whole_characters(&"né".as_bytes()[..2]), 1);
        assert_eq!(whole_characters(b"n\xff\xff"), 3);
    }
}
