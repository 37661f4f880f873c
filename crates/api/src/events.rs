//! `GET /events`: live updates of a workspace.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::response::Sse;
use axum::response::sse::{self, KeepAlive};
use futures_util::Stream;
use futures_util::stream::unfold;
use gaiterguard_domain::audit::AuditEntry;
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{ActionId, AuditId};
use gaiterguard_domain::workspace::Permission;
use gaiterguard_gateway::Gateway;
use gaiterguard_identity::Identity;
use gaiterguard_listener::Lifecycle;
use gaiterguard_store::{Notice, Resume};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::InvalidParameter;
use gaiterguard_web::session::with_session;
use http::HeaderName;
use http::request::Parts;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior, interval};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::caller::Caller;
use super::session_end::CONFIRM_EVERY;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Interval of comments on an idle stream, so that proxies do not close the connection. The shortest common idle
/// timeout is 30 seconds; half of that survives one late comment.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);

/// How long a browser waits before it reconnects. A decision appears a second late after a restart, and a gateway that
/// is down gets one attempt per second from each browser.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Maximum number of missed events to resend. Beyond that, reloading everything is cheaper.
const RESUME_ENTRIES_MAX: u32 = 1000;

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    with_session(
        Permission::Read,
        OpenApiRouter::new().routes(routes!(events)),
    )
}

/// Position of a stream that resumes.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
struct ResumeHeaders {
    /// ID of the last event received.
    #[param(rename = "Last-Event-ID", value_type = Option<i64>, nullable = false, minimum = 1)]
    last_event_id: Option<AuditId>,
}

impl<S: Sync> FromRequestParts<S> for ResumeHeaders {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let value = parts.headers.get(LAST_EVENT_ID);
        let id = value.map(|value| value.to_str().ok().and_then(|text| text.parse().ok()));
        match id {
            Some(None) => Err(Problem::field(
                "Last-Event-ID",
                "must be the ID of an event",
            )),
            id => Ok(Self {
                last_event_id: id.flatten().map(AuditId),
            }),
        }
    }
}

/// Event stream
///
/// Server-sent events: `action.created` and `action.updated` with `{action_id, event, status?,
/// at}`, `request.decided` with `{request_id, decision, at}`, `kill_switch.changed` with `{active,
/// at}`, `members.changed` with `{at}` for every change of members and invitations, `credential.failing`
/// with `{service_id, at}`, `llm.failing` and `llm.recovered` with `{at}`, and `reload` with `{}` if events
/// were missed and everything should be reloaded. A client that reconnects with `Last-Event-ID` receives the
/// events it missed; an event may arrive twice. The stream ends when the session ends.
#[utoipa::path(
    get,
    path = "/events",
    operation_id = "streamEvents",
    tag = "events",
    params(ResumeHeaders),
    responses(
        (
            status = 200,
            description = "A stream of events.",
            body = String,
            content_type = "text/event-stream",
        ),
        InvalidParameter,
    )
)]
async fn events(
    State(gateway): State<Arc<Gateway>>,
    State(identity): State<Arc<Identity>>,
    State(lifecycle): State<Lifecycle>,
    caller: Caller,
    resume: ResumeHeaders,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Problem> {
    // Subscribe before reading the past, so that no event falls in between.
    let notices = gateway.store().notices();
    let mut waiting = VecDeque::from([sse::Event::default()
        .retry(RETRY_AFTER)
        .comment("connected")]);
    if let Some(last) = resume.last_event_id {
        let missed = gateway
            .store()
            .audit_after(caller.workspace(), last, RESUME_ENTRIES_MAX)
            .await?;
        match missed {
            Resume::Entries(entries) => waiting.extend(entries.iter().flat_map(stream_events)),
            Resume::Reload => waiting.push_back(reload()),
        }
    }
    let mut confirm = interval(CONFIRM_EVERY);
    confirm.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let feed = Feed {
        waiting,
        notices,
        confirm,
        caller,
        identity,
        lifecycle,
    };
    let stream = unfold(feed, |mut feed| async move {
        let event = feed.next().await?;
        Some((Ok(event), feed))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE_EVERY)))
}

/// An open stream.
struct Feed {
    waiting: VecDeque<sse::Event>,
    notices: broadcast::Receiver<Notice>,
    confirm: Interval,
    caller: Caller,
    identity: Arc<Identity>,
    lifecycle: Lifecycle,
}

