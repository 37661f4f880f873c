//! The approval page, offered to the person in front of the client: URL mode elicitation of the Model Context Protocol
//! (revision 2025-11-25). The page asks that person to sign in; an elicitation decides nothing.
//!
//! The transport has no sessions, so the id of a session says only that its client can open pages, which it declares
//! once, when it connects. Any replica can read it.

use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use gaiterguard_domain::id::ActionId;
use gaiterguard_web::problem::Problem;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use uuid::Uuid;

/// The header of a session's id.
const SESSION: &str = "mcp-session-id";

/// The beginning of the id of a session whose client can open pages.
const OPENS_PAGES: &str = "opens-pages-";

/// The error of a tool that continues once a person has been at a page.
pub(super) const URL_ELICITATION_REQUIRED: i32 = -32042;

const MESSAGE: &str = "A request of your agent needs approval before it is sent. Open the page to see the request \
                       and decide. You sign in there with your own account.";

/// The abilities of the client that sent a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Client {
    /// Whether it has said, in this session, that it can open pages.
    can_open: bool,
    /// Whether this message says so, and begins a session.
    begins: bool,
    /// Whether this message is a response to a request of the gateway.
    pub(super) responds: bool,
}

#[derive(Deserialize)]
struct Message {
    method: Option<String>,
    #[serde(default)]
    params: Option<Params>,
    result: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
struct Params {
    #[serde(default)]
    capabilities: Option<Capabilities>,
}

#[derive(Deserialize)]
struct Capabilities {
    #[serde(default)]
    elicitation: Option<Elicitation>,
}

#[derive(Deserialize)]
struct Elicitation {
    #[serde(default)]
    url: Option<IgnoredAny>,
}

impl Client {
    /// Reads what the client of a message can do, and removes the id of the session, which the transport does not
    /// know.
    pub(super) fn of(headers: &mut HeaderMap, message: &Bytes) -> Self {
        let can_open = opens_pages(headers);
        headers.remove(SESSION);
        // A message that cannot be read is refused by the transport.
        let read: Option<Message> = serde_json::from_slice(message).ok();
        let begins = read.as_ref().is_some_and(|message| {
            message.method.as_deref() == Some("initialize")
                && message
                    .params
                    .as_ref()
                    .and_then(|params| params.capabilities.as_ref())
                    .and_then(|capabilities| capabilities.elicitation.as_ref())
                    .is_some_and(|elicitation| elicitation.url.is_some())
        });
        let responds = can_open
            && read.is_some_and(|message| {
                message.method.is_none() && (message.result.is_some() || message.error.is_some())
            });
        Self {
            can_open,
            begins,
            responds,
        }
    }
}

/// The pages that a client is offered during a call of a tool.
pub(super) struct ApprovalPages {
    /// The URL of the dashboard, if the client can open pages and people can be sent there.
    dashboard: Option<Box<str>>,
    /// Messages that the client gets before the result.
    messages: Mutex<Vec<Value>>,
}

impl ApprovalPages {
    /// Returns the pages for a client. `dashboard` is `None` if it is not known where people open it.
    pub(super) fn new(client: &Client, dashboard: Option<&str>) -> Self {
        Self {
            dashboard: dashboard
                .filter(|_| client.can_open)
                .map(|url| url.trim_end_matches('/').into()),
            messages: Mutex::default(),
        }
    }

    /// Offers the page of a held request.
    pub(super) fn offer(&self, action: ActionId) {
        if let Some(mut params) = self.elicitation(action) {
            params["message"] = json!(MESSAGE);
            self.add(json!({
                "jsonrpc": "2.0",
                "id": format!("approval-{}", Uuid::new_v4()),
                "method": "elicitation/create",
                "params": params,
            }));
        }
    }

    /// Reports that a request has been decided. Clients ignore reports about pages that they were not offered.
    pub(super) fn complete(&self, action: ActionId) {
        if self.dashboard.is_some() {
            self.add(completed(action));
        }
    }

    /// Returns the data of the error that offers the page of a held request; `None` if it cannot be offered.
    pub(super) fn required(&self, action: ActionId) -> Option<Value> {
        let mut elicitation = self.elicitation(action)?;
        elicitation["message"] = json!(MESSAGE);
        Some(json!({ "elicitations": [elicitation] }))
    }

    fn elicitation(&self, action: ActionId) -> Option<Value> {
        let dashboard = self.dashboard.as_deref()?;
        Some(json!({
            "mode": "url",
            "elicitationId": action,
            "url": format!("{dashboard}/app/?action={action}"),
        }))
    }

    fn add(&self, message: Value) {
        // A push leaves nothing half done.
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push(message);
    }

