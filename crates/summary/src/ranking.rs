//! Collects the values of a request, the most important first.

use gaiterguard_apidocs::{Field, Operation};
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::secret_shape;
use gaiterguard_judge::Role;

use crate::address::Address;
use crate::fact::{Fact, FactKind, NO_AMOUNT, NO_EXPIRY, Ranked, Weight};
use crate::kind::{
    frames_call, is_aspect, is_payee, is_payer, is_place, is_secret, kind_of, weight_of,
};
use crate::line::without_markup;
use crate::member::{beginning, rest_of};
use crate::path::{Name, Target};
use crate::short::short_name;
use crate::value::{ENDING_CHARS_MAX, VALUE_CHARS_MAX, Value};
use crate::values::Values;
use crate::words::{is_in, spaced, words};
use crate::{address, amount, audience, codes, filter, measure, outlier, party, selection};

/// The longest description that is passed on, in characters: one line next to the value.
const MEANING_CHARS_MAX: usize = 80;

/// How much of encoded data is shown, in characters: enough to recognize its format.
const ENCODED_CHARS_MAX: usize = 12;

/// Shown instead of a secret: summaries appear on lists and lock screens.
const HIDDEN: &str = "(hidden: looks like a secret)";

/// The most visible characters of a secret that counts as masked, and the fewest that are not visible.
const MASKED_CHARS_MAX: usize = 16;
const MASK_CHARS_MIN: usize = 3;

/// A request whose values are ranked.
#[derive(Clone, Copy)]
pub(crate) struct Ranking<'a> {
    pub(crate) target: &'a Target,
    pub(crate) values: &'a Values,
    pub(crate) operation: Option<&'a Operation>,
    pub(crate) effect: Effect,
    /// Whether people expect an amount in such a request.
    pub(crate) expects_amount: bool,
    /// Whether the request makes something that lets in anyone who has it: a key, a link, an invitation.
    pub(crate) can_expire: bool,
}

