//! Reading XML into names and values.

use std::borrow::Cow;
use std::collections::HashMap;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use thiserror::Error;

use super::{DEPTH_MAX, Member, Node, VALUES_MAX};
use crate::Arena;

/// Why a text is not XML that can be read here. Offsets are in bytes from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum XmlError {
    /// The text is not one well-formed element.
    #[error("is not well-formed XML at byte {0}")]
    Unexpected(u64),
    /// The document defines entities or refers to one that XML does not define itself. Only the
    /// upstream knows what such a reference means.
    #[error("uses XML entities of its own at byte {0}")]
    Entity(u64),
    /// Elements within one another beyond the limit.
    #[error("nests deeper than {DEPTH_MAX} levels at byte {0}")]
    TooDeep(u64),
    /// More elements and attributes than the limit.
    #[error("contains more than {VALUES_MAX} values")]
    TooMany,
}

impl<'a> Node<'a> {
    /// Reads one XML element (XML 1.0) into a map of its local name. Attributes and children are
    /// members of one map; an element with only text is that text.
    ///
    /// # Errors
    ///
    /// Where the text is not one well-formed element, uses entities of its own, nests deeper than
    /// [`DEPTH_MAX`] or holds more than [`VALUES_MAX`] values.
    pub fn parse_xml(text: &'a str, arena: &'a Arena) -> Result<Self, XmlError> {
        parse(text, arena)
    }
}

/// An element that is still open.
struct Open<'a> {
    name: &'a str,
    members: Vec<Member<'a>>,
    text: String,
}

/// Reads one element into a map of its name. An element with only text becomes that text; any other
/// becomes a map of its attributes and children by their local names, with repeated names collected
/// into a list and text between children under an empty name.
fn parse<'a>(text: &'a str, arena: &'a Arena) -> Result<Node<'a>, XmlError> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Open<'a>> = Vec::new();
    let mut root = None;
    let mut values = 0;
    loop {
        let at = reader.buffer_position();
        let unexpected = |_| XmlError::Unexpected(at);
        match reader.read_event().map_err(unexpected)? {
            Event::Start(start) => {
                if open.len() == DEPTH_MAX {
                    return Err(XmlError::TooDeep(at));
                }
                if open.is_empty() && root.is_some() {
                    return Err(XmlError::Unexpected(at));
                }
                open.push(opening(&start, arena, &mut values, at)?);
            }
            Event::Empty(start) => {
                let element = opening(&start, arena, &mut values, at)?;
                close(element, &mut open, &mut root, arena, at)?;
            }
            Event::End(_) => {
                let element = open.pop().ok_or(XmlError::Unexpected(at))?;
                close(element, &mut open, &mut root, arena, at)?;
            }
            Event::Text(piece) => add(&mut open, &piece.xml10_content(), at)?,
            Event::CData(piece) => add(&mut open, &piece.xml10_content(), at)?,
            Event::GeneralRef(reference) => {
                let c = resolved(&reference).ok_or(XmlError::Entity(at))?;
                add(&mut open, c.encode_utf8(&mut [0; 4]), at)?;
            }
            Event::DocType(declared) if declared.contains('[') => {
                return Err(XmlError::Entity(at));
            }
            Event::DocType(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    match root {
        Some(member) if open.is_empty() => Ok(Node::Map(arena.list(&[member]))),
        _ => Err(XmlError::Unexpected(reader.buffer_position())),
    }
}

fn opening<'a>(
    start: &BytesStart<'_>,
    arena: &'a Arena,
    values: &mut usize,
    at: u64,
) -> Result<Open<'a>, XmlError> {
    let mut members = Vec::new();
    let mut count = || {
        *values += 1;
        (*values <= VALUES_MAX)
            .then_some(())
            .ok_or(XmlError::TooMany)
    };
    count()?;
    let mut attributes = start.attributes();
    // Looking for repeated names takes time that grows with the square of their number; those that
    // repeat are kept side by side instead.
    attributes.with_checks(false);
    for attribute in attributes {
        let attribute = attribute.map_err(|_| XmlError::Unexpected(at))?;
        let name = attribute.key;
        if name.as_namespace_binding().is_some() {
            continue;
        }
        count()?;
        let value: Cow<'_, str> = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|_| XmlError::Entity(at))?;
        let name = arena.text(name.local_name().as_ref());
        members.push((name, Node::Text(arena.text(&value))));
    }
    Ok(Open {
        name: arena.text(start.local_name().as_ref()),
        members,
        text: String::new(),
    })
}

