//! The reasons why the gateway refuses a request, one variant for each that a caller can distinguish.

use std::time::Duration;

use gaiterguard_authority::{CallRevoked, CallerRefused, DocumentsUnread, ServiceRefused};
use gaiterguard_credential::NotSignable;
use gaiterguard_domain::action::{ActionStatus, TransitionRefused};
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::rule::{MatchedRule, RuleEffect};
use gaiterguard_domain::target::TargetRefused;
use gaiterguard_intake::{BodyBroken, WorkFailed};
use gaiterguard_store::StoreError;
use thiserror::Error;

use crate::action::held::HeldError;
use crate::storage::StorageFailed;

/// The message for an agent key in a place from which it would be forwarded.
pub const NO_AGENT_KEY: &str = "must not contain an agent key in any spelling: the key is only \
                                for the gateway, in Agent-Key or Authorization";

/// The reason why a request has no response from its upstream. The sentences are for the agent; none of
/// them contains a secret.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The key is missing, unknown, revoked or expired.
    #[error("{0}")]
    InvalidAgentKey(&'static str),
    /// The agent is blocked.
    #[error("this agent is blocked: its requests are refused, and running ones are canceled")]
    AgentBlocked,
    /// The kill switch of the workspace is active.
    #[error("the kill switch is active: all agents of this workspace are stopped")]
    KillSwitch,
    /// A field of the request is missing or invalid.
    #[error("{field}: {message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// The rule that it breaks.
        message: String,
    },
    /// The target is not in normal form.
    #[error("{0}")]
    InvalidTarget(#[from] TargetRefused),
    /// Several services contain the target.
    #[error(
        "several of the agent's services match this URL; choose one with service or service_id"
    )]
    AmbiguousTarget,
    /// The workspace does not have the service.
    #[error("this workspace has no such service")]
    ServiceNotFound,
    /// The agent may not use the service.
    #[error("{0}")]
    ServiceNotInScope(&'static str),
    /// The target lies outside the base URL, or its address may not be dialed.
    #[error("{0}")]
    TargetNotAllowed(String),
    /// The service does not allow WebSockets.
    #[error("agents may not open WebSockets to this service; an operator can allow it")]
    WebSocketNotAllowed,
    /// A rule denies the request.
    #[error("a rule denies this request: {}", rule_names(.rules))]
    PolicyDenied {
        /// The rules that deny it.
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
        "the first attempt failed and may have reached the upstream; the request is not sent again"
    )]
    OutcomeUnknown,
    /// The upstream has responded, and the ledger could not record that in time.
    #[error(
        "the upstream responded, but the gateway could not record the response yet; the request \
         is not sent again. To get the response once it is recorded, repeat the request with the \
         same Idempotency-Key, or get the action's status"
    )]
    EndUnrecorded,
    /// A read was sent while its decision was recorded, and the record failed.
    #[error(
        "the gateway's storage is unavailable, so the response is withheld: the request could not \
         be recorded, and it may have reached the upstream"
    )]
    ResponseWithheld,
    /// The response to replay was too long to be stored, or is no longer stored.
    #[error("the upstream responded with status {status}, but that response is not stored")]
    ResponseNotStored {
        /// The upstream's status.
        status: u16,
    },
    /// The agent has too many pending actions.
    #[error("this agent already has {pending_max} pending actions, which is the maximum")]
    TooManyPending {
        /// The most that may be pending.
        pending_max: u32,
    },
    /// The pending requests use too many bytes.
    #[error(
        "the pending requests of this agent or its workspace have reached the storage limit; wait \
         until some are decided"
    )]
    TooManyBytesPending,
    /// A human denied the action.
    #[error("a human denied this request")]
    ActionDenied {
        /// The action.
        action: ActionId,
        /// The human's note.
        note: Option<String>,
    },
    /// The action expired.
    #[error("this action expired before it was approved or executed")]
    ActionExpired {
        /// The action.
        action: ActionId,
    },
    /// The action was revoked.
    #[error("this action was revoked")]
    ActionRevoked {
        /// The action.
        action: ActionId,
        /// The human's note.
        note: Option<String>,
    },
    /// The approval expired before the agent executed the action.
    #[error("the approval expired before it was used; send the request again")]
    ApprovalExpired {
        /// The action.
        action: ActionId,
    },
    /// The agent does not have the action.
    #[error("this agent has no action with this ID")]
    ActionNotFound,
    /// The action is not approved, or no longer.
    #[error("the action is {}, not APPROVED", .status.as_str())]
    ActionNotApproved {
        /// The status.
        status: ActionStatus,
    },
    /// Something that the approval depends on has changed.
    #[error(
        "since this request was held, the service's URL, the location of its credential, its \
         WebSocket setting, or the agent's scope has changed; nothing was sent"
    )]
    ActionStale,
    /// Something that a running call depends on was changed.
    #[error(
        "an operator changed the service while this call was running, so it was canceled; the \
         request may have reached the upstream"
    )]
    CallRevoked,
    /// The stored action is damaged.
    #[error(
        "the stored action is damaged, so nothing was sent; ask an operator to deny it, then send \
         the request again"
    )]
    ActionUnreadable,
    /// The body did not arrive.
    #[error("{0}")]
    BodyBroken(#[from] BodyBroken),
    /// Nothing reached the upstream.
    #[error("the upstream could not be reached; nothing was sent: {0}")]
    UpstreamUnreachable(String),
    /// The credential is not available.
    #[error("the service's credential could not be obtained; nothing was sent: {0}")]
    CredentialUnavailable(String),
    /// The token endpoint refuses the credential.
    #[error(
        "the token endpoint refuses the service's credential, so an operator must replace it; nothing \
         was sent: {0}"
    )]
    CredentialRefused(String),
    /// The request opened a WebSocket in a call that cannot carry it, or in an earlier call.
    #[error(
        "the WebSocket of this request is closed: only the call that requests a WebSocket can \
         carry it"
    )]
    WebSocketLost,
    /// The upstream did not respond in time.
    #[error(
        "the upstream did not respond within {limit:?}; the request may have reached it. An operator \
         can raise the limit: timeoutMs of the service, or UPSTREAM_TIMEOUT_MS for all services"
    )]
    UpstreamTimeout {
        /// The time that had passed.
        limit: Duration,
    },
    /// The upstream did not respond in the time of a test call.
    #[error(
        "the upstream did not respond within {limit:?}, which is the longest that a test call waits"
    )]
    TestCallTimeout {
        /// The time that had passed.
        limit: Duration,
    },
    /// The connection broke after the request may have been sent.
    #[error("the connection to the upstream failed; the request may have reached it")]
    UpstreamBroken,
    /// The upstream's response is not valid HTTP, or was broken off.
    #[error("{0}; the request may have reached it")]
    UpstreamNotHttp(String),
    /// Only the status of the response could be read.
    #[error(
        "the upstream responded with status {status}, but {reason}, so its response cannot be \
         forwarded"
    )]
    ResponseUnusable {
        /// The upstream's status.
        status: u16,
        /// Why the rest cannot be read.
        reason: String,
    },
    /// The response contains the credential in a place where it cannot be masked.
    #[error(
        "the upstream's response may contain the service's credential in compressed data that is \
         too long or too damaged to be masked, so the response is withheld; the request reached \
         the upstream"
    )]
    CredentialEchoed,
    /// The gateway is shutting down, or its definitions are not confirmed.
    #[error("the gateway cannot confirm that its rules are current; try again")]
    AuthorityUnconfirmed,
    /// The documents of the service are still being read.
    #[error("the documents of this service are still being read; try again")]
    DocumentsUnread,
    /// The database or the vault failed.
    #[error("the gateway's storage is unavailable; this call sent nothing to the upstream")]
    StorageUnavailable,
}

