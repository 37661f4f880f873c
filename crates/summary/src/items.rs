//! The items of a list, one line for each: what belongs together stays together, what all of them have is said once.

use serde::{Deserialize, Serialize};

use crate::calls::{frames_command, is_bulk_act, is_deleted, is_removal};
use crate::compound;
use crate::fact::{FactKind, Ranked, Weight};
use crate::kind::{gives, receives};
use crate::line::{Line, Part, Room, VALUE_CHARS_MAX};
use crate::member::is_index;
use crate::outlier;
use crate::pairs::{CONDITION, REMOVED};
use crate::short::short_name;
use crate::words::{is_in, is_verb, spaced, words};

/// How many lists of a request are shown, and how many lines of one: a list of more is read in the exact request.
const LISTS_MAX: usize = 3;
const LINES_MAX: usize = 20;

/// How many values a line has, and how long one of them is, in characters.
const LINE_VALUES_MAX: usize = 8;
const CONTENT_CHARS_MAX: usize = 120;

/// Last words of names for what an item is known by, the best first.
const IDENTITIES: &[&str] = &[
    "path", "name", "title", "id", "key", "sku", "email", "code", "number", "host", "url",
];

/// Names for what a request of a batch is sent to.
const TARGETS: &[&str] = &["url", "path", "uri", "endpoint", "href"];

/// The methods of such requests.
const METHODS: &str = "DELETE GET HEAD PATCH POST PUT";

/// Last words of names for what an item is set to.
const SETTINGS: &str = "address content data newvalue replicas state status target to val value";

/// Last words of names that say what is done to an item.
const ACTS: &str = "act action change_type changetype command method op operation verb";

/// A list of a request whose items have several values each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = RequestItems))]
pub struct ItemList {
    /// Name of the list in the request; empty if the body itself is the list.
    pub name: String,
    /// Location of the list in the request: `body` followed by a JSON Pointer.
    pub location: String,
    /// Number of items in the list.
    pub count: usize,
    /// The values that all items have, as parts of a line such as “currency EUR · type A”.
    pub same: Vec<Part>,
    /// The items, those that differ from the others first. At most twenty.
    pub items: Vec<Item>,
}

/// An item of a list in a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = RequestItem))]
pub struct Item {
    /// Location of the item in the request.
    pub location: String,
    /// Whether the item differs from all others in a value that those have in common.
    pub is_odd: bool,
    /// The values of the item that other items do not have, as parts of a line such as “€20.00 → Ann (DE89…)”.
    pub line: Vec<Part>,
}

/// A list while it is read.
struct Found<'f> {
    location: String,
    /// The items by their locations, in the order of the request.
    items: Vec<(String, Vec<&'f Ranked>)>,
}

/// Returns the lists of a request whose items have several values. A list of texts is a fact.
pub(crate) fn of(facts: &[Ranked]) -> Vec<ItemList> {
    found(facts)
        .into_iter()
        .take(LISTS_MAX)
        .map(Found::written)
        .collect()
}

/// Returns the list that a value belongs to.
pub(crate) fn list_of<'l>(lists: &'l [ItemList], location: &str) -> Option<&'l ItemList> {
    lists.iter().find(|list| is_below(location, &list.location))
}

fn is_below(location: &str, list: &str) -> bool {
    let rest = location
        .strip_prefix(list)
        .and_then(|rest| rest.strip_prefix('/'));
    rest.is_some_and(|rest| rest.split('/').next().is_some_and(is_index))
}

fn found(facts: &[Ranked]) -> Vec<Found<'_>> {
    let body: Vec<&Ranked> = facts
        .iter()
        .filter(|one| one.fact.location.starts_with("body/") && one.covers > 0)
        .collect();
    let mut lists: Vec<Found<'_>> = Vec::new();
    collect(&body, 0, &mut lists);
    lists.retain(|list| list.items.len() > 1 && list.has_several_values());
    lists
}

