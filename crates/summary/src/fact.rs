//! The values that matter most for a decision.

use gaiterguard_apidocs::Operation;
use gaiterguard_domain::secret_name;
use gaiterguard_judge::Role;
use serde::{Deserialize, Serialize};

use crate::amount;
use crate::path::Target;
use crate::values::{VALUE_CHARS_MAX, Value, Values, beginning};

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
    /// Its name in the request; for an object in the path, the word before it.
    pub name: String,
    /// `path`, `query/NAME`, or `body` followed by a JSON pointer.
    pub location: String,
    /// The value. An amount whose currency and unit are known is formatted for people.
    pub value: String,
    /// Whether `value` is only the beginning of the value.
    pub is_cut: bool,
    /// The document's description, if it is short.
    #[cfg_attr(feature = "schema", schema(required))]
    pub meaning: Option<String>,
}

/// Returns the values of a request, the most important first. Secrets are left out: summaries appear on
/// lists and lock screens.
pub(crate) fn most_important(
    target: &Target,
    values: &[Value],
    operation: Option<&Operation>,
) -> Vec<Fact> {
    let required = |value: &Value| {
        let pointer = value.location.strip_prefix("body");
        pointer
            .zip(operation)
            .and_then(|(pointer, operation)| operation.body.field(pointer))
            .is_some_and(|field| field.required)
    };
    let mut facts: Vec<(FactKind, bool, Fact)> = Vec::new();
    // The last name of a path is the object; those before it say where it is.
    for name in target.names.iter().rev() {
        let noun = name.noun.clone().unwrap_or_default();
        let (value, is_cut) = beginning(&name.value, VALUE_CHARS_MAX);
        facts.push((
            FactKind::Target,
            false,
            Fact {
                kind: FactKind::Target,
                name: noun,
                location: "path".to_owned(),
                value: value.to_owned(),
                is_cut,
                meaning: short(name.meaning.as_deref()),
            },
        ));
    }
    let has_amount = values.iter().any(amount::is_amount);
    for value in values {
        let kind = kind_of(value);
        // The currency is written with the amount.
        if is_secret(value) || value.text.is_empty() || has_amount && amount::is_currency(value) {
            continue;
        }
        let shown = match kind {
            FactKind::Amount => amount::shown(value, values),
            _ => value.text.clone(),
        };
        let fact = Fact {
            kind,
            name: value.names.join("."),
            location: value.location.clone(),
            value: shown,
            is_cut: value.is_cut,
            meaning: short(value.meaning.as_deref()),
        };
        facts.push((kind, !required(value), fact));
    }
    facts.sort_by_key(|(kind, is_optional, _)| (*kind, *is_optional));
    facts.into_iter().map(|(_, _, fact)| fact).collect()
}

/// Returns the recipients and accounts among all facts of a request, or else the objects that the path
/// names, each with its name, in alphabetical order; `None` if there are none, or if not all of them are
/// known.
pub(crate) fn recipients(facts: &[Fact], values: &Values) -> Option<Vec<String>> {
    let of_kinds = |kinds: &[FactKind]| -> Vec<&Fact> {
        let facts = facts.iter();
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
        // A setting that is switched off matters less than one that is set.
        _ if value.text == "false" => FactKind::Other,
        Role::Recipient | Role::Attendee => FactKind::Recipient,
        Role::Account | Role::Payment => FactKind::Account,
        Role::Access => FactKind::Access,
        Role::Command => FactKind::Command,
        Role::Content => FactKind::Content,
        Role::Link => FactKind::Link,
        // A charge may be an amount or the object that is charged.
        Role::Identifier | Role::Owner | Role::Amount => FactKind::Object,
        Role::Quantity => FactKind::Quantity,
        Role::Date => FactKind::Date,
        Role::None | Role::Action | Role::Secret => FactKind::Other,
    }
}

/// Whether the name of a value says that it is a secret.
fn is_secret(value: &Value) -> bool {
    value.role == Role::Secret || secret_name::mentions_secret(value.name())
}

fn short(meaning: Option<&str>) -> Option<String> {
    let meaning = meaning?.trim();
    let is_short = !meaning.is_empty()
        && meaning.chars().nth(MEANING_CHARS_MAX).is_none()
        && !meaning.contains('\n');
    is_short.then(|| meaning.to_owned())
}
