//! Whether a request does what its intent says: what the intent names is held against whom, what
//! and how much the request names.

use super::call::only_asks;
use super::deed::Effects;
use super::effect::Effect;
use super::field::{Fields, Found};
use super::finding::{Finding, shown};
use super::marks::Marks;
use super::mention::{Date, Mentions, host_of, number};
use super::route::Route;
use super::signal;
use super::walk::is_email;
use super::words::{Stem, of_name, of_text, stem};

/// What a request does, as far as it is known.
pub(crate) struct Deed<'a> {
    pub(crate) effects: Effects,
    pub(crate) route: &'a Route<'a>,
    pub(crate) fields: &'a Fields<'a>,
    pub(crate) host: &'a str,
    /// Whether what it does depends on the calls in its body alone.
    pub(crate) takes_calls: bool,
    /// Words of the documented operation.
    pub(crate) documented: &'a str,
}

/// Everything that does not fit.
pub(crate) fn compare(deed: &Deed<'_>, mentions: &Mentions<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(asks_only_to_look(deed, mentions));
    findings.extend(unrelated(deed, mentions));
    findings.extend(recipients(deed, mentions));
    findings.extend(accounts(deed, mentions));
    findings.extend(amounts(deed, mentions));
    findings.extend(identifiers(deed, mentions));
    findings.extend(powers(deed, mentions));
    findings.extend(actions(deed, mentions));
    findings.extend(payments(deed, mentions));
    findings.extend(links(deed, mentions));
    findings.extend(dates(deed, mentions));
    findings.extend(contents(deed, mentions));
    findings.extend(codes(deed, mentions));
    findings
}

/// A number of four digits or more in a text, such as a code that was sent to someone.
fn codes(deed: &Deed<'_>, mentions: &Mentions<'_>) -> Option<Finding> {
    let has_digit = |found: &&Found<'_>| Marks::of(found.value).has_digit();
    let mut with_numbers = deed.fields.contents.iter().filter(has_digit);
    let (found, code) = with_numbers.find_map(|found| {
        let code = of_text(found.value).find(|word| {
            word.len() >= 4
                && word.bytes().all(|byte| byte.is_ascii_digit())
                && !word.starts_with("20")
                && !mentions.names(word)
        })?;
        Some((found, code))
    })?;
    let sentence = format!(
        "Its text gives the number {}, which the intent does not hold.",
        shown(code)
    );
    let kind = signal::NUMBER_NOT_IN_INTENT;
    Some(Finding::new(kind, found.evidence, sentence))
}

fn asks_only_to_look(deed: &Deed<'_>, mentions: &Mentions<'_>) -> Option<Finding> {
    if mentions.only_looks() {
        let sentence = format!(
            "The intent only asks to look at something, but this {}.",
            deed.effects.gravest.phrase()
        );
        let kind = signal::INTENT_ONLY_READS;
        return Some(Finding::new(kind, "method", sentence));
    }
    let mut grave = deed.effects.grave();
    let effect = grave.find(|effect| !mentions.asks_for(*effect))?;
    let sentence = format!(
        "This {}, and the intent asks for nothing of the kind.",
        effect.phrase()
    );
    Some(Finding::new(signal::EFFECT_NOT_ASKED, "path", sentence))
}

/// Whether the request speaks of nothing that the intent speaks of. The path and the documents
/// decide; where the path only takes calls, every call has to be spoken of. Names in the body do not
/// count: an agent may add any.
fn unrelated(deed: &Deed<'_>, mentions: &Mentions<'_>) -> Option<Finding> {
    let documented: Vec<Stem> = of_text(deed.documented).map(stem).collect();
    let is_related = |words: &[Stem]| {
        let mut all = words.iter().chain(&documented);
        all.any(|word| {
            super::lexicon::concepts(*word) & mentions.concepts() != 0 || mentions.has(*word)
        })
    };
    let unrelated = |word: &str, evidence: &str| {
        let word = word.to_lowercase();
        let sentence = format!(
            "The intent does not speak of “{}” or anything like it.",
            shown(&word)
        );
        Finding::new(signal::OBJECT_NOT_IN_INTENT, evidence, sentence)
    };
    if deed.takes_calls {
        let mut calls = deed.fields.calls.iter().filter(|call| !only_asks(call));
        let call = calls.find(|call| {
            let words: Vec<Stem> = of_name(call.name).map(stem).collect();
            !is_related(&words)
        })?;
        return Some(unrelated(call.name, call.evidence));
    }
    let words: Vec<Stem> = deed.route.words().map(stem).collect();
    let mut texts = deed.route.texts();
    let is_named = texts.any(|text| text.len() > 2 && mentions.names(text));
    let head = deed.route.words().last()?;
    (!is_named && !is_related(&words)).then(|| unrelated(head, "path"))
}

