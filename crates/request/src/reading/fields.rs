//! Fields with brackets in their names (`transfer_data[amount]`, `tags[]`), nested as the servers
//! that know them do.

use std::collections::{BTreeSet, HashMap};

use crate::node::{DEPTH_MAX, Member};
use crate::{Arena, Node};

/// Characters at which servers take a name apart.
const MARKS: [char; 3] = ['[', ']', '.'];

/// Nests fields by the brackets in their names. Names about which servers differ are there more than
/// once, as are those that are sent more than once. A name with dots, or with brackets that do not
/// match, stays as it is, and what some servers take it for is there as well. None if brackets nest
/// deeper than [`DEPTH_MAX`].
pub(super) fn nested<'a>(fields: &[Member<'a>], arena: &'a Arena) -> Option<&'a [Member<'a>]> {
    if !fields.iter().any(|(name, _)| name.contains(MARKS)) {
        return Some(arena.list(fields));
    }
    let mut root = Branch::default();
    let mut taken_apart = BTreeSet::new();
    for (name, value) in fields {
        let steps = steps(name);
        if steps.len() > DEPTH_MAX {
            return None;
        }
        if let Some(Step::Name(first)) = steps.first()
            && let Some(end) = first.find(MARKS)
        {
            taken_apart.insert(&first[..end]);
        }
        root.insert(&steps, *value);
    }
    let mut members = Vec::with_capacity(root.members.len());
    for (name, branch) in root.members {
        branch.finish_into(name, &mut members, arena);
    }
    for name in taken_apart {
        members.extend([(name, Node::Null), (name, Node::Null)]);
    }
    Some(arena.list(&members))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step<'a> {
    /// To the member of this name.
    Name(&'a str),
    /// To a new item at the end of a list.
    Append,
}

/// The way that a name describes: `a[b][]` is a, b and a new item.
fn steps(name: &str) -> Vec<Step<'_>> {
    bracketed(name).unwrap_or_else(|| vec![Step::Name(name)])
}

fn bracketed(name: &str) -> Option<Vec<Step<'_>>> {
    let (first, mut rest) = name.split_at(name.find('[')?);
    if first.is_empty() || first.contains(']') {
        return None;
    }
    let mut steps = vec![Step::Name(first)];
    while !rest.is_empty() {
        let (inner, after) = rest.strip_prefix('[')?.split_once(']')?;
        if inner.contains('[') {
            return None;
        }
        steps.push(if inner.is_empty() {
            Step::Append
        } else {
            Step::Name(inner)
        });
        rest = after;
    }
    Some(steps)
}

/// All that is sent under one name.
#[derive(Debug, Default)]
struct Branch<'a> {
    values: Vec<Node<'a>>,
    appended: Vec<Node<'a>>,
    /// Items with names of their own, as in `a[][b]`: whether a second one belongs to the same item
    /// is a matter on which servers differ.
    groups: Vec<(Vec<Step<'a>>, Node<'a>)>,
    members: Vec<(&'a str, Self)>,
    places: HashMap<&'a str, usize>,
}

impl<'a> Branch<'a> {
    fn insert(&mut self, steps: &[Step<'a>], value: Node<'a>) {
        match steps {
            [] => self.values.push(value),
            [Step::Append] => self.appended.push(value),
            [Step::Append, rest @ ..] => self.groups.push((rest.to_vec(), value)),
            [Step::Name(name), rest @ ..] => {
                let place = *self.places.entry(name).or_insert_with(|| {
                    self.members.push((name, Self::default()));
                    self.members.len() - 1
                });
                self.members[place].1.insert(rest, value);
            }
        }
    }

    /// Adds what is under `name` to the members of a map: once where servers agree about it, else
    /// several times.
    fn finish_into(self, name: &'a str, into: &mut Vec<Member<'a>>, arena: &'a Arena) {
        let kinds = [
            !self.values.is_empty(),
            !self.appended.is_empty(),
            !self.groups.is_empty(),
            !self.members.is_empty(),
        ];
        let is_one_kind = kinds.into_iter().filter(|is_there| *is_there).count() == 1;
        let built = if !is_one_kind {
            None
        } else if !self.values.is_empty() {
            into.extend(self.values.into_iter().map(|value| (name, value)));
            return;
        } else if !self.appended.is_empty() {
            Some(Node::List(arena.list(&self.appended)))
        } else if !self.groups.is_empty() {
            one_group(&self.groups, arena)
        } else {
            map_or_list(self.members, arena)
        };
        match built {
            Some(node) => into.push((name, node)),
            None => into.extend([(name, Node::Null), (name, Node::Null)]),
        }
    }
}

/// The list of `a[][b]=1`.
fn one_group<'a>(groups: &[(Vec<Step<'a>>, Node<'a>)], arena: &'a Arena) -> Option<Node<'a>> {
    let [(steps, value)] = groups else {
        return None;
    };
    let mut item = Branch::default();
    item.insert(steps, *value);
    let mut built = Vec::new();
    item.finish_into("", &mut built, arena);
    match built.as_slice() {
        [(_, node)] => Some(Node::List(arena.list(&[*node]))),
        _ => None,
    }
}

/// Names are a map. Numbers that count from 0 are the places of a list; any others are to some
/// servers and not to others.
fn map_or_list<'a>(members: Vec<(&'a str, Branch<'a>)>, arena: &'a Arena) -> Option<Node<'a>> {
    let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    let is_numbered = members.iter().any(|(name, _)| is_number(name));
    let counts = members
        .iter()
        .enumerate()
        .all(|(place, (name, _))| *name == place.to_string());
    if is_numbered && !counts {
        return None;
    }
    let mut built = Vec::with_capacity(members.len());
    for (name, branch) in members {
        branch.finish_into(name, &mut built, arena);
    }
    if !is_numbered {
        return Some(Node::Map(arena.list(&built)));
    }
    let is_repeated = built.windows(2).any(|pair| pair[0].0 == pair[1].0);
    let items: Vec<Node<'a>> = built.into_iter().map(|(_, node)| node).collect();
    (!is_repeated).then(|| Node::List(arena.list(&items)))
}
