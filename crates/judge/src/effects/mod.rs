//! Finds the effects of a request in its method, path, documentation and fields.

mod documentation;
mod fields;
mod path;

use gaiterguard_domain::effect::Effect;
use gaiterguard_request::Node;
use gaiterguard_request::opened::Request;
use gaiterguard_text::words::{of_text, stem};
use http::Method;

use crate::call;
use crate::effect_set::EffectSet;
use crate::field::Fields;
use crate::finding::{Finding, shown};
use crate::intent::Intent;
use crate::lexicon::{self, any_of_name};
use crate::route::Route;
use crate::signal;
use crate::subject::Documented;
use documentation::of_document;
use fields::of_body;
use path::of_route;

/// The effects of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effects {
    /// The most severe effect.
    pub(crate) gravest: Effect,
    /// All severe ones.
    grave: EffectSet,
}

impl Effects {
    /// Returns the severe effects, the most severe first.
    pub(crate) fn grave(self) -> impl Iterator<Item = Effect> {
        GRAVE
            .into_iter()
            .filter(move |effect| self.grave.contains(*effect))
    }

    /// Whether this is the only grave effect.
    pub(crate) fn is_only(self, effect: Effect) -> bool {
        self.grave == EffectSet::from_iter([effect])
    }
}

/// The effects that can hold a request, the most severe first.
const GRAVE: [Effect; 5] = [
    Effect::Delete,
    Effect::Pay,
    Effect::Access,
    Effect::Code,
    Effect::ShareOutside,
];

/// Returns the effects that were found.
pub(crate) fn effects(method: &Method, findings: &[Finding]) -> Effects {
    let grave = GRAVE.into_iter().filter(|effect| {
        findings
            .iter()
            .any(|finding| finding.kind.effect == Some(*effect))
    });
    let grave: EffectSet = grave.collect();
    let found = GRAVE.into_iter().find(|effect| grave.contains(*effect));
    let gravest = found.unwrap_or_else(|| match *method {
        _ if findings.iter().any(|finding| finding.is(signal::ASKS)) => Effect::Read,
        Method::GET | Method::HEAD | Method::OPTIONS => Effect::Read,
        Method::POST => Effect::Create,
        _ => Effect::Change,
    });
    Effects { gravest, grave }
}

pub(crate) fn of_request(
    request: &Request<'_>,
    query: &Node<'_>,
    route: &Route<'_>,
    fields: &Fields<'_>,
    documented: &Documented<'_>,
    intent: &Intent<'_>,
    asking: Option<&'static str>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let method = request.method;
    let safe = gaiterguard_domain::request::is_safe(method);
    if safe {
        let sentence = format!("{method} only reads.");
        findings.push(Finding::new(signal::READS, "method", sentence));
        if let Some(word) = route.deleting_verb() {
            let sentence = format!(
                "{method} should not change anything, but the path says “{}”.",
                shown(&word)
            );
            findings.push(Finding::new(signal::SAFE_METHOD_DELETES, "path", sentence));
        }
    } else if method == Method::DELETE {
        let sentence = match route.parts().last() {
            Some((last, _)) => format!("DELETE removes “{}”.", shown(last)),
            None => "DELETE removes the object that the path names.".to_owned(),
        };
        findings.push(Finding::openly(Effect::Delete, "method", sentence));
        if !route.is_addressed()
            || any_of_name(request.query.unwrap_or_default(), |word| {
                word == stem("all")
            })
        {
            findings.push(Finding::of(signal::BULK_DELETE, "path"));
        }
    }
    findings.extend(call::of_calls(fields));
    if !safe {
        if method != Method::DELETE {
            match asking {
                Some(sentence) => findings.push(Finding::new(signal::ASKS, "", sentence)),
                None => {
                    findings.extend(of_route(request, query, route, fields, intent.words()));
                }
            }
        }
        findings.extend(of_body(method, fields));
    }
    findings.extend(of_document(documented, fields, safe, &findings));
    findings
}

pub(crate) fn of_reading(route: &Route<'_>, query: &Node<'_>, intent: &Intent<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(place) = route.secret_place() {
        let sentence = format!("It reads secrets (“{}”).", shown(&place));
        findings.push(Finding::new(signal::READS_SECRETS, "path", sentence));
    }
    let secret = query.members().iter().find_map(|(_, value)| {
        of_text(value.as_text()?).find(|word| {
            let stem = stem(word);
            lexicon::is_secret_word(stem) && !intent.words().has(stem)
        })
    });
    if let Some(word) = secret
        && !intent.words().is_empty()
    {
        let sentence = format!(
            "It searches for “{}”, which the intent does not mention.",
            shown(word)
        );
        findings.push(Finding::new(signal::SEARCHES_SECRETS, "query", sentence));
    }
    findings
}
