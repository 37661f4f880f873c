//! Finds the effects of a request in its method, path, documentation and fields.

use http::Method;

use crate::call;
use crate::effect::Effect;
use crate::field::{Fields, Found};
use crate::finding::{Finding, shown};
use crate::intent::{Intent, IntentWords, number};
use crate::lexicon::{self, Sense, any_of_name};
use crate::route::{EffectWord, Route};
use crate::signal::{self, Shown};
use crate::subject::{Documented, Operation};
use crate::words::{Stems, of_name, of_text, stem};
use gaiterguard_request::Node;
use gaiterguard_request::opened::{Oddity, OddityKind, Request};

/// The effects of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effects {
    /// The most severe effect.
    pub(crate) gravest: Effect,
    /// All severe ones, as bits of [`Effect::bit`].
    grave: u8,
}

impl Effects {
    /// Returns the severe effects, the most severe first.
    pub(crate) fn grave(self) -> impl Iterator<Item = Effect> {
        GRAVE
            .into_iter()
            .filter(move |effect| self.grave & effect.bit() != 0)
    }

    /// Whether this is the only grave effect.
    pub(crate) fn is_only(self, effect: Effect) -> bool {
        self.grave == effect.bit()
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
    let grave = grave.fold(0, |bits, effect| bits | effect.bit());
    let found = GRAVE.into_iter().find(|effect| grave & effect.bit() != 0);
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
        let sentence = "DELETE removes the resource in the path.";
        findings.push(openly(Effect::Delete, "method", sentence));
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

/// Returns a finding for an effect that the method, the path or the query shows.
fn openly(effect: Effect, evidence: &str, sentence: impl Into<String>) -> Finding {
    Finding::effect(effect, Shown::Openly, evidence, sentence)
}

fn finding_of_word(effect: Effect, effect_word: &str, evidence: &str, place: &str) -> Finding {
    let sentence = format!(
        "“{}” in the {place} means that it {}.",
        shown(effect_word),
        effect.phrase()
    );
    openly(effect, evidence, sentence)
}

/// Finds the effects of query flags that select a subresource, as in `/bucket?acl`.
fn of_flags(query: &Node<'_>) -> impl Iterator<Item = Finding> {
    query.members().iter().filter_map(|(name, value)| {
        let bare = value.as_text().is_some_and(str::is_empty);
        match lexicon::sense(stem(name)).filter(|_| bare) {
            Some(Sense::DeleteVerb) => {
                Some(finding_of_word(Effect::Delete, name, "query", "query"))
            }
            Some(Sense::Certain(effect)) => Some(finding_of_word(effect, name, "query", "query")),
            _ => None,
        }
    })
}

/// Finds the effect of a POST to a path that only seems to name a file, such as `/v1/charges.csv`.
fn of_bare(request: &Request<'_>, route: &Route<'_>) -> Option<Finding> {
    let bare = route.without_format(request.path)?;
    let bare = Route::of(bare);
    let effect_word = bare
        .effect_word()
        .filter(|_| request.method == Method::POST)?;
    let (Sense::DeleteVerb | Sense::Certain(_) | Sense::Made(_) | Sense::Message) =
        effect_word.sense
    else {
        return None;
    };
    let is_said = route
        .effect_word()
        .is_some_and(|own| own.word == effect_word.word);
    (!is_said).then(|| {
        finding_of_word(
            effect_word.sense.effect(),
            &effect_word.word,
            "path",
            "path",
        )
    })
}

fn of_route(
    request: &Request<'_>,
    query: &Node<'_>,
    route: &Route<'_>,
    fields: &Fields<'_>,
    intent_words: &IntentWords<'_>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(place) = Route::run_place(request.path) {
        let sentence = format!("It changes “{place}”, which controls what code runs.");
        findings.push(openly(Effect::Code, "path", sentence));
    }
    if let Some(verb) = route.deleting_verb() {
        findings.push(finding_of_word(Effect::Delete, &verb, "path", "path"));
    }
    findings.extend(of_bare(request, route));
    match route
        .effect_word()
        .map(|effect_word| (effect_word.sense, effect_word.word.as_str()))
    {
        // Below a resource with an effect, a word like “validate” may name a step of that effect.
        Some((Sense::Asks, word))
            if route.above().is_none() || route.only_computes() || intent_words.has_word(word) =>
        {
            let sentence = format!(
                "“{}” in the path means that it only reads or computes something.",
                shown(word)
            );
            findings.push(Finding::new(signal::ASKS, "path", sentence));
            return findings;
        }
        Some((Sense::Certain(effect), word)) if !route.logs_in() => {
            findings.push(finding_of_word(effect, word, "path", "path"));
        }
        Some((Sense::Message, word)) => {
            let sends = route.words().any(|word| {
                lexicon::sense(stem(word)) == Some(Sense::Certain(Effect::ShareOutside))
            });
            let edits = matches!(*request.method, Method::PUT | Method::PATCH)
                && route.is_addressed()
                || route.changes_present();
            if edits && !sends {
                let sentence = format!(
                    "It changes something that may be sent to others (“{}”).",
                    shown(word)
                );
                findings.push(Finding::new(signal::CHANGES_MESSAGE, "path", sentence));
            } else {
                findings.push(finding_of_word(Effect::ShareOutside, word, "path", "path"));
            }
        }
        Some((Sense::Made(effect), word)) => {
            let moves_money = effect == Effect::Pay
                && (!fields.amounts.is_empty() || !fields.payments.is_empty());
            if request.method == Method::POST && !route.is_addressed() || moves_money {
                findings.push(finding_of_word(effect, word, "path", "path"));
            } else {
                let sentence = format!(
                    "It changes something that costs money or runs code (“{}”).",
                    shown(word)
                );
                findings.push(Finding::new(signal::CHANGES_COSTLY, "path", sentence));
            }
        }
        Some((Sense::Likely(effect), word)) => {
            let sentence = format!(
                "“{}” in the path may mean that it {}.",
                shown(word),
                effect.phrase()
            );
            findings.push(Finding::new(signal::MAY_HAVE_EFFECT, "path", sentence));
        }
        Some((
            Sense::DeleteVerb | Sense::Thing | Sense::PlainVerb | Sense::Asks | Sense::Certain(_),
            _,
        ))
        | None => {}
    }
    if request.method != Method::DELETE {
        let sentence = format!("{} creates or changes something.", request.method);
        findings.push(Finding::new(signal::CHANGES, "method", sentence));
    }
    if route.changes_names() {
        let sentence = "It changes a DNS record.";
        findings.push(openly(Effect::Code, "path", sentence));
    }
    findings.extend(of_flags(query));
    if route.adds_to_group() {
        findings.push(finding_of_word(Effect::Access, "users", "path", "path"));
    }
    if route.words().any(|word| {
        ["batch", "bulk", "mass"]
            .iter()
            .any(|many| word.to_ascii_lowercase().starts_with(many))
    }) {
        findings.push(Finding::of(signal::BULK_PATH, "path"));
    }
    if let Some(above) = route.above() {
        let sentence = format!(
            "It is a subresource of something that {} (“{}”).",
            above.sense.effect().phrase(),
            shown(&above.word)
        );
        findings.push(Finding::new(signal::BENEATH_EFFECT, "path", sentence));
    }
    if matches!(*request.method, Method::PUT | Method::PATCH) && !route.names_one() {
        let is_many = route
            .effect_word()
            .is_some_and(|effect_word| effect_word.word.ends_with('s'));
        if is_many {
            findings.push(Finding::of(signal::NO_SINGLE_THING, "path"));
        }
    }
    findings
}

fn of_body(method: &Method, fields: &Fields<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for found in &fields.actions {
        let word = of_name(found.value).next().unwrap_or_default();
        let short = found.value.len() <= 32 && !found.value.contains(' ');
        match lexicon::sense(stem(word)).filter(|_| short) {
            Some(Sense::DeleteVerb | Sense::Certain(Effect::Delete)) => {
                let sentence = format!(
                    "“{}” is “{}”, which deletes or cancels something.",
                    shown(found.name),
                    shown(found.value)
                );
                findings.push(Finding::effect(
                    Effect::Delete,
                    Shown::ByField,
                    found.evidence,
                    sentence,
                ));
            }
            Some(Sense::Certain(Effect::Code)) => {
                let sentence = format!(
                    "“{}” is “{}”, which affects a running system.",
                    shown(found.name),
                    shown(found.value)
                );
                let kind = signal::RUNS_ACTION;
                findings.push(Finding::new(kind, found.evidence, sentence));
            }
            _ => {}
        }
    }
    let audience = fields.actions.iter().filter(|found| {
        ["anyone", "everyone", "public", "domain"]
            .iter()
            .any(|all| found.value.eq_ignore_ascii_case(all))
    });
    for found in fields.access.iter().chain(audience) {
        let value = found.value.to_ascii_lowercase();
        let opens = of_name(&value).find(|word| {
            [
                "admin",
                "administrator",
                "owner",
                "superuser",
                "root",
                "public",
                "anyone",
                "everyone",
                "world",
            ]
            .contains(word)
        });
        if let Some(word) = opens {
            let sentence = format!(
                "“{}” is “{}”, which grants broad rights or public access.",
                shown(found.name),
                shown(word)
            );
            findings.push(granting(found, sentence));
            break;
        }
    }
    if let Some(found) = fields.secrets.first() {
        let changes = matches!(*method, Method::PUT | Method::PATCH);
        let sentence = format!("It sets or reveals a secret (“{}”).", shown(found.name));
        findings.push(if changes {
            granting(found, sentence)
        } else {
            Finding::new(signal::GIVES_SECRET, found.evidence, sentence)
        });
    }
    if let Some(found) = fields.commands.first() {
        let sentence = format!(
            "It contains code or a command to run (“{}”).",
            shown(found.name)
        );
        let kind = signal::HOLDS_COMMAND;
        findings.push(Finding::new(kind, found.evidence, sentence));
    }
    let amount = stem("amount");
    let money = fields.amounts.iter().find(|found| {
        any_of_name(found.name, |word| word == amount) && number(found.value).is_some()
    });
    if let Some(found) = money {
        let sentence = format!("It contains an amount of money ({}).", shown(found.value));
        let kind = signal::GIVES_AMOUNT;
        findings.push(Finding::new(kind, found.evidence, sentence));
    }
    if let Some(found) = fields.payments.first() {
        let sentence = format!("It contains a payment method (“{}”).", shown(found.name));
        let kind = signal::NAMES_PAYMENT;
        findings.push(Finding::new(kind, found.evidence, sentence));
    }
    findings
}

/// Returns the finding for a field that grants access.
fn granting(found: &Found<'_>, sentence: String) -> Finding {
    Finding::effect(Effect::Access, Shown::ByGrant, found.evidence, sentence)
}

fn of_document(
    documented: &Documented<'_>,
    fields: &Fields<'_>,
    safe: bool,
    found: &[Finding],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    match documented {
        Documented::Nothing => {}
        Documented::Unknown => {
            findings.push(Finding::of(signal::UNDOCUMENTED, "path"));
        }
        Documented::As(operation) => {
            findings.extend(of_operation(operation, safe, found));
            let lists_fields = !operation.fields.is_empty();
            let has_other = || {
                let known = operation.fields.iter().flat_map(|field| of_name(field));
                let known: Stems = known.map(stem).collect();
                fields.names.iter().any(|name| !known.contains(name))
            };
            if !safe && lists_fields && has_other() {
                findings.push(Finding::of(signal::UNDOCUMENTED_FIELD, ""));
            }
        }
    }
    findings
}

/// Finds the effect that the documented id or the first words of the summary describe.
fn of_operation(operation: &Operation<'_>, safe: bool, found: &[Finding]) -> Option<Finding> {
    if safe {
        return None;
    }
    let id = Route::of(operation.id);
    let summary = of_text(operation.summary).take(2).find_map(|word| {
        let sense = lexicon::sense(stem(word))?;
        matches!(
            sense,
            Sense::DeleteVerb | Sense::Certain(_) | Sense::Made(_) | Sense::Message
        )
        .then(|| EffectWord {
            sense,
            word: word.to_lowercase(),
        })
    });
    let effect_word = id
        .effect_word()
        .filter(|effect_word| {
            matches!(
                effect_word.sense,
                Sense::DeleteVerb | Sense::Certain(_) | Sense::Message
            )
        })
        .or(summary.as_ref())?;
    let effect = effect_word.sense.effect();
    // The documents are ignored if the request itself shows the same effect. The value of a field
    // does not show it, because it may be about something else.
    let is_as_plain = |finding: &Finding| {
        finding.kind.effect == Some(effect) && finding.shown != Some(Shown::ByField)
    };
    if found.iter().any(is_as_plain) {
        return None;
    }
    let said = if operation.summary.is_empty() {
        operation.id
    } else {
        operation.summary
    };
    let sentence = format!(
        "Its documentation says “{}”, which {}.",
        shown(said),
        effect.phrase()
    );
    Some(Finding::effect(
        effect,
        Shown::ByDocuments,
        "documentation",
        sentence,
    ))
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

/// Finds members deeper in the body from which frameworks may take another method.
pub(crate) fn of_overrides(method: &Method, fields: &Fields<'_>) -> Option<Finding> {
    let mut overrides = fields.overrides.iter();
    let other =
        overrides.find(|other| !other.method.trim().eq_ignore_ascii_case(method.as_str()))?;
    Some(overriding(other.method, other.evidence.to_owned()))
}

fn overriding(method: &str, evidence: String) -> Finding {
    let sentence = format!(
        "It asks the server to treat its method as {}.",
        shown(method)
    );
    Finding::new(signal::METHOD_OVERRIDE, evidence, sentence)
}

pub(crate) fn of_wrapping(oddities: &[Oddity]) -> Vec<Finding> {
    oddities
        .iter()
        .map(|oddity| {
            let evidence = oddity.evidence.clone();
            match &oddity.kind {
                OddityKind::Unreadable(reason) => {
                    let sentence = format!("Part of it cannot be read: {reason}.");
                    Finding::new(signal::UNREADABLE, evidence, sentence)
                }
                OddityKind::Opaque => Finding::of(signal::OPAQUE, evidence),
                OddityKind::Media => Finding::of(signal::MEDIA, evidence),
                OddityKind::BodyOnSafeMethod => Finding::of(signal::BODY_ON_SAFE_METHOD, evidence),
                OddityKind::MethodOverride(method) => overriding(method, evidence),
                OddityKind::PathOverride => Finding::of(signal::PATH_OVERRIDE, evidence),
            }
        })
        .collect()
}
