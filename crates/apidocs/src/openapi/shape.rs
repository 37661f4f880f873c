//! The schemas of one value, combined.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::kinds::Label;
use super::prose::describe;
use super::reference::Source;
use super::values;
use crate::operation::Field;
use crate::text;

/// The limit on the schemas that are combined for one value. A value that has more may have any field.
const PARTS_MAX: usize = 64;

/// The limit on the types of one value. JSON Schema has seven.
const TYPES_MAX: usize = 7;

/// The limit on the properties of one object: more than a body keeps.
const PROPERTIES_MAX: usize = 256;

/// The limit on the kinds that the note of a field lists. The note is one sentence, which a model and a human must
/// be able to read at a glance.
const NOTED_MAX: usize = 6;

/// The length limit of a name in a note, in characters. Names of schemas are shorter.
const NOTED_CHARS_MAX: usize = 40;

/// The combined schemas of one value.
#[derive(Default)]
pub(super) struct Shape<'v> {
    kinds: Vec<&'v str>,
    description: Option<&'v str>,
    values: Vec<String>,
    pub(super) properties: Vec<Property<'v>>,
    /// The number of each property, by its schema.
    numbers: HashMap<*const Value, usize>,
    pub(super) required: HashSet<&'v str>,
    pub(super) items: Vec<&'v Value>,
    items_seen: HashSet<*const Value>,
    is_open: bool,
}

/// A property of one of the schemas.
pub(super) struct Property<'v> {
    pub(super) name: &'v str,
    pub(super) schema: &'v Value,
    /// The kind of the value that has it, if not every value may have it.
    label: Option<Label<'v>>,
}

/// A schema to combine with the others.
#[derive(Clone)]
struct Part<'v> {
    schema: &'v Value,
    /// Whether the value always has this schema.
    is_certain: bool,
    /// Whether one of its kinds contains it, rather than the value being of any of its kinds.
    is_base: bool,
    /// The kind that has this schema, if only one has.
    label: Option<Label<'v>>,
}

impl<'v> Part<'v> {
    /// Returns a schema of the same value that need not apply.
    fn possible(&self, schema: &'v Value) -> Self {
        Self {
            schema,
            is_certain: false,
            is_base: false,
            label: self.label.clone(),
        }
    }
}

