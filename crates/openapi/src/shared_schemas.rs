//! Names for schemas that are written out where a list of them is described.

use serde_json::{Map, Value, json};

/// Replaces each copy of a named schema with a reference to it, so that every named schema is used.
pub(super) fn refer(document: &mut Value) {
    let text = document.to_string();
    let mut unused = document["components"]["schemas"].clone();
    let Some(unused) = unused.as_object_mut() else {
        return;
    };
    unused.retain(|name, _| !text.contains(&format!("\"{}\"", reference(name))));
    for part in ["components", "paths"] {
        replace(&mut document[part], unused);
    }
    // The schemas themselves became references, too. Only what is in them may be a copy of another.
    for (name, schema) in &*unused {
        let mut schema = schema.clone();
        replace_within(&mut schema, unused);
        document["components"]["schemas"][name] = schema;
    }
}

fn reference(name: &str) -> String {
    format!("#/components/schemas/{name}")
}

fn replace(value: &mut Value, unused: &Map<String, Value>) {
    if let Some((name, _)) = unused.iter().find(|(_, schema)| *schema == value) {
        *value = json!({"$ref": reference(name)});
    } else {
        replace_within(value, unused);
    }
}

fn replace_within(value: &mut Value, unused: &Map<String, Value>) {
    match value {
        Value::Object(members) => members
            .values_mut()
            .for_each(|inner| replace(inner, unused)),
        Value::Array(items) => items.iter_mut().for_each(|inner| replace(inner, unused)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_a_schema_become_references_and_the_schema_remains() {
        let entry = json!({"type": "object", "properties": {"id": {"type": "integer"}}});
        let text = json!({"type": "string"});
        let schemas = json!({
            "Entry": entry, "Text": text, "List": {"type": "array", "items": entry},
            "Used": {"$ref": "#/components/schemas/Text"},
        });
        let mut document = json!({
            "components": {"schemas": schemas},
            "paths": {"/a": {"get": {"schema": entry}}, "/b": {"get": {"schema": text}}},
        });
        refer(&mut document);
        let named = json!({"$ref": "#/components/schemas/Entry"});
        assert_eq!(document["components"]["schemas"]["Entry"], entry);
        assert_eq!(document["components"]["schemas"]["List"]["items"], named);
        assert_eq!(document["paths"]["/a"]["get"]["schema"], named);
        // It has a reference already.
        assert_eq!(document["paths"]["/b"]["get"]["schema"], text);
    }
}
