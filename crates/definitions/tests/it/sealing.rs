//! The data keys of credentials.

use std::time::Duration;

use gaiterguard_definitions::service;
use gaiterguard_domain::id::DocumentId;
use gaiterguard_sealing::Purpose;
use serde_json::json;

use crate::setup::{Setup, fields};

#[tokio::test]
async fn each_version_of_a_credential_has_a_data_key_of_its_own() {
    let setup = Setup::new().await;
    let new = fields(json!({
        "name": "one", "baseUrl": "https://one.example.com", "authType": "bearer",
        "credentials": {"token": "t"},
    }));
    let service = service::create(&setup.definitions, setup.editor, new)
        .await
        .unwrap();
    let first = service.credential.unwrap();
    let token = fields(json!({"token": "u"}));
    let replaced = service::set_credentials(&setup.definitions, setup.editor, service.id, token);
    let second = replaced.await.unwrap().credential.unwrap();
    assert_eq!((first.version, second.version), (1, 2));
    assert_ne!(first.data_key, second.data_key);

    let purpose = Purpose::document(DocumentId(1));
    let seal = || setup.sealing.seal(setup.editor.workspace, &purpose, b"x");
    let (one, other) = (seal().await.unwrap(), seal().await.unwrap());
    assert_eq!(one.data_key, other.data_key);
    assert_ne!(one.bytes, other.bytes);
}

#[tokio::test]
async fn a_data_key_is_removed_when_it_is_old_and_nothing_is_sealed_under_it() {
    let setup = Setup::new().await;
    let (sealing, workspace) = (&setup.sealing, setup.editor.workspace);
    let hours = |hours| setup.clock.advance(Duration::from_hours(hours));
    let new = fields(json!({
        "name": "one", "baseUrl": "https://one.example.com", "authType": "bearer",
        "credentials": {"token": "t"},
    }));
    let service = service::create(&setup.definitions, setup.editor, new)
        .await
        .unwrap();
    let first = service.credential.unwrap();
    let token = fields(json!({"token": "u"}));
    let replaced = service::set_credentials(&setup.definitions, setup.editor, service.id, token);
    let second = replaced.await.unwrap().credential.unwrap();
    let purpose = Purpose::document(DocumentId(1));
    let dropped = sealing.seal(workspace, &purpose, b"x").await.unwrap();
    let keys = [first.data_key, second.data_key, dropped.data_key];
    let left = async || {
        let mut left = Vec::new();
        for key in keys {
            left.push(setup.store.data_key_get(key).await.unwrap().is_some());
        }
        left
    };

    hours(47);
    assert_eq!(sealing.remove_unused(10).await.unwrap(), 0);
    assert_eq!(left().await, [true, true, true]);
    // A key that is made now is another one, and young.
    let sealed = sealing.seal(workspace, &purpose, b"y").await.unwrap();
    assert_ne!(sealed.data_key, dropped.data_key);
    hours(2);
    assert_eq!(sealing.remove_unused(10).await.unwrap(), 2);
    assert_eq!(left().await, [false, true, false]);
    let opened = sealing.open(workspace, sealed.data_key, &sealed.bytes, &purpose);
    assert_eq!(**opened.await.unwrap(), *b"y");
    let service = service::get(&setup.definitions, workspace, service.id)
        .await
        .unwrap();
    let ready = setup.credentials(Vec::new()).ready(&service).await;
    assert!(ready.unwrap().is_some());
}
