//! Matching requests to the operations that they call.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use gaiterguard_apidocs::{Call, Catalog, Format, read};
use serde_json::Value;

use crate::support::{self, catalog};

/// Returns the operation ids that a folder's `match.jsonl` expects and that are not found.
fn wrong_lines(folder: &Path) -> (usize, Vec<String>) {
    let lines = std::fs::read_to_string(folder.join("match.jsonl")).unwrap();
    let mut catalogs: HashMap<String, Catalog> = HashMap::new();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in lines.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let word = |key: &str| case[key].as_str();
        let name = word("spec").unwrap();
        let catalog = catalogs.entry(name.to_owned()).or_insert_with(|| {
            let document = read(Format::OpenApi, &support::bytes(folder, name)).unwrap();
            Catalog::new(vec![Arc::new(document)])
        });
        let path = word("path").unwrap_or_else(|| {
            let (_, rest) = word("target_url").unwrap().split_once("://").unwrap();
            &rest[rest.find('/').unwrap()..]
        });
        let found = catalog.find(&Call {
            method: word("method").unwrap(),
            path,
            base_path: "",
        });
        let found = found.map(|operation| operation.id.as_str());
        if found != word("operationId") {
            wrong.push(format!("{line} found {found:?}"));
        }
        count += 1;
    }
    (count, wrong)
}

#[test]
fn requests_of_two_real_documents_find_their_operations() {
    let (count, wrong) = wrong_lines(&support::data());
    assert_eq!(count, 40);
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn requests_of_all_real_documents_at_hand_find_their_operations() {
    let folder = support::further().unwrap_or_else(support::data);
    let (count, wrong) = wrong_lines(&folder);
    assert!(count >= 40, "{count} lines");
    assert_eq!(wrong, [""; 0], "of {count} lines");
}

/// Returns the id of the operation that a request calls, in a document without a base path.
fn found<'c>(catalog: &'c Catalog, method: &str, path: &str) -> Option<&'c str> {
    found_under(catalog, method, path, "")
}

fn found_under<'c>(
    catalog: &'c Catalog,
    method: &str,
    path: &str,
    base_path: &str,
) -> Option<&'c str> {
    let call = Call {
        method,
        path,
        base_path,
    };
    catalog.find(&call).map(|operation| operation.id.as_str())
}

/// Returns a document with these paths and methods. Operation ids are generated.
fn paths(paths: &[(&str, &[&str])]) -> Catalog {
    catalog(&document(paths, "").to_string())
}

fn document(paths: &[(&str, &[&str])], server: &str) -> Value {
    let mut items = serde_json::Map::new();
    for (path, methods) in paths {
        let item = methods
            .iter()
            .map(|method| ((*method).to_owned(), serde_json::json!({})))
            .collect();
        items.insert((*path).to_owned(), Value::Object(item));
    }
    serde_json::json!({"openapi": "3.1.0", "servers": [{"url": server}], "paths": items})
}

#[test]
fn concrete_comes_before_partial_before_templated_and_methods_count() {
    let catalog = paths(&[
        ("/files/{id}", &["get", "delete", "put"]),
        ("/files/{id}.json", &["get"]),
        ("/files/all.json", &["get"]),
        ("/files/{id}/{part}", &["get"]),
        ("/files/{id}:undelete", &["post"]),
    ]);
    assert_eq!(
        found(&catalog, "GET", "/files/all.json"),
        Some("GET /files/all.json")
    );
    assert_eq!(
        found(&catalog, "GET", "/files/a.json"),
        Some("GET /files/{id}.json")
    );
    assert_eq!(found(&catalog, "GET", "/files/a"), Some("GET /files/{id}"));
    // A literal path without the method does not hide a template that has the method.
    assert_eq!(
        found(&catalog, "DELETE", "/files/all.json"),
        Some("DELETE /files/{id}")
    );
    assert_eq!(
        found(&catalog, "POST", "/files/7:undelete"),
        Some("POST /files/{id}:undelete")
    );
    assert_eq!(found(&catalog, "PATCH", "/files/a"), None);
    assert_eq!(found(&catalog, "GET", "/files"), None);
    assert_eq!(found(&catalog, "GET", "/"), None);
}

