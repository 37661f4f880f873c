//! What the engine hands back to a door.

use std::time::Duration;

use bytes::Bytes;
use gaiterguard_domain::id::{ActionId, ServiceId};
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_domain::time::Timestamp;
use http::{HeaderMap, StatusCode};

use crate::forward::relay::AnswerBody;
use crate::forward::tunnel::Tunnel;
use crate::refusal::Refusal;

/// How the gateway came by an answer: the value of `X-Proxy-Status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// Sent at once.
    Forwarded,
    /// Sent after a human's approval.
    ExecutedApproved,
    /// Kept from an earlier request with the same key.
    Replayed,
}

/// An upstream's answer on its way to the agent.
#[derive(Debug)]
pub struct Answer {
    /// How the gateway came by it.
    pub provenance: Provenance,
    /// The upstream's status.
    pub status: StatusCode,
    /// The upstream's headers, less those that ended with its connection.
    pub headers: HeaderMap,
    /// The upstream's bytes, with echoes of the credential masked.
    pub body: AnswerBody,
    /// The risk score of the request, from 0.0 to 1.0.
    pub risk_score: f64,
    /// Whether the request was made under an idempotency key.
    pub has_key: bool,
}

/// A request that waits for a human.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The action that was made of it.
    pub action: ActionId,
    /// The service that it is for.
    pub service: ServiceId,
    /// Whether it opens a WebSocket.
    pub web_socket: bool,
    /// How risky it was judged, from 0.0 to 1.0.
    pub risk_score: f64,
    /// Why, in a sentence or two.
    pub risk_explanation: String,
    /// When the action expires.
    pub expires_at: Timestamp,
    /// How long the agent should let pass before it asks.
    pub retry_after: Duration,
}

/// What became of a request.
#[derive(Debug)]
pub enum Outcome {
    /// The upstream answered.
    Responded(Answer),
    /// A human looks at it first.
    Held(Held),
    /// The gateway said no.
    Refused(Refusal),
}

impl Outcome {
    /// The WebSocket that the answer has opened, for a door that can carry it.
    pub fn take_tunnel(&mut self) -> Option<Tunnel> {
        let Self::Responded(answer) = self else {
            return None;
        };
        if !matches!(answer.body, AnswerBody::Switched(_)) {
            return None;
        }
        let empty = AnswerBody::Whole(Bytes::new());
        match std::mem::replace(&mut answer.body, empty) {
            AnswerBody::Switched(tunnel) => Some(*tunnel),
            AnswerBody::Whole(_) | AnswerBody::Relayed(_) => None,
        }
    }
}

impl Answer {
    /// An answer that was kept.
    pub(crate) fn replayed(kept: KeptResponse, risk_score: f64) -> Self {
        Self {
            provenance: Provenance::Replayed,
            status: kept.status,
            headers: kept.headers,
            body: AnswerBody::Whole(kept.body),
            risk_score,
            has_key: true,
        }
    }
}
