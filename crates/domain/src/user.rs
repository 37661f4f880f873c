//! Users and their sessions.

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;

use crate::id::{SessionId, UserId, WorkspaceId};
use crate::invisible::is_deceptive;
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
    #[error("must be an email address such as name@example.com")]
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

/// One login: a family of refresh tokens with exactly one that is unused, and the access tokens
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
    /// When it was last refreshed, or else when the user logged in.
    pub last_used_at: Timestamp,
    /// The client at that time.
    pub client: SessionClient,
}

/// The client of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionClient {
    /// The beginning of its `User-Agent`. Untrusted text.
    pub user_agent: Option<String>,
    /// The address it connected from.
    pub address: Option<IpAddr>,
}

/// The length limit of a stored `User-Agent`, in characters. Those of browsers are shorter.
const USER_AGENT_CHARS_MAX: usize = 256;

impl SessionClient {
    /// Returns a client with the beginning of its `User-Agent`, without agent keys and characters that
    /// cannot be seen.
    pub fn new(address: IpAddr, user_agent: Option<&str>) -> Self {
        let user_agent = user_agent.map(|text| {
            let is_shown = |c: &char| !c.is_control() && !is_deceptive(*c);
            let shown = redact::agent_keys(text);
            let shown = shown.chars().filter(is_shown);
            shown.take(USER_AGENT_CHARS_MAX).collect::<String>()
        });
        Self {
            user_agent: user_agent.filter(|text| !text.trim().is_empty()),
            address: Some(address.to_canonical()),
        }
    }
}
