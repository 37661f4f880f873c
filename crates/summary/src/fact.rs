//! The values that matter most for a decision.

use gaiterguard_apidocs::Operation;
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::secret_name;
use gaiterguard_judge::Role;
use serde::{Deserialize, Serialize};

use crate::path::Target;
use crate::values::{VALUE_CHARS_MAX, Value, Values, beginning};
use crate::words::{is_in, is_verb, spaced, words};
use crate::{amount, units};

/// The longest description that is passed on, in characters: one line next to the value.
const MEANING_CHARS_MAX: usize = 80;

/// Why a value matters. Ordered by importance, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = RequestFactKind))]
pub enum FactKind {
    /// An amount of money.
    Amount,
    /// A recipient of a message or an invitation.
    Recipient,
    /// The source or the destination of money.
    Account,
    /// An object that the path names.
    Target,
    /// An access right, or the party that receives it.
    Access,
    /// Code or a command.
    Command,
    /// Text for people.
    Content,
    /// A URL.
    Link,
    /// An object that the query or the body names.
    Object,
    /// A quantity other than money.
    Quantity,
    /// A date or a time.
    Date,
    /// Any other value.
    Other,
}

/// A value that matters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = RequestFact))]
pub struct Fact {
    /// Why it matters.
    pub kind: FactKind,
    /// Name of the value in the request. For an object in the path, the path segment before it.
    pub name: String,
    /// Location of the value in the request: `path`, `query/NAME`, or `body` followed by a JSON
    /// Pointer.
    pub location: String,
    /// The value. An amount whose currency and unit are known is formatted for people.
    pub value: String,
    /// Whether `value` is only the beginning of the value.
    pub is_cut: bool,
    /// The document's description, if it is short.
    #[cfg_attr(feature = "schema", schema(required))]
    pub meaning: Option<String>,
}

/// The most facts of a summary. More do not fit on a phone next to the headline.
pub const FACTS_MAX: usize = 6;

/// How many values of one name are facts of their own; more of them share one fact.
const LISTED_MAX: usize = 3;

/// The longest list in one fact, in characters: three lines on a phone.
const LIST_CHARS_MAX: usize = 120;

/// Shown instead of a secret: summaries appear on lists and lock screens.
const HIDDEN: &str = "(hidden: looks like a secret)";

/// Shown instead of the amount of a payment that gives none.
pub(crate) const NO_AMOUNT: &str = "no amount given";

/// How much a value says about what the request does, next to other values of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Decides what happens: a trial run, a state, an environment, or everything instead of one thing.
    Deciding,
    /// Any other value.
    Plain,
    /// Says how the request is made rather than what it does: a switch, a version, a key against repeats.
    Minor,
}

/// A fact, with what is needed to write the headline.
#[derive(Clone, Debug)]
pub(crate) struct Ranked {
    pub(crate) fact: Fact,
    pub(crate) weight: Weight,
    /// The group of the values that have the same name.
    group: String,
    /// The location of what holds it.
    list: String,
    /// How many values have this name.
    pub(crate) total: usize,
    /// How many values of the request the fact is for.
    covers: usize,
}

impl Ranked {
    /// A fact that is the only one of its name.
    fn alone(fact: Fact, weight: Weight) -> Self {
        Self {
            group: format!("{} {}", fact.location, fact.value),
            list: String::new(),
            fact,
            weight,
            total: 1,
            covers: 1,
        }
    }

    /// Whether several values of this kind share a fact. Rules are made from the facts of the others.
    fn is_listed(&self) -> bool {
        self.total > LISTED_MAX
            && !matches!(
                self.fact.kind,
                FactKind::Amount | FactKind::Recipient | FactKind::Account | FactKind::Target
            )
    }
}

/// Counts the values that some facts are for, those that were not read included.
pub(crate) fn count(facts: &[&Ranked]) -> usize {
    let mut groups: Vec<&str> = Vec::new();
    let mut count = 0;
    for one in facts {
        if !groups.contains(&&*one.group) {
            groups.push(&one.group);
            count += one.total;
        }
    }
    count
}

