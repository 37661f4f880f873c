//! Credentials during a rotation of the master key.

use gaiterguard_definitions::service;
use gaiterguard_sealing::{RotateError, Rotation, rotate};
use gaiterguard_store::Store;
use serde_json::json;

use crate::setup::{SALT, SECRET, Setup, fields, loopback, open, secret};

const SECOND: &str = "the-second-secret-of-this-test-gateway-0002";

async fn run(setup: &Setup, store: &Store, old: &str, new: &str) -> Result<Rotation, RotateError> {
    rotate(store, &secret(old), &secret(new), SALT, &*setup.clock).await
}

#[tokio::test]
async fn credentials_are_used_and_replaced_all_through_a_rotation() {
    let setup = Setup::new().await;
    let new = fields(json!({
        "name": "one", "baseUrl": "https://one.example.com", "authType": "bearer",
        "credentials": {"token": "before"},
    }));
    let service = service::create(&setup.definitions, setup.editor, new)
        .await
        .unwrap();
    let credentials = setup.credentials(loopback());
    run(&setup, &setup.store, SECRET, SECOND).await.unwrap();
    assert!(credentials.ready(&service).await.unwrap().is_some());
    let token = fields(json!({"token": "after"}));
    let replaced =
        service::set_credentials(&setup.definitions, setup.editor, service.id, token).await;
    let replaced = replaced.unwrap();
    assert!(credentials.ready(&replaced).await.unwrap().is_some());
    assert!(setup.started_with(SECOND).await.is_ok());
}

#[tokio::test]
async fn unused_keys_are_removed_during_a_rotation() {
    let setup = Setup::new().await;
    for _ in 0..40 {
        let key = setup.sealing.new_credential_key(setup.editor.workspace);
        key.await.unwrap();
    }
    setup.clock.advance(std::time::Duration::from_hours(49));
    let new = fields(json!({
        "name": "one", "baseUrl": "https://one.example.com", "authType": "bearer",
        "credentials": {"token": "t"},
    }));
    let service = service::create(&setup.definitions, setup.editor, new)
        .await
        .unwrap();
    let tool = open(&setup.dir.path().join("gaiterguard.db"));
    let removing = async {
        let mut removed = 0;
        loop {
            match setup.sealing.remove_unused(3).await.unwrap() {
                0 => return removed,
                some => removed += some,
            }
        }
    };
    let (rotated, removed) = tokio::join!(run(&setup, &tool, SECRET, SECOND), removing);
    // Those that were removed before their turn were not moved.
    assert!(rotated.unwrap().rewrapped <= 41);
    assert_eq!(removed, 40);
    let under = setup
        .store
        .data_key_list_under(&current(&setup).await, None, 100)
        .await
        .unwrap();
    assert_eq!(under.len(), 1);
    let credentials = setup.credentials(loopback());
    assert!(credentials.ready(&service).await.unwrap().is_some());
    assert!(setup.started_with(SECOND).await.is_ok());
}

async fn current(setup: &Setup) -> String {
    setup.store.master_get_current().await.unwrap().unwrap().id
}
