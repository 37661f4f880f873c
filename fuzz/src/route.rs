//! Arbitrary paths.

use std::sync::{Arc, OnceLock};

use gaiterguard_apidocs::{Call, Catalog, Format, read};

use crate::first_line;

/// Templates of every kind: literal ones, parameters as whole segments and within segments, overlapping
/// templates, one that spans slashes, and a base path.
const DOCUMENT: &str = r#"{
  "openapi": "3.1.0",
  "servers": [{"url": "https://api.example/v1/{region}"}, {"url": "/"}],
  "paths": {
    "/": {"get": {}},
    "/notes": {"get": {}, "post": {}},
    "/notes/{id}": {"get": {}, "patch": {}, "delete": {}},
    "/notes/mine": {"get": {}},
    "/notes/{id}.json": {"get": {}},
    "/notes/{id}/{part}": {"get": {}},
    "/{a}-{b}/x{c}y": {"put": {}},
    "/files/{path}": {
      "get": {"parameters": [
        {"name": "path", "in": "path", "required": true, "allowReserved": true,
         "description": "May contain slashes", "schema": {"type": "string", "format": "path"}}
      ]}
    },
    "/a%2Fb/{c}": {"get": {}},
    "/{one}/{two}/{three}/{four}": {"post": {}}
  }
}"#;

/// Matches a request: the first line is its method and base path, the remaining bytes are its path.
pub fn match_request(data: &[u8]) {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    let catalog = CATALOG.get_or_init(|| {
        let document = read(Format::OpenApi, DOCUMENT.as_bytes());
        Catalog::new(document.into_iter().map(Arc::new).collect())
    });
    assert_eq!(catalog.operations().count(), 13);
    let (line, path) = first_line(data);
    let (Ok(line), Ok(path)) = (std::str::from_utf8(line), std::str::from_utf8(path)) else {
        return;
    };
    let (method, base_path) = line.split_once(' ').unwrap_or((line, ""));
    let call = Call {
        method,
        path,
        base_path,
    };
    let found = catalog.find(&call);
    let candidates = catalog.candidates(&call);
    assert_eq!(found.is_some(), !candidates.is_empty());
    if let Some(found) = found {
        assert!(candidates.contains(&found));
        let is_get_for_head = method == "HEAD" && found.method == "GET";
        assert!(found.method == method || is_get_for_head, "{method} {path}");
    }
}
