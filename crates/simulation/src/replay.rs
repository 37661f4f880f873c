//! Replays proposed rules against recorded requests.
//!
//! The ledger keeps the method, URL, and intent of every request, but headers and bodies only of
//! held ones. A rule that cannot be decided without them is reported as undecidable, never guessed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gaiterguard_apidocs::{Call, Operation};
use gaiterguard_authority::{Authority, Definitions};
use gaiterguard_definitions::definition_store::{DefinitionError, DefinitionStore};
use gaiterguard_definitions::rule;
use gaiterguard_definitions::simulation::RuleSimulation;
use gaiterguard_domain::all;
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::field::{Checked, FieldError, refused};
use gaiterguard_domain::id::{ActionId, RuleId, WorkspaceId};
use gaiterguard_domain::ledger::{RequestEntry, RequestFilter};
use gaiterguard_domain::request::CanonicalRequest;
use gaiterguard_domain::rule::{Rule, RuleEffect};
use gaiterguard_domain::service::Service;
use gaiterguard_domain::target::Target;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Decision;
use gaiterguard_request::{Arena, Reading};
use gaiterguard_rules::{CompiledRule, Content, Facts, Match, Query, RequestPath, matching_rules};
use gaiterguard_sealing::Purpose;
use gaiterguard_store::{RuleFields, StoreError, Stored};

use crate::recorded::recorded_summary;
use crate::tally::{DraftMatch, Example, ProposedRule, Simulation, Tally};

/// The most requests that are replayed. Evaluating as many takes some seconds, which an operator still waits for.
pub const ROWS_MAX: u64 = 10_000;

/// How many requests one query reads. It bounds the memory of a simulation, whose result is a tally.
const PAGE_ROWS: u32 = 500;

/// The most held requests that are opened. Opening and parsing one costs far more than reading its row.
const OPENED_MAX: usize = 1_000;

/// The time after which a replay stops, so that older requests are omitted. An operator is waiting for the result.
const REPLAY_TIME_MAX: Duration = Duration::from_secs(10);

/// Returns the effect of a documented operation of a service.
pub type EffectOf = fn(&Service, &Operation) -> Effect;

/// Replays a proposed set of rules over the recorded requests. An item with an id changes that
/// rule; an item without one is a new rule. Stored rules that no item refers to are ignored, unless
/// `keep_others` is true. `risk_threshold` applies to agents without one of their own; `effect_of`
/// returns the effect of a documented operation, as conditions name it.
///
/// # Errors
///
/// If the fields are invalid, or the database or the vault fails.
pub async fn simulate(
    authority: &Authority,
    risk_threshold: f64,
    effect_of: EffectOf,
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    simulation: RuleSimulation,
) -> Result<Simulation, DefinitionError> {
    let AppliedRules {
        rules,
        proposed_ids,
        days,
    } = applied_rules(definitions, workspace, simulation).await?;
    let rules: Vec<CompiledRule> = rules.into_iter().map(CompiledRule::new).collect();
    let mut programs = rules.iter().filter_map(CompiledRule::program);
    let replay = Arc::new(Replay {
        uses_effect: programs.any(|program| program.uses().operation_effect),
        rules,
        proposed_ids,
        definitions: authority.definitions(workspace),
        threshold: risk_threshold,
        effect_of,
    });
    let now = definitions.now();
    let since = now.before(Duration::from_hours(24) * days);
    let started = Instant::now();
    let mut tally = Tally::default();
    let mut opened = 0;
    let mut cursor = None;
    loop {
        let page = definitions
            .store()
            .request_list(
                workspace,
                &RequestFilter::default(),
                cursor.as_deref(),
                PAGE_ROWS,
            )
            .await?;
        let length = page.items.len();
        let entries: Vec<RequestEntry> = page
            .items
            .into_iter()
            .take_while(|entry| entry.new.at >= since)
            .collect();
        let is_last = entries.len() < length || page.next_cursor.is_none();
        for mut example in replayed(&replay, entries).await? {
            if let Some(action) = example.needs_content()
                && opened < OPENED_MAX
            {
                opened += 1;
                if let Some(request) = open(definitions, workspace, action).await? {
                    example = replayed_whole(&replay, example.entry, request).await?;
                }
            }
            let summary = if example.is_changed() {
                recorded_summary(definitions, &example.entry).await?
            } else {
                None
            };
            tally.count(
                example,
                summary.as_ref().and_then(|summary| summary.amount.as_ref()),
            );
        }
        if is_last {
            return Ok(tally.finish(since, now, false));
        }
        if tally.requests() >= ROWS_MAX || started.elapsed() > REPLAY_TIME_MAX {
            return Ok(tally.finish(since, now, true));
        }
        cursor = page.next_cursor;
    }
}