impl<'v> Shape<'v> {
    pub(super) fn read(source: &Source<'v>, place: &str, schema: &'v Value) -> Self {
        let mut shape = Self::default();
        let mut open = vec![Part {
            schema,
            is_certain: true,
            is_base: false,
            label: None,
        }];
        // The label under which a schema was combined.
        let mut seen: HashMap<*const Value, Option<Label<'v>>> = HashMap::new();
        while let Some(mut part) = open.pop() {
            // A description next to a reference applies to this place.
            if shape.description.is_none() && part.label.is_none() {
                shape.description = part.schema.get("description").and_then(Value::as_str);
            }
            let Some(schema) = source.resolve(place, part.schema) else {
                shape.is_open = true;
                continue;
            };
            part.schema = schema;
            match seen.get_mut(&std::ptr::from_ref(schema)) {
                // A schema that several kinds share is combined once more, without a label.
                Some(label) => {
                    let is_covered = match (&*label, &part.label) {
                        (None, _) => true,
                        (Some(known), Some(other)) => known.includes(other),
                        (Some(_), None) => false,
                    };
                    if is_covered {
                        continue;
                    }
                    *label = None;
                    part.label = None;
                }
                None => {
                    seen.insert(std::ptr::from_ref(schema), part.label.clone());
                }
            }
            if seen.len() > PARTS_MAX || !source.may_continue() {
                shape.is_open = true;
                break;
            }
            match schema {
                Value::Object(members) => shape.overlay(source, members, &part, &mut open),
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
        source: &Source<'v>,
        schema: &'v Map<String, Value>,
        part: &Part<'v>,
        open: &mut Vec<Part<'v>>,
    ) {
        if self.description.is_none() && part.label.is_none() {
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
            self.is_open |= properties.len() > PROPERTIES_MAX;
            for (name, schema) in properties.iter().take(PROPERTIES_MAX) {
                self.add_property(name, schema, part.label.as_ref());
            }
        }
        // A field that one of several variants requires is not required in all of them.
        if part.is_certain
            && let Some(Value::Array(names)) = schema.get("required")
        {
            self.required.extend(names.iter().filter_map(Value::as_str));
        }
        self.add_items(schema);
        let admits_others = ["additionalProperties", "unevaluatedProperties"]
            .iter()
            .any(|key| !matches!(schema.get(*key), None | Some(Value::Bool(false))));
        // A dynamic reference leads to a schema that depends on where it is used.
        let is_unknown = ["patternProperties", "$dynamicRef", "$recursiveRef"]
            .iter()
            .any(|key| schema.contains_key(*key));
        if admits_others || is_unknown {
            self.is_open = true;
        }
        self.is_open |= Self::add_parts(source, schema, part, open);
    }

    fn add_property(&mut self, name: &'v str, schema: &'v Value, label: Option<&Label<'v>>) {
        match self.numbers.entry(schema) {
            Entry::Occupied(known) => self.properties[*known.get()].label = label.cloned(),
            Entry::Vacant(_) if self.properties.len() == PROPERTIES_MAX => self.is_open = true,
            Entry::Vacant(place) => {
                place.insert(self.properties.len());
                self.properties.push(Property {
                    name,
                    schema,
                    label: label.cloned(),
                });
            }
        }
    }

    fn add_items(&mut self, schema: &'v Map<String, Value>) {
        let listed: [&'v [Value]; 2] = [
            match schema.get("items") {
                Some(Value::Array(tuple)) => tuple,
                Some(items @ Value::Object(_)) => std::slice::from_ref(items),
                _ => &[],
            },
            match schema.get("prefixItems") {
                Some(Value::Array(tuple)) => tuple,
                _ => &[],
            },
        ];
        for items in listed {
            self.is_open |= items.len() > PARTS_MAX;
            for items in items.iter().take(PARTS_MAX) {
                if self.items.len() == PARTS_MAX {
                    self.is_open = true;
                    return;
                }
                if self.items_seen.insert(items) {
                    self.items.push(items);
                }
            }
        }
    }

    /// Adds the schemas that this one combines, the first of them last. Returns whether some were left out.
    fn add_parts(
        source: &Source<'v>,
        schema: &'v Map<String, Value>,
        part: &Part<'v>,
        open: &mut Vec<Part<'v>>,
    ) -> bool {
        let mut is_cut = false;
        let kinds = source.kinds();
        let family = kinds.family(part.schema);
        if !part.is_base {
            open.extend(family.kinds.iter().rev().map(|kind| Part {
                label: Some(kind.label.clone()),
                ..part.possible(kind.schema)
            }));
        }
        for key in ["then", "else"] {
            open.extend(schema.get(key).map(|branch| part.possible(branch)));
        }
        if let Some(Value::Object(branches)) = schema.get("dependentSchemas") {
            is_cut |= branches.len() > PARTS_MAX;
            let branches = branches.values().take(PARTS_MAX);
            open.extend(branches.map(|branch| part.possible(branch)));
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(Value::Array(variants)) = schema.get(key) {
                is_cut |= variants.len() > PARTS_MAX;
                let variants = variants.iter().take(PARTS_MAX);
                open.extend(variants.rev().map(|variant| {
                    Part {
                        label: kinds
                            .label_of_variant(&family, variant)
                            .or_else(|| part.label.clone()),
                        ..part.possible(variant)
                    }
                }));
            }
        }
        if let Some(Value::Array(bases)) = schema.get("allOf") {
            let is_base = kinds.is_kind(part.schema);
            is_cut |= bases.len() > PARTS_MAX;
            let bases = bases.iter().take(PARTS_MAX);
            open.extend(bases.rev().map(|base| Part {
                schema: base,
                is_base,
                ..part.clone()
            }));
        }
        is_cut
    }

    fn add_kind(&mut self, kind: &'v str) {
        if kind == "null" || self.kinds.contains(&kind) {
            return;
        }
        if self.kinds.len() == TYPES_MAX {
            self.is_open = true;
        } else {
            self.kinds.push(kind);
        }
    }

    /// Returns whether it may have unlisted members.
    pub(super) fn admits_more(&self) -> bool {
        let is_scalar = !self.kinds.is_empty()
            && !self
                .kinds
                .iter()
                .any(|kind| ["object", "array"].contains(kind));
        let says_nothing = self.properties.is_empty() && self.items.is_empty();
        self.is_open || (says_nothing && !is_scalar)
    }

    pub(super) fn field(&self) -> Field {
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

    /// Returns a sentence on the kinds of the value that have a property; `None` if any may have it.
    pub(super) fn note(&self, name: &str) -> Option<String> {
        let mut field = None;
        let mut values: Vec<&str> = Vec::new();
        let of_name = |property: &&Property<'v>| property.name == name;
        for property in self.properties.iter().filter(of_name) {
            let label = property.label.as_ref()?;
            field = field.or(label.field);
            for value in &label.values {
                if !values.contains(value) {
                    values.push(value);
                }
            }
        }
        let mut names: Vec<String> = values
            .iter()
            .take(NOTED_MAX)
            .map(|value| text::cut(value, NOTED_CHARS_MAX))
            .collect();
        if values.len() > NOTED_MAX {
            names.push("others".to_owned());
        }
        let names = match names.split_last()? {
            (last, []) => last.clone(),
            (last, others) => format!("{} or {last}", others.join(", ")),
        };
        Some(match field {
            Some(field) => format!("Only if {} is {names}.", text::cut(field, NOTED_CHARS_MAX)),
            None => format!("Only for {names}."),
        })
    }
}
