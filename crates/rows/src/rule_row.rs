//! Rows of `rules`.

use gaiterguard_domain::approvals::Approvals;
use gaiterguard_domain::id::{AgentId, RuleId, ServiceId, UserId, WorkspaceId};
use gaiterguard_domain::rule::{Rule, RuleEffect};
use gaiterguard_domain::time::Timestamp;

use gaiterguard_database::column::RowContext;
use gaiterguard_database::error::StoreError;

/// The contents of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFields {
    /// The rule's name.
    pub name: String,
    /// The rule's effect.
    pub effect: RuleEffect,
    /// The expression that a request must satisfy.
    pub condition: Option<String>,
    /// The rule in plain words.
    pub text: Option<String>,
    /// The only service that the rule applies to, if it is limited to one.
    pub service: Option<ServiceId>,
    /// The only agent that the rule applies to, if it is limited to one.
    pub agent: Option<AgentId>,
    /// The approvals that the requests it holds require.
    pub approvals: Option<Approvals>,
    /// Who determined which requests it matches and what it does with them.
    pub author: Option<UserId>,
    /// Whether the rule is enabled.
    pub enabled: bool,
}

/// The result of changing a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleSaved {
    /// The rule was saved.
    Saved(Box<Rule>),
    /// The rule's revision is no longer the one that the caller saw.
    Changed,
    /// There is no such rule.
    Unknown,
}

#[derive(sqlx::FromRow)]
pub struct RuleRow {
    pub id: i64,
    pub workspace_id: i64,
    pub name: String,
    pub effect: String,
    pub condition: Option<String>,
    pub text: Option<String>,
    pub service_id: Option<i64>,
    pub agent_id: Option<i64>,
    pub approvals: Option<String>,
    pub author_id: Option<i64>,
    pub enabled: bool,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

impl TryFrom<RuleRow> for Rule {
    type Error = StoreError;

    fn try_from(row: RuleRow) -> Result<Self, StoreError> {
        let context = RowContext {
            table: "rules",
            id: &row.id,
        };
        Ok(Self {
            id: RuleId(row.id),
            workspace: WorkspaceId(row.workspace_id),
            effect: context.required("effect", RuleEffect::parse(&row.effect))?,
            name: row.name,
            condition: row.condition,
            text: row.text,
            service: row.service_id.map(ServiceId),
            agent: row.agent_id.map(AgentId),
            approvals: row
                .approvals
                .map(|text| context.json("approvals", &text))
                .transpose()?,
            author: row.author_id.map(UserId),
            enabled: row.enabled,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
            revision: row.revision,
        })
    }
}
