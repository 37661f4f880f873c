//! Scores how risky a request is: by its effect, by its content, and by whether both fit the intent.
//!
//! This crate must never hold IO, a clock, randomness or a language model: the same request with the
//! same history always gets the same assessment, within microseconds.
//!
//! Each finding becomes a signal with a weight, its evidence and a sentence. The score is a logistic
//! regression: the weights of all features add up to the log-odds that a human should see the request.
//! Some findings hold a request whatever else is found; they give the score a floor.
//!
//! Nothing that is added to a request lowers its score: no header, member, encoding, part or label.
//! Every feature that lowers a score is a statement about the whole request, so an addition can only
//! refute it: that the whole body is a call that only reads (`asking`), that the intent names everyone
//! a message reaches (`message`), that every value fits the intent (`integrity`).

mod alternatives;
mod analysis;
mod asking;
mod call;
mod compare;
mod danger;
mod duplicate;
mod effect_set;
mod effects;
mod features;
mod field;
mod finding;
mod impact;
mod integrity;
mod intent;
mod lexicon;
mod message;
mod oddities;
mod operation;
mod origin;
mod path_template;
mod place;
mod reads;
mod requested_effects;
mod role;
mod route;
mod signal;
mod subject;
mod switch;
mod visitor;
mod weights;

use std::cell::OnceCell;

use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::redact;
use gaiterguard_domain::request::is_safe;
use gaiterguard_domain::secret_name::mentions_secret;
use gaiterguard_domain::verdict::Verdict;
use http::Method;

use alternatives::Sides;
use analysis::Analysis;
use compare::Compared;
use effects::Effects;
use features::{Features, Names};
use finding::Finding;
use integrity::Behavior;
use requested_effects::RequestedEffects;
use signal::Shown;

pub use call::effect_of_call;
pub use danger::{first_danger, opens_access};
pub use operation::{effect_of_operation, effect_of_request};
pub use path_template::{PartKind, PathPart, path_parts, path_template};
pub use role::Role;
pub use signal::signal_codes;
pub use subject::{Documented, Operation, Subject};

/// A verdict, and who may change it.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether a language model should be asked.
    pub certainty: Certainty,
}

/// How certain a verdict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Low risk; no language model is asked.
    PlainlyHarmless,
    /// A language model may raise or lower the score.
    Unsure,
    /// Only a human or a rule may let it pass.
    CertainlyHeld,
}

/// The score from which a request with a severe effect is certainly held. In labeled requests to
/// services that the weights were not fitted to, 9 of 10 with such a score should be held.
const CERTAIN_SCORE: f64 = 0.85;

/// The score up to which no language model is asked. In labeled requests to services that the weights
/// were not fitted to, fewer than 2 of 100 that should be held have such a score.
const HARMLESS_SCORE: f64 = 0.15;

/// Assesses a request.
pub fn assess(subject: Subject<'_>) -> Assessment {
    judge(&subject, Names::Dropped).0
}

/// Returns the names of all features of a request, for fitting the weights: those of each of its
/// operations, of which the one with the greatest sum of weights applies, and all others.
pub fn features(subject: Subject<'_>) -> (Vec<Vec<String>>, Vec<String>) {
    let (_, operations, features) = judge(&subject, Names::Kept);
    (operations, features.into_names())
}

fn judge(subject: &Subject<'_>, names: Names) -> (Assessment, Vec<Vec<String>>, Features) {
    let opened = subject.opened;
    let request = opened.request();
    let safe = is_safe(request.method);
    let Analysis {
        route,
        intent,
        fields,
        mut findings,
        effects,
        certain,
    } = Analysis::of(subject);
    findings.extend(oddities::of_method(request.method));
    findings.extend(oddities::of_wrapping(opened.oddities()));
    if !findings
        .iter()
        .any(|known| known.is(signal::METHOD_OVERRIDE))
    {
        findings.extend(oddities::of_overrides(request.method, &fields));
    }
    // A read with suspicious content is still a read.
    if safe || findings.iter().any(|finding| finding.is(signal::ASKS)) {
        findings.extend(effects::of_reading(&route, opened.query(), &intent));
    }
    let intent_words = intent.words();
    let mut features = Features::new(names);
    let (sum, operations) = impact::score(request, &route, &fields, certain, names);
    features.start_from(sum);
    if !safe && effects.gravest != Effect::Read {
        let documented = match subject.documented {
            Documented::As(operation) => operation.summary,
            Documented::Nothing | Documented::Unknown => "",
        };
        let behavior = Behavior {
            effects,
            route: &route,
            fields: &fields,
            host: request.host,
            takes_calls: request.method == Method::POST && route.is_endpoint(),
            documented,
        };
        if intent_words.is_empty() {
            findings.push(Finding::of(signal::NO_INTENT, "intent"));
        } else {
            if opened.oddities().is_empty() && message::is_explained(&behavior, intent_words) {
                features.add(&["-message_explained"]);
                message::relieve(&mut findings);
            }
            findings.extend(integrity::compare(&behavior, intent_words));
        }
    }
    let asked = RequestedEffects::asked_in(subject.intent, intent_words);
    let compared = Compared {
        request,
        verb: impact::verb(request, certain.is_asking),
        route: &route,
        fields: &fields,
        intent: subject.intent,
        intent_words,
        history: subject.history,
        arrived: subject.arrived,
        descriptions: match subject.documented {
            Documented::As(operation) => operation.descriptions,
            Documented::Nothing | Documented::Unknown => &[],
        },
        asked,
        given: OnceCell::new(),
        intent_sides: Sides::of_intent(subject.intent, intent_words),
    };
    findings.extend(compare::count(&compared, &mut features));
    let own = fields.findings.iter().cloned();
    findings.extend(own.map(|finding| if safe { softened(finding) } else { finding }));
    if !safe {
        findings.extend(danger::of(&compared, effects.gravest));
    }
    mask_secrets(&mut findings, &compared);
    (
        conclude(
            findings,
            effects,
            asked,
            intent_words.is_empty() && !safe,
            &mut features,
        ),
        operations,
        features,
    )
}

