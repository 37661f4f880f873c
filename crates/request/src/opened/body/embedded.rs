//! Values that are somewhere in a text, in every format that it looks like.

use super::Reader;
use crate::opened::oddity::{Oddity, OddityKind};
use crate::opened::sniff::{begins_like_json, begins_like_xml, is_plain_form, spaced};
use crate::opened::yaml::{self, YamlError};
use crate::opened::{csv, lines};
use crate::{Arena, Node};

/// The longest text that is tried as YAML because it weakly resembles it, in bytes. Such a text is also
/// read line by line. Text that strongly resembles YAML is tried at any length.
const UNDECLARED_YAML_BYTES_MAX: usize = 1 << 16;

/// How often a text may be read over to find JSON in it. Prose with brackets in it takes less than one
/// reading.
const EMBEDDED_READINGS: usize = 4;

/// How many bytes may be read on top of that, so that short texts are never given up.
const EMBEDDED_BYTES: usize = 1 << 16;

impl<'a> Reader<'a, '_> {
    /// Reads a text in every way that it looks like.
    pub(super) fn sniff(&mut self, text: &'a str) {
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let arena = self.arena;
        self.embedded_json(text);
        self.spelled(text);
        if begins_like_xml(text) {
            self.others.extend(Node::parse_xml(text, arena).ok());
        } else if csv::looks_like(text) {
            self.others.extend(csv::read(text, arena));
        }
        self.undeclared_yaml(text);
        self.others.extend(lines::read(text, arena));
    }

    /// Reads a text within quotes, and JSON whose bytes are written as in a form.
    fn spelled(&mut self, text: &'a str) {
        if text.starts_with('"')
            && let Ok(Node::Text(inner)) = Node::of_json(text, self.arena)
        {
            self.others.push(Node::Text(inner));
            self.embedded_json(inner);
            self.undeclared_yaml(inner);
            self.others.extend(lines::read(inner, self.arena));
        }
        if text.starts_with('%')
            && let Ok(form) = Node::parse_form(text.as_bytes(), self.arena)
        {
            for (name, _) in form.members() {
                self.embedded_json(name);
            }
        }
    }

    pub(super) fn undeclared_yaml(&mut self, text: &'a str) {
        let may_be_yaml = if text.len() <= UNDECLARED_YAML_BYTES_MAX {
            yaml::looks_like(text)
        } else {
            yaml::is_explicit(text)
        };
        if may_be_yaml {
            if begins_like_json(text) && Node::of_json(text, self.arena).is_err() {
                let relaxed = yaml::read(&spaced(text), self.arena).ok();
                self.others.extend(relaxed.filter(Node::is_container));
            }
            match yaml::read(text, self.arena) {
                Ok(node) if node.is_container() => self.others.push(node),
                // A server might read what is too much to read here.
                Err(YamlError::TooMuch) => self.oddities.push(Oddity::new(OddityKind::Opaque, "")),
                Ok(_) | Err(YamlError::NotYaml) => {}
            }
        }
    }

    /// Reads the lists and maps of JSON that are somewhere in a text.
    pub(super) fn embedded_json(&mut self, text: &'a str) {
        let mut rest = text;
        let mut budget = text.len().saturating_mul(EMBEDDED_READINGS) + EMBEDDED_BYTES;
        while let Some(start) = memchr::memchr2(b'{', b'[', rest.as_bytes()) {
            rest = &rest[start..];
            let leading = Node::leading_json(rest, self.arena);
            let values = leading.values.into_iter();
            self.others.extend(values.filter(Node::is_container));
            rest = &rest[leading.end.max(1)..];
            let Some(left) = budget.checked_sub(leading.reached) else {
                // A text that takes too long to read may hide something.
                self.oddities.push(Oddity::new(OddityKind::Opaque, ""));
                return;
            };
            budget = left;
        }
    }
}

/// Returns the other readings of a text within a body: XML, marked YAML, several JSON values, JSON
/// followed by other text, or form fields.
pub fn values_in<'a>(text: &'a str, arena: &'a Arena) -> Vec<Node<'a>> {
    let text = text.trim();
    if begins_like_xml(text) {
        return Node::parse_xml(text, arena).into_iter().collect();
    }
    if begins_like_json(text) {
        let values = Node::leading_json(text, arena).values.into_iter();
        let values: Vec<Node<'a>> = values.filter(Node::is_container).collect();
        if !values.is_empty() {
            return values;
        }
    }
    if begins_like_json(text) || text.starts_with("---") {
        let spaced = spaced(text);
        return [text, &spaced]
            .into_iter()
            .filter(|text| text.len() <= UNDECLARED_YAML_BYTES_MAX)
            .filter_map(|text| yaml::read(text, arena).ok())
            .filter(Node::is_container)
            .collect();
    }
    if text.contains('&') && is_plain_form(text) && !text.contains(char::is_whitespace) {
        return Node::parse_form(text.as_bytes(), arena)
            .into_iter()
            .collect();
    }
    Vec::new()
}
