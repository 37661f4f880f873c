//! Rules: an operator's decisions in advance, for a service, an agent, or all of them.

use std::collections::HashMap;

use gaiterguard_apidocs::Catalog;
use gaiterguard_domain::approvals::Approvals;
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::field::{Change, Checked, FieldError, changed, refused};
use gaiterguard_domain::id::{AgentId, RuleId, ServiceId, UserId, WorkspaceId};
use gaiterguard_domain::rule::{Rule, RuleEffect};
use gaiterguard_domain::step_up::StepUp;
use gaiterguard_domain::text::{Name, Words};
use gaiterguard_domain::time::{Day, Timestamp};
use gaiterguard_domain::{all, body};
use gaiterguard_rules::{ConditionError, ConditionWarning, Program};
use gaiterguard_store::{RuleFields, RuleHits, RuleSaved, Stored};
use serde_json::{Value, json};

use crate::definition_store::{DefinitionError, DefinitionStore, Editor, listed};

/// Number of days for which a rule's hits are counted, including the present one (UTC). A rule without hits in a
/// month is one to reconsider.
const HITS_DAYS: u32 = 30;

body! {
    /// A rule to create.
    pub struct NewRule {
        /// Name.
        name "name": Name as Name,
        /// Effect.
        effect "effect": RuleEffect as RuleEffect,
        /// A CEL expression that a request must satisfy. A rule with neither `condition` nor `text`
        /// matches every request of its service and agent. With the effect `allow`, such a rule
        /// forwards risky requests without approval; the response then contains a warning.
        #[schema(max_length = 4096)]
        condition "condition": Option<String> as Option<String>,
        /// The rule in plain words. With a condition, it is only an explanation. Without one, the
        /// language model applies it, if one is configured.
        text "text": Option<Words> as Option<Words>,
        /// ID of the service that the rule is limited to.
        service "service_id": Option<ServiceId> as Option<i64>,
        /// ID of the agent that the rule is limited to.
        agent "agent_id": Option<AgentId> as Option<i64>,
        /// How many people must approve the requests that the rule holds, and which people. Only for the
        /// effect `require_approval`, and not for a rule that a language model applies. By default, one
        /// approval is enough.
        approvals "approvals": Option<Approvals> as Option<Approvals>,
        /// A proof that each approval of a request that the rule holds needs in addition to a session: `passkey`,
        /// the use of a passkey for this very request. Only for the effect `require_approval`, and not for a rule that a
        /// language model applies. By default, none.
        step_up "stepUp": Option<StepUp> as Option<StepUp>,
        /// Whether the rule is enabled. Defaults to true.
        enabled "enabled": Option<bool> as Option<bool>,
    }
}

body! {
    /// Changes to a rule. Omitted fields stay unchanged; null removes the condition, the text, or the
    /// limit to a service or an agent.
    pub struct RuleChange {
        /// Name.
        #[schema(nullable = false)]
        name "name": Change<Name> as Option<Name>,
        /// Effect.
        #[schema(nullable = false)]
        effect "effect": Change<RuleEffect> as Option<RuleEffect>,
        /// A CEL expression that a request must satisfy. A rule with neither `condition` nor `text`
        /// matches every request of its service and agent. With the effect `allow`, such a rule
        /// forwards risky requests without approval; the response then contains a warning.
        #[schema(max_length = 4096)]
        condition "condition": Change<Option<String>> as Option<String>,
        /// The rule in plain words. With a condition, it is only an explanation. Without one, the
        /// language model applies it, if one is configured.
        text "text": Change<Option<Words>> as Option<Words>,
        /// ID of the service that the rule is limited to.
        service "service_id": Change<Option<ServiceId>> as Option<i64>,
        /// ID of the agent that the rule is limited to.
        agent "agent_id": Change<Option<AgentId>> as Option<i64>,
        /// How many people must approve the requests that the rule holds, and which people. Only for the
        /// effect `require_approval`, and not for a rule that a language model applies. With null, one
        /// approval is enough.
        approvals "approvals": Change<Option<Approvals>> as Option<Approvals>,
        /// A proof that each approval of a request that the rule holds needs in addition to a session: `passkey`,
        /// the use of a passkey for this very request. Only for the effect `require_approval`, and not for a rule that a
        /// language model applies. With null, none.
        step_up "stepUp": Change<Option<StepUp>> as Option<StepUp>,
        /// Whether the rule is enabled.
        enabled "enabled": Option<bool> as Option<bool>,
    }
}

