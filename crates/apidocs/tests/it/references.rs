//! References into other operations, into responses, and into sections of the author's own.

use serde_json::{Value, json};

use crate::support::openapi;

const USER: &str =
    r#"{"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}"#;

/// Returns a document whose POST bodies are these references, with what they may refer to.
fn document(references: &[&str]) -> String {
    let paths: Vec<String> = references
        .iter()
        .enumerate()
        .map(|(number, reference)| {
            format!(
                r#""/post/{number}": {{"post": {{"requestBody": {{"content": {{
                    "application/json": {{"schema": {{"$ref": "{reference}"}}}}}}}}}}}}"#
            )
        })
        .collect();
    format!(
        r##"{{"openapi": "3.0.0", "paths": {{
            "/users/{{id}}": {{"get": {{
                "parameters": [{{"name": "id", "in": "path", "schema": {USER}}}],
                "responses": {{"200": {{"content": {{"application/json": {{"schema": {USER}}}}}}},
                    "201": {{"$ref": "#/components/responses/User"}}}},
                "callbacks": {{"done": {{"{{$request.body#/url}}": {{"post": {{"requestBody": {{
                    "content": {{"application/json": {{"schema": {USER}}}}}}}}}}}}}}}}}}},
            {}}},
            "components": {{
                "responses": {{"User": {{"content": {{"application/json": {{"schema": {USER}}}}}}},
                    "Chained": {{"content": {{"application/json": {{"schema": {{
                        "$ref": "#/x-schemas/again"}}}}}}}}}},
                "examples": {{"User": {{"value": 1, "schema": {USER}}}}},
                "headers": {{"User": {{"schema": {USER}}}}}}},
            "x-schemas": {{"User": {USER}, "again": {{"$ref": "#/x-schemas/User"}}, "list": [1, {USER}]}}}}"##,
        paths.join(",")
    )
}

#[test]
fn every_part_of_a_document_can_be_referred_to() {
    let references = [
        "#/paths/~1users~1{id}/get/responses/200/content/application~1json/schema",
        "#/paths/~1users~1%7Bid%7D/get/responses/200/content/application~1json/schema",
        "#/paths/~1users~1{id}/get/responses/201/content/application~1json/schema",
        "#/paths/~1users~1{id}/get/parameters/0/schema",
        "#/paths/~1users~1{id}/get/callbacks/done/{$request.body%23~1url}/post/requestBody/content/application~1json/schema",
        "#/paths/~1post~10/post/requestBody/content/application~1json/schema",
        "#/components/responses/User/content/application~1json/schema",
        "#/components/responses/Chained/content/application~1json/schema",
        "#/components/examples/User/schema",
        "#/components/headers/User/schema",
        "#/x-schemas/User",
        "#/x-schemas/list/1",
    ];
    let json = document(&references);
    let yaml = format!("# In YAML\n{json}");
    for text in [json, yaml] {
        let document = openapi(&text);
        assert_eq!(document.warnings, [""; 0]);
        assert_eq!(document.operations.len(), references.len() + 1);
        for operation in &document.operations[1..] {
            let fields: Vec<&str> = operation
                .body
                .fields
                .iter()
                .map(|field| &*field.pointer)
                .collect();
            assert_eq!(fields, ["/name", "/age"], "{}", operation.id);
            assert!(!operation.body.is_open, "{}", operation.id);
        }
    }
}

#[test]
fn a_reference_to_nothing_is_reported_and_leaves_the_rest() {
    let references = [
        "#/paths/~1users~1{id}/get/responses/404/content/application~1json/schema",
        "#/x-schemas/Nobody",
        "#/components/responses/User/content/application~1json/schema",
    ];
    let document = openapi(&document(&references));
    assert_eq!(document.warnings.len(), 2, "{:?}", document.warnings);
    for (warning, reference) in document.warnings.iter().zip(references) {
        assert_eq!(
            *warning,
            format!("{reference}: is a reference to nothing in this document")
        );
    }
    assert!(document.operations[1].body.is_open);
    assert_eq!(document.operations[3].body.fields.len(), 2);
}

#[test]
fn chains_of_references_through_skipped_parts_end() {
    let chain: Vec<String> = (0..200)
        .map(|number| format!(r##""s{number}": {{"$ref": "#/x-s/s{}"}}"##, number + 1))
        .collect();
    let text = format!(
        r##"{{"openapi": "3.0.0", "paths": {{"/a": {{"post": {{"requestBody": {{"content": {{"a/b": {{
            "schema": {{"$ref": "#/x-s/s0"}}}}}}}}}}}}}}, "x-s": {{{}}}}}"##,
        chain.join(",")
    );
    let document = openapi(&text);
    assert!(document.operations[0].body.is_open);
    assert_eq!(document.warnings.len(), 1, "{:?}", document.warnings);
}

#[test]
fn a_long_list_that_thousands_of_paths_refer_to_is_not_read_for_all_of_them() {
    let parameters: Vec<Value> = (0..10_000)
        .map(|number| json!({"name": format!("p{number}"), "in": "query"}))
        .collect();
    let scopes: Vec<Value> = (0..10_000).map(|_| json!({"key": []})).collect();
    let mut paths = serde_json::Map::new();
    paths.insert(
        "/first".to_owned(),
        json!({"parameters": parameters, "get": {"responses": {}}}),
    );
    for number in 0..5_000 {
        let path = format!("/again/{number}");
        paths.insert(path, json!({"$ref": "#/paths/~1first"}));
    }
    let document =
        openapi(&json!({"openapi": "3.1.0", "security": scopes, "paths": paths}).to_string());
    let read: Vec<usize> = document
        .operations
        .iter()
        .map(|operation| operation.parameters.len())
        .collect();
    assert_eq!(
        (read.len(), read.first(), read.last()),
        (5_001, Some(&200), Some(&0))
    );
}
