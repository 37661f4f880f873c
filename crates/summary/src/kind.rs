//! Kinds of values, and how much a value says about the request.

use gaiterguard_domain::secret_name;
use gaiterguard_judge::Role;
use gaiterguard_request::opened::{is_method, overrides_method};

use crate::fact::{FactKind, Weight};
use crate::selection::{self, is_condition};
use crate::switch::{is_deciding_switch, is_trial};
use crate::value::Value;
use crate::words::{is_in, is_opaque, is_verb, spaced, words};
use crate::{amount, code, filter, header, measure, pairs, party};

/// Names of values for the place that holds what a request is about.
pub(crate) const STORES: &str = "bucket collection dataset index table";

pub(crate) fn kind_of(value: &Value) -> FactKind {
    match value.role {
        _ if value.name().starts_with(pairs::CONDITION) => FactKind::Other,
        // The way on which a medicine is given, or a parcel goes.
        _ if value.name().eq_ignore_ascii_case("route") => FactKind::Other,
        _ if value.name() == filter::NAME => FactKind::Other,
        // Ports and addresses of networks receive nothing, and a folder is a place.
        _ if is_of_port(value) => FactKind::Quantity,
        Role::Account | Role::Recipient if is_of_network(value) => FactKind::Object,
        Role::Recipient
            if words(value.name())
                .last()
                .is_some_and(|last| last == "folder") =>
        {
            FactKind::Object
        }
        // A mailbox that is opened to somebody is not the one who gets it.
        Role::Recipient
            if value
                .names
                .iter()
                .any(|name| words(name).any(|word| word == "mailbox")) =>
        {
            FactKind::Object
        }
        // A role or a profile that is given by its identifier is a right.
        _ if gives_right(value) => FactKind::Access,
        _ if is_shared_with(value) => FactKind::Recipient,
        _ if amount::is_amount(value) || measure::is_hexadecimal_amount(value) => FactKind::Amount,
        _ if is_header(value) && kind_of_header(value).is_some() => {
            kind_of_header(value).unwrap_or(FactKind::Other)
        }
        // An attachment is neither the text of a message nor its recipient.
        _ if party::names_attachment(value) => FactKind::Object,
        _ if party::is_attached(value) && value.role != Role::Link => FactKind::Other,
        Role::Recipient | Role::Owner if party::is_sender(value) => FactKind::Other,
        Role::Content if party::is_encoded(&value.text) || is_aspect_of_text(value) => {
            FactKind::Other
        }
        Role::Recipient if relates(value) || identifies_other(value) => FactKind::Object,
        Role::Recipient | Role::Attendee | Role::Account | Role::Payment | Role::Access
            if is_date(&value.text) =>
        {
            FactKind::Date
        }
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
        _ if is_grantee(value) || names_addressee(value) => FactKind::Recipient,
        Role::Link => FactKind::Link,
        // A charge may be an amount or the object that is charged.
        Role::Identifier | Role::Owner | Role::Amount => FactKind::Object,
        Role::Quantity if value.text.bytes().any(|byte| byte.is_ascii_digit()) => {
            FactKind::Quantity
        }
        Role::Date if value.text.bytes().any(|byte| byte.is_ascii_digit()) => FactKind::Date,
        Role::None if is_count(value) => FactKind::Quantity,
        Role::None if is_date(&value.text) => FactKind::Date,
        Role::None if is_email(&value.text) && !party::is_sender(value) => FactKind::Recipient,
        Role::None if is_url(&value.text) => FactKind::Link,
        Role::None if is_sentence(value) => FactKind::Content,
        Role::None | Role::Action | Role::Date | Role::Quantity | Role::Secret => FactKind::Other,
    }
}

/// Whether a value is a port, or what else says which traffic a rule lets through.
fn is_of_port(value: &Value) -> bool {
    let says_port = words(value.name()).any(|word| is_in("port ports", &word));
    let is_number = value.text.bytes().any(|byte| byte.is_ascii_digit())
        && value
            .text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"-,: ".contains(&byte));
    let is_way = is_in(
        "egress icmp inbound ingress outbound tcp udp",
        &value.text.to_ascii_lowercase(),
    );
    says_port && is_number
        || is_way && words(value.name()).any(|word| is_in("direction protocol", &word))
}

/// Whether a value is a port or a range of addresses of a rule for a network.
fn is_of_network(value: &Value) -> bool {
    let words: Vec<String> = words(value.name()).collect();
    let is_one = |list: &str| words.iter().any(|word| is_in(list, word));
    is_one("port ports") || is_one("address ip") && is_one("prefix range")
}

