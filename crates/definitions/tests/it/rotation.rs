//! A rotation of the master key while a gateway runs, killed at every step.

use gaiterguard_definitions::service;
use gaiterguard_domain::id::DocumentId;
use gaiterguard_domain::ledger::Sealed;
use gaiterguard_sealing::{Purpose, RotateError, Rotation, Sealing, StartError, rotate};
use gaiterguard_store::Store;
use serde_json::json;

use crate::house::{House, SALT, SECRET, dropped_after, fields, loopback, open, secret};

const SECOND: &str = "the-second-secret-of-this-test-gateway-0002";
const THIRD: &str = "the-third-secret-of-this-test-gateway-00003";

async fn run(house: &House, store: &Store, old: &str, new: &str) -> Result<Rotation, RotateError> {
    rotate(store, &secret(old), &secret(new), SALT, &*house.clock).await
}

/// Values that were sealed before, each under a data key of its own.
async fn sealed_before(house: &House, count: i64) -> Vec<(Purpose, Sealed)> {
    let mut values = Vec::new();
    for id in 0..count {
        let purpose = Purpose::document(DocumentId(id));
        let key = house
            .sealing
            .new_credential_key(house.editor.workspace)
            .await
            .unwrap();
        let sealed = key
            .seal(&purpose, format!("value {id}").as_bytes())
            .unwrap();
        values.push((purpose, sealed));
    }
    values
}

async fn assert_opens(house: &House, sealing: &Sealing, values: &[(Purpose, Sealed)]) {
    for (id, (purpose, sealed)) in values.iter().enumerate() {
        let workspace = house.editor.workspace;
        let opened = sealing
            .open(workspace, sealed.data_key, &sealed.bytes, purpose)
            .await;
        assert_eq!(**opened.unwrap(), *format!("value {id}").as_bytes());
    }
}

#[tokio::test]
async fn a_rotation_moves_every_key_and_the_old_secret_starts_until_the_new_one_did() {
    let house = House::new().await;
    // More than one page.
    let values = sealed_before(&house, 205).await;
    let rotation = run(&house, &house.store, SECRET, SECOND).await.unwrap();
    assert_eq!((rotation.rewrapped, rotation.resumed), (205, false));
    let again = run(&house, &house.store, SECRET, SECOND).await.unwrap();
    assert_eq!((again.rewrapped, again.resumed), (0, true));

    // The running gateway follows, and so does one that restarts with the old secret.
    assert_opens(&house, &house.sealing, &values).await;
    let old = house.started_with(SECRET).await.unwrap();
    assert_opens(&house, &old, &values).await;
    let purpose = Purpose::document(DocumentId(99));
    let sealed = old
        .seal(house.editor.workspace, &purpose, b"new")
        .await
        .unwrap();

    let new = house.started_with(SECOND).await.unwrap();
    assert_opens(&house, &new, &values).await;
    let opened = new.open(
        house.editor.workspace,
        sealed.data_key,
        &sealed.bytes,
        &purpose,
    );
    assert_eq!(**opened.await.unwrap(), *b"new");

    let refused = house.started_with(SECRET).await.unwrap_err();
    assert!(matches!(refused, StartError::Replaced), "{refused}");
    assert!(refused.to_string().contains("ENCRYPTION_SECRET"));
    // Processes that followed the rotation before the old secret was removed keep working.
    assert_opens(&house, &house.sealing, &values).await;
    assert_opens(&house, &old, &values).await;
}

#[tokio::test]
async fn a_rotation_killed_at_any_step_resumes_and_every_value_stays_readable() {
    let mut steps = 1;
    let mut finished = false;
    while !finished {
        let house = House::new().await;
        let values = sealed_before(&house, 5).await;
        // The command line has a connection of its own.
        let tool = open(&house.dir.path().join("gaiterguard.db"));
        let done = dropped_after(steps, run(&house, &tool, SECRET, SECOND)).await;
        finished = done.is_some();
        if let Some(done) = done {
            assert_eq!(done.unwrap().rewrapped, 5);
        }
        drop(tool);

        assert_opens(&house, &house.sealing, &values).await;
        let purpose = Purpose::document(DocumentId(99));
        let key = house
            .sealing
            .new_credential_key(house.editor.workspace)
            .await
            .unwrap();
        let sealed = key.seal(&purpose, b"made during the rotation").unwrap();

        let tool = open(&house.dir.path().join("gaiterguard.db"));
        run(&house, &tool, SECRET, SECOND).await.unwrap();
        let new = house.started_with(SECOND).await.unwrap();
        assert_opens(&house, &new, &values).await;
        let workspace = house.editor.workspace;
        let opened = new
            .open(workspace, sealed.data_key, &sealed.bytes, &purpose)
            .await;
        assert_eq!(**opened.unwrap(), *b"made during the rotation");
        // Every early step, then fewer: the beginning has the most distinct states.
        steps += 1 + steps / 8;
    }
    assert!(steps > 10, "the rotation took more than {steps} steps");
}

#[tokio::test]
async fn the_new_secret_does_not_start_before_its_rotation_is_over() {
    let house = House::new().await;
    sealed_before(&house, 20).await;
    let tool = open(&house.dir.path().join("gaiterguard.db"));
    let mut steps = 1;
    let (error, later) = loop {
        let stopped = dropped_after(steps, run(&house, &tool, SECRET, SECOND)).await;
        assert!(stopped.is_none(), "no step lay in the middle");
        match house.started_with(SECOND).await {
            Err(error @ StartError::RotationUnfinished { .. }) => {
                break (error, run(&house, &tool, SECOND, THIRD).await);
            }
            Err(StartError::WrongSecret) => steps += 1,
            other => panic!("{other:?}"),
        }
    };
    let told = error.to_string();
    assert!(
        told.contains("gaiterguard vault rotate") && told.contains("old secret"),
        "{told}"
    );
    assert!(
        matches!(later, Err(RotateError::EarlierUnfinished { .. })),
        "{later:?}"
    );
    // The old secret works until the rotation ends.
    assert!(house.started_with(SECRET).await.is_ok());
    run(&house, &tool, SECRET, SECOND).await.unwrap();
    assert!(house.started_with(SECOND).await.is_ok());
}

