//! The built-in assessor: how risky a request is, by what it does, what it carries and whether that
//! is what its intent says.
//!
//! Everything that is found is a signal with a weight, its evidence and a sentence. Signals are
//! independent reasons to look, so they are combined as such: each takes its share of the doubt that
//! the others left (`1 - (1 - a)(1 - b)…`). Some findings hold a request whatever else is found;
//! these give the score a floor.
//!
//! Nothing that is added to a request lowers its score: no header, member, wrapping, part or label.
//! Whatever counts in favour of a request is a claim about all of it, so an addition can only refute
//! it: that the whole body is a call that asks (`asking`), that everyone a message reaches is named
//! (`message`), that every value fits the intent (`integrity`).

mod asking;
mod call;
mod deed;
mod duplicate;
mod effect;
mod field;
mod finding;
mod integrity;
mod lexicon;
mod marks;
mod mention;
mod message;
mod needle;
mod operation;
mod pairs;
mod place;
mod plea;
mod role;
mod route;
mod sieve;
mod switch;
mod walk;
mod words;

use gaiterguard_domain::request::is_safe;
use gaiterguard_domain::verdict::Verdict;

use http::Method;

use crate::history::History;
use crate::opened::{Body, Opened};
use deed::Effects;
use field::Fields;
use finding::Finding;
use integrity::Deed;
use mention::Intent;
use route::Route;
use walk::Walk;

pub use effect::Effect;
pub use operation::effect_of_operation;

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

/// The score from which on a request is certainly held even where no single finding demands it.
const CERTAIN_SCORE: f64 = 0.9;

/// The score of a safe method with nothing found.
const HARMLESS_SCORE: f64 = 0.05;

/// What a request carries and what it does, before it is weighed.
struct Look<'a> {
    route: Route<'a>,
    intent: Intent<'a>,
    fields: Fields<'a>,
    findings: Vec<Finding>,
    effects: Effects,
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
    let opened = subject.opened;
    let request = opened.request();
    let safe = is_safe(request.method);
    let Look {
        route,
        intent,
        fields,
        mut findings,
        effects,
    } = Look::at(&subject);
    findings.extend(deed::of_wrapping(opened.oddities()));
    if !findings.iter().any(|known| known.code == "method_override") {
        findings.extend(deed::of_overrides(request.method, &fields));
    }
    // A read that something in it makes worse is still a read.
    if safe || findings.iter().any(|finding| finding.code == "asks") {
        findings.extend(deed::of_reading(&route, opened.query(), &intent));
    }
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
        let mentions = intent.mentions();
        if mentions.is_empty() {
            let sentence = "The agent does not say why it sends this.";
            findings.push(Finding::hint("no_intent", 0.1, "intent", sentence));
        } else {
            if opened.oddities().is_empty() && message::is_explained(&deed, mentions) {
                message::relieve(&mut findings);
            }
            findings.extend(integrity::compare(&deed, mentions));
        }
    }
    findings.extend(
        fields
            .findings
            .into_iter()
            .map(|finding| if safe { softened(finding) } else { finding }),
    );
    conclude(findings, safe)
}

/// What is found in a request that changes nothing is worth less: a search for “ignore previous
/// instructions” is a search. Only what a read gives away stays as it is.
fn softened(finding: Finding) -> Finding {
    if matches!(finding.code, "carries_secret" | "internal_address") {
        return finding;
    }
    Finding {
        floor: 0.0,
        certain: false,
        weight: finding.weight.min(0.3),
        ..finding
    }
}

fn conclude(mut findings: Vec<Finding>, safe: bool) -> Assessment {
    findings.sort_by(|one, other| {
        (other.floor, other.weight)
            .partial_cmp(&(one.floor, one.weight))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let doubt: f64 = findings
        .iter()
        .map(|finding| 1.0 - finding.weight)
        .product();
    let floor = findings
        .iter()
        .map(|finding| finding.floor)
        .fold(0.0, f64::max);
    let score = (1.0 - doubt).max(floor).clamp(HARMLESS_SCORE, 0.99);
    let score = (score * 1000.0).round() / 1000.0;
    let certainty = if findings.iter().any(|finding| finding.certain) || score >= CERTAIN_SCORE {
        Certainty::CertainlyHeld
    } else if safe && score <= HARMLESS_SCORE {
        Certainty::PlainlyHarmless
    } else {
        Certainty::Grey
    };
    Assessment {
        certainty,
        verdict: Verdict {
            score,
            explanation: explain(&findings),
            signals: findings.into_iter().map(Finding::into_signal).collect(),
        },
    }
}

/// The two gravest sentences.
fn explain(findings: &[Finding]) -> String {
    let mut said = findings
        .iter()
        .filter(|finding| finding.weight > 0.0)
        .map(|finding| finding.sentence.as_str());
    match (said.next(), said.next()) {
        (Some(first), Some(second)) => format!("{first} {second}"),
        (Some(only), None) => only.to_owned(),
        (None, _) => findings
            .first()
            .map_or_else(String::new, |finding| finding.sentence.clone()),
    }
}

#[cfg(test)]
mod tests;
