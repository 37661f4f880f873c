//! The effect of a request in the light of its verb and of the thing that it is about.

use gaiterguard_domain::effect::Effect;
use gaiterguard_judge::Role;
use http::Method;

use super::Phrase;
use crate::amount::is_amount;
use crate::audience;
use crate::fact::FactKind;
use crate::kind::{kind_of, pays_account};
use crate::path::Target;
use crate::value::Value;
use crate::words::{capitalized, is_in, singular, spaced, words};

/// Verbs of a POST that changes what exists.
const CHANGES: &str = "Accept Approve Assign Change Confirm Decline Deny Edit Enable Lock Mark Merge Modify Move Pause Pin Reassign Reject Rename \
    Reopen Reorder Replace Resize Restore Resume Scale Set Suspend Transition Unassign Unlock Unpin \
    Update Upgrade Upsert";

/// Returns the effect of a request in the light of its verb, of the calls within it, and of a switch that
/// destroys. It becomes graver, or names a change that the method alone does not show.
pub(crate) fn refined(
    effect: Effect,
    method: &Method,
    phrase: &Phrase,
    of_calls: Option<Effect>,
    destroys: bool,
) -> Effect {
    if destroys {
        return Effect::Delete;
    }
    let verb = phrase.verb.strip_prefix("Bulk ").map(capitalized);
    let verb = verb.as_deref().unwrap_or(&phrase.verb);
    let own = match effect {
        // A merge brings together what exists. Whether that runs anything is up to others.
        Effect::Code if phrase.verb == "Merge" => Effect::Change,
        Effect::Read | Effect::Change | Effect::Create if verb == "Run command" => Effect::Code,
        Effect::Create if *method == Method::POST && is_in(CHANGES, verb) => Effect::Change,
        Effect::Create if phrase.gives_access() => Effect::Access,
        own => own,
    };
    of_calls.map_or(own, |of_calls| of_calls.min(own))
}

/// Returns the effect of a request by the thing that it is about, where words elsewhere in the path read like another
/// effect: a key of a payment service pays nothing, and a DNS record runs nothing.
pub(crate) fn of_thing(
    effect: Effect,
    method: &Method,
    phrase: &Phrase,
    target: &Target,
    values: &[Value],
) -> Effect {
    let says_other = |role: Role| values.iter().any(|value| value.role == role);
    match effect {
        Effect::Pay | Effect::Code | Effect::Change | Effect::Create
            if phrase.is_about_access() && !values.iter().any(is_amount) =>
        {
            Effect::Access
        }
        Effect::Pay if phrase.moves_case() && !values.iter().any(is_amount) => Effect::Change,
        // A record of money is not money, and new terms pay nothing.
        Effect::Pay | Effect::ShareOutside
            if phrase.is_record() && phrase.is_mild() && !pays_account(values) =>
        {
            let creates =
                *method == Method::POST && is_in("Add Create Register Submit", &phrase.verb);
            if creates {
                Effect::Create
            } else {
                Effect::Change
            }
        }
        Effect::Pay
            if matches!(*method, Method::PUT | Method::PATCH)
                && phrase.is_mild()
                && !values.iter().any(is_amount) =>
        {
            Effect::Change
        }
        Effect::ShareOutside if sends_nothing(phrase, values) => Effect::Change,
        Effect::Change | Effect::Create if phrase.opens_place(target) => Effect::Access,
        Effect::Change if values.iter().any(|value| audience::of(value).is_some()) => {
            Effect::Access
        }
        Effect::Code if is_of_dns(phrase, target) && !says_other(Role::Command) => {
            if *method == Method::POST && phrase.verb == "Create" {
                Effect::Create
            } else {
                Effect::Change
            }
        }
        own => own,
    }
}

/// Whether a request that reads like one that sends something only ends or limits that: it pauses a campaign, or sets its
/// budget.
fn sends_nothing(phrase: &Phrase, values: &[Value]) -> bool {
    const ENDS: &str = "archived disabled ended inactive paused removed stopped suspended";
    let changes = is_in("Change Create Mutate Patch Set Update", &phrase.verb);
    let is_sent = |value: &Value| {
        matches!(
            kind_of(value),
            FactKind::Content | FactKind::Recipient | FactKind::Link
        )
    };
    let ends = |value: &Value| {
        words(value.name()).any(|word| is_in("state status", &word))
            && is_in(ENDS, &value.text.to_ascii_lowercase())
    };
    let limits = |value: &Value| {
        let mut names = value.names.iter().flat_map(|name| words(name));
        names.any(|word| is_in("budget budgets", &singular(&word)))
            || value.text.to_ascii_lowercase().contains("budget")
    };
    let is_pause = is_in("Pause Stop Suspend Archive Disable", &phrase.verb);
    (is_pause || changes && values.iter().any(|value| ends(value) || limits(value)))
        && !values.iter().any(is_sent)
}

/// Whether a request is about the records of a domain.
fn is_of_dns(phrase: &Phrase, target: &Target) -> bool {
    const PLACES: &str = "dns domain hosted zone";
    const RECORDS: &str = "dns record recordset rrset zone";
    let noun = phrase.noun.as_deref().map(singular).unwrap_or_default();
    let last = noun.rsplit(' ').next().unwrap_or_default();
    let mut all = target.words.iter().flat_map(|word| words(word));
    all.any(|word| is_in(PLACES, &singular(&word)))
        && (is_in(RECORDS, last)
            || target
                .words
                .iter()
                .any(|word| is_in(RECORDS, &singular(&spaced(word)))))
}