/// Applies the rules to requests whose content is not known.
async fn replayed(
    replay: &Arc<Replay>,
    entries: Vec<RequestEntry>,
) -> Result<Vec<Example>, DefinitionError> {
    let replay = Arc::clone(replay);
    let example = move |entry| replay.example(entry, None);
    on_blocking_thread(move || entries.into_iter().map(example).collect()).await
}

/// Applies the rules to a request whose content is known.
async fn replayed_whole(
    replay: &Arc<Replay>,
    entry: RequestEntry,
    request: CanonicalRequest,
) -> Result<Example, DefinitionError> {
    let replay = Arc::clone(replay);
    on_blocking_thread(move || replay.example(entry, Some(&request))).await
}

/// Runs work on a blocking thread, so that the threads that serve requests do not wait.
async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DefinitionError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The task was not started, because the process ends.
            Err(_) => Err(DefinitionError::Changing),
        },
    }
}

/// Returns the request that an action holds, if it is still kept.
async fn open(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    action: ActionId,
) -> Result<Option<CanonicalRequest>, DefinitionError> {
    let Some(sealed) = definitions.store().action_request(action).await? else {
        return Ok(None);
    };
    let purpose = Purpose::action_request(action);
    let opened = definitions
        .sealing()
        .open(workspace, sealed.data_key, &sealed.bytes, &purpose)
        .await;
    match opened {
        Ok(form) => Ok(CanonicalRequest::from_canonical_form(&form)),
        // A damaged request is treated like one that is no longer kept.
        Err(error) if error.is_damage() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

struct Replay {
    rules: Vec<CompiledRule>,
    /// The ids of the proposed rules. All other rules are stored ones that remain in effect.
    proposed_ids: HashSet<RuleId>,
    /// Whether a condition uses the effect of the documented operation.
    uses_effect: bool,
    definitions: Option<Arc<Definitions>>,
    threshold: f64,
    effect_of: EffectOf,
}

/// The outcome of the rules for one request.
struct Replayed<'r> {
    /// The decision; `None` if it cannot be determined.
    decision: Option<Decision>,
    /// The rule that determines the decision, or that cannot be decided.
    rule: Option<&'r CompiledRule>,
    /// Whether a proposed rule matches.
    draft: DraftMatch,
}

impl Replay {
    fn example(&self, entry: RequestEntry, request: Option<&CanonicalRequest>) -> Example {
        let Replayed {
            decision,
            rule,
            draft,
        } = self.decide(&entry, request);
        Example {
            decision,
            draft,
            rule: rule.map(|rule| {
                let rule = rule.rule();
                ProposedRule {
                    id: (rule.id.0 > 0).then_some(rule.id),
                    name: rule.name.clone(),
                    effect: rule.effect,
                }
            }),
            entry,
        }
    }

    /// Applies the rules to a request.
    fn decide<'r>(
        &'r self,
        entry: &RequestEntry,
        request: Option<&CanonicalRequest>,
    ) -> Replayed<'r> {
        let new = &entry.new;
        let rules: Vec<&'r CompiledRule> = self
            .rules
            .iter()
            .filter(|rule| rule.rule().covers(new.service, new.agent))
            .collect();
        let definitions = self.definitions.as_deref();
        let agent = definitions.and_then(|definitions| definitions.agent(new.agent));
        let service = definitions.and_then(|definitions| definitions.service(new.service));
        let threshold = agent
            .and_then(|agent| agent.risk_threshold)
            .unwrap_or(self.threshold);
        let otherwise = decision_without_rules(entry, threshold);
        if rules.is_empty() {
            return Replayed {
                decision: Some(otherwise),
                rule: None,
                draft: DraftMatch::No,
            };
        }
        // A deleted agent or service, or an address with a masked key, leaves the rules
        // undecidable.
        let (Some(agent), Some(service), Ok(target)) =
            (agent, service, Target::parse(&new.target_url))
        else {
            return Replayed {
                decision: None,
                rule: rules.first().copied(),
                draft: if rules.iter().any(|rule| self.is_proposed(rule)) {
                    DraftMatch::Possible
                } else {
                    DraftMatch::No
                },
            };
        };
        let arena = Arena::default();
        let query = Query::parse(target.query());
        let facts = Facts {
            method: &new.method,
            path: &RequestPath::of(target.path()),
            host: target.origin().host.as_str(),
            query: &query,
            headers: request.map(|request| &request.headers),
            content: request.map(|request| Content {
                body: Reading::of(&request.headers, &request.body, &arena),
                size: request.body.len() as u64,
            }),
            service: (service.id, &service.name),
            agent: (agent.id, &agent.name),
            intent: &new.intent,
            operation: new.evaluation.operation.as_ref(),
            operation_effect: self.operation_effect(entry, service, target.path()),
            now: new.at,
        };
        let matches = matching_rules(rules, &facts);
        let (decision, rule) = strictest(&matches, otherwise);
        Replayed {
            decision,
            rule,
            draft: self.proposed_match(&matches),
        }
    }

    fn is_proposed(&self, rule: &CompiledRule) -> bool {
        self.proposed_ids.contains(&rule.rule().id)
    }

    /// Returns whether a proposed rule is among those that match or may match.
    fn proposed_match(&self, matches: &[(&CompiledRule, Match)]) -> DraftMatch {
        let mut found = DraftMatch::No;
        for (_, how) in matches.iter().filter(|(rule, _)| self.is_proposed(rule)) {
            match how {
                Match::Undecidable(_) => found = DraftMatch::Possible,
                Match::Yes | Match::Unevaluated(_) => return DraftMatch::Yes,
                Match::No => {}
            }
        }
        found
    }

    /// Returns the effect of the recorded operation, according to the current documents.
    fn operation_effect(
        &self,
        entry: &RequestEntry,
        service: &Service,
        path: &str,
    ) -> Option<Effect> {
        let recorded = entry.new.evaluation.operation.as_ref();
        let recorded = recorded.filter(|_| self.uses_effect)?;
        let catalog = self.definitions.as_deref()?.catalog(service.id)?;
        let operation = catalog.find(&Call {
            method: &entry.new.method,
            path,
            base_path: service.base_url.path(),
        })?;
        (operation.id == recorded.id).then(|| (self.effect_of)(service, operation))
    }
}

