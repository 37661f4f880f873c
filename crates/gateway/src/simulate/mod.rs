//! Replaying proposed rules over the requests that were recorded.
//!
//! The ledger keeps what a request was for and where it went; headers and body only of those that
//! were held. What a rule decides without them is said; what it does not is called undecidable,
//! never guessed.

mod tally;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gaiterguard_authority::Definitions;
use gaiterguard_definitions::desk::{DefinitionError, Desk};
use gaiterguard_definitions::rule;
use gaiterguard_definitions::simulation::RuleSimulation;
use gaiterguard_domain::all;
use gaiterguard_domain::field::{Checked, FieldError, refused};
use gaiterguard_domain::id::{ActionId, RuleId, WorkspaceId};
use gaiterguard_domain::ledger::{RequestEntry, RequestFilter};
use gaiterguard_domain::request::CanonicalRequest;
use gaiterguard_domain::rule::{Rule, RuleEffect};
use gaiterguard_domain::target::Target;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Decision;
use gaiterguard_request::{Arena, Reading};
use gaiterguard_rules::{CompiledRule, Content, Facts, Match, Query, RequestPath, matching_rules};
use gaiterguard_sealing::Purpose;
use gaiterguard_store::{RuleFields, StoreError, Stored};

use self::tally::Tally;
use crate::Gateway;

pub use tally::{Changes, Example, ProposedRule, Simulation};

/// The most requests that are looked at.
pub const ROWS_MAX: u64 = 10_000;

/// How many requests are read at once.
const PAGE_ROWS: u32 = 500;

/// The most held requests that are opened.
const OPENED_MAX: usize = 1_000;

/// After this the rest is left out.
const PATIENCE: Duration = Duration::from_secs(10);

/// Replays a proposed set of rules over the recorded requests.
pub async fn simulate(
    gateway: &Gateway,
    desk: &Desk,
    workspace: WorkspaceId,
    simulation: RuleSimulation,
) -> Result<Simulation, DefinitionError> {
    let (rules, days) = read(desk, workspace, simulation).await?;
    let replay = Arc::new(Replay {
        rules: rules.into_iter().map(CompiledRule::new).collect(),
        definitions: gateway.authority().definitions(workspace),
        threshold: gateway.settings.risk_threshold,
    });
    let now = desk.now();
    let since = now.before(Duration::from_hours(24) * days);
    let started = Instant::now();
    let mut tally = Tally::default();
    let mut opened = 0;
    let mut cursor = None;
    loop {
        let page = desk
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
        let undecided = replayed(&replay, entries, &mut tally).await?;
        for (entry, rule) in undecided {
            let request = match entry.action {
                Some(action) if opened < OPENED_MAX => {
                    opened += 1;
                    open(desk, workspace, action).await?
                }
                _ => None,
            };
            let example = match request {
                Some(request) => replay.example(entry, Some(&request)),
                None => Example {
                    entry,
                    decision: None,
                    rule,
                },
            };
            tally.count(example);
        }
        if is_last {
            return Ok(tally.finish(since, now, false));
        }
        if tally.requests() >= ROWS_MAX || started.elapsed() > PATIENCE {
            return Ok(tally.finish(since, now, true));
        }
        cursor = page.next_cursor;
    }
}

/// Counts what can be decided, and answers the rest. It is done beside the threads that serve
/// requests.
async fn replayed(
    replay: &Arc<Replay>,
    entries: Vec<RequestEntry>,
    tally: &mut Tally,
) -> Result<Vec<(RequestEntry, Option<ProposedRule>)>, DefinitionError> {
    let at_work = Arc::clone(replay);
    let work = move || -> Vec<Example> {
        entries
            .into_iter()
            .map(|entry| at_work.example(entry, None))
            .collect()
    };
    let examples = tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| DefinitionError::Changing)?;
    let mut undecided = Vec::new();
    for example in examples {
        if example.decision.is_some() {
            tally.count(example);
        } else {
            undecided.push((example.entry, example.rule));
        }
    }
    Ok(undecided)
}

