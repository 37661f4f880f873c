//! The act that a member of the body names: `{"action": "close"}`, `POST /droplets/7/actions {"type": "reboot"}`.

use gaiterguard_domain::effect::Effect;
use gaiterguard_judge::effect_of_call;
use http::Method;

use crate::acts::{ACT_WRAPPERS, is_noun};
use crate::path::Target;
use crate::value::Value;
use crate::verb::Phrase;
use crate::words::{capitalized, is_in, is_verb, noun_of, singular, spaced, words};

/// Names of members that say what is done.
const ACTS: &str = "act action command do event function op operation transition verb";

/// Names of members that say it only if the path says that something is done.
const KINDS: &str = "kind method name type";

/// Further words for collections of what is done.
const COLLECTIONS: &str = "actions commands events jobs operations requests tasks";

/// Verbs that say no more than that something is sent.
const MILD: &str = "Add Change Create Execute Perform Post Process Run Send Submit Update";

/// The longest act, in bytes. A longer text is a value.
const BYTES_MAX: usize = 40;

/// How deep a member may be that says what the whole request does.
const DEPTH_MAX: usize = 2;

/// Replaces a verb that says nothing by the act that a member of the body names; returns its effect.
pub(crate) fn refine(phrase: &mut Phrase, target: &Target, values: &[Value]) -> Option<Effect> {
    let bulk = phrase.verb.strip_prefix("Bulk ").map(capitalized);
    if !is_in(MILD, bulk.as_deref().unwrap_or(&phrase.verb)) {
        return None;
    }
    let noun = phrase.noun.clone().unwrap_or_default();
    // `Send two-way rpc request`, `/things/t1/rpc/two-way`.
    let is_call = words(&noun)
        .chain(target.trailing_words().iter().flat_map(|word| words(word)))
        .any(|word| is_in("command commands rpc", &word));
    let is_of_acts = (is_in(COLLECTIONS, &format!("{noun}s")) || is_call) && !phrase.takes_name;
    let mut named = values.iter().filter(|value| says_act(value, is_of_acts));
    let only = named.next().filter(|_| named.next().is_none())?;
    let act = spaced(&only.text);
    let first = act.split(' ').next().unwrap_or_default();
    let (verb, object) = match act.split_once(' ') {
        Some((first, rest)) if is_verb(first) => (capitalized(first), Some(rest.to_owned())),
        _ => (capitalized(&act), None),
    };
    // Something like `power_cycle` is what is done only where the path says so.
    let has_verb = act.split(' ').any(is_verb);
    if !(is_of_acts || is_verb(first) && has_verb) {
        return None;
    }
    phrase.verb = match bulk {
        Some(_) => format!("Bulk {}", verb.to_lowercase()),
        None => verb,
    };
    let name = target.names.last();
    if let Some(object) = object {
        phrase.noun = Some(object);
        phrase.takes_name = false;
    } else if is_of_acts && let Some(name) = name {
        phrase.noun = name
            .noun
            .as_deref()
            .map(noun_of)
            .filter(|noun| !noun.is_empty());
        phrase.takes_name = true;
    } else if is_in(ACT_WRAPPERS, &singular(&noun)) {
        phrase.noun = None;
    }
    effect_of_call(&only.text)
}

/// Says which decision is taken: `POST /approvals/a1/decision {"decision": "approve"}` approves.
pub(crate) fn decide(phrase: &mut Phrase, target: &Target, values: &[Value]) {
    const NOUNS: &str = "approval decision outcome resolution response review ruling verdict vote";
    const NAMES: &str =
        "action approval decision outcome resolution response result status verdict vote";
    const VERDICTS: &[(&str, &str)] = &[
        ("approve", "Approve"),
        ("accept", "Accept"),
        ("confirm", "Confirm"),
        ("decline", "Decline"),
        ("deny", "Deny"),
        ("denied", "Deny"),
        ("grant", "Grant"),
        ("reject", "Reject"),
    ];
    let noun = phrase.noun.as_deref().map(singular).unwrap_or_default();
    let last = noun.rsplit(' ').next().unwrap_or_default();
    let is_mild = phrase.is_mild() || is_in("Send", &phrase.verb);
    if !is_mild || !is_in(NOUNS, last) {
        return;
    }
    let verdict = |value: &Value| {
        let name = words(value.name()).last().unwrap_or_default();
        let text = value.text.to_ascii_lowercase();
        let of_verdict = |(word, verb): &(&str, &'static str)| {
            let rest = text.strip_prefix(word)?;
            (rest.is_empty() || is_in("d ed", rest)).then_some(*verb)
        };
        is_in(NAMES, &name).then(|| VERDICTS.iter().find_map(of_verdict))?
    };
    let mut verdicts = values.iter().filter_map(verdict);
    let Some(verb) = verdicts.next().filter(|_| verdicts.next().is_none()) else {
        return;
    };
    verb.clone_into(&mut phrase.verb);
    // The path names the object of the decision.
    if !phrase.takes_name
        && let Some(name) = target.names.last()
    {
        phrase.noun = name
            .noun
            .as_deref()
            .map(noun_of)
            .filter(|noun| !noun.is_empty() && noun != "approval");
        phrase.takes_name = true;
    }
}

/// Says that a part of an object is set if the body has a value with its name: `POST /valves/v1/position` with a
/// `position`. A word such as `pin` would be a verb without it.
pub(crate) fn set_part(phrase: &mut Phrase, method: &Method, target: &Target, values: &[Value]) {
    let [part] = target.trailing_words() else {
        return;
    };
    let is_of_part = |value: &Value| {
        value.location.starts_with("body")
            && value.names.len() <= DEPTH_MAX
            && words(value.name()).next().as_ref() == Some(part)
    };
    let is_created = is_in("Add Create", &phrase.verb) || phrase.verb == capitalized(part);
    let is_part = *method == Method::POST
        && !target.names.is_empty()
        && is_created
        && singular(part) == *part
        && (is_noun(part) || !is_verb(part));
    if is_part && values.iter().any(is_of_part) {
        "Set".clone_into(&mut phrase.verb);
        phrase.noun = Some(spaced(part));
        phrase.takes_name = false;
    }
}

fn says_act(value: &Value, is_of_acts: bool) -> bool {
    let name = value.name().to_ascii_lowercase();
    let is_named = is_in(ACTS, &name) || is_of_acts && is_in(KINDS, &name);
    let is_word = value.text.len() <= BYTES_MAX
        && value
            .text
            .starts_with(|first: char| first.is_ascii_alphabetic())
        && value
            .text
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || b"_-".contains(&byte));
    is_named && is_word && value.names.len() <= DEPTH_MAX
}
