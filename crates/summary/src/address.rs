//! Postal addresses, written in one line, and values that belong next to each other, such as both ends of a time.

use crate::fact::Ranked;
use crate::value::Value;
use crate::words::{is_in, spaced};

/// Names of the parts of an address, without separators, in the order in which it is written.
const STREET: &str = "address1 address2 addressline addressline1 addressline2 housenumber houseno line1 line2 street street1 \
    street2 streetaddress streetname streetnumber";
const CODE: &str = "plz postalcode postcode zip zipcode";
const CITY: &str = "city locality town";
const REGION: &str = "province region state";
const COUNTRY: &str = "country countrycode countryisocode";

/// Last or first words of names for one end of something, and those for its other end.
const ENDS: &[(&str, &str)] = &[
    ("from", "to"),
    ("from", "until"),
    ("start", "end"),
    ("starts", "ends"),
    ("begin", "end"),
    ("arrival", "departure"),
    ("checkin", "checkout"),
    ("min", "max"),
    ("minimum", "maximum"),
    ("origin", "destination"),
    ("source", "destination"),
    ("pickup", "dropoff"),
    ("latitude", "longitude"),
    ("lat", "lng"),
    ("lat", "lon"),
    ("old", "new"),
];

/// How many facts are compared, and how many addresses are written in one line: a list of more is read item by item.
const READ_MAX: usize = 48;
const ADDRESSES_MAX: usize = 16;

/// An address whose parts are several values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// The positions of its parts among the values.
    pub(crate) parts: Vec<usize>,
    /// The name of what holds them, or `address`.
    pub(crate) name: String,
    /// The location of what holds them.
    pub(crate) location: String,
    /// The address in one line.
    pub(crate) text: String,
}

/// Finds the addresses among the values of a request: a street or a city with at least one other part.
pub(crate) fn of(values: &[Value]) -> Vec<Address> {
    let mut found: Vec<Address> = Vec::new();
    let is_part = |value: &Value| rank(value).is_some() && value.location.starts_with("body");
    for (at, value) in values
        .iter()
        .enumerate()
        .filter(|(_, value)| is_part(value))
    {
        let is_full = found.len() == ADDRESSES_MAX;
        match found.iter_mut().find(|one| one.location == value.parent()) {
            Some(known) => known.parts.push(at),
            None if is_full => {}
            None => found.push(Address {
                parts: vec![at],
                name: match value.names.split_last() {
                    Some((_, outer)) if !outer.is_empty() => outer.join("."),
                    _ => "address".to_owned(),
                },
                location: value.parent().to_owned(),
                text: String::new(),
            }),
        }
    }
    found.retain(|one| {
        let has = |wanted: &[u8]| {
            let mut ranks = one.parts.iter().filter_map(|at| rank(&values[*at]));
            ranks.any(|rank| wanted.contains(&rank))
        };
        one.parts.len() > 1 && (has(&[0]) && has(&[1, 2]) || has(&[1]) && has(&[2]))
    });
    for one in &mut found {
        let mut parts = one.parts.clone();
        parts.sort_by_key(|at| rank(&values[*at]));
        let mut before = None;
        for at in parts {
            let own = rank(&values[at]);
            // `Hardturmstrasse 5, 8005 Zurich`.
            one.text.push_str(match (before, own) {
                (None, _) => "",
                (Some(1), Some(2)) => " ",
                _ => ", ",
            });
            one.text.push_str(&values[at].text);
            before = own;
        }
    }
    found
}

fn rank(value: &Value) -> Option<u8> {
    let name = spaced(value.name()).replace(' ', "");
    let known = [STREET, CODE, CITY, REGION, COUNTRY];
    let at = known.iter().position(|list| is_in(list, &name))?;
    u8::try_from(at).ok()
}

/// Moves the other end of something next to the first: `start_time` and `end_time`.
pub(crate) fn keep_ends_together(facts: &mut Vec<Ranked>) {
    let mut at = 0;
    while at < facts.len().min(READ_MAX) {
        if let Some(partner) =
            (at + 1..facts.len().min(READ_MAX)).find(|other| are_ends(&facts[at], &facts[*other]))
        {
            let mut moved = facts.remove(partner);
            // Both matter as much as the first.
            moved.weight = facts[at].weight;
            if are_reversed(&facts[at], &moved) {
                facts.insert(at, moved);
            } else {
                facts.insert(at + 1, moved);
            }
            at += 1;
        }
        at += 1;
    }
}

/// Whether two values have names that differ in the words for the two ends of something alone.
fn are_ends(one: &Ranked, other: &Ranked) -> bool {
    one.list == other.list && (is_pair_of(one, other) || is_pair_of(other, one))
}

fn are_reversed(one: &Ranked, other: &Ranked) -> bool {
    !is_pair_of(one, other)
}

fn is_pair_of(first: &Ranked, second: &Ranked) -> bool {
    let own = |one: &Ranked| spaced(one.fact.name.rsplit('.').next().unwrap_or_default());
    let (first, second) = (own(first), own(second));
    ENDS.iter().any(|(start, end)| {
        let is_plain = first == *start && second == *end;
        let rest = |name: &str, word: &str| {
            name.strip_prefix(&format!("{word} "))
                .or_else(|| name.strip_suffix(&format!(" {word}")))
                .map(str::to_owned)
        };
        let before = rest(&first, start);
        is_plain || before.is_some() && before == rest(&second, end)
    })
}
