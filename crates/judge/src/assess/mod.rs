//! The built-in assessor: how risky a request is, by what it does, what it carries and whether that
//! is what its intent says.
//!
//! Everything that is found is a signal with a weight, its evidence and a sentence. Signals are
//! independent reasons to look, so they are combined as such: each takes its share of the doubt that
//! the others left (`1 - (1 - a)(1 - b)…`). Some findings hold a request whatever else is found;
//! these give the score a floor.
//!
//! Nothing that is added to a request lowers its score: no header, member, wrapping, part or label.
//! Whatever counts in favor of a request is a claim about all of it, so an addition can only refute
//! it: that the whole body is a call that asks (`asking`), that everyone a message reaches is named
//! (`message`), that every value fits the intent (`integrity`).

mod alternatives;
mod asked;
mod asking;
mod call;
mod classes;
mod compare;
mod deed;
mod duplicate;
mod effect;
mod features;
mod field;
mod finding;
mod impact;
mod integrity;
mod lexicon;
mod marks;
mod mention;
mod message;
mod needle;
mod operation;
mod origin;
mod pairs;
mod path_template;
mod place;
mod plea;
mod quantities;
mod reads;
mod role;
mod route;
mod sieve;
mod signal;
mod switch;
mod walk;
mod weights;
mod words;

use std::cell::OnceCell;

use gaiterguard_domain::request::is_safe;
use gaiterguard_domain::verdict::Verdict;

use http::Method;

use crate::history::History;
use crate::opened::{Body, Opened};
use asked::Wishes;
use compare::Compared;
use deed::Effects;
use features::Features;
use field::Fields;
use finding::Finding;
use impact::Certain;
use integrity::Deed;
use mention::Intent;
use route::Route;
use signal::Shown;
use walk::Walk;

pub use effect::Effect;
pub use operation::effect_of_operation;
pub use path_template::path_template;
pub use signal::signal_codes;

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The request, taken apart.
    pub opened: &'a Opened<'a>,
    /// Why it is sent, in the agent's own words; empty where it does not say.
    pub intent: &'a str,
    /// What is documented about it.
    pub documented: Documented<'a>,
    /// What the agent was shown before; none where that is not known.
    pub history: Option<&'a dyn History>,
}

/// What the service's documents say about a request.
#[derive(Clone, Copy, Debug, Default)]
pub enum Documented<'a> {
    /// The service has no document that lists operations.
    #[default]
    Nothing,
    /// It has, and none of the operations is this one.
    Unknown,
    /// It calls this operation.
    As(Operation<'a>),
}

/// A documented operation, as far as it matters here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Operation<'a> {
    /// The document's operation id, or else `METHOD /template`.
    pub id: &'a str,
    /// What it does, in a line.
    pub summary: &'a str,
    /// What it does, at length.
    pub description: &'a str,
    /// Its tags.
    pub tags: &'a [String],
    /// The names of the body's fields at the top; empty where they are not documented.
    pub fields: &'a [String],
}

/// The verdict, and how much room it leaves to others.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether anybody else need be asked.
    pub certainty: Certainty,
}

/// How sure a verdict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// A safe method with nothing found.
    PlainlyHarmless,
    /// Somebody who understands it may raise or lower it.
    Grey,
    /// Only a human or a rule may let it pass.
    CertainlyHeld,
}

/// The score from which on a request with a grave effect is certainly held. In requests to services
/// that the weights were not learned from, 9 of 10 with such a score deserve it.
const CERTAIN_SCORE: f64 = 0.85;

/// The score up to which nobody else is asked. In requests to services that the weights were not
/// learned from, fewer than 2 of 100 that deserve to be held have such a score.
const HARMLESS_SCORE: f64 = 0.15;

/// What a request carries and what it does, before it is weighed.
struct Look<'a> {
    route: Route<'a>,
    intent: Intent<'a>,
    fields: Fields<'a>,
    findings: Vec<Finding>,
    effects: Effects,
    certain: Certain,
}

impl<'a> Look<'a> {
    /// Takes a request in.
    fn at(subject: &Subject<'a>) -> Self {
        let opened = subject.opened;
        let request = opened.request();
        let route = Route::of(request.path);
        let intent = Intent::new(subject.intent);
        let mut walk = Walk::new(opened.arena());
        walk.query(opened.query());
        match opened.content() {
            Body::Json(node) => walk.body(node, false),
            Body::Xml(document, text) => walk.xml(document, text),
            Body::Values(node, text) => {
                walk.text_of(text, "");
                walk.other(node);
            }
            Body::Form(node) | Body::Multipart(node) => walk.body(node, true),
            Body::Requests(requests) => {
                for (method, target) in requests {
                    walk.whole_call(Some(method), target);
                }
            }
            Body::Text(text) => walk.whole_text(text),
            Body::Empty | Body::Bytes => {}
        }
        for node in opened.others() {
            walk.other(node);
        }
        for (name, value) in request.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            match name.as_str() {
                // Amazon's and SOAP's ways to name a procedure.
                "x-amz-target" | "soapaction" => walk.whole_call(None, value.trim_matches('"')),
                // SOAP 1.2 names it next to the type.
                "content-type" => {
                    for action in operation::soap_actions(&value) {
                        walk.whole_call(None, action);
                    }
                }
                "authorization" | "cookie" | "accept" | "user-agent" => {}
                name => walk.text_of(&value, name),
            }
        }
        for text in route.texts() {
            walk.text_of(text, "path");
        }
        walk.text_of(subject.intent, "intent");
        let fields = walk.fields;
        let asking = asking::proof(opened, &route, &fields);
        let certain = Certain {
            is_asking: asking.is_some(),
            is_nothing_but_calls: asking::is_nothing_but_calls(opened, &route, &fields),
        };
        let findings = deed::of_request(
            request,
            opened.query(),
            &route,
            &fields,
            &subject.documented,
            &intent,
            asking,
        );
        let effects = deed::effects(request.method, &findings);
        Self {
            route,
            intent,
            fields,
            findings,
            effects,
            certain,
        }
    }
}

