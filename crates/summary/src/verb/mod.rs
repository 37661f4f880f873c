//! The verb of a headline, and the noun of what it is about.

mod documented;
mod effect;
mod form;
mod method;
mod path;
mod phrase;

use gaiterguard_apidocs::Operation;
use gaiterguard_domain::effect::Effect;
use http::{HeaderMap, Method};

use crate::acts::act_of;
use crate::header;
use crate::kind::{STORES, pays_account};
use crate::member::is_identifier;
use crate::path::Target;
use crate::segments::is_file;
use crate::value::Value;
use crate::words::{is_in, is_verb, singular, spaced};
use documented::documented;
use path::of_path;
use phrase::MILD;

pub(crate) use effect::{of_thing, refined};
pub(crate) use form::Form;
pub(crate) use phrase::{Phrase, moves_money};

/// Verbs that a DELETE may carry out: `DELETE /orders/or_1/cancel`.
const REMOVALS: &str = "archive cancel clear close deactivate delete destroy detach disable discard expunge \
    kick leave purge reject release remove reset revoke stop terminate unassign unblock unlink unlock unpin \
    unsubscribe void withdraw";

/// Returns the verb and the noun of a request's headline.
pub(crate) fn of(
    effect: Effect,
    method: &Method,
    operation: Option<&Operation>,
    target: &Target,
    form: Form,
) -> Phrase {
    let mut path = of_path(effect, method, target, form);
    // Nothing selects some of a collection: `DELETE /carts/ct_1/items`.
    path.is_for_all = *method == Method::DELETE
        && form == Form::Empty
        && !path.takes_name
        && target
            .trailing_words()
            .last()
            .is_some_and(|word| singular(word) != *word);
    // A file is uploaded, whether or not there is one already.
    let is_file = target.names.last().is_some_and(|name| is_file(&name.value));
    if *method == Method::PUT && form == Form::Whole && path.takes_name && is_file {
        "Upload".clone_into(&mut path.verb);
    }
    // "Start run", not "Run run".
    if path.noun.as_deref() == Some("run") && path.verb == "Run" {
        "Start".clone_into(&mut path.verb);
    }
    // "Transfer", not "Transfer transfer". A single letter is not a noun.
    path.noun = path
        .noun
        .filter(|noun| noun.chars().nth(1).is_some() && act_of(effect, noun) != Some(&*path.verb));
    let documented = operation
        .and_then(|operation| operation.summary.as_deref())
        .and_then(documented);
    let Some((verb, noun)) = documented else {
        return of_undone(method, target).unwrap_or(path);
    };
    // A document may say "Create a payout", where the path says how money moves.
    let is_mild = is_in(MILD, &verb);
    let is_other = path.noun.is_none() && noun.as_deref().is_some_and(|noun| is_other(&path, noun));
    if is_mild
        && matches!(effect, Effect::Pay | Effect::Delete)
        && !is_in(MILD, &path.verb)
        && !is_other
    {
        return path;
    }
    // A collection may be named like a verb: `/calls`.
    let is_collection = noun
        .as_ref()
        .zip(target.trailing_words().last())
        .is_some_and(|(noun, word)| {
            let last = |noun: &str| noun.split(' ').next_back().map(singular);
            last(noun) == last(&spaced(word))
        });
    // `POST /accounts/a1/transactions` sends money, and not the account.
    let is_moved = noun
        .as_deref()
        .is_some_and(|noun| is_in(MOVED, noun) && !target.trailing_words().is_empty());
    Phrase {
        verb,
        noun: noun.or(path.noun),
        takes_name: path.takes_name && !is_collection && !is_moved,
        ..path
    }
}

/// Things that are sent or moved, and have no name in a path.
const MOVED: &str = "email fax funds letter message money notification payment sms text";

