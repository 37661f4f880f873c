//! Reduces an `OpenAPI` document to the selected paths and what they refer to.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::pointer;
use crate::text::percent_decoded;

/// The objects whose members are kept only if something refers to them. Schemas come first.
const HOMES: [&str; 12] = [
    "/components/schemas",
    "/definitions",
    "/components/parameters",
    "/components/requestBodies",
    "/components/responses",
    "/components/pathItems",
    "/components/headers",
    "/components/examples",
    "/components/links",
    "/components/callbacks",
    "/parameters",
    "/responses",
];

/// The number of homes that hold schemas.
const SCHEMA_HOMES: usize = 2;

/// A member of a home.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Member {
    home: usize,
    name: String,
}

/// Removes the members of a document's components to which nothing refers.
pub(crate) fn reduce(tree: &mut Value) {
    let kept = Reach::of(tree).kept;
    for (home, place) in HOMES.iter().enumerate() {
        if let Some(Value::Object(members)) = tree.pointer_mut(place) {
            members.retain(|name, _| {
                let name = name.clone();
                kept.contains(&Member { home, name })
            });
        }
    }
}

struct Reach<'t> {
    homes: Vec<Option<&'t Map<String, Value>>>,
    kept: HashSet<Member>,
    open: Vec<&'t Value>,
}

impl<'t> Reach<'t> {
    fn of(tree: &'t Value) -> Self {
        let mut reach = Self {
            homes: HOMES
                .iter()
                .map(|place| tree.pointer(place)?.as_object())
                .collect(),
            kept: HashSet::new(),
            open: Vec::new(),
        };
        reach.start(tree);
        let children = reach.children();
        while let Some(value) = reach.open.pop() {
            let found = match value {
                Value::Array(list) => {
                    reach.open.extend(list);
                    continue;
                }
                Value::Object(members) => {
                    reach.open.extend(members.values());
                    Self::mapped(members)
                }
                Value::String(text) => Self::referred(text),
                _ => continue,
            };
            let mut found: Vec<Member> = found;
            while let Some(member) = found.pop() {
                let home = reach.homes[member.home];
                let Some(value) = home.and_then(|home| home.get(&member.name)) else {
                    continue;
                };
                if reach.kept.insert(member.clone()) {
                    reach.open.push(value);
                    found.extend(children.get(&member).into_iter().flatten().cloned());
                }
            }
        }
        reach
    }

    /// Opens everything outside of the homes.
    fn start(&mut self, tree: &'t Value) {
        let mut outside = |holder: &'t Value, at: &str| {
            for (key, value) in holder.as_object().into_iter().flatten() {
                let place = format!("{at}/{key}");
                if place != "/components" && !HOMES.contains(&place.as_str()) {
                    self.open.push(value);
                }
            }
        };
        outside(tree, "");
        if let Some(components) = tree.get("components") {
            outside(components, "/components");
        }
    }

    /// Returns the schemas that build on each schema by `allOf`. They may be kinds of it, which it does not
    /// name.
    fn children(&self) -> HashMap<Member, Vec<Member>> {
        let mut children: HashMap<Member, Vec<Member>> = HashMap::new();
        for home in 0..SCHEMA_HOMES {
            for (name, schema) in self.homes[home].into_iter().flatten() {
                let bases = schema.get("allOf").and_then(Value::as_array);
                for base in bases.into_iter().flatten() {
                    let reference = base.get("$ref").and_then(Value::as_str);
                    for base in Self::referred(reference.unwrap_or_default()) {
                        let name = name.clone();
                        let has_kinds = self.has_kinds(&base);
                        let child = Member { home, name };
                        if has_kinds {
                            children.entry(base).or_default().push(child);
                        }
                    }
                }
            }
        }
        children
    }

    /// Returns whether a schema may come in several kinds. One that builds on another may, too.
    fn has_kinds(&self, member: &Member) -> bool {
        let schema = self.homes[member.home].and_then(|home| home.get(&member.name));
        schema.is_some_and(|schema| {
            schema.get("discriminator").is_some() || schema.get("allOf").is_some()
        })
    }

    /// Returns the member that a reference leads to or into.
    fn referred(reference: &str) -> Vec<Member> {
        let Some(json_pointer) = reference.strip_prefix('#') else {
            return Vec::new();
        };
        let parts: Vec<String> = pointer::parts(&percent_decoded(json_pointer)).collect();
        let found = HOMES.iter().enumerate().find_map(|(home, place)| {
            let names: Vec<&str> = place.split('/').skip(1).collect();
            let is_below = parts.len() > names.len()
                && parts.iter().zip(&names).all(|(part, name)| part == name);
            let name = is_below.then(|| parts[names.len()].clone())?;
            Some(Member { home, name })
        });
        match (found, parts.as_slice()) {
            (Some(found), _) => vec![found],
            (None, [name]) => by_name(name),
            _ => Vec::new(),
        }
    }

    /// Returns the schemas that a discriminator names.
    fn mapped(members: &Map<String, Value>) -> Vec<Member> {
        let discriminator = members.get("discriminator");
        let mapping = discriminator.and_then(|value| value.get("mapping")?.as_object());
        let names = mapping.into_iter().flatten();
        let names = names.filter_map(|(_, name)| name.as_str());
        names
            .filter(|name| !name.starts_with('#'))
            .flat_map(by_name)
            .collect()
    }
}

/// Returns the schemas that may have a name.
fn by_name(name: &str) -> Vec<Member> {
    (0..SCHEMA_HOMES)
        .map(|home| Member {
            home,
            name: name.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_referred_to_is_kept() {
        let mut tree = json!({
            "paths": {"/a": {"post": {"requestBody": {"$ref": "#/components/requestBodies/A"}}}},
            "components": {
                "requestBodies": {"A": {"schema": {"$ref": "#/components/schemas/Base"}}, "B": {}},
                "schemas": {
                    "Base": {"discriminator": {"propertyName": "x", "mapping": {"n": "Named"}}},
                    "Child": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"$ref": "#Bare"}]},
                    "Grandchild": {"allOf": [{"$ref": "#/components/schemas/Child"}]},
                    "Named": {"properties": {"a": {"$ref": "#/components/schemas/Of~1Name/items"}}},
                    "Of/Name": {"items": {}},
                    "Bare": {},
                    "Plain": {"allOf": [{"$ref": "#/components/schemas/Bare"}]},
                    "Other": {"$ref": "#/components/schemas/Base"},
                },
                "securitySchemes": {"s": {}},
            },
            "definitions": {"D": {}},
        });
        reduce(&mut tree);
        let names = |place: &str| -> Vec<String> {
            let members = tree.pointer(place).unwrap().as_object().unwrap();
            members.keys().cloned().collect()
        };
        assert_eq!(
            names("/components/schemas"),
            ["Base", "Child", "Grandchild", "Named", "Of/Name", "Bare"]
        );
        assert_eq!(names("/components/requestBodies"), ["A"]);
        assert_eq!(names("/components/securitySchemes"), ["s"]);
        assert_eq!(names("/definitions"), [""; 0]);
    }
}
