//! Users and their workspaces.

use gaiterguard_domain::id::UserId;
use gaiterguard_domain::workspace::{Membership, Role};
use gaiterguard_store::{Purpose, Store, UserCreated};

use crate::support::{Database, NOW, World, audit, email, later, new_session, on_both};

on_both!(
    email_addresses_are_unique_regardless_of_case,
    only_one_of_many_concurrent_users_is_the_first,
    a_user_joins_the_workspace_of_another,
    a_password_reset_ends_all_sessions,
    a_password_change_ends_all_other_sessions,
);

async fn email_addresses_are_unique_regardless_of_case(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let taken = store
        .user_create(&email("ONE@example.com"), "x", false, NOW, |_, _| audit())
        .await
        .unwrap();
    assert_eq!(taken, UserCreated::EmailTaken);
    let login = store
        .user_by_email("one@example.com")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(login.user.id, world.user);
    assert_eq!(login.workspace, world.workspace);
    assert_eq!(login.password_hash, "hash");
    assert_eq!(store.user_get(world.user).await.unwrap(), Some(login.user));
    assert_eq!(store.user_get(UserId(99)).await.unwrap(), None);
    assert_eq!(store.user_by_email("ONE@example.com").await.unwrap(), None);
    assert_eq!(store.user_count().await.unwrap(), 1);
    let membership = store.member_get(world.workspace, world.user).await.unwrap();
    assert_eq!(membership, Some(Membership::of(Role::Owner)));
}

async fn only_one_of_many_concurrent_users_is_the_first(database: &Database, store: &Store) {
    let other = database.open(Purpose::Tool);
    let attempts = (0..8).map(|n| {
        let store = if n % 2 == 0 {
            store.clone()
        } else {
            other.clone()
        };
        tokio::spawn(async move {
            let email = email(&format!("user{n}@example.com"));
            store
                .user_create(&email, "hash", true, NOW, |_, _| audit())
                .await
                .unwrap()
        })
    });
    let mut created = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        match attempt.await.unwrap() {
            UserCreated::Created(..) => created += 1,
            other => assert_eq!(other, UserCreated::NotFirst),
        }
    }
    assert_eq!(created, 1);
    assert_eq!(store.user_count().await.unwrap(), 1);
    other.close().await;
}

async fn a_user_joins_the_workspace_of_another(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let host = email("ONE@example.com");
    let joined = store
        .user_join(&email("two@example.com"), "hash", &host, NOW, |_, _| {
            audit()
        })
        .await
        .unwrap();
    let UserCreated::Created(user, workspace) = joined else {
        panic!("{joined:?}");
    };
    assert_eq!(workspace, world.workspace);
    let users = store.user_list(workspace).await.unwrap();
    assert_eq!(
        users
            .iter()
            .map(|user| user.as_intact().unwrap().id)
            .collect::<Vec<_>>(),
        [world.user, user.id]
    );
    let unknown = store
        .user_join(
            &email("three@example.com"),
            "hash",
            &email("no@example.com"),
            NOW,
            |_, _| audit(),
        )
        .await
        .unwrap();
    assert_eq!(unknown, UserCreated::HostUnknown);
}

async fn a_password_reset_ends_all_sessions(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let session = store
        .session_create(new_session(&world, 1), &[], NOW, |_| audit())
        .await
        .unwrap()
        .unwrap();
    assert!(
        store
            .user_password_set(world.user, "new", later(1), audit())
            .await
            .unwrap()
    );
    assert_eq!(
        store.session_get_live(session.id, later(1)).await.unwrap(),
        None
    );
    let login = store
        .user_by_email("one@example.com")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(login.password_hash, "new");
    assert!(
        !store
            .user_password_set(UserId(99), "new", NOW, audit())
            .await
            .unwrap()
    );
}

async fn a_password_change_ends_all_other_sessions(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let mut sessions = Vec::new();
    for n in 1..=2 {
        let session = store.session_create(new_session(&world, n), &[], NOW, |_| audit());
        sessions.push(session.await.unwrap().unwrap().id);
    }
    let login = store.user_by_email("one@example.com").await.unwrap();
    let present = login.unwrap().password_hash;
    let change = async |present: &str| {
        let (user, at) = (world.user, later(1));
        store
            .user_password_change(user, present, "new", sessions[0], at, audit())
            .await
            .unwrap()
    };
    // The password was replaced after it was checked.
    assert!(!change("another").await);
    assert_eq!(
        store
            .session_list(world.user, later(1))
            .await
            .unwrap()
            .len(),
        2
    );
    assert!(change(&present).await);
    let left = store.session_list(world.user, later(1)).await.unwrap();
    let left: Vec<_> = left.iter().map(|session| session.id).collect();
    assert_eq!(left, [sessions[0]]);
    assert!(!change(&present).await);
}
