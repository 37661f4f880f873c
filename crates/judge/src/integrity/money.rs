//! Amounts and means of payment that differ from those in the intent.

use super::behavior::Behavior;
use crate::finding::{Finding, shown};
use crate::intent::{IntentWords, number};
use crate::signal;

pub(super) fn amounts(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
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
pub(super) fn payments(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
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
