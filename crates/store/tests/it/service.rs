//! Services and their credentials.

use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::service::CredentialPlace;
use gaiterguard_store::{Abandoned, ServiceSaved, Store, StoreError, Stored};

use crate::support::{Database, NOW, World, audit, credential, later, on_both, service_fields};

on_both!(
    names_of_services_that_are_not_deleted_are_unique,
    a_change_of_an_old_revision_of_a_service_is_refused,
    a_credential_must_have_the_next_version,
    a_service_is_not_created_if_its_caller_gives_up,
    a_damaged_credential_is_reported_with_its_table,
);

async fn a_damaged_credential_is_reported_with_its_table(database: &Database, store: &Store) {
    let world = World::new(store).await;
    database.meddle("UPDATE credentials SET keys = '{'").await;
    let damaged = store.service_get(world.workspace, world.service).await;
    let expected = format!(
        "row {} of table credentials has an invalid value in column keys",
        world.service
    );
    assert_eq!(damaged.unwrap_err().to_string(), expected);
}

async fn names_of_services_that_are_not_deleted_are_unique(_: &Database, store: &Store) {
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
            other.revision,
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
            other.revision,
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
        [Stored::Intact(*renamed)]
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
            0,
            &service_fields("x"),
            false,
            NOW,
            audit(),
        )
        .await
        .unwrap();
    assert_eq!(unknown, ServiceSaved::Unknown);
}

async fn a_change_of_an_old_revision_of_a_service_is_refused(_: &Database, store: &Store) {
    let World {
        workspace,
        service,
        data_key,
        ..
    } = World::new(store).await;
    let update = async |seen, name| {
        store
            .service_update(
                workspace,
                service,
                seen,
                &service_fields(name),
                true,
                later(1),
                audit(),
            )
            .await
            .unwrap()
    };
    let ServiceSaved::Saved(first) = update(0, "first").await else {
        panic!("not saved");
    };
    assert_eq!((first.revision, &first.credential), (1, &None));
    // A credential that was set for the service as it was before.
    let stale = store
        .credential_put(
            workspace,
            service,
            0,
            &credential(1, data_key),
            NOW,
            audit(),
        )
        .await
        .unwrap();
    assert!(!stale);
    let put = store
        .credential_put(
            workspace,
            service,
            1,
            &credential(1, data_key),
            NOW,
            audit(),
        )
        .await
        .unwrap();
    assert!(put);
    assert_eq!(update(1, "second").await, ServiceSaved::Changed);
    let now = store
        .service_get(workspace, service)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (now.name.as_str(), now.revision, now.credential),
        ("first", 2, Some(credential(1, data_key)))
    );
}

async fn a_credential_must_have_the_next_version(_: &Database, store: &Store) {
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
    for (seen, version, accepted) in [
        (0, 3, false),
        (1, 2, false),
        (0, 2, true),
        (0, 3, false),
        (1, 2, false),
    ] {
        let put = store
            .credential_put(
                workspace,
                service,
                seen,
                &credential(version, data_key),
                NOW,
                audit(),
            )
            .await
            .unwrap();
        assert_eq!(put, accepted, "version {version} of revision {seen}");
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
            0,
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
            1,
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

async fn a_service_is_not_created_if_its_caller_gives_up(_: &Database, store: &Store) {
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
