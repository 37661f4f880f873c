//! How many people must approve a held request, and which people may.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::effect::Effect;
use crate::field::{Checked, FieldError, FieldValue, one_of, whole_number};
use crate::id::{ServiceId, UserId};
use crate::request::Digest;
use crate::step_up::{Presented, StepUp};
use crate::time::Timestamp;
use crate::workspace::Membership;

/// The largest number of approvals that a rule can require. More would be a mistake that no one notices until an
/// action expires.
pub const APPROVALS_MAX: u32 = 10;

/// A role whose members can approve requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum ApproverRole {
    /// Decides on requests.
    Approver,
    /// Has every permission in the workspace.
    Owner,
}

impl ApproverRole {
    /// Every such role.
    pub const ALL: [Self; 2] = [Self::Approver, Self::Owner];

    /// Returns the word for this role in the rows of members and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approver => "approver",
            Self::Owner => "owner",
        }
    }
}

/// A person whose approval does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Exclusion {
    /// The author of a rule that held the request.
    RuleAuthor,
    /// The owner of the agent that sent the request.
    AgentOwner,
}

impl Exclusion {
    /// Every exclusion.
    pub const ALL: [Self; 2] = [Self::RuleAuthor, Self::AgentOwner];

    /// Returns the word for this exclusion in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RuleAuthor => "rule_author",
            Self::AgentOwner => "agent_owner",
        }
    }
}

/// The approvals that a rule asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = RuleApprovals))]
pub struct Approvals {
    /// How many people must approve.
    #[cfg_attr(
        feature = "schema",
        schema(required = false, minimum = 1, maximum = 10, default = 1)
    )]
    pub count: u32,
    /// The roles of those who may approve. Defaults to all roles that can approve.
    #[cfg_attr(feature = "schema", schema(required = false, value_type = Vec<ApproverRole>, min_items = 1, max_items = 2))]
    pub from: BTreeSet<ApproverRole>,
    /// The people whose approval does not count. Defaults to none.
    #[cfg_attr(feature = "schema", schema(required = false, value_type = Vec<Exclusion>, max_items = 2))]
    pub exclude: BTreeSet<Exclusion>,
}

impl Default for Approvals {
    fn default() -> Self {
        Self {
            count: 1,
            from: ApproverRole::ALL.into(),
            exclude: BTreeSet::new(),
        }
    }
}

impl FieldValue for Approvals {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        Self::read("", Some(value)).map_err(|errors| {
            let first = errors.into_iter().next();
            first.map_or_else(String::new, |error| error.message).into()
        })
    }

    fn read(name: &str, value: Option<Value>) -> Checked<Self> {
        let Some(Value::Object(mut members)) = value else {
            let message = "must be an object with `count`, `from`, or `exclude`";
            return Err(vec![FieldError::new(name, message)]);
        };
        let mut errors = Vec::new();
        let mut approvals = Self::default();
        for (member, value) in std::mem::take(&mut members) {
            let read = match (member.as_str(), value) {
                (_, Value::Null) => Ok(()),
                ("count", value) => {
                    whole_number(&value, 1, APPROVALS_MAX).map(|count| approvals.count = count)
                }
                ("from", value) => {
                    words(value, &ApproverRole::ALL, ApproverRole::as_str).and_then(|from| {
                        let is_empty = from.is_empty();
                        approvals.from = from;
                        if is_empty {
                            return Err("must name at least one role".into());
                        }
                        Ok(())
                    })
                }
                ("exclude", value) => words(value, &Exclusion::ALL, Exclusion::as_str)
                    .map(|exclude| approvals.exclude = exclude),
                _ => Err("unknown field".into()),
            };
            if let Err(message) = read {
                errors.push(FieldError::new(member, message).within(name));
            }
        }
        if errors.is_empty() {
            Ok(approvals)
        } else {
            Err(errors)
        }
    }
}