/// The request that an action holds, while it is kept.
async fn open(
    desk: &Desk,
    workspace: WorkspaceId,
    action: ActionId,
) -> Result<Option<CanonicalRequest>, DefinitionError> {
    let Some(sealed) = desk.store().action_request(action).await? else {
        return Ok(None);
    };
    let purpose = Purpose::action_request(action);
    let opened = desk
        .sealing()
        .open(workspace, sealed.data_key, &sealed.bytes, &purpose)
        .await;
    match opened {
        Ok(form) => Ok(CanonicalRequest::from_canonical_form(&form)),
        // One that is damaged, or no longer kept, says as little as one that never was.
        Err(error) if error.is_damage() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

struct Replay {
    rules: Vec<CompiledRule>,
    definitions: Option<Arc<Definitions>>,
    threshold: f64,
}

impl Replay {
    fn example(&self, entry: RequestEntry, request: Option<&CanonicalRequest>) -> Example {
        let (decision, rule) = self.decide(&entry, request);
        Example {
            decision,
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

    /// What would become of a request, and the rule that says so.
    fn decide<'r>(
        &'r self,
        entry: &RequestEntry,
        request: Option<&CanonicalRequest>,
    ) -> (Option<Decision>, Option<&'r CompiledRule>) {
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
        let otherwise = unruled(entry, threshold);
        if rules.is_empty() {
            return (Some(otherwise), None);
        }
        // Names that are no more, and an address in which a key was masked, would be guessed at.
        let (Some(agent), Some(service), Ok(target)) =
            (agent, service, Target::parse(&new.target_url))
        else {
            return (None, rules.first().copied());
        };
        let arena = Arena::default();
        let query = Query::parse(target.query());
        let facts = Facts {
            method: &new.method,
            path: &RequestPath::of(target.path()),
            host: &target.origin().host,
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
            now: new.at,
        };
        let weighed = matching_rules(rules, &facts);
        let certain = weighed
            .iter()
            .filter(|(_, how)| !matches!(how, Match::Undecidable(_)))
            .map(|(rule, _)| *rule)
            .max_by_key(|rule| rule.rule().effect);
        let effect = certain.map(|rule| rule.rule().effect);
        let decision = decided(effect, otherwise);
        let doubted = weighed.iter().find(|(rule, how)| {
            let either = effect.max(Some(rule.rule().effect));
            matches!(how, Match::Undecidable(_)) && decided(either, otherwise) != decision
        });
        match doubted {
            Some((rule, _)) => (None, Some(*rule)),
            None => (Some(decision), certain),
        }
    }
}

/// What becomes of a request to which the strictest rule does this.
fn decided(effect: Option<RuleEffect>, otherwise: Decision) -> Decision {
    match effect {
        Some(RuleEffect::Deny) => Decision::Deny,
        Some(RuleEffect::RequireApproval) => Decision::Hold,
        Some(RuleEffect::Allow) => Decision::Forward,
        None => otherwise,
    }
}

/// What becomes of a request that no rule decides: what became of it, or what its score says.
fn unruled(entry: &RequestEntry, threshold: f64) -> Decision {
    let judgement = &entry.new.evaluation;
    if judgement.matched_rules.is_empty() {
        judgement.decision
    } else if judgement.verdict.score < threshold {
        Decision::Forward
    } else {
        Decision::Hold
    }
}

/// Returns the rules to apply, and the number of days to look back.
async fn read(
    desk: &Desk,
    workspace: WorkspaceId,
    simulation: RuleSimulation,
) -> Result<(Vec<Rule>, u32), DefinitionError> {
    let RuleSimulation {
        rules: proposed,
        days,
        keep_others,
    } = simulation;
    let (days, keep_others, proposed) = all!(days, keep_others, proposed)?;
    // The effect of a damaged rule is unknown.
    let present = desk.store().rule_list(workspace).await?;
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
        let known = known(&item.id, &present, &mut named)
            .or_else(|message| refused("id", message))
            .map_err(within)?;
        let proposed = item.into_change().applied_to(known);
        let checked =
            rule::checked(desk, workspace, proposed)
                .await
                .map_err(|error| match error {
                    DefinitionError::Invalid(errors) => DefinitionError::Invalid(within(errors)),
                    DefinitionError::NotUnderstood(errors) => {
                        DefinitionError::NotUnderstood(within(errors))
                    }
                    other => other,
                })?;
        // New rules have no id yet; no stored rule has one of these.
        let unused = RuleId(-1 - i64::try_from(place).unwrap_or(i64::MAX - 1));
        let id = known.map_or(unused, |rule| rule.id);
        rules.push(rule(workspace, id, checked, desk.now()));
    }
    if keep_others.unwrap_or(false) {
        present.retain(|rule| !named.contains(&rule.id));
        rules.append(&mut present);
    }
    Ok((rules, days.unwrap_or_default().0))
}

/// Returns the present rule with this id, if there is an id.
fn known<'a>(
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

fn rule(workspace: WorkspaceId, id: RuleId, said: RuleFields, at: Timestamp) -> Rule {
    Rule {
        id,
        workspace,
        name: said.name,
        effect: said.effect,
        condition: said.condition,
        text: said.text,
        service: said.service,
        agent: said.agent,
        enabled: said.enabled,
        created_at: at,
        updated_at: at,
        revision: 0,
    }
}
