//! Sessions and their refresh tokens.

use gaiterguard_domain::id::SessionId;
use gaiterguard_domain::user::{Session, SessionClient};
use gaiterguard_store::{Refreshed, Store};

use crate::support::{Database, NOW, World, audit, later, new_session, on_both};

on_both!(
    a_refresh_token_works_once,
    at_most_two_successors_of_a_refresh_token_are_used,
    sessions_end,
    all_other_sessions_of_a_user_end
);

/// The client that refreshes a session.
fn other() -> SessionClient {
    SessionClient::new([192, 0, 2, 1].into(), Some("browser/2"))
}

async fn a_refresh_token_works_once(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let session = store
        .session_create(new_session(&world, 1), &[], NOW, |_| audit())
        .await
        .unwrap()
        .unwrap();
    let rotated = store
        .session_refresh([1; 32], [2; 32], &other(), later(200), later(1))
        .await
        .unwrap();
    let lengthened = Session {
        expires_at: later(200),
        last_used_at: later(1),
        client: other(),
        ..session.clone()
    };
    let listed = store.session_list(world.user, later(1)).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&lengthened));
    assert_eq!(rotated, Refreshed::Rotated(lengthened));
    assert!(
        store
            .session_get_live(session.id, later(150))
            .await
            .unwrap()
            .is_some()
    );
    let unknown = store
        .session_refresh([9; 32], [3; 32], &other(), later(200), later(1))
        .await
        .unwrap();
    assert_eq!(unknown, Refreshed::Unknown);
    let late = store
        .session_refresh([2; 32], [3; 32], &other(), later(300), later(200))
        .await
        .unwrap();
    assert_eq!(late, Refreshed::Expired);
    let reused = store
        .session_refresh([1; 32], [3; 32], &other(), later(200), later(12))
        .await
        .unwrap();
    assert_eq!(reused, Refreshed::Reused(session.id));
    assert_eq!(
        store.session_get_live(session.id, later(12)).await.unwrap(),
        None
    );
    let ended = store
        .session_refresh([2; 32], [3; 32], &other(), later(200), later(12))
        .await
        .unwrap();
    assert_eq!(ended, Refreshed::Unknown);
}

async fn at_most_two_successors_of_a_refresh_token_are_used(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let session = store
        .session_create(new_session(&world, 1), &[], NOW, |_| audit())
        .await
        .unwrap()
        .unwrap();
    let refresh = async |old: u8, new: u8, at: u64| {
        let (old, new) = ([old; 32], [new; 32]);
        store
            .session_refresh(old, new, &other(), later(200), later(at))
            .await
            .unwrap()
    };
    // Which of the responses reached the browser is unknown.
    for new in [2, 3, 4, 5] {
        assert!(matches!(refresh(1, new, 1).await, Refreshed::Rotated(_)));
    }
    assert!(matches!(refresh(5, 6, 2).await, Refreshed::Rotated(_)));
    // Another tab uses 3. A third use would be a thief's.
    assert!(matches!(refresh(3, 7, 3).await, Refreshed::Rotated(_)));
    assert_eq!(refresh(1, 8, 4).await, Refreshed::Reused(session.id));
    assert_eq!(refresh(6, 8, 4).await, Refreshed::Unknown);
}

async fn sessions_end(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let mut sessions = Vec::new();
    for n in 1..=3 {
        let session = store
            .session_create(new_session(&world, n), &[], NOW, |_| audit())
            .await
            .unwrap()
            .unwrap();
        sessions.insert(0, session);
    }
    assert_eq!(store.session_list(world.user, NOW).await.unwrap(), sessions);
    assert!(
        store
            .session_revoke(sessions[0].id, NOW, audit())
            .await
            .unwrap()
    );
    assert!(
        !store
            .session_revoke(sessions[0].id, NOW, audit())
            .await
            .unwrap()
    );
    assert!(
        !store
            .session_revoke(SessionId(99), NOW, audit())
            .await
            .unwrap()
    );
    assert_eq!(
        store.session_list(world.user, NOW).await.unwrap(),
        sessions[1..]
    );
    assert_eq!(
        store
            .session_get_live(sessions[1].id, later(100))
            .await
            .unwrap(),
        None
    );
    let removed = store
        .session_delete_expired(later(101), 2, later(101))
        .await
        .unwrap();
    assert_eq!(removed, 2);
    let removed = store
        .session_delete_expired(later(101), 2, later(101))
        .await
        .unwrap();
    assert_eq!(removed, 1);
}

async fn all_other_sessions_of_a_user_end(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let mut sessions = Vec::new();
    for n in 1..=3 {
        let session = store.session_create(new_session(&world, n), &[], NOW, |_| audit());
        sessions.push(session.await.unwrap().unwrap().id);
    }
    let end = async || {
        store
            .session_revoke_others(world.user, sessions[1], later(1), |_, _| audit())
            .await
            .unwrap()
    };
    assert_eq!(end().await, 2);
    let left = store.session_list(world.user, later(1)).await.unwrap();
    let left: Vec<_> = left.iter().map(|session| session.id).collect();
    assert_eq!(left, [sessions[1]]);
    assert_eq!(end().await, 0);
}