impl Refusal {
    /// Returns the refusal of a request that these rules deny.
    pub(crate) fn denied(mut rules: Vec<MatchedRule>) -> Self {
        rules.retain(|rule| rule.effect == RuleEffect::Deny);
        Self::PolicyDenied { rules }
    }

    /// Returns the delay after which a retry makes sense.
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

impl From<NotSignable> for Refusal {
    fn from(reason: NotSignable) -> Self {
        Self::Invalid {
            field: reason.field(),
            message: reason.to_string(),
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
            ServiceRefused::NoneContains => {
                Self::ServiceNotInScope("none of the agent's services contains targetUrl")
            }
            ServiceRefused::Ambiguous => Self::AmbiguousTarget,
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
            CallRevoked::ServiceChanged => Self::CallRevoked,
        }
    }
}

impl From<WorkFailed> for Refusal {
    fn from(failed: WorkFailed) -> Self {
        match failed {
            WorkFailed::Stopping => Self::AuthorityUnconfirmed,
            WorkFailed::Panicked => Self::StorageUnavailable,
        }
    }
}

impl From<DocumentsUnread> for Refusal {
    fn from(DocumentsUnread: DocumentsUnread) -> Self {
        Self::DocumentsUnread
    }
}

impl From<TransitionRefused> for Refusal {
    fn from(refused: TransitionRefused) -> Self {
        Self::ActionNotApproved {
            status: refused.status,
        }
    }
}

impl From<HeldError> for Refusal {
    fn from(error: HeldError) -> Self {
        match error {
            HeldError::NotFound => Self::ActionNotFound,
            HeldError::Unreadable => Self::ActionUnreadable,
            HeldError::Unavailable => Self::StorageUnavailable,
        }
    }
}

impl From<StorageFailed> for Refusal {
    fn from(StorageFailed: StorageFailed) -> Self {
        Self::StorageUnavailable
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        StorageFailed::from(error).into()
    }
}

fn rule_names(rules: &[MatchedRule]) -> String {
    rules
        .iter()
        .map(|rule| format!("“{}”", rule.name))
        .collect::<Vec<_>>()
        .join(", ")
}
