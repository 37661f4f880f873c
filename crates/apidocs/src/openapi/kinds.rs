//! Schemas that come in several kinds, named by a discriminator: the kinds of a base are the schemas
//! that build on it by `allOf`, and those that its mapping names.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde_json::Value;

use crate::pointer;

/// The limit on the kinds of one schema. Descriptions have up to a few dozen; each repeats the fields of its base.
const KINDS_MAX: usize = 64;

/// The limit on the levels of schemas that build on one another. Real ones have two or three; it ends a circle.
const LEVELS_MAX: usize = 8;

/// The places of named schemas.
const HOMES: [&str; 2] = ["/components/schemas", "/definitions"];

/// Which named schemas build on which.
#[derive(Debug)]
pub(super) struct Kinds<'v> {
    root: &'v Value,
    children: HashMap<*const Value, Vec<Named<'v>>>,
    parents: HashMap<*const Value, Vec<&'v Value>>,
    /// The families that were looked up. Each is found once, because documents refer to a schema often.
    families: RefCell<HashMap<*const Value, Rc<Family<'v>>>>,
}

/// The kinds of a schema.
#[derive(Debug, Default)]
pub(super) struct Family<'v> {
    /// The schemas that build on it, or that its mapping names.
    pub(super) kinds: Vec<Kind<'v>>,
    /// The field that names the kind, if the schema has a discriminator of its own.
    field: Option<&'v str>,
    has_own_discriminator: bool,
}

/// A schema and its name.
#[derive(Clone, Copy, Debug)]
struct Named<'v> {
    name: &'v str,
    schema: &'v Value,
}

/// A kind of a schema.
#[derive(Clone, Debug)]
pub(super) struct Kind<'v> {
    pub(super) schema: &'v Value,
    pub(super) label: Label<'v>,
}

/// How a kind is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label<'v> {
    /// The field that names it, if the document says which.
    pub(super) field: Option<&'v str>,
    /// The values of that field. A value that the mapping does not list is the name of a schema.
    pub(super) values: Vec<&'v str>,
}

impl<'v> Kinds<'v> {
    pub(super) fn of(root: &'v Value) -> Self {
        let mut kinds = Self {
            root,
            children: HashMap::new(),
            parents: HashMap::new(),
            families: RefCell::default(),
        };
        for named in named_schemas(root) {
            let own: *const Value = named.schema;
            let parts = named.schema.get("allOf").and_then(Value::as_array);
            for part in parts.into_iter().flatten() {
                let Some(base) = target(root, part) else {
                    continue;
                };
                let children: &mut Vec<Named<'v>> =
                    kinds.children.entry(std::ptr::from_ref(base)).or_default();
                let last = children.last();
                if last.is_some_and(|last| std::ptr::eq(last.schema, own)) {
                    continue;
                }
                children.push(named);
                kinds.parents.entry(own).or_default().push(base);
            }
        }
        kinds
    }

    /// Returns whether a schema builds on another as one of its kinds. Such a schema contains the base
    /// without its other kinds.
    pub(super) fn is_kind(&self, schema: &Value) -> bool {
        self.parents.contains_key(&std::ptr::from_ref(schema))
    }

