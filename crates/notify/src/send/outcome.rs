//! How an attempt to send a message ended.

use std::time::Duration;

/// The receiver accepted the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The identifier of the message at the receiver, if it can be changed later.
    pub(crate) receipt: Option<String>,
}

/// The receiver did not accept the message, or it is not known whether it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotAccepted {
    /// The failure, without a secret.
    pub(crate) error: String,
    /// How long the receiver asks to wait.
    pub(crate) retry_after: Option<Duration>,
    /// Whether the receiver wants no more messages.
    pub(crate) is_gone: bool,
}

impl NotAccepted {
    /// Returns a failure that says nothing about the next attempt.
    pub(crate) fn failed(error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            retry_after: None,
            is_gone: false,
        }
    }
}
