//! Compares a request with its intent: recipients, objects, amounts, dates and texts.

use crate::call::only_asks;
use crate::char_classes::CharClasses;
use crate::effect::Effect;
use crate::effects::Effects;
use crate::field::{Fields, Found};
use crate::finding::{Finding, shown};
use crate::intent::{Date, IntentWords, host_of, number};
use crate::route::Route;
use crate::signal;
use crate::visitor::is_email;
use crate::words::{Stem, of_name, of_text, stem};

/// The known facts about a request that its intent is compared with.
pub(crate) struct Behavior<'a> {
    pub(crate) effects: Effects,
    pub(crate) route: &'a Route<'a>,
    pub(crate) fields: &'a Fields<'a>,
    pub(crate) host: &'a str,
    /// Whether its effect depends only on the calls in its body.
    pub(crate) takes_calls: bool,
    /// Words of the documented operation.
    pub(crate) documented: &'a str,
}

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
            super::lexicon::concepts(*word) & intent_words.concepts() != 0
                || intent_words.has(*word)
        })
    };
    let unrelated = |word: &str, evidence: &str| {
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
        return Some(unrelated(call.name, call.evidence));
    }
    let words: Vec<Stem> = behavior.route.words().map(stem).collect();
    let mut texts = behavior.route.texts();
    let is_named = texts.any(|text| text.len() > 2 && intent_words.names(text));
    let head = behavior.route.words().last()?;
    (!is_named && !is_related(&words)).then(|| unrelated(head, "path"))
}

/// Whether the intent names this recipient, by address or by name.
pub(crate) fn is_named(value: &str, intent_words: &IntentWords<'_>) -> bool {
    let bare = value.trim_start_matches(['#', '@', '+']);
    if intent_words.names(bare) {
        return true;
    }
    let name = value.split('@').next().unwrap_or(value);
    let name = if is_email(value) { name } else { bare };
    let mut parts = of_name(name).filter(|part| part.len() >= 3).peekable();
    parts.peek().is_some() && parts.all(|part| intent_words.has_word(part))
}

/// Whether a value is an identifier that no intent would contain: a code without a word in it.
fn is_opaque(value: &str) -> bool {
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    has_digit
        && !value.contains(['@', '+', ' '])
        && !is_account(value)
        && !of_name(value).any(|part| {
            part.len() >= 3 && part.bytes().skip(1).all(|byte| byte.is_ascii_lowercase())
        })
}

/// Finds people whom the request reaches or mentions but the intent does not: one finding for each
/// kind. Kinds do not replace each other: otherwise an added recipient could replace a finding with a
/// greater weight.
fn recipients(
    behavior: &Behavior<'_>,
    intent_words: &IntentWords<'_>,
) -> impl Iterator<Item = Finding> {
    let foreign = |found: &&Found<'_>| {
        found.value.len() >= 2
            && !is_opaque(found.value)
            && !(found.is_whole && is_named(found.value, intent_words))
    };
    let fields = behavior.fields;
    let recipients = || fields.recipients.iter().filter(foreign);
    let names_addresses = !intent_words.emails().is_empty();
    let differs = recipients().find(|found| names_addresses && is_email(found.value));
    // An address is more useful to the approver than a name.
    let not_in_intent = if names_addresses {
        recipients().find(|found| !is_email(found.value))
    } else {
        let address = recipients().find(|found| is_email(found.value));
        address.or_else(|| recipients().next())
    };
    let attendee = fields.attendees.iter().find(foreign);
    let in_text = fields.addresses.iter().find(foreign);
    [
        (signal::RECIPIENT_DIFFERS, "It goes to", "whom", differs),
        (
            signal::RECIPIENT_NOT_IN_INTENT,
            "It goes to",
            "whom",
            not_in_intent,
        ),
        (signal::ATTENDEE_NOT_IN_INTENT, "It adds", "whom", attendee),
        (
            signal::ADDRESS_NOT_IN_INTENT,
            "Its text contains the address",
            "which",
            in_text,
        ),
    ]
    .into_iter()
    .filter_map(|(kind, does, whom, found)| {
        let found = found?;
        let who = shown(found.value);
        let sentence = format!("{does} “{who}”, {whom} the intent does not mention.");
        Some(Finding::new(kind, found.evidence, sentence))
    })
}

