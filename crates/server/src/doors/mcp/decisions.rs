//! `GET /mcp`: the stream on which a client that was offered the approval page of a held request learns that a human has
//! decided, without asking. The transport allows messages on it that belong to no request of the client (revision
//! 2025-11-25, "Listening for Messages from the Server"), and the official clients open it once they have a session.
//!
//! Every replica can serve it, because a session says only that its client can open pages: the stream reports the
//! decisions on all requests of the agent, and clients ignore reports about pages that they were not offered.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event as StreamEvent, KeepAlive};
use axum::response::{IntoResponse as _, Response, Sse};
use futures_util::StreamExt as _;
use futures_util::stream::{FuturesUnordered, unfold};
use gaiterguard_authority::AgentCaller;
use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::audit::AuditEntry;
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::ActionId;
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::action::STATUS_WAIT_MAX;
use gaiterguard_listener::Lifecycle;
use gaiterguard_store::Notice;
use gaiterguard_web::problem::{Problem, no_such_method};
use gaiterguard_web::responses::Unavailable;
use http::header::ALLOW;
use http::{HeaderMap, HeaderValue};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::approval_page::{completed, opens_pages};
use super::refuse_foreign_pages;
use crate::doors::agent;
use crate::state::AgentState;

/// Interval of comments on an idle stream, so that proxies do not close the connection. The shortest common idle
/// timeout is 30 seconds; half of that survives one late comment.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);

/// The most decided requests of one stream that wait for their release at a time. Further ones are reported with the
/// next response.
const WAITING_MAX: usize = 100;

/// Model Context Protocol stream
///
/// For clients with URL mode elicitation. `notifications/elicitation/complete` reports each decision on a request of the
/// agent, so that the client need not ask. Without the session id of such a client there is nothing to report, and the
/// response is 405, as the protocol demands of a server without a stream.
#[utoipa::path(
    get,
    path = "/mcp",
    operation_id = "mcpDecisions",
    tag = "agent",
    params((
        "Mcp-Session-Id" = Option<String>, Header,
        description = "The session id that the response to `initialize` had.",
    )),
    security(("agentKey" = [])),
    responses(
        (
            status = 200,
            description = "A stream of events, each with a JSON-RPC notification.",
            body = String,
            content_type = "text/event-stream",
        ),
        (status = 401, description = "`invalid_agent_key`: the agent key is missing, unknown, \
                                      revoked, or expired."),
        (status = 403, description = "`cross_origin_refused`: the request comes from a web page of \
                                      another origin. `agent_blocked`: the agent is blocked."),
        (status = 405, description = "`method_not_allowed`: the client has no session in which approval pages \
                                      are offered."),
        Unavailable,
    )
)]
pub(in crate::doors) async fn decisions(
    State(state): State<AgentState>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    refuse_foreign_pages(&state, &headers)?;
    let caller = agent::of_headers(&state.gateway, &headers)?;
    if !opens_pages(&headers) || state.dashboard_url.is_none() {
        let mut refused = no_such_method().await;
        let allowed = HeaderValue::from_static("POST");
        refused.headers_mut().insert(ALLOW, allowed);
        return Ok(refused);
    }
    let stream = Decisions {
        notices: state.gateway.store().notices(),
        caller: Arc::new(caller),
        gateway: state.gateway,
        lifecycle: state.lifecycle,
        waiting: FuturesUnordered::new(),
    };
    let events = unfold(stream, |mut stream| async move {
        let action = stream.next().await?;
        let message = StreamEvent::default().event("message");
        let message = message.data(completed(action).to_string());
        Some((Ok::<_, Infallible>(message), stream))
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE_EVERY);
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

/// An open stream.
struct Decisions {
    notices: broadcast::Receiver<Notice>,
    caller: Arc<AgentCaller>,
    gateway: Arc<Gateway>,
    lifecycle: Lifecycle,
    /// The requests that a human may have decided, until the agent sees it.
    waiting: FuturesUnordered<Deciding>,
}

/// Ends with the action once the agent sees that it is decided; with `None` if it never will.
type Deciding = Pin<Box<dyn Future<Output = Option<ActionId>> + Send>>;

impl Decisions {
    /// Returns the next action that was decided; `None` when the stream should end.
    async fn next(&mut self) -> Option<ActionId> {
        let revoked = self.caller.key_token();
        loop {
            tokio::select! {
                biased;
                () = self.lifecycle.draining() => return None,
                () = revoked.cancelled() => return None,
                Some(decided) = self.waiting.next() => {
                    if decided.is_some() {
                        return decided;
                    }
                }
                notice = self.notices.recv() => match notice {
                    Ok(Notice::Entry(entry)) => self.add(&entry),
                    // A missed decision precedes the next response about its request.
                    Ok(Notice::AuthorityChanged(_) | Notice::Missed) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    fn add(&mut self, entry: &AuditEntry) {
        let ends = matches!(
            entry.event(),
            Some(
                Event::ActionApproved
                    | Event::ActionDenied
                    | Event::ActionExpired
                    | Event::ActionRevoked
            )
        );
        let is_here = entry.workspace == Some(self.caller.agent.workspace);
        if let Some(Subject::Action(action)) = entry.subject()
            && ends
            && is_here
            && self.waiting.len() < WAITING_MAX
        {
            let (gateway, caller) = (Arc::clone(&self.gateway), Arc::clone(&self.caller));
            self.waiting.push(Box::pin(async move {
                seen_as_decided(&gateway, &caller, action).await
            }));
        }
    }
}

/// Returns the action once its agent sees that it is decided: an approval that can be undone is released later. Returns
/// `None` for an action of another agent.
async fn seen_as_decided(
    gateway: &Gateway,
    caller: &AgentCaller,
    action: ActionId,
) -> Option<ActionId> {
    loop {
        let report = gateway.status(caller, action, STATUS_WAIT_MAX).await.ok()?;
        if report.action.state.status() != ActionStatus::Pending {
            return Some(action);
        }
    }
}
