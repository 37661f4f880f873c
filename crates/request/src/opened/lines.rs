//! Names and values in plain text: `name: value` and `name=value`, one or more a line.

use super::nested;
use crate::node::Member;
use crate::{Arena, Node};

/// The most bytes that a name before a colon has. Longer ones are the beginnings of sentences.
const NAME_BYTES_MAX: usize = 40;

/// The most words of such a name. A sentence rarely has a colon so early.
const NAME_WORDS_MAX: usize = 3;

/// Returns the names and values of a text, however deep they are indented; `None` where there are
/// none.
pub(super) fn read<'a>(text: &'a str, arena: &'a Arena) -> Option<Node<'a>> {
    let mut members: Vec<Member<'a>> = Vec::new();
    for line in text.lines() {
        let line = line
            .trim()
            .trim_start_matches(['-', '*', '>', '|', ' ', '\t']);
        if let Some((name, value)) = line.split_once(':')
            && is_name(name)
            && (value.is_empty() || value.starts_with([' ', '\t']))
        {
            members.push((unquoted(name), Node::Text(unquoted(value))));
        }
        if line.contains('=') {
            members.extend(fields(line, arena));
        }
    }
    let nested = nested::read(&members, arena);
    nested.or_else(|| (!members.is_empty()).then(|| Node::Map(arena.list(&members))))
}

/// The fields of a form, or what a line of settings assigns.
fn fields<'a>(line: &'a str, arena: &'a Arena) -> Vec<Member<'a>> {
    let mut members: Vec<Member<'a>> = Vec::new();
    for piece in line.split('&') {
        let is_field = piece
            .split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && !name.contains(char::is_whitespace));
        if is_field && let Ok(form) = Node::parse_form(piece.as_bytes(), arena) {
            members.extend_from_slice(form.members());
        }
    }
    if let Some((name, value)) = line.split_once('=')
        && is_name(name)
    {
        members.push((unquoted(name), Node::Text(unquoted(value))));
    }
    members
}

fn is_name(text: &str) -> bool {
    let text = unquoted(text);
    text.len() <= NAME_BYTES_MAX
        && text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.split_whitespace().count() <= NAME_WORDS_MAX
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || " _-.[]$".contains(c))
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\'', ',', '*', '`']).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_found_in_lines_and_not_in_sentences() {
        let arena = Arena::default();
        let text = "user:\n  - role: admin\n  amount = 5\nto=bob%40x.example&note=\"hi there\"\n\
            I asked her: no, and a + b = c.\nSee http://x.example";
        let node = read(text, &arena).unwrap();
        let value = |name| node.get(name).and_then(Node::as_text);
        assert_eq!(value("role"), Some("admin"));
        assert_eq!(value("amount"), Some("5"));
        assert!(
            node.all("to")
                .any(|to| to.as_text() == Some("bob@x.example"))
        );
        assert_eq!(value("http"), None);
        assert!(read("Just a note about lunch, at noon.", &arena).is_none());
    }
}