/// Returns the values of a request, the most important first. Secrets are named but not shown.
pub(crate) fn most_important(
    target: &Target,
    values: &Values,
    operation: Option<&Operation>,
    effect: Effect,
    expects_amount: bool,
) -> Vec<Ranked> {
    let required = |value: &Value| {
        let pointer = value.location.strip_prefix("body");
        pointer
            .zip(operation)
            .and_then(|(pointer, operation)| operation.body.field(pointer))
            .is_some_and(|field| field.required)
    };
    let mut facts: Vec<(bool, Ranked)> = Vec::new();
    // The last name of a path is the object; those before it say where it is.
    for name in target.names.iter().rev() {
        let noun = name.noun.clone().unwrap_or_default();
        let (value, is_cut) = beginning(&name.value, VALUE_CHARS_MAX);
        let fact = Fact {
            kind: FactKind::Target,
            name: noun,
            location: "path".to_owned(),
            value: value.to_owned(),
            is_cut,
            meaning: short(name.meaning.as_deref()),
        };
        facts.push((false, Ranked::alone(fact, Weight::Plain)));
    }
    let has_amount = values.kept.iter().any(amount::is_amount);
    let names_object = !target.names.is_empty()
        || values.kept.iter().any(|value| {
            let kind = kind_of(value);
            !is_secret(value)
                && weight_of(value, kind) != Weight::Minor
                && matches!(
                    kind,
                    FactKind::Object | FactKind::Recipient | FactKind::Account | FactKind::Link
                )
        });
    for value in &values.kept {
        // The currency is written with the amount.
        if value.text.is_empty() || has_amount && amount::is_currency(value) {
            continue;
        }
        let is_secret = is_secret(value);
        let kind = match kind_of(value) {
            // A secret may be all that names the object, as that of a connection to remove.
            _ if is_secret && names_object => FactKind::Other,
            _ if is_secret => FactKind::Object,
            FactKind::Object | FactKind::Other if effect == Effect::Pay && is_payee(value) => {
                FactKind::Account
            }
            kind => kind,
        };
        let shown = match kind {
            _ if is_secret => HIDDEN.to_owned(),
            FactKind::Amount => amount::shown(value, values, effect),
            _ => units::shown(value).unwrap_or_else(|| value.text.clone()),
        };
        let group = value.group();
        // The words of a command are one command.
        if kind == FactKind::Command
            && let Some((_, last)) = facts.last_mut()
            && last.fact.kind == kind
            && last.group == group
            && last.list == value.parent()
        {
            let joined = format!("{} {shown}", last.fact.value);
            let (joined, is_longer) = beginning(&joined, VALUE_CHARS_MAX);
            last.fact.is_cut |= is_longer || value.is_cut;
            joined.clone_into(&mut last.fact.value);
            value.parent().clone_into(&mut last.fact.location);
            last.covers += 1;
            continue;
        }
        let fact = Fact {
            kind,
            name: value.names.join("."),
            location: value.location.clone(),
            value: shown,
            is_cut: value.is_cut && !is_secret,
            meaning: short(value.meaning.as_deref()),
        };
        let ranked = Ranked {
            weight: match kind {
                _ if is_secret => Weight::Plain,
                // The path or the name of the call says the same.
                FactKind::Object | FactKind::Other
                    if target.names.iter().any(|name| name.value == value.text) =>
                {
                    Weight::Minor
                }
                _ if values.calls.is_batch && frames_call(value) => Weight::Minor,
                kind => weight_of(value, kind),
            },
            total: match kind {
                FactKind::Command => 1,
                _ => values.groups.get(&group).copied().unwrap_or(1),
            },
            group,
            list: value.parent().to_owned(),
            fact,
            covers: 1,
        };
        facts.push((!required(value), ranked));
    }
    if expects_amount && is_without_amount(values) {
        let fact = Fact {
            kind: FactKind::Amount,
            name: "amount".to_owned(),
            location: "body".to_owned(),
            value: NO_AMOUNT.to_owned(),
            is_cut: false,
            meaning: None,
        };
        let note = Ranked {
            covers: 0,
            ..Ranked::alone(fact, Weight::Plain)
        };
        facts.push((false, note));
    }
    facts.sort_by_key(|(is_optional, ranked)| {
        let kind = ranked.fact.kind;
        match ranked.weight {
            Weight::Deciding => (kind.min(FactKind::Access), false, *is_optional),
            Weight::Plain => (kind, false, *is_optional),
            Weight::Minor => (FactKind::Other, true, *is_optional),
        }
    });
    facts.into_iter().map(|(_, ranked)| ranked).collect()
}

/// Returns the facts of a summary, and how many values of the request they are for. Many values of one
/// name share a fact, so that they do not push out all others.
pub(crate) fn first_of(facts: &[Ranked]) -> (Vec<Fact>, usize) {
    let mut shown = Vec::new();
    let mut covered = 0;
    let mut listed: Vec<String> = Vec::new();
    for ranked in facts {
        if shown.len() == FACTS_MAX {
            break;
        }
        if !ranked.is_listed() {
            covered += ranked.covers;
            shown.push(ranked.fact.clone());
        } else if !listed.contains(&ranked.group) {
            covered += ranked.total;
            listed.push(ranked.group.clone());
            shown.push(list(ranked, facts));
        }
    }
    (shown, covered)
}

