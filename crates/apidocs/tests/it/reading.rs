//! Parsing documents as they occur in practice.

use std::time::{Duration, Instant};

use gaiterguard_apidocs::document::OPERATIONS_MAX;
use gaiterguard_apidocs::warning::{WARNING_CHARS_MAX, WARNINGS_MAX};
use gaiterguard_apidocs::{
    Document, Documented, Format, Place, Unreadable, read, read_any, recognize,
};

use crate::support::{self, openapi, operation};

#[test]
fn a_real_document_gives_its_operations_with_parameters_fields_and_scopes() {
    let document = read(
        Format::OpenApi,
        &support::bytes(&support::data(), "petstore.yaml"),
    )
    .unwrap();
    assert_eq!(document.operations.len(), 19);
    assert_eq!(document.warnings, [""; 0]);
    assert_eq!(
        document.title.as_deref(),
        Some("Swagger Petstore - OpenAPI 3.0")
    );
    let update = operation(&document, "updatePet");
    assert_eq!(update.method, "PUT");
    assert_eq!(update.template, "/pet");
    assert_eq!(update.summary.as_deref(), Some("Update an existing pet."));
    assert_eq!(update.tags, ["pet"]);
    assert_eq!(update.scopes, ["write:pets", "read:pets"]);
    assert_eq!(*update.base_paths, ["/api/v3".to_owned()]);
    assert!(update.body.required);
    let status = update.body.field("/status").unwrap();
    assert_eq!(status.values, ["available", "pending", "sold"]);
    assert_eq!(
        status.description.as_deref(),
        Some("pet status in the store")
    );
    assert!(update.body.field("/name").unwrap().required);
    assert!(update.body.field("/tags/*/name").is_some());
    assert_eq!(update.body.documents("/owner"), Documented::No);
    let by_status = operation(&document, "findPetsByStatus");
    let status = by_status.parameter(Place::Query, "status").unwrap();
    assert_eq!(status.values, ["available", "pending", "sold"]);
}

#[test]
fn an_operation_without_a_summary_is_described_by_its_first_sentence() {
    let document = openapi(
        r#"{"openapi": "3.1.0", "paths": {"/chat": {
            "post": {"operationId": "send", "description": "Sends a message. To a channel.\nAt once."},
            "get": {"operationId": "read", "description": "Reads them."},
            "put": {"operationId": "edit", "summary": "Edit", "description": "Changes one."},
            "delete": {"operationId": "drop"}
        }}}"#,
    );
    let told = |id| operation(&document, id).summary.as_deref();
    assert_eq!(told("send"), Some("Sends a message"));
    assert_eq!(told("read"), Some("Reads them"));
    assert_eq!(told("edit"), Some("Edit"));
    assert_eq!(told("drop"), None);
}

#[test]
fn swagger_2_gives_body_and_form_fields() {
    let document = openapi(
        r##"{"swagger": "2.0", "basePath": "/v1", "consumes": ["application/json"],
            "security": [{"oauth": ["all"]}],
            "paths": {"/pay": {"post": {"deprecated": true, "parameters": [
                {"in": "body", "name": "b", "required": true, "schema": {"$ref": "#/definitions/Pay"}}]}},
              "/form": {"parameters": [{"in": "query", "name": "v", "type": "integer"}],
                "post": {"security": [], "consumes": ["multipart/form-data"], "parameters": [
                {"in": "formData", "name": "text", "type": "string", "required": true,
                 "description": "What to <b>say</b>", "enum": ["a", "b"]}]}}},
            "definitions": {"Pay": {"required": ["amount"], "properties": {
                "amount": {"type": "integer", "description": "In cents"},
                "metadata": {"type": "object"}}}}}"##,
    );
    let pay = operation(&document, "POST /pay");
    assert!(pay.deprecated && pay.body.required);
    assert_eq!(pay.scopes, ["all"]);
    assert_eq!(*pay.base_paths, ["/v1".to_owned()]);
    let amount = pay.body.field("/amount").unwrap();
    assert!(amount.required);
    assert_eq!(amount.kind.as_deref(), Some("integer"));
    assert_eq!(amount.description.as_deref(), Some("In cents"));
    assert_eq!(pay.body.documents("/metadata/x"), Documented::Unknown);
    assert_eq!(pay.body.documents("/x"), Documented::No);
    let form = operation(&document, "POST /form");
    assert_eq!(form.scopes, [""; 0]);
    assert_eq!(form.body.media_types, ["multipart/form-data"]);
    let text = form.body.field("/text").unwrap();
    assert_eq!(text.description.as_deref(), Some("What to say"));
    assert_eq!(text.values, ["a", "b"]);
    assert!(form.parameter(Place::Query, "v").is_some());
}

