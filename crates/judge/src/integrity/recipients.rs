//! People and accounts that the intent does not name.

use gaiterguard_text::words::of_name;

use super::behavior::Behavior;
use crate::field::Found;
use crate::finding::{Finding, shown};
use crate::intent::IntentWords;
use crate::signal;
use crate::visitor::is_email;

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
pub(super) fn recipients(
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

pub(super) fn accounts(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
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