/// Returns the set of the words of an array.
fn words<T: Copy + Ord>(
    value: Value,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<BTreeSet<T>, Cow<'static, str>> {
    let known = || all.iter().copied().map(name).collect::<Vec<_>>().join(", ");
    let wrong = || format!("must be an array of these words: {}", known());
    let Value::Array(items) = value else {
        return Err(wrong().into());
    };
    if items.len() > all.len() {
        return Err(format!("must have at most {} items", all.len()).into());
    }
    let words = items.into_iter().map(|item| one_of(item, all, name));
    words
        .collect::<Result<_, _>>()
        .map_err(|_| Cow::from(wrong()))
}

/// The part of a rule that concerns the approvals of the requests that it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApprovalTerms {
    /// The approvals that it asks for; `None` if one of any approver is enough.
    pub approvals: Option<Approvals>,
    /// The proof that each approval needs in addition to a session.
    pub step_up: Option<StepUp>,
    /// Its author, if known.
    pub author: Option<UserId>,
}

/// The approvals that a held request requires. Fixed when the request is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// How many people must approve.
    pub needed: u32,
    /// The roles of those who may approve.
    pub from: BTreeSet<ApproverRole>,
    /// The people whose approval does not count.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exclude: BTreeSet<Exclusion>,
    /// The known authors of the rules that held the request.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub rule_authors: BTreeSet<UserId>,
    /// The owner of the agent, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_owner: Option<UserId>,
    /// The proof that each approval needs in addition to a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_up: Option<StepUp>,
}

impl Default for Requirement {
    /// One approval of anyone who can approve.
    fn default() -> Self {
        let Approvals {
            count,
            from,
            exclude,
        } = Approvals::default();
        Self {
            needed: count,
            from,
            exclude,
            rule_authors: BTreeSet::new(),
            agent_owner: None,
            step_up: None,
        }
    }
}

impl Requirement {
    /// Returns the strictest requirement of the rules that held a request: the highest count, the roles
    /// that all of them accept, every exclusion, and a step-up if one asks for it. If no role is accepted by
    /// all, only owners are. `None` if no rule asks for particular approvals.
    pub fn of<'t>(rules: impl IntoIterator<Item = &'t ApprovalTerms>) -> Option<Self> {
        let mut strictest = Self::default();
        let mut is_particular = false;
        for terms in rules {
            strictest.rule_authors.extend(terms.author);
            if terms.step_up.is_some() {
                is_particular = true;
                strictest.step_up = terms.step_up;
            }
            if let Some(approvals) = &terms.approvals {
                is_particular = true;
                strictest.needed = strictest.needed.max(approvals.count);
                strictest.from = &strictest.from & &approvals.from;
                strictest.exclude.extend(&approvals.exclude);
            }
        }
        if strictest.from.is_empty() {
            strictest.from.insert(ApproverRole::Owner);
        }
        is_particular.then_some(strictest)
    }

    /// Whether one approval of anyone who can approve is enough, so that an owner has nothing to break the glass for.
    pub fn is_of_any_one(&self) -> bool {
        self.needed <= 1 && self.from.len() == ApproverRole::ALL.len() && self.exclude.is_empty()
    }

    /// Returns why the approval of a request by a user with this membership does not count; `None` if it
    /// counts. Someone without a membership is not a member.
    pub fn refuses(
        &self,
        request: Approvable,
        user: UserId,
        membership: Option<&Membership>,
    ) -> Option<VoteRefused> {
        let Some(membership) = membership else {
            return Some(VoteRefused::Role);
        };
        let role = membership.role.as_str();
        let is_permitted = membership.demand_decision(request.service, request.effect);
        if !self.from.iter().any(|from| from.as_str() == role) {
            Some(VoteRefused::Role)
        } else if is_permitted.is_err() {
            Some(VoteRefused::Limits)
        } else if self.exclude.contains(&Exclusion::RuleAuthor) && self.rule_authors.contains(&user)
        {
            Some(VoteRefused::RuleAuthor)
        } else if self.exclude.contains(&Exclusion::AgentOwner) && self.agent_owner == Some(user) {
            Some(VoteRefused::AgentOwner)
        } else {
            None
        }
    }
}

