//! Services and their credentials.

use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::service::CredentialPlace;
use gaiterguard_store::{Abandoned, ServiceSaved, Store, StoreError};

use crate::support::{Database, NOW, World, audit, credential, later, on_both, service_fields};

on_both!(
    services_are_unique_by_name_while_they_live,
    credentials_follow_their_versions,
    a_service_is_not_made_when_its_maker_gives_up,
);

async fn services_are_unique_by_name_while_they_live(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let taken = store
        .service_create(
            world.workspace,
            &service_fields("stripe"),
            NOW,
            |_| Ok(None),
            |_| audit(),
        )
        .await
        .unwrap();
    assert_eq!(taken, ServiceSaved::NameTaken);
    let other = store
        .service_create(
            world.workspace,
            &service_fields("Stripe"),
            NOW,
            |_| Ok(None),
            |_| audit(),
        )
        .await
        .unwrap();
    let ServiceSaved::Saved(other) = other else {
        panic!("{other:?}");
    };
    assert_eq!(
        store
            .service_get(world.workspace, other.id)
            .await
            .unwrap()
            .as_ref(),
        Some(&*other)
    );
    let renamed = store
        .service_update(
            world.workspace,
            other.id,
            &service_fields("stripe"),
            false,
            NOW,
            audit(),
        )
        .await
        .unwrap();
    assert_eq!(renamed, ServiceSaved::NameTaken);
    let deleted = store
        .service_delete(world.workspace, world.service, later(1), audit())
        .await
        .unwrap();
    assert!(deleted);
    let again = store
        .service_delete(world.workspace, world.service, later(1), audit())
        .await
        .unwrap();
    assert!(!again);
    let renamed = store
        .service_update(
            world.workspace,
            other.id,
            &service_fields("stripe"),
            false,
            later(2),
            audit(),
        )
        .await
        .unwrap();
    let ServiceSaved::Saved(renamed) = renamed else {
        panic!("{renamed:?}");
    };
    assert_eq!(
        (renamed.name.as_str(), renamed.updated_at),
        ("stripe", later(2))
    );
    assert_eq!(
        store.service_list(world.workspace).await.unwrap(),
        [*renamed]
    );
    let agent = store
        .agent_get(world.workspace, world.agent)
        .await
        .unwrap()
        .unwrap();
    assert!(agent.grants.is_empty());
    let unknown = store
        .service_update(
            world.workspace,
            ServiceId(99),
            &service_fields("x"),
            false,
            NOW,
            audit(),
        )
        .await
        .unwrap();
    assert_eq!(unknown, ServiceSaved::Unknown);
}

async fn credentials_follow_their_versions(_: &Database, store: &Store) {
    let World {
        workspace,
        service,
        data_key,
        ..
    } = World::new(store).await;
    let held = store
        .service_get(workspace, service)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(held.credential, Some(credential(1, data_key)));
    for (version, accepted) in [(3, false), (2, true), (2, false)] {
        let put = store
            .credential_put(
                workspace,
                service,
                &credential(version, data_key),
                NOW,
                audit(),
            )
            .await
            .unwrap();
        assert_eq!(put, accepted, "version {version}");
    }
    let mut moved = credential(3, data_key);
    moved.place = CredentialPlace::Nowhere;
    for (expected, new, accepted) in [
        (1, credential(3, data_key), false),
        (2, moved, false),
        (2, credential(3, data_key), true),
    ] {
        let refreshed = store
            .credential_refresh(workspace, service, expected, &new, NOW, audit())
            .await
            .unwrap();
        assert_eq!(refreshed, accepted);
    }
    let put = store
        .credential_put(
            workspace,
            ServiceId(99),
            &credential(1, data_key),
            NOW,
            audit(),
        )
        .await
        .unwrap();
    assert!(!put);
    store
        .service_update(
            workspace,
            service,
            &service_fields("stripe"),
            true,
            NOW,
            audit(),
        )
        .await
        .unwrap();
    let cleared = store
        .service_get(workspace, service)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(cleared.credential, None);
}

async fn a_service_is_not_made_when_its_maker_gives_up(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let abandoned = store
        .service_create(
            world.workspace,
            &service_fields("other"),
            NOW,
            |_| Err(Abandoned),
            |_| audit(),
        )
        .await;
    assert!(matches!(abandoned, Err(StoreError::Abandoned)));
    assert_eq!(store.service_list(world.workspace).await.unwrap().len(), 1);
}