/// Groups values by the outermost lists that they are in. A list of a single item says nothing, so the lists within
/// that are read.
fn collect<'f>(facts: &[&'f Ranked], depth: usize, lists: &mut Vec<Found<'f>>) {
    let mut here: Vec<Found<'f>> = Vec::new();
    for one in facts {
        let Some((list, item)) = item_of(&one.fact.location, depth) else {
            continue;
        };
        let known = here.iter().position(|known| known.location == list);
        let at = known.unwrap_or_else(|| {
            here.push(Found {
                location: list.to_owned(),
                items: Vec::new(),
            });
            here.len() - 1
        });
        let items = &mut here[at].items;
        match items.iter_mut().find(|(known, _)| known == item) {
            Some((_, values)) => values.push(one),
            None => items.push((item.to_owned(), vec![one])),
        }
    }
    for mut list in here {
        list.join_lines();
        if let [(_, values)] = &*list.items {
            collect(values, depth + 1, lists);
        } else {
            lists.push(list);
        }
    }
}

/// Returns the locations of the list and of the item that a value is in, `depth` lists further inside than the
/// outermost.
fn item_of(location: &str, depth: usize) -> Option<(&str, &str)> {
    let mut end = 0;
    let mut passed = 0;
    for part in location.split('/') {
        let start = end;
        end += part.len();
        if is_index(part) && start > 0 {
            if passed == depth {
                return Some((&location[..start - 1], &location[..end]));
            }
            passed += 1;
        }
        end += 1;
    }
    None
}

fn index_of(item: &str) -> usize {
    let last = item.rsplit('/').next().unwrap_or_default();
    last.parse().unwrap_or(usize::MAX)
}

impl<'f> Found<'f> {
    /// Joins the lines of a bulk request with the documents that follow them: `{"update": {"_id": "a"}}`, `{"doc": …}`.
    fn join_lines(&mut self) {
        // The facts are in the order of their kinds.
        self.items.sort_by_key(|(item, _)| index_of(item));
        let act_of = |(item, values): &(String, Vec<&'f Ranked>)| {
            let member = |one: &&'f Ranked| {
                let rest = one.fact.location.strip_prefix(&**item)?;
                rest.split('/').nth(1)
            };
            let mut members = values.iter().filter_map(member);
            let first = members.next().filter(|first| is_bulk_act(first))?;
            members.all(|other| other == first).then_some(first)
        };
        if self.location != "body" || self.items.first().and_then(act_of).is_none() {
            return;
        }
        let mut joined: Vec<(String, Vec<&'f Ranked>)> = Vec::new();
        for item in std::mem::take(&mut self.items) {
            match joined.last_mut() {
                Some(last)
                    if act_of(&item).is_none()
                        && act_of(last).is_some_and(|act| act != "delete")
                        && index_of(&item.0) == index_of(&last.0) + 1 =>
                {
                    last.1.extend(item.1);
                }
                _ => joined.push(item),
            }
        }
        self.items = joined;
    }

    /// Whether an item has more than one value, or one with a name that other items do not have.
    fn has_several_values(&self) -> bool {
        let is_scalar = |(item, values): &(String, Vec<&Ranked>)| {
            values.iter().all(|one| one.fact.location == *item) && values.len() < 2
        };
        let named = |(_, values): &(String, Vec<&Ranked>)| values[0].fact.name.clone();
        let first = self.items.first().map(named);
        !self.items.iter().all(is_scalar)
            && self
                .items
                .iter()
                .any(|item| item.1.len() > 1 || Some(named(item)) != first)
            || self.items.iter().any(|(_, values)| {
                values
                    .iter()
                    .any(|one| one.fact.value == REMOVED || one.fact.name.contains(CONDITION))
            })
    }

