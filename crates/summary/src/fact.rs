//! The values that matter most for a decision.

use serde::{Deserialize, Serialize};

use crate::member::{Rest, counted};
use crate::short::short_name;
use crate::values::Values;

/// Why a value matters. The kinds are listed from the most to the least important.
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
    /// Location of the value in the request: `path`, `query/NAME`, `header/NAME`, or `body` followed
    /// by a JSON Pointer.
    pub location: String,
    /// The value. An amount whose currency and unit are known is formatted for people.
    pub value: String,
    /// Whether `value` is only the beginning of the value.
    pub is_cut: bool,
    /// Number of characters between `value` and `ending`. Zero if an earlier version of the gateway held the request.
    #[serde(default)]
    pub hidden_characters: usize,
    /// The end of a value that is cut.
    #[serde(default)]
    pub ending: String,
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

/// Shown instead of the amount of a payment that gives none.
pub(crate) const NO_AMOUNT: &str = "no amount given";

/// Shown if a key, a link or the like is made without an end although the documents have a field for one.
pub(crate) const NO_EXPIRY: &str = "no expiry given";

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
    /// Who sees or reaches something by it, if that is everyone.
    pub(crate) audience: Option<&'static str>,
    /// Its name in short, as the headline has it.
    pub(crate) short: String,
    /// The group of the values that have the same name.
    pub(crate) group: String,
    /// The location of what holds it.
    pub(crate) list: String,
    /// How many values have this name.
    pub(crate) total: usize,
    /// How many values of the request the fact is for.
    pub(crate) covers: usize,
}

impl Fact {
    /// Returns the value as one text that says how much of it is missing.
    pub fn text(&self) -> String {
        match (self.is_cut, self.hidden_characters) {
            (false, _) => self.value.clone(),
            (true, 0) => format!("{}…{}", self.value, self.ending),
            (true, hidden) => format!(
                "{} … ({hidden} more characters) … {}",
                self.value, self.ending
            ),
        }
    }

    /// Notes what is left of the value.
    pub(crate) fn cut(&mut self, rest: Option<Rest>) {
        self.is_cut = rest.is_some();
        let rest = rest.unwrap_or_default();
        self.hidden_characters = rest.hidden;
        self.ending = rest.ending;
    }
}

impl Ranked {
    /// A fact that is the only one of its name.
    pub(crate) fn alone(fact: Fact, weight: Weight) -> Self {
        Self {
            short: short_name(&fact.name),
            group: format!("{} {}", fact.location, fact.value),
            list: String::new(),
            audience: None,
            fact,
            weight,
            total: 1,
            covers: 1,
        }
    }

    /// Whether several values of this kind share a fact. Rules are made from the facts of the others.
    fn is_listed(&self, listed_max: usize) -> bool {
        self.total > listed_max
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

/// Returns the facts of a summary, and how many values of the request they are for. Many values of one
/// name share a fact, so that they do not push out all others.
pub(crate) fn first_of(facts: &[Ranked]) -> (Vec<Fact>, usize) {
    let mut shown = Vec::new();
    let mut covered = 0;
    let mut listed: Vec<String> = Vec::new();
    // Where there is no room for all, the values of a name must not push out another name.
    let listed_max = if facts.len() > FACTS_MAX {
        1
    } else {
        LISTED_MAX
    };
    for ranked in facts {
        if shown.len() == FACTS_MAX {
            break;
        }
        if !ranked.is_listed(listed_max) {
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
    } else if let counted @ [_, ..] = &*counted(&values)
        && is_whole
    {
        let each = counted.iter().map(|(text, count)| match count {
            1 => (*text).to_owned(),
            _ => format!("{count} × {text}"),
        });
        format!("{}: {}", first.total, whole_items(each, counted.len()))
    } else {
        let each = values.iter().map(|value| (*value).to_owned());
        format!("{}: {}", first.total, whole_items(each, first.total))
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
        hidden_characters: 0,
        ending: String::new(),
        ..first.fact.clone()
    }
}

/// Joins the first items of a list that fit into a fact, at least one, and counts the others: none is cut.
fn whole_items(items: impl Iterator<Item = String>, total: usize) -> String {
    let mut shown = String::new();
    let mut count = 0;
    for item in items {
        let length = shown.chars().count() + item.chars().count();
        if count > 0 && length > LIST_CHARS_MAX {
            break;
        }
        if count > 0 {
            shown.push_str(", ");
        }
        shown.push_str(&item);
        count += 1;
    }
    if total > count {
        return format!("{shown} and {} more", total - count);
    }
    shown
}

/// Returns the recipients and accounts among all facts of a request. If there are none, returns the objects that the
/// path names, what decides on access, and every other value that the headline names, such as the environment of a
/// deployment. Each comes with its name, in alphabetical order; `None` if there are none, or if not all of them are known.
pub(crate) fn recipients(
    facts: &[Ranked],
    values: &Values,
    headline_values: &[&str],
) -> Option<Vec<String>> {
    let all_that = |is_part: &dyn Fn(&Fact) -> bool| -> Vec<&Fact> {
        let facts = facts.iter().map(|ranked| &ranked.fact);
        facts.filter(|fact| is_part(fact)).collect()
    };
    let mut found = all_that(&|fact| matches!(fact.kind, FactKind::Recipient | FactKind::Account));
    let mut unmatched = Vec::new();
    if found.is_empty() {
        // A headline may have only the beginning of a value.
        let named: Vec<&str> = headline_values
            .iter()
            .map(|text| text.trim_end_matches('…'))
            .collect();
        found = all_that(&|fact| {
            matches!(fact.kind, FactKind::Target | FactKind::Access)
                || named.iter().any(|text| fact.value.starts_with(text))
        });
        // The headline joins or words some values.
        unmatched.extend(
            named
                .into_iter()
                .filter(|text| !found.iter().any(|fact| fact.value.starts_with(text)))
                .map(|text| format!("headline={text}")),
        );
        if !found.iter().any(|fact| fact.kind == FactKind::Target) {
            return None;
        }
    }
    let is_known = values.dropped == 0 && found.iter().all(|fact| !fact.is_cut);
    let texts = found
        .iter()
        .map(|fact| format!("{}={}", fact.name, fact.value));
    let mut texts: Vec<String> = texts.chain(unmatched).collect();
    texts.sort_unstable();
    texts.dedup();
    (is_known && !texts.is_empty()).then_some(texts)
}
