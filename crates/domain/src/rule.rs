//! The operator's rules and which of them wins.

use serde::{Deserialize, Serialize};

use crate::id::{AgentId, RuleId, ServiceId, WorkspaceId};
use crate::time::Timestamp;

/// What a rule does to the requests it matches, from the mildest to the strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleEffect {
    /// Forwards, whatever the assessors say.
    Allow,
    /// Holds, whatever the score.
    RequireApproval,
    /// Refuses; never queued.
    Deny,
}

impl RuleEffect {
    /// The word that stands for the effect in a row and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::RequireApproval => "require_approval",
            Self::Deny => "deny",
        }
    }

    /// The effect of such a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Allow, Self::RequireApproval, Self::Deny]
            .into_iter()
            .find(|effect| effect.as_str() == word)
    }
}

/// A rule of the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// What the operator calls it.
    pub name: String,
    /// What it does.
    pub effect: RuleEffect,
    /// The expression that a request must satisfy; without one the rule's scope alone counts.
    pub condition: Option<String>,
    /// A rule in plain words, for the assessor that reads such.
    pub text: Option<String>,
    /// The service it is limited to.
    pub service: Option<ServiceId>,
    /// The agent it is limited to.
    pub agent: Option<AgentId>,
    /// Whether it counts.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Grows with every change of its fields; a change is made against the revision that was seen.
    pub revision: i64,
}

impl Rule {
    /// Whether the rule counts for requests of `agent` to `service` at all.
    pub fn covers(&self, service: ServiceId, agent: AgentId) -> bool {
        self.enabled
            && self.service.is_none_or(|limit| limit == service)
            && self.agent.is_none_or(|limit| limit == agent)
    }
}

/// A rule that matched a request, as it was then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchedRule {
    /// The rule's id.
    pub id: RuleId,
    /// Its name.
    pub name: String,
    /// What it does.
    pub effect: RuleEffect,
    /// Why its condition could not be evaluated, where it matched for that reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unevaluated: Option<String>,
}

/// The effect that wins among the rules that matched: the strictest.
pub fn strictest(matched: &[MatchedRule]) -> Option<RuleEffect> {
    matched.iter().map(|rule| rule.effect).max()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matched(effect: RuleEffect) -> MatchedRule {
        MatchedRule {
            id: RuleId(1),
            name: String::new(),
            effect,
            unevaluated: None,
        }
    }

    proptest! {
        #[test]
        fn a_deny_wins_over_everything_and_an_allow_over_nothing(
            effects in prop::collection::vec(
                prop::sample::select(vec![RuleEffect::Allow, RuleEffect::RequireApproval, RuleEffect::Deny]),
                0..8,
            )
        ) {
            let winner = strictest(&effects.iter().copied().map(matched).collect::<Vec<_>>());
            let expected = if effects.contains(&RuleEffect::Deny) {
                Some(RuleEffect::Deny)
            } else if effects.contains(&RuleEffect::RequireApproval) {
                Some(RuleEffect::RequireApproval)
            } else if effects.is_empty() {
                None
            } else {
                Some(RuleEffect::Allow)
            };
            prop_assert_eq!(winner, expected);
        }
    }
}
