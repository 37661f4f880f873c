//! API descriptions as the world writes and serves them.

mod compressed;
mod formats;
mod large;
mod schemas;
mod web_pages;

use gaiterguard_testkit::Response;
use gaiterguard_testkit::scene::Scene;
use serde_json::{Value, json};

/// Adds a document.
async fn add(scene: &Scene, document: Value) -> Response {
    let path = format!("/services/{}/docs", scene.service.id);
    scene.human.post(&path).json(document).send().await
}

/// Adds a document that must be accepted, and returns it.
async fn added(scene: &Scene, document: Value) -> Value {
    add(scene, document).await.expect_status(201).json()
}

/// Adds a document that must be refused, and returns the field and the message.
async fn refused(scene: &Scene, document: Value) -> (String, String) {
    let problem = add(scene, document)
        .await
        .expect_problem(400, "validation_failed");
    let error = problem.json()["errors"][0].clone();
    let text = |key: &str| error[key].as_str().unwrap().to_owned();
    (text("field"), text("message"))
}

async fn operations(scene: &Scene) -> Vec<Value> {
    let path = format!("/services/{}/operations?limit=200", scene.service.id);
    let page = scene.human.read(&path).await;
    page["items"].as_array().unwrap().clone()
}

async fn ids(scene: &Scene) -> Vec<String> {
    let listed = operations(scene).await;
    listed
        .iter()
        .map(|operation| operation["id"].as_str().unwrap().to_owned())
        .collect()
}

fn pointers(operation: &Value) -> Vec<&str> {
    let fields = operation["fields"].as_array().unwrap();
    fields
        .iter()
        .map(|field| field["pointer"].as_str().unwrap())
        .collect()
}

/// Returns the codes of the signals of a request.
async fn signals(scene: &Scene, request: &Value) -> Vec<String> {
    let result = scene.dry_run(request).await;
    let signals = result["signals"].as_array().unwrap();
    signals
        .iter()
        .map(|signal| signal["code"].as_str().unwrap().to_owned())
        .collect()
}

fn api(path: &str) -> Value {
    json!({"openapi": "3.0.0", "info": {"title": "Things"}, "paths": {path: {"get": {}}}})
}
