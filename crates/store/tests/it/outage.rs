//! A PostgreSQL server that becomes unavailable and returns.

use std::time::{Duration, Instant};

use gaiterguard_domain::action::{ActionEvent, ActionStatus};
use gaiterguard_domain::ledger::{ClaimState, Outcome, Recorded};
use gaiterguard_store::{Purpose, Store, StoreOptions};
use sqlx::{Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::steps::{apply, approve, change, completion, done, response};
use crate::support::{Database, NOW, World, audit, key, later};

/// Terminates every connection to the database except its own.
async fn cut(database: &Database) {
    database
        .meddle(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terminated_connections_lose_nothing_that_was_acknowledged() {
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
        // Some decisions are written between two outages.
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
}

/// Makes the server refuse connections to this database, or accept them again.
struct Door(PgConnection);

impl Door {
    async fn of(database: &Database) -> Self {
        let (server, _) = database.url.rsplit_once('/').unwrap();
        let admin = PgConnection::connect(&format!("{server}/postgres")).await;
        Self(admin.unwrap())
    }

    async fn allow(&mut self, database: &Database, allowed: bool) {
        let name = database.name();
        let allow = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}");
        self.0.execute(sqlx::AssertSqlSafe(allow)).await.unwrap();
        if !allowed {
            let end = format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            );
            self.0.execute(sqlx::AssertSqlSafe(end)).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ends_during_an_outage_are_written_after_it() {
    let database = Database::postgres().await;
    let store = database.open(Purpose::Serve);
    store.migrate().await.unwrap();
    let world = World::new(&store).await;
    let version = world.version(&store).await;
    let mut begun = Vec::new();
    for _ in 0..3 {
        let action = world.held(&store).await;
        let approved = approve(&store, action).await;
        store.action_change(approved).await.unwrap();
        apply(&store, action, ActionEvent::Begin { at: later(2) }).await;
        begun.push(action);
    }
    let mut ends = Vec::new();
    let events = [
        (
            ActionEvent::Respond { at: later(3) },
            ActionStatus::Executed,
        ),
        (
            ActionEvent::Break {
                at: later(3),
                detail: "cut".to_owned(),
            },
            ActionStatus::Indeterminate,
        ),
        (ActionEvent::NothingSent, ActionStatus::Approved),
    ];
    for (action, (event, _)) in begun.iter().zip(&events) {
        let mut end = change(&store, *action, event.clone()).await;
        end.answer = matches!(event, ActionEvent::Respond { .. }).then(|| response(&world, 200));
        ends.push(end);
    }
    let running = done(&store, world.forward(version, Some("k"))).await;

    let mut door = Door::of(&database).await;
    door.allow(&database, false).await;
    let waiting: Vec<_> = ends
        .into_iter()
        .map(|end| {
            let store = store.clone();
            tokio::spawn(async move { store.action_end(end).await })
        })
        .collect();
    let outcome = Outcome::Responded(response(&world, 200));
    store.complete_in_background(completion(&world, running, Some("k"), outcome.clone()));
    let refused = store.record(world.forward(version, None)).await;
    assert!(refused.unwrap_err().is_unavailable());
    // Longer than any caller waits.
    for waiter in waiting {
        assert!(waiter.await.unwrap().unwrap_err().is_unavailable());
    }
    door.allow(&database, true).await;
    let settled = async {
        loop {
            let mut statuses = Vec::new();
            for action in &begun {
                let found = store.action_get(*action).await;
                statuses.extend(found.map(|found| found.unwrap().action.state.status()));
            }
            let claim = store.claim_get(world.agent, &key("k"), NOW).await;
            let claim = claim.map(|claim| claim.unwrap().state);
            let is_answered = matches!(claim, Ok(ClaimState::Responded(_)));
            if is_answered && statuses == events.each_ref().map(|(_, status)| *status) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let settled = tokio::time::timeout(Duration::from_secs(20), settled).await;
    settled.expect("the ends are written");
    assert_eq!(
        store.action_response(begun[0]).await.unwrap(),
        Some(response(&world, 200))
    );
    assert!(store.audit_verify(|_| {}).await.unwrap().is_ok());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_reported_soon_and_the_database_is_used_again() {
    let database = Database::postgres().await;
    let store = database.open(Purpose::Serve);
    store.migrate().await.unwrap();
    let world = World::new(&store).await;
    let version = world.version(&store).await;
    let mut door = Door::of(&database).await;
    door.allow(&database, false).await;
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
    door.allow(&database, true).await;
    store.ready().await.unwrap();
    let recorded = store
        .record(world.forward(version, Some("k")))
        .await
        .unwrap();
    assert!(matches!(recorded, Recorded::Done(_)), "{recorded:?}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_announcement_that_fails_is_repeated_without_another_commit() {
    let database = Database::postgres().await;
    let store = database.open(Purpose::Serve);
    store.migrate().await.unwrap();
    let other = database.open(Purpose::Serve);
    let mut notices = other.notices();
    let second = Duration::from_secs(1);
    // The other replica may not be subscribed yet when the first change is made.
    while tokio::time::timeout(second, notices.recv()).await.is_err() {
        store.audit_append(audit()).await.unwrap();
    }
    while tokio::time::timeout(second, notices.recv()).await.is_ok() {}
    database
        .meddle(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND query LIKE 'SELECT pg_notify%'",
        )
        .await;
    store.audit_append(audit()).await.unwrap();
    let notice = tokio::time::timeout(10 * second, notices.recv()).await;
    notice.expect("the commit is announced").unwrap();
    other.close().await;
    store.close().await;
}

#[tokio::test]
async fn a_server_that_never_existed_is_unavailable() {
    let options = StoreOptions::new(
        gaiterguard_domain::ledger::ReplicaId(Uuid::new_v4()),
        Purpose::Serve,
    );
    let store = Store::open("postgres://nobody@127.0.0.1:1/none", options).unwrap();
    assert!(store.ready().await.unwrap_err().is_unavailable());
    assert!(store.migrate().await.unwrap_err().is_unavailable());
}