/// Returns the decision of the strictest rule that matches, with that rule; no decision, with the
/// rule to blame, if a rule that cannot be decided would change it.
fn strictest<'r>(
    matches: &[(&'r CompiledRule, Match)],
    otherwise: Decision,
) -> (Option<Decision>, Option<&'r CompiledRule>) {
    let certain = matches
        .iter()
        .filter(|(_, how)| !matches!(how, Match::Undecidable(_)))
        .map(|(rule, _)| *rule)
        .max_by_key(|rule| rule.rule().effect);
    let effect = certain.map(|rule| rule.rule().effect);
    let decision = decided(effect, otherwise);
    let deciding_undecidable = matches.iter().find(|(rule, how)| {
        let either = effect.max(Some(rule.rule().effect));
        matches!(how, Match::Undecidable(_)) && decided(either, otherwise) != decision
    });
    match deciding_undecidable {
        Some((rule, _)) => (None, Some(*rule)),
        None => (Some(decision), certain),
    }
}

/// Returns the decision for the effect of the strictest rule that matches.
fn decided(effect: Option<RuleEffect>, otherwise: Decision) -> Decision {
    match effect {
        Some(RuleEffect::Deny) => Decision::Deny,
        Some(RuleEffect::RequireApproval) => Decision::Hold,
        Some(RuleEffect::Allow) => Decision::Forward,
        None => otherwise,
    }
}

/// Returns the decision on a request without rules: the recorded one if no rule matched at the
/// time, otherwise the one that its score implies.
fn decision_without_rules(entry: &RequestEntry, threshold: f64) -> Decision {
    let evaluation = &entry.new.evaluation;
    if evaluation.matched_rules.is_empty() {
        evaluation.decision
    } else if evaluation.verdict.score < threshold {
        Decision::Forward
    } else {
        Decision::Hold
    }
}

/// The rules that would apply.
struct AppliedRules {
    rules: Vec<Rule>,
    /// The ids of the proposed rules among them.
    proposed_ids: HashSet<RuleId>,
    /// How many days are replayed.
    days: u32,
}

/// Checks the proposed rules and merges them with the stored ones.
async fn applied_rules(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    simulation: RuleSimulation,
) -> Result<AppliedRules, DefinitionError> {
    let RuleSimulation {
        rules: proposed,
        days,
        keep_others,
    } = simulation;
    let (days, keep_others, proposed) = all!(days, keep_others, proposed)?;
    // The effect of a damaged rule is unknown, so nothing is replayed.
    let present = definitions.store().rule_list(workspace).await?;
    let present: Result<Vec<Rule>, StoreError> = present.into_iter().map(Stored::intact).collect();
    let mut present = present?;
    let mut named = HashSet::new();
    let mut rules = Vec::with_capacity(proposed.0.len());
    for (place, item) in proposed.0.into_iter().enumerate() {
        let outer = format!("rules[{place}]");
        let within = |errors: Vec<FieldError>| -> Vec<FieldError> {
            let errors = errors.into_iter();
            errors.map(|error| error.within(&outer)).collect()
        };
        let Some(item) = item else {
            return Ok(refused(&outer, "must be a rule")?);
        };
        let stored_rule = stored_rule(&item.id, &present, &mut named)
            .or_else(|message| refused("id", message))
            .map_err(within)?;
        let proposed = item.into_change().applied_to(stored_rule);
        let checked = rule::checked(definitions, workspace, proposed).await;
        let checked = checked.map_err(|error| match error {
            DefinitionError::Invalid(errors) => DefinitionError::Invalid(within(errors)),
            DefinitionError::NotUnderstood(errors) => {
                DefinitionError::NotUnderstood(within(errors))
            }
            other => other,
        })?;
        // New rules have no id yet. No stored rule has a negative one.
        let temporary = RuleId(-1 - i64::try_from(place).unwrap_or(i64::MAX - 1));
        let id = stored_rule.map_or(temporary, |rule| rule.id);
        rules.push(rule_with(workspace, id, checked, definitions.now()));
    }
    let proposed_ids = rules.iter().map(|rule| rule.id).collect();
    if keep_others.unwrap_or(false) {
        present.retain(|rule| !named.contains(&rule.id));
        rules.append(&mut present);
    }
    Ok(AppliedRules {
        rules,
        proposed_ids,
        days: days.unwrap_or_default().0,
    })
}

/// Returns the stored rule that an item names, if it names one.
fn stored_rule<'a>(
    id: &Checked<Option<RuleId>>,
    present: &'a [Rule],
    named: &mut HashSet<RuleId>,
) -> Result<Option<&'a Rule>, &'static str> {
    let unknown = "must be a rule of this workspace";
    let Some(id) = id.as_ref().map_err(|_| unknown)? else {
        return Ok(None);
    };
    let found = present.iter().find(|rule| rule.id == *id).ok_or(unknown)?;
    if !named.insert(found.id) {
        return Err("is named twice");
    }
    Ok(Some(found))
}

fn rule_with(workspace: WorkspaceId, id: RuleId, fields: RuleFields, at: Timestamp) -> Rule {
    Rule {
        id,
        workspace,
        name: fields.name,
        effect: fields.effect,
        condition: fields.condition,
        text: fields.text,
        service: fields.service,
        agent: fields.agent,
        approvals: fields.approvals,
        step_up: fields.step_up,
        author: fields.author,
        enabled: fields.enabled,
        created_at: at,
        updated_at: at,
        revision: 0,
    }
}