/// The facts about a request that the limits of an approver depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approvable {
    /// The service that it is for.
    pub service: ServiceId,
    /// Its most severe effect, if known.
    pub effect: Option<Effect>,
}

/// The reason why an approval does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum VoteRefused {
    /// The user does not have one of the roles that may approve.
    #[error("your role may not approve this request")]
    Role,
    /// The user is limited to other services or effects.
    #[error("your role is limited to other services or effects")]
    Limits,
    /// The user is the author of a rule that held the request.
    #[error("you wrote a rule that holds this request, so someone else must approve it")]
    RuleAuthor,
    /// The user owns the agent.
    #[error("you own the agent that sent this request, so someone else must approve it")]
    AgentOwner,
    /// The user is not an owner, and only owners may approve alone.
    #[error("only an owner may approve this request without the other approvals")]
    NotOwner,
    /// The approval needs a passkey, and none was used for it.
    #[error(
        "a rule requires a passkey for this approval: open the request in the dashboard and approve it there, or \
         get options from `POST /approvals/{{action_id}}/approve/options` and send the result as `passkey`"
    )]
    StepUpRequired,
    /// The use of the passkey counted for an earlier approval, or the passkey was removed.
    #[error("this use of the passkey was sent before, or the passkey was removed; use it again")]
    StepUpUsed,
}

/// One person's approval of a held request that requires particular approvals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// The person.
    pub by: UserId,
    /// When it was given.
    pub at: Timestamp,
    /// The note given with it.
    pub note: Option<String>,
    /// Whether an owner approved alone.
    pub break_glass: bool,
    /// Whether a passkey was used for it.
    pub stepped_up: bool,
}

/// The facts that the vote of a change depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ballot {
    /// The approvals that the request requires.
    pub requirement: Requirement,
    /// The facts that the limits of approvers depend on.
    pub request: Approvable,
    /// The digest of the request.
    pub digest: Digest,
    /// Whether an owner approves alone.
    pub break_glass: bool,
    /// The passkey that was used for it.
    pub presented: Option<Presented>,
}

