//! Database files, URLs, and migrations.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::document::DocumentKind;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_store::{DocumentReading, NewDocument, Purpose, Store, StoreError, StoreOptions};
use uuid::Uuid;

use crate::support::{Database, NOW, World, audit, on_both, sealed};

on_both!(a_database_is_ready_and_migrates_twice,);

async fn a_database_is_ready_and_migrates_twice(database: &Database, store: &Store) {
    store.ready().await.unwrap();
    let other = database.open(Purpose::Tool);
    other.migrate().await.unwrap();
    other.ready().await.unwrap();
    other.close().await;
}

#[tokio::test]
async fn a_sqlite_file_is_private_and_served_once() {
    use std::os::unix::fs::PermissionsExt as _;
    let database = Database::sqlite().await;
    let store = database.open(Purpose::Serve);
    store.migrate().await.unwrap();
    World::new(&store).await;
    let folder = database.path().parent().unwrap().to_owned();
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
        seen += 1;
    }
    assert!(seen >= 3, "the database, its log and its lock");
    let options = StoreOptions::new(ReplicaId(Uuid::new_v4()), Purpose::Serve);
    let refused = Store::open(&database.url, options).err().unwrap();
    assert!(matches!(refused, StoreError::AlreadyServed(_)), "{refused}");
    let tool = database.open(Purpose::Tool);
    assert_eq!(tool.user_count().await.unwrap(), 1);
    tool.close().await;
    store.close().await;
    drop(store);
    let served_again = Store::open(&database.url, options).unwrap();
    served_again.ready().await.unwrap();
}

#[tokio::test]
async fn an_unsupported_url_is_refused() {
    let options = StoreOptions::new(ReplicaId(Uuid::new_v4()), Purpose::Tool);
    for odd in [
        "mysql://x",
        "sqlite://",
        "sqlite::memory:",
        "/var/lib/x.db",
        "",
    ] {
        let refused = Store::open(odd, options).err().unwrap();
        assert!(
            matches!(refused, StoreError::InvalidUrl(_)),
            "{odd}: {refused}"
        );
    }
}

#[tokio::test]
async fn a_write_ahead_log_is_checkpointed_when_it_has_grown() {
    let database = Database::sqlite().await;
    let store = database.open(Purpose::Serve);
    store.migrate().await.unwrap();
    let world = World::new(&store).await;
    let before = std::fs::metadata(database.path()).unwrap().len();
    let new = NewDocument {
        kind: DocumentKind::Markdown,
        title: None,
        reading: DocumentReading::default(),
    };
    // More than the file has to grow by, because migrations leave pages that are free.
    let text: Arc<str> = "x".repeat(2 << 20).into();
    store
        .document_create(
            world.workspace,
            world.service,
            &new,
            NOW,
            |_| Ok(sealed(world.data_key, &text)),
            |_| audit(),
        )
        .await
        .unwrap();
    let grown = async {
        while std::fs::metadata(database.path()).unwrap().len() < before + (1 << 20) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), grown)
        .await
        .expect("the log is checkpointed in the background");
    store.close().await;
}