impl Feed {
    /// Returns the next event; `None` when the stream should end.
    async fn next(&mut self) -> Option<sse::Event> {
        loop {
            tokio::select! {
                biased;
                () = self.lifecycle.draining() => return None,
                _ = self.confirm.tick() => {
                    self.confirm().await?;
                }
                event = next_waiting(&mut self.waiting) => return Some(event),
                notice = self.notices.recv() => match notice {
                    Ok(Notice::Entry(entry)) if entry.workspace == Some(self.caller.workspace()) => {
                        if let Some(Subject::Session(_) | Subject::User(_)) = entry.subject() {
                            self.confirm().await?;
                        }
                        self.waiting.extend(stream_events(&entry));
                    }
                    Ok(Notice::Entry(_) | Notice::AuthorityChanged(_)) => {}
                    Ok(Notice::Missed) | Err(RecvError::Lagged(_)) => {
                        self.waiting.push_back(reload());
                    }
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    /// Returns `None` if the session has ended. The client then reconnects and gets the reason.
    async fn confirm(&self) -> Option<()> {
        self.identity.confirm(&self.caller.0).await.ok().map(drop)
    }
}

async fn next_waiting(waiting: &mut VecDeque<sse::Event>) -> sse::Event {
    match waiting.pop_front() {
        Some(event) => event,
        None => std::future::pending().await,
    }
}

/// Converts an audit entry to stream events.
fn stream_events(entry: &AuditEntry) -> Vec<sse::Event> {
    event_data(entry)
        .into_iter()
        .map(|(name, data)| {
            sse::Event::default()
                .id(entry.id.to_string())
                .event(name)
                .data(data.to_string())
        })
        .collect()
}

fn reload() -> sse::Event {
    sse::Event::default().event("reload").data("{}")
}

fn event_data(entry: &AuditEntry) -> Vec<(&'static str, Value)> {
    let detail: Value = serde_json::from_str(&entry.detail).unwrap_or_default();
    let decided_on = |request_id: &Value, decision: &str| {
        let data = json!({
            "request_id": request_id,
            "decision": decision,
            "at": entry.at,
        });
        ("request.decided", data)
    };
    let decided = |decision| decided_on(&detail["request_id"], decision);
    let of_action = |name, action: ActionId| {
        let mut data = json!({ "action_id": action, "event": entry.event, "at": entry.at });
        if let Some(status) = detail.get("status") {
            data["status"] = status.clone();
        }
        (name, data)
    };
    match (entry.event(), entry.subject()) {
        (Some(Event::ActionCreated), Some(Subject::Action(action))) => {
            vec![of_action("action.created", action), decided("hold")]
        }
        (_, Some(Subject::Action(action))) => vec![of_action("action.updated", action)],
        (Some(Event::RequestForwarded), _) => match detail["request_ids"].as_array() {
            Some(reads) => reads.iter().map(|id| decided_on(id, "forward")).collect(),
            None => vec![decided("forward")],
        },
        (Some(Event::RequestDenied), _) => vec![decided("deny")],
        (Some(Event::KillSwitchChanged), _) => {
            let data = json!({ "active": detail["active"], "at": entry.at });
            vec![("kill_switch.changed", data)]
        }
        (
            Some(
                Event::MemberInvited
                | Event::MemberJoined
                | Event::MemberChanged
                | Event::MemberRemoved
                | Event::InvitationRevoked,
            ),
            _,
        ) => vec![("members.changed", json!({ "at": entry.at }))],
        (Some(Event::CredentialFailing), Some(Subject::Service(service))) => {
            let data = json!({ "service_id": service, "at": entry.at });
            vec![("credential.failing", data)]
        }
        (Some(event @ (Event::LlmFailing | Event::LlmRecovered)), _) => {
            vec![(event.as_str(), json!({ "at": entry.at }))]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use gaiterguard_domain::id::WorkspaceId;
    use gaiterguard_domain::request::Digest;
    use gaiterguard_domain::time::Timestamp;

    use super::*;

    const ACTION: &str = "action:0192aaaa-bbbb-7ccc-8ddd-eeeeffff0000";

    fn names(event: &str, subject: &str, detail: &Value) -> Vec<(&'static str, String)> {
        let entry = AuditEntry {
            id: AuditId(7),
            chain: 1,
            sequence: 1,
            workspace: Some(WorkspaceId(1)),
            at: Timestamp(0),
            actor: "gateway".to_owned(),
            event: event.to_owned(),
            subject: subject.to_owned(),
            detail: detail.to_string(),
            covers: None,
            previous_hash: Digest([0; 32]),
            hash: Digest([0; 32]),
        };
        let event_data = event_data(&entry).into_iter();
        event_data
            .map(|(name, data)| (name, data.to_string()))
            .collect()
    }

    #[test]
    fn entries_become_the_events_that_a_screen_needs() {
        assert_eq!(
            names("action.approved", ACTION, &json!({ "status": "APPROVED" })),
            [(
                "action.updated",
                r#"{"action_id":"0192aaaa-bbbb-7ccc-8ddd-eeeeffff0000","event":"action.approved","at":"1970-01-01T00:00:00.000Z","status":"APPROVED"}"#
                    .to_owned()
            )]
        );
        for event in ["member.joined", "invitation.revoked"] {
            let changed = names(event, "user:2", &json!({ "role": "viewer" }));
            let data = r#"{"at":"1970-01-01T00:00:00.000Z"}"#.to_owned();
            assert_eq!(changed, [("members.changed", data)]);
        }
        let failing = names("llm.failing", "gateway", &json!({ "model": "m" }));
        assert_eq!(failing[0].0, "llm.failing");
        let held = names("action.created", ACTION, &json!({ "request_id": "r1" }));
        assert_eq!(held[0].0, "action.created");
        assert_eq!(
            held[1],
            (
                "request.decided",
                r#"{"request_id":"r1","decision":"hold","at":"1970-01-01T00:00:00.000Z"}"#
                    .to_owned()
            )
        );
        assert_eq!(
            names("request.denied", "request:r1", &json!({}))[0].0,
            "request.decided"
        );
        assert_eq!(
            names(
                "kill_switch.changed",
                "workspace:1",
                &json!({ "active": true })
            ),
            [(
                "kill_switch.changed",
                r#"{"active":true,"at":"1970-01-01T00:00:00.000Z"}"#.to_owned()
            )]
        );
        assert_eq!(
            names("credential.failing", "service:3", &json!({ "reason": "r" })),
            [(
                "credential.failing",
                r#"{"service_id":3,"at":"1970-01-01T00:00:00.000Z"}"#.to_owned()
            )]
        );
        assert!(names("session.created", "session:1", &json!({})).is_empty());
    }
}
