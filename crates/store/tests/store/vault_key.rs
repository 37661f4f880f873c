//! Master keys and data keys.

use gaiterguard_store::Store;

use crate::support::{Database, NOW, World, audit, later, on_both};

on_both!(a_master_key_rotates,);

async fn a_master_key_rotates(_: &Database, store: &Store) {
    let world = World::new(store).await;
    assert!(
        !store
            .master_insert_first("other", NOW, audit())
            .await
            .unwrap()
    );
    let current = store.master_get_current().await.unwrap().unwrap();
    assert_eq!(current.id, "master");
    assert!(
        !store
            .master_begin_rotation("nobody", "next", b"link", NOW, audit())
            .await
            .unwrap()
    );
    assert!(
        store
            .master_begin_rotation("master", "next", b"link", later(1), audit())
            .await
            .unwrap()
    );
    let masters = store.master_list().await.unwrap();
    assert_eq!(masters.len(), 2);
    let link = masters[0].link.as_ref().unwrap();
    assert_eq!(
        (link.next.as_str(), link.sealed.as_slice()),
        ("next", b"link".as_slice())
    );
    assert!(masters[1].is_current && !masters[0].is_current);

    let stale = store
        .data_key_insert(world.workspace, "x", "master", b"w", NOW, |_| audit())
        .await
        .unwrap();
    assert_eq!(stale, None);
    assert!(!store.master_cut_link("master", NOW, audit()).await.unwrap());
    assert_eq!(store.data_key_count_not_under("next").await.unwrap(), 1);
    let under = store.data_key_list_under("master", None, 10).await.unwrap();
    assert_eq!(under.len(), 1);
    assert_eq!(
        (under[0].id, under[0].wrapped.as_slice()),
        (world.data_key, b"wrapped".as_slice())
    );
    assert!(
        store
            .data_key_list_under("master", Some(under[0].id), 10)
            .await
            .unwrap()
            .is_empty()
    );
    let newest = store
        .data_key_newest(world.workspace, "credential")
        .await
        .unwrap();
    assert_eq!(newest, None);
    let moved = store
        .data_key_rewrap(world.data_key, "master", "next", b"again", NOW, audit())
        .await
        .unwrap();
    assert!(moved);
    let again = store
        .data_key_rewrap(world.data_key, "master", "next", b"again", NOW, audit())
        .await
        .unwrap();
    assert!(!again);
    let key = store.data_key_get(world.data_key).await.unwrap().unwrap();
    assert_eq!(
        (key.master_id.as_str(), key.wrapped.as_slice()),
        ("next", b"again".as_slice())
    );
    let newest = store
        .data_key_newest(world.workspace, "credential")
        .await
        .unwrap();
    assert_eq!(newest.map(|key| key.id), Some(world.data_key));
    assert!(store.master_cut_link("master", NOW, audit()).await.unwrap());
    assert!(!store.master_cut_link("next", NOW, audit()).await.unwrap());
}
