//! Rules: what an operator has decided beforehand, for a service, an agent or all of them.

use std::collections::HashMap;

use gaiterguard_domain::field::{FieldError, FieldReader};
use gaiterguard_domain::id::{AgentId, RuleId, ServiceId, WorkspaceId};
use gaiterguard_domain::rule::{Rule, RuleEffect};
use gaiterguard_domain::time::{Day, Timestamp};
use gaiterguard_rules::{ConditionError, ConditionWarning, Program};
use gaiterguard_store::{RuleFields, RuleHits, RuleSaved, Stored};
use serde_json::{Map, Value, json};

use crate::desk::{DefinitionError, Desk, Editor, listed};

/// The longest rule in plain words, in characters.
pub const TEXT_CHARS_MAX: usize = 2000;

/// How many days a rule's hits are counted for, the present one (UTC) included.
const HITS_DAYS: u32 = 30;

/// How often the rules of a workspace matched lately.
#[derive(Clone, Debug)]
pub struct Hits {
    since: Day,
    by_rule: HashMap<RuleId, RuleHits>,
}

impl Hits {
    /// Since when is counted.
    pub fn since(&self) -> Timestamp {
        self.since.begin()
    }

    /// How often a rule matched; none if it did not.
    pub fn of(&self, rule: RuleId) -> Option<RuleHits> {
        self.by_rule.get(&rule).copied()
    }
}

/// The first of the days that hits are counted for.
pub fn counted_since(now: Timestamp) -> Day {
    Day::of(now).first_of_last(HITS_DAYS)
}

/// How often the rules of a workspace matched lately, in requests that were decided.
pub async fn hits(desk: &Desk, workspace: WorkspaceId) -> Result<Hits, DefinitionError> {
    let since = counted_since(desk.now());
    let by_rule = desk.store().rule_hits(workspace, since).await?;
    Ok(Hits { since, by_rule })
}

/// The rules of a workspace.
pub async fn list(
    desk: &Desk,
    workspace: WorkspaceId,
) -> Result<Vec<Stored<Rule>>, DefinitionError> {
    Ok(listed(desk.store().rule_list(workspace).await?))
}

/// One rule, for who looks at it.
pub async fn find(
    desk: &Desk,
    workspace: WorkspaceId,
    id: RuleId,
) -> Result<Stored<Rule>, DefinitionError> {
    let found = desk.store().rule_find(workspace, id).await?;
    found.ok_or(DefinitionError::NotFound("rule"))
}

/// One rule.
pub async fn get(desk: &Desk, workspace: WorkspaceId, id: RuleId) -> Result<Rule, DefinitionError> {
    desk.store()
        .rule_get(workspace, id)
        .await?
        .ok_or(DefinitionError::NotFound("rule"))
}

/// Makes a rule: `{name, effect, condition?, text?, service_id?, agent_id?, enabled?}`.
pub async fn create(
    desk: &Desk,
    editor: Editor,
    fields: &Map<String, Value>,
) -> Result<Rule, DefinitionError> {
    let wanted = read(desk, editor.workspace, fields, None).await?;
    let at = desk.now();
    let detail = detail(&wanted);
    Ok(desk
        .store()
        .rule_create(editor.workspace, &wanted, at, |id| {
            editor.entry(at, "rule.created", subject(id), detail)
        })
        .await?)
}

/// Changes a rule, as far as fields are given. Null takes a limit away.
pub async fn update(
    desk: &Desk,
    editor: Editor,
    id: RuleId,
    fields: &Map<String, Value>,
) -> Result<Rule, DefinitionError> {
    desk.change(|| async {
        let present = get(desk, editor.workspace, id).await?;
        let seen = present.revision;
        let wanted = read(desk, editor.workspace, fields, Some(present)).await?;
        let at = desk.now();
        let entry = editor.entry(at, "rule.updated", subject(id), detail(&wanted));
        let store = desk.store();
        match store
            .rule_update(editor.workspace, id, seen, &wanted, at, entry)
            .await?
        {
            RuleSaved::Saved(rule) => Ok(rule),
            RuleSaved::Changed => Err(DefinitionError::Changing),
            RuleSaved::Unknown => Err(DefinitionError::NotFound("rule")),
        }
    })
    .await
}

/// Removes a rule.
pub async fn delete(desk: &Desk, editor: Editor, id: RuleId) -> Result<(), DefinitionError> {
    let at = desk.now();
    let entry = editor.entry(at, "rule.deleted", subject(id), json!({}));
    let found = desk
        .store()
        .rule_delete(editor.workspace, id, at, entry)
        .await?;
    found.then_some(()).ok_or(DefinitionError::NotFound("rule"))
}