fn accounts(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
    let found = behavior
        .fields
        .accounts
        .iter()
        .chain(
            behavior
                .fields
                .recipients
                .iter()
                .filter(|found| is_account(found.value)),
        )
        .find(|found| {
            is_account(found.value) && !(found.is_whole && intent_words.names(found.value))
        })?;
    let sentence = format!(
        "The intent does not mention the account “{}”.",
        shown(found.value)
    );
    let kind = signal::ACCOUNT_NOT_IN_INTENT;
    Some(Finding::new(kind, found.evidence, sentence))
}

/// Whether a value is an IBAN, or the number or handle of an account.
fn is_account(value: &str) -> bool {
    let bare = value.bytes().filter(u8::is_ascii_alphanumeric).count();
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    // An identifier of letters and digits in any order is not an IBAN.
    let starts_as_iban = value.len() >= 15
        && value.as_bytes()[..2].iter().all(u8::is_ascii_uppercase)
        && value.as_bytes()[2..4].iter().all(u8::is_ascii_digit);
    let is_number = digits == bare;
    value.starts_with("acct_")
        || (bare >= 8
            && digits >= 6
            && (is_number || starts_as_iban)
            && !value.contains(['@', ':', '+']))
}

fn amounts(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
    if intent_words.numbers().is_empty() {
        return None;
    }
    let matches = |value: f64| {
        intent_words.numbers().iter().any(|given| {
            let near = |one: f64, other: f64| (one - other).abs() <= 1e-6 * one.abs().max(1.0);
            // Many APIs give money in cents.
            near(*given, value) || (value.fract() == 0.0 && near(*given * 100.0, value))
        })
    };
    for found in behavior
        .fields
        .amounts
        .iter()
        .chain(&behavior.fields.quantities)
    {
        let Some(value) = number(found.value).filter(|value| *value != 0.0) else {
            continue;
        };
        if !matches(value) {
            let sentence = format!(
                "The intent does not mention the amount {}.",
                shown(found.value)
            );
            let kind = signal::AMOUNT_DIFFERS;
            return Some(Finding::new(kind, found.evidence, sentence));
        }
    }
    None
}

/// Returns the character kinds of an identifier: capital, other letter, digit, or the sign itself.
/// Repeated kinds appear once.
fn kinds(identifier: &str) -> impl Iterator<Item = char> {
    let mut before = None;
    identifier.chars().filter_map(move |c| {
        let kind = match c {
            '0'..='9' => '0',
            c if c.is_uppercase() => 'A',
            c if c.is_alphabetic() => 'a',
            c => c,
        };
        (before.replace(kind) != Some(kind)).then_some(kind)
    })
}

/// Whether it consists of capitals and digits in any order, like a booking code.
fn is_code(identifier: &str) -> bool {
    kinds(identifier).all(|kind| matches!(kind, 'A' | '0')) && kinds(identifier).nth(2).is_some()
}

/// Whether two identifiers may belong to the same kind of thing. Codes are compared by length only.
fn same_form(one: &str, other: &str) -> bool {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    match (is_code(one), is_code(other)) {
        (true, true) => one.len() == other.len(),
        (false, false) => kinds(one).eq(kinds(other)) && digits(one) == digits(other),
        _ => false,
    }
}

/// The word before an identifier, which says what it identifies.
#[derive(Clone, Copy)]
enum Before<'a> {
    /// The word before it in the path.
    Word(Stem),
    /// The name of its field.
    Name(&'a str),
}

impl Before<'_> {
    fn stem(self) -> Option<Stem> {
        match self {
            Self::Word(stem) => Some(stem),
            Self::Name(name) => of_name(name).next().map(stem),
        }
    }
}

