//! Google Discovery documents and Postman collections.

use gaiterguard_apidocs::{Call, Catalog, Documented, Format, Place, Unreadable, read, read_any};
use serde_json::json;

use crate::support::{catalog, openapi, operation};

fn discovery() -> String {
    json!({
        "kind": "discovery#restDescription", "title": "Drive", "description": "Files.",
        "rootUrl": "https://www.example.com/", "servicePath": "drive/v3/",
        "parameters": {"alt": {"type": "string", "enum": ["json", "media"], "location": "query"}},
        "schemas": {
            "File": {"id": "File", "type": "object", "properties": {
                "name": {"type": "string", "description": "Its name."},
                "parent": {"$ref": "Folder"}, "any": {"type": "any"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}}}},
            "Folder": {"id": "Folder", "type": "object", "properties": {"path": {"type": "string"}}},
            "Shape": {"id": "Shape", "variant": {"discriminant": "kind", "map": [
                {"type_value": "circle", "$ref": "Circle"}]}, "properties": {"kind": {"type": "string"}}},
            "Circle": {"id": "Circle", "properties": {"radius": {"type": "number"}}},
        },
        "methods": {"about": {"id": "drive.about", "path": "about", "httpMethod": "GET"}},
        "resources": {
            "responses": {"methods": {"list": {"id": "drive.responses.list", "path": "responses", "httpMethod": "GET"}}},
            "files": {
                "methods": {
                    "create": {"id": "drive.files.create", "path": "files", "httpMethod": "POST",
                        "description": "Creates a file.", "request": {"$ref": "File"},
                        "response": {"$ref": "File"}, "scopes": ["https://www.example.com/auth/drive"],
                        "mediaUpload": {"protocols": {
                            "simple": {"multipart": true, "path": "/upload/drive/v3/files"},
                            "resumable": {"multipart": true, "path": "/resumable/upload/drive/v3/files"}}}},
                    "get": {"id": "drive.files.get", "path": "files/{fileId}", "httpMethod": "GET",
                        "parameters": {"fileId": {"type": "string", "required": true, "location": "path"}}},
                },
                "resources": {"operations": {"methods": {
                    "cancel": {"id": "drive.files.operations.cancel", "path": "{+name}:cancel",
                        "flatPath": "operations/{operationsId}:cancel", "httpMethod": "POST",
                        "parameters": {"name": {"type": "string", "location": "path",
                            "pattern": "^operations/.*$", "description": "Which."}}},
                    "shape": {"id": "shape", "path": "{+name}", "httpMethod": "PUT", "request": {"$ref": "Shape"},
                        "parameters": {"name": {"type": "string", "location": "path"}}},
                    "again": {"id": "again", "path": "{+name}", "httpMethod": "PUT"},
                }}},
            },
        },
    })
    .to_string()
}