/// Puts a finished element into the one around it.
fn close<'a>(
    element: Open<'a>,
    open: &mut [Open<'a>],
    root: &mut Option<Member<'a>>,
    arena: &'a Arena,
    at: u64,
) -> Result<(), XmlError> {
    let Open {
        name,
        mut members,
        text,
    } = element;
    let text = text.trim();
    let node = if members.is_empty() {
        Node::Text(arena.text(text))
    } else {
        if !text.is_empty() {
            members.push(("", Node::Text(arena.text(text))));
        }
        Node::Map(grouped(&members, arena))
    };
    match (open.last_mut(), &root) {
        (Some(around), _) => around.members.push(unwrapped(name, node)),
        (None, None) => *root = Some((name, node)),
        (None, Some(_)) => return Err(XmlError::Unexpected(at)),
    }
    Ok(())
}

fn add(open: &mut [Open<'_>], piece: &str, at: u64) -> Result<(), XmlError> {
    match open.last_mut() {
        Some(element) => element.text.push_str(piece),
        None if piece
            .trim_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
            .is_empty() => {}
        None => return Err(XmlError::Unexpected(at)),
    }
    Ok(())
}

/// The character that a reference stands for, where XML itself defines it.
fn resolved(reference: &BytesRef<'_>) -> Option<char> {
    if let Some(c) = reference.resolve_char_ref().ok()? {
        return Some(c);
    }
    match &**reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => None,
    }
}

/// A member without the wrapping of XML-RPC, which writes `<member><name>n</name><value>…` for a
/// member and an element of its type around each value.
fn unwrapped<'a>(name: &'a str, node: Node<'a>) -> Member<'a> {
    let Node::Map(members) = node else {
        return (name, node);
    };
    match (name, members) {
        ("member", [("name", Node::Text(name)), ("value", value)]) => (name, *value),
        ("value", [("boolean", Node::Text(text @ ("0" | "1")))]) => {
            (name, Node::Bool(*text == "1"))
        }
        ("value", [("string" | "int" | "i4" | "double" | "struct" | "array", value)]) => {
            (name, *value)
        }
        _ => (name, node),
    }
}

/// The members with those of one name collected into a list, each name where it first appears.
fn grouped<'a>(members: &[Member<'a>], arena: &'a Arena) -> &'a [Member<'a>] {
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(members.len());
    let mut groups: Vec<(&str, Vec<Node<'a>>)> = Vec::with_capacity(members.len());
    for (name, node) in members {
        let place = *places.entry(name).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, nodes)) => nodes.push(*node),
            None => groups.push((name, vec![*node])),
        }
    }
    let members: Vec<Member<'a>> = groups
        .into_iter()
        .map(|(name, nodes)| match nodes.as_slice() {
            [one] => (name, *one),
            several => (name, Node::List(arena.list(several))),
        })
        .collect();
    arena.list(&members)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<String, XmlError> {
        let arena = Arena::default();
        parse(text, &arena).map(|node| format!("{node:?}"))
    }

    #[test]
    fn elements_and_attributes_become_names_and_values() {
        let arena = Arena::default();
        let text = "<?xml version=\"1.0\"?><!-- <role>none</role> --><a:order xmlns:a=\"urn:x\" id=\"7\">\
            <to>ann &amp; b&#111;b</to><item>1</item><note><![CDATA[<x>]]></note><item n='2'/>tail</a:order>";
        let node = parse(text, &arena).unwrap();
        let order = node.get("order").unwrap();
        let text = |name| order.get(name).and_then(Node::as_text);
        assert_eq!(text("id"), Some("7"));
        assert_eq!(text("to"), Some("ann & bob"));
        assert_eq!(text("note"), Some("<x>"));
        assert_eq!(text(""), Some("tail"));
        let items = order.get("item").unwrap().items();
        assert_eq!(items[0].as_text(), Some("1"));
        assert_eq!(items[1].get("n").and_then(Node::as_text), Some("2"));
        assert_eq!(order.members().len(), 5);
    }

    #[test]
    fn the_members_of_xml_rpc_are_read_by_their_names() {
        let arena = Arena::default();
        let text = "<methodCall><params><param><value><struct><member><name>admin</name><value>\
            <boolean>1</boolean></value></member></struct></value></param></params></methodCall>";
        let node = parse(text, &arena).unwrap();
        let admin = node.pointer("/methodCall/params/param/value/admin");
        assert_eq!(admin.and_then(Node::as_bool), Some(true));
    }

    #[test]
    fn anything_but_one_whole_element_is_refused() {
        for text in [
            "",
            "words",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>x",
            "x<a/>",
            "<a>&b;</a>",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        for text in [
            "<!DOCTYPE a [<!ENTITY b 'admin'>]><a>&b;</a>",
            "<a c='&b;'/>",
        ] {
            assert!(matches!(read(text), Err(XmlError::Entity(_))), "{text}");
        }
        assert!(read("<!DOCTYPE html><html/>").is_ok());
        let deep = "<a>".repeat(DEPTH_MAX + 1);
        assert!(matches!(read(&deep), Err(XmlError::TooDeep(_))));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[<>/a-c=\"'&;!\\[\\]?# -]{0,60}") {
            let _ = read(&text);
        }
    }
}