/// Whether the noun of a document says that something else is done than the verb of the path reads like: a request to
/// `/orders` may order a shipment or a medicine, and one to `/transactions` may buy a label.
fn is_other(path: &Phrase, noun: &str) -> bool {
    const MONEY: &str = "charge disbursement fund money payment payout refund remittance settlement transaction \
        transfer withdrawal";
    let last = singular(noun.rsplit(' ').next().unwrap_or_default());
    match &*path.verb {
        "Transfer" => !is_in(MONEY, &last),
        // "Medication order" says more than "order".
        "Book" | "Order" | "Reserve" | "Trade" => {
            act_of(Effect::Pay, &last).is_none() || noun.contains(' ')
        }
        _ => false,
    }
}

/// Says what the headers decide: that nothing may be there yet, or that something is copied.
pub(crate) fn with_headers(phrase: &mut Phrase, method: &Method, headers: &HeaderMap) {
    if *method != Method::PUT {
        return;
    }
    if headers
        .keys()
        .any(|name| header::is_copy_source(name.as_str()))
    {
        "Copy to".clone_into(&mut phrase.verb);
    } else if header::creates_only(headers) {
        "Create".clone_into(&mut phrase.verb);
    }
}

/// Says that a payment is made if the path only names its kind: `POST /bulk-payments/sepa-credit-transfers`.
pub(crate) fn with_payment(phrase: &mut Phrase, method: &Method, values: &[Value]) {
    let noun = phrase.noun.as_deref().map(singular).unwrap_or_default();
    let act = act_of(Effect::Pay, noun.rsplit(' ').next().unwrap_or_default());
    let is_made = *method == Method::POST && phrase.takes_name && phrase.verb == "Change";
    if let Some(act) = act.filter(|_| is_made && pays_account(values)) {
        act.clone_into(&mut phrase.verb);
        phrase.noun = None;
        phrase.takes_name = false;
    }
}

/// Says that a POST may also change what is there: it has the identifier that the server gave an object of its kind, such
/// as the `ContactID` of a contact.
pub(crate) fn with_identifier(phrase: &mut Phrase, method: &Method, values: &[Value]) {
    let noun = phrase.noun.as_deref().map(singular).unwrap_or_default();
    let last = noun.rsplit(' ').next().unwrap_or_default();
    let is_creating = *method == Method::POST && is_in("Add Create", &phrase.verb);
    if !is_creating || phrase.takes_name || last.is_empty() {
        return;
    }
    // A name that an agent chooses is not made by the server.
    let is_made = |text: &str| {
        let hyphens = text.bytes().filter(|byte| *byte == b'-').count();
        hyphens == 4 && is_identifier(text) || text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let identifies = |value: &Value| {
        value.location.starts_with("body/")
            && value.names.len() <= 2
            && spaced(value.name()) == format!("{last} id")
            && is_made(&value.text)
    };
    if values.iter().filter(|value| identifies(value)).count() == 1 {
        phrase.verb = format!("{} or update", phrase.verb);
    }
}

/// Says that entries are what is deleted or changed, if only a value names the place that holds them.
pub(crate) fn with_place(phrase: &mut Phrase, values: &[Value]) {
    let names_place = |value: &Value| value.names.len() == 1 && is_in(STORES, value.name());
    if phrase.noun.is_none() && !phrase.takes_name && values.iter().any(names_place) {
        phrase.noun = Some("entry".to_owned());
    }
}

/// Returns the phrase of a DELETE whose path ends with a verb that removes nothing. It ends what the
/// verb began: `DELETE /issues/7/lock` unlocks the issue.
fn of_undone(method: &Method, target: &Target) -> Option<Phrase> {
    let word = target.trailing_words().last()?;
    let is_undone = *method == Method::DELETE && is_verb(word) && !is_in(REMOVALS, word);
    is_undone.then(|| Phrase {
        is_for_all: false,
        verb: "Delete".to_owned(),
        noun: Some(word.clone()),
        takes_name: false,
    })
}

#[cfg(test)]
mod tests;