#[test]
fn a_discovery_document_gives_its_methods() {
    let text = discovery();
    let document = openapi(&text);
    assert_eq!(document.title.as_deref(), Some("Drive"));
    assert_eq!(document.sections[0].text, "Files.");
    assert_eq!(document.warnings, [""; 0]);
    let mut ids: Vec<&str> = document.operations.iter().map(|o| o.id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(
        ids,
        [
            "again",
            "drive.about",
            "drive.files.create",
            "drive.files.create.resumable_upload",
            "drive.files.create.upload",
            "drive.files.get",
            "drive.files.operations.cancel",
            "drive.responses.list",
            "shape",
        ]
    );
    let create = operation(&document, "drive.files.create");
    assert_eq!(create.tags, ["files"]);
    assert_eq!(create.scopes, ["https://www.example.com/auth/drive"]);
    assert_eq!(*create.base_paths, ["/drive/v3".to_owned()]);
    assert_eq!(create.summary.as_deref(), Some("Creates a file"));
    let name = create.body.field("/name").unwrap();
    assert_eq!(name.description.as_deref(), Some("Its name."));
    for (pointer, documented) in [
        ("/parent/path", Documented::Yes),
        ("/other", Documented::No),
        ("/parent/other", Documented::No),
        ("/any/thing", Documented::Unknown),
        ("/labels/x", Documented::Unknown),
    ] {
        assert_eq!(create.body.documents(pointer), documented, "{pointer}");
    }
    let alt = create.parameter(Place::Query, "alt").unwrap();
    assert_eq!(alt.values, ["json", "media"]);
    let cancel = operation(&document, "drive.files.operations.cancel");
    assert_eq!(cancel.tags, ["files.operations"]);
    let name = cancel.parameter(Place::Path, "operationsId").unwrap();
    assert_eq!(name.description.as_deref(), Some("Which."));
    assert!(name.spans_slashes);
    assert!(cancel.parameter(Place::Path, "name").is_none());
    let shape = operation(&document, "shape");
    let radius = shape.body.field("/radius").unwrap();
    assert_eq!(
        radius.description.as_deref(),
        Some("Only if kind is circle.")
    );

    let found = catalog(&text);
    let found = |method: &str, path: &str| {
        let call = Call {
            method,
            path,
            base_path: "",
        };
        found.find(&call).map(|operation| operation.id.clone())
    };
    for (method, path, id) in [
        ("POST", "/drive/v3/files", "drive.files.create"),
        (
            "POST",
            "/upload/drive/v3/files",
            "drive.files.create.upload",
        ),
        ("GET", "/drive/v3/files/7", "drive.files.get"),
        (
            "POST",
            "/drive/v3/operations/a/b:cancel",
            "drive.files.operations.cancel",
        ),
    ] {
        assert_eq!(found(method, path).as_deref(), Some(id), "{path}");
    }
}

fn postman(schema: &str) -> String {
    let json_header = json!([{"key": "Content-Type", "value": "application/json; charset=utf-8"},
        {"key": "X-Tenant", "value": "1", "description": "Which tenant."}]);
    let requests = json!([
        {"name": "List users", "request": {"method": "GET", "header": [],
            "url": {"raw": "{{baseUrl}}/users?page=1", "host": ["{{baseUrl}}"], "path": ["users"],
                "query": [{"key": "page", "value": "1", "description": "Which page."}]},
            "description": "All of them."}},
        {"name": "Users", "description": {"content": "About users.", "type": "text/markdown"}, "item": [
            {"name": "Create", "item": [{"name": "Create a user", "request": {"method": "POST",
                "header": json_header, "url": "{{baseUrl}}/users",
                "body": {"mode": "raw", "raw": "{\"name\": \"a\", \"id\": {{id}}, \"roles\": [{\"name\": \"x\"}]}"}},
                "response": [{"body": "not read"}]}]},
            {"name": "Create an admin", "request": {"method": "POST", "url": "{{baseUrl}}/users",
                "header": "Content-Type: application/json\nX-Admin: 1",
                "body": {"mode": "raw", "raw": "{\"admin\": true}"}}},
            {"name": "Rename", "request": {"method": "PATCH",
                "url": {"raw": "https://api.example.com/v1/users/:id", "protocol": "https",
                    "host": ["api", "example", "com"], "path": ["v1", "users", ":id"],
                    "variable": [{"key": "id", "value": "1", "description": "Whose."}]},
                "body": {"mode": "urlencoded", "urlencoded": [{"key": "name", "value": "b"}]}}},
            {"name": "Photo", "request": {"method": "PUT", "url": "{{baseUrl}}/users/{{user}}/photo",
                "body": {"mode": "formdata", "formdata": [{"key": "file", "type": "file", "src": "a.png"}]}}},
        ]},
        {"name": "Query", "request": {"method": "POST", "url": "{{host}}/graphql",
            "body": {"mode": "graphql", "graphql": {"query": "{ a }", "variables": ""}}}},
        {"name": "Short", "request": "https://api.example.com/health"},
        {"name": "Old", "request": {"method": "GET", "url": "{{baseUrl}}/old", "body": {"mode": "raw", "raw": ""}}},
        {"name": "No request"},
    ]);
    json!({
        "info": {"name": "Users API", "description": "How to use it.",
            "schema": format!("https://schema.getpostman.com/json/collection/{schema}/collection.json")},
        "item": requests,
        "variable": [{"key": "baseUrl", "value": "https://api.example.com/v1"}],
    })
    .to_string()
}

#[test]
fn a_postman_collection_gives_its_requests() {
    let wrapped = format!("{{\"collection\": {}}}", postman("v2.1.0"));
    for text in [postman("v2.0.0"), postman("v2.1.0"), wrapped] {
        let document = openapi(&text);
        assert_eq!(document.title.as_deref(), Some("Users API"));
        assert_eq!(document.warnings, [""; 0]);
        let headings: Vec<_> = document
            .sections
            .iter()
            .map(|s| (&*s.heading, &*s.text))
            .collect();
        assert_eq!(
            headings,
            [("", "How to use it."), ("Users", "About users.")]
        );
        let ids: Vec<&str> = document.operations.iter().map(|o| o.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "GET /v1/users",
                "POST /v1/users",
                "PATCH /v1/users/{id}",
                "PUT /v1/users/{user}/photo",
                "POST /graphql",
                "GET /health",
                "GET /v1/old",
            ]
        );
        let list = operation(&document, "GET /v1/users");
        assert_eq!(list.summary.as_deref(), Some("List users"));
        assert_eq!(list.description.as_deref(), Some("All of them."));
        let page = list.parameter(Place::Query, "page").unwrap();
        assert_eq!(page.description.as_deref(), Some("Which page."));

        let create = operation(&document, "POST /v1/users");
        assert_eq!(create.summary.as_deref(), Some("Create a user"));
        assert_eq!(create.tags, ["Users", "Create"]);
        assert_eq!(create.body.media_types, ["application/json"]);
        let fields: Vec<&str> = create.body.fields.iter().map(|f| &*f.pointer).collect();
        for field in ["/name", "/id", "/roles", "/roles/*/name", "/admin"] {
            assert!(fields.contains(&field), "{fields:?}");
        }
        assert_eq!(create.body.documents("/another"), Documented::Unknown);
        assert_eq!(create.body.documents("/roles/0/other"), Documented::Unknown);
        for (name, is_listed) in [
            ("X-Tenant", true),
            ("X-Admin", true),
            ("Content-Type", false),
        ] {
            assert_eq!(
                create.parameter(Place::Header, name).is_some(),
                is_listed,
                "{name}"
            );
        }
        let rename = operation(&document, "PATCH /v1/users/{id}");
        assert_eq!(
            rename.body.media_types,
            ["application/x-www-form-urlencoded"]
        );
        assert!(rename.body.field("/name").is_some());
        let id = rename.parameter(Place::Path, "id").unwrap();
        assert_eq!(id.description.as_deref(), Some("Whose."));
        let photo = operation(&document, "PUT /v1/users/{user}/photo");
        assert!(photo.body.field("/file").is_some());
        let query = operation(&document, "POST /graphql");
        assert!(query.body.field("/query").is_some());

        let catalog = Catalog::new(vec![document.into()]);
        let call = Call {
            method: "PATCH",
            path: "/v1/users/7",
            base_path: "/v1",
        };
        let found = catalog.find(&call).unwrap();
        assert_eq!(found.summary.as_deref(), Some("Rename"));
    }
}

