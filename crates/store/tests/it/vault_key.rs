//! Master keys and data keys.

use std::time::Duration;

use gaiterguard_domain::action::ActionEvent;
use gaiterguard_domain::document::DocumentKind;
use gaiterguard_domain::ledger::{Changed, Outcome, ReplicaId, StoredResponse};
use gaiterguard_store::{DocumentReading, NewDocument, Store, StoredCertificateAuthority};
use sqlx::Connection as _;
use uuid::Uuid;

use crate::steps::{apply, approve, change, completion, done};
use crate::support::{Database, NOW, World, audit, later, on_both, sealed};

on_both!(
    a_master_key_rotates,
    a_link_is_removed_once_no_replica_needs_it,
    data_keys_are_removed_once_nothing_is_sealed_under_them,
    every_column_that_refers_to_a_data_key_is_known,
    one_of_several_certificate_authorities_is_stored,
);

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
    let cut = async || {
        let cut = store.master_remove_followed_links(NOW, |_| audit()).await;
        cut.unwrap()
    };
    assert!(
        store
            .master_mark_configured("next", NOW, audit())
            .await
            .unwrap()
    );
    assert!(
        !store
            .master_mark_configured("next", NOW, audit())
            .await
            .unwrap()
    );
    assert!(
        !store
            .master_mark_configured("master", NOW, audit())
            .await
            .unwrap()
    );
    assert!(cut().await.is_empty(), "a data key needs it");
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
    // A replica that has not followed needs the link for as long as it lives.
    let run = ReplicaId(Uuid::from_u128(1));
    let lease = Duration::from_mins(1);
    store.replica_register(run, lease, NOW).await.unwrap();
    assert!(cut().await.is_empty());
    store.replica_set_master(run, "master", NOW).await.unwrap();
    assert!(cut().await.is_empty());
    store.replica_set_master(run, "next", NOW).await.unwrap();
    assert!(store.master_has_link().await.unwrap());
    assert_eq!(cut().await, ["master"]);
    assert!(!store.master_has_link().await.unwrap());
    assert!(cut().await.is_empty());
}

async fn a_link_is_removed_once_no_replica_needs_it(_: &Database, store: &Store) {
    World::new(store).await;
    let moved = store.data_key_list_under("master", None, 10).await.unwrap();
    let begun = store.master_begin_rotation("master", "next", b"link", NOW, audit());
    assert!(begun.await.unwrap());
    for key in moved {
        let moved = store.data_key_rewrap(key.id, "master", "next", b"again", NOW, audit());
        assert!(moved.await.unwrap());
    }
    let run = ReplicaId(Uuid::from_u128(1));
    let cut = async |at| {
        store
            .master_remove_followed_links(at, |_| audit())
            .await
            .unwrap()
    };
    assert!(cut(NOW).await.is_empty(), "the new secret is not kept yet");
    let lease = Duration::from_millis(300);
    store.replica_register(run, lease, NOW).await.unwrap();
    assert!(
        store
            .master_mark_configured("next", NOW, audit())
            .await
            .unwrap()
    );
    assert!(cut(NOW).await.is_empty());
    // The lease ends by the database's clock, which the test cannot set.
    tokio::time::sleep(2 * lease).await;
    assert_eq!(cut(later(1)).await, ["master"]);
}

async fn data_keys_are_removed_once_nothing_is_sealed_under_them(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let made = async |seconds| {
        let at = later(seconds);
        let made =
            store.data_key_insert(world.workspace, "payload", "master", b"w", at, |_| audit());
        made.await.unwrap().unwrap()
    };
    let of_document = made(1).await;
    let of_request = made(1).await;
    let of_answer = made(1).await;
    let of_claim = made(1).await;
    let of_authority = made(1).await;
    let unused = [made(1).await, made(2).await, made(3).await];
    let young = made(10).await;

    let document = NewDocument {
        kind: DocumentKind::Markdown,
        title: None,
        reading: DocumentReading::default(),
    };
    store
        .document_create(
            world.workspace,
            world.service,
            &document,
            NOW,
            |_| Ok(sealed(of_document, "text")),
            |_| audit(),
        )
        .await
        .unwrap();
    let authority = StoredCertificateAuthority {
        certificate: "pem".to_owned(),
        key: sealed(of_authority, "key"),
        issues_from: NOW,
    };
    let inserted = store.certificate_authority_insert_first(&authority, NOW, audit());
    assert!(inserted.await.unwrap());
    let response = |data_key| StoredResponse {
        status: 200,
        content: Some(sealed(data_key, "answer")),
    };
    let mut decision = world.hold(world.version(store).await, None);
    let held = decision.hold.as_mut().unwrap();
    held.request = sealed(of_request, "request");
    let action = held.action;
    done(store, decision).await;
    let approved = approve(store, action).await;
    store.action_change(approved).await.unwrap();
    apply(store, action, ActionEvent::Begin { at: later(2) }).await;
    let mut ended = change(store, action, ActionEvent::Respond { at: later(3) }).await;
    ended.answer = Some(response(of_answer));
    assert_eq!(store.action_change(ended).await.unwrap(), Changed::Done);
    let claimed = world.forward(world.version(store).await, Some("k"));
    let entry = done(store, claimed).await;
    let outcome = Outcome::Responded(response(of_claim));
    let ended = completion(&world, entry, Some("k"), outcome);
    assert!(store.complete(ended).await.unwrap());

    let remove = async |before| {
        let removed = store.data_key_delete_unused(later(before), 2, later(20));
        removed.await.unwrap()
    };
    let removed = [
        remove(1).await,
        remove(10).await,
        remove(10).await,
        remove(10).await,
    ];
    assert_eq!(removed, [0, 2, 1, 0]);
    for key in unused {
        assert_eq!(store.data_key_get(key).await.unwrap(), None);
    }
    let named = [
        world.data_key,
        of_document,
        of_request,
        of_answer,
        of_claim,
        of_authority,
        young,
    ];
    for key in named {
        assert!(store.data_key_get(key).await.unwrap().is_some(), "{key}");
    }
    store.audit_verify(|_| {}).await.unwrap().unwrap();
}