    /// Returns the kinds of a schema that has a discriminator, or builds on one that has.
    pub(super) fn family(&self, schema: &'v Value) -> Rc<Family<'v>> {
        let own: *const Value = schema;
        if let Some(known) = self.families.borrow().get(&own) {
            return Rc::clone(known);
        }
        let family = Rc::new(self.find_family(schema));
        self.families.borrow_mut().insert(own, Rc::clone(&family));
        family
    }

    fn find_family(&self, schema: &'v Value) -> Family<'v> {
        let Some(discriminator) = self.discriminator(schema) else {
            return Family::default();
        };
        let field = field(discriminator);
        let mut kinds: Vec<Kind<'v>> = Vec::new();
        let is_own = schema.get("discriminator").is_some();
        let mapped = mapping(self.root, discriminator);
        let mut descendants = self.descendants(schema);
        for (value, kind) in mapped {
            let is_below = || {
                descendants
                    .iter()
                    .any(|named| std::ptr::eq(named.schema, kind))
            };
            if std::ptr::eq(kind, schema) || !is_own && !is_below() {
                continue;
            }
            match position(&kinds, kind) {
                Some(known) => kinds[known].label.values.push(value),
                None => kinds.push(Kind::new(kind, field, value)),
            }
        }
        descendants.retain(|named| position(&kinds, named.schema).is_none());
        let named = descendants.into_iter();
        kinds.extend(named.map(|named| Kind::new(named.schema, field, named.name)));
        self.add_values_of_descendants(&mut kinds);
        Family {
            kinds,
            field,
            has_own_discriminator: is_own,
        }
    }

    /// Adds to the values of each kind those of the kinds that build on it: they have its fields too.
    fn add_values_of_descendants(&self, kinds: &mut [Kind<'v>]) {
        let own: Vec<Label<'v>> = kinds.iter().map(|kind| kind.label.clone()).collect();
        for number in 0..kinds.len() {
            for below in self.descendants(kinds[number].schema) {
                let other = position(kinds, below.schema);
                if let Some(other) = other.filter(|other| *other != number) {
                    kinds[number].label.values.extend(&own[other].values);
                }
            }
        }
    }

    /// Returns how the discriminator of a schema names one of its variants (`oneOf`, `anyOf`), which is a
    /// reference.
    pub(super) fn label_of_variant(
        &self,
        family: &Family<'v>,
        variant: &'v Value,
    ) -> Option<Label<'v>> {
        if !family.has_own_discriminator {
            return None;
        }
        let reference = variant.get("$ref").and_then(Value::as_str)?;
        let schema = target(self.root, variant)?;
        if let Some(known) = position(&family.kinds, schema) {
            return Some(family.kinds[known].label.clone());
        }
        let below = self.descendants(schema).into_iter();
        let values = [name_in(reference)]
            .into_iter()
            .chain(below.map(|named| named.name));
        Some(Label {
            field: family.field,
            values: values.collect(),
        })
    }

    fn discriminator(&self, schema: &'v Value) -> Option<&'v Value> {
        let mut level = vec![schema];
        for _ in 0..LEVELS_MAX {
            let found = level.iter().find_map(|schema| schema.get("discriminator"));
            if found.is_some() {
                return found;
            }
            let parents = level.iter().filter_map(|schema| {
                let schema: *const Value = *schema;
                self.parents.get(&schema)
            });
            level = parents.flatten().copied().take(KINDS_MAX).collect();
        }
        None
    }

    /// Returns the schemas that build on a schema, or on one that does.
    fn descendants(&self, schema: &'v Value) -> Vec<Named<'v>> {
        let mut found: Vec<Named<'v>> = Vec::new();
        let mut seen = HashSet::from([std::ptr::from_ref(schema)]);
        let mut open = vec![schema];
        while let Some(base) = open.pop() {
            let children = self.children.get(&std::ptr::from_ref(base));
            for child in children.into_iter().flatten() {
                // One more than is read shows that not all are known.
                if found.len() > KINDS_MAX {
                    return found;
                }
                if seen.insert(std::ptr::from_ref(child.schema)) {
                    found.push(*child);
                    open.push(child.schema);
                }
            }
        }
        found
    }
}

/// Returns the position of a schema among the kinds.
fn position(kinds: &[Kind<'_>], schema: &Value) -> Option<usize> {
    kinds
        .iter()
        .position(|kind| std::ptr::eq(kind.schema, schema))
}

/// Returns the last segment of a reference, which is the name of the schema.
fn name_in(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

impl<'v> Kind<'v> {
    fn new(schema: &'v Value, field: Option<&'v str>, value: &'v str) -> Self {
        let values = vec![value];
        Self {
            schema,
            label: Label { field, values },
        }
    }
}

impl Label<'_> {
    /// Returns whether it includes all values of another.
    pub(super) fn includes(&self, other: &Self) -> bool {
        self.field == other.field && other.values.iter().all(|value| self.values.contains(value))
    }
}

/// Returns the field that names the kind. In Swagger 2.0 the discriminator is its name.
fn field(discriminator: &Value) -> Option<&str> {
    discriminator
        .as_str()
        .or_else(|| discriminator.get("propertyName")?.as_str())
}

/// Returns the values of a discriminator, with their schemas.
fn mapping<'v>(root: &'v Value, discriminator: &'v Value) -> Vec<(&'v str, &'v Value)> {
    let mapping = discriminator.get("mapping").and_then(Value::as_object);
    // One more than is read shows that not all are known.
    let entries = mapping.into_iter().flatten().take(KINDS_MAX + 1);
    entries
        .filter_map(|(value, to)| Some((value.as_str(), mapped(root, to.as_str()?)?)))
        .collect()
}

/// Returns the schema that a mapping names, by its name or as a reference.
fn mapped<'v>(root: &'v Value, to: &str) -> Option<&'v Value> {
    match to.strip_prefix('#') {
        Some(pointer) => pointer::follow(root, pointer).ok(),
        None => HOMES.iter().find_map(|home| root.pointer(home)?.get(to)),
    }
}

fn named_schemas(root: &Value) -> impl Iterator<Item = Named<'_>> {
    let homes = HOMES
        .iter()
        .filter_map(|home| root.pointer(home)?.as_object());
    homes.flatten().map(|(name, schema)| Named { name, schema })
}

/// Returns the schema that a reference leads to.
fn target<'v>(root: &'v Value, part: &'v Value) -> Option<&'v Value> {
    let mut schema = part;
    for _ in 0..pointer::HOPS_MAX {
        let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
            return (!std::ptr::eq(schema, part)).then_some(schema);
        };
        schema = pointer::follow(root, reference.strip_prefix('#')?).ok()?;
    }
    None
}