    fn written(self) -> ItemList {
        let (name, _) = self.items.first().map_or(("", ""), |(item, values)| {
            (name_of_list(values[0], depth_of(&self.location)), &**item)
        });
        let name = name.to_owned();
        let same = self.same();
        let is_same = |one: &Ranked| same.iter().any(|known| known.group == one.group);
        let mut line = Line::new(Room::ALL[0]);
        for one in &same {
            detail(&mut line, one, depth_of(&self.location));
        }
        let same_parts = without_lead(line.parts);
        let odd: Vec<bool> = self.odd();
        let mut items: Vec<Item> = self
            .items
            .iter()
            .zip(odd)
            .map(|((location, values), is_odd)| {
                let own: Vec<&Ranked> =
                    values.iter().copied().filter(|one| !is_same(one)).collect();
                let shown = if own.is_empty() { values } else { &own };
                Item {
                    location: location.clone(),
                    is_odd,
                    line: line_of(shown, &self.location),
                }
            })
            .collect();
        items.sort_by_key(|item| !item.is_odd);
        let count = items.len().max(self.unread());
        items.truncate(LINES_MAX);
        ItemList {
            name,
            location: self.location,
            count,
            same: same_parts,
            items,
        }
    }

    /// Returns how many items have a value of some name, those that were not read included.
    fn unread(&self) -> usize {
        let all = self.items.iter().flat_map(|(_, values)| values);
        // A value of a list within an item appears several times in it.
        let single = all.filter(|one| {
            let alike = |(_, values): &(String, Vec<&Ranked>)| {
                values
                    .iter()
                    .filter(|other| other.group == one.group)
                    .count()
                    > 1
            };
            !self.items.iter().any(alike)
        });
        single.map(|one| one.total).max().unwrap_or(0)
    }

    /// Returns the values that are equal in all items.
    fn same(&self) -> Vec<&'f Ranked> {
        let Some(((_, first), rest)) = self.items.split_first() else {
            return Vec::new();
        };
        let values_of = |values: &[&'f Ranked], group: &str| -> Vec<&'f str> {
            let alike = values.iter().filter(|one| one.group == group);
            alike.map(|one| &*one.fact.value).collect()
        };
        let is_same = |one: &&&'f Ranked| {
            // Each line says what is done.
            let is_act = is_in(METHODS, &one.fact.value);
            let own = values_of(first, &one.group);
            !is_act
                && own.len() == 1
                && rest
                    .iter()
                    .all(|(_, other)| values_of(other, &one.group) == own)
        };
        first.iter().filter(is_same).copied().collect()
    }

    /// Returns the item whose amount is far larger than that of any other.
    fn largest(&self) -> Option<usize> {
        const ITEMS_MIN: usize = 3;
        const TIMES_MIN: f64 = 3.0;
        let amounts: Vec<f64> = self
            .items
            .iter()
            .map(|(_, values)| amount_of(values))
            .collect::<Option<_>>()?;
        let (at, most) = amounts
            .iter()
            .enumerate()
            .max_by(|one, other| one.1.total_cmp(other.1))?;
        let others = amounts.iter().enumerate().filter(|(other, _)| *other != at);
        let next = others.map(|(_, amount)| *amount).fold(0.0, f64::max);
        (amounts.len() >= ITEMS_MIN && *most >= next * TIMES_MIN && next > 0.0).then_some(at)
    }

    /// Says for each item whether it alone differs from the others in a value that those have in common.
    fn odd(&self) -> Vec<bool> {
        let mut groups: Vec<&str> = Vec::new();
        for one in self.items.iter().flat_map(|(_, values)| values) {
            // The revision of one record says nothing about another one.
            let is_formal = is_in("etag id rev revision version", &last_name(one));
            if !is_formal && !groups.contains(&&*one.group) {
                groups.push(&one.group);
            }
        }
        let mut odd = vec![false; self.items.len()];
        // Each of the changes of a patch has a name of its own.
        let is_patch = self
            .items
            .iter()
            .all(|(_, values)| values.iter().any(|one| is_pair(one)));
        groups.retain(|_| !is_patch);
        for group in groups {
            let texts: Vec<Option<&str>> = self
                .items
                .iter()
                .map(|(_, values)| {
                    let own = values.iter().find(|one| one.group == group);
                    own.map(|one| &*one.fact.value)
                })
                .collect();
            if let Some(at) = outlier::only_other(&texts) {
                odd[at] = true;
            }
        }
        if let Some(at) = self.largest() {
            odd[at] = true;
        }
        if odd.iter().filter(|one| **one).count() * 2 >= odd.len() {
            odd.fill(false);
        }
        // A request that only reads is not odd among others that write.
        for (one, (_, values)) in odd.iter_mut().zip(&self.items) {
            let reads = |value: &&Ranked| {
                last_name(value) == "method" && is_in("GET HEAD", &value.fact.value)
            };
            *one &= !values.iter().any(reads);
        }
        // An item that opens something to everyone is never one of many.
        for (one, (_, values)) in odd.iter_mut().zip(&self.items) {
            *one |= values.iter().any(|one| one.audience.is_some());
        }
        let removes: Vec<bool> = self
            .items
            .iter()
            .map(|(_, values)| {
                values
                    .iter()
                    .any(|one| is_removal(&one.fact.name, &one.fact.value))
            })
            .collect();
        let removals = removes.iter().filter(|one| **one).count();
        if removals > 0 && removals * 2 <= removes.len() {
            for (one, removes) in odd.iter_mut().zip(removes) {
                *one |= removes;
            }
        }
        odd
    }
}

