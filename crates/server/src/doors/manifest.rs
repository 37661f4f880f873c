//! The description of the proxy port, for agents that ask.

use axum::Json;
use axum::response::{IntoResponse, Response};
use gaiterguard_authority::{AgentCaller, UsableService};
use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

const X_PROXY_STATUS: HeaderName = HeaderName::from_static("x-proxy-status");

/// Returns the manifest, with the hosts of the agent if it presented its key.
pub(super) fn manifest(caller: Option<&AgentCaller>, gateway_url: &str) -> Response {
    let mut body = json!({
        "gateway": gateway_url,
        "description":
            "This port is a forward proxy that decides on each request: it forwards the request with the \
             credential of its service, holds it for a human, or denies it.",
        "proxy": "Set HTTPS_PROXY and HTTP_PROXY to http://LABEL:AGENT_KEY@HOST:PORT of this port. The user name is \
                  a label for people; it may end in ;wait=SECONDS.",
        "certificate": format!("{gateway_url}/ca.pem"),
        "intent": "State the purpose of a request in the header X-Agent-Intent.",
        "held": {
            "status": 428,
            "meaning": "A human must approve the request. Nothing was sent.",
            "wait": "Send the same request with Prefer: wait=60, up to 300 seconds. The call then stays open, and \
                     its response is the upstream's if the human approves.",
            "later": "Or poll status_url in the body of the 428; once it is APPROVED, POST to its execute_url. Both \
                      are at the gateway, outside this proxy, with the header Agent-Key.",
            "denied": "403 with the code action_denied and the human's note. Do not try to get around it.",
        },
    });
    if let Some(caller) = caller {
        let services = caller.services().into_iter();
        let services = services.map(|UsableService { service, .. }| {
            json!({ "name": service.name, "base_url": service.base_url.to_string() })
        });
        body["services"] = services.collect::<Vec<Value>>().into();
        body["other_hosts"] = caller.agent.other_hosts.as_str().into();
    }
    let status = [(X_PROXY_STATUS, HeaderValue::from_static("gateway"))];
    (status, Json(body)).into_response()
}
