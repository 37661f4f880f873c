//! The events that channels are notified of, and the entries of the audit log that they are made from.

use std::borrow::Cow;

use gaiterguard_domain::event::Event;
use gaiterguard_domain::field::{FieldValue, one_of};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// An event that a channel can be notified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum NotificationEvent {
    /// A request was held.
    #[serde(rename = "action.created")]
    ActionCreated,
    /// A held request has a fifth of its time left.
    #[serde(rename = "action.expiring")]
    ActionExpiring,
    /// A human approved a held request that needs the approvals of several people, or withdrew the approval.
    #[serde(rename = "action.voted")]
    ActionVoted,
    /// A human approved or denied a held request.
    #[serde(rename = "action.decided")]
    ActionDecided,
    /// A held request was denied, executed or revoked, has expired, or its outcome is unknown.
    #[serde(rename = "action.ended")]
    ActionEnded,
    /// An agent was blocked.
    #[serde(rename = "agent.blocked")]
    AgentBlocked,
    /// The kill switch was activated or deactivated.
    #[serde(rename = "kill_switch.changed")]
    KillSwitchChanged,
    /// No access token can be fetched for a service.
    #[serde(rename = "credential.failing")]
    CredentialFailing,
    /// The language model failed several times in a row.
    #[serde(rename = "llm.failing")]
    LlmFailing,
}

impl NotificationEvent {
    /// Every event.
    pub const ALL: [Self; 9] = [
        Self::ActionCreated,
        Self::ActionExpiring,
        Self::ActionVoted,
        Self::ActionDecided,
        Self::ActionEnded,
        Self::AgentBlocked,
        Self::KillSwitchChanged,
        Self::CredentialFailing,
        Self::LlmFailing,
    ];

    /// Returns the name of the event, as `noun.verb`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ActionCreated => "action.created",
            Self::ActionExpiring => "action.expiring",
            Self::ActionVoted => "action.voted",
            Self::ActionDecided => "action.decided",
            Self::ActionEnded => "action.ended",
            Self::AgentBlocked => "agent.blocked",
            Self::KillSwitchChanged => "kill_switch.changed",
            Self::CredentialFailing => "credential.failing",
            Self::LlmFailing => "llm.failing",
        }
    }

    /// Returns the event with this name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }

    /// Returns the events that an entry of the audit log stands for; the one that says more comes first.
    pub(crate) fn of_entry(event: Event) -> &'static [Self] {
        match event {
            Event::ActionCreated => &[Self::ActionCreated],
            Event::ActionVoted | Event::ActionVoteWithdrawn => &[Self::ActionVoted],
            Event::ActionApproved => &[Self::ActionDecided],
            Event::ActionDenied => &[Self::ActionDecided, Self::ActionEnded],
            Event::ActionExecuted
            | Event::ActionExpired
            | Event::ActionIndeterminate
            | Event::ActionResolved
            | Event::ActionRevoked => &[Self::ActionEnded],
            Event::AgentBlocked => &[Self::AgentBlocked],
            Event::KillSwitchChanged => &[Self::KillSwitchChanged],
            Event::CredentialFailing => &[Self::CredentialFailing],
            Event::LlmFailing => &[Self::LlmFailing],
            _ => &[],
        }
    }

    /// Returns whether the event says how a held request continues, so that earlier messages about it are changed.
    pub(crate) fn follows(self) -> bool {
        matches!(
            self,
            Self::ActionVoted | Self::ActionDecided | Self::ActionEnded
        )
    }

    /// Returns whether the event asks a human to decide, so that it says nothing once the action has ended.
    pub(crate) fn asks(self) -> bool {
        matches!(
            self,
            Self::ActionCreated | Self::ActionExpiring | Self::ActionVoted
        )
    }
}

impl FieldValue for NotificationEvent {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        one_of(value, &Self::ALL, Self::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_one_name_in_json_and_elsewhere() {
        for event in NotificationEvent::ALL {
            let json = serde_json::to_value(event).unwrap();
            assert_eq!(json, event.as_str());
            assert_eq!(NotificationEvent::of_name(event.as_str()), Some(event));
            assert_eq!(NotificationEvent::parse(json), Ok(event));
        }
    }

    #[test]
    fn a_denial_is_a_decision_and_an_end_and_an_approval_only_a_decision() {
        use NotificationEvent::{ActionDecided, ActionEnded};
        let of = NotificationEvent::of_entry;
        assert_eq!(of(Event::ActionDenied), [ActionDecided, ActionEnded]);
        assert_eq!(of(Event::ActionApproved), [ActionDecided]);
        assert_eq!(of(Event::ActionExpired), [ActionEnded]);
        assert!(of(Event::RequestForwarded).is_empty());
    }
}