/// Returns the only amount of an item as a number, whatever currency it is in.
pub(crate) fn amount_of(values: &[&Ranked]) -> Option<f64> {
    let mut amounts = values
        .iter()
        .filter(|one| one.fact.kind == FactKind::Amount);
    let only = amounts.next().filter(|_| amounts.next().is_none())?;
    let digits: String = only
        .fact
        .value
        .split(" (")
        .next()?
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    digits.parse().ok()
}

/// Returns the name of the list that is `depth` members deep, as a value of an item has it in front of its own.
fn name_of_list(one: &Ranked, depth: usize) -> &str {
    if depth == 0 {
        return "";
    }
    let at = one.fact.name.match_indices('.').nth(depth - 1);
    at.map_or("", |(at, _)| {
        let before = &one.fact.name[..at];
        before.rsplit('.').next().unwrap_or(before)
    })
}

/// Writes the values of an item.
fn line_of(values: &[&Ranked], list: &str) -> Vec<Part> {
    let depth = depth_of(list);
    let mut rest: Vec<&Ranked> = values.to_vec();
    let mut line = Line::new(Room::ALL[0]);
    let take = |rest: &mut Vec<&'_ Ranked>, wanted: &dyn Fn(&Ranked) -> bool| {
        let at = rest.iter().position(|one| wanted(one))?;
        Some(rest.remove(at).clone())
    };
    // The act: a member next to the others, or the one around all of them.
    let around = act_around(values, list);
    let act = take(&mut rest, &|one| {
        is_in(ACTS, &last_name(one).replace(' ', "_")) && one.fact.value.len() < VALUE_CHARS_MAX
    });
    let mark = take(&mut rest, &|one| {
        is_deleted(&one.fact.name, &one.fact.value)
    });
    match (&act, around) {
        _ if mark.is_some() => line.own("delete"),
        (Some(act), _) => line.value(act, VALUE_CHARS_MAX),
        (None, Some(around)) => line.name(&spaced(around)),
        (None, None) => {}
    }
    let is_request = act
        .as_ref()
        .is_some_and(|act| is_in(METHODS, &act.fact.value));
    let mut has_lead = !line.parts.is_empty();
    let space = |line: &mut Line, has_lead: bool| {
        if has_lead {
            line.own(" ");
        }
    };
    // The target of a request of a batch comes before its values.
    if is_request && let Some(own) = identity(&rest, is_request, around) {
        space(&mut line, has_lead);
        line.value(own, VALUE_CHARS_MAX);
        rest.retain(|one| !std::ptr::eq(*one, own));
        has_lead = true;
    }
    // Formats and numbers of requests say nothing about what they do.
    if is_request {
        rest.retain(|one| {
            one.weight != Weight::Minor || matches!(&*one.fact.value, "true" | "false")
        });
    }
    // A name and its value: `/billing/plan → enterprise`.
    if let [one] = &*rest
        && is_pair(one)
        && !is_request
    {
        space(&mut line, has_lead);
        pair(&mut line, one, depth);
        return line.parts;
    }
    // How much goes to whom.
    let amount = take(&mut rest, &|one| one.fact.kind == FactKind::Amount);
    if let Some(amount) = &amount {
        space(&mut line, has_lead);
        let is_of_one = words(&amount.fact.name).any(|word| is_in("each price rate unit", &word));
        let counts = |one: &Ranked| is_of_one && is_in("count qty quantity", &last_name(one));
        if let Some(quantity) = take(&mut rest, &counts) {
            line.value(&quantity, VALUE_CHARS_MAX);
            line.own(" × ");
        }
        line.value(amount, VALUE_CHARS_MAX);
        has_lead = true;
    }
    let is_party = |one: &Ranked| {
        let name = &one.fact.name;
        matches!(
            one.fact.kind,
            FactKind::Recipient | FactKind::Account | FactKind::Object
        ) && (receives(name) || one.fact.kind != FactKind::Object)
            && !gives(name)
    };
    let parties: Vec<&Ranked> = rest.iter().copied().filter(|one| is_party(one)).collect();
    if !parties.is_empty()
        && (amount.is_some() || parties.iter().any(|one| receives(&one.fact.name)))
    {
        line.own(if has_lead { " → " } else { "" });
        line.party(&parties);
        rest.retain(|one| !is_party(one));
        has_lead = true;
    } else if let Some(own) = identity(&rest, false, around).filter(|_| !is_request) {
        rest.retain(|one| !std::ptr::eq(*one, own));
        if amount.is_some() {
            detail(&mut line, own, depth);
        } else {
            space(&mut line, has_lead);
            line.value(own, VALUE_CHARS_MAX);
            let mut settings = rest
                .iter()
                .copied()
                .filter(|one| is_in(SETTINGS, &last_name(one)));
            if let (Some(only), None) = (settings.next(), settings.next()) {
                line.own(" → ");
                line.value(only, CONTENT_CHARS_MAX);
                rest.retain(|one| !std::ptr::eq(*one, only));
            }
        }
        has_lead = true;
    }
    let _ = has_lead;
    let more = rest.len().saturating_sub(LINE_VALUES_MAX);
    for one in rest.iter().take(LINE_VALUES_MAX) {
        detail(&mut line, one, depth);
    }
    if more > 0 {
        line.own(&format!(" · {more} more"));
    }
    without_lead(line.parts)
}

