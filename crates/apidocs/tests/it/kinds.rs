//! Schemas that come in several kinds.

use gaiterguard_apidocs::{Body, Documented};

use crate::support::openapi;

/// Returns the body of an operation, given its schema and the named schemas, in `OpenAPI` 3 and Swagger 2.0.
fn bodies(schema: &str, schemas: &str) -> [Body; 2] {
    let three = format!(
        r#"{{"openapi": "3.0.0", "paths": {{"/a": {{"post": {{"requestBody": {{"content": {{
            "application/json": {{"schema": {schema}}}}}}}}}}}}},
            "components": {{"schemas": {schemas}}}}}"#
    );
    let two = format!(
        r#"{{"swagger": "2.0", "paths": {{"/a": {{"post": {{"parameters": [
            {{"in": "body", "name": "b", "schema": {schema}}}]}}}}}}, "definitions": {schemas}}}"#
    );
    let two = two.replace("#/components/schemas/", "#/definitions/");
    [three, two].map(|text| {
        let document = openapi(&text);
        assert_eq!(document.warnings, [""; 0]);
        document.operations[0].body.clone()
    })
}

fn described(body: &Body) -> Vec<(&str, bool, &str)> {
    body.fields
        .iter()
        .map(|field| {
            let description = field.description.as_deref().unwrap_or_default();
            (field.pointer.as_str(), field.required, description)
        })
        .collect()
}

const PETS: &str = r##"{
    "Pet": {"type": "object", "required": ["petType"], "properties": {"petType": {"type": "string"}},
        "discriminator": {"propertyName": "petType", "mapping": {
            "cat": "#/components/schemas/Cat", "kitty": "Cat", "hound": "Dog", "gone": "#/nowhere"}}},
    "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "object", "required": ["meowVolume"],
        "properties": {"meowVolume": {"type": "integer", "description": "How loud."}}}]},
    "Dog": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "object",
        "properties": {"packSize": {"type": "integer"}, "bark": {"$ref": "#/components/schemas/Bark"}}}]},
    "Lizard": {"allOf": [{"$ref": "#/components/schemas/Pet"}], "properties": {"love": {"type": "boolean"}}},
    "Lion": {"allOf": [{"$ref": "#/components/schemas/Cat"}], "properties": {"pride": {"type": "string"}}},
    "Bark": {"type": "object", "properties": {"loud": {"type": "boolean"}}},
    "Stone": {"type": "object", "properties": {"weight": {"type": "number"}}}
}"##;

#[test]
fn the_fields_of_all_kinds_are_known() {
    for schema in [
        r##"{"$ref": "#/components/schemas/Pet"}"##,
        r##"{"allOf": [{"$ref": "#/components/schemas/Pet"}]}"##,
    ] {
        for body in bodies(schema, PETS) {
            let mut fields = described(&body);
            fields.sort_unstable();
            let expected = [
                ("/bark", false, "Only if petType is hound."),
                ("/bark/loud", false, ""),
                ("/love", false, "Only if petType is Lizard."),
                (
                    "/meowVolume",
                    false,
                    "Only if petType is cat, kitty or Lion. How loud.",
                ),
                ("/packSize", false, "Only if petType is hound."),
                ("/petType", true, ""),
                ("/pride", false, "Only if petType is Lion."),
            ];
            assert_eq!(fields, expected);
            assert!(!body.is_open);
            assert_eq!(body.documents("/weight"), Documented::No);
        }
    }
}

#[test]
fn one_kind_has_its_own_fields_and_those_of_its_base() {
    for body in bodies(r##"{"$ref": "#/components/schemas/Cat"}"##, PETS) {
        let mut fields = described(&body);
        fields.sort_unstable();
        let expected = [
            ("/meowVolume", true, "How loud."),
            ("/petType", true, ""),
            ("/pride", false, "Only if petType is Lion."),
        ];
        assert_eq!(fields, expected);
    }
}