impl RuleChange {
    /// Returns the whole rule: this change to `present`, or a new rule if there is none.
    pub fn applied_to(self, present: Option<&Rule>) -> NewRule {
        let name = present.map(|rule| Name::stored(rule.name.clone()));
        let condition = present.and_then(|rule| rule.condition.clone());
        let text = present.and_then(|rule| rule.text.clone());
        let text = text.map(Words::stored);
        let service = present.and_then(|rule| rule.service);
        let agent = present.and_then(|rule| rule.agent);
        let approvals = present.and_then(|rule| rule.approvals.clone());
        let step_up = present.and_then(|rule| rule.step_up);
        let enabled = present.map(|rule| rule.enabled);
        NewRule {
            name: changed("name", self.name, name),
            effect: changed("effect", self.effect, present.map(|rule| rule.effect)),
            condition: self.condition.map(|new| new.over(condition)),
            text: self.text.map(|new| new.over(text)),
            service: self.service.map(|new| new.over(service)),
            agent: self.agent.map(|new| new.over(agent)),
            approvals: self.approvals.map(|new| new.over(approvals)),
            step_up: self.step_up.map(|new| new.over(step_up)),
            enabled: self.enabled.map(|new| new.or(enabled)),
        }
    }
}

/// How often the rules of a workspace matched recently.
#[derive(Clone, Debug)]
pub struct Hits {
    since: Day,
    by_rule: HashMap<RuleId, RuleHits>,
}

impl Hits {
    /// Returns the start of the count.
    pub fn since(&self) -> Timestamp {
        self.since.begin()
    }

    /// Returns how often a rule matched; `None` if it did not.
    pub fn of(&self, rule: RuleId) -> Option<RuleHits> {
        self.by_rule.get(&rule).copied()
    }
}

/// Returns the first of the days for which hits are counted.
pub fn counted_since(now: Timestamp) -> Day {
    Day::of(now).first_of_last(HITS_DAYS)
}

/// Returns how often the rules of a workspace matched recently, in requests that were decided.
pub async fn hits(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
) -> Result<Hits, DefinitionError> {
    let since = counted_since(definitions.now());
    let by_rule = definitions.store().rule_hits(workspace, since).await?;
    Ok(Hits { since, by_rule })
}

/// Returns the rules of a workspace.
pub async fn list(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
) -> Result<Vec<Stored<Rule>>, DefinitionError> {
    Ok(listed(definitions.store().rule_list(workspace).await?))
}

/// Returns one rule, even if it is damaged.
pub async fn find(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    id: RuleId,
) -> Result<Stored<Rule>, DefinitionError> {
    let found = definitions.store().rule_find(workspace, id).await?;
    found.ok_or(DefinitionError::NotFound("rule"))
}

/// Returns one rule.
pub async fn get(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    id: RuleId,
) -> Result<Rule, DefinitionError> {
    definitions
        .store()
        .rule_get(workspace, id)
        .await?
        .ok_or(DefinitionError::NotFound("rule"))
}

/// Creates a rule.
pub async fn create(
    definitions: &DefinitionStore,
    editor: Editor,
    new: NewRule,
) -> Result<Rule, DefinitionError> {
    let mut wanted = checked(definitions, editor.workspace, new).await?;
    wanted.author = Some(editor.user);
    let at = definitions.now();
    let detail = detail(&wanted);
    Ok(definitions
        .store()
        .rule_create(editor.workspace, &wanted, at, |id| {
            editor.entry(at, Event::RuleCreated, Subject::Rule(id), detail)
        })
        .await?)
}

