//! Users and their sessions.

use std::fmt;

use thiserror::Error;

use crate::id::{SessionId, UserId, WorkspaceId};
use crate::redact;
use crate::time::Timestamp;

/// The length limit of an email address, in bytes (RFC 5321, section 4.5.3.1.3, without brackets).
pub const EMAIL_BYTES_MAX: usize = 254;

/// An email address as its owner spells it, and its normalized spelling for comparisons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    spelled: String,
    normalized: String,
}

/// The reason why a text is not a valid email address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EmailRefused {
    /// A part is missing, there are two `@`, or a character is not allowed.
    #[error("must be an e-mail address such as name@example.com")]
    Form,
    /// It contains an agent key, which would be stored with it.
    #[error("must not contain an agent key")]
    AgentKey,
    /// It is longer than [`EMAIL_BYTES_MAX`].
    #[error("must be at most {EMAIL_BYTES_MAX} bytes long")]
    TooLong,
}

impl Email {
    /// Parses an address. Checks only its form, not whether it receives mail.
    pub fn parse(text: &str) -> Result<Self, EmailRefused> {
        let text = text.trim();
        if text.len() > EMAIL_BYTES_MAX {
            return Err(EmailRefused::TooLong);
        }
        let (local, host) = text.split_once('@').ok_or(EmailRefused::Form)?;
        let odd = |c: char| c.is_whitespace() || c.is_control() || "<>(),;:\"\\[]".contains(c);
        if local.is_empty()
            || host.is_empty()
            || host.contains('@')
            || host.starts_with('.')
            || host.ends_with('.')
            || host.contains("..")
            || text.contains(odd)
        {
            return Err(EmailRefused::Form);
        }
        if redact::holds_agent_key(text.as_bytes()) {
            return Err(EmailRefused::AgentKey);
        }
        Ok(Self {
            spelled: text.to_owned(),
            normalized: text.to_lowercase(),
        })
    }

    /// As its owner spells it.
    pub fn as_str(&self) -> &str {
        &self.spelled
    }

    /// The spelling under which it is unique.
    pub fn normalized(&self) -> &str {
        &self.normalized
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spelled.fmt(f)
    }
}

/// A human with a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The user's e-mail address.
    pub email: Email,
    /// When the user registered.
    pub created_at: Timestamp,
}

/// One login: a family of refresh tokens of which exactly one is unused, and the access tokens
/// made with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session's id.
    pub id: SessionId,
    /// Whose login it is.
    pub user: UserId,
    /// The workspace that the session acts in.
    pub workspace: WorkspaceId,
    /// When the user logged in.
    pub created_at: Timestamp,
    /// When it ends unless it is refreshed before.
    pub expires_at: Timestamp,
}
