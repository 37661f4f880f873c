//! Names that a map holds more than once.

use std::cmp::Ordering;

use gaiterguard_request::node::{Member, Node};

/// The most members whose names are compared pairwise, which is faster than sorting and allocates
/// nothing.
const FEW: usize = 8;

/// A name that appears twice in a map, with its two values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duplicate<'n> {
    pub(crate) name: &'n str,
    pub(crate) values: [&'n Node<'n>; 2],
}

/// Every such name of a map, whatever its case: some upstreams do not mind that.
pub(crate) fn all<'n>(members: &'n [Member<'n>]) -> Vec<Duplicate<'n>> {
    if members.len() <= FEW {
        let with_earlier = members.iter().enumerate().filter_map(|(at, later)| {
            let same = |earlier: &&Member<'_>| earlier.0.eq_ignore_ascii_case(later.0);
            let earlier = members[..at].iter().find(same)?;
            Some(Duplicate::of(earlier, later))
        });
        return with_earlier.collect();
    }
    let mut sorted: Vec<&Member<'n>> = members.iter().collect();
    sorted.sort_by(|one, other| without_case(one.0, other.0));
    sorted
        .windows(2)
        .filter(|pair| pair[0].0.eq_ignore_ascii_case(pair[1].0))
        .map(|pair| Duplicate::of(pair[0], pair[1]))
        .collect()
}

impl<'n> Duplicate<'n> {
    fn of(earlier: &'n Member<'n>, later: &'n Member<'n>) -> Self {
        Self {
            name: later.0,
            values: [&earlier.1, &later.1],
        }
    }

    /// Whether the two values are the same.
    pub(crate) fn is_equal(&self) -> bool {
        let [earlier, later] = self.values;
        earlier == later
    }
}

/// An order in which names that differ only in case are equal. Compares lengths first, because most
/// names differ in length.
fn without_case(one: &str, other: &str) -> Ordering {
    one.len().cmp(&other.len()).then_with(|| {
        let lower = |byte: u8| byte.to_ascii_lowercase();
        one.bytes().map(lower).cmp(other.bytes().map(lower))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&'static str]) -> Vec<(&'static str, bool)> {
        let members: Vec<Member<'static>> = names
            .iter()
            .enumerate()
            .map(|(number, name)| (*name, Node::Bool(number % 2 == 0)))
            .collect();
        all(members.leak())
            .iter()
            .map(|duplicate| (duplicate.name, duplicate.is_equal()))
            .collect()
    }

    #[test]
    fn a_name_is_found_twice_in_small_maps_and_in_large_ones() {
        let mut names = vec!["to", "amount", "Amount"];
        assert_eq!(found(&names[..2]), []);
        assert_eq!(found(&names), [("Amount", false)]);
        names.extend(["a", "b", "c", "d", "e", "f"]);
        assert_eq!(found(&names), [("Amount", false)]);
        names[2] = "amounts";
        assert_eq!(found(&names), []);
    }

    #[test]
    fn more_names_hide_no_equal_pair() {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "a"];
        assert_eq!(found(&names), [("a", true)]);
    }

    #[test]
    fn one_name_does_not_hide_another() {
        let mut names = vec!["a", "to", "a", "amount", "amount"];
        assert_eq!(found(&names), [("a", true), ("amount", false)]);
        names.extend(["b", "c", "d", "e"]);
        assert_eq!(found(&names), [("a", true), ("amount", false)]);
    }
}
