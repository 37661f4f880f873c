//! Tests of reading trees.

use serde_json::json;

use super::*;

fn parsed_by<T>(parse: impl FnOnce(Part<'_>) -> T) -> T {
    parse(Part {
        include: None,
        wanted: &Wanted::default(),
    })
}

fn from_json(text: &str) -> Result<Value, Broken> {
    parsed_by(|part| super::from_json(text, part))
}

fn from_yaml(text: &str) -> Result<Value, Broken> {
    let end = Instant::now() + YAML_TIME_MAX;
    parsed_by(|part| super::from_yaml(text, part, end))
}

#[test]
fn yaml_that_takes_too_long_is_given_up_with_a_reason() {
    let text = "a:\n".repeat(100_000);
    let broken = parsed_by(|part| read_yaml(&text, part, Instant::now())).unwrap_err();
    assert!(
        broken.trouble.contains("takes longer than 30 seconds"),
        "{broken:?}"
    );
    assert!(from_yaml("a: b").is_ok());
}

#[test]
fn json_and_yaml_give_the_same_tree() {
    let json = r#"{"a": [1, 2.5, true, null, "x"], "200": {"b": "c"}}"#;
    let yaml = "a: [1, 2.5, true, null, x]\n200:\n  b: c\n";
    let expected = json!({"a": [1, 2.5, true, null, "x"], "200": {"b": "c"}});
    assert_eq!(from_json(json).unwrap().to_string(), expected.to_string());
    assert_eq!(from_yaml(yaml).unwrap().to_string(), expected.to_string());
}

#[test]
fn unneeded_values_are_skipped_but_never_a_name() {
    let read = from_json(
        r#"{"responses": {"200": {}}, "x-internal": 1, "example": {"a": 1},
            "properties": {"example": {"type": "string", "example": "e"}, "responses": {}}}"#,
    );
    assert_eq!(
        read.unwrap(),
        json!({"example": null,
               "properties": {"example": {"type": "string", "example": "e"}, "responses": {}}})
    );
}

#[test]
fn the_names_of_security_schemes_are_kept() {
    let text = r#"{"security": [{"default": ["a"], "x-oauth": ["b"]}, {"links": []}]}"#;
    let expected = json!({"security": [{"default": ["a"], "x-oauth": ["b"]}, {"links": []}]});
    assert_eq!(from_json(text).unwrap(), expected);
}

#[test]
fn words_that_old_yaml_took_for_truth_stay_words() {
    let read = from_yaml("enum: [on, off, yes, no, true]\n").unwrap();
    assert_eq!(read, json!({"enum": ["on", "off", "yes", "no", true]}));
}

#[test]
fn a_repeated_path_keeps_both_methods() {
    let read = from_json(r#"{"paths": {"/a": {"get": {}}, "/a": {"post": {}}}}"#).unwrap();
    assert_eq!(read, json!({"paths": {"/a": {"get": {}, "post": {}}}}));
}

#[test]
fn aliases_that_grow_without_end_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        bomb = format!("{bomb}a{level}: &a{level} [{before}]\n");
    }
    let broken = from_yaml(&bomb).unwrap_err();
    assert!(broken.line.is_some(), "{broken:?}");
    let passed_over = bomb.replace("a11: &a11", "responses: &a11");
    assert!(from_yaml(&passed_over).is_err());
}

#[test]
fn values_that_nest_too_deeply_are_rejected() {
    let flow = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let block = |depth: usize| {
        (0..depth).fold(String::new(), |text, depth| {
            format!("{text}{}a:\n", " ".repeat(depth))
        })
    };
    assert!(from_json(&flow(DEPTH_MAX)).is_ok());
    assert!(from_json(&flow(100_000)).is_err());
    assert!(from_yaml(&flow(DEPTH_MAX)).is_ok());
    assert!(from_yaml(&flow(100_000)).is_err());
    assert!(from_yaml(&block(DEPTH_MAX)).is_ok());
    assert!(from_yaml(&block(2_000)).is_err());
    let ignored = format!("responses:\n{}", block(2_000).replace("a:", " a:"));
    assert!(from_yaml(&ignored).is_err());
}

#[test]
fn skipped_parts_are_kept_as_far_as_references_lead_into_them() {
    let text = r##"{
        "paths": {"/a": {
            "get": {"responses": {"200": {"$ref": "#/components/responses/A", "description": "x"}, "400": {}}},
            "post": {"schema": {"$ref": "#/paths/~1a/get/responses/200/content/j/schema"}}}},
        "components": {"responses": {"A": {"description": "x", "content": {
            "j": {"schema": {"$ref": "#/x-own/list/1"}, "example": {"a": 1}}, "k": {}}}}},
        "x-own": {"list": [{"a": 1}, {"properties": {"example": {}}}], "more": {}},
        "x-other": {}
    }"##;
    let yaml = json!(serde_json::from_str::<Value>(text).unwrap()).to_string();
    for text in [text, &format!("# YAML\n{yaml}")] {
        let tree = read(text, None).unwrap();
        assert_eq!(
            tree,
            json!({
                "paths": {"/a": {
                    "get": {"responses": {"200": {"$ref": "#/components/responses/A"}}},
                    "post": {"schema": {"$ref": "#/paths/~1a/get/responses/200/content/j/schema"}}}},
                "components": {"responses": {"A": {"description": "x", "content": {
                    "j": {"schema": {"$ref": "#/x-own/list/1"}, "example": null}, "k": {}}}}},
                "x-own": {"list": [null, {"properties": {"example": {}}}]},
            })
        );
    }
}

#[test]
fn what_is_not_selected_takes_nothing_from_the_limits() {
    let include = Include {
        tags: vec!["wanted".to_owned()],
        paths: vec!["/b".to_owned()],
    };
    let many = vec!["1"; 510_000].join(",");
    let text = format!(
        r#"{{"openapi": "3.0.0", "paths": {{
            "/a": {{"get": {{"tags": ["wanted"], "parameters": [{many}]}}}},
            "/b": {{"get": {{"parameters": [{many}]}}, "post": {{"tags": ["wanted"]}}}},
            "/b/c": {{"get": {{"parameters": [{many}]}}}}}}}}"#
    );
    assert!(
        read(&text, None)
            .unwrap_err()
            .trouble
            .contains("more than 1500000 values")
    );
    let tree = read(&text, Some(&include)).unwrap();
    assert_eq!(tree["paths"], json!({"/b": {"post": {"tags": ["wanted"]}}}));
}