/// Whether a value gives a role or a profile by its identifier: `ProfileId`, `role_arn`.
fn gives_right(value: &Value) -> bool {
    const RUN_TOGETHER: &str = "profileid roleid roleids";
    let words: Vec<String> = words(value.name()).collect();
    let is_right = matches!(&*words, [.., right, id] if is_in("permission policy profile role", right) && is_in("arn id ids", id))
        || is_in(RUN_TOGETHER, &words.concat());
    is_right && value.location.starts_with("body")
}

/// Whether the name of a value is that of somebody with whom something is shared: `shareWith`.
fn is_shared_with(value: &Value) -> bool {
    let name = spaced(value.name()).replace(' ', "");
    is_in("grantedto sharedwith sharewith", &name)
}

/// Whether a value switches off what has it, gives a right, or selects what is changed.
fn decides(value: &Value, last: &str) -> bool {
    let is_state = is_in("enforcement mode requirement state status", last);
    is_state
        && is_in(
            "disabled muted off suspended",
            &value.text.to_ascii_lowercase(),
        )
        || gives_right(value)
        || value.name() == filter::NAME
}

/// Whether a value is a part of how much of something is given, and how often: a dose or a frequency.
fn says_how_much(value: &Value) -> bool {
    const NAMES: &str = "allowance cron dosage dose freq frequency recurrence rrule";
    let mut near = value
        .names
        .iter()
        .rev()
        .take(2)
        .flat_map(|name| words(name));
    near.any(|word| is_in(NAMES, &word)) && kind_of(value) != FactKind::Content
}

/// Whether a value is the medicine of an order, the way in which something is shared, or the groups that somebody gets
/// into.
fn says_what(value: &Value) -> bool {
    const NAMES: &str =
        "drug groupids linktype medication medicine memberof sharetype usergroups usrgrpid";
    let name = spaced(value.name()).replace(' ', "");
    // The file or the folder that is shared.
    let is_file = name == "path" && value.names.len() == 1 && value.text.starts_with('/');
    is_in(NAMES, &name) || is_file
}

/// Whether a value is the day on which something is carried out or ends.
fn says_until_when(value: &Value) -> bool {
    const DAYS: &[&str] = &[
        "charge date",
        "collection date",
        "due date",
        "execution date",
        "payment date",
        "reqd exctn dt",
        "schedule time",
        "scheduled at",
        "scheduled for",
        "send at",
        "settlement date",
        "valid until",
        "value date",
    ];
    let mut near = value.names.iter().rev().take(2).map(|name| spaced(name));
    is_date(&value.text)
        && near.any(|name| {
            DAYS.iter().any(|day| name.ends_with(day))
                || name.split(' ').any(|word| word.starts_with("expir"))
        })
}

fn is_header(value: &Value) -> bool {
    value.location.starts_with("header/")
}

/// Returns the kind of a header whose name says more than its role: where something goes to or comes from.
fn kind_of_header(value: &Value) -> Option<FactKind> {
    let name = value.name();
    let last = words(name).last()?;
    if header::opens(name, &value.text) || header::acts_for(name) {
        return Some(FactKind::Access);
    }
    let is_place = header::leads_elsewhere(name) || is_in("destination source redirect", &last);
    is_place.then_some(FactKind::Object)
}

/// Whether the name of a value says that it is only an aspect of something: `recipient_type`.
pub(crate) fn is_aspect(value: &Value) -> bool {
    const ASPECTS: &str = "class count country currency date format kind language locale mode object page \
        port status time timezone type verified";
    /// Kinds of channels, which reach nobody by themselves.
    const MEDIA: &str = "app email in_app mail mobile mpesa phone push slack sms telegram voice web webhook whatsapp";
    let last = words(value.name()).last().unwrap_or_default();
    // `"paymentMethod": "ach"` is a way to pay, and no account.
    let is_way = is_in("method rail scheme", &last)
        && value
            .text
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || b"_- ".contains(&byte));
    is_in(ASPECTS, &last)
        || is_way
        || is_in("channel channels medium", &last) && is_in(MEDIA, &value.text.to_ascii_lowercase())
}

/// Whether a value identifies something that only belongs to a message: `phone_number_id`, `email_template_id`. The
/// word before `id` says what it identifies.
fn identifies_other(value: &Value) -> bool {
    let all: Vec<String> = words(value.name()).collect();
    match &*all {
        [.., before, id] if is_in("id ids uuid guid sid ref", id) => {
            all.len() > 2 && Role::of(before) != Role::Recipient
        }
        _ => false,
    }
}

