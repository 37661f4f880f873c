//! Proposed rules, to be applied to recorded requests.

use std::borrow::Cow;

use gaiterguard_domain::approvals::Approvals;
use gaiterguard_domain::body;
use gaiterguard_domain::body::Body as _;
use gaiterguard_domain::field::{Change, Checked, FieldValue, refused, whole_number};
use gaiterguard_domain::id::{AgentId, RuleId, ServiceId};
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_domain::step_up::StepUp;
use gaiterguard_domain::text::{Name, Words};
use serde_json::Value;

use crate::rule::RuleChange;

/// Maximum number of days to look back, which is the default retention of requests.
const DAYS_MAX: u32 = 90;

/// Maximum number of proposed rules. All of them are evaluated on each of up to 10,000 requests.
const RULES_MAX: usize = 500;

body! {
    /// Rules to apply to recorded requests.
    pub struct RuleSimulation {
        /// The proposed rules.
        #[schema(max_items = 500)]
        rules "rules": ProposedRules as Vec<ProposedRule>,
        /// Number of days to look back.
        #[schema(minimum = 1, maximum = 90, default = 7)]
        days "days": Option<Days> as Option<u32>,
        /// Whether current rules that are not in `rules` stay in effect. By default they do not:
        /// `rules` is the complete set.
        keep_others "keep_others": Option<bool> as Option<bool>,
    }
}

body! {
    /// A proposed rule: changes to a current rule, or a new rule.
    pub struct ProposedRule {
        /// ID of the current rule to change. Omit it for a new rule.
        id "id": Option<RuleId> as Option<i64>,
        /// Name. Required for a new rule.
        name "name": Change<Name> as Option<Name>,
        /// Effect. Required for a new rule.
        effect "effect": Change<RuleEffect> as Option<RuleEffect>,
        /// A CEL expression that a request must satisfy.
        #[schema(max_length = 4096)]
        condition "condition": Change<Option<String>> as Option<String>,
        /// The rule in plain words. Simulations do not evaluate it.
        text "text": Change<Option<Words>> as Option<Words>,
        /// ID of the service that the rule is limited to.
        service "service_id": Change<Option<ServiceId>> as Option<i64>,
        /// ID of the agent that the rule is limited to.
        agent "agent_id": Change<Option<AgentId>> as Option<i64>,
        /// How many people must approve the requests that the rule holds, and which people.
        approvals "approvals": Change<Option<Approvals>> as Option<Approvals>,
        /// A proof that each approval requires, in addition to a session.
        step_up "stepUp": Change<Option<StepUp>> as Option<StepUp>,
        /// Whether the rule is enabled.
        enabled "enabled": Option<bool> as Option<bool>,
    }
}

impl ProposedRule {
    /// Returns the changes, without the id.
    pub fn into_change(self) -> RuleChange {
        RuleChange {
            name: self.name,
            effect: self.effect,
            condition: self.condition,
            text: self.text,
            service: self.service,
            agent: self.agent,
            approvals: self.approvals,
            step_up: self.step_up,
            enabled: self.enabled,
        }
    }
}

/// A number of days to look back.
#[derive(Clone, Copy, Debug)]
pub struct Days(pub u32);

impl Default for Days {
    fn default() -> Self {
        Self(7)
    }
}

impl FieldValue for Days {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        whole_number(&value, 1, DAYS_MAX).map(Self)
    }
}

/// The proposed rules, in the order given; `None` for an item that is not an object.
#[derive(Clone, Debug)]
pub struct ProposedRules(pub Vec<Option<ProposedRule>>);

impl FieldValue for ProposedRules {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let items = match value {
            Value::Array(items) if items.len() <= RULES_MAX => items.into_iter(),
            _ => return Err(format!("must be a list of at most {RULES_MAX} rules").into()),
        };
        let rules = items.map(|item| match item {
            Value::Object(mut members) => Some(ProposedRule::take(&mut members)),
            _ => None,
        });
        Ok(Self(rules.collect()))
    }

    fn read(name: &str, value: Option<Value>) -> Checked<Self> {
        Self::parse(value.unwrap_or_default()).or_else(|message| refused(name, message))
    }
}