/// Returns the member of an item that says what is done to it: `{"update": {…}, "updateMask": "status"}`.
fn act_around<'f>(values: &[&'f Ranked], list: &str) -> Option<&'f str> {
    let place = |one: &&'f Ranked| {
        let mut parts = one.fact.location.get(list.len() + 1..)?.split('/');
        Some((parts.next()?, parts.next()?))
    };
    // The document of a bulk request is on the line after that of the act.
    let (line, _) = values.first().and_then(place)?;
    let mut members = values
        .iter()
        .filter_map(place)
        .filter(|(item, _)| *item == line)
        .map(|(_, member)| member)
        .filter(|name| !frames_command(name));
    let first = members.next()?;
    let is_act = is_bulk_act(first)
        || words(first).next().is_some_and(|word| is_verb(&word)) && !compound::is_noun(first);
    let is_patch = values.iter().any(|one| is_pair(one));
    (is_act && !is_patch && members.all(|other| other == first)).then_some(first)
}

/// Whether a value has the name of another one, as those of a patch do.
fn is_pair(one: &Ranked) -> bool {
    let own = one.fact.location.rsplit('/').next().unwrap_or_default();
    let named = one.fact.name.rsplit('.').next().unwrap_or_default();
    // The text of an XML element next to its attributes has no name of its own.
    let has_name = !own.is_empty() && !is_index(own);
    one.fact.name.contains(CONDITION) || one.fact.value == REMOVED || own != named && has_name
}