/// Whether a value says how a text is sent and not what it says: `messaging_product`.
fn is_aspect_of_text(value: &Value) -> bool {
    const ASPECTS: &str =
        "class encoding format kind language locale product provider type version";
    let last = words(value.name()).last().unwrap_or_default();
    is_in(ASPECTS, &last) && !value.text.contains(char::is_whitespace)
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

/// Whether a value is the name of the party that a parcel or a letter goes to.
fn names_addressee(value: &Value) -> bool {
    const ADDRESSEES: &str =
        "addressee consignee deliverto recipient shipto shippingaddress deliveryaddress";
    const NAMES: &str = "company companyname contact contactname fullname name name1 recipientname";
    let compact = |name: &str| spaced(name).replace(' ', "");
    let mut outer = value.names.iter().rev().skip(1);
    matches!(value.role, Role::None | Role::Identifier | Role::Owner)
        && is_in(NAMES, &compact(value.name()))
        && outer.any(|name| is_in(ADDRESSEES, &compact(name)))
}

/// Whether a value is how many of something there will be.
fn is_count(value: &Value) -> bool {
    const COUNTS: &str = "adults bags beds children copies count guests instances nights nodes number packages parcels \
        passengers people persons pieces pods replicas rooms servers workers";
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
    if value.name().starts_with(pairs::CONDITION) {
        return Weight::Minor;
    }
    // Any port of the sender is normal.
    if value.text == "*" && is_of_network(value) && words(value.name()).any(|word| word == "source")
    {
        return Weight::Minor;
    }
    if is_trial(&name, last, &value.text)
        || is_everything(&value.text)
        || is_environment(value)
        || is_deciding_switch(&name, &value.text)
        || decides(value, last)
        || filter::compared(value).is_some()
        || says_how_much(value)
        || says_what(value)
        || says_until_when(value)
        || value.text.ends_with(selection::EVERYTHING)
        || code::is_code(value)
        || is_header(value) && header::replaces(value.name())
        || overrides_method(value.name()) && is_method(&value.text)
    {
        return Weight::Deciding;
    }
    // Forms have no truth values.
    let is_act = name.split(' ').next().is_some_and(is_verb) && name.contains(' ');
    let is_switch =
        matches!(&*value.text, "true" | "false") || is_act && matches!(&*value.text, "0" | "1");
    // A place in an order, and what is not tracked, say nothing about what is done.
    let is_order = is_in("index ordinal position sequence priority", last)
        || is_in("none off", &value.text.to_ascii_lowercase())
            && name
                .split(' ')
                .any(|word| is_in("opens links track tracking recording", word));
    let is_formal = is_formal(&name, last) || is_attached_data(value) || is_order;
    match kind {
        // The control sum of a message is not what is paid.
        FactKind::Amount if is_in("ctrlsum checksum controlsum", &name.replace(' ', "")) => {
            Weight::Minor
        }
        FactKind::Access | FactKind::Command => Weight::Plain,
        _ if is_switch || is_formal => Weight::Minor,
        _ if party::names_attachment(value) => Weight::Deciding,
        // Something is taken away.
        FactKind::Other | FactKind::Object if value.text == selection::NONE => Weight::Deciding,
        FactKind::Other
            if is_in("mode plan state status tier", last)
                || is_in(STORES, last)
                || is_condition(last) =>
        {
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
    const PHRASES: [&str; 26] = [
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
        "end to end id",
        "pmt inf id",
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

/// Whether the values are those of a payment, whatever the path says: an amount in a currency, and the account that
/// gets it.
pub(crate) fn pays_account(values: &[Value]) -> bool {
    let is_account = |value: &Value| {
        let names = || value.names.iter().flat_map(|name| words(name));
        let is_named = names().any(|word| is_in("account acct iban wallet", &word));
        !is_header(value) && is_payee(value) && (is_named || is_iban(&value.text))
    };
    let has_currency = |value: &Value| amount::is_currency(value) || value.currency.is_some();
    values.iter().any(amount::is_amount)
        && values.iter().any(has_currency)
        && values.iter().any(is_account)
}

/// Whether the values pay somebody by name: an amount in a currency, and a party that it is paid to.
pub(crate) fn pays_party(values: &[Value]) -> bool {
    let is_paid = |value: &Value| {
        let all: Vec<String> = words(value.name()).collect();
        matches!(&*all, [.., pay, to] if pay == "pay" && to == "to")
            || all.last().is_some_and(|last| last == "payee")
    };
    let has_currency = |value: &Value| amount::is_currency(value) || value.currency.is_some();
    values.iter().any(amount::is_amount)
        && values.iter().any(has_currency)
        && values.iter().any(is_paid)
}

/// Whether a text has the form of an IBAN (ISO 13616).
pub(crate) fn is_iban(text: &str) -> bool {
    let compact: String = text.chars().filter(|c| *c != ' ').collect();
    (15..=34).contains(&compact.len())
        && compact
            .bytes()
            .take(2)
            .all(|byte| byte.is_ascii_uppercase())
        && compact
            .bytes()
            .skip(2)
            .take(2)
            .all(|byte| byte.is_ascii_digit())
        && compact.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether a text is a date, a time of a day, or both (RFC 3339).
pub(crate) fn is_date(text: &str) -> bool {
    let digits = |from: usize, to: usize| {
        let part = text.as_bytes().get(from..to);
        part.is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let byte = |at: usize| text.as_bytes().get(at).copied();
    let is_day = digits(0, 4)
        && byte(4) == Some(b'-')
        && digits(5, 7)
        && byte(7) == Some(b'-')
        && digits(8, 10);
    let is_time = text.len() <= 8 && digits(0, 2) && byte(2) == Some(b':') && digits(3, 5);
    is_day && (text.len() == 10 || matches!(byte(10), Some(b'T' | b't' | b' '))) || is_time
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

/// Whether a value is the party that pays, or its account.
pub(crate) fn is_payer(value: &Value) -> bool {
    let is_party = matches!(
        value.role,
        Role::Account | Role::Owner | Role::Payment | Role::Recipient
    );
    let is_name = words(value.name()).all(|word| is_in("name nm", &word));
    (is_party || is_name) && gives(&value.names.join("."))
}

/// Whether the dotted name of a value is that of the party that is paid. ISO 20022 abbreviates the creditor.
pub(crate) fn receives(name: &str) -> bool {
    const PAYEES: &str = "beneficiary cdtr counterparty creditor dest destination entity payee receiver \
        recipient seller supplier vendor";
    !gives(name)
        && said_by(name).any(|part| {
            let all: Vec<String> = words(part).collect();
            let has = |list| all.iter().any(|word| is_in(list, word));
            // The account of a merchant is usually the caller's own.
            let is_merchant = has("merchant") && !has("account id number");
            has(PAYEES) || is_merchant || leads_to(&all)
        })
}

/// Whether a name says `to` of the money: `to_account`, `payTo`. In `endToEndId` and `shipTo`, it does not.
fn leads_to(all: &[String]) -> bool {
    match all {
        [first, ..] if first == "to" => true,
        [.., verb, to] if to == "to" => {
            is_in("address credit pay paid remit send sent transfer", verb)
        }
        _ => false,
    }
}

/// Whether the dotted name of a value is that of the account that the money comes from.
pub(crate) fn gives(name: &str) -> bool {
    said_by(name).flat_map(words).any(|word| {
        is_in(
            "card dbtr debit debited debtor from funding origin payer paymentmethod sender source",
            &word,
        )
    }) || spaced(name).contains("payment method")
}

/// Returns the last of the dotted names, and those around it up to the first that says something by itself: in
/// `CdtrAcct.Id.IBAN`, only the first says whose account it is.
fn said_by(name: &str) -> impl Iterator<Item = &str> {
    const GENERAL: &str = "account acct address bank bban bic bicfi code details email holder iban id info name nm \
        number othr other owner party phone value";
    let is_general = |name: &str| words(name).all(|word| is_in(GENERAL, &word));
    let mut is_open = true;
    name.rsplit('.').take_while(move |name| {
        let is_taken = is_open;
        is_open &= is_general(name);
        is_taken
    })
}

/// Whether a value with a name like `servicelevel_token` is one of a few choices, written in plain words, and unlocks
/// nothing.
fn is_choice(value: &Value) -> bool {
    const CHARS_MAX: usize = 40;
    let own = value.name();
    let is_word = |part: &str| {
        (2..=20).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    let is_plain = value.text.len() <= CHARS_MAX && value.text.split(['_', '-']).all(is_word);
    let ends_with_token = words(own).last().is_some_and(|last| last == "token");
    is_plain
        && ends_with_token
        && words(own).count() > 1
        && !secret_name::is_of_secret(own)
        && value.role != Role::Secret
}

/// Whether the name of a value says that it is a secret.
pub(crate) fn is_secret(value: &Value) -> bool {
    if matches!(&*value.text, "true" | "false") || is_choice(value) {
        return false;
    }
    // A number of tokens is a quantity of text: `max_tokens`.
    let is_number = value.text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && words(value.name()).any(|word| word == "tokens") {
        return false;
    }
    value.role == Role::Secret || secret_name::mentions_secret(value.name())
}