#[test]
fn the_body_of_an_operation_replaces_that_of_its_path() {
    let document = openapi(
        r#"{"swagger": "2.0", "paths": {"/notes": {
            "parameters": [{"in": "body", "name": "note",
              "schema": {"properties": {"text": {"type": "string"}}}}],
            "post": {"parameters": [{"in": "body", "name": "note", "schema": {"type": "object"}}]}}}}"#,
    );
    let notes = operation(&document, "POST /notes");
    assert_eq!(notes.body.documents("/anything"), Documented::Unknown);
}

#[test]
fn openapi_3_1_and_combined_schemas_are_read() {
    let document = openapi(
        r"
openapi: 3.1.0
paths:
  /a:
    $ref: '#/components/pathItems/A'
components:
  pathItems:
    A:
      post:
        requestBody: {$ref: '#/components/requestBodies/R'}
  requestBodies:
    R:
      content:
        application/json:
          schema:
            allOf:
              - $ref: '#/components/schemas/Base'
              - type: object
                required: [kind]
                properties:
                  kind: {const: transfer}
                  note: {type: [string, 'null'], description: A note}
            oneOf:
              - {properties: {iban: {type: string}}, required: [iban]}
              - {properties: {card: {type: string}}, required: [card]}
  schemas:
    Base: {type: object, required: [id], properties: {id: {type: string}}}
",
    );
    let body = &operation(&document, "POST /a").body;
    let mut pointers: Vec<(&str, bool)> = body
        .fields
        .iter()
        .map(|field| (field.pointer.as_str(), field.required))
        .collect();
    pointers.sort_unstable();
    let expected = [
        ("/card", false),
        ("/iban", false),
        ("/id", true),
        ("/kind", true),
        ("/note", false),
    ];
    assert_eq!(pointers, expected);
    assert_eq!(body.field("/kind").unwrap().values, ["transfer"]);
    assert_eq!(body.field("/note").unwrap().kind.as_deref(), Some("string"));
    assert!(!body.is_open);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_kept() {
    let document = openapi(
        r##"{"openapi": "3.0.0", "tags": 7, "servers": 1, "info": [],
          "paths": {
            "/good": {"get": {"operationId": "good", "parameters": 3, "tags": [1, "x"],
                "summary": {"no": "text"}}, "post": "nothing"},
            "/list": [],
            "/refs": {"post": {"operationId": "refs", "parameters": [
                {"$ref": "https://example.com/parameters.json#/a"}, {"$ref": "#/nowhere"},
                {"$ref": "other.yaml"}, {"in": "query"}, 5, {"name": "kept", "in": "query"}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}}},
            "/round": {"$ref": "#/paths/~1round"}
          },
          "components": {"schemas": {"A": {"$ref": "#/components/schemas/B"},
             "B": {"$ref": "#/components/schemas/A"}}}}"##,
    );
    let ids: Vec<&str> = document.operations.iter().map(|o| o.id.as_str()).collect();
    assert_eq!(ids, ["good", "refs"]);
    let refs = operation(&document, "refs");
    assert!(refs.parameter(Place::Query, "kept").is_some());
    assert!(refs.body.is_open);
    let all = document.warnings.join("\n");
    for part in [
        "/servers: is not a list",
        "POST /good: is not an object",
        "GET /good: has parameters that are not a list",
        "/list: is not an object",
        "https://example.com/parameters.json#/a: is a reference to another file or address",
        "other.yaml: is a reference to another file",
        "#/nowhere: is a reference to nothing",
        "POST /refs: has circular references",
        "POST /refs: has a parameter without a name or a known location",
        "/round: has circular references",
        "tags: are not a list",
    ] {
        assert!(all.contains(part), "{part} is not in\n{all}");
    }
}