impl Ranking<'_> {
    /// Returns the values of the request, the most important first. Secrets are named but not shown.
    pub(crate) fn facts(self) -> Vec<Ranked> {
        // The last name of a path is the object; those before it say where it is.
        let names = self.target.names.iter().rev().map(of_name);
        let mut facts: Vec<(bool, Ranked)> = names.map(|fact| (false, fact)).collect();
        let currencies = amount::currencies(self.values);
        let names_object = self.names_object();
        let kept = &self.values.kept;
        let is_wei = self
            .values
            .calls
            .named
            .iter()
            .any(|call| call.name.starts_with("eth_"));
        let addresses = address::of(kept);
        for (at, value) in kept.iter().enumerate() {
            if let Some(address) = addresses.iter().find(|one| one.parts.contains(&at)) {
                if address.parts[0] == at {
                    facts.push((true, of_address(address)));
                }
                continue;
            }
            // The currency is written with the amount, and the unit with the number.
            if value.text.is_empty()
                || amount::is_currency(value)
                    && currencies.contains(&value.text.to_ascii_uppercase())
                || measure::is_unit(at, kept)
            {
                continue;
            }
            let is_secret = is_secret(value);
            let mut kind = self.kind(value, is_secret, names_object);
            let measured = measure::shown(at, kept, is_wei).filter(|_| !is_secret);
            if measured.is_some() && matches!(kind, FactKind::Other | FactKind::Recipient) {
                kind = FactKind::Quantity;
            }
            let shown = match (kind, measured) {
                _ if is_secret => hidden(&value.text),
                _ if value.text == selection::NONE => {
                    selection::of_none(value.name(), value.meaning.as_deref())
                }
                (FactKind::Amount, None) => amount::shown(value, self.values, self.effect),
                (_, measured) => filter::compared(value)
                    .or_else(|| codes::shown(value))
                    .or(measured)
                    .unwrap_or_else(|| shortened(value)),
            };
            let last = facts.last_mut().map(|(_, last)| last);
            if kind == FactKind::Command && last.is_some_and(|last| last.continues(value, &shown)) {
                continue;
            }
            let fact = self.of_value(value, kind, is_secret, shown);
            facts.push((!self.requires(value), fact));
        }
        amount::say_unit_once(facts.iter_mut().map(|(_, ranked)| &mut ranked.fact));
        if self.expects_amount && is_without_amount(self.values) {
            facts.push((false, no_amount()));
        }
        if self.can_expire
            && let Some(field) = self.missing_expiry()
        {
            facts.push((false, no_expiry(field)));
        }
        facts.sort_by_key(|(is_optional, ranked)| {
            let kind = ranked.fact.kind;
            match ranked.weight {
                Weight::Deciding => (kind.min(FactKind::Access), false, *is_optional),
                Weight::Plain => (kind, false, *is_optional),
                Weight::Minor => (FactKind::Other, true, *is_optional),
            }
        });
        let mut facts: Vec<Ranked> = facts.into_iter().map(|(_, ranked)| ranked).collect();
        address::keep_ends_together(&mut facts);
        outlier::first(&mut facts, self.effect);
        facts
    }

    /// Returns the documented field for the end of what the request makes, if the request gives none.
    fn missing_expiry(&self) -> Option<&str> {
        let operation = self.operation?;
        let is_given = self
            .values
            .kept
            .iter()
            .any(|value| value.names.iter().any(|name| is_expiry(name)));
        let fields = operation.body.fields.iter().map(Field::name);
        let parameters = operation
            .parameters
            .iter()
            .map(|parameter| &*parameter.name);
        let documented = fields.chain(parameters).find(|name| is_expiry(name));
        documented.filter(|_| !is_given && self.values.dropped == 0 && !self.values.is_unread)
    }

    /// Whether the path or a value names what the request is about.
    fn names_object(self) -> bool {
        let is_object = |value: &Value| {
            let kind = kind_of(value);
            !is_secret(value)
                && weight_of(value, kind) != Weight::Minor
                && matches!(
                    kind,
                    FactKind::Object | FactKind::Recipient | FactKind::Account | FactKind::Link
                )
        };
        !self.target.names.is_empty() || self.values.kept.iter().any(is_object)
    }

    /// Whether every other value is a secret, too, or only says how the request is made.
    fn is_only_value(self, secret: &Value) -> bool {
        let mut others = self.values.kept.iter().filter(|value| !is_secret(value));
        !others.any(|value| {
            value.location != secret.location && weight_of(value, kind_of(value)) != Weight::Minor
        })
    }

    fn kind(self, value: &Value, is_secret: bool, names_object: bool) -> FactKind {
        match kind_of(value) {
            _ if !is_secret && self.effect != Effect::Read && audience::of(value).is_some() => {
                FactKind::Access
            }
            // A secret may be all that names the object, as that of a connection to remove.
            _ if is_secret && names_object => FactKind::Other,
            _ if is_secret && self.is_only_value(value) => FactKind::Object,
            _ if is_secret => FactKind::Other,
            FactKind::Object | FactKind::Other
                if self.effect == Effect::Pay && is_payee(value) && !is_aspect(value) =>
            {
                FactKind::Account
            }
            FactKind::Object | FactKind::Other | FactKind::Recipient
                if self.effect == Effect::Pay && is_payer(value) && !is_aspect(value) =>
            {
                FactKind::Account
            }
            // A message goes to any target; a rule has one without sending it anything.
            FactKind::Recipient if self.effect != Effect::ShareOutside && is_place(value) => {
                FactKind::Object
            }
            // A message goes to the chat that an identifier names.
            FactKind::Object
                if self.effect == Effect::ShareOutside
                    && self.target.names.is_empty()
                    && spaced(value.name()) == "chat id" =>
            {
                FactKind::Recipient
            }
            // A telephone number of a booking reaches nobody by itself.
            FactKind::Recipient
                if !matches!(
                    self.effect,
                    Effect::ShareOutside | Effect::Pay | Effect::Access
                ) && words(value.name())
                    .any(|word| is_in("fax mobile phone tel telephone", &word)) =>
            {
                FactKind::Other
            }
            // A message to a channel has the name that its sender is shown with.
            FactKind::Recipient
                if self.effect == Effect::ShareOutside
                    && !self.target.names.is_empty()
                    && is_in(
                        "username user_name display_name",
                        &value.name().to_ascii_lowercase(),
                    ) =>
            {
                FactKind::Other
            }
            kind => kind,
        }
    }

    fn weight(self, value: &Value, kind: FactKind, is_secret: bool) -> Weight {
        let is_in_path = || {
            self.target
                .names
                .iter()
                .any(|name| name.value == value.text)
        };
        match kind {
            // The key that signs the request in is not what it is about, unless it is all that there is.
            FactKind::Other if is_secret => Weight::Minor,
            _ if is_secret => Weight::Plain,
            // The path or the name of the call says the same.
            FactKind::Object | FactKind::Other if is_in_path() => Weight::Minor,
            _ if self.values.calls.is_batch && frames_call(value) => Weight::Minor,
            kind => weight_of(value, kind),
        }
    }

    /// Whether the documents require the value.
    fn requires(self, value: &Value) -> bool {
        let pointer = value.location.strip_prefix("body");
        pointer
            .zip(self.operation)
            .and_then(|(pointer, operation)| operation.body.field(pointer))
            .is_some_and(|field| field.required)
    }

    fn of_value(self, value: &Value, kind: FactKind, is_secret: bool, shown: String) -> Ranked {
        let group = value.group();
        let is_shown = !is_secret && !party::is_encoded(&value.text);
        let rest = value.rest.clone().filter(|_| is_shown);
        let audience = audience::of(value).filter(|_| self.effect != Effect::Read);
        Ranked {
            audience,
            weight: match audience {
                Some(_) => Weight::Deciding,
                None => self.weight(value, kind, is_secret),
            },
            total: match kind {
                FactKind::Command => 1,
                _ => self.values.groups.get(&group).copied().unwrap_or(1),
            },
            short: match value.name() {
                // The name of a setting may have dots of its own: `retention.ms`.
                own if own.contains('.') && !own.contains('/') => spaced(own),
                _ => short_name(&value.names.join(".")),
            },
            group,
            list: value.parent().to_owned(),
            fact: Fact {
                kind,
                name: value.names.join("."),
                location: value.location.clone(),
                value: shown,
                is_cut: rest.is_some(),
                hidden_characters: rest.as_ref().map_or(0, |rest| rest.hidden),
                ending: rest.map_or_else(String::new, |rest| rest.ending),
                meaning: match audience {
                    Some(audience) => Some(audience.to_owned()),
                    None => short(value.meaning.as_deref()),
                },
            },
            covers: 1,
        }
    }
}

