//! JSON pointers (RFC 6901), as references in documents use them.

use serde_json::Value;

use crate::text::percent_decoded;

/// The length limit of a chain of references. It ends a circle of references, which needs no search for one.
pub(crate) const HOPS_MAX: usize = 32;

/// Returns the parts of a pointer, unescaped.
pub(crate) fn parts(pointer: &str) -> impl Iterator<Item = String> {
    let below = pointer.strip_prefix('/').unwrap_or(pointer);
    let parts = (!pointer.is_empty()).then(|| below.split('/'));
    parts.into_iter().flatten().map(unescaped)
}

fn unescaped(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// Encodes a name as a part of a pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Returns the value that a reference within a document leads to, given what follows its `#`. Bundlers
/// write pointers that lead through other references; these are followed on the way.
///
/// The error is the pointer that leads to nothing.
pub(crate) fn follow<'v>(root: &'v Value, reference: &str) -> Result<&'v Value, String> {
    let mut pointer = percent_decoded(reference).into_owned();
    for _ in 0..HOPS_MAX {
        match step_through(root, &pointer) {
            Step::Found(value) => return Ok(value),
            Step::Elsewhere(other) => pointer = other,
            Step::Missing => break,
        }
    }
    // Some documents refer to a schema by its name alone: `#Pet` or `#/Pet`.
    let name = pointer.trim_start_matches('/');
    if !name.is_empty() && !name.contains('/') {
        let homes = ["/components/schemas/", "/definitions/"];
        let named = homes
            .iter()
            .find_map(|home| root.pointer(&format!("{home}{name}")));
        if let Some(schema) = named {
            return Ok(schema);
        }
    }
    Err(pointer)
}

enum Step<'v> {
    Found(&'v Value),
    /// A reference on the way replaces the pointer.
    Elsewhere(String),
    Missing,
}

fn step_through<'v>(root: &'v Value, pointer: &str) -> Step<'v> {
    let mut value = root;
    let mut rest = pointer;
    while let Some(below) = rest.strip_prefix('/') {
        let (part, behind) = below.split_at(below.find('/').unwrap_or(below.len()));
        let name = unescaped(part);
        let next = match value {
            Value::Object(members) => members.get(&name),
            Value::Array(list) => name.parse().ok().and_then(|at: usize| list.get(at)),
            _ => None,
        };
        if let Some(next) = next {
            (value, rest) = (next, behind);
            continue;
        }
        let reference = value.get("$ref").and_then(Value::as_str);
        return match reference.and_then(|reference| reference.strip_prefix('#')) {
            Some(elsewhere) => Step::Elsewhere(format!("{}{rest}", percent_decoded(elsewhere))),
            None => Step::Missing,
        };
    }
    if rest.is_empty() {
        Step::Found(value)
    } else {
        Step::Missing
    }
}

/// Returns the pointers of all references in a tree that lead to nothing in it.
pub(crate) fn missing(root: &Value) -> Vec<String> {
    let mut missing = Vec::new();
    let mut open = vec![root];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(list) => open.extend(list),
            Value::Object(members) => {
                let reference = members.get("$ref").and_then(Value::as_str);
                if let Some(pointer) = reference.and_then(|reference| reference.strip_prefix("#/"))
                    && let Err(pointer) = follow(root, &format!("/{pointer}"))
                {
                    missing.push(pointer);
                }
                open.extend(members.values());
            }
            _ => {}
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pointer_is_followed_through_references_and_escapes() {
        let root = json!({
            "paths": {"/users/{id}": {"get": {"responses": {"200": {"$ref": "#/components/responses/User"}}}}},
            "components": {"responses": {"User": {"list": [{"a~b": 1}]}}, "schemas": {"Pet": 2}},
            "round": {"$ref": "#/round"},
        });
        let at = |reference: &str| follow(&root, reference).map(ToString::to_string);
        let through = "/paths/~1users~1%7Bid%7D/get/responses/200/list/0/a~0b";
        assert_eq!(at(through).as_deref(), Ok("1"));
        assert_eq!(at("Pet").as_deref(), Ok("2"));
        assert_eq!(at("/components/schemas").as_deref(), Ok("{\"Pet\":2}"));
        assert_eq!(at("").unwrap(), root.to_string());
        let nowhere = "/paths/~1users~1{id}/get/responses/200/content";
        assert_eq!(
            at(nowhere).unwrap_err(),
            "/components/responses/User/content"
        );
        assert!(at("/round/x").is_err());
        assert!(at("/paths/users").is_err());
    }

    #[test]
    fn references_to_nothing_are_listed() {
        let root = json!({"a": [{"$ref": "#/b/c"}, {"$ref": "#/a"}, {"$ref": "x.json"}], "b": {}});
        assert_eq!(missing(&root), ["/b/c"]);
    }
}
