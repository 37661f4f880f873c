//! Which values open, and for what.

use std::collections::HashSet;
use std::time::Duration;

use gaiterguard_domain::id::{DataKeyId, DocumentId, ServiceId, WorkspaceId};
use gaiterguard_domain::ledger::Sealed;
use gaiterguard_sealing::{Purpose, Sealing, SealingError};
use gaiterguard_testkit::{Storage, on_both_databases};

use crate::support::{FIRST, Vault, WORKSPACE, assert_opens, open};

on_both_databases!(
    a_value_opens_only_for_its_purpose_and_workspace,
    a_value_opens_only_under_its_own_data_key,
    each_credential_version_has_a_data_key_of_its_own,
    the_payload_key_of_a_workspace_is_replaced_at_every_start_and_every_day,
    old_data_keys_that_seal_nothing_are_removed,
);

async fn a_value_opens_only_for_its_purpose_and_workspace(storage: Storage) {
    let vault = Vault::create(storage).await;
    let purpose = Purpose::document(DocumentId(1));
    let sealed = vault.sealing.seal(WORKSPACE, &purpose, b"plain").await;
    let sealed = sealed.unwrap();
    assert!(!sealed.bytes.windows(5).any(|window| window == b"plain"));
    assert_eq!(
        open(&vault.sealing, &purpose, &sealed).await.unwrap(),
        b"plain"
    );
    for other in [
        Purpose::document(DocumentId(2)),
        Purpose::credential(ServiceId(1), 0),
        Purpose::response(1),
        Purpose::new("document", 1, 1),
    ] {
        let refused = open(&vault.sealing, &other, &sealed).await;
        assert!(matches!(refused, Err(SealingError::Open(_))), "{other:?}");
    }
    let elsewhere = vault
        .sealing
        .open(
            WorkspaceId(WORKSPACE.0 + 1),
            sealed.data_key,
            &sealed.bytes,
            &purpose,
        )
        .await;
    assert!(matches!(elsewhere, Err(SealingError::NoDataKey(_))));
}

async fn a_value_opens_only_under_its_own_data_key(storage: Storage) {
    let vault = Vault::create(storage).await;
    let values = vault.seal(2).await;
    assert_ne!(values[0].sealed.data_key, values[1].sealed.data_key);
    let swapped = Sealed {
        data_key: values[1].sealed.data_key,
        bytes: values[0].sealed.bytes.clone(),
    };
    let refused = open(&vault.sealing, &values[0].purpose, &swapped).await;
    let error = refused.unwrap_err();
    assert!(
        matches!(error, SealingError::Open(_)) && error.is_damage(),
        "{error}"
    );

    let missing = Sealed {
        data_key: DataKeyId(4242),
        bytes: values[0].sealed.bytes.clone(),
    };
    let refused = open(&vault.sealing, &values[0].purpose, &missing).await;
    let error = refused.unwrap_err();
    assert!(
        matches!(error, SealingError::NoDataKey(DataKeyId(4242))) && error.is_damage(),
        "{error}"
    );
    assert_opens(&vault.sealing, &values).await;
}

#[tokio::test]
async fn a_changed_bit_or_length_opens_nothing() {
    let vault = Vault::create(Storage::Sqlite).await;
    let value = vault.seal(1).await.remove(0);
    let data_key = value.sealed.data_key;
    let opens = async |bytes: Vec<u8>| {
        let sealed = Sealed { data_key, bytes };
        open(&vault.sealing, &value.purpose, &sealed).await.is_ok()
    };
    let bytes = &value.sealed.bytes;
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!opens(changed).await, "bit {bit}");
    }
    for length in 0..bytes.len() {
        assert!(!opens(bytes[..length].to_vec()).await, "{length} bytes");
    }
    assert!(!opens([bytes, &b"\0"[..]].concat()).await);
    assert!(opens(bytes.clone()).await);
}

async fn each_credential_version_has_a_data_key_of_its_own(storage: Storage) {
    let vault = Vault::create(storage).await;
    let purpose = Purpose::credential(ServiceId(1), 1);
    let mut credential_keys = HashSet::new();
    for _ in 0..3 {
        let key = vault.sealing.new_credential_key(WORKSPACE).await.unwrap();
        credential_keys.insert(key.seal(&purpose, b"x").unwrap().data_key);
    }
    assert_eq!(credential_keys.len(), 3);

    let document = Purpose::document(DocumentId(1));
    let seal = || vault.sealing.seal(WORKSPACE, &document, b"x");
    let (one, other) = (seal().await.unwrap(), seal().await.unwrap());
    assert_eq!(one.data_key, other.data_key);
    assert_ne!(one.bytes, other.bytes, "the nonces differ");
    assert!(!credential_keys.contains(&one.data_key));
    let elsewhere = vault
        .sealing
        .seal(WorkspaceId(WORKSPACE.0 + 1), &document, b"x")
        .await;
    assert_ne!(elsewhere.unwrap().data_key, one.data_key);
}

async fn payload_key(sealing: &Sealing) -> DataKeyId {
    let purpose = Purpose::document(DocumentId(1));
    let sealed = sealing.seal(WORKSPACE, &purpose, b"x").await;
    sealed.unwrap().data_key
}

async fn the_payload_key_of_a_workspace_is_replaced_at_every_start_and_every_day(storage: Storage) {
    let vault = Vault::create(storage).await;
    let first = payload_key(&vault.sealing).await;
    vault.clock.advance(Duration::from_secs(24 * 3600 - 1));
    assert_eq!(payload_key(&vault.sealing).await, first);
    vault.clock.advance(Duration::from_secs(1));
    let second = payload_key(&vault.sealing).await;
    assert_ne!(second, first);
    let restarted = vault.start(FIRST).await.unwrap();
    assert_ne!(payload_key(&restarted).await, second);

    let calls = (0..20).map(|_| restarted.payload_key(WORKSPACE));
    let keys = futures_util::future::join_all(calls).await;
    let names: HashSet<String> = keys
        .iter()
        .map(|key| format!("{:?}", key.as_ref().unwrap()))
        .collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

async fn old_data_keys_that_seal_nothing_are_removed(storage: Storage) {
    let vault = Vault::create(storage).await;
    let old = payload_key(&vault.sealing).await;
    vault.clock.advance(Duration::from_hours(47));
    assert_eq!(vault.sealing.remove_unused(10).await.unwrap(), 0);
    let young = payload_key(&vault.sealing).await;
    assert_ne!(young, old);
    vault.clock.advance(Duration::from_hours(2));
    assert_eq!(vault.sealing.remove_unused(10).await.unwrap(), 1);
    assert!(vault.store.data_key_get(old).await.unwrap().is_none());
    assert!(vault.store.data_key_get(young).await.unwrap().is_some());
}

#[tokio::test]
async fn debug_output_names_keys_by_id_only() {
    let vault = Vault::create(Storage::Sqlite).await;
    let key = vault.sealing.new_credential_key(WORKSPACE).await.unwrap();
    let purpose = Purpose::credential(ServiceId(1), 1);
    let id = key.seal(&purpose, b"x").unwrap().data_key;
    assert_eq!(format!("{key:?}"), format!("SealingKey({id}, <sealed>)"));
    let payload = vault.sealing.payload_key(WORKSPACE).await.unwrap();
    let id = payload.seal(&purpose, b"x").unwrap().data_key;
    let printed = format!("{payload:?}");
    assert_eq!(printed, format!("SealingKey({id}, <sealed>)"));
    assert!(!format!("{:?}", vault.sealing).contains(FIRST));
}
