//! Collects the values of a request, the most important first.

use gaiterguard_apidocs::Operation;
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::secret_shape;
use gaiterguard_judge::Role;

use crate::fact::{Fact, FactKind, NO_AMOUNT, Ranked, Weight};
use crate::kind::{frames_call, is_payee, is_secret, kind_of, weight_of};
use crate::path::{Name, Target};
use crate::values::{VALUE_CHARS_MAX, Value, Values, beginning};
use crate::words::{is_in, words};
use crate::{amount, units};

/// The longest description that is passed on, in characters: one line next to the value.
const MEANING_CHARS_MAX: usize = 80;

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
}

impl Ranking<'_> {
    /// Returns the values of the request, the most important first. Secrets are named but not shown.
    pub(crate) fn facts(self) -> Vec<Ranked> {
        // The last name of a path is the object; those before it say where it is.
        let names = self.target.names.iter().rev().map(of_name);
        let mut facts: Vec<(bool, Ranked)> = names.map(|fact| (false, fact)).collect();
        let has_amount = self.values.kept.iter().any(amount::is_amount);
        let names_object = self.names_object();
        for value in &self.values.kept {
            // The currency is written with the amount.
            if value.text.is_empty() || has_amount && amount::is_currency(value) {
                continue;
            }
            let is_secret = is_secret(value);
            let kind = self.kind(value, is_secret, names_object);
            let shown = match kind {
                _ if is_secret => hidden(&value.text),
                FactKind::Amount => amount::shown(value, self.values, self.effect),
                _ => units::shown(value).unwrap_or_else(|| value.text.clone()),
            };
            let last = facts.last_mut().map(|(_, last)| last);
            if kind == FactKind::Command && last.is_some_and(|last| last.continues(value, &shown)) {
                continue;
            }
            let fact = self.of_value(value, kind, is_secret, shown);
            facts.push((!self.requires(value), fact));
        }
        if self.expects_amount && is_without_amount(self.values) {
            facts.push((false, no_amount()));
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

    fn kind(self, value: &Value, is_secret: bool, names_object: bool) -> FactKind {
        match kind_of(value) {
            // A secret may be all that names the object, as that of a connection to remove.
            _ if is_secret && names_object => FactKind::Other,
            _ if is_secret => FactKind::Object,
            FactKind::Object | FactKind::Other if self.effect == Effect::Pay && is_payee(value) => {
                FactKind::Account
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
        Ranked {
            weight: self.weight(value, kind, is_secret),
            total: match kind {
                FactKind::Command => 1,
                _ => self.values.groups.get(&group).copied().unwrap_or(1),
            },
            group,
            list: value.parent().to_owned(),
            fact: Fact {
                kind,
                name: value.names.join("."),
                location: value.location.clone(),
                value: shown,
                is_cut: value.is_cut && !is_secret,
                meaning: short(value.meaning.as_deref()),
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
            let (joined, is_longer) = beginning(&joined, VALUE_CHARS_MAX);
            self.fact.is_cut |= is_longer || value.is_cut;
            joined.clone_into(&mut self.fact.value);
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

fn of_name(name: &Name) -> Ranked {
    let (value, is_cut) = beginning(&name.value, VALUE_CHARS_MAX);
    let fact = Fact {
        kind: FactKind::Target,
        name: name.noun.clone().unwrap_or_default(),
        location: "path".to_owned(),
        value: value.to_owned(),
        is_cut,
        meaning: short(name.meaning.as_deref()),
    };
    Ranked::alone(fact, Weight::Plain)
}

fn no_amount() -> Ranked {
    let fact = Fact {
        kind: FactKind::Amount,
        name: "amount".to_owned(),
        location: "body".to_owned(),
        value: NO_AMOUNT.to_owned(),
        is_cut: false,
        meaning: None,
    };
    Ranked {
        covers: 0,
        ..Ranked::alone(fact, Weight::Plain)
    }
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