fn pair(line: &mut Line, one: &Ranked, depth: usize) {
    let name = one.fact.name.as_str();
    let name = match name.find(CONDITION) {
        Some(at) => &name[at..],
        None => own_name(one, depth),
    };
    line.name(name);
    line.own(if one.fact.value == REMOVED {
        " "
    } else if name.contains(CONDITION) {
        " is "
    } else {
        " → "
    });
    line.value(one, CONTENT_CHARS_MAX);
}

/// Returns the group of the values that the items of each list are known by, or else of the first ones.
pub(crate) fn known_by<'f>(lists: &[ItemList], facts: &'f [Ranked]) -> Vec<Option<&'f str>> {
    let of_list = |list: &ItemList| {
        let own = || {
            let own = facts
                .iter()
                .filter(|one| is_below(&one.fact.location, &list.location));
            own.filter(|one| one.fact.kind != FactKind::Amount)
        };
        // The payee, and not a number of the payment.
        let is_paid = facts.iter().any(|one| {
            one.fact.kind == FactKind::Amount && is_below(&one.fact.location, &list.location)
        });
        let payee = own().find(|one| {
            matches!(one.fact.kind, FactKind::Account | FactKind::Recipient)
                && receives(&one.fact.name)
        });
        if let Some(payee) = payee.filter(|_| is_paid) {
            return Some(&*payee.group);
        }
        let exact = own().find(|one| IDENTITIES.contains(&&*last_name(one)));
        let found = exact
            .or_else(|| own().find(|one| is_identity(one)))
            .or_else(|| own().next());
        found.map(|one| &*one.group)
    };
    lists.iter().map(of_list).collect()
}

fn is_identity(one: &Ranked) -> bool {
    let name = last_name(one);
    let last = name.rsplit(' ').next().unwrap_or_default();
    IDENTITIES.contains(&last)
}

/// Returns the value that an item is known by.
fn identity<'f>(
    values: &[&'f Ranked],
    is_request: bool,
    around: Option<&str>,
) -> Option<&'f Ranked> {
    // `{"remove": "coupons/6"}`.
    let own = values
        .iter()
        .find(|one| around.is_some_and(|act| one.fact.location.ends_with(&format!("/{act}"))));
    if own.is_some() {
        return own.copied();
    }
    let targets = if is_request { TARGETS } else { &[] };
    let wanted = || targets.iter().chain(IDENTITIES);
    let exact = wanted().find_map(|wanted| values.iter().find(|one| last_name(one) == *wanted));
    let ending = || {
        wanted().find_map(|wanted| {
            let ending = format!(" {wanted}");
            values.iter().find(|one| last_name(one).ends_with(&ending))
        })
    };
    exact.or_else(ending).copied()
}

/// Returns how many names are in front of those within an item of a list.
fn depth_of(list: &str) -> usize {
    let parts = list.split('/').skip(1);
    parts.filter(|part| !is_index(part)).count()
}

/// Returns the name of a value within its item: those of the list and of what is around it are said once. A name may
/// have dots of its own.
fn own_name(one: &Ranked, depth: usize) -> &str {
    let name = &one.fact.name;
    name.splitn(depth + 1, '.').last().unwrap_or(name)
}

/// Appends a value with its name within its item.
fn detail(line: &mut Line, one: &Ranked, depth: usize) {
    let mut own = one.clone();
    own.short = short_name(own_name(one, depth));
    line.detail(&own);
}

fn last_name(one: &Ranked) -> String {
    spaced(one.fact.name.rsplit('.').next().unwrap_or_default())
}

/// Returns parts without the separator at their beginning.
fn without_lead(mut parts: Vec<Part>) -> Vec<Part> {
    if let Some(first) = parts.first_mut()
        && let Some(rest) = first.text.strip_prefix(" · ")
    {
        first.text = rest.to_owned();
    }
    if parts.first().is_some_and(|first| first.text.is_empty()) {
        parts.remove(0);
    }
    parts
}
