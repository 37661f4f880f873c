//! Credentials during a rotation of the master key.

use gaiterguard_definitions::service;
use gaiterguard_sealing::{RotateError, Rotation, rotate};
use gaiterguard_store::Store;
use serde_json::json;

use crate::house::{House, SALT, SECRET, fields, loopback, open, secret};

const SECOND: &str = "the-second-secret-of-this-test-gateway-0002";

async fn run(house: &House, store: &Store, old: &str, new: &str) -> Result<Rotation, RotateError> {
    rotate(store, &secret(old), &secret(new), SALT, &*house.clock).await
}

#[tokio::test]
async fn credentials_are_used_and_replaced_all_through_a_rotation() {
    let house = House::new().await;
    let new = fields(json!({
        "name": "one", "baseUrl": "https://one.example.com", "authType": "bearer",
        "credentials": {"token": "before"},
    }));
    let service = service::create(&house.definitions, house.editor, new)
        .await
        .unwrap();
    let credentials = house.credentials(loopback());
    run(&house, &house.store, SECRET, SECOND).await.unwrap();
    assert!(credentials.ready(&service).await.unwrap().is_some());
    let token = fields(json!({"token": "after"}));
    let replaced =
        service::set_credentials(&house.definitions, house.editor, service.id, token).await;
    let replaced = replaced.unwrap();
    assert!(credentials.ready(&replaced).await.unwrap().is_some());
    assert!(house.started_with(SECOND).await.is_ok());
}

#[tokio::test]
async fn unused_keys_are_removed_during_a_rotation() {
    let house = House::new().await;
    for _ in 0..40 {
        let key = house.sealing.new_credential_key(house.editor.workspace);
        key.await.unwrap();
    }
    house.clock.advance(std::time::Duration::from_hours(49));
    let new = fields(json!({
        "name": "one", "baseUrl": "https://one.example.com", "authType": "bearer",
        "credentials": {"token": "t"},
    }));
    let service = service::create(&house.definitions, house.editor, new)
        .await
        .unwrap();
    let tool = open(&house.dir.path().join("gaiterguard.db"));
    let removing = async {
        let mut removed = 0;
        loop {
            match house.sealing.remove_unused(3).await.unwrap() {
                0 => return removed,
                some => removed += some,
            }
        }
    };
    let (rotated, removed) = tokio::join!(run(&house, &tool, SECRET, SECOND), removing);
    // Those that were removed before their turn were not moved.
    assert!(rotated.unwrap().rewrapped <= 41);
    assert_eq!(removed, 40);
    let under = house
        .store
        .data_key_list_under(&current(&house).await, None, 100)
        .await
        .unwrap();
    assert_eq!(under.len(), 1);
    let credentials = house.credentials(loopback());
    assert!(credentials.ready(&service).await.unwrap().is_some());
    assert!(house.started_with(SECOND).await.is_ok());
}

async fn current(house: &House) -> String {
    house.store.master_get_current().await.unwrap().unwrap().id
}
