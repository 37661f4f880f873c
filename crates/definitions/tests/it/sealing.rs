//! Sealing with the store: who may start, what opens and what does not.

use std::time::Duration;

use gaiterguard_definitions::service;
use gaiterguard_domain::id::{DocumentId, ServiceId, WorkspaceId};
use gaiterguard_sealing::{Purpose, SealingError, StartError};
use serde_json::json;

use crate::house::{House, SECRET, fields};

#[tokio::test]
async fn a_value_opens_only_for_what_it_was_sealed_for() {
    let house = House::new().await;
    let workspace = house.editor.workspace;
    let purpose = Purpose::document(DocumentId(1));
    let sealed = house
        .sealing
        .seal(workspace, &purpose, b"plain")
        .await
        .unwrap();
    assert!(!sealed.bytes.windows(5).any(|window| window == b"plain"));
    let open = async |workspace, purpose: Purpose| {
        house
            .sealing
            .open(workspace, sealed.data_key, &sealed.bytes, &purpose)
            .await
    };
    assert_eq!(**open(workspace, purpose).await.unwrap(), *b"plain");
    for other in [
        Purpose::document(DocumentId(2)),
        Purpose::credential(ServiceId(1), 0),
        Purpose::new("document", 1, 1),
    ] {
        assert!(matches!(
            open(workspace, other).await,
            Err(SealingError::Open(_))
        ));
    }
    let elsewhere = open(
        WorkspaceId(workspace.0 + 1),
        Purpose::document(DocumentId(1)),
    )
    .await;
    assert!(matches!(elsewhere, Err(SealingError::NoDataKey(_))));
}

#[tokio::test]
async fn each_version_of_a_credential_has_a_data_key_of_its_own() {
    let house = House::new().await;
    let new = fields(json!({
        "name": "one", "baseUrl": "https://one.example.com", "authType": "bearer",
        "credentials": {"token": "t"},
    }));
    let service = service::create(&house.definitions, house.editor, new)
        .await
        .unwrap();
    let first = service.credential.unwrap();
    let token = fields(json!({"token": "u"}));
    let replaced = service::set_credentials(&house.definitions, house.editor, service.id, token);
    let second = replaced.await.unwrap().credential.unwrap();
    assert_eq!((first.version, second.version), (1, 2));
    assert_ne!(first.data_key, second.data_key);

    let purpose = Purpose::document(DocumentId(1));
    let seal = || house.sealing.seal(house.editor.workspace, &purpose, b"x");
    let (one, other) = (seal().await.unwrap(), seal().await.unwrap());
    assert_eq!(one.data_key, other.data_key);
    assert_ne!(one.bytes, other.bytes);
}

#[tokio::test]
async fn a_workspaces_payload_key_is_replaced_with_every_start_and_every_day() {
    let house = House::new().await;
    let workspace = house.editor.workspace;
    let purpose = Purpose::document(DocumentId(1));
    let key_of = async |sealing: &gaiterguard_sealing::Sealing| {
        sealing
            .seal(workspace, &purpose, b"x")
            .await
            .unwrap()
            .data_key
    };
    let first = key_of(&house.sealing).await;
    house
        .clock
        .advance(std::time::Duration::from_secs(24 * 3600 - 1));
    assert_eq!(key_of(&house.sealing).await, first);
    house.clock.advance(std::time::Duration::from_secs(1));
    let second = key_of(&house.sealing).await;
    assert_ne!(second, first);
    let restarted = house.started_with(SECRET).await.unwrap();
    assert_ne!(key_of(&restarted).await, second);
    let many = (0..20).map(|_| restarted.payload_key(workspace));
    let keys = futures_util::future::join_all(many).await;
    let named: std::collections::HashSet<String> = keys
        .iter()
        .map(|key| format!("{:?}", key.as_ref().unwrap()))
        .collect();
    assert_eq!(named.len(), 1, "{named:?}");
}

#[tokio::test]
async fn a_start_with_another_secret_is_refused_and_says_what_to_do() {
    let house = House::new().await;
    let refused = house
        .started_with("another-secret-that-is-long-enough-0002")
        .await;
    let error = refused.unwrap_err();
    assert!(matches!(error, StartError::WrongSecret), "{error}");
    let told = error.to_string();
    assert!(
        told.contains("ENCRYPTION_SECRET") && told.contains("set the one"),
        "{told}"
    );
    assert!(!told.contains("another-secret"));
    assert!(house.started_with(SECRET).await.is_ok());
}

#[tokio::test]
async fn two_concurrent_first_starts_agree_or_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gaiterguard.db");
    let (one, other) = (crate::house::open(&path), crate::house::open(&path));
    one.migrate().await.unwrap();
    let clock = std::sync::Arc::new(gaiterguard_clock::SystemClock);
    let start = |store, secret: &'static str| {
        let clock = clock.clone();
        async move {
            gaiterguard_sealing::Sealing::open_or_create(
                store,
                &crate::house::secret(secret),
                crate::house::SALT,
                clock,
            )
            .await
        }
    };
    let (first, second) = tokio::join!(
        start(one, SECRET),
        start(other, "another-secret-that-is-long-enough-0002")
    );
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
}

#[tokio::test]
async fn a_data_key_is_removed_when_it_is_old_and_nothing_is_sealed_under_it() {
    let house = House::new().await;
    let (sealing, workspace) = (&house.sealing, house.editor.workspace);
    let hours = |hours| house.clock.advance(Duration::from_hours(hours));
    let new = fields(json!({
        "name": "one", "baseUrl": "https://one.example.com", "authType": "bearer",
        "credentials": {"token": "t"},
    }));
    let service = service::create(&house.definitions, house.editor, new)
        .await
        .unwrap();
    let first = service.credential.unwrap();
    let token = fields(json!({"token": "u"}));
    let replaced = service::set_credentials(&house.definitions, house.editor, service.id, token);
    let second = replaced.await.unwrap().credential.unwrap();
    let purpose = Purpose::document(DocumentId(1));
    let dropped = sealing.seal(workspace, &purpose, b"x").await.unwrap();
    let keys = [first.data_key, second.data_key, dropped.data_key];
    let left = async || {
        let mut left = Vec::new();
        for key in keys {
            left.push(house.store.data_key_get(key).await.unwrap().is_some());
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
    let service = service::get(&house.definitions, workspace, service.id)
        .await
        .unwrap();
    let ready = house.credentials(Vec::new()).ready(&service).await;
    assert!(ready.unwrap().is_some());
}