fn identifiers(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
    if intent_words.identifiers().is_empty() && !intent_words.has_numbered() {
        return None;
    }
    let in_path = behavior.route.identifiers();
    let in_path = in_path.map(|(before, text)| (Before::Word(before), text, "path"));
    let in_fields = behavior
        .fields
        .identifiers
        .iter()
        .chain(&behavior.fields.owners)
        .chain(&behavior.fields.payments)
        .chain(&behavior.fields.recipients);
    let in_fields = in_fields.map(|found| (Before::Name(found.name), found.value, found.evidence));
    // An identifier of the intent that is also in the path is used as intended. In a field it may be
    // a decoy.
    let is_used = |given: &str| {
        let mut in_path = behavior.route.identifiers();
        in_path.any(|(_, value)| value.trim_start_matches(['#', '@']) == given)
    };
    for (before, value, evidence) in in_path.chain(in_fields) {
        let bare = value.trim_start_matches(['#', '@', '!', '$', '~']);
        if bare.len() < 2 || intent_words.names(bare) {
            continue;
        }
        let other = if bare.bytes().all(|byte| byte.is_ascii_digit()) {
            before
                .stem()
                .and_then(|before| intent_words.other_number(before, bare))
                .or_else(|| {
                    (bare.len() >= 6).then(|| {
                        intent_words.identifiers().iter().copied().find(|given| {
                            given.len() == bare.len()
                                && given.bytes().all(|byte| byte.is_ascii_digit())
                        })
                    })?
                })
        } else if bare.bytes().any(|byte| byte.is_ascii_digit()) {
            let mut given = intent_words.identifiers().iter().copied();
            given.find(|given| CharClasses::of(given).has_digit() && same_form(given, bare))
        } else {
            None
        };
        if let Some(other) = other.filter(|other| !is_used(other)) {
            let sentence = format!(
                "The intent names “{}”, but the request names “{}”.",
                shown(other),
                shown(bare)
            );
            let kind = signal::IDENTIFIER_DIFFERS;
            return Some(Finding::new(kind, evidence, sentence));
        }
    }
    None
}

const GREAT_POWERS: &[&str] = &[
    "admin",
    "administrator",
    "owner",
    "maintain",
    "maintainer",
    "write",
    "writer",
    "push",
    "editor",
    "edit",
    "full",
    "root",
    "superuser",
    "manage",
    "manager",
    "all",
    "anyone",
    "everyone",
    "public",
];

/// Finds rights that are granted although the intent does not mention them.
fn powers(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
    for found in &behavior.fields.access {
        let value = found.value.to_ascii_lowercase();
        let great = of_name(&value).find(|word| GREAT_POWERS.contains(word));
        let Some(great) = great else { continue };
        if intent_words.has_word(great) {
            continue;
        }
        let sentence = format!(
            "It grants “{}”, which the intent does not ask for.",
            shown(found.value)
        );
        let kind = signal::POWER_NOT_IN_INTENT;
        return Some(Finding::new(kind, found.evidence, sentence));
    }
    None
}

/// Finds severe actions in fields that the intent does not mention.
fn actions(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
    use super::lexicon::{Sense, sense};
    behavior.fields.actions.iter().find_map(|found| {
        let word = of_name(found.value).next()?;
        if found.value.len() > 40 || found.value.contains(' ') || intent_words.has_word(word) {
            return None;
        }
        let grave = matches!(
            sense(stem(word)),
            Some(
                Sense::DeleteVerb
                    | Sense::Certain(Effect::Delete | Effect::Code | Effect::Access | Effect::Pay)
                    | Sense::Made(_)
            )
        );
        grave.then(|| {
            let sentence = format!("The intent does not ask to “{}”.", shown(found.value));
            Finding::new(signal::ACTION_NOT_IN_INTENT, found.evidence, sentence)
        })
    })
}

/// Payment methods: the prefix of their identifiers, and the words that people use.
const MEANS: &[(&str, &str)] = &[
    ("paypal", "paypal"),
    ("credit_card", "credit card visa mastercard amex"),
    ("card", "credit debit card visa mastercard amex"),
    ("gift_card", "gift"),
    ("certificate", "certificate voucher"),
    ("bank", "bank iban transfer sepa ach"),
];

/// Finds a payment method other than the one that the intent names.
fn payments(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
    let names = |words: &str| words.split(' ').any(|word| intent_words.has_word(word));
    let found = behavior.fields.payments.iter().find(|found| {
        let value = found.value.to_ascii_lowercase();
        let means = MEANS
            .iter()
            .filter(|(name, _)| value.starts_with(name))
            .max_by_key(|(name, _)| name.len());
        means.is_some_and(|(_, words)| !names(words)) && MEANS.iter().any(|(_, words)| names(words))
    })?;
    let sentence = format!(
        "“{}” is not the payment method that the intent names.",
        shown(found.name)
    );
    let kind = signal::PAYMENT_DIFFERS;
    Some(Finding::new(kind, found.evidence, sentence))
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

/// Whether two hosts share their last two labels.
fn same_site(one: &str, other: &str) -> bool {
    let site = |host: &str| {
        host.rsplit('.')
            .take(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    site(one) == site(other)
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

/// The fewest words of a text that are compared with the intent.
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