impl Look<'_> {
    /// Whether what the request does depends on the calls in its body alone.
    fn is_endpoint_for_calls(&self, method: &Method) -> bool {
        !is_safe(method) && self.route.is_endpoint()
    }
}

/// Judges a request.
pub fn assess(subject: Subject<'_>) -> Assessment {
    judge(&subject, false).0
}

/// The names of everything that is counted of a request, for fitting the weights: what each of its
/// operations counts, of which the one with the greatest sum of weights applies, and what it counts
/// besides.
pub fn features(subject: Subject<'_>) -> (Vec<Vec<String>>, Vec<String>) {
    let (_, operations, features) = judge(&subject, true);
    (operations, features.into_names())
}

fn judge(subject: &Subject<'_>, is_named: bool) -> (Assessment, Vec<Vec<String>>, Features) {
    let opened = subject.opened;
    let request = opened.request();
    let safe = is_safe(request.method);
    let Look {
        route,
        intent,
        fields,
        mut findings,
        effects,
        certain,
    } = Look::at(subject);
    findings.extend(deed::of_wrapping(opened.oddities()));
    if !findings
        .iter()
        .any(|known| known.is(signal::METHOD_OVERRIDE))
    {
        findings.extend(deed::of_overrides(request.method, &fields));
    }
    // A read that something in it makes worse is still a read.
    if safe || findings.iter().any(|finding| finding.is(signal::ASKS)) {
        findings.extend(deed::of_reading(&route, opened.query(), &intent));
    }
    let mentions = intent.mentions();
    let mut features = Features::new(is_named);
    let (sum, operations) = impact::weigh(request, &route, &fields, certain, is_named);
    features.start_from(sum);
    if !safe && effects.gravest != Effect::Read {
        let documented = match subject.documented {
            Documented::As(operation) => operation.summary,
            Documented::Nothing | Documented::Unknown => "",
        };
        let deed = Deed {
            effects,
            route: &route,
            fields: &fields,
            host: request.host,
            takes_calls: request.method == Method::POST && route.is_endpoint(),
            documented,
        };
        if mentions.is_empty() {
            findings.push(Finding::of(signal::NO_INTENT, "intent"));
        } else {
            if opened.oddities().is_empty() && message::is_explained(&deed, mentions) {
                features.add(&["-message_explained"]);
                message::relieve(&mut findings);
            }
            findings.extend(integrity::compare(&deed, mentions));
        }
    }
    let asked = Wishes::asked_in(subject.intent);
    let compared = Compared {
        request,
        verb: impact::verb(request, certain.is_asking),
        route: &route,
        fields: &fields,
        intent: subject.intent,
        mentions,
        history: subject.history,
        asked,
        given: OnceCell::new(),
    };
    findings.extend(compare::count(&compared, &mut features));
    findings.extend(
        fields
            .findings
            .into_iter()
            .map(|finding| if safe { softened(finding) } else { finding }),
    );
    (
        conclude(
            findings,
            effects,
            asked,
            mentions.is_empty() && !safe,
            &mut features,
        ),
        operations,
        features,
    )
}

/// What is found in a request that changes nothing is worth less: a search for “ignore previous
/// instructions” is a search. Only what a read gives away stays as it is.
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

/// Weighs what was found.
fn conclude(
    mut findings: Vec<Finding>,
    effects: Effects,
    asked: Wishes,
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
        // What an operation does is weighed, and holds nothing by itself. It does where it hides in
        // the body of a request to do something else, and the intent asks for nothing of the kind.
        if let Some(effect) = finding.kind.effect {
            let is_hidden = !matches!(finding.evidence.as_str(), "method" | "path" | "query");
            if !is_hidden || asked.asks_for(effect) {
                finding.floor = 0.0;
            }
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
        Certainty::Grey
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

/// The least share of the doubt that is worth a sentence.
const WORTH_SAYING: f64 = 0.1;

/// What it does and why a human should look, in a sentence each, and what follows from the zone.
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
        Certainty::PlainlyHarmless => "Nothing in it calls for a human.",
        Certainty::CertainlyHeld => "No language model may release it.",
        Certainty::Grey => "",
    };
    let said = does.into_iter().chain(why);
    let said = said.map(|finding| finding.sentence.as_str());
    let sentences: Vec<&str> = said
        .chain([zone])
        .filter(|sentence| !sentence.is_empty())
        .collect();
    sentences.join(" ")
}
