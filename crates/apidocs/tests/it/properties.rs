//! Parsing and searching terminate quickly on arbitrary input.

use std::sync::Arc;

use gaiterguard_apidocs::warning::WARNINGS_MAX;
use gaiterguard_apidocs::{Call, Catalog, Document, Format, Operation, read, read_any};
use proptest::prelude::*;

fn template() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-c]{1,2}",
        "\\{[ab]\\}",
        "\\{[+*]?[ab][+*]?\\}",
        "\\{[ab]\\}\\.[ab]",
        "[ab]:\\{[ab]\\}",
        Just("**".to_owned()),
        "[{}*:/<>#?%.]{1,3}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| format!("/{}", pieces.join("/")))
}

/// Values for places where a description of an API expects a certain type.
fn json(depth: u32) -> impl Strategy<Value = serde_json::Value> {
    let word = prop_oneof![
        Just("#/paths/~1a".to_owned()),
        Just("#/components/schemas/A".to_owned()),
        Just("query".to_owned()),
        Just("object".to_owned()),
        "[a-z/{}]{0,6}",
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        word.prop_map(Into::into),
    ];
    leaf.prop_recursive(depth, 64, 6, |inner| {
        let key = prop_oneof![
            Just("$ref"),
            Just("paths"),
            Just("/a"),
            Just("/a/{b}"),
            Just("get"),
            Just("post"),
            Just("parameters"),
            Just("name"),
            Just("in"),
            Just("schema"),
            Just("properties"),
            Just("items"),
            Just("allOf"),
            Just("oneOf"),
            Just("enum"),
            Just("type"),
            Just("A"),
            Just("components"),
            Just("schemas"),
            Just("requestBody"),
            Just("content"),
            Just("servers"),
            Just("url"),
            Just("variables"),
            Just("security"),
            Just("tags"),
            Just("required"),
            Just("additionalProperties"),
            Just("description"),
            Just("info"),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::Array),
            prop::collection::vec((key, inner), 0..6).prop_map(|members| {
                let members = members
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value));
                serde_json::Value::Object(members.collect())
            }),
        ]
    })
}

fn catalog(templates: &[String]) -> Catalog {
    let operations = templates
        .iter()
        .map(|template| Operation {
            id: template.clone(),
            method: "GET".to_owned(),
            template: template.clone(),
            base_paths: [String::new(), "/a".to_owned()].into(),
            ..Operation::default()
        })
        .collect();
    Catalog::new(vec![Arc::new(Document {
        operations,
        ..Document::default()
    })])
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for format in [Format::OpenApi, Format::Markdown, Format::Html] {
            let _ = read(format, &bytes);
        }
        let _ = read_any(&bytes, None);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-a-c<>/{}\\[\\]:&*#|>'\"!%@` \n\t]{0,200}") {
        for format in [Format::OpenApi, Format::Markdown, Format::Html] {
            let _ = read(format, text.as_bytes());
            let _ = read(format, format!("openapi: 3.0.0\npaths:\n {text}").as_bytes());
        }
    }

    #[test]
    fn a_description_with_anything_anywhere_is_read(paths in json(6), components in json(6)) {
        let root = serde_json::json!({
            "openapi": "3.0.0", "paths": {"/a": paths}, "components": components
        });
        let document = read(Format::OpenApi, root.to_string().as_bytes()).unwrap();
        prop_assert!(document.warnings.len() <= WARNINGS_MAX);
        let catalog = Catalog::new(vec![Arc::new(document)]);
        let _ = catalog.find(&Call { method: "GET", path: "/a", base_path: "" });
        let _ = catalog.search("object a", 10);
    }

    #[test]
    fn any_path_is_looked_up_in_any_templates(
        templates in prop::collection::vec(template(), 0..30),
        path in "/[ab/.%{}:2F?#=&é]{0,40}",
        base in "[/ab]{0,5}",
    ) {
        let catalog = catalog(&templates);
        let call = Call { method: "GET", path: &path, base_path: &base };
        let found = catalog.candidates(&call);
        prop_assert_eq!(catalog.find(&call), found.first().copied());
    }

    #[test]
    fn a_template_without_parameters_is_found_by_its_own_path(
        wanted in "(/[a-z]{1,5}){1,6}",
        others in prop::collection::vec(template(), 0..20),
    ) {
        let mut templates = others;
        templates.push(wanted.clone());
        let catalog = catalog(&templates);
        let found = catalog.find(&Call { method: "GET", path: &wanted, base_path: "" });
        prop_assert!(found.is_some());
        let ids: Vec<_> = catalog
            .candidates(&Call { method: "GET", path: &wanted, base_path: "" })
            .into_iter()
            .map(|operation| operation.id.clone())
            .collect();
        prop_assert!(ids.contains(&wanted), "{ids:?}");
    }

    #[test]
    fn a_filled_template_finds_an_operation(
        segments in prop::collection::vec(prop_oneof!["[a-c]{1,3}", Just("{p}".to_owned())], 1..8),
        value in "[x-z]{1,6}",
    ) {
        let template = format!("/{}", segments.join("/"));
        let path = template.replace("{p}", &value);
        let catalog = catalog(std::slice::from_ref(&template));
        let found = catalog.find(&Call { method: "GET", path: &path, base_path: "" });
        prop_assert_eq!(found.map(|operation| operation.id.as_str()), Some(template.as_str()));
    }
}
