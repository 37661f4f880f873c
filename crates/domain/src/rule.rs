//! The operator's rules and their precedence.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::approvals::{ApprovalTerms, Approvals};
use crate::field::{FieldValue, one_of};
use crate::id::{AgentId, RuleId, ServiceId, UserId, WorkspaceId};
use crate::step_up::StepUp;
use crate::time::Timestamp;

/// The effect of a rule on the requests that it matches, from the mildest to the strictest. If
/// several rules match, the strictest effect applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum RuleEffect {
    /// Forwards, regardless of the assessors.
    Allow,
    /// Holds, regardless of the score.
    RequireApproval,
    /// Refuses, without adding to the queue.
    Deny,
}

impl RuleEffect {
    /// Returns the word for this effect in database rows and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::RequireApproval => "require_approval",
            Self::Deny => "deny",
        }
    }

    /// Parses such a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Allow, Self::RequireApproval, Self::Deny]
            .into_iter()
            .find(|effect| effect.as_str() == word)
    }
}

impl FieldValue for RuleEffect {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let all = [Self::Deny, Self::RequireApproval, Self::Allow];
        one_of(value, &all, Self::as_str)
    }
}

/// An operator's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The rule's id.
    pub id: RuleId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// The name that the operator gave it.
    pub name: String,
    /// Its effect.
    pub effect: RuleEffect,
    /// The CEL expression that a request must satisfy; `None` matches the rule's whole scope.
    pub condition: Option<String>,
    /// A plain-language condition, for assessors that understand one.
    pub text: Option<String>,
    /// The service that the rule is limited to.
    pub service: Option<ServiceId>,
    /// The agent that the rule is limited to.
    pub agent: Option<AgentId>,
    /// The approvals that the requests it holds require; `None` if one of any approver is enough.
    pub approvals: Option<Approvals>,
    /// The proof that each of these approvals needs in addition to a session.
    pub step_up: Option<StepUp>,
    /// The user who last determined which requests it matches and what it does with them; `None` if
    /// that is not known.
    pub author: Option<UserId>,
    /// Whether the rule is in effect.
    pub enabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Incremented by every change of its fields. A change names the revision it was based on.
    pub revision: i64,
}

impl Rule {
    /// Returns whether the rule applies to requests of `agent` to `service`.
    pub fn covers(&self, service: ServiceId, agent: AgentId) -> bool {
        self.enabled
            && self.service.is_none_or(|limit| limit == service)
            && self.agent.is_none_or(|limit| limit == agent)
    }
}

/// A rule that matched a request, as it was at that time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchedRule {
    /// The rule's id.
    pub id: RuleId,
    /// Its name.
    pub name: String,
    /// Its effect.
    pub effect: RuleEffect,
    /// The reason why its condition could not be evaluated, if it matched for that reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unevaluated: Option<String>,
    /// Its terms for approvals. Not recorded with the request, which has the requirement that
    /// results from all rules.
    #[serde(skip)]
    pub terms: ApprovalTerms,
}

/// Returns the strictest effect of the rules that matched, which is the one that wins.
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
            terms: ApprovalTerms::default(),
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
