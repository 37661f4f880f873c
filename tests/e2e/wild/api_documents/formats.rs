//! Formats other than plain `OpenAPI`.

use std::path::{Path, PathBuf};
use std::process::Command;

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{Reply, Storage};
use serde_json::json;

use super::{added, operations, pointers, signals};

#[tokio::test]
async fn descriptions_in_deployment_templates_are_read() {
    let scene = Scene::new(Storage::Sqlite).await;
    let template = r#"
openapi: 3.0.1
info: {title: !Sub "Rows of ${Stage}"}
servers:
  - url: !Sub "https://${Domain}/v1"
paths:
  /rows:
    get:
      operationId: listRows
      x-amazon-apigateway-integration:
        uri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/functions/${Fn.Arn}/invocations"
        credentials: {Fn::GetAtt: [Role, Arn]}
    post:
      operationId: addRow
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Row'}
      x-amazon-apigateway-integration:
        uri: {Fn::Sub: "arn:${Fn.Arn}"}
        credentials: !GetAtt Role.Arn
components:
  schemas:
    Row: {type: object, properties: {name: {type: string}}}
"#;
    let made = added(&scene, json!({"type": "openapi", "content": template})).await;
    assert_eq!(
        (&made["operations"], &made["warnings"]),
        (&json!(2), &json!([]))
    );
    let result = scene.dry_run(&request("GET", "/v1/rows")).await;
    assert_eq!(result["operation"]["id"], "listRows");
    assert_eq!(pointers(&operations(&scene).await[1]), ["/name"]);
}

#[tokio::test]
async fn google_discovery_documents_are_read() {
    let scene = Scene::new(Storage::Sqlite).await;
    let document = json!({"kind": "discovery#restDescription", "title": "Files API",
        "rootUrl": "https://files.example/", "servicePath": "files/v1/",
        "schemas": {"File": {"id": "File", "type": "object", "properties": {"name": {"type": "string"}}}},
        "resources": {"files": {"methods": {
            "create": {"id": "files.create", "path": "files", "httpMethod": "POST", "request": {"$ref": "File"}},
            "get": {"id": "files.get", "path": "{+name}", "flatPath": "files/{filesId}", "httpMethod": "GET",
                "parameters": {"name": {"location": "path", "type": "string", "required": true}}}}}}});
    scene
        .upstream
        .on("/discovery", Reply::json(document.clone()));
    let url = format!("{}/discovery", scene.upstream.url());
    for (kind, content) in [("openapi", document.to_string()), ("url", url)] {
        let made = added(&scene, json!({"type": kind, "content": content})).await;
        assert_eq!(
            (&made["operations"], &made["title"]),
            (&json!(2), &json!("Files API"))
        );
        assert_eq!(made["warnings"], json!([]));
    }
    let result = scene
        .dry_run(&post("/files/v1/files", json!({"name": "a"})))
        .await;
    assert_eq!(result["operation"]["id"], "files.create");
    let other = post("/files/v1/files", json!({"owner": "a"}));
    assert!(
        signals(&scene, &other)
            .await
            .contains(&"undocumented_field".to_owned())
    );
    let result = scene.dry_run(&request("GET", "/files/v1/files/7")).await;
    assert_eq!(result["operation"]["id"], "files.get");
}

#[tokio::test]
async fn postman_collections_are_read() {
    let scene = Scene::new(Storage::Sqlite).await;
    let collection = json!({
        "info": {"name": "Users", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "variable": [{"key": "baseUrl", "value": "https://users.example/v1"}],
        "item": [{"name": "Admin", "item": [
            {"name": "Rename a user", "request": {"method": "PATCH",
                "url": {"raw": "{{baseUrl}}/users/:id", "host": ["{{baseUrl}}"], "path": ["users", ":id"]},
                "body": {"mode": "raw", "raw": "{\"name\": \"{{name}}\"}", "options": {"raw": {"language": "json"}}}}},
            {"name": "List users", "request": {"method": "GET", "url": "{{baseUrl}}/users?page=1"}}]}]});
    scene
        .upstream
        .on("/collection", Reply::json(collection.clone()));
    let url = format!("{}/collection", scene.upstream.url());
    for (kind, content) in [
        ("openapi", collection.to_string()),
        ("url", url),
        ("auto", collection.to_string()),
    ] {
        let made = added(&scene, json!({"type": kind, "content": content})).await;
        assert_eq!(
            (&made["operations"], &made["format"]),
            (&json!(2), &json!("openapi"))
        );
    }
    let rename = json!({"service": "things", "method": "PATCH", "path": "/v1/users/7", "intent": "Rename user 7",
        "body": {"name": "b", "nickname": "c"}});
    let result = scene.dry_run(&rename).await;
    assert_eq!(result["operation"]["summary"], "Rename a user");
    assert_eq!(result["operation"]["tags"], json!(["Admin"]));
    // An example does not say what else is allowed.
    assert!(
        !signals(&scene, &rename)
            .await
            .contains(&"undocumented_field".to_owned())
    );
}

/// Returns the folder of real descriptions, from the packages that `scripts/real-descriptions.sh` fetches.
fn real_descriptions() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/real-descriptions.sh");
    let output = Command::new(script).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

#[tokio::test]
async fn real_descriptions_are_read_by_the_gateway() {
    let scene = Scene::new(Storage::Sqlite).await;
    let folder = real_descriptions();
    for (name, operations) in [
        (
            "google-api-python-client/googleapiclient/discovery_cache/documents/drive.v3.json",
            52,
        ),
        (
            "postman-combine-collections/samples/Postman Echo.postman_collection.json",
            21,
        ),
        ("kubernetes-client/lib/specs/swagger-1.13.json.gz", 1014),
    ] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        scene.upstream.on("/description", Reply::text(bytes));
        let url = format!("{}/description", scene.upstream.url());
        let made = added(&scene, json!({"type": "url", "content": url})).await;
        assert_eq!(made["operations"], operations, "{name}");
        assert_eq!(made["warnings"], json!([]), "{name}");
    }
}