#[test]
fn json_with_comments_and_yaml_with_numbers_for_keys_are_read() {
    let json = "{\"openapi\": \"3.0.0\", # a comment\n \"paths\": {\"/a\": {\"get\": {},}},}";
    assert_eq!(openapi(json).operations.len(), 1);
    let yaml = "swagger: 2.0\npaths:\n  /a:\n    get:\n      responses:\n        200: {description: x}\n      parameters:\n      - {name: 7, in: query}\n      - {name: on, in: query, enum: [yes, no, 08:30]}\n";
    let document = openapi(yaml);
    assert_eq!(
        document.operations[0].parameters[0].values,
        ["yes", "no", "08:30"]
    );
    let with_mark = [b"\xef\xbb\xbf".as_slice(), yaml.as_bytes()].concat();
    assert_eq!(
        read(Format::OpenApi, &with_mark).unwrap().operations.len(),
        1
    );
}

#[test]
fn an_invalid_document_is_rejected_with_its_position() {
    let broken = |text: &str| read(Format::OpenApi, text.as_bytes()).unwrap_err();
    assert_eq!(broken("{\"a\": 1}"), Unreadable::NoOpenApi);
    assert_eq!(broken("just words"), Unreadable::NoOpenApi);
    assert_eq!(broken("\0\0"), Unreadable::NoText);
    let Unreadable::Broken { line, trouble } = broken("{\"openapi\": \"3.0.0\",\n \"paths\": {")
    else {
        panic!("it was not a syntax error");
    };
    assert_eq!(line, Some(2));
    assert!(!trouble.is_empty());
    assert!(matches!(broken("a: [1\nb: }"), Unreadable::Broken { .. }));
    let large = vec![b' '; 16 * 1024 * 1024 + 1];
    assert_eq!(
        read(Format::OpenApi, &large).unwrap_err(),
        Unreadable::TooLarge
    );
}

#[test]
fn a_hundred_megabytes_of_aliases_are_rejected_quickly() {
    let mut bomb = "openapi: 3.0.0\npaths: {}\nx: &a0 [aaaaaaaaaa, aaaaaaaaaa]\n".to_owned();
    for level in 1..40 {
        let before = level - 1;
        bomb = format!("{bomb}b{level}: &a{level} [*a{before}, *a{before}]\n");
    }
    let long_text = format!(
        "openapi: 3.0.0\na: &a {}\npaths: [{}]\n",
        "x".repeat(1_000_000),
        "*a, ".repeat(200)
    );
    for document in [bomb.as_str(), long_text.as_str()] {
        let start = Instant::now();
        let refused = read(Format::OpenApi, document.as_bytes()).unwrap_err();
        assert!(matches!(refused, Unreadable::Broken { .. }), "{refused:?}");
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{:?}",
            start.elapsed()
        );
    }
}

#[test]
fn a_schema_that_holds_itself_ends_at_a_depth() {
    let document = openapi(
        r##"{"openapi": "3.0.0", "paths": {"/a": {"post": {"requestBody": {"content": {"a/b": {
            "schema": {"$ref": "#/components/schemas/Tree"}}}}}}},
            "components": {"schemas": {"Tree": {"properties": {
              "name": {"type": "string"}, "left": {"$ref": "#/components/schemas/Tree"},
              "right": {"allOf": [{"$ref": "#/components/schemas/Tree"}]}}}}}}"##,
    );
    let body = &document.operations[0].body;
    assert!(body.field("/left/right/left/name").is_some());
    assert!(body.fields.len() <= gaiterguard_apidocs::openapi::FIELDS_MAX);
    assert!(!body.is_open);
    let deep = "/left".repeat(20);
    assert_eq!(body.documents(&deep), Documented::Unknown);
}