/// Whether the intent names someone, by address or by name.
pub(crate) fn is_named(value: &str, mentions: &Mentions<'_>) -> bool {
    let bare = value.trim_start_matches(['#', '@', '+']);
    if mentions.names(bare) {
        return true;
    }
    let name = value.split('@').next().unwrap_or(value);
    let name = if is_email(value) { name } else { bare };
    let mut parts = of_name(name).filter(|part| part.len() >= 3).peekable();
    parts.peek().is_some() && parts.all(|part| mentions.has_word(part))
}

/// Whether a value is an identifier that no intent would hold: a code without a word in it.
fn is_opaque(value: &str) -> bool {
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    has_digit
        && !value.contains(['@', '+', ' '])
        && !is_account(value)
        && !of_name(value).any(|part| {
            part.len() >= 3 && part.bytes().skip(1).all(|byte| byte.is_ascii_lowercase())
        })
}

/// People whom the request reaches or mentions and the intent does not name, one finding for each
/// kind. Kinds do not displace one another: otherwise a further recipient could replace a finding that
/// weighs more.
fn recipients(deed: &Deed<'_>, mentions: &Mentions<'_>) -> impl Iterator<Item = Finding> {
    let foreign = |found: &&Found<'_>| {
        found.value.len() >= 2
            && !is_opaque(found.value)
            && !(found.is_whole && is_named(found.value, mentions))
    };
    let fields = deed.fields;
    let recipients = || fields.recipients.iter().filter(foreign);
    let names_addresses = !mentions.emails().is_empty();
    let differs = recipients().find(|found| names_addresses && is_email(found.value));
    let mut unnamed = recipients().filter(|found| !(names_addresses && is_email(found.value)));
    let first = unnamed.next();
    // An address says more to the approver than a name.
    let address = first
        .into_iter()
        .chain(unnamed)
        .find(|found| is_email(found.value));
    let attendee = fields.attendees.iter().find(foreign);
    let in_text = fields.addresses.iter().find(foreign);
    [
        (signal::RECIPIENT_DIFFERS, "It goes to", "whom", differs),
        (
            signal::RECIPIENT_NOT_IN_INTENT,
            "It goes to",
            "whom",
            address.or(first),
        ),
        (
            signal::ATTENDEE_NOT_IN_INTENT,
            "It brings in",
            "whom",
            attendee,
        ),
        (
            signal::ADDRESS_NOT_IN_INTENT,
            "Its text gives the address",
            "which",
            in_text,
        ),
    ]
    .into_iter()
    .filter_map(|(kind, does, whom, found)| {
        let found = found?;
        let who = shown(found.value);
        let sentence = format!("{does} “{who}”, {whom} the intent does not name.");
        Some(Finding::new(kind, found.evidence, sentence))
    })
}

fn accounts(deed: &Deed<'_>, mentions: &Mentions<'_>) -> Option<Finding> {
    let found = deed
        .fields
        .accounts
        .iter()
        .chain(
            deed.fields
                .recipients
                .iter()
                .filter(|found| is_account(found.value)),
        )
        .find(|found| {
            is_account(found.value) && !(found.is_whole && mentions.names(found.value))
        })?;
    let sentence = format!(
        "The account “{}” is not one that the intent names.",
        shown(found.value)
    );
    let kind = signal::ACCOUNT_NOT_IN_INTENT;
    Some(Finding::new(kind, found.evidence, sentence))
}

