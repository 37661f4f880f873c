//! The operator's rules.

use gaiterguard_database::column::{RowContext, json};
use gaiterguard_database::connection::{AnyConnection, execute, fetch_one};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::approvals::Approvals;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{AgentId, RuleId, ServiceId, UserId, WorkspaceId};
use gaiterguard_domain::rule::{Rule, RuleEffect};
use gaiterguard_domain::step_up::StepUp;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_rows::fetch_stored;
use gaiterguard_rows::stored::{Stored, all_intact};

use crate::store::Store;

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
    /// The proof that each of these approvals needs in addition to a session.
    pub step_up: Option<StepUp>,
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
struct RuleRow {
    id: i64,
    workspace_id: i64,
    name: String,
    effect: String,
    condition: Option<String>,
    text: Option<String>,
    service_id: Option<i64>,
    agent_id: Option<i64>,
    approvals: Option<String>,
    step_up: Option<String>,
    author_id: Option<i64>,
    enabled: bool,
    created_at: i64,
    updated_at: i64,
    revision: i64,
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
            step_up: row
                .step_up
                .map(|word| context.required("step_up", StepUp::parse(&word)))
                .transpose()?,
            author: row.author_id.map(UserId),
            enabled: row.enabled,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
            revision: row.revision,
        })
    }
}

impl Store {
    /// Creates a rule.
    pub async fn rule_create(
        &self,
        workspace: WorkspaceId,
        fields: &RuleFields,
        at: Timestamp,
        audit: impl FnOnce(RuleId) -> NewAuditEntry,
    ) -> Result<Rule, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let row = fetch_one!(
            tx,
            RuleRow,
            "INSERT INTO rules (workspace_id, name, effect, condition, text, service_id, agent_id,
                enabled, created_at, updated_at, approvals, author_id, step_up)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12) RETURNING *",
            workspace.0,
            &fields.name,
            fields.effect.as_str(),
            &fields.condition,
            &fields.text,
            fields.service.map(|service| service.0),
            fields.agent.map(|agent| agent.0),
            fields.enabled,
            at.0,
            fields.approvals.as_ref().map(json),
            fields.author.map(|author| author.0),
            fields.step_up.map(StepUp::as_str),
        );
        let rule: Rule = row.try_into()?;
        tx.audit(audit(rule.id));
        tx.commit().await?;
        Ok(rule)
    }

    /// Returns a rule.
    ///
    /// # Errors
    ///
    /// [`StoreError::Inconsistent`] if its row is damaged.
    pub async fn rule_get(
        &self,
        workspace: WorkspaceId,
        rule: RuleId,
    ) -> Result<Option<Rule>, StoreError> {
        let stored = self.rule_find(workspace, rule).await?;
        stored.map(Stored::intact).transpose()
    }

    /// Returns a rule for display; a damaged one as far as it can be read.
    pub async fn rule_find(
        &self,
        workspace: WorkspaceId,
        rule: RuleId,
    ) -> Result<Option<Stored<Rule>>, StoreError> {
        let mut reader = self.reader().await?;
        let stored = fetch_stored!(
            reader,
            "rules",
            "name",
            convert,
            "SELECT * FROM rules WHERE id = $2 AND workspace_id = $1",
            workspace.0,
            rule.0,
        );
        Ok(stored.into_iter().next())
    }

    /// Lists the rules of a workspace.
    pub async fn rule_list(&self, workspace: WorkspaceId) -> Result<Vec<Stored<Rule>>, StoreError> {
        stored_rules(self.reader().await?.any(), workspace).await
    }

    /// Replaces the contents of a rule whose revision is still `revision`.
    pub async fn rule_update(
        &self,
        workspace: WorkspaceId,
        rule: RuleId,
        revision: i64,
        fields: &RuleFields,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<RuleSaved, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let updated = execute!(
            tx,
            "UPDATE rules SET name = $3, effect = $4, condition = $5, text = $6, service_id = $7,
                agent_id = $8, enabled = $9, updated_at = $10, approvals = $12, author_id = $13,
                step_up = $14, revision = revision + 1
             WHERE id = $2 AND workspace_id = $1 AND revision = $11",
            workspace.0,
            rule.0,
            &fields.name,
            fields.effect.as_str(),
            &fields.condition,
            &fields.text,
            fields.service.map(|service| service.0),
            fields.agent.map(|agent| agent.0),
            fields.enabled,
            at.0,
            revision,
            fields.approvals.as_ref().map(json),
            fields.author.map(|author| author.0),
            fields.step_up.map(StepUp::as_str),
        );
        let is_saved = tx.end(updated, audit).await?;
        Ok(match self.rule_get(workspace, rule).await? {
            Some(rule) if is_saved => RuleSaved::Saved(Box::new(rule)),
            Some(_) => RuleSaved::Changed,
            None => RuleSaved::Unknown,
        })
    }

    /// Deletes a rule. Returns false if there is no such rule.
    pub async fn rule_delete(
        &self,
        workspace: WorkspaceId,
        rule: RuleId,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let deleted = execute!(
            tx,
            "DELETE FROM rules WHERE id = $2 AND workspace_id = $1",
            workspace.0,
            rule.0,
        );
        tx.end(deleted, audit).await
    }
}

fn convert(row: RuleRow) -> Result<Rule, StoreError> {
    row.try_into()
}

async fn stored_rules(
    mut connection: AnyConnection<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<Stored<Rule>>, StoreError> {
    Ok(fetch_stored!(
        connection,
        "rules",
        "name",
        convert,
        "SELECT * FROM rules WHERE workspace_id = $1 ORDER BY id",
        workspace.0,
    ))
}

/// Returns the rules of a workspace. Fails if one is damaged.
pub(crate) async fn rules_intact(
    connection: AnyConnection<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<Rule>, StoreError> {
    all_intact(stored_rules(connection, workspace).await?)
}
