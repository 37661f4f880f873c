//! Parses JSON schemas for the fields of a body.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::{Map, Value};

use super::reference::Source;
use super::values;
use crate::operation::{Body, Field};
use crate::text;

/// The limit on the fields of one operation's body; outer ones are kept first.
pub const FIELDS_MAX: usize = 250;

/// The depth limit of fields.
pub const FIELD_DEPTH_MAX: usize = 6;

/// The length limit of the description of a field or parameter, in characters.
pub const FIELD_TEXT_CHARS_MAX: usize = 500;

/// The limit on the schemas that are combined for one value.
const PARTS_MAX: usize = 64;

/// The limit on the schemas that are followed for one body.
const FOLLOWED_MAX: usize = 2_000;

/// Parses the fields of a body's schema, outer ones first.
pub(super) fn body<'v>(source: &Source<'v>, place: &str, schema: &'v Value) -> Body {
    let mut walk = Walk {
        source,
        place,
        body: Body::default(),
        numbers: HashMap::new(),
        open: VecDeque::from([(String::new(), schema, 0)]),
    };
    let mut followed = 0;
    while let Some((pointer, schema, depth)) = walk.open.pop_front() {
        followed += 1;
        if followed > FOLLOWED_MAX || !walk.visit(&pointer, schema, depth) {
            walk.leave_open(&pointer);
            for (pointer, _, _) in std::mem::take(&mut walk.open) {
                walk.leave_open(&pointer);
            }
        }
    }
    walk.body
}

/// Adds the fields of a further schema of the same body.
pub(super) fn merge(body: &mut Body, more: Body) {
    body.is_open |= more.is_open;
    let known: HashSet<String> = body.fields.iter().map(|f| f.pointer.clone()).collect();
    let fresh = more
        .fields
        .into_iter()
        .filter(|field| !known.contains(&field.pointer));
    body.fields.extend(fresh);
    if body.fields.len() > FIELDS_MAX {
        body.fields.truncate(FIELDS_MAX);
        body.is_open = true;
    }
}

struct Walk<'s, 'v> {
    source: &'s Source<'v>,
    place: &'s str,
    body: Body,
    /// The number of each field, by its pointer.
    numbers: HashMap<String, usize>,
    open: VecDeque<(String, &'v Value, usize)>,
}

impl<'v> Walk<'_, 'v> {
    /// Adds the fields of a schema; returns false if the limit is reached.
    fn visit(&mut self, pointer: &str, schema: &'v Value, depth: usize) -> bool {
        let shape = Shape::read(self.source, self.place, schema);
        if shape.admits_more() {
            self.leave_open(pointer);
        }
        if shape.properties.is_empty() && shape.items.is_empty() {
            return true;
        }
        if depth == FIELD_DEPTH_MAX {
            self.leave_open(pointer);
            return true;
        }
        for items in &shape.items {
            self.open
                .push_back((format!("{pointer}/*"), items, depth + 1));
        }
        for (name, property) in &shape.properties {
            let inner = format!("{pointer}/{}", escaped(name));
            if !self.numbers.contains_key(&inner) {
                if self.body.fields.len() == FIELDS_MAX || !self.source.may_continue() {
                    return false;
                }
                let mut field = Shape::read(self.source, self.place, property).field();
                field.pointer.clone_from(&inner);
                field.required = shape.required.contains(name);
                self.numbers.insert(inner.clone(), self.body.fields.len());
                self.body.fields.push(field);
            }
            self.open.push_back((inner, property, depth + 1));
        }
        true
    }

    /// Marks a place as having unlisted members.
    fn leave_open(&mut self, pointer: &str) {
        let holder = pointer.trim_end_matches("/*");
        match self.numbers.get(holder) {
            Some(number) => self.body.fields[*number].is_open = true,
            None => self.body.is_open = true,
        }
    }
}