/// Masks the values of fields with the name of a secret. Sentences are stored and shown in the clear.
fn mask_secrets(findings: &mut [Finding], compared: &Compared<'_>) {
    for finding in findings {
        let found = compared.leaves().map(|leaf| &leaf.found);
        for found in found.filter(|found| found.evidence == finding.evidence) {
            let quoted = format!("“{}”", finding::shown(found.value));
            if finding.sentence.contains(&quoted) && mentions_secret(found.name) {
                let masked = format!("“{}”", redact::MASK);
                finding.sentence = finding.sentence.replace(&quoted, &masked);
            }
        }
    }
}

/// Removes the floor of a finding in a request that only reads: a search for “ignore previous
/// instructions” is a search. Findings about what a read reveals keep theirs.
fn softened(finding: Finding) -> Finding {
    if finding.kind.holds_reads {
        return finding;
    }
    Finding {
        is_doubtful: finding.floor > 0.0,
        floor: 0.0,
        certain: false,
        ..finding
    }
}

/// Turns the findings into an assessment.
fn conclude(
    mut findings: Vec<Finding>,
    effects: Effects,
    asked: RequestedEffects,
    is_unsaid: bool,
    features: &mut Features,
) -> Assessment {
    for finding in &mut findings {
        if !finding.kind.is_neutral && !finding.is_counted {
            let kind = if finding.shown == Some(Shown::ByDocuments) {
                "+documented:"
            } else {
                "+s:"
            };
            finding.weight = finding::share(features.add(&[kind, finding.kind.code]));
        }
        // An effect that the method, path or query shows has a weight but no floor. An effect that is
        // hidden in the body, and that the intent does not ask for, holds the request.
        if let Some(effect) = finding.kind.effect
            && (finding.is_open() || asked.asks_for(effect))
        {
            finding.floor = 0.0;
        }
    }
    findings.sort_by(|one, other| {
        (other.floor, other.weight)
            .partial_cmp(&(one.floor, one.weight))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let floor = findings
        .iter()
        .map(|finding| finding.floor)
        .fold(0.0, f64::max);
    let likelihood = 1.0 / (1.0 + (-features.sum()).exp());
    let score = likelihood.max(floor).clamp(0.01, 0.99);
    let score = (score * 1000.0).round() / 1000.0;
    let is_clear = score >= CERTAIN_SCORE && effects.grave().next().is_some();
    let certainty = if is_clear || findings.iter().any(|finding| finding.certain) {
        Certainty::CertainlyHeld
    } else if score <= HARMLESS_SCORE && !is_unsaid && !findings.iter().any(|one| one.is_doubtful) {
        Certainty::PlainlyHarmless
    } else {
        Certainty::Unsure
    };
    Assessment {
        certainty,
        verdict: Verdict {
            score,
            explanation: explain(&findings, certainty),
            signals: findings.into_iter().map(Finding::into_signal).collect(),
        },
    }
}

/// The smallest weight of a finding that is explained to the approver. Below it a finding changes the
/// score by less than 0.03, so it does not explain a hold.
const WORTH_SAYING: f64 = 0.1;

/// Builds the explanation: what the request does, why a human should see it, and who may release it.
fn explain(findings: &[Finding], certainty: Certainty) -> String {
    let is_effect = |finding: &&Finding| finding.kind.effect.is_some() || finding.is(signal::ASKS);
    let says_why = |finding: &&Finding| {
        !is_effect(finding) && (finding.floor > 0.0 || finding.weight >= WORTH_SAYING)
    };
    let does = findings.iter().find(is_effect);
    let why = findings
        .iter()
        .find(says_why)
        .or_else(|| findings.iter().find(|finding| finding.is(signal::OWN)));
    let zone = match certainty {
        Certainty::PlainlyHarmless => "Nothing in it requires approval.",
        Certainty::CertainlyHeld => "Only a human or a rule may release it.",
        Certainty::Unsure => "",
    };
    let said = does.into_iter().chain(why);
    let said = said.map(|finding| finding.sentence.as_str());
    let sentences: Vec<&str> = said
        .chain([zone])
        .filter(|sentence| !sentence.is_empty())
        .collect();
    sentences.join(" ")
}