#[test]
fn of_two_readings_the_one_that_may_do_more_harm_is_taken() {
    let catalog = paths(&[
        ("/{kind}/delete", &["post"]),
        ("/users/{action}", &["post"]),
        ("/x/{a}", &["post"]),
        ("/x/{b}/", &["post"]),
    ]);
    assert_eq!(
        found(&catalog, "POST", "/users/delete"),
        Some("POST /{kind}/delete")
    );
    assert_eq!(
        found(&catalog, "POST", "/users/show"),
        Some("POST /users/{action}")
    );
    assert_eq!(found(&catalog, "POST", "/x/1"), Some("POST /x/{a}"));
    assert_eq!(found(&catalog, "POST", "/x/1/"), Some("POST /x/{b}/"));

    let harmless = document(&[("/a/{x}", &["post"])], "");
    let mut harmful = document(&[("/a/{y}", &["post"])], "");
    harmful["paths"]["/a/{y}"]["post"] = serde_json::json!({"operationId": "payInvoice"});
    let read_one = |value: &Value| Arc::new(support::openapi(&value.to_string()));
    let both = Catalog::new(vec![read_one(&harmless), read_one(&harmful)]);
    assert_eq!(found(&both, "POST", "/a/1"), Some("payInvoice"));
}

#[test]
fn parameters_span_slashes_where_the_document_says_so() {
    let catalog = catalog(
        r##"{"openapi": "3.0.3", "paths": {
            "/repos/{owner}/{repo}": {"get": {}},
            "/repos/{owner}/{repo}/contents/{path}": {"get": {"parameters": [
                {"name": "path", "in": "path", "x-multi-segment": true}]}},
            "/repos/{owner}/{repo}/commits/{ref}/status": {"get": {"parameters": [
                {"$ref": "#/components/parameters/ref"}]}},
            "/repos/{owner}/{repo}/commits/{sha}": {"get": {"parameters": [
                {"name": "sha", "in": "path", "schema": {"type": "string"}}]}},
            "/v1/{+name}:cancel": {"post": {}},
            "/v1/{name=projects/*/jobs/*}": {"delete": {}},
            "/proxy/{path}": {"get": {}}},
            "components": {"parameters": {"ref": {"name": "ref", "in": "path",
                "description": "The reference. May contain slashes."}}}}"##,
    );
    for (method, path, id) in [
        (
            "GET",
            "/repos/o/r/contents/src/a/b.rs",
            "GET /repos/{owner}/{repo}/contents/{path}",
        ),
        (
            "GET",
            "/repos/o/r/contents/README.md",
            "GET /repos/{owner}/{repo}/contents/{path}",
        ),
        (
            "GET",
            "/repos/o/r/commits/feature/a/status",
            "GET /repos/{owner}/{repo}/commits/{ref}/status",
        ),
        (
            "GET",
            "/repos/o/r/commits/abc",
            "GET /repos/{owner}/{repo}/commits/{sha}",
        ),
        (
            "POST",
            "/v1/projects/p/jobs/7:cancel",
            "POST /v1/{+name}:cancel",
        ),
        (
            "DELETE",
            "/v1/projects/p/jobs/7",
            "DELETE /v1/{name=projects/*/jobs/*}",
        ),
        ("GET", "/proxy/a/b/c", "GET /proxy/{path}"),
    ] {
        assert_eq!(found(&catalog, method, path), Some(id), "{method} {path}");
    }
    assert_eq!(found(&catalog, "GET", "/repos/o/r/commits/a/b"), None);
    assert_eq!(found(&catalog, "GET", "/repos/o/r/s"), None);
    assert_eq!(found(&catalog, "DELETE", "/v1/projects/p/jobs"), None);
}