#[tokio::test]
async fn two_rotations_in_turn_are_followed_in_one_go() {
    let house = House::new().await;
    let values = sealed_before(&house, 3).await;
    run(&house, &house.store, SECRET, SECOND).await.unwrap();
    run(&house, &house.store, SECOND, THIRD).await.unwrap();
    house.sealing.follow_rotation().await.unwrap();
    assert_opens(&house, &house.sealing, &values).await;
    let old = house.started_with(SECRET).await.unwrap();
    assert_opens(&house, &old, &values).await;
    let new = house.started_with(THIRD).await.unwrap();
    assert_opens(&house, &new, &values).await;
    for replaced in [SECRET, SECOND] {
        let refused = house.started_with(replaced).await.unwrap_err();
        assert!(matches!(refused, StartError::Replaced), "{refused}");
    }
}

#[tokio::test]
async fn two_concurrent_rotations_move_every_key_once() {
    let house = House::new().await;
    let values = sealed_before(&house, 12).await;
    let other = open(&house.dir.path().join("gaiterguard.db"));
    let (one, other) = tokio::join!(
        run(&house, &house.store, SECRET, SECOND),
        run(&house, &other, SECRET, SECOND)
    );
    assert_eq!(one.unwrap().rewrapped + other.unwrap().rewrapped, 12);
    let new = house.started_with(SECOND).await.unwrap();
    assert_opens(&house, &new, &values).await;
}

#[tokio::test]
async fn a_rotation_that_makes_no_sense_is_refused() {
    let house = House::new().await;
    sealed_before(&house, 1).await;
    let same = run(&house, &house.store, SECRET, SECRET).await;
    assert!(matches!(same, Err(RotateError::SameSecret)), "{same:?}");
    let wrong = run(&house, &house.store, THIRD, SECOND).await;
    assert!(matches!(wrong, Err(RotateError::WrongSecret)), "{wrong:?}");
    assert!(house.started_with(SECRET).await.is_ok());

    let dir = tempfile::tempdir().unwrap();
    let empty = open(&dir.path().join("gaiterguard.db"));
    empty.migrate().await.unwrap();
    let nothing = run(&house, &empty, SECRET, SECOND).await;
    assert!(
        matches!(nothing, Err(RotateError::NothingSealed)),
        "{nothing:?}"
    );
}

#[tokio::test]
async fn credentials_are_used_and_replaced_all_through_a_rotation() {
    let house = House::new().await;
    let new = fields(json!({
        "name": "one", "baseUrl": "https://one.example.com", "authType": "bearer",
        "credentials": {"token": "before"},
    }));
    let service = service::create(&house.definitions, house.editor, new)
        .await
        .unwrap();
    let credentials = house.credentials(loopback());
    run(&house, &house.store, SECRET, SECOND).await.unwrap();
    assert!(credentials.ready(&service).await.unwrap().is_some());
    let token = fields(json!({"token": "after"}));
    let replaced =
        service::set_credentials(&house.definitions, house.editor, service.id, token).await;
    let replaced = replaced.unwrap();
    assert!(credentials.ready(&replaced).await.unwrap().is_some());
    assert!(house.started_with(SECOND).await.is_ok());
}

#[tokio::test]
async fn a_gateway_that_starts_while_a_rotation_begins_starts_with_the_old_secret() {
    for delay_steps in 0..12 {
        let house = House::new().await;
        let values = sealed_before(&house, 4).await;
        let tool = open(&house.dir.path().join("gaiterguard.db"));
        let late = async {
            for _ in 0..delay_steps {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            house.started_with(SECRET).await
        };
        let (rotated, started) = tokio::join!(run(&house, &tool, SECRET, SECOND), late);
        rotated.unwrap();
        assert_opens(&house, &started.unwrap(), &values).await;
    }
}

#[tokio::test]
async fn unused_keys_are_removed_during_a_rotation() {
    let house = House::new().await;
    sealed_before(&house, 40).await;
    house.clock.advance(std::time::Duration::from_hours(49));
    let new = fields(json!({
        "name": "one", "baseUrl": "https://one.example.com", "authType": "bearer",
        "credentials": {"token": "t"},
    }));
    let service = service::create(&house.definitions, house.editor, new)
        .await
        .unwrap();
    let tool = open(&house.dir.path().join("gaiterguard.db"));
    let removing = async {
        let mut removed = 0;
        loop {
            match house.sealing.remove_unused(3).await.unwrap() {
                0 => return removed,
                some => removed += some,
            }
        }
    };
    let (rotated, removed) = tokio::join!(run(&house, &tool, SECRET, SECOND), removing);
    // Those that were removed before their turn were not moved.
    assert!(rotated.unwrap().rewrapped <= 41);
    assert_eq!(removed, 40);
    let under = house
        .store
        .data_key_list_under(&current(&house).await, None, 100)
        .await
        .unwrap();
    assert_eq!(under.len(), 1);
    let credentials = house.credentials(loopback());
    assert!(credentials.ready(&service).await.unwrap().is_some());
    assert!(house.started_with(SECOND).await.is_ok());
}

async fn current(house: &House) -> String {
    house.store.master_get_current().await.unwrap().unwrap().id
}