#[test]
fn kinds_without_a_mapping_are_named_by_their_schemas() {
    let schemas = r##"{
        "Base": {"discriminator": {"propertyName": "type"}, "properties": {"type": {"type": "string"}}},
        "A": {"allOf": [{"$ref": "#/components/schemas/Base"}], "properties": {"a": {"type": "string"}}},
        "B": {"allOf": [{"$ref": "#/components/schemas/Base"}], "properties": {"b": {"type": "string"}}}}"##;
    let list = r##"{"type": "array", "items": {"$ref": "#/components/schemas/Base"}}"##;
    for body in bodies(list, schemas) {
        let fields = described(&body);
        assert!(
            fields.contains(&("/*/a", false, "Only if type is A.")),
            "{fields:?}"
        );
        assert!(
            fields.contains(&("/*/b", false, "Only if type is B.")),
            "{fields:?}"
        );
        assert_eq!(body.documents("/0/c"), Documented::No);
    }
    let swagger = schemas.replace(r#"{"propertyName": "type"}"#, "\"type\"");
    for body in bodies(list, &swagger) {
        let fields = described(&body);
        assert!(
            fields.contains(&("/*/a", false, "Only if type is A.")),
            "{fields:?}"
        );
    }
}

#[test]
fn variants_say_when_they_apply_and_share_their_base() {
    let body = r##"{"discriminator": {"propertyName": "petType", "mapping": {"dog": "#/components/schemas/Dog"}},
        "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]}"##;
    let schemas = PETS.replace("\"mapping\"", "\"x-mapping\"");
    for body in bodies(body, &schemas) {
        let fields = described(&body);
        for field in [
            ("/petType", false, ""),
            (
                "/meowVolume",
                false,
                "Only if petType is Cat or Lion. How loud.",
            ),
            ("/packSize", false, "Only if petType is dog."),
        ] {
            assert!(fields.contains(&field), "{fields:?}");
        }
        assert!(
            !fields.iter().any(|(pointer, ..)| *pointer == "/love"),
            "{fields:?}"
        );
    }
}

#[test]
fn fields_that_depend_on_others_are_known() {
    let schema = r#"{"type": "object", "properties": {"country": {"type": "string"}},
        "if": {"properties": {"country": {"const": "US"}}},
        "then": {"properties": {"zip": {"type": "string"}}, "required": ["zip"]},
        "else": {"properties": {"postcode": {"type": "string"}}},
        "dependentSchemas": {"card": {"properties": {"address": {"type": "string"}}}}}"#;
    for body in bodies(schema, "{}") {
        let mut fields = described(&body);
        fields.sort_unstable();
        let pointers: Vec<_> = fields
            .iter()
            .map(|(pointer, required, _)| (*pointer, *required))
            .collect();
        let expected =
            ["/address", "/country", "/postcode", "/zip"].map(|pointer| (pointer, false));
        assert_eq!(pointers, expected);
    }
    for open in [
        r#"{"properties": {"a": {}}, "unevaluatedProperties": {"type": "string"}}"#,
        r##"{"properties": {"a": {}}, "$dynamicRef": "#node"}"##,
    ] {
        assert!(bodies(open, "{}").iter().all(|body| body.is_open), "{open}");
    }
}

#[test]
fn kinds_without_measure_leave_the_body_open() {
    let kinds: Vec<String> = (0..3_000)
        .map(|number| {
            format!(
                r##""K{number}": {{"allOf": [{{"$ref": "#/components/schemas/Base"}},
                    {{"properties": {{"f{number}": {{"$ref": "#/components/schemas/Base"}}}}}}]}}"##
            )
        })
        .collect();
    let mapping: Vec<String> = (0..3_000)
        .map(|number| format!("\"{number}\": \"K{number}\""))
        .collect();
    for mapping in [String::new(), mapping.join(",")] {
        let schemas = format!(
            r#"{{"Base": {{"discriminator": {{"propertyName": "kind", "mapping": {{{mapping}}}}},
                "properties": {{"kind": {{"type": "string"}}}}}}, {}}}"#,
            kinds.join(",")
        );
        for body in bodies(r##"{"$ref": "#/components/schemas/Base"}"##, &schemas) {
            assert!(body.is_open);
            assert!(body.field("/kind").is_some());
            assert!(body.fields.len() <= gaiterguard_apidocs::openapi::FIELDS_MAX);
        }
    }
}