    /// Returns the response with what the client is sent before it, as a stream of events.
    pub(super) async fn before(&self, response: Response) -> Result<Response, Problem> {
        let messages =
            std::mem::take(&mut *self.messages.lock().unwrap_or_else(PoisonError::into_inner));
        if messages.is_empty() {
            return Ok(response);
        }
        let (mut parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|_| Problem::internal())?;
        let mut events = String::new();
        for message in messages {
            push_event(&mut events, &message.to_string());
        }
        let last = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        push_event(&mut events, &last);
        let stream = HeaderValue::from_static("text/event-stream");
        parts.headers.insert(CONTENT_TYPE, stream);
        parts.headers.remove(http::header::CONTENT_LENGTH);
        Ok(Response::from_parts(parts, Body::from(events)))
    }
}

/// Returns the report that a request has been decided.
pub(super) fn completed(action: ActionId) -> Value {
    json!({
        "jsonrpc": "2.0",
        "method": "notifications/elicitation/complete",
        "params": { "elicitationId": action },
    })
}

/// Returns whether the headers name a session whose client can open pages.
pub(super) fn opens_pages(headers: &HeaderMap) -> bool {
    let session = headers.get(SESSION).and_then(|value| value.to_str().ok());
    session.is_some_and(|id| id.starts_with(OPENS_PAGES))
}

/// Adds an event whose data is one line of JSON.
fn push_event(events: &mut String, json: &str) {
    events.push_str("event: message\n");
    for line in json.lines() {
        events.push_str("data: ");
        events.push_str(line);
        events.push('\n');
    }
    events.push('\n');
}

/// Begins a session, if the client can open pages and people can be sent there.
pub(super) fn begin(client: &Client, dashboard: Option<&str>, response: &mut Response) {
    if client.begins && dashboard.is_some() && response.status().is_success() {
        let id = format!("{OPENS_PAGES}{}", Uuid::new_v4());
        if let Ok(id) = HeaderValue::try_from(id) {
            response.headers_mut().insert(SESSION, id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(session: Option<&'static str>, message: &Value) -> (Client, HeaderMap) {
        let mut headers = HeaderMap::new();
        if let Some(id) = session {
            headers.insert(SESSION, HeaderValue::from_static(id));
        }
        let message = Bytes::from(message.to_string());
        (Client::of(&mut headers, &message), headers)
    }

    fn initialize(capabilities: &Value) -> Value {
        json!({"id": 1, "method": "initialize", "params": {"capabilities": capabilities}})
    }

    #[test]
    fn only_a_client_that_declares_the_mode_begins_a_session() {
        for (capabilities, begins) in [
            (json!({"elicitation": {"url": {}}}), true),
            (json!({"elicitation": {"form": {}, "url": {}}}), true),
            (json!({"elicitation": {}}), false),
            (json!({"elicitation": {"form": {}}}), false),
            (json!({}), false),
        ] {
            let (client, _) = client(None, &initialize(&capabilities));
            assert_eq!(client.begins, begins, "{capabilities}");
            let mut response = Response::new(Body::empty());
            begin(&client, Some("http://gate.example"), &mut response);
            assert_eq!(response.headers().contains_key(SESSION), begins);
            let mut response = Response::new(Body::empty());
            begin(&client, None, &mut response);
            assert!(!response.headers().contains_key(SESSION));
        }
    }

    #[test]
    fn pages_are_offered_in_such_a_session_only() {
        let call = json!({"id": 1, "method": "tools/call", "params": {}});
        let action: ActionId = "48cd34e6-e032-453c-b7b0-33c7478307c4".parse().unwrap();
        for (session, offers) in [
            (Some("opens-pages-1"), true),
            (Some("other"), false),
            (None, false),
        ] {
            let (client, headers) = client(session, &call);
            assert!(headers.is_empty());
            let pages = ApprovalPages::new(&client, Some("http://gate.example/"));
            pages.offer(action);
            pages.complete(action);
            let messages = pages.messages.into_inner().unwrap();
            assert_eq!(messages.len(), if offers { 2 } else { 0 });
            let unknown = ApprovalPages::new(&client, None);
            assert_eq!(unknown.required(action), None);
        }
        let (client, _) = client(Some("opens-pages-1"), &call);
        let pages = ApprovalPages::new(&client, Some("http://gate.example/"));
        let required = pages.required(action).unwrap();
        let page = "http://gate.example/app/?action=48cd34e6-e032-453c-b7b0-33c7478307c4";
        assert_eq!(required["elicitations"][0]["url"], page);
    }

    #[test]
    fn the_response_to_an_offer_is_recognized() {
        let accepted = json!({"id": "approval-1", "result": {"action": "accept"}});
        assert!(client(Some("opens-pages-1"), &accepted).0.responds);
        assert!(!client(None, &accepted).0.responds);
        let call = json!({"id": 1, "method": "tools/call", "params": {}});
        assert!(!client(Some("opens-pages-1"), &call).0.responds);
    }
}
