//! The reasons why an agent may not call, or may no longer continue a call.

use thiserror::Error;

/// The reason why an agent key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CallerRefused {
    /// The key is malformed, unknown, revoked or expired. The sentence is for the agent.
    #[error("{0}")]
    InvalidKey(&'static str),
    /// An operator blocked the agent.
    #[error("the agent is blocked")]
    Blocked,
    /// An operator stopped all agents of the workspace.
    #[error("the workspace's kill switch is active")]
    KillSwitch,
    /// The database has not confirmed the snapshot recently, or the workspace's definitions cannot
    /// be read.
    #[error("the definitions are not confirmed")]
    Unconfirmed,
}

/// The reason why an agent may not use a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ServiceRefused {
    /// The workspace does not have the service.
    #[error("this workspace has no such service")]
    NotFound,
    /// The service is not in the agent's scope.
    #[error("the agent may not use this service")]
    NotInScope,
    /// The base URL of none of the agent's services contains the address.
    #[error("none of the agent's services contains this address")]
    NoneContains,
    /// Several services contain the address, and none is more specific.
    #[error("several of the agent's services contain this address")]
    Ambiguous,
}

/// The reason why a running call was canceled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallRevoked {
    /// The agent may not call anything now.
    Caller(CallerRefused),
    /// The service left the agent's scope.
    NotInScope,
    /// The service no longer allows WebSockets.
    WebSocketNotAllowed,
    /// The service was changed, or the right was revoked and granted again.
    ServiceChanged,
}

/// The documents of a service are still being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the documents of this service are still being read")]
pub struct DocumentsUnread;