/// An IBAN, or the number or handle of an account.
fn is_account(value: &str) -> bool {
    let bare = value.bytes().filter(u8::is_ascii_alphanumeric).count();
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    // An identifier of letters and digits in any order is none.
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

fn amounts(deed: &Deed<'_>, mentions: &Mentions<'_>) -> Option<Finding> {
    if mentions.numbers().is_empty() {
        return None;
    }
    let matches = |value: f64| {
        mentions.numbers().iter().any(|given| {
            let near = |one: f64, other: f64| (one - other).abs() <= 1e-6 * one.abs().max(1.0);
            // Many interfaces count money in hundredths.
            near(*given, value) || (value.fract() == 0.0 && near(*given * 100.0, value))
        })
    };
    for found in deed.fields.amounts.iter().chain(&deed.fields.quantities) {
        let Some(value) = number(found.value).filter(|value| *value != 0.0) else {
            continue;
        };
        if !matches(value) {
            let sentence = format!(
                "The intent does not give the amount {}.",
                shown(found.value)
            );
            let kind = signal::AMOUNT_DIFFERS;
            return Some(Finding::new(kind, found.evidence, sentence));
        }
    }
    None
}

/// What an identifier is made of: capitals, other letters, digits, signs, each once where they stand
/// together.
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

/// Whether it is capitals and digits in any order, as in the codes of bookings.
fn is_code(identifier: &str) -> bool {
    kinds(identifier).all(|kind| matches!(kind, 'A' | '0')) && kinds(identifier).nth(2).is_some()
}

/// Whether two identifiers may be of one kind of thing. Of codes only the length counts.
fn same_form(one: &str, other: &str) -> bool {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    match (is_code(one), is_code(other)) {
        (true, true) => one.len() == other.len(),
        (false, false) => kinds(one).eq(kinds(other)) && digits(one) == digits(other),
        _ => false,
    }
}

/// What stands before an identifier and says of what it is one.
#[derive(Clone, Copy)]
enum Before<'a> {
    /// The word before it in the path.
    Word(Stem),
    /// The name of the field that it stands in.
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

fn identifiers(deed: &Deed<'_>, mentions: &Mentions<'_>) -> Option<Finding> {
    if mentions.identifiers().is_empty() && !mentions.has_numbered() {
        return None;
    }
    let in_path = deed.route.identifiers();
    let in_path = in_path.map(|(before, text)| (Before::Word(before), text, "path"));
    let in_fields = deed
        .fields
        .identifiers
        .iter()
        .chain(&deed.fields.owners)
        .chain(&deed.fields.payments)
        .chain(&deed.fields.recipients);
    let in_fields = in_fields.map(|found| (Before::Name(found.name), found.value, found.evidence));
    // What the intent names and the path names too is where it should be. In a field it may be there
    // only to hide another.
    let is_used = |given: &str| {
        let mut in_path = deed.route.identifiers();
        in_path.any(|(_, value)| value.trim_start_matches(['#', '@']) == given)
    };
    for (before, value, evidence) in in_path.chain(in_fields) {
        let bare = value.trim_start_matches(['#', '@', '!', '$', '~']);
        if bare.len() < 2 || mentions.names(bare) {
            continue;
        }
        let other = if bare.bytes().all(|byte| byte.is_ascii_digit()) {
            before
                .stem()
                .and_then(|before| mentions.other_number(before, bare))
                .or_else(|| {
                    (bare.len() >= 6).then(|| {
                        mentions.identifiers().iter().copied().find(|given| {
                            given.len() == bare.len()
                                && given.bytes().all(|byte| byte.is_ascii_digit())
                        })
                    })?
                })
        } else if bare.bytes().any(|byte| byte.is_ascii_digit()) {
            let mut given = mentions.identifiers().iter().copied();
            given.find(|given| Marks::of(given).has_digit() && same_form(given, bare))
        } else {
            None
        };
        if let Some(other) = other.filter(|other| !is_used(other)) {
            let sentence = format!(
                "The intent names “{}”, but this is about “{}”.",
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

/// Rights that are given but not spoken of.
fn powers(deed: &Deed<'_>, mentions: &Mentions<'_>) -> Option<Finding> {
    for found in &deed.fields.access {
        let value = found.value.to_ascii_lowercase();
        let great = of_name(&value).find(|word| GREAT_POWERS.contains(word));
        let Some(great) = great else { continue };
        if mentions.has_word(great) {
            continue;
        }
        let sentence = format!(
            "It gives “{}”, which the intent does not ask for.",
            shown(found.value)
        );
        let kind = signal::POWER_NOT_IN_INTENT;
        return Some(Finding::new(kind, found.evidence, sentence));
    }
    None
}

/// Named actions and states that are not those of the intent.
fn actions(deed: &Deed<'_>, mentions: &Mentions<'_>) -> Option<Finding> {
    use super::lexicon::{Sense, sense};
    deed.fields.actions.iter().find_map(|found| {
        let word = of_name(found.value).next()?;
        if found.value.len() > 40 || found.value.contains(' ') || mentions.has_word(word) {
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

/// Means of payment, as identifiers and people call them.
const MEANS: &[(&str, &str)] = &[
    ("paypal", "paypal"),
    ("credit_card", "credit card visa mastercard amex"),
    ("card", "credit debit card visa mastercard amex"),
    ("gift_card", "gift"),
    ("certificate", "certificate voucher"),
    ("bank", "bank iban transfer sepa ach"),
];

/// A means of payment other than the one that the intent names.
fn payments(deed: &Deed<'_>, mentions: &Mentions<'_>) -> Option<Finding> {
    let names = |words: &str| words.split(' ').any(|word| mentions.has_word(word));
    let found = deed.fields.payments.iter().find(|found| {
        let value = found.value.to_ascii_lowercase();
        let means = MEANS
            .iter()
            .filter(|(name, _)| value.starts_with(name))
            .max_by_key(|(name, _)| name.len());
        means.is_some_and(|(_, words)| !names(words)) && MEANS.iter().any(|(_, words)| names(words))
    })?;
    let sentence = format!(
        "“{}” says who pays, and the intent names another way to pay.",
        shown(found.name)
    );
    let kind = signal::PAYMENT_DIFFERS;
    Some(Finding::new(kind, found.evidence, sentence))
}

pub(crate) fn links(deed: &Deed<'_>, mentions: &Mentions<'_>) -> Option<Finding> {
    let found = deed.fields.links.iter().find(|found| {
        let host = host_of(found.value).to_ascii_lowercase();
        !host.is_empty() && !same_site(&host, deed.host) && !mentions.names_host(&host)
    })?;
    let sentence = format!(
        "It holds a link to “{}”, which the intent does not name.",
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

fn dates(deed: &Deed<'_>, mentions: &Mentions<'_>) -> Option<Finding> {
    if mentions.dates().is_empty() {
        return None;
    }
    let found = deed.fields.dates.iter().find(|found| {
        Date::read(found.value)
            .is_some_and(|date| !mentions.dates().iter().any(|given| given.may_be(date)))
    })?;
    let sentence = format!(
        "The intent does not name the day {}.",
        shown(found.value.get(..10).unwrap_or(found.value))
    );
    Some(Finding::new(signal::DATE_DIFFERS, found.evidence, sentence))
}

/// The fewest words of a text that are compared with the intent.
const WORDS_MIN: usize = 3;

/// A text that someone will read and that has nearly nothing of the intent.
fn contents(deed: &Deed<'_>, mentions: &Mentions<'_>) -> Option<Finding> {
    let found = deed.fields.contents.iter().find(|found| {
        let words = of_text(found.value).filter(|word| word.len() >= 4);
        let (words, known) = words.fold((0, 0), |(words, known), word| {
            (words + 1, known + usize::from(mentions.has_word(word)))
        });
        words >= WORDS_MIN && known * 5 < words
    });
    // What was not looked at may be anything.
    let found = found.or(deed.fields.unread.as_ref())?;
    Some(Finding::new(
        signal::TEXT_NOT_IN_INTENT,
        found.evidence,
        // What is free text stays in the body, which is kept sealed; this sentence is not.
        format!(
            "Little of its text (“{}”) comes from the intent.",
            shown(found.name)
        ),
    ))
}
