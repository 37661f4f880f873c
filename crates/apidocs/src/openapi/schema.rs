//! Parses JSON schemas for the fields of a body.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::Value;

use super::prose::FIELD_TEXT_CHARS_MAX;
use super::reference::Source;
use super::shape::Shape;
use crate::operation::Body;
use crate::pointer::escaped;
use crate::text;

/// The limit on the fields of one operation's body; outer ones are kept first. It bounds the memory of a document
/// with thousands of operations.
pub const FIELDS_MAX: usize = 250;

/// The depth limit of fields. Deeper ones are rare, and schemas that contain themselves have fields at every depth.
pub const FIELD_DEPTH_MAX: usize = 6;

/// The limit on the schemas that are followed for one body. Schemas that name one another are followed again
/// in every combination, down to [`FIELD_DEPTH_MAX`] levels.
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
        for property in &shape.properties {
            let inner = format!("{pointer}/{}", escaped(property.name));
            if !self.numbers.contains_key(&inner) {
                if self.body.fields.len() == FIELDS_MAX || !self.source.may_continue() {
                    return false;
                }
                let mut field = Shape::read(self.source, self.place, property.schema).field();
                field.pointer.clone_from(&inner);
                field.required = shape.required.contains(property.name);
                if let Some(note) = shape.note(property.name) {
                    field.description = Some(match field.description {
                        Some(words) => text::cut(&format!("{note} {words}"), FIELD_TEXT_CHARS_MAX),
                        None => note,
                    });
                }
                self.numbers.insert(inner.clone(), self.body.fields.len());
                self.body.fields.push(field);
            }
            self.open.push_back((inner, property.schema, depth + 1));
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
