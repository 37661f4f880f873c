//! The outcomes that the engine returns to a door.

use std::time::Duration;

use bytes::Bytes;
use gaiterguard_domain::agent::Binding;
use gaiterguard_domain::id::{ActionId, ServiceId};
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Evaluation;
use http::{HeaderMap, StatusCode};

use crate::refusal::Refusal;
use crate::send::relay::ResponseBody;
use crate::send::tunnel::Tunnel;

/// How long an agent should pause before it asks for a status. With `wait`, it learns of it sooner.
const HELD_RETRY_AFTER: Duration = Duration::from_secs(5);

/// How the gateway got a response: the value of `X-Proxy-Status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyStatus {
    /// The request was sent immediately.
    Forwarded,
    /// The request was sent after a human approved it.
    ExecutedApproved,
    /// The response is stored from an earlier request with the same key.
    Replayed,
}

/// An upstream's response on its way to the agent.
#[derive(Debug)]
pub struct Response {
    /// How the gateway got it.
    pub proxy_status: ProxyStatus,
    /// The upstream's status.
    pub status: StatusCode,
    /// The upstream's headers, without the hop-by-hop ones.
    pub headers: HeaderMap,
    /// The upstream's body, with echoes of the credential masked.
    pub body: ResponseBody,
    /// The risk score of the request, from 0.0 to 1.0.
    pub risk_score: f64,
    /// Whether the request has an idempotency key.
    pub has_key: bool,
}

/// A request that waits for a human.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The action that holds the request.
    pub action: ActionId,
    /// The service that the request is for.
    pub service: ServiceId,
    /// Whether the request opens a WebSocket.
    pub web_socket: bool,
    /// The risk score of the request, from 0.0 to 1.0.
    pub risk_score: f64,
    /// The explanation of the score, in a sentence or two.
    pub risk_explanation: String,
    /// When the action expires.
    pub expires_at: Timestamp,
    /// How long the agent should wait before it asks for the status.
    pub retry_after: Duration,
}

/// The outcome of a request.
#[derive(Debug)]
pub enum Outcome {
    /// The upstream responded.
    Responded(Response),
    /// The request waits for a human.
    Held(Held),
    /// The gateway refused the request.
    Refused(Refusal),
}

impl Outcome {
    /// Takes the WebSocket that the response opened, for a door that can carry it.
    pub fn take_tunnel(&mut self) -> Option<Tunnel> {
        let Self::Responded(response) = self else {
            return None;
        };
        if !matches!(response.body, ResponseBody::Switched(_)) {
            return None;
        }
        let empty = ResponseBody::Whole(Bytes::new());
        match std::mem::replace(&mut response.body, empty) {
            ResponseBody::Switched(tunnel) => Some(*tunnel),
            ResponseBody::Whole(_) | ResponseBody::Relayed(_) => None,
        }
    }
}

impl Response {
    /// Returns a stored response again.
    pub(crate) fn replayed(kept: KeptResponse, risk_score: f64) -> Self {
        Self {
            proxy_status: ProxyStatus::Replayed,
            status: kept.status,
            headers: kept.headers,
            body: ResponseBody::Whole(kept.body),
            risk_score,
            has_key: true,
        }
    }
}

impl Held {
    pub(crate) fn new(
        action: ActionId,
        service: ServiceId,
        binding: &Binding,
        expires_at: Timestamp,
        evaluation: &Evaluation,
    ) -> Self {
        Self {
            action,
            service,
            web_socket: binding.web_socket,
            risk_score: evaluation.verdict.score,
            risk_explanation: evaluation.verdict.explanation.clone(),
            expires_at,
            retry_after: HELD_RETRY_AFTER,
        }
    }
}
