//! Offers of the approval page: the gateway sends them before a result, and the bridge reports when the request has
//! been decided.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gaiterguard_console as console;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::agent_client::{AgentClient, RESPONSE_WAIT};

/// How long one call waits for a decision, in seconds. The gateway allows 60.
const WAIT_SECONDS: u64 = 55;

/// The pause after a call that failed. A restart of the gateway takes a few seconds.
const PAUSE: Duration = Duration::from_secs(5);

/// Returns the messages before the response, and the response, of a body that may be a stream of events.
pub(super) fn messages_of(body: String) -> (Vec<String>, String) {
    if body.trim_ascii_start().starts_with('{') || !body.contains("data:") {
        return (Vec::new(), body);
    }
    let mut messages: Vec<String> = body
        .split("\n\n")
        .map(|event| {
            let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
            // Line breaks between the lines of an event are white space between JSON tokens.
            lines.map(str::trim).collect::<Vec<_>>().join(" ")
        })
        .filter(|data| !data.is_empty())
        .collect();
    let response = messages.pop().unwrap_or_default();
    (messages, response)
}

/// The requests whose approval pages were offered.
#[derive(Clone)]
pub(super) struct Approvals {
    client: Arc<AgentClient>,
    watched: Arc<Mutex<Watched>>,
}

#[derive(Default)]
struct Watched {
    actions: HashSet<String>,
    tasks: JoinSet<()>,
}

impl Approvals {
    pub(super) fn new(client: Arc<AgentClient>) -> Self {
        Self {
            client,
            watched: Arc::default(),
        }
    }

    /// Waits in the background for the decision on the request that a message offers the page of, and reports it to
    /// the client.
    pub(super) fn watch(&self, message: &str) {
        let Some(action) = offered(message) else {
            return;
        };
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        while watched.tasks.try_join_next().is_some() {}
        if watched.actions.insert(action.clone()) {
            let client = Arc::clone(&self.client);
            watched.tasks.spawn(async move {
                decided(&client, &action).await;
                console::say(json!({
                    "jsonrpc": "2.0",
                    "method": "notifications/elicitation/complete",
                    "params": { "elicitationId": action },
                }));
            });
        }
    }
}

/// Returns the action whose approval page a message offers.
fn offered(message: &str) -> Option<String> {
    let message: Value = serde_json::from_str(message).ok()?;
    let is_offer = message["method"] == "elicitation/create";
    let action = message["params"]["elicitationId"].as_str()?;
    is_offer.then(|| action.to_owned())
}

/// Returns once the action is not pending.
async fn decided(client: &AgentClient, action: &str) {
    loop {
        let url = format!("{}/status/{action}?wait={WAIT_SECONDS}", client.url);
        let call = client
            .http
            .get(url)
            .header("Agent-Key", client.key.clone())
            .timeout(RESPONSE_WAIT);
        let status = async { call.send().await?.error_for_status()?.bytes().await };
        match status.await {
            Ok(body) if is_pending(&body) => {}
            Ok(_) => return,
            // An action that has been removed, or a key that is not valid, has nothing to report.
            Err(error)
                if error
                    .status()
                    .is_some_and(|status| status.is_client_error()) =>
            {
                return;
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

fn is_pending(body: &[u8]) -> bool {
    let report: Value = serde_json::from_slice(body).unwrap_or_default();
    report["status"] == "PENDING"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_of_events_is_read_in_order() {
        let offer = r#"{"method":"elicitation/create","params":{"elicitationId":"a"}}"#;
        let events = format!(
            "event: message\ndata: {offer}\n\nevent: message\ndata: {{\ndata: \"id\":1}}\n\n"
        );
        let (before, response) = messages_of(events);
        assert_eq!(before, [offer]);
        assert_eq!(offered(&before[0]).as_deref(), Some("a"));
        assert_eq!(response, r#"{ "id":1}"#);
        let plain = r#"{"result":"data: x"}"#;
        assert_eq!(
            messages_of(plain.to_owned()),
            (Vec::new(), plain.to_owned())
        );
        assert_eq!(offered(r#"{"method":"ping"}"#), None);
    }
}