#[test]
fn documents_without_measure_are_cut_and_say_so() {
    let many: Vec<String> = (0..OPERATIONS_MAX + 10)
        .map(|number| format!("\"/p{number}\": {{\"get\": {{}}}}"))
        .collect();
    let many = many.join(",");
    let document = openapi(&format!(
        "{{\"openapi\": \"3.0.0\", \"paths\": {{{many}}}}}"
    ));
    assert_eq!(document.operations.len(), OPERATIONS_MAX);
    assert_eq!(document.warnings.len(), 1);

    let parameters = "/{p}".repeat(1_000);
    let wrong: Vec<String> = (0..500).map(|n| format!(", \"/w{n}\": 1")).collect();
    let wrong = wrong.concat();
    let document = openapi(&format!(
        "{{\"openapi\": \"3.0.0\", \"paths\": {{\"{parameters}\": {{\"get\": {{}}}}, \"/a\": {{\"get\": {{}}}}{wrong}}}}}"
    ));
    assert_eq!(document.operations.len(), 1);
    assert!(
        document.warnings[0].contains("longer than 2048 bytes"),
        "{:?}",
        document.warnings[0]
    );
    assert_eq!(document.warnings.len(), WARNINGS_MAX);
    assert!(
        document
            .warnings
            .iter()
            .all(|w| w.chars().count() <= WARNING_CHARS_MAX)
    );
}

#[test]
fn formats_are_distinguished() {
    let page = "<!DOCTYPE html><html><body><p>x</p></body></html>";
    assert_eq!(recognize(page.as_bytes(), None), Format::Html);
    assert_eq!(
        recognize(b"<p>x", Some("text/html; charset=utf-8")),
        Format::Html
    );
    assert_eq!(
        recognize(b"# Title\n\ntext", Some("text/plain")),
        Format::Markdown
    );
    assert_eq!(
        recognize(b"{\"swagger\": \"2.0\"}", Some("text/plain")),
        Format::OpenApi
    );
    assert_eq!(
        recognize(b"# comment\nopenapi: 3.1.0\n", None),
        Format::OpenApi
    );
    assert_eq!(
        recognize(b"a: b", Some("application/yaml")),
        Format::OpenApi
    );

    let (format, document) = read_any(b"{curly} text\n\n# A\n\nb", Some("text/plain")).unwrap();
    assert_eq!(format, Format::Markdown);
    assert_eq!(document.sections.len(), 2);
    assert!(read_any(b"{\"a\": 1}", Some("application/json")).is_err());
    assert!(read_any(b"openapi: [", None).is_err());
}

#[test]
fn a_page_becomes_readable_sections_without_its_navigation() {
    let page = "<!DOCTYPE html><html><head><title>Refunds | Docs</title><style>p{}</style></head>
        <body><nav><a href='/'>Home</a><a href='/x'>Products</a></nav>
        <main><h1>Refunds</h1><p>A refund <strong>moves money</strong> back to the customer.</p>
        <h2>Limits</h2><p>At most 100 refunds a day, else the account is closed.</p>
        <table><tr><th>Field</th><th>Meaning</th></tr><tr><td>amount</td><td>in cents</td></tr></table>
        </main><script>var x = 'never shown';</script></body></html>";
    let document = read(Format::Html, page.as_bytes()).unwrap();
    assert_eq!(document.title.as_deref(), Some("Refunds | Docs"));
    let all: Vec<String> = document
        .sections
        .iter()
        .map(|section| format!("[{}] {}\n", section.heading, section.text))
        .collect();
    let all = all.concat();
    assert!(all.contains("[Refunds › Limits] At most 100"), "{all}");
    assert!(all.contains("**moves money**"), "{all}");
    assert!(all.contains("in cents"), "{all}");
    assert!(
        !all.contains("never shown") && !all.contains("Products"),
        "{all}"
    );
}

#[test]
fn a_page_that_nests_without_end_is_read_as_plain_text() {
    let page = format!(
        "<html><body>{}words that matter",
        "<div><b>".repeat(100_000)
    );
    let start = Instant::now();
    let document = read(Format::Html, page.as_bytes()).unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
    assert!(document.sections[0].text.contains("words that matter"));
    assert_eq!(document.warnings.len(), 2, "{:?}", document.warnings);
    assert!(document.warnings[1].contains("nested too deeply"));
}

#[test]
fn a_document_can_be_kept_and_read_back() {
    let document = read(
        Format::OpenApi,
        &support::bytes(&support::data(), "museum.yaml"),
    )
    .unwrap();
    let kept = serde_json::to_vec(&document).unwrap();
    let back: Document = serde_json::from_slice(&kept).unwrap();
    assert_eq!(back, document);
}