/// The votes that count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// How many are needed.
    pub needed: u32,
    /// The votes, in the order in which they were given.
    pub votes: Vec<Vote>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workspace::Role;

    fn terms(count: u32, from: &[ApproverRole], author: i64) -> ApprovalTerms {
        ApprovalTerms {
            approvals: Some(Approvals {
                count,
                from: from.iter().copied().collect(),
                exclude: BTreeSet::new(),
            }),
            step_up: None,
            author: Some(UserId(author)),
        }
    }

    #[test]
    fn the_strictest_of_all_rules_applies() {
        assert_eq!(Requirement::of([]), None);
        assert_eq!(Requirement::of([&ApprovalTerms::default()]), None);
        let both = terms(2, &ApproverRole::ALL, 1);
        let owners = terms(1, &[ApproverRole::Owner], 2);
        let approvers = terms(3, &[ApproverRole::Approver], 3);
        let strictest = Requirement::of([&both, &owners]).unwrap();
        assert_eq!(strictest.needed, 2);
        assert_eq!(strictest.from, [ApproverRole::Owner].into());
        assert_eq!(strictest.rule_authors, [UserId(1), UserId(2)].into());
        for rules in [[&owners, &approvers], [&approvers, &owners]] {
            let conflicting = Requirement::of(rules).unwrap();
            assert_eq!(conflicting.needed, 3);
            assert_eq!(conflicting.from, [ApproverRole::Owner].into());
        }
    }

    #[test]
    fn a_step_up_of_any_rule_applies_and_is_all_that_it_changes() {
        let stepped = ApprovalTerms {
            step_up: Some(StepUp::Passkey),
            ..ApprovalTerms::default()
        };
        let alone = Requirement::of([&ApprovalTerms::default(), &stepped]).unwrap();
        assert_eq!(alone.step_up, Some(StepUp::Passkey));
        assert!(alone.is_of_any_one());
        let both = terms(2, &ApproverRole::ALL, 1);
        for rules in [[&both, &stepped], [&stepped, &both]] {
            let requirement = Requirement::of(rules).unwrap();
            assert_eq!(
                (requirement.needed, requirement.step_up),
                (2, Some(StepUp::Passkey))
            );
            assert!(!requirement.is_of_any_one());
        }
        let stored = serde_json::to_value(&alone).unwrap();
        assert_eq!(stored["step_up"], "passkey");
        assert_eq!(
            serde_json::from_value::<Requirement>(stored).unwrap(),
            alone
        );
    }

    #[test]
    fn an_exclusion_covers_the_authors_of_all_rules_and_unknown_people_never() {
        let mut excluding = terms(1, &ApproverRole::ALL, 1);
        let approvals = excluding.approvals.as_mut().unwrap();
        approvals.exclude = Exclusion::ALL.into();
        let plain = ApprovalTerms {
            approvals: None,
            step_up: None,
            author: Some(UserId(2)),
        };
        let unknown = ApprovalTerms::default();
        let mut strictest = Requirement::of([&excluding, &plain, &unknown]).unwrap();
        let request = Approvable {
            service: ServiceId(1),
            effect: Some(Effect::Delete),
        };
        let refused = |requirement: &Requirement, user, membership: Option<Membership>| {
            requirement.refuses(request, UserId(user), membership.as_ref())
        };
        let of = |role| Some(Membership::of(role));
        for author in [1, 2] {
            let found = refused(&strictest, author, of(Role::Owner));
            assert_eq!(found, Some(VoteRefused::RuleAuthor));
        }
        assert_eq!(refused(&strictest, 3, of(Role::Owner)), None);
        strictest.agent_owner = Some(UserId(3));
        let owner = refused(&strictest, 3, of(Role::Owner));
        assert_eq!(owner, Some(VoteRefused::AgentOwner));
        for membership in [None, of(Role::Viewer), of(Role::Operator)] {
            let found = refused(&strictest, 4, membership);
            assert_eq!(found, Some(VoteRefused::Role));
        }
        assert_eq!(refused(&strictest, 4, of(Role::Approver)), None);
        let limited = Membership {
            services: Some(vec![ServiceId(2)]),
            ..Membership::of(Role::Approver)
        };
        let found = refused(&strictest, 4, Some(limited));
        assert_eq!(found, Some(VoteRefused::Limits));
    }

    #[test]
    fn every_error_names_its_field_and_what_would_be_right() {
        let read = |value| Approvals::read("approvals", Some(value));
        let errors = read(json!({
            "count": 11, "from": [], "exclude": ["me"], "quorum": 2
        }));
        let errors = errors.unwrap_err().into_iter();
        let errors: Vec<_> = errors.map(|error| (error.field, error.message)).collect();
        let expected = [
            ("approvals.count", "must be a whole number from 1 to 10"),
            ("approvals.from", "must name at least one role"),
            (
                "approvals.exclude",
                "must be an array of these words: rule_author, agent_owner",
            ),
            ("approvals.quorum", "unknown field"),
        ];
        assert_eq!(
            errors,
            expected.map(|(field, message)| (field.to_owned(), message.to_owned()))
        );
        let three = read(json!({"exclude": ["rule_author", "rule_author", "rule_author"]}));
        let error = three.unwrap_err().remove(0);
        assert_eq!(error.message, "must have at most 2 items");
        assert!(read(json!([])).is_err());
        assert_eq!(read(json!({})), Ok(Approvals::default()));
        let whole = json!({"count": 2, "from": ["owner", "approver"], "exclude": ["rule_author"]});
        let approvals = read(whole).unwrap();
        assert_eq!(
            serde_json::to_value(&approvals).unwrap(),
            json!({"count": 2, "from": ["approver", "owner"], "exclude": ["rule_author"]})
        );
    }
}
