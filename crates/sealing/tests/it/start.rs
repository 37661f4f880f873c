//! Which secrets a gateway starts with.

use std::sync::Arc;

use gaiterguard_clock::ManualClock;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_sealing::StartError;
use gaiterguard_testkit::{Storage, TestDatabase, on_both_databases};

use crate::support::{FIRST, SALT, SECOND, Vault, assert_opens, open_store, start};

on_both_databases!(
    the_first_start_creates_the_vault_and_later_ones_open_it,
    a_start_with_another_secret_or_salt_is_refused_with_instructions,
    of_two_first_starts_with_different_secrets_one_is_refused,
    a_database_with_data_keys_but_no_master_key_is_refused,
);

async fn the_first_start_creates_the_vault_and_later_ones_open_it(storage: Storage) {
    let vault = Vault::create(storage).await;
    let masters = vault.store.master_list().await.unwrap();
    assert_eq!(masters.len(), 1);
    assert!(masters[0].is_current && masters[0].link.is_none());
    let values = vault.seal(3).await;
    for _ in 0..2 {
        assert_opens(&vault.start(FIRST).await.unwrap(), &values).await;
    }
    assert_eq!(vault.store.master_list().await.unwrap().len(), 1);
}

async fn a_start_with_another_secret_or_salt_is_refused_with_instructions(storage: Storage) {
    let vault = Vault::create(storage).await;
    let another = "another-secret-that-is-long-enough-0002";
    for (secret, salt) in [(another, SALT), (FIRST, "another salt"), ("", SALT)] {
        let refused = start(&vault.store, secret, salt, &vault.clock).await;
        let error = refused.unwrap_err();
        assert!(matches!(error, StartError::WrongSecret), "{error}");
        let message = error.to_string();
        assert!(
            message.contains("ENCRYPTION_SECRET") && message.contains("set the one"),
            "{message}"
        );
        assert!(!message.contains(another) && !message.contains(FIRST));
    }
    // The refused starts have changed nothing.
    assert_eq!(vault.store.master_list().await.unwrap().len(), 1);
    assert!(vault.start(FIRST).await.is_ok());
}

async fn of_two_first_starts_with_different_secrets_one_is_refused(storage: Storage) {
    let database = TestDatabase::create(storage).await;
    let (one, other) = (open_store(database.url()), open_store(database.url()));
    one.migrate().await.unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp(1_700_000_000_000)));
    let (first, second) = tokio::join!(
        start(&one, FIRST, SALT, &clock),
        start(&other, SECOND, SALT, &clock)
    );
    let refused = match (&first, &second) {
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused, StartError::WrongSecret), "{refused}");
}

async fn a_database_with_data_keys_but_no_master_key_is_refused(storage: Storage) {
    let vault = Vault::create(storage).await;
    vault.seal(1).await;
    let mut database = vault.database().await;
    database.change_unchecked("DELETE FROM master_keys").await;
    let refused = vault.start(FIRST).await.unwrap_err();
    assert!(matches!(refused, StartError::NoMaster), "{refused}");
    assert!(refused.to_string().contains("restore it from a backup"));
}