/// Returns one fact for all values of a name: `48: 3800, 3801, …`, or `33 × item_delete`.
fn list(first: &Ranked, facts: &[Ranked]) -> Fact {
    let values: Vec<&str> = facts
        .iter()
        .filter(|one| one.group == first.group)
        .map(|one| &*one.fact.value)
        .collect();
    let is_one = values.iter().all(|value| *value == first.fact.value);
    let is_whole = values.len() == first.total;
    let value = if is_one && is_whole && !first.fact.is_cut {
        format!("{} × {}", first.total, first.fact.value)
    } else {
        let all = values.join(", ");
        let (beginning, is_longer) = beginning(&all, LIST_CHARS_MAX);
        let rest = if is_longer || !is_whole { "…" } else { "" };
        format!("{}: {beginning}{rest}", first.total)
    };
    let location = first.fact.location.split('/');
    let list: Vec<&str> = location
        .take_while(|part| part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    Fact {
        value,
        location: list.join("/"),
        // The dashboard looks a cut value up at its location, which has several here.
        is_cut: false,
        ..first.fact.clone()
    }
}

/// Returns the recipients and accounts among all facts of a request, or else the objects that the path
/// names, each with its name, in alphabetical order; `None` if there are none, or if not all of them are
/// known.
pub(crate) fn recipients(facts: &[Ranked], values: &Values) -> Option<Vec<String>> {
    let of_kinds = |kinds: &[FactKind]| -> Vec<&Fact> {
        let facts = facts.iter().map(|ranked| &ranked.fact);
        facts.filter(|fact| kinds.contains(&fact.kind)).collect()
    };
    let mut found = of_kinds(&[FactKind::Recipient, FactKind::Account]);
    if found.is_empty() {
        found = of_kinds(&[FactKind::Target]);
    }
    let is_known = values.dropped == 0 && found.iter().all(|fact| !fact.is_cut);
    let texts = found
        .iter()
        .map(|fact| format!("{}={}", fact.name, fact.value));
    let mut texts: Vec<String> = texts.collect();
    texts.sort_unstable();
    texts.dedup();
    (is_known && !texts.is_empty()).then_some(texts)
}

fn kind_of(value: &Value) -> FactKind {
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
        Role::Command => FactKind::Command,
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

/// Whether a word names the condition that selects what a request is about.
fn is_condition(word: &str) -> bool {
    is_in("filter q query search where", word)
}

fn weight_of(value: &Value, kind: FactKind) -> Weight {
    let name = spaced(value.name());
    let last = name.rsplit(' ').next().unwrap_or_default();
    if is_trial(&name, last, &value.text)
        || is_everything(&value.text)
        || is_environment(value)
        || is_grave_switch(&name, &value.text)
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
fn frames_call(value: &Value) -> bool {
    const FRAME: &str = "action cmd command endpoint http_method href method op operation path relative_path \
        relative_url temp_id type uri url uuid verb";
    let is_item = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    // Members of the item itself, not of what it holds.
    let is_member = value.parent().rsplit('/').next().is_some_and(is_item);
    is_member && is_in(FRAME, &value.name().to_ascii_lowercase())
}

/// Whether a value says that the request is only tried, planned, or prepared. That is what the agent
/// asks for, and the upstream may ignore it.
fn is_trial(name: &str, last: &str, text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let is_off = is_in("false 0 no none off", &text) || text.is_empty();
    is_trial_name(name) && !is_off
        || is_in("mode stage state status", last)
            && is_in("draft scheduled test preview sandbox", &text)
}

/// Whether the dotted name of a value is that of a switch for a trial.
pub(crate) fn is_trial_name(name: &str) -> bool {
    const SWITCHES: &[&str] = &[
        "check only",
        "draft",
        "dry run",
        "dryrun",
        "is draft",
        "noop",
        "plan only",
        "preview only",
        "simulate",
        "test mode",
        "testmode",
        "validate only",
        "validation only",
        "what if",
        "whatif",
    ];
    let own = spaced(name.rsplit('.').next().unwrap_or_default());
    SWITCHES.contains(&&*own)
}

/// Whether a value is a switch that decides who sees an object, or that makes the request do far more.
fn is_grave_switch(name: &str, text: &str) -> bool {
    const WIDENING: &str = "delete destroy everyone everything force ownership permanent permanently prune \
        purge wipe";
    let any_in = |list: &str| name.split(' ').any(|word| is_in(list, word));
    match text {
        "true" => any_in(WIDENING) || any_in("private public"),
        "false" => any_in("private"),
        _ => false,
    }
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
fn is_payee(value: &Value) -> bool {
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

/// Whether a request certainly gives no amount: no value is one, and none has a name that may be that of
/// an amount or a quantity.
fn is_without_amount(values: &Values) -> bool {
    let may_be_amount = |value: &Value| {
        matches!(value.role, Role::Amount | Role::Quantity)
            || value.names.is_empty()
            || value.names.iter().flat_map(|name| words(name)).any(|word| {
                is_in(
                    "amount amounts gross money net percent points price qty quantity size sum \
                        total unit units value values",
                    &word,
                )
            })
    };
    let is_known = !values.is_unread && values.dropped == 0 && values.calls.count == 0;
    is_known && !values.kept.iter().any(may_be_amount)
}

/// Whether the name of a value says that it is a secret.
fn is_secret(value: &Value) -> bool {
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

fn short(meaning: Option<&str>) -> Option<String> {
    let meaning = meaning?.trim();
    let is_short = !meaning.is_empty()
        && meaning.chars().nth(MEANING_CHARS_MAX).is_none()
        && !meaning.contains('\n');
    is_short.then(|| meaning.to_owned())
}
