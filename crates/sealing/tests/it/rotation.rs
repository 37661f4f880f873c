//! Rotations of the master key next to a running gateway, killed at every step.

use std::time::Duration;

use gaiterguard_domain::id::DocumentId;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::Clock as _;
use gaiterguard_sealing::{OldSecret, Purpose, RotateError, StartError, finish, is_sealed_under};
use gaiterguard_testkit::{Storage, TestDatabase, on_both_databases};
use uuid::Uuid;

use crate::support::{
    FIRST, SALT, SECOND, THIRD, Vault, WORKSPACE, assert_opens, dropped_after, open, open_store,
    secret,
};

on_both_databases!(
    a_rotation_moves_every_key_and_the_old_secret_starts_until_the_new_one_did,
    two_rotations_in_a_row_are_followed_together,
    two_concurrent_rotations_move_every_key_once,
    an_invalid_rotation_is_refused,
    a_finished_rotation_leaves_nothing_for_the_old_secret,
    a_link_remains_until_every_running_replica_has_followed,
    unused_keys_are_removed_during_a_rotation,
);

async fn a_rotation_moves_every_key_and_the_old_secret_starts_until_the_new_one_did(
    storage: Storage,
) {
    let vault = Vault::create(storage).await;
    // More than two batches.
    let values = vault.seal(205).await;
    let rotation = vault.rotate(&vault.store, FIRST, SECOND).await.unwrap();
    assert_eq!((rotation.rewrapped, rotation.resumed), (205, false));
    let again = vault.rotate(&vault.store, FIRST, SECOND).await.unwrap();
    assert_eq!((again.rewrapped, again.resumed), (0, true));

    // The running gateway follows, and so does one that restarts with the old secret.
    assert_opens(&vault.sealing, &values).await;
    let old = vault.start(FIRST).await.unwrap();
    assert_opens(&old, &values).await;
    let purpose = Purpose::document(DocumentId(999));
    let sealed = old.seal(WORKSPACE, &purpose, b"new").await.unwrap();

    let new = vault.start(SECOND).await.unwrap();
    assert_opens(&new, &values).await;
    assert_eq!(open(&new, &purpose, &sealed).await.unwrap(), b"new");

    let refused = vault.start(FIRST).await.unwrap_err();
    assert!(matches!(refused, StartError::Replaced), "{refused}");
    assert!(refused.to_string().contains("ENCRYPTION_SECRET"));
    // The processes that had followed before the link was removed continue to work.
    assert_opens(&vault.sealing, &values).await;
    assert_opens(&old, &values).await;
}

#[tokio::test]
async fn a_rotation_that_is_killed_at_any_step_can_be_repeated_and_locks_out_no_value() {
    let mut steps = 1;
    let mut finished = false;
    while !finished {
        let vault = Vault::create(Storage::Sqlite).await;
        let values = vault.seal(5).await;
        // The command has a connection of its own.
        let tool = vault.another_store();
        let done = dropped_after(steps, vault.rotate(&tool, FIRST, SECOND)).await;
        finished = done.is_some();
        if let Some(done) = done {
            assert_eq!(done.unwrap().rewrapped, 5);
        }
        drop(tool);

        assert_opens(&vault.sealing, &values).await;
        let purpose = Purpose::document(DocumentId(99));
        let key = vault.sealing.new_credential_key(WORKSPACE).await.unwrap();
        let sealed = key.seal(&purpose, b"sealed in between").unwrap();

        let tool = vault.another_store();
        vault.rotate(&tool, FIRST, SECOND).await.unwrap();
        let new = vault.start(SECOND).await.unwrap();
        assert_opens(&new, &values).await;
        let opened = open(&new, &purpose, &sealed).await;
        assert_eq!(opened.unwrap(), b"sealed in between");
        // Every step at first, where the boundaries are, then fewer.
        steps += 1 + steps / 8;
    }
    assert!(steps > 10, "the rotation took fewer than {steps} steps");
}

#[tokio::test]
async fn the_new_secret_does_not_start_before_its_rotation_is_finished() {
    let vault = Vault::create(Storage::Sqlite).await;
    vault.seal(20).await;
    let tool = vault.another_store();
    let mut steps = 1;
    let (error, later) = loop {
        let stopped = dropped_after(steps, vault.rotate(&tool, FIRST, SECOND)).await;
        assert!(stopped.is_none(), "no step was in the middle");
        match vault.start(SECOND).await {
            Err(error @ StartError::RotationUnfinished { .. }) => {
                break (error, vault.rotate(&tool, SECOND, THIRD).await);
            }
            Err(StartError::WrongSecret) => steps += 1,
            other => panic!("{other:?}"),
        }
    };
    let message = error.to_string();
    assert!(
        message.contains("gaiterguard vault rotate") && message.contains("old secret"),
        "{message}"
    );
    assert!(
        matches!(later, Err(RotateError::EarlierUnfinished { .. })),
        "{later:?}"
    );
    // Until then the old secret still starts.
    assert!(vault.start(FIRST).await.is_ok());
    vault.rotate(&tool, FIRST, SECOND).await.unwrap();
    assert!(vault.start(SECOND).await.is_ok());
}

async fn two_rotations_in_a_row_are_followed_together(storage: Storage) {
    let vault = Vault::create(storage).await;
    let values = vault.seal(3).await;
    vault.rotate(&vault.store, FIRST, SECOND).await.unwrap();
    vault.rotate(&vault.store, SECOND, THIRD).await.unwrap();
    vault.sealing.follow_rotation().await.unwrap();
    assert_opens(&vault.sealing, &values).await;
    let old = vault.start(FIRST).await.unwrap();
    assert_opens(&old, &values).await;
    let new = vault.start(THIRD).await.unwrap();
    assert_opens(&new, &values).await;
    for replaced in [FIRST, SECOND] {
        let refused = vault.start(replaced).await.unwrap_err();
        assert!(matches!(refused, StartError::Replaced), "{refused}");
    }
}

