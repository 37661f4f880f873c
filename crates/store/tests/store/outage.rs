//! A PostgreSQL server that goes away and comes back.

use std::time::{Duration, Instant};

use gaiterguard_domain::ledger::{ClaimState, Recorded};
use gaiterguard_store::{Purpose, Store, StoreOptions};
use sqlx::{Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::support::{Database, NOW, World, key};

/// Ends every connection of the database but the meddler's own.
async fn cut(database: &Database) {
    database
        .meddle(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_lose_nothing_that_was_acknowledged() {
    let database = Database::postgres().await;
    let store = database.open(Purpose::Serve);
    store.migrate().await.unwrap();
    let world = World::new(&store).await;
    let version = world.version(&store).await;
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = store.clone();
            let decisions: Vec<_> = (0..120)
                .map(|n| {
                    let claimed = format!("key-{writer}-{n}");
                    (world.forward(version, Some(&claimed)), claimed)
                })
                .collect();
            tokio::spawn(async move {
                let (mut acknowledged, mut failed) = (Vec::new(), Vec::new());
                for (decision, claimed) in decisions {
                    match store.record(decision).await {
                        Ok(Recorded::Done(id)) => acknowledged.push((claimed, id)),
                        Ok(other) => panic!("{other:?}"),
                        Err(error) => {
                            assert!(error.is_unavailable(), "{error}");
                            failed.push(claimed);
                        }
                    }
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                (acknowledged, failed)
            })
        })
        .collect();
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(40)).await;
        cut(&database).await;
    }
    let (mut acknowledged, mut failed) = (Vec::new(), Vec::new());
    for writer in writers {
        let (done, lost) = writer.await.unwrap();
        acknowledged.extend(done);
        failed.extend(lost);
    }
    store.ready().await.unwrap();
    for (claimed, id) in &acknowledged {
        let claim = store
            .claim_get(world.agent, &key(claimed), NOW)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((claim.entry, claim.state), (*id, ClaimState::Running));
    }
    for claimed in &failed {
        let claim = store
            .claim_get(world.agent, &key(claimed), NOW)
            .await
            .unwrap();
        assert_eq!(claim, None, "a decision that failed holds its key");
    }
    assert!(store.audit_verify(|_| {}).await.unwrap().is_ok());
    store.close().await;
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_is_told_of_soon_and_used_again() {
    let database = Database::postgres().await;
    let store = database.open(Purpose::Serve);
    store.migrate().await.unwrap();
    let world = World::new(&store).await;
    let version = world.version(&store).await;
    let (server, _) = database.url.rsplit_once('/').unwrap();
    let mut admin = PgConnection::connect(&format!("{server}/postgres"))
        .await
        .unwrap();
    let name = database.name();
    let allow = |allowed: bool| {
        sqlx::AssertSqlSafe(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}"))
    };
    admin.execute(allow(false)).await.unwrap();
    let end =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    admin.execute(sqlx::AssertSqlSafe(end)).await.unwrap();
    let asked = Instant::now();
    let recorded = store.record(world.forward(version, Some("k"))).await;
    assert!(recorded.unwrap_err().is_unavailable());
    assert!(store.ready().await.is_err());
    assert!(store.user_count().await.unwrap_err().is_unavailable());
    assert!(
        asked.elapsed() < Duration::from_secs(9),
        "{:?}",
        asked.elapsed()
    );
    admin.execute(allow(true)).await.unwrap();
    store.ready().await.unwrap();
    let recorded = store
        .record(world.forward(version, Some("k")))
        .await
        .unwrap();
    assert!(matches!(recorded, Recorded::Done(_)), "{recorded:?}");
    store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn a_server_that_never_was_there_is_unavailable() {
    let options = StoreOptions::new(
        gaiterguard_domain::ledger::ReplicaId(Uuid::new_v4()),
        Purpose::Serve,
    );
    let store = Store::open("postgres://nobody@127.0.0.1:1/none", options).unwrap();
    assert!(store.ready().await.unwrap_err().is_unavailable());
    assert!(store.migrate().await.unwrap_err().is_unavailable());
}
