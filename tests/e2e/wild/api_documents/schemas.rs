//! Fields that documents describe in several places.

use gaiterguard_testkit::scene::{Scene, post};
use gaiterguard_testkit::{McpClient, McpMode, McpTransport, Storage};
use serde_json::json;

use super::{added, operations, pointers, signals};

#[tokio::test]
async fn the_fields_of_every_kind_of_a_schema_are_known() {
    let scene = Scene::new(Storage::Sqlite).await;
    let pets = json!({"openapi": "3.0.0",
        "paths": {"/pets": {"post": {"operationId": "addPet", "summary": "Add a pet", "requestBody": {"content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}}}},
        "components": {"schemas": {
            "Pet": {"type": "object", "required": ["petType"], "properties": {"petType": {"type": "string"}},
                "discriminator": {"propertyName": "petType", "mapping": {
                    "cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog"}}},
            "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"},
                {"type": "object", "properties": {"meowVolume": {"type": "integer"}}}]},
            "Dog": {"allOf": [{"$ref": "#/components/schemas/Pet"},
                {"type": "object", "properties": {"packSize": {"type": "integer"}}}]}}}});
    let made = added(
        &scene,
        json!({"type": "openapi", "content": pets.to_string()}),
    )
    .await;
    assert_eq!(made["warnings"], json!([]));
    let listed = operations(&scene).await;
    assert_eq!(
        pointers(&listed[0]),
        ["/petType", "/meowVolume", "/packSize"]
    );
    assert_eq!(
        listed[0]["fields"][1]["description"],
        "Only if petType is cat."
    );
    assert_eq!(listed[0]["fields"][1]["required"], false);

    let mut client = McpClient::connect(
        &scene.gateway,
        &scene.agent,
        McpTransport::Http,
        McpMode::Newest,
    )
    .await;
    let found = client
        .call("search_operations", json!({"query": "add a pet"}))
        .await
        .expect_done();
    for field in ["meowVolume", "packSize"] {
        assert!(found.to_string().contains(field), "{found}");
    }
    let unknown = "undocumented_field".to_owned();
    let cat = post("/pets", json!({"petType": "cat", "meowVolume": 11}));
    assert!(!signals(&scene, &cat).await.contains(&unknown));
    let other = post("/pets", json!({"petType": "cat", "adminRole": true}));
    assert!(signals(&scene, &other).await.contains(&unknown));
}

#[tokio::test]
async fn references_into_other_operations_responses_and_own_sections_are_followed() {
    let scene = Scene::new(Storage::Sqlite).await;
    let user = json!({"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}});
    let body = |reference: &str| json!({"post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": reference}}}}}});
    let document = json!({"openapi": "3.0.0",
        "paths": {
            "/users": {
                "get": {"responses": {"200": {"content": {"application/json": {"schema": user}}}}},
                "post": body("#/paths/~1users/get/responses/200/content/application~1json/schema")["post"]},
            "/members": body("#/components/responses/User/content/application~1json/schema"),
            "/guests": body("#/x-schemas/User")},
        "components": {"responses": {"User": {"content": {"application/json": {"schema": user}}}}},
        "x-schemas": {"User": user}});
    let made = added(
        &scene,
        json!({"type": "openapi", "content": document.to_string()}),
    )
    .await;
    assert_eq!(
        (&made["operations"], &made["warnings"]),
        (&json!(4), &json!([]))
    );
    let listed = operations(&scene).await;
    for operation in listed
        .iter()
        .filter(|operation| operation["method"] == "POST")
    {
        assert_eq!(pointers(operation), ["/name", "/age"], "{operation}");
    }
    let known = post("/guests", json!({"name": "a", "age": 1}));
    assert!(
        !signals(&scene, &known)
            .await
            .contains(&"undocumented_field".to_owned())
    );
}
