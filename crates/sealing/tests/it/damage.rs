//! Damaged rows of the vault.

use gaiterguard_domain::id::{DataKeyId, WorkspaceId};
use gaiterguard_sealing::{RotateError, SealingError, StartError};
use gaiterguard_testkit::{DirectDatabase, Storage, on_both_databases};

use crate::support::{FIRST, SECOND, Vault, assert_opens, open};

on_both_databases!(
    a_damaged_data_key_closes_its_own_values_and_no_others,
    a_data_key_with_an_invalid_master_key_is_reported_as_damage,
    a_data_key_that_was_moved_to_another_workspace_opens_nothing,
    a_damaged_data_key_stops_a_rotation_which_continues_after_the_repair,
);

/// Exchanges the bytes of a data key for invalid ones of the same length and returns a statement that
/// restores them.
async fn damage(vault: &Vault, database: &mut DirectDatabase, id: DataKeyId) -> String {
    let row = vault.store.data_key_get(id).await.unwrap().unwrap();
    let set = |bytes: &[u8]| {
        let digits = hex::encode(bytes);
        let literal = match database {
            DirectDatabase::Sqlite(_) => format!("X'{digits}'"),
            DirectDatabase::Postgres(_) => format!("'\\x{digits}'"),
        };
        format!("UPDATE data_keys SET wrapped = {literal} WHERE id = {id}")
    };
    let restore = set(&row.wrapped);
    let mut damaged = row.wrapped;
    *damaged.last_mut().unwrap() ^= 1;
    let statement = set(&damaged);
    database.change(&statement).await;
    restore
}

async fn a_damaged_data_key_closes_its_own_values_and_no_others(storage: Storage) {
    let vault = Vault::create(storage).await;
    let mut values = vault.seal(3).await;
    let damaged = values.remove(1);
    let mut database = vault.database().await;
    let restore = damage(&vault, &mut database, damaged.sealed.data_key).await;

    // Another process, because this one has the data key in its memory.
    let sealing = vault.start(FIRST).await.unwrap();
    let refused = open(&sealing, &damaged.purpose, &damaged.sealed).await;
    let error = refused.unwrap_err();
    assert!(
        matches!(error, SealingError::Open(_)) && error.is_damage(),
        "{error}"
    );
    assert_opens(&sealing, &values).await;
    database.change(&restore).await;
    assert_opens(&sealing, &[damaged]).await;
}

async fn a_data_key_with_an_invalid_master_key_is_reported_as_damage(storage: Storage) {
    let vault = Vault::create(storage).await;
    let value = vault.seal(1).await.remove(0);
    // A process that has not read the data key yet.
    let sealing = vault.start(FIRST).await.unwrap();
    let mut database = vault.database().await;
    database
        .change_unchecked("UPDATE data_keys SET master_id = 'no id'")
        .await;
    let refused = open(&sealing, &value.purpose, &value.sealed).await;
    let error = refused.unwrap_err();
    assert!(
        matches!(&error, SealingError::InvalidMasterId(name) if name == "no id"),
        "{error}"
    );
    assert!(error.is_damage());
}

async fn a_data_key_that_was_moved_to_another_workspace_opens_nothing(storage: Storage) {
    let vault = Vault::create(storage).await;
    let value = vault.seal(1).await.remove(0);
    let sealing = vault.start(FIRST).await.unwrap();
    let mut database = vault.database().await;
    database
        .change("UPDATE data_keys SET workspace_id = 2")
        .await;
    let refused = open(&sealing, &value.purpose, &value.sealed).await;
    assert!(matches!(refused, Err(SealingError::NoDataKey(_))));
    let (data_key, bytes) = (value.sealed.data_key, &value.sealed.bytes);
    let elsewhere = sealing.open(WorkspaceId(2), data_key, bytes, &value.purpose);
    assert!(matches!(elsewhere.await, Err(SealingError::Open(_))));
}

async fn a_damaged_data_key_stops_a_rotation_which_continues_after_the_repair(storage: Storage) {
    let vault = Vault::create(storage).await;
    let values = vault.seal(3).await;
    let damaged = values[1].sealed.data_key;
    let mut database = vault.database().await;
    let restore = damage(&vault, &mut database, damaged).await;
    let stopped = vault.rotate(&vault.store, FIRST, SECOND).await.unwrap_err();
    assert!(
        matches!(&stopped, RotateError::DataKey { id, .. } if *id == damaged),
        "{stopped}"
    );
    assert!(stopped.to_string().contains(&format!("data key {damaged}")));
    let refused = vault.start(SECOND).await.unwrap_err();
    assert!(
        matches!(refused, StartError::RotationUnfinished { remaining: 2 }),
        "{refused}"
    );
    let old = vault.start(FIRST).await.unwrap();
    assert_opens(&old, &values[..1]).await;
    assert_opens(&old, &values[2..]).await;

    database.change(&restore).await;
    let finished = vault.rotate(&vault.store, FIRST, SECOND).await.unwrap();
    assert_eq!((finished.rewrapped, finished.resumed), (2, true));
    assert_opens(&vault.start(SECOND).await.unwrap(), &values).await;
}
