//! The values of a list that are more dangerous than the others: they come first, because few readers reach the end
//! of a list.

use gaiterguard_domain::effect::Effect;

use crate::fact::{FactKind, Ranked};
use crate::kind::is_iban;
use crate::words::{is_in, words};

/// Words of rights that are wider than others.
const WIDE: &str = "* admin administrator all anyone everyone full manage manager owner public root super superuser \
    write writer";

/// How many addresses have the domain of most at least.
const MOST_MIN: usize = 2;

/// Moves the widest rights, and the addresses outside of the domain that most have, before the others of their name.
/// The parties of a payment stay in the order of their amounts.
pub(crate) fn first(facts: &mut [Ranked], effect: Effect) {
    if effect == Effect::Pay {
        return;
    }
    let mut from = 0;
    while from < facts.len() {
        let (kind, group) = (facts[from].fact.kind, facts[from].group.clone());
        let alike = facts[from..]
            .iter()
            .take_while(|one| one.fact.kind == kind && one.group == group);
        let to = from + alike.count();
        let part = &mut facts[from..to];
        if kind == FactKind::Access {
            part.sort_by_key(|one| !is_wide(&one.fact.value));
        } else if let Some(domain) = domain_of_most(part) {
            part.sort_by_key(|one| domain_of(&one.fact.value).is_none_or(|own| own == domain));
        }
        from = to;
    }
}

fn is_wide(right: &str) -> bool {
    right.contains('*')
        || right
            .split(|c: char| !c.is_alphanumeric())
            .flat_map(words)
            .any(|word| is_in(WIDE, &word))
}

/// Returns the domain that at least half of some addresses have; `None` if there is none, or if all have it.
fn domain_of_most(facts: &[Ranked]) -> Option<String> {
    let domains: Vec<String> = facts
        .iter()
        .filter_map(|one| domain_of(&one.fact.value))
        .collect();
    let count = |domain: &String| domains.iter().filter(|one| *one == domain).count();
    // Half of them are enough if no other domain has as many.
    let of_most = domains.iter().find(|one| {
        count(one) * 2 >= domains.len()
            && domains
                .iter()
                .all(|other| other == *one || count(other) < count(one))
    })?;
    let most = count(of_most);
    (most >= MOST_MIN && most < domains.len()).then(|| of_most.clone())
}

fn domain_of(address: &str) -> Option<String> {
    if let Some((_, rest)) = address.split_once("://") {
        let host = rest.split(['/', '?', '#', ':']).next().unwrap_or(rest);
        // Hosts of one owner differ in their first labels.
        let labels: Vec<&str> = host.rsplit('.').take(2).collect();
        return Some(labels.join(".").to_lowercase());
    }
    let (_, domain) = address.rsplit_once('@')?;
    let domain = domain.trim_end_matches(['>', ' ', '.']);
    (!domain.is_empty()).then(|| domain.to_lowercase())
}

/// Returns the only text that differs from all others, if those are the same or share their domain or the country of
/// their accounts; `None` if there is none. A list of two has no majority.
pub(crate) fn only_other(texts: &[Option<&str>]) -> Option<usize> {
    const OTHERS_MIN: usize = 2;
    let kinds: [fn(&str) -> Option<String>; 3] = [
        |text| Some(text.to_lowercase()),
        domain_of,
        |text| is_iban(text).then(|| text[..2].to_owned()),
    ];
    if texts.len() <= OTHERS_MIN {
        return None;
    }
    kinds.into_iter().find_map(|kind| {
        let of: Vec<Option<String>> = texts.iter().map(|text| text.and_then(kind)).collect();
        // At least one of the first two is like all others.
        let mut first = of.iter().take(OTHERS_MIN);
        let most = first.find(|one| {
            let alike = of.iter().filter(|other| other == one).count();
            one.is_some() && alike + 1 == of.len()
        })?;
        of.iter().position(|one| one != most)
    })
}
