//! Parameters within a path (RFC 3986, section 3.3), as in `/things;kind=lamp/7`.

use crate::node::Member;
use crate::{Arena, Node};

/// Returns the parameters of all segments; `None` where there are none.
pub(super) fn parameters<'a>(path: &'a str, arena: &'a Arena) -> Option<Node<'a>> {
    let mut members: Vec<Member<'a>> = Vec::new();
    for segment in path.split('/').filter(|segment| segment.contains(';')) {
        for parameter in segment.split(';').skip(1) {
            if let Ok(form) = Node::parse_form(parameter.as_bytes(), arena) {
                members.extend_from_slice(form.members());
            }
        }
    }
    (!members.is_empty()).then(|| Node::Map(arena.list(&members)))
}
