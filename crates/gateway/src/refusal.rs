//! Every way in which the gateway itself says no, one variant for each that can be told apart.

use std::time::Duration;

use gaiterguard_authority::{CallRevoked, CallerRefused, DocumentsUnread, ServiceRefused};
use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::rule::MatchedRule;
use gaiterguard_domain::target::TargetRefused;
use gaiterguard_store::StoreError;
use thiserror::Error;

use crate::body::arriving::BodyBroken;

/// What an agent is told whose key is where it would be forwarded.
pub const NO_AGENT_KEY: &str = "must not contain an agent key in any spelling: the key is only \
                                for the gateway, in Agent-Key or Authorization";

/// Why a request was not answered by its upstream. The sentences are for the agent; none of them
/// holds a secret.
#[derive(Debug, Error)]
pub enum Refusal {
    /// No key, an unknown one, one that was revoked or one that has expired.
    #[error("{0}")]
    InvalidAgentKey(&'static str),
    /// An operator blocked the agent.
    #[error(
        "an operator has blocked this agent: its requests are refused, and running ones are \
         canceled"
    )]
    AgentBlocked,
    /// An operator stopped the whole workspace.
    #[error("an operator has stopped all agents of this workspace with the kill switch")]
    KillSwitch,
    /// A field of the request is missing or out of bounds.
    #[error("{field}: {message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The target is not in normal form.
    #[error("{0}")]
    InvalidTarget(#[from] TargetRefused),
    /// Several services contain the target.
    #[error("several of the agent's services contain this URL; choose one with service_id")]
    AmbiguousTarget,
    /// The workspace has no such service.
    #[error("this workspace has no such service")]
    ServiceNotFound,
    /// The agent may not use the service.
    #[error("{0}")]
    ServiceNotInScope(&'static str),
    /// The target lies outside the base URL, or its address may not be dialed.
    #[error("{0}")]
    TargetNotAllowed(String),
    /// The service takes no WebSockets.
    #[error("agents may not open WebSockets to this service; an operator can allow it")]
    WebSocketNotAllowed,
    /// A rule refused the request.
    #[error("a rule denies this request: {}", rule_names(.rules))]
    PolicyDenied {
        /// The rules that refused it.
        rules: Vec<MatchedRule>,
    },
    /// The method needs an idempotency key.
    #[error("Idempotency-Key: required when the proxied method is POST or PATCH")]
    IdempotencyKeyMissing,
    /// The first request with this key is still running.
    #[error("the first request with this Idempotency-Key is still running")]
    IdempotencyInProgress,
    /// The key was used for another request.
    #[error(
        "this Idempotency-Key was used for a different request; use a new key for each request"
    )]
    IdempotencyKeyReused,
    /// The first attempt may have reached the upstream.
    #[error(
        "the first attempt failed after it may have reached the upstream; it is never sent again"
    )]
    OutcomeUnknown,
    /// The upstream has responded, and the ledger could not take note of it in time.
    #[error(
        "the upstream responded, but the gateway could not record the response yet; the request \
         is not sent again. To get the response once it is recorded, repeat the request with the \
         same Idempotency-Key, or get the action's status"
    )]
    EndUnrecorded,
    /// A read was sent while its decision was recorded, and that failed.
    #[error(
        "the gateway's storage is unavailable, so the response is withheld: the request could not \
         be recorded, and it may have reached the upstream"
    )]
    ResponseWithheld,
    /// The answer to replay was too long to keep, or its time is over.
    #[error("the upstream responded with status {status}, but that response is not stored")]
    AnswerNotKept {
        /// The upstream's status.
        status: u16,
    },
    /// The agent has too many actions waiting.
    #[error("this agent already has {pending_max} pending actions, which is the maximum")]
    TooManyPending {
        /// How many may wait.
        pending_max: u32,
    },
    /// The requests that wait take too many bytes.
    #[error(
        "the pending requests of this agent, or of its workspace, already use all the bytes that \
         they may; wait until some are decided"
    )]
    TooManyBytesPending,
    /// A human refused the action.
    #[error("a human denied this request")]
    ActionDenied {
        /// The action.
        action: ActionId,
        /// The human's words.
        note: Option<String>,
    },
    /// The action expired.
    #[error("this action expired before it was decided or executed")]
    ActionExpired {
        /// The action.
        action: ActionId,
    },
    /// The action was taken back.
    #[error("this action was revoked")]
    ActionRevoked {
        /// The action.
        action: ActionId,
        /// The human's words.
        note: Option<String>,
    },
    /// The approved action expired before the agent had it executed.
    #[error("the approval expired before it was used; send the request again")]
    ApprovalExpired {
        /// The action.
        action: ActionId,
    },
    /// The agent has no such action.
    #[error("this agent has no action with this ID")]
    ActionNotFound,
    /// The action is not approved, or not any more.
    #[error("the action is {}, not APPROVED", .status.as_str())]
    ActionNotApproved {
        /// Where it stands.
        status: ActionStatus,
    },
    /// What the approval rested on has changed.
    #[error(
        "since this request was held, the service's URL, the location of its credential, its \
         WebSocket setting, or the agent's scope has changed; nothing was sent"
    )]
    ActionStale,
    /// What a running call rested on was changed.
    #[error(
        "an operator changed the service while this call was running, so it was canceled; the \
         request may have reached the upstream"
    )]
    CallCut,
    /// What is stored of the action is damaged.
    #[error(
        "the stored action can no longer be read, so nothing is sent; an operator can deny it, \
         and then the request can be sent again"
    )]
    ActionUnreadable,
    /// The body did not arrive.
    #[error("{0}")]
    BodyBroken(#[from] BodyBroken),
    /// Nothing reached the upstream.
    #[error("the upstream could not be reached; nothing was sent: {0}")]
    UpstreamUnreachable(String),
    /// The credential could not be had.
    #[error("the service's credential could not be obtained; nothing was sent: {0}")]
    CredentialUnavailable(String),
    /// A WebSocket was opened for a call that cannot carry it, or for an earlier one.
    #[error(
        "the WebSocket of this request is closed: only the call that requests a WebSocket can \
         carry it"
    )]
    WebSocketLost,
    /// The upstream did not answer in time.
    #[error("the upstream did not respond in time; the request may have reached it")]
    UpstreamTimeout,
    /// The connection broke after the request may have been sent.
    #[error("the connection to the upstream failed; the request may have reached it")]
    UpstreamBroken,
    /// The response has an echo of the credential where it cannot be masked.
    #[error(
        "the upstream's response contains the service's credential in compressed data that is too \
         long or too damaged to be masked, so the response is withheld; the request reached the \
         upstream"
    )]
    CredentialEchoed,
    /// The gateway is shutting down or could not confirm what it knows.
    #[error("the gateway cannot confirm that its rules are current; try again")]
    AuthorityUnconfirmed,
    /// The documents of the service are being read, as after a start.
    #[error("the documents of this service are still being read; try again")]
    DocumentsUnread,
    /// The database or the vault failed.
    #[error("the gateway's storage is unavailable; this call sent nothing to the upstream")]
    StorageUnavailable,
}