impl Ranked {
    /// Appends the value of a command to this fact if it is a part of the same one; returns whether it is.
    fn continues(&mut self, value: &Value, shown: &str) -> bool {
        let is_same = self.fact.kind == FactKind::Command
            && self.group == value.group()
            && self.list == value.parent();
        if is_same {
            let joined = format!("{} {shown}", self.fact.value);
            let rest = rest_of(&joined, VALUE_CHARS_MAX, ENDING_CHARS_MAX);
            let is_cut = self.fact.is_cut || value.is_cut();
            self.fact.cut(rest);
            self.fact.is_cut |= is_cut;
            beginning(&joined, VALUE_CHARS_MAX)
                .0
                .clone_into(&mut self.fact.value);
            value.parent().clone_into(&mut self.fact.location);
            self.covers += 1;
        }
        is_same
    }
}

/// Returns what is shown of a secret: what the agent has masked already, or the beginning that identifies the
/// kind of secret.
fn hidden(secret: &str) -> String {
    let is_mask = |c: char| matches!(c, '*' | '•' | '…' | '●');
    let visible = secret.chars().filter(|c| !is_mask(*c)).count();
    let masked = secret.chars().filter(|c| is_mask(*c)).count();
    let is_masked = secret.contains('…') || masked >= MASK_CHARS_MIN;
    if is_masked && visible <= MASKED_CHARS_MAX {
        return secret.to_owned();
    }
    let known = secret_shape::at_start().filter(|start| secret.starts_with(start));
    match known.max_by_key(|start| start.len()) {
        Some(start) => format!("{start}… {HIDDEN}"),
        None => HIDDEN.to_owned(),
    }
}

