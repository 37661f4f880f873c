//! The sum of the amounts of a request: of a batch, and of unit prices times quantities.

use gaiterguard_domain::effect::Effect;
use gaiterguard_judge::Role;

use crate::amount::{self, is_amount};
use crate::fact::{FactKind, Ranked};
use crate::money::Decimal;
use crate::value::Value;
use crate::values::Values;
use crate::words::{is_in, words};

/// The sum of several amounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Total {
    /// The group of the amounts.
    pub(crate) group: String,
    /// The sum, as people write it.
    pub(crate) sum: String,
    /// The amounts in their order, with the quantity of each: `40 × €129.50`.
    pub(crate) lines: Vec<String>,
}

/// Returns the sum of the amounts that have the name of the first one; `None` if there is a single one, or if they
/// cannot be added up: they are in several currencies or units, or not all of them were read.
pub(crate) fn of(facts: &[Ranked], values: &Values, effect: Effect) -> Option<Total> {
    let first = facts.iter().find(|one| one.fact.kind == FactKind::Amount)?;
    // New prices are not paid together.
    let is_paid = !matches!(effect, Effect::Change | Effect::Delete | Effect::Read);
    if !is_paid {
        return None;
    }
    let group = &*first.group;
    let amounts: Vec<&Value> = values
        .kept
        .iter()
        .filter(|value| is_amount(value) && value.group() == group)
        .collect();
    let (first, rest) = amounts.split_first()?;
    let is_whole = values.groups.get(group) == Some(&amounts.len());
    let unit = amount::unit(first, values);
    if !is_whole || rest.iter().any(|one| amount::unit(one, values) != unit) {
        return None;
    }
    let quantities: Vec<u64> = amounts
        .iter()
        .map(|one| quantity_of(one, &values.kept).unwrap_or(1))
        .collect();
    if rest.is_empty() && quantities == [1] {
        return None;
    }
    let mut sum = Decimal::default();
    let mut lines = Vec::with_capacity(amounts.len());
    for (one, quantity) in amounts.iter().zip(&quantities) {
        sum = sum.plus(Decimal::parse(&one.text)?.times(*quantity)?)?;
        let shown = amount::shown(one, values, effect);
        // The sum says the currency and the unit of all of them.
        let shown = shown.split(" (").next().unwrap_or_default().to_owned();
        lines.push(if *quantity == 1 {
            shown
        } else {
            format!("{quantity} × {shown}")
        });
    }
    let whole = Value {
        text: sum.to_string(),
        ..(*first).clone()
    };
    Some(Total {
        group: group.to_owned(),
        sum: amount::shown(&whole, values, effect),
        lines,
    })
}

/// Returns how many pieces the price of one applies to. An amount next to a quantity may be that of all of them, so
/// its name has to say that it is the price of one.
fn quantity_of(amount: &Value, values: &[Value]) -> Option<u64> {
    const OF_ONE: &str = "each per price rate unit";
    const OF_ALL: &str = "gross net subtotal sum total";
    let said = || {
        amount
            .names
            .iter()
            .rev()
            .take(2)
            .flat_map(|name| words(name))
    };
    if !said().any(|word| is_in(OF_ONE, &word)) || said().any(|word| is_in(OF_ALL, &word)) {
        return None;
    }
    // In `{"unit_price": {"value": …}, "quantity": …}`, the quantity is next to what holds the amount.
    let parent = amount.parent();
    let outer = parent.rsplit_once('/').map_or("", |(outer, _)| outer);
    let is_held = words(amount.name()).all(|word| is_in("amount units value minor", &word));
    let owner = if is_held { outer } else { parent };
    let is_quantity = |value: &&Value| {
        let counts = words(value.name()).any(|word| is_in("count pieces qty quantity", &word));
        value.parent() == owner && (value.role == Role::Quantity || counts)
    };
    let mut quantities = values
        .iter()
        .filter(is_quantity)
        .filter_map(|value| value.text.parse().ok());
    quantities.next().filter(|_| quantities.next().is_none())
}