/// Changes a rule.
pub async fn update(
    definitions: &DefinitionStore,
    editor: Editor,
    id: RuleId,
    change: RuleChange,
) -> Result<Rule, DefinitionError> {
    definitions
        .change(|| async {
            let present = get(definitions, editor.workspace, id).await?;
            let seen = present.revision;
            let rule = change.clone().applied_to(Some(&present));
            let mut wanted = checked(definitions, editor.workspace, rule).await?;
            wanted.author = author(&present, &wanted, editor.user);
            let at = definitions.now();
            let entry = editor.entry(at, Event::RuleUpdated, Subject::Rule(id), detail(&wanted));
            let store = definitions.store();
            match store
                .rule_update(editor.workspace, id, seen, &wanted, at, entry)
                .await?
            {
                RuleSaved::Saved(rule) => Ok(*rule),
                RuleSaved::Changed => Err(DefinitionError::Changing),
                RuleSaved::Unknown => Err(DefinitionError::NotFound("rule")),
            }
        })
        .await
}

/// Deletes a rule.
pub async fn delete(
    definitions: &DefinitionStore,
    editor: Editor,
    id: RuleId,
) -> Result<(), DefinitionError> {
    let at = definitions.now();
    let entry = editor.entry(at, Event::RuleDeleted, Subject::Rule(id), json!({}));
    let found = definitions
        .store()
        .rule_delete(editor.workspace, id, at, entry)
        .await?;
    found.then_some(()).ok_or(DefinitionError::NotFound("rule"))
}

/// Checks a rule against the workspace and compiles its condition.
pub async fn checked(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    rule: NewRule,
) -> Result<RuleFields, DefinitionError> {
    let NewRule {
        name,
        effect,
        condition,
        text,
        service,
        agent,
        approvals,
        step_up,
        enabled,
    } = rule;
    let service = known_service(definitions, workspace, service).await?;
    let agent = known_agent(definitions, workspace, agent).await?;
    let is_in_words = matches!((&condition, &text), (Ok(None), Ok(Some(_))));
    let terms_of = effect.as_ref().ok().copied();
    let approvals = approvals.and_then(|it| holding_term("approvals", it, terms_of, is_in_words));
    let step_up = step_up.and_then(|it| holding_term("stepUp", it, terms_of, is_in_words));
    let (name, effect, enabled, condition, text, service, agent, approvals, step_up) = all!(
        name, effect, enabled, condition, text, service, agent, approvals, step_up
    )?;
    if let Some(condition) = &condition {
        check(condition).map_err(|error| {
            let refused = FieldError::new("condition", error.message);
            DefinitionError::NotUnderstood(vec![refused.at(error.line, error.column)])
        })?;
    }
    Ok(RuleFields {
        name: name.into_string(),
        effect,
        condition,
        text: text.map(Words::into_string),
        service,
        agent,
        approvals,
        step_up,
        author: None,
        enabled: enabled.unwrap_or(true),
    })
}

/// Returns a term of the approvals that a rule asks for, refused if the rule holds no requests, or if a language model
/// applies it.
fn holding_term<T>(
    field: &str,
    term: Option<T>,
    effect: Option<RuleEffect>,
    is_in_words: bool,
) -> Checked<Option<T>> {
    match (&term, effect) {
        (Some(_), Some(RuleEffect::Allow | RuleEffect::Deny)) => {
            let message = "applies only to rules with the effect require_approval";
            refused(field, message)
        }
        (Some(_), _) if is_in_words => refused(
            field,
            "needs a rule that the gateway itself evaluates; add a condition, or remove the text",
        ),
        _ => Ok(term),
    }
}

/// Returns the author of a changed rule: the editor, unless only its name or whether it is enabled was
/// changed.
fn author(present: &Rule, wanted: &RuleFields, editor: UserId) -> Option<UserId> {
    let is_same = present.effect == wanted.effect
        && present.condition == wanted.condition
        && present.text == wanted.text
        && present.service == wanted.service
        && present.agent == wanted.agent
        && present.approvals == wanted.approvals
        && present.step_up == wanted.step_up;
    if is_same {
        present.author
    } else {
        Some(editor)
    }
}

/// Returns the field `service_id`, refused if the workspace has no such service.
async fn known_service(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    service: Checked<Option<ServiceId>>,
) -> Result<Checked<Option<ServiceId>>, DefinitionError> {
    if let Ok(Some(id)) = service
        && definitions
            .store()
            .service_get(workspace, id)
            .await?
            .is_none()
    {
        let message = "must be the ID of a service of this workspace";
        return Ok(refused("service_id", message));
    }
    Ok(service)
}

