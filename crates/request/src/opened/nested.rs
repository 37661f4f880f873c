//! Fields of a form whose names nest by brackets, as in `user[role]` and `items[0][id]`.

use std::collections::HashMap;

use crate::node::{DEPTH_MAX, Member};
use crate::{Arena, Node};

/// A value and the keys that lead to it.
type Field<'a> = (Vec<&'a str>, Node<'a>);

/// Returns the fields as maps and lists within one another; `None` where no name nests. Keys that are
/// all numbers, or are left out, make a list.
pub(super) fn read<'a>(fields: &[Member<'a>], arena: &'a Arena) -> Option<Node<'a>> {
    if !fields.iter().any(|(name, _)| name.contains('[')) {
        return None;
    }
    let fields = fields.iter().map(|(name, value)| (keys(name), *value));
    Some(grouped(fields.collect(), arena))
}

/// The keys of a name: what is before the first bracket, and what is in each.
fn keys(name: &str) -> Vec<&str> {
    let Some((first, rest)) = name.split_once('[') else {
        return vec![name];
    };
    let mut keys = vec![first];
    keys.extend(
        rest.split('[')
            .map(|key| key.split(']').next().unwrap_or(key)),
    );
    if keys.len() > DEPTH_MAX {
        return vec![name];
    }
    keys
}

fn grouped<'a>(fields: Vec<Field<'a>>, arena: &'a Arena) -> Node<'a> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut groups: Vec<(&str, Vec<Field<'a>>)> = Vec::new();
    for (mut keys, value) in fields {
        let key = keys.remove(0);
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, group)) => group.push((keys, value)),
            None => groups.push((key, vec![(keys, value)])),
        }
    }
    let is_list = groups
        .iter()
        .all(|(key, _)| key.bytes().all(|byte| byte.is_ascii_digit()));
    let mut members: Vec<Member<'a>> = Vec::with_capacity(groups.len());
    for (key, group) in groups {
        let (values, deeper): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|(keys, _)| keys.is_empty());
        members.extend(values.into_iter().map(|(_, value)| (key, value)));
        if !deeper.is_empty() {
            members.push((key, grouped(deeper, arena)));
        }
    }
    if is_list {
        let items: Vec<Node<'a>> = members.into_iter().map(|(_, value)| value).collect();
        Node::List(arena.list(&items))
    } else {
        Node::Map(arena.list(&members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_with_brackets_lead_to_nested_values() {
        let arena = Arena::default();
        let form = b"user[role]=admin&user[to][]=a&user[to][]=b&items[0][id]=7&x=1";
        let form = Node::parse_form(form, &arena).unwrap();
        let node = read(form.members(), &arena).unwrap();
        for (pointer, text) in [
            ("/user/role", "admin"),
            ("/user/to/1", "b"),
            ("/items/0/id", "7"),
            ("/x", "1"),
        ] {
            let value = node.pointer(pointer).and_then(Node::as_text);
            assert_eq!(value, Some(text), "{pointer}");
        }
        let flat = Node::parse_form(b"a=1", &arena).unwrap();
        assert!(read(flat.members(), &arena).is_none());
    }

    proptest! {
        #[test]
        fn any_names_are_read(form in "[a&=\\[\\]0]{0,40}") {
            let arena = Arena::default();
            let form = Node::parse_form(form.as_bytes(), &arena).unwrap();
            let _ = read(form.members(), &arena);
        }
    }
}
