//! Identifiers that differ from those in the intent.

use gaiterguard_text::char_classes::CharClasses;
use gaiterguard_text::words::{Stem, of_name, stem};

use super::behavior::Behavior;
use crate::finding::{Finding, shown};
use crate::intent::IntentWords;
use crate::signal;

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

pub(super) fn identifiers(
    behavior: &Behavior<'_>,
    intent_words: &IntentWords<'_>,
) -> Option<Finding> {
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
