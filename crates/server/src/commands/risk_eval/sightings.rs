//! The values of a request that the agent was shown before.

use gaiterguard_domain::request::CanonicalRequest;
use gaiterguard_judge::history::{History, SightingKind};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::Value;

/// A value of a request, and where the agent saw it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct SeenValue {
    pub(super) value: String,
    /// `shown`, `created` or `approved`.
    pub(super) kind: &'static str,
    /// The call in whose response it was, as in `GET /conversations.list`.
    pub(super) call: String,
    /// The part of the object around it.
    pub(super) piece: String,
}

/// Looks up the path of a request, its segments, the values of its query and those of its body, if
/// that is JSON or a form.
pub(super) fn of_request(request: &CanonicalRequest, history: &dyn History) -> Vec<SeenValue> {
    let mut values = vec![request.target.path().to_owned()];
    let segments = request.target.path().split('/');
    values.extend(segments.map(|segment| percent_decode_str(segment).decode_utf8_lossy().into()));
    let query = request.target.query().unwrap_or_default();
    values.extend(form_values(query.as_bytes()));
    match serde_json::from_slice(&request.body) {
        Ok(json) => scalars(&json, &mut values),
        Err(_) => values.extend(form_values(&request.body)),
    }
    let mut seen: Vec<SeenValue> = Vec::new();
    for value in values {
        if seen.iter().any(|one| one.value == value) {
            continue;
        }
        if let Some(sighting) = history.sighting(&value) {
            seen.push(SeenValue {
                value,
                kind: match sighting.kind {
                    SightingKind::Shown => "shown",
                    SightingKind::Created => "created",
                    SightingKind::Approved => "approved",
                },
                call: sighting.call,
                piece: sighting.piece,
            });
        }
    }
    seen
}

fn form_values(text: &[u8]) -> impl Iterator<Item = String> {
    form_urlencoded::parse(text).map(|(_, value)| value.into_owned())
}

fn scalars(json: &Value, found: &mut Vec<String>) {
    match json {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => found.push(number.to_string()),
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| scalars(item, found)),
        Value::Object(members) => members.values().for_each(|value| scalars(value, found)),
    }
}