/// Returns the field `agent_id`, refused if the workspace has no such agent.
async fn known_agent(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    agent: Checked<Option<AgentId>>,
) -> Result<Checked<Option<AgentId>>, DefinitionError> {
    if let Ok(Some(id)) = agent
        && definitions
            .store()
            .agent_get(workspace, id)
            .await?
            .is_none()
    {
        return Ok(refused(
            "agent_id",
            "must be the ID of an agent of this workspace",
        ));
    }
    Ok(agent)
}

/// Compiles a condition, and returns the error if it does not compile.
pub fn check(condition: &str) -> Result<(), ConditionError> {
    Program::compile(condition).map(drop)
}

/// Returns the warnings for a stored rule.
pub fn warnings(
    effect: RuleEffect,
    condition: Option<&str>,
    text: Option<&str>,
) -> Vec<ConditionWarning> {
    match condition {
        Some(condition) => Program::compile(condition).map_or_else(
            |_| Vec::new(),
            |program| advice(&program, Some(effect), None),
        ),
        None if effect == RuleEffect::Allow && text.is_none() => {
            vec![allows_everything("without a condition")]
        }
        None => Vec::new(),
    }
}

/// The warning for an `allow` rule that matches every request.
fn allows_everything(because: &str) -> ConditionWarning {
    ConditionWarning {
        line: 1,
        column: 1,
        message: format!(
            "{because}, this rule allows every request of its service and agent, including risky ones"
        ),
    }
}

/// Returns the warnings for a condition of a rule with this effect. Without an effect, the rule counts
/// as one that holds or denies. `catalog` is what the documents of the rule's service describe.
fn advice(
    program: &Program,
    effect: Option<RuleEffect>,
    catalog: Option<&Catalog>,
) -> Vec<ConditionWarning> {
    let mut warnings = match effect {
        Some(RuleEffect::Allow) if program.is_always_true() => {
            vec![allows_everything("because its condition is always true")]
        }
        // An `allow` that misses a spelling of a path leaves the request to the assessors, but a rule
        // that holds or denies lets it pass.
        Some(RuleEffect::Allow) => Vec::new(),
        _ => program.warnings().to_vec(),
    };
    if let Some(catalog) = catalog {
        warnings.extend(unlisted_fields(program, catalog));
    }
    warnings
}

/// Returns a warning for each body field of a condition that the documents of a service do not list.
fn unlisted_fields(program: &Program, catalog: &Catalog) -> Vec<ConditionWarning> {
    let fields = program.body_fields().into_iter();
    fields
        .filter(|field| catalog.lists_body_field(&field.pointer) == Some(false))
        .map(|field| {
            let name = field.pointer.replace('/', ".");
            let name = name.trim_start_matches('.').replace("~1", "/");
            let name = name.replace("~0", "~");
            let alike = catalog.similar_body_field(&field.pointer);
            let question =
                alike.map_or_else(String::new, |alike| format!("; did you mean `{alike}`?"));
            ConditionWarning {
                line: field.line,
                column: field.column,
                message: format!(
                    "no document of this service lists the body field `{name}`{question}"
                ),
            }
        })
        .collect()
}

/// Checks the condition of a rule for a service of the workspace, or for all of them, and returns
/// its warnings. `catalog` is what the documents of that service describe.
pub async fn validate(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    condition: &str,
    service: Option<ServiceId>,
    effect: Option<RuleEffect>,
    catalog: Option<&Catalog>,
) -> Result<Result<Vec<ConditionWarning>, ConditionError>, DefinitionError> {
    known_service(definitions, workspace, Ok(service)).await??;
    Ok(Program::compile(condition).map(|program| advice(&program, effect, catalog)))
}

fn detail(fields: &RuleFields) -> Value {
    json!({
        "name": &fields.name,
        "effect": fields.effect,
        "condition": fields.condition,
        "text": fields.text,
        "service": fields.service,
        "agent": fields.agent,
        "approvals": fields.approvals,
        "step_up": fields.step_up,
        "enabled": fields.enabled,
    })
}