#[test]
fn the_base_paths_of_servers_and_of_the_service_may_precede_a_template() {
    let templates: &[(&str, &[&str])] = &[("/users/{id}", &["get"]), ("/", &["get"])];
    for server in [
        "https://api.example.com/v2/",
        "api.example.com/v2",
        "//api.example.com/v2",
        "/v2",
    ] {
        let catalog = catalog(&document(templates, server).to_string());
        let user = Some("GET /users/{id}");
        assert_eq!(found(&catalog, "GET", "/v2/users/1"), user, "{server}");
        assert_eq!(found(&catalog, "GET", "/users/1"), user, "{server}");
        assert_eq!(found(&catalog, "GET", "/v2"), Some("GET /"), "{server}");
        assert_eq!(
            found_under(&catalog, "GET", "/v2/users/1", "/v2"),
            user,
            "{server}"
        );
        assert_eq!(
            found_under(&catalog, "GET", "/gate/users/1", "/gate"),
            user,
            "{server}"
        );
        assert_eq!(
            found_under(&catalog, "GET", "/gate/v2/users/1", "/gate/"),
            user,
            "{server}"
        );
        assert_eq!(found(&catalog, "GET", "/v3/users/1"), None, "{server}");
        assert_eq!(found(&catalog, "GET", "/v2users/1"), None, "{server}");
    }
}

#[test]
fn a_server_of_a_path_or_operation_holds_for_it_alone() {
    let catalog = catalog(
        r#"{"openapi": "3.0.0", "servers": [{"url": "https://x/api"}], "paths": {
            "/a": {"get": {}, "post": {"servers": [{"url": "https://upload.x/up"}]}},
            "/b": {"servers": [{"url": "https://{region}.x/{v}",
                "variables": {"region": {"default": "eu"}, "v": {"default": "v1"}}}], "get": {}}}}"#,
    );
    assert_eq!(found(&catalog, "GET", "/api/a"), Some("GET /a"));
    assert_eq!(found(&catalog, "POST", "/up/a"), Some("POST /a"));
    assert_eq!(found(&catalog, "POST", "/api/a"), None);
    assert_eq!(found(&catalog, "GET", "/v1/b"), Some("GET /b"));
    assert_eq!(found(&catalog, "GET", "/v9/b"), Some("GET /b"));
    assert_eq!(
        found(&catalog, "GET", "/api/b"),
        Some("GET /b"),
        "the variable may be anything"
    );
    assert_eq!(found(&catalog, "GET", "/a/b/b"), None);
}

#[test]
fn keys_that_differ_after_a_hash_are_distinguished_by_the_query() {
    let catalog = catalog(
        r#"{"openapi": "3.0.0", "paths": {
            "/files/{id}": {"put": {"operationId": "updateFile"}},
            "/files/{id}#share": {"put": {"operationId": "shareFile", "parameters": [
                {"name": "fields", "in": "query", "required": true}]}},
            "/#Action=ListKeys": {"post": {"operationId": "listKeys"}},
            "/?Action=DeleteKey": {"post": {"operationId": "deleteKey"}},
            "/only#here": {"get": {"operationId": "only"}}}}"#,
    );
    assert_eq!(found(&catalog, "PUT", "/files/1"), Some("updateFile"));
    assert_eq!(
        found(&catalog, "PUT", "/files/1?fields=link"),
        Some("shareFile")
    );
    assert_eq!(
        found(&catalog, "POST", "/?Action=ListKeys"),
        Some("listKeys")
    );
    assert_eq!(
        found(&catalog, "POST", "/?Action=DeleteKey&x=1"),
        Some("deleteKey")
    );
    // The action may be in the body, so the most dangerous one is assumed.
    assert_eq!(found(&catalog, "POST", "/"), Some("deleteKey"));
    assert_eq!(found(&catalog, "GET", "/only"), Some("only"));
}

#[test]
fn escaped_slashes_are_read_both_ways() {
    let catalog = paths(&[("/a/{id}", &["get"]), ("/b/c/d", &["get"])]);
    assert_eq!(found(&catalog, "GET", "/a/x%2Fy"), Some("GET /a/{id}"));
    assert_eq!(found(&catalog, "GET", "/b%2fc/d"), Some("GET /b/c/d"));
}
