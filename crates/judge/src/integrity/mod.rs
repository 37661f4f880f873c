//! Compares a request with its intent: recipients, objects, amounts, dates and texts.

mod behavior;
mod identifiers;
mod money;
mod power;
mod recipients;

use gaiterguard_text::char_classes::CharClasses;
use gaiterguard_text::words::{Stem, of_name, of_text, stem};

use crate::call::only_asks;
use crate::field::Found;
use crate::finding::{Finding, shown};
use crate::intent::{Date, IntentWords, host_of};
use crate::lexicon;
use crate::signal;
use identifiers::identifiers;
use money::{amounts, payments};
use power::{actions, powers};
use recipients::{accounts, recipients};

pub(crate) use behavior::Behavior;
pub(crate) use recipients::is_named;

/// Returns the findings for everything that does not fit the intent.
pub(crate) fn compare(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(asks_only_to_look(behavior, intent_words));
    findings.extend(unrelated(behavior, intent_words));
    findings.extend(recipients(behavior, intent_words));
    findings.extend(accounts(behavior, intent_words));
    findings.extend(amounts(behavior, intent_words));
    findings.extend(identifiers(behavior, intent_words));
    findings.extend(powers(behavior, intent_words));
    findings.extend(actions(behavior, intent_words));
    findings.extend(payments(behavior, intent_words));
    findings.extend(links(behavior, intent_words));
    findings.extend(dates(behavior, intent_words));
    findings.extend(contents(behavior, intent_words));
    findings.extend(codes(behavior, intent_words));
    findings
}

/// Finds a number of four or more digits in a text, such as a one-time code sent to someone.
fn codes(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
    let has_digit = |found: &&Found<'_>| CharClasses::of(found.value).has_digit();
    let mut with_numbers = behavior.fields.contents.iter().filter(has_digit);
    let (found, code) = with_numbers.find_map(|found| {
        let code = of_text(found.value).find(|word| {
            word.len() >= 4
                && word.bytes().all(|byte| byte.is_ascii_digit())
                && !word.starts_with("20")
                && !intent_words.names(word)
        })?;
        Some((found, code))
    })?;
    let sentence = format!(
        "Its text contains the number {}, which the intent does not mention.",
        shown(code)
    );
    let kind = signal::NUMBER_NOT_IN_INTENT;
    Some(Finding::new(kind, found.evidence, sentence))
}

fn asks_only_to_look(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
    if intent_words.only_looks() {
        let sentence = format!(
            "The intent only asks to read something, but this {}.",
            behavior.effects.gravest.phrase()
        );
        let kind = signal::INTENT_ONLY_READS;
        return Some(Finding::new(kind, "method", sentence));
    }
    let mut grave = behavior.effects.grave();
    let effect = grave.find(|effect| !intent_words.asks_for(*effect))?;
    let sentence = format!(
        "This {}, which the intent does not ask for.",
        effect.phrase()
    );
    Some(Finding::new(signal::EFFECT_NOT_ASKED, "path", sentence))
}

/// Finds a request that has nothing in common with its intent. The path and the documents decide. If
/// the path only takes calls, the intent must mention every call. Names in the body do not count,
/// because an agent can add any.
fn unrelated(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
    let documented: Vec<Stem> = of_text(behavior.documented).map(stem).collect();
    let is_related = |words: &[Stem]| {
        let mut all = words.iter().chain(&documented);
        all.any(|word| {
            lexicon::concepts(*word) & intent_words.concepts() != 0 || intent_words.has(*word)
        })
    };
    let finding = |word: &str, evidence: &str| {
        let word = word.to_lowercase();
        let sentence = format!(
            "The intent does not mention “{}” or anything similar.",
            shown(&word)
        );
        Finding::new(signal::OBJECT_NOT_IN_INTENT, evidence, sentence)
    };
    if behavior.takes_calls {
        let mut calls = behavior.fields.calls.iter().filter(|call| !only_asks(call));
        let call = calls.find(|call| {
            let words: Vec<Stem> = of_name(call.name).map(stem).collect();
            !is_related(&words)
        })?;
        return Some(finding(call.name, call.evidence));
    }
    let words: Vec<Stem> = behavior.route.words().map(stem).collect();
    let mut texts = behavior.route.texts();
    let is_named = texts.any(|text| text.len() > 2 && intent_words.names(text));
    let head = behavior.route.words().last()?;
    (!is_named && !is_related(&words)).then(|| finding(head, "path"))
}

pub(crate) fn links(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
    let found = behavior.fields.links.iter().find(|found| {
        let host = host_of(found.value).to_ascii_lowercase();
        !host.is_empty() && !same_site(&host, behavior.host) && !intent_words.names_host(&host)
    })?;
    let sentence = format!(
        "It contains a link to “{}”, which the intent does not mention.",
        shown(host_of(found.value))
    );
    let kind = signal::LINK_NOT_IN_INTENT;
    Some(Finding::new(kind, found.evidence, sentence))
}

/// Whether two hosts share their last two labels, or three if two are a public suffix such as
/// `co.uk`.
fn same_site(one: &str, other: &str) -> bool {
    const SUFFIXES: [&str; 10] = [
        "ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org",
    ];
    let mut last = one.rsplit('.');
    let is_suffix = last.next().is_some_and(|country| country.len() == 2)
        && last.next().is_some_and(|second| SUFFIXES.contains(&second));
    let labels = if is_suffix { 3 } else { 2 };
    one.rsplit('.')
        .take(labels)
        .eq(other.rsplit('.').take(labels))
}

fn dates(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
    if intent_words.dates().is_empty() {
        return None;
    }
    let found = behavior.fields.dates.iter().find(|found| {
        Date::read(found.value)
            .is_some_and(|date| !intent_words.dates().iter().any(|given| given.may_be(date)))
    })?;
    let sentence = format!(
        "The intent does not mention the date {}.",
        shown(found.value.get(..10).unwrap_or(found.value))
    );
    Some(Finding::new(signal::DATE_DIFFERS, found.evidence, sentence))
}

/// The fewest words of a text that are compared with the intent. One or two are a label and not a
/// text.
const WORDS_MIN: usize = 3;

/// A text that someone will read and that has nearly nothing of the intent.
fn contents(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
    let found = behavior.fields.contents.iter().find(|found| {
        let words = of_text(found.value).filter(|word| word.len() >= 4);
        let (words, known) = words.fold((0, 0), |(words, known), word| {
            (words + 1, known + usize::from(intent_words.has_word(word)))
        });
        words >= WORDS_MIN && known * 5 < words
    });
    // The unread rest of a long text may contain anything.
    let found = found.or(behavior.fields.unread.as_ref())?;
    Some(Finding::new(
        signal::TEXT_NOT_IN_INTENT,
        found.evidence,
        // The sentence names the field only: free text belongs to the body, which is stored sealed,
        // and this sentence is not.
        format!(
            "Most of its text (“{}”) is not in the intent.",
            shown(found.name)
        ),
    ))
}