#[test]
fn other_formats_are_refused_by_name() {
    let old =
        json!({"name": "a", "order": ["1"], "requests": [{"id": "1", "url": "x"}]}).to_string();
    let refused = |text: &str| read(Format::OpenApi, text.as_bytes()).unwrap_err();
    assert_eq!(refused(&old), Unreadable::OldCollection);
    let directory = json!({"kind": "discovery#directoryList", "items": []}).to_string();
    assert_eq!(refused(&directory), Unreadable::NoOpenApi);
    let asynchronous = json!({"asyncapi": "3.0.0", "channels": {}}).to_string();
    assert_eq!(refused(&asynchronous), Unreadable::NoOpenApi);
    assert_eq!(refused("<!doctype html><html></html>"), Unreadable::WebPage);
    for text in [discovery(), postman("v2.1.0")] {
        let (format, document) = read_any(text.as_bytes(), Some("text/plain")).unwrap();
        assert_eq!(format, Format::OpenApi);
        assert!(!document.operations.is_empty());
    }
}

#[test]
fn a_document_without_operations_says_so() {
    for (format, text) in [
        (Format::OpenApi, "{\"openapi\": \"3.0.0\", \"paths\": {}}"),
        (
            Format::OpenApi,
            "{\"openapi\": \"3.1.0\", \"webhooks\": {\"a\": {\"post\": {}}}}",
        ),
        (
            Format::OpenApi,
            "{\"info\": {\"name\": \"a\"}, \"item\": []}",
        ),
        (Format::OpenApi, "{\"kind\": \"discovery#restDescription\"}"),
        (Format::Markdown, "# Words\n\nonly"),
        (Format::Markdown, ""),
        (Format::Html, "<html><body><p>Words</body></html>"),
        (Format::Html, ""),
    ] {
        let document = read(format, text.as_bytes()).unwrap();
        assert_eq!(document.operations.len(), 0);
        assert!(
            document.warnings[0].contains("no operations were found"),
            "{text}"
        );
    }
}
