//! The master secret is replaced next to a running gateway, by a command that is killed.

use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Output, Stdio};
use std::time::Duration;

use gaiterguard_testkit::traffic::{BusyGateway, request};
use gaiterguard_testkit::{
    DirectDatabase, ReservedPort, Storage, TestGateway, finish, on_both_databases,
};

on_both_databases!(
    no_request_fails_while_a_rotation_is_killed_and_repeated,
    the_old_secret_is_refused_once_every_gateway_has_followed,
    wrong_secrets_are_refused,
);

const OLD: &str = "the old master secret of the tests, 6c1e";
const NEW: &str = "the new master secret of the tests, 92ab";
const OTHER: &str = "another master secret of the tests, 07d4";

/// How many services, and so data keys, a rotation has to re-wrap.
const SERVICES: usize = 60;

/// On SQLite the secret is generated into a file, on PostgreSQL it comes from the environment.
fn builder(storage: Storage) -> gaiterguard_testkit::TestGatewayBuilder {
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

/// Returns the only line on standard error of a command that failed.
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

/// Kills the command unless it has ended.
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

async fn keys_moved(database: &mut DirectDatabase) -> i64 {
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
    let mut busy = BusyGateway::create(gateway, SERVICES).await;
    let approved_before = busy.approved("approved-before").await;
    let mut database = DirectDatabase::open(&busy.gateway).await;

    // Killed at increasing times, at first before any work was done.
    let traffic = busy.traffic();
    let mut kills = 0;
    for _ in 0..3 {
        let rotation = begin_rotation(&busy.gateway);
        tokio::time::sleep(Duration::from_millis(random_below(200))).await;
        kills += usize::from(kill(rotation));
    }
    // Killed in the middle of the work.
    let goal = 1 + i64::try_from(random_below(SERVICES as u64 / 3)).unwrap();
    kills += usize::from(kill_at(&busy.gateway, &mut database, goal).await);
    traffic.stop().await;
    let moved = keys_moved(&mut database).await;
    assert!(moved >= goal && kills > 0, "{kills} kills, {moved} moved");

    // A gateway that starts during an unfinished rotation works.
    busy.gateway.restart().await;
    let traffic = busy.traffic();
    for _ in 0..3 {
        let ahead = keys_moved(&mut database).await + 1;
        kill_at(&busy.gateway, &mut database, ahead).await;
    }
    let rotated = busy.gateway.run(&["vault", "rotate"], NEW).await;
    assert!(rotated.status.success(), "{rotated:?}");
    assert!(rotated.stderr.is_empty(), "{rotated:?}");
    traffic.stop().await;
    let left = "SELECT COUNT(*) FROM data_keys
        WHERE master_id NOT IN (SELECT id FROM master_keys WHERE is_current)";
    assert_eq!(database.number(left).await, 0);

    // The running gateway continues to work, and so does one that starts with the new secret.
    let traffic = busy.traffic();
    // The traffic panics at the first request that fails.
    tokio::time::sleep(Duration::from_millis(300)).await;
    traffic.stop().await;
    let file = busy.gateway.data_dir().join("encryption_secret");
    match storage {
        Storage::Sqlite => {
            let output = stdout(&rotated);
            // A rotation may have ended before its kill.
            let is_reported =
                output.contains(&file.display().to_string()) || output.contains("already");
            assert!(is_reported, "{output}");
            assert_eq!(fs::read_to_string(&file).unwrap().trim(), NEW);
            let mode = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        Storage::Postgres => {
            assert!(stdout(&rotated).contains("set ENCRYPTION_SECRET to the new secret"));
            assert!(!file.exists());
            busy.gateway.set("ENCRYPTION_SECRET", NEW);
        }
    }
    busy.gateway.kill9();
    busy.gateway.restart().await;
    let executed = busy.watched.execute(&approved_before).send().await;
    executed.expect_status(200);
    for number in 0..SERVICES {
        let read = request(number, "GET", "/read-at-the-end");
        busy.trusted.propose(read).send().await.expect_status(200);
    }
    busy.assert_credentials_arrived();

    // Repeated once more, it reports that there is nothing to do.
    let again = busy.gateway.run(&["vault", "rotate"], NEW).await;
    assert!(again.status.success(), "{again:?}");
    let verified = busy.gateway.run(&["audit", "verify"], "").await;
    assert!(verified.status.success(), "{verified:?}");

    busy.gateway.terminate().await;
    let mut serve = busy.gateway.command(&["serve"]);
    serve.env("ENCRYPTION_SECRET", &old);
    let refused = refusal(&finish(serve, "").await);
    assert!(
        refused.contains("ENCRYPTION_SECRET is one that was replaced"),
        "{refused}"
    );
    for secret in [old.as_str(), NEW] {
        let shown = format!("{}{refused}{}", busy.gateway.logs(), stdout(&rotated));
        assert!(!shown.contains(secret));
    }
}

async fn the_old_secret_is_refused_once_every_gateway_has_followed(storage: Storage) {
    let gateway = builder(storage).start().await;
    let old = old_secret(&gateway);
    let mut busy = BusyGateway::create(gateway, 3).await;
    let replica = match storage {
        Storage::Sqlite => None,
        Storage::Postgres => Some(busy.gateway.start_replica().await),
    };
    let before = busy.approved("before").await;
    let mut rotated = busy.gateway.run(&["vault", "rotate"], NEW).await;
    assert!(rotated.status.success(), "{rotated:?}");
    let mut database = DirectDatabase::open(&busy.gateway).await;
    let ways = "SELECT COUNT(*) FROM master_keys WHERE link IS NOT NULL";
    if storage == Storage::Postgres {
        // The command cannot save the secret, and its input may exist nowhere else. Who enters it again
        // has kept it.
        let output = stdout(&rotated);
        assert!(output.contains("still decrypts everything"), "{output}");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(database.number(ways).await, 1);
        rotated = busy.gateway.run(&["vault", "rotate"], NEW).await;
        assert!(rotated.status.success(), "{rotated:?}");
    }
    let output = stdout(&rotated);
    assert!(output.contains("no longer decrypts anything"), "{output}");
    assert_eq!(database.number(ways).await, 0);

    // The running gateways have followed: they open old values and seal new ones.
    let executed = busy.watched.execute(&before).send().await;
    executed.expect_status(200);
    let after = busy.approved("after").await;
    let agent = match &replica {
        None => busy.watched.clone(),
        Some(replica) => busy.watched.clone().calling(replica),
    };
    agent.execute(&after).send().await.expect_status(200);
    let kept = busy.approved("kept").await;
    drop(replica);

    busy.gateway.terminate().await;
    let mut serve = busy.gateway.command(&["serve"]);
    serve.env("ENCRYPTION_SECRET", &old);
    let refused = refusal(&finish(serve, "").await);
    let says = "ENCRYPTION_SECRET is one that was replaced";
    assert!(refused.contains(says), "{refused}");
    if storage == Storage::Postgres {
        busy.gateway.set("ENCRYPTION_SECRET", NEW);
    }
    busy.gateway.restart().await;
    let executed = busy.watched.execute(&kept).send().await;
    executed.expect_status(200);
}

/// Starts a rotation and kills it once this many data keys are re-wrapped. Returns false if it ended before.
async fn kill_at(gateway: &TestGateway, database: &mut DirectDatabase, goal: i64) -> bool {
    let mut rotation = begin_rotation(gateway);
    let limit = std::time::Instant::now() + Duration::from_secs(30);
    while keys_moved(database).await < goal && rotation.try_wait().unwrap().is_none() {
        assert!(
            std::time::Instant::now() < limit,
            "the rotation makes no progress"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    kill(rotation)
}

async fn wrong_secrets_are_refused(storage: Storage) {
    let gateway = builder(storage).start().await;
    let busy = BusyGateway::create(gateway, 20).await;
    let gateway = &busy.gateway;
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
    assert!(both_wrong.contains("use another"), "{both_wrong}");

    // A damaged data key stops a rotation and is named.
    let mut database = DirectDatabase::open(gateway).await;
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

    // During an unfinished rotation no gateway starts with the new secret and no other rotation begins.
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
    assert!(half.contains("use another"), "{half}");

    let repair =
        format!("UPDATE data_keys SET wrapped = (SELECT wrapped FROM kept) WHERE id = {last}");
    database.change(&repair).await;
    // White space around the secret is ignored, as in the settings.
    let done = gateway.run(&rotate, &format!("  {NEW}\t\r\n")).await;
    assert!(done.status.success(), "{done:?}");
    let output = finish(with(NEW), NEW).await;
    assert!(output.status.success(), "{output:?}");
}