/// Reads the fields of a rule. What is not given is taken from `present`.
pub async fn read(
    desk: &Desk,
    workspace: WorkspaceId,
    fields: &Map<String, Value>,
    present: Option<Rule>,
) -> Result<RuleFields, DefinitionError> {
    let mut reader = FieldReader::new(fields);
    let name = match &present {
        None => reader.required_name(),
        Some(rule) => Some(reader.name().unwrap_or_else(|| rule.name.clone())),
    };
    let effect = match &present {
        Some(rule) if !reader.has("effect") => Some(rule.effect),
        _ => read_effect(&mut reader),
    };
    let service = if reader.has("service_id") {
        reader.id("service_id", ServiceId)
    } else {
        present.as_ref().and_then(|rule| rule.service)
    };
    let agent = if reader.has("agent_id") {
        reader.id("agent_id", AgentId)
    } else {
        present.as_ref().and_then(|rule| rule.agent)
    };
    let enabled = reader
        .boolean("enabled")
        .unwrap_or_else(|| present.as_ref().is_none_or(|rule| rule.enabled));
    let condition = if reader.has("condition") {
        reader.string("condition").map(str::to_owned)
    } else {
        present.as_ref().and_then(|rule| rule.condition.clone())
    };
    let text = if reader.has("text") {
        read_text(&mut reader)
    } else {
        present.as_ref().and_then(|rule| rule.text.clone())
    };
    if let Some(id) = service
        && desk.store().service_get(workspace, id).await?.is_none()
    {
        reader.refuse(
            "service_id",
            "must be the ID of a service of this workspace",
        );
    }
    if let Some(id) = agent
        && desk.store().agent_get(workspace, id).await?.is_none()
    {
        reader.refuse("agent_id", "must be the ID of an agent of this workspace");
    }
    reader.finish()?;
    if let Some(condition) = &condition {
        check(condition).map_err(|error| {
            let refused = FieldError::new("condition", error.message);
            DefinitionError::NotUnderstood(vec![refused.at(error.line, error.column)])
        })?;
    }
    let (Some(name), Some(effect)) = (name, effect) else {
        return Err(DefinitionError::Invalid(Vec::new()));
    };
    Ok(RuleFields {
        name,
        effect,
        condition,
        text,
        service,
        agent,
        enabled,
    })
}

/// What is wrong with a condition, if anything is.
pub fn check(condition: &str) -> Result<(), ConditionError> {
    Program::compile(condition).map(drop)
}

/// Returns what the author of a rule should know about its condition, though it can be evaluated.
/// Without an effect it is taken for one that holds or refuses.
pub fn warnings(condition: &str, effect: Option<RuleEffect>) -> Vec<ConditionWarning> {
    Program::compile(condition).map_or_else(|_| Vec::new(), |program| advice(&program, effect))
}

/// Returns a warning if a rule without a condition and without words allows every request of its
/// service and agent, risky ones included.
pub fn allows_everything(
    effect: RuleEffect,
    condition: Option<&str>,
    text: Option<&str>,
) -> Option<ConditionWarning> {
    let is_open = effect == RuleEffect::Allow && condition.is_none() && text.is_none();
    is_open.then(|| ConditionWarning {
        line: 1,
        column: 1,
        message: "without a condition, this rule allows every request of its service and agent, \
                  including risky ones"
            .to_owned(),
    })
}

/// An `allow` that misses a spelling of a path leaves the request to the assessors; a rule that
/// holds or refuses lets it pass.
fn advice(program: &Program, effect: Option<RuleEffect>) -> Vec<ConditionWarning> {
    match effect {
        Some(RuleEffect::Allow) => Vec::new(),
        _ => program.warnings().to_vec(),
    }
}

/// Checks a condition of a rule for a service of the workspace, or for all of them, and returns
/// what its author should know.
pub async fn validate(
    desk: &Desk,
    workspace: WorkspaceId,
    condition: &str,
    service: Option<ServiceId>,
    effect: Option<RuleEffect>,
) -> Result<Result<Vec<ConditionWarning>, ConditionError>, DefinitionError> {
    if let Some(id) = service
        && desk.store().service_get(workspace, id).await?.is_none()
    {
        let refused = FieldError::new(
            "service_id",
            "must be the ID of a service of this workspace",
        );
        return Err(DefinitionError::Invalid(vec![refused]));
    }
    Ok(Program::compile(condition).map(|program| advice(&program, effect)))
}

fn read_text(reader: &mut FieldReader<'_>) -> Option<String> {
    let said = reader.string("text")?.trim();
    if said.is_empty() {
        reader.refuse("text", "must not be blank");
        return None;
    }
    reader.text("text", TEXT_CHARS_MAX)
}

fn read_effect(reader: &mut FieldReader<'_>) -> Option<RuleEffect> {
    let effect = RuleEffect::parse(reader.required_string("effect")?);
    if effect.is_none() {
        reader.refuse("effect", "must be one of deny, require_approval, allow");
    }
    effect
}

fn detail(fields: &RuleFields) -> Value {
    json!({
        "name": &fields.name,
        "effect": fields.effect,
        "condition": fields.condition,
        "text": fields.text,
        "service": fields.service,
        "agent": fields.agent,
        "enabled": fields.enabled,
    })
}

fn subject(id: RuleId) -> String {
    format!("rule:{id}")
}
