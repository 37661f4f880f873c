//! The master secret is replaced beside a gateway that works, by a command that is killed.

use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Output, Stdio};
use std::time::Duration;

use gaiterguard_tests::{ReservedPort, Storage, TestGateway, finish, on_both_databases};

use crate::by_hand::ByHand;
use crate::traffic::{Town, request};

on_both_databases!(
    no_request_fails_while_a_rotation_is_killed_and_repeated,
    an_old_secret_opens_nothing_once_every_gateway_has_followed,
    secrets_that_do_not_fit_are_refused,
);

const OLD: &str = "the old master secret of the tests, 6c1e";
const NEW: &str = "the new master secret of the tests, 92ab";
const OTHER: &str = "another master secret of the tests, 07d4";

/// How many data keys there are for a kill to come between.
const SERVICES: usize = 60;

/// The embedded database gets a generated secret in its file, PostgreSQL one from the environment.
fn builder(storage: Storage) -> gaiterguard_tests::TestGatewayBuilder {
    let builder = TestGateway::builder(storage);
    match storage {
        Storage::Sqlite => builder,
        Storage::Postgres => builder.setting("ENCRYPTION_SECRET", OLD),
    }
}

fn old_secret(gateway: &TestGateway) -> String {
    match gateway.storage() {
        Storage::Sqlite => {
            let file = gateway.data_dir().join("encryption_secret");
            fs::read_to_string(file).unwrap().trim().to_owned()
        }
        Storage::Postgres => OLD.to_owned(),
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The one line on standard error of a command that failed.
#[track_caller]
fn refusal(output: &Output) -> String {
    let line = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert!(!output.status.success(), "{}", stdout(output));
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

fn begin_rotation(gateway: &TestGateway) -> Child {
    let mut child = gateway
        .command(&["vault", "rotate"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(NEW.as_bytes()).unwrap();
    child
}

/// Kills it, unless it ended by itself.
fn kill(mut child: Child) -> bool {
    if let Some(status) = child.try_wait().unwrap() {
        assert!(status.success(), "{status}");
        return false;
    }
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

fn random_below(limit: u64) -> u64 {
    RandomState::new().hash_one(()) % limit
}

async fn keys_moved(database: &mut ByHand) -> i64 {
    database
        .number(
            "SELECT COUNT(*) FROM data_keys JOIN master_keys ON master_keys.id = master_id
             WHERE is_current AND (SELECT COUNT(*) FROM master_keys) > 1",
        )
        .await
}

async fn no_request_fails_while_a_rotation_is_killed_and_repeated(storage: Storage) {
    let gateway = builder(storage).start().await;
    let old = old_secret(&gateway);
    let mut town = Town::found(gateway, SERVICES).await;
    let approved_before = town.approved("approved-before").await;
    let mut database = ByHand::open(&town.gateway).await;

    // Killed anywhere, at first most likely before anything was done.
    let traffic = town.traffic();
    let mut kills = 0;
    for _ in 0..3 {
        let rotation = begin_rotation(&town.gateway);
        tokio::time::sleep(Duration::from_millis(random_below(200))).await;
        kills += usize::from(kill(rotation));
    }
    // Killed in the middle.
    let goal = 1 + i64::try_from(random_below(SERVICES as u64 / 3)).unwrap();
    kills += usize::from(kill_at(&town.gateway, &mut database, goal).await);
    traffic.stop().await;
    let moved = keys_moved(&mut database).await;
    assert!(moved >= goal && kills > 0, "{kills} kills, {moved} moved");

    // A gateway that starts on a half-finished rotation works, whoever began it.
    town.gateway.restart().await;
    let traffic = town.traffic();
    for _ in 0..3 {
        let ahead = keys_moved(&mut database).await + 1;
        kill_at(&town.gateway, &mut database, ahead).await;
    }
    let rotated = town.gateway.run(&["vault", "rotate"], NEW).await;
    assert!(rotated.status.success(), "{rotated:?}");
    assert!(rotated.stderr.is_empty(), "{rotated:?}");
    traffic.stop().await;
    let left = "SELECT COUNT(*) FROM data_keys
        WHERE master_id NOT IN (SELECT id FROM master_keys WHERE is_current)";
    assert_eq!(database.number(left).await, 0);

    // The gateway that ran meanwhile goes on, and so does one that starts with the new secret.
    let traffic = town.traffic();
    tokio::time::sleep(Duration::from_millis(300)).await;
    traffic.stop().await;
    let file = town.gateway.data_dir().join("encryption_secret");
    match storage {
        Storage::Sqlite => {
            let told = stdout(&rotated);
            // A rotation that was to be killed may have come to its end first.
            let is_told = told.contains(&file.display().to_string()) || told.contains("already");
            assert!(is_told, "{told}");
            assert_eq!(fs::read_to_string(&file).unwrap().trim(), NEW);
            let mode = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        Storage::Postgres => {
            assert!(stdout(&rotated).contains("set ENCRYPTION_SECRET to the new secret"));
            assert!(!file.exists());
            town.gateway.set("ENCRYPTION_SECRET", NEW);
        }
    }
    town.gateway.kill9();
    town.gateway.restart().await;
    let executed = town.watched.execute(&approved_before).send().await;
    executed.expect_status(200);
    for number in 0..SERVICES {
        let read = request(number, "GET", "/read-at-the-end");
        town.trusted.propose(read).send().await.expect_status(200);
    }
    town.assert_credentials_arrived();

    // Repeated once more, it says that there is nothing to do.
    let again = town.gateway.run(&["vault", "rotate"], NEW).await;
    assert!(again.status.success(), "{again:?}");
    let verified = town.gateway.run(&["audit", "verify"], "").await;
    assert!(verified.status.success(), "{verified:?}");

    town.gateway.terminate().await;
    let mut serve = town.gateway.command(&["serve"]);
    serve.env("ENCRYPTION_SECRET", &old);
    let refused = refusal(&finish(serve, "").await);
    assert!(
        refused.contains("ENCRYPTION_SECRET is one that was replaced"),
        "{refused}"
    );
    for secret in [old.as_str(), NEW] {
        let shown = format!("{}{refused}{}", town.gateway.logs(), stdout(&rotated));
        assert!(!shown.contains(secret));
    }
}

async fn an_old_secret_opens_nothing_once_every_gateway_has_followed(storage: Storage) {
    let gateway = builder(storage).start().await;
    let old = old_secret(&gateway);
    let mut town = Town::found(gateway, 3).await;
    let replica = match storage {
        Storage::Sqlite => None,
        Storage::Postgres => Some(town.gateway.start_replica().await),
    };
    let before = town.approved("before").await;
    let rotated = town.gateway.run(&["vault", "rotate"], NEW).await;
    assert!(rotated.status.success(), "{rotated:?}");
    let told = stdout(&rotated);
    assert!(told.contains("no longer decrypts anything"), "{told}");
    let mut database = ByHand::open(&town.gateway).await;
    let ways = "SELECT COUNT(*) FROM master_keys WHERE link IS NOT NULL";
    assert_eq!(database.number(ways).await, 0);

    // Those that ran meanwhile have followed: they open what was sealed before, and seal what comes.
    let executed = town.watched.execute(&before).send().await;
    executed.expect_status(200);
    let after = town.approved("after").await;
    let agent = match &replica {
        None => town.watched.clone(),
        Some(replica) => town.watched.clone().calling(replica),
    };
    agent.execute(&after).send().await.expect_status(200);
    let kept = town.approved("kept").await;
    drop(replica);

    town.gateway.terminate().await;
    let mut serve = town.gateway.command(&["serve"]);
    serve.env("ENCRYPTION_SECRET", &old);
    let refused = refusal(&finish(serve, "").await);
    let says = "ENCRYPTION_SECRET is one that was replaced";
    assert!(refused.contains(says), "{refused}");
    if storage == Storage::Postgres {
        town.gateway.set("ENCRYPTION_SECRET", NEW);
    }
    town.gateway.restart().await;
    let executed = town.watched.execute(&kept).send().await;
    executed.expect_status(200);
}

/// Begins a rotation and kills it as soon as so many data keys are moved; false if it ended before.
async fn kill_at(gateway: &TestGateway, database: &mut ByHand, goal: i64) -> bool {
    let mut rotation = begin_rotation(gateway);
    let limit = std::time::Instant::now() + Duration::from_secs(30);
    while keys_moved(database).await < goal && rotation.try_wait().unwrap().is_none() {
        assert!(
            std::time::Instant::now() < limit,
            "the rotation stands still"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    kill(rotation)
}

async fn secrets_that_do_not_fit_are_refused(storage: Storage) {
    let gateway = builder(storage).start().await;
    let town = Town::found(gateway, 20).await;
    let gateway = &town.gateway;
    let rotate = ["vault", "rotate"];

    let short = refusal(
        &gateway
            .run(&rotate, "31 characters are one too short\n")
            .await,
    );
    assert!(short.contains("at least 32 characters"), "{short}");
    let none = refusal(&gateway.run(&rotate, "").await);
    assert!(none.contains("standard input"), "{none}");

    let with = |secret: &str| {
        let mut command = gateway.command(&rotate);
        command.env("ENCRYPTION_SECRET", secret);
        command
    };
    let wrong = refusal(&finish(with(OTHER), NEW).await);
    assert!(wrong.contains("is not the one"), "{wrong}");
    assert!(!wrong.contains(OTHER) && !wrong.contains(NEW), "{wrong}");
    let both_wrong = refusal(&finish(with(OTHER), OTHER).await);
    assert!(both_wrong.contains("give another"), "{both_wrong}");

    // A data key that is damaged stops a rotation half-way, and is named.
    let mut database = ByHand::open(gateway).await;
    let last = database.number("SELECT MAX(id) FROM data_keys").await;
    let keep = format!("CREATE TABLE kept AS SELECT wrapped FROM data_keys WHERE id = {last}");
    database.change(&keep).await;
    let noise = match storage {
        Storage::Sqlite => "X'00112233'",
        Storage::Postgres => r"'\x00112233'::bytea",
    };
    let damage = format!("UPDATE data_keys SET wrapped = {noise} WHERE id = {last}");
    database.change(&damage).await;
    let damaged = refusal(&gateway.run(&rotate, NEW).await);
    let named = format!("data key {last} cannot be opened");
    assert!(damaged.contains(&named), "{damaged}");

    // While it is half done, no gateway starts with the new secret and no other rotation begins.
    if storage == Storage::Postgres {
        let port = ReservedPort::take();
        let mut serve = gateway.command(&["serve"]);
        serve
            .env("ENCRYPTION_SECRET", NEW)
            .env("PORT", port.number().to_string());
        let unfinished = refusal(&finish(serve, "").await);
        assert!(unfinished.contains("is not finished"), "{unfinished}");
    }
    let third = refusal(&finish(with(NEW), OTHER).await);
    assert!(third.contains("not finished"), "{third}");
    let half = refusal(&finish(with(NEW), NEW).await);
    assert!(half.contains("give another"), "{half}");

    let repair =
        format!("UPDATE data_keys SET wrapped = (SELECT wrapped FROM kept) WHERE id = {last}");
    database.change(&repair).await;
    // White space around it belongs to it no more than in the settings.
    let done = gateway.run(&rotate, &format!("  {NEW}\t\r\n")).await;
    assert!(done.status.success(), "{done:?}");
    let told = finish(with(NEW), NEW).await;
    assert!(told.status.success(), "{told:?}");
}