/// Returns a text without the password of a URL in it: `postgres://app:…@db/orders`.
fn without_password(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = after.find(|c: char| c.is_whitespace() || "/?#\"'<>".contains(c));
        let (authority, behind) = after.split_at(end.unwrap_or(after.len()));
        match authority
            .rsplit_once('@')
            .and_then(|(user, host)| Some((user.split_once(':')?.0, host)))
        {
            Some((user, host)) => shown.extend([user, ":", HIDDEN, "@", host]),
            None => shown.push_str(authority),
        }
        rest = behind;
    }
    shown.push_str(rest);
    shown
}

/// Returns what is shown of a value: encoded data cannot be read, so only its beginning is.
fn shortened(value: &Value) -> String {
    if !party::is_encoded(&value.text) {
        // A letter is read without its tags, unless one of them leads somewhere.
        let text = without_password(&value.text);
        let is_markup = text.trim_start().starts_with('<') && text.contains("</");
        return if is_markup && kind_of(value) == FactKind::Content {
            without_markup(&text).trim().to_owned()
        } else {
            text
        };
    }
    let (start, _) = beginning(&value.text, ENCODED_CHARS_MAX);
    format!("{start}… (encoded data)")
}

/// A fact that is whole and has no description.
fn fact(kind: FactKind, name: &str, location: &str, value: &str) -> Fact {
    Fact {
        kind,
        name: name.to_owned(),
        location: location.to_owned(),
        value: value.to_owned(),
        is_cut: false,
        hidden_characters: 0,
        ending: String::new(),
        meaning: None,
    }
}

fn of_name(name: &Name) -> Ranked {
    let mut fact = fact(
        FactKind::Target,
        &name.noun.clone().unwrap_or_default(),
        "path",
        beginning(&name.value, VALUE_CHARS_MAX).0,
    );
    fact.cut(rest_of(&name.value, VALUE_CHARS_MAX, ENDING_CHARS_MAX));
    fact.meaning = short(name.meaning.as_deref());
    Ranked::alone(fact, Weight::Plain)
}

fn of_address(address: &Address) -> Ranked {
    let mut fact = fact(
        FactKind::Other,
        &address.name,
        &address.location,
        beginning(&address.text, VALUE_CHARS_MAX).0,
    );
    fact.cut(rest_of(&address.text, VALUE_CHARS_MAX, ENDING_CHARS_MAX));
    Ranked {
        covers: address.parts.len(),
        ..Ranked::alone(fact, Weight::Plain)
    }
}

fn no_amount() -> Ranked {
    let fact = fact(FactKind::Amount, "amount", "body", NO_AMOUNT);
    Ranked {
        covers: 0,
        ..Ranked::alone(fact, Weight::Plain)
    }
}

fn no_expiry(field: &str) -> Ranked {
    let fact = fact(FactKind::Date, field, "body", NO_EXPIRY);
    Ranked {
        covers: 0,
        ..Ranked::alone(fact, Weight::Deciding)
    }
}

/// Whether a name is that of the time at which something ends by itself.
fn is_expiry(name: &str) -> bool {
    const NAMES: &str = "expiration expire expires expiry";
    let name = spaced(name);
    name.split(' ')
        .any(|word| is_in(NAMES, word) || word.starts_with("expir"))
        || is_in("ttl", &name)
        || name == "valid until"
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

fn short(meaning: Option<&str>) -> Option<String> {
    let meaning = meaning?.trim();
    let is_short = !meaning.is_empty()
        && meaning.chars().nth(MEANING_CHARS_MAX).is_none()
        && !meaning.contains('\n');
    is_short.then(|| meaning.to_owned())
}