async fn two_concurrent_rotations_move_every_key_once(storage: Storage) {
    let vault = Vault::create(storage).await;
    let values = vault.seal(12).await;
    let other = vault.another_store();
    let (one, other) = tokio::join!(
        vault.rotate(&vault.store, FIRST, SECOND),
        vault.rotate(&other, FIRST, SECOND)
    );
    assert_eq!(one.unwrap().rewrapped + other.unwrap().rewrapped, 12);
    let new = vault.start(SECOND).await.unwrap();
    assert_opens(&new, &values).await;
}

async fn an_invalid_rotation_is_refused(storage: Storage) {
    let vault = Vault::create(storage).await;
    vault.seal(1).await;
    let same = vault.rotate(&vault.store, FIRST, FIRST).await;
    assert!(matches!(same, Err(RotateError::SameSecret)), "{same:?}");
    let wrong = vault.rotate(&vault.store, THIRD, SECOND).await;
    assert!(matches!(wrong, Err(RotateError::WrongSecret)), "{wrong:?}");
    assert!(vault.start(FIRST).await.is_ok());

    let database = TestDatabase::create(storage).await;
    let empty = open_store(database.url());
    empty.migrate().await.unwrap();
    let nothing = vault.rotate(&empty, FIRST, SECOND).await;
    assert!(
        matches!(nothing, Err(RotateError::NothingSealed)),
        "{nothing:?}"
    );
}

async fn a_finished_rotation_leaves_nothing_for_the_old_secret(storage: Storage) {
    let vault = Vault::create(storage).await;
    let values = vault.seal(2).await;
    let is_sealed = async |text| {
        let sealed = is_sealed_under(&vault.store, &secret(text), SALT).await;
        sealed.unwrap()
    };
    assert!(is_sealed(FIRST).await && !is_sealed(SECOND).await);
    vault.rotate(&vault.store, FIRST, SECOND).await.unwrap();
    assert!(!is_sealed(FIRST).await && is_sealed(SECOND).await);
    for _ in 0..2 {
        let old = finish(&vault.store, &secret(SECOND), SALT, &*vault.clock).await;
        assert_eq!(old.unwrap(), OldSecret::OpensNothing);
    }
    assert!(!vault.store.master_has_link().await.unwrap());
    let refused = vault.start(FIRST).await.unwrap_err();
    assert!(matches!(refused, StartError::Replaced), "{refused}");
    // A process that has not followed by then cannot follow, and opens nothing.
    let error = vault.sealing.follow_rotation().await.unwrap_err();
    assert!(error.to_string().contains("ENCRYPTION_SECRET"), "{error}");
    assert_opens(&vault.start(SECOND).await.unwrap(), &values).await;
}

async fn a_link_remains_until_every_running_replica_has_followed(storage: Storage) {
    let vault = Vault::create(storage).await;
    vault.seal(2).await;
    let replica = ReplicaId(Uuid::new_v4());
    let lease = Duration::from_mins(10);
    let now = vault.clock.now();
    vault
        .store
        .replica_register(replica, lease, now)
        .await
        .unwrap();
    vault.rotate(&vault.store, FIRST, SECOND).await.unwrap();
    // The start with the new secret proves that it is saved, but the replica still needs the link.
    vault.start(SECOND).await.unwrap();
    assert!(vault.store.master_has_link().await.unwrap());
    assert!(vault.start(FIRST).await.is_ok());

    vault.sealing.retire_replaced_master(replica).await.unwrap();
    assert!(!vault.store.master_has_link().await.unwrap());
    let refused = vault.start(FIRST).await.unwrap_err();
    assert!(matches!(refused, StartError::Replaced), "{refused}");
}

#[tokio::test]
async fn a_gateway_that_starts_while_a_rotation_begins_starts_with_the_old_secret() {
    for delay in 0..12 {
        let vault = Vault::create(Storage::Sqlite).await;
        let values = vault.seal(4).await;
        let tool = vault.another_store();
        let late = async {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            vault.start(FIRST).await
        };
        let (rotated, started) = tokio::join!(vault.rotate(&tool, FIRST, SECOND), late);
        rotated.unwrap();
        assert_opens(&started.unwrap(), &values).await;
    }
}

async fn unused_keys_are_removed_during_a_rotation(storage: Storage) {
    let vault = Vault::create(storage).await;
    vault.seal(40).await;
    vault.clock.advance(Duration::from_hours(49));
    let purpose = Purpose::document(DocumentId(99));
    let kept = vault.sealing.seal(WORKSPACE, &purpose, b"kept").await;
    let kept = kept.unwrap();
    let tool = vault.another_store();
    let removing = async {
        let mut removed = 0;
        loop {
            match vault.sealing.remove_unused(3).await.unwrap() {
                0 => return removed,
                some => removed += some,
            }
        }
    };
    let (rotated, removed) = tokio::join!(vault.rotate(&tool, FIRST, SECOND), removing);
    // Keys that were removed before their turn were not moved.
    assert!(rotated.unwrap().rewrapped <= 41);
    assert_eq!(removed, 40);
    let current = vault.store.master_get_current().await.unwrap().unwrap().id;
    let left = vault.store.data_key_list_under(&current, None, 100).await;
    assert_eq!(left.unwrap().len(), 1);
    let new = vault.start(SECOND).await.unwrap();
    assert_eq!(open(&new, &purpose, &kept).await.unwrap(), b"kept");
}