/// Encodes a name as a part of a JSON pointer.
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The combined schemas of one value.
#[derive(Default)]
struct Shape<'v> {
    kinds: Vec<&'v str>,
    description: Option<&'v str>,
    values: Vec<String>,
    properties: Vec<(&'v str, &'v Value)>,
    required: HashSet<&'v str>,
    items: Vec<&'v Value>,
    is_open: bool,
}

impl<'v> Shape<'v> {
    fn read(source: &Source<'v>, place: &str, schema: &'v Value) -> Self {
        let mut shape = Self::default();
        let mut open = vec![(schema, true)];
        let mut seen: HashSet<*const Value> = HashSet::new();
        while let Some((schema, is_certain)) = open.pop() {
            // A description next to a reference applies to this place.
            if shape.description.is_none() {
                shape.description = schema.get("description").and_then(Value::as_str);
            }
            let Some(schema) = source.resolve(place, schema) else {
                shape.is_open = true;
                continue;
            };
            if !seen.insert(std::ptr::from_ref(schema)) {
                continue;
            }
            if seen.len() > PARTS_MAX || !source.may_continue() {
                shape.is_open = true;
                break;
            }
            match schema {
                Value::Object(schema) => shape.overlay(schema, is_certain, &mut open),
                Value::Bool(_) => shape.is_open = true,
                _ => {
                    source.warn(place, "has an invalid schema");
                    shape.is_open = true;
                }
            }
        }
        shape
    }

    fn overlay(
        &mut self,
        schema: &'v Map<String, Value>,
        is_certain: bool,
        open: &mut Vec<(&'v Value, bool)>,
    ) {
        if self.description.is_none() {
            self.description = ["description", "title"]
                .iter()
                .find_map(|key| schema.get(*key).and_then(Value::as_str));
        }
        match schema.get("type") {
            Some(Value::String(kind)) => self.add_kind(kind),
            Some(Value::Array(kinds)) => {
                for kind in kinds.iter().filter_map(Value::as_str) {
                    self.add_kind(kind);
                }
            }
            _ => {}
        }
        values::collect(schema, &mut self.values);
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            for (name, property) in properties {
                self.properties.push((name, property));
            }
        }
        // A field that one of several variants requires is not required in all of them.
        if is_certain && let Some(Value::Array(names)) = schema.get("required") {
            self.required.extend(names.iter().filter_map(Value::as_str));
        }
        match schema.get("items") {
            Some(Value::Array(tuple)) => self.items.extend(tuple),
            Some(items @ Value::Object(_)) => self.items.push(items),
            _ => {}
        }
        if let Some(Value::Array(tuple)) = schema.get("prefixItems") {
            self.items.extend(tuple);
        }
        let admits_others = !matches!(
            schema.get("additionalProperties"),
            None | Some(Value::Bool(false))
        );
        if admits_others || schema.contains_key("patternProperties") {
            self.is_open = true;
        }
        for (key, certain) in [("anyOf", false), ("oneOf", false), ("allOf", is_certain)] {
            if let Some(Value::Array(parts)) = schema.get(key) {
                open.extend(parts.iter().rev().map(|part| (part, certain)));
            }
        }
    }

    fn add_kind(&mut self, kind: &'v str) {
        if kind != "null" && !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
    }

    /// Returns whether it may have unlisted members.
    fn admits_more(&self) -> bool {
        let is_scalar = !self.kinds.is_empty()
            && !self
                .kinds
                .iter()
                .any(|kind| ["object", "array"].contains(kind));
        let says_nothing = self.properties.is_empty() && self.items.is_empty();
        self.is_open || (says_nothing && !is_scalar)
    }

    fn field(&self) -> Field {
        Field {
            description: self.description.and_then(describe),
            kind: match self.kinds.as_slice() {
                [kind] => Some((*kind).to_owned()),
                _ => None,
            },
            values: self.values.clone(),
            ..Field::default()
        }
    }
}

/// Returns a description without markup, truncated.
pub(super) fn describe(description: &str) -> Option<String> {
    let plain = text::without_tags(description);
    let plain = plain.trim();
    (!plain.is_empty()).then(|| text::cut(plain, FIELD_TEXT_CHARS_MAX))
}
