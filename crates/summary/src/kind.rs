//! Kinds of values, and how much a value says about the request.

use gaiterguard_domain::secret_name;
use gaiterguard_judge::Role;

use crate::fact::{FactKind, Weight};
use crate::selection::{self, is_condition};
use crate::switch::{is_deciding_switch, is_trial};
use crate::values::Value;
use crate::words::{is_in, is_opaque, is_verb, spaced, words};
use crate::{amount, code, header, measure, party};

pub(crate) fn kind_of(value: &Value) -> FactKind {
    match value.role {
        _ if amount::is_amount(value) || measure::is_hexadecimal_amount(value) => FactKind::Amount,
        _ if is_header(value) && kind_of_header(value).is_some() => {
            kind_of_header(value).unwrap_or(FactKind::Other)
        }
        // An attachment is neither the text of a message nor its recipient.
        _ if party::names_attachment(value) => FactKind::Object,
        _ if party::is_attached(value) && value.role != Role::Link => FactKind::Other,
        Role::Recipient | Role::Owner if party::is_sender(value) => FactKind::Other,
        Role::Content if party::is_encoded(&value.text) => FactKind::Other,
        Role::Recipient if relates(value) => FactKind::Object,
        // The kind, the country or the currency of a recipient is not one.
        Role::Recipient | Role::Attendee | Role::Account | Role::Payment if is_aspect(value) => {
            FactKind::Other
        }
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
        // `plant/boiler/3` is where a message goes, and not its text.
        Role::Content if is_topic(value) => FactKind::Object,
        Role::Content => FactKind::Content,
        _ if is_grantee(value) => FactKind::Recipient,
        Role::Link => FactKind::Link,
        // A charge may be an amount or the object that is charged.
        Role::Identifier | Role::Owner | Role::Amount => FactKind::Object,
        Role::Quantity if value.text.bytes().any(|byte| byte.is_ascii_digit()) => {
            FactKind::Quantity
        }
        Role::Date => FactKind::Date,
        Role::None if is_count(value) => FactKind::Quantity,
        Role::None if is_email(&value.text) && !party::is_sender(value) => FactKind::Recipient,
        Role::None if is_url(&value.text) => FactKind::Link,
        Role::None if is_sentence(value) => FactKind::Content,
        Role::None | Role::Action | Role::Quantity | Role::Secret => FactKind::Other,
    }
}

fn is_header(value: &Value) -> bool {
    value.location.starts_with("header/")
}

/// Returns the kind of a header whose name says more than its role: where something goes to or comes from.
fn kind_of_header(value: &Value) -> Option<FactKind> {
    let name = value.name();
    let last = words(name).last()?;
    if header::opens(name, &value.text) {
        return Some(FactKind::Access);
    }
    is_in("destination source redirect", &last).then_some(FactKind::Object)
}

/// Whether the name of a value says that it is only an aspect of something: `recipient_type`.
pub(crate) fn is_aspect(value: &Value) -> bool {
    const ASPECTS: &str = "class count country currency date format kind language locale mode object page \
        port status time timezone type verified";
    /// Kinds of channels, which reach nobody by themselves.
    const MEDIA: &str = "app email in_app mail mobile mpesa phone push slack sms telegram voice web webhook whatsapp";
    let last = words(value.name()).last().unwrap_or_default();
    is_in(ASPECTS, &last)
        || is_in("channel channels medium", &last) && is_in(MEDIA, &value.text.to_ascii_lowercase())
}

/// Whether a name such as `appliesTo` ends with a `to` that sends nothing.
fn relates(value: &Value) -> bool {
    const RELATING: &str = "applied applies apply belonging belongs bound limited linked mapped refers related \
        relates restricted scoped up valid";
    let all: Vec<String> = words(value.name()).collect();
    matches!(&*all, [.., verb, to] if to == "to" && is_in(RELATING, verb))
}

/// Whether a value is the target of a rule or a command, and not an address that something is sent to.
pub(crate) fn is_place(value: &Value) -> bool {
    let last = words(value.name()).last().unwrap_or_default();
    is_in("dest handle target", &last) && !value.text.contains(['@', '+', '#'])
}

/// Whether a value is the topic of a queue or a broker.
fn is_topic(value: &Value) -> bool {
    let last = words(value.name()).last();
    last.is_some_and(|last| is_in("topic topics", &last))
        && !value.text.contains(char::is_whitespace)
}

/// Whether the name of a value is that of the party that gets a right.
fn is_grantee(value: &Value) -> bool {
    let last = words(value.name()).last().unwrap_or_default();
    matches!(value.role, Role::None | Role::Owner)
        && is_in(
            "delegate delegates grantee grantees trustee trustees",
            &last,
        )
}

/// Whether a value is how many of something there will be.
fn is_count(value: &Value) -> bool {
    const COUNTS: &str = "copies count instances nodes number pods replicas servers workers";
    let is_number = !value.text.is_empty() && value.text.bytes().all(|byte| byte.is_ascii_digit());
    is_number
        && words(value.name())
            .last()
            .is_some_and(|last| is_in(COUNTS, &last))
}

/// Whether a value is written like an e-mail address, whatever its name is.
fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !text.contains(|c: char| c.is_whitespace() || matches!(c, '/' | ':' | '<'))
    })
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
    if is_header(value) && header::is_condition(value.name()) {
        return Weight::Minor;
    }
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
    let is_formal = is_formal(&name, last) || is_attached_data(value);
    match kind {
        FactKind::Access | FactKind::Command => Weight::Plain,
        _ if is_switch || is_formal => Weight::Minor,
        _ if party::names_attachment(value) => Weight::Deciding,
        // Something is taken away.
        FactKind::Other | FactKind::Object if value.text == selection::NONE => Weight::Deciding,
        FactKind::Other if is_in("mode plan state status tier", last) || is_condition(last) => {
            Weight::Deciding
        }
        _ => Weight::Plain,
    }
}

/// Whether the name of a value is that of one which says how the request is made: versions, schemas, keys against
/// repeats, marks of the route, and times of the client.
fn is_formal(name: &str, last: &str) -> bool {
    const LAST: &str = "checksum class culture etag format hash jsonrpc kind lang language locale mask md5 namespace \
        nonce offset revision schema serializer sha256 timestamp timezone type tz version xmlns";
    const PHRASES: [&str; 24] = [
        "api key",
        "apikey",
        "auth type",
        "client id",
        "client ref",
        "client token",
        "content type",
        "context id",
        "correlation",
        "created at",
        "dedup",
        "device id",
        "idempotency",
        "message id",
        "mime type",
        "request id",
        "resource type",
        "routing key",
        "schema id",
        "session id",
        "span id",
        "trace",
        "transaction ref",
        "updated at",
    ];
    is_in(LAST, last)
        || is_in("schemas", last)
        || name.starts_with('$') && !is_condition(last)
        || PHRASES.iter().any(|phrase| name.contains(phrase))
}

/// Whether a value is what is attached itself, and not its name.
fn is_attached_data(value: &Value) -> bool {
    party::is_attached(value) && !party::names_attachment(value) || party::is_encoded(&value.text)
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
