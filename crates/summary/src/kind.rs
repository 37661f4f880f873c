//! Kinds of values, and how much a value says about the request.

use gaiterguard_domain::secret_name;
use gaiterguard_judge::Role;

use crate::fact::{FactKind, Weight};
use crate::selection::{self, is_condition};
use crate::switch::{is_deciding_switch, is_trial};
use crate::values::Value;
use crate::words::{is_in, is_opaque, is_verb, spaced, words};
use crate::{amount, code};

pub(crate) fn kind_of(value: &Value) -> FactKind {
    match value.role {
        _ if amount::is_amount(value) => FactKind::Amount,
        // A setting that is switched off matters less than one that is set, and one that is set is not
        // somebody or something.
        _ if value.text == "false" => FactKind::Other,
        _ if value.text == "true" && !matches!(value.role, Role::Access | Role::Action) => {
            FactKind::Other
        }
        Role::Recipient | Role::Attendee => FactKind::Recipient,
        Role::Account | Role::Payment => FactKind::Account,
        Role::Access => FactKind::Access,
        _ if code::is_code(value) => FactKind::Command,
        Role::Command if code::is_only_named(value) => FactKind::Other,
        Role::Command => FactKind::Command,
        // The identifier of a message or of a website is neither a text nor a URL.
        Role::Content | Role::Link if is_opaque(&value.text) => FactKind::Object,
        Role::Content => FactKind::Content,
        Role::Link => FactKind::Link,
        // A charge may be an amount or the object that is charged.
        Role::Identifier | Role::Owner | Role::Amount => FactKind::Object,
        Role::Quantity if value.text.bytes().any(|byte| byte.is_ascii_digit()) => {
            FactKind::Quantity
        }
        Role::Date => FactKind::Date,
        Role::None if is_url(&value.text) => FactKind::Link,
        Role::None if is_sentence(value) => FactKind::Content,
        Role::None | Role::Action | Role::Quantity | Role::Secret => FactKind::Other,
    }
}

/// Whether a value is written like a URL, whatever its name is.
fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty()) && !text.contains(char::is_whitespace)
}

/// Whether a value reads like a sentence, whatever its name is.
fn is_sentence(value: &Value) -> bool {
    /// Shorter texts are often names and conditions.
    const WORDS_MIN: usize = 5;
    let name = spaced(value.name());
    value.text.split_whitespace().nth(WORDS_MIN - 1).is_some()
        && !name.rsplit(' ').next().is_some_and(is_condition)
}

pub(crate) fn weight_of(value: &Value, kind: FactKind) -> Weight {
    let name = spaced(value.name());
    let last = name.rsplit(' ').next().unwrap_or_default();
    if is_trial(&name, last, &value.text)
        || is_everything(&value.text)
        || is_environment(value)
        || is_deciding_switch(&name, &value.text)
        || value.text.ends_with(selection::EVERYTHING)
        || code::is_code(value)
    {
        return Weight::Deciding;
    }
    // Forms have no truth values.
    let is_act = name.split(' ').next().is_some_and(is_verb) && name.contains(' ');
    let is_switch =
        matches!(&*value.text, "true" | "false") || is_act && matches!(&*value.text, "0" | "1");
    let is_formal = is_in("kind type version nonce", last)
        || ["idempotency", "request id", "client id", "trace"]
            .iter()
            .any(|word| name.contains(word));
    match kind {
        FactKind::Access | FactKind::Command => Weight::Plain,
        _ if is_switch || is_formal => Weight::Minor,
        FactKind::Other if is_in("mode plan state status tier", last) || is_condition(last) => {
            Weight::Deciding
        }
        _ => Weight::Plain,
    }
}

/// Whether a value of a batch is the name of a call or the mark of its item, and not what the call is about.
pub(crate) fn frames_call(value: &Value) -> bool {
    const FRAME: &str = "action cmd command content_id endpoint http_method href id \
        method op operation path relative_path \
        relative_url temp_id type uri url uuid verb";
    let is_item = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    // Members of the item itself, not of what it holds.
    let is_member = value.parent().rsplit('/').next().is_some_and(is_item);
    is_member && is_in(FRAME, &value.name().to_ascii_lowercase())
}

/// Whether a value is a switch that turns the request into one that destroys.
pub(crate) fn destroys(value: &Value) -> bool {
    let name = spaced(value.name());
    let is_on = matches!(&*value.text, "true" | "1");
    is_on && is_in("destroy wipe", name.rsplit(' ').next().unwrap_or_default())
}

/// Whether a value stands for everything or everyone of its kind.
fn is_everything(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    is_in("* *:* */* all everyone anyone 0.0.0.0/0 ::/0", &text)
}

/// Whether a value names the environment that the request is for.
fn is_environment(value: &Value) -> bool {
    words(value.name()).any(|word| is_in("env environment", &word))
        || is_in("prod production", &value.text.to_ascii_lowercase())
}

/// Whether the name of a value is that of the party that is paid. The name around it counts if its own
/// says nothing, as in `vendor.id`.
pub(crate) fn is_payee(value: &Value) -> bool {
    receives(&value.names.join("."))
}

/// Whether the dotted name of a value is that of the party that is paid.
pub(crate) fn receives(name: &str) -> bool {
    !gives(name)
        && said_by(name).any(|word| {
            is_in(
                "beneficiary counterparty creditor dest destination entity merchant payee receiver \
                recipient seller supplier to vendor",
                &word,
            )
        })
}

/// Whether the dotted name of a value is that of the account that the money comes from.
pub(crate) fn gives(name: &str) -> bool {
    said_by(name).any(|word| {
        is_in(
            "card debit debited debtor from funding origin payer paymentmethod sender source",
            &word,
        )
    }) || spaced(name).contains("payment method")
}

/// Returns the words of the last of the dotted names, or of the two last if the last one is general.
fn said_by(name: &str) -> impl Iterator<Item = String> {
    let mut names = name.rsplit('.');
    let own = names.next().unwrap_or_default();
    let outer = names.next().filter(|_| {
        is_in(
            "id account address code iban name number value",
            &own.to_ascii_lowercase(),
        )
    });
    words(own).chain(outer.into_iter().flat_map(words).collect::<Vec<_>>())
}

/// Whether the name of a value says that it is a secret.
pub(crate) fn is_secret(value: &Value) -> bool {
    if matches!(&*value.text, "true" | "false") {
        return false;
    }
    // A number of tokens is a quantity of text: `max_tokens`.
    let is_number = value.text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && words(value.name()).any(|word| word == "tokens") {
        return false;
    }
    value.role == Role::Secret || secret_name::mentions_secret(value.name())
}