impl Refusal {
    /// When it makes sense to try again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::IdempotencyInProgress
            | Self::AuthorityUnconfirmed
            | Self::DocumentsUnread
            | Self::StorageUnavailable => Some(Duration::from_secs(1)),
            Self::TooManyPending { .. } | Self::TooManyBytesPending => Some(Duration::from_mins(1)),
            _ => None,
        }
    }
}

impl From<CallerRefused> for Refusal {
    fn from(refused: CallerRefused) -> Self {
        match refused {
            CallerRefused::InvalidKey(message) => Self::InvalidAgentKey(message),
            CallerRefused::Blocked => Self::AgentBlocked,
            CallerRefused::KillSwitch => Self::KillSwitch,
            CallerRefused::Unconfirmed => Self::AuthorityUnconfirmed,
        }
    }
}

impl From<ServiceRefused> for Refusal {
    fn from(refused: ServiceRefused) -> Self {
        match refused {
            ServiceRefused::NotFound => Self::ServiceNotFound,
            ServiceRefused::NotInScope => {
                Self::ServiceNotInScope("the agent may not use this service")
            }
        }
    }
}

impl From<CallRevoked> for Refusal {
    fn from(revoked: CallRevoked) -> Self {
        match revoked {
            CallRevoked::Caller(refused) => refused.into(),
            CallRevoked::NotInScope => {
                Self::ServiceNotInScope("the agent may no longer use this service")
            }
            CallRevoked::WebSocketNotAllowed => Self::WebSocketNotAllowed,
            CallRevoked::ServiceChanged => Self::CallCut,
        }
    }
}

impl From<DocumentsUnread> for Refusal {
    fn from(DocumentsUnread: DocumentsUnread) -> Self {
        Self::DocumentsUnread
    }
}

/// Storage errors are told to the agent as one sentence; the particulars go to the log here,
/// where they are first turned into a refusal.
impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "storage failed");
        Self::StorageUnavailable
    }
}

fn rule_names(rules: &[MatchedRule]) -> String {
    rules
        .iter()
        .map(|rule| format!("“{}”", rule.name))
        .collect::<Vec<_>>()
        .join(", ")
}