/// The removal of unused data keys must check each of these columns.
async fn every_column_that_refers_to_a_data_key_is_known(database: &Database, _: &Store) {
    let mut columns: Vec<(String, String)> = if database.is_sqlite() {
        let mut connection = sqlx::SqliteConnection::connect(&database.url)
            .await
            .unwrap();
        let text = "SELECT tables.name, columns.name
            FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
            WHERE tables.type = 'table' AND columns.name LIKE '%key_id'";
        sqlx::query_as(text)
            .fetch_all(&mut connection)
            .await
            .unwrap()
    } else {
        let mut connection = sqlx::PgConnection::connect(&database.url).await.unwrap();
        let text = "SELECT table_name::text, column_name::text FROM information_schema.columns
            WHERE table_schema = 'public' AND column_name LIKE '%key_id'";
        sqlx::query_as(text)
            .fetch_all(&mut connection)
            .await
            .unwrap()
    };
    columns.sort();
    let known = [
        ("actions", "answer_key_id"),
        ("actions", "request_key_id"),
        ("audit_keys", "data_key_id"),
        ("authorizations", "data_key_id"),
        ("certificate_authorities", "data_key_id"),
        ("channels", "data_key_id"),
        ("claims", "answer_key_id"),
        ("credentials", "data_key_id"),
        ("documents", "data_key_id"),
        ("push_keys", "data_key_id"),
        ("totp", "data_key_id"),
    ];
    let known = known.map(|(table, column)| (table.to_owned(), column.to_owned()));
    assert_eq!(columns, known);
}

async fn one_of_several_certificate_authorities_is_stored(_: &Database, store: &Store) {
    let world = World::new(store).await;
    assert_eq!(store.certificate_authorities().await.unwrap(), []);
    let authority = |name: &str| StoredCertificateAuthority {
        certificate: name.to_owned(),
        key: sealed(world.data_key, name),
        issues_from: NOW,
    };
    let (one, other) = (authority("one"), authority("other"));
    let insert = async |new| {
        let inserted = store.certificate_authority_insert_first(new, NOW, audit());
        inserted.await.unwrap()
    };
    let inserted = tokio::join!(insert(&one), insert(&other));
    let winner = match inserted {
        (true, false) => one,
        (false, true) => other,
        both => panic!("{both:?}"),
    };
    assert_eq!(
        store.certificate_authorities().await.unwrap(),
        std::slice::from_ref(&winner)
    );

    // The one that issues certificates remains, and one that was about to is replaced.
    let mut names = vec![];
    for (name, issues_from, left) in [
        (
            "later",
            NOW.after(Duration::from_hours(1)),
            vec![winner.certificate.as_str(), "later"],
        ),
        (
            "latest",
            NOW.after(Duration::from_hours(2)),
            vec![winner.certificate.as_str(), "latest"],
        ),
        ("now", NOW, vec!["now"]),
    ] {
        let new = StoredCertificateAuthority {
            issues_from,
            ..authority(name)
        };
        let rotating = store.certificate_authority_rotate(&new, NOW, audit());
        assert!(rotating.await.unwrap());
        let stored = store.certificate_authorities().await.unwrap();
        names.clear();
        names.extend(stored.into_iter().map(|stored| stored.certificate));
        assert_eq!(names, left);
    }
}
