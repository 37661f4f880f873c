//! People at a sign-in provider, passkeys, and challenges that count once.

use gaiterguard_domain::user::Email;
use gaiterguard_store::{FederatedId, NewPasskey, PasskeySaved, Proof, Store};

use crate::support::{Database, NOW, World, audit, later, new_session, on_both};

on_both!(
    a_person_is_one_user_with_a_role_that_is_never_that_of_an_owner,
    a_passkey_is_stored_once_and_its_count_grows,
    a_challenge_begins_one_session
);

const ANN: FederatedId<'static> = FederatedId {
    issuer: "https://id.example",
    subject: "ann",
};
const BOB: FederatedId<'static> = FederatedId {
    subject: "bob",
    ..ANN
};

/// Returns whether a session begins with this proof.
async fn begins(world: &World, store: &Store, token: u8, proof: Proof) -> bool {
    let new = new_session(world, token);
    let proofs = [proof];
    let session = store.session_create(new, &proofs, later(1), |_| audit());
    session.await.unwrap().is_some()
}

async fn a_person_is_one_user_with_a_role_that_is_never_that_of_an_owner(
    _: &Database,
    store: &Store,
) {
    let world = World::new(store).await;
    assert_eq!(store.federated_get(ANN).await.unwrap(), None);
    let create = async |person, email: &str| {
        let email = Email::parse(email).unwrap();
        let (workspace, role) = (world.workspace, "viewer");
        let created = store.federated_create(person, &email, workspace, role, NOW, |_| audit());
        created.await.unwrap()
    };
    assert_eq!(create(ANN, "one@example.com").await, None);
    let ann = create(ANN, "ann@example.com").await.unwrap();
    assert_eq!(create(ANN, "other@example.com").await, None);
    let found = store.federated_get(ANN).await.unwrap().unwrap();
    assert_eq!(found.user, ann);
    assert_eq!(
        found.membership,
        Some((world.workspace, "viewer".to_owned()))
    );
    assert!(found.is_managed);

    let set = async |user, role| {
        let setting = store.federated_role_set(user, world.workspace, role, later(1), audit());
        setting.await.unwrap()
    };
    assert!(!set(ann, "viewer").await);
    assert!(set(ann, "operator").await);
    assert!(!set(world.user, "viewer").await);

    let link = async |person, user, digest| {
        let proof = Proof::Challenge([digest; 32], later(100));
        let linking = store.federated_link(person, user, &proof, later(1), audit());
        linking.await.unwrap()
    };
    assert!(!link(ANN, world.user, 1).await);
    assert!(link(BOB, world.user, 1).await);
    assert!(!link(BOB, world.user, 2).await);
    let third = FederatedId {
        subject: "3",
        ..ANN
    };
    assert!(!link(third, world.user, 1).await);
    let found = store.federated_get(BOB).await.unwrap().unwrap();
    assert_eq!((found.user, found.is_managed), (world.user, false));
    let reset = store
        .user_factors_reset(world.user, later(2), audit())
        .await;
    assert!(reset.unwrap());
    assert_eq!(store.federated_get(BOB).await.unwrap(), None);
    assert!(
        !store
            .user_factors_reset(ann, later(2), audit())
            .await
            .unwrap()
    );
}

async fn a_passkey_is_stored_once_and_its_count_grows(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let create = async |credential_id: &[u8], sign_count| {
        let new = NewPasskey {
            user: world.user,
            credential_id,
            public_key: b"key",
            name: "Phone",
            sign_count,
        };
        store.passkey_create(new, NOW, |_| audit()).await.unwrap()
    };
    let PasskeySaved::Created(counting) = create(b"counting", 5).await else {
        panic!();
    };
    let PasskeySaved::Created(silent) = create(b"silent", 0).await else {
        panic!();
    };
    assert_eq!(create(b"silent", 0).await, PasskeySaved::Exists);
    for (n, (proof, is_valid)) in [
        (Proof::PasskeyUse(counting, 5), false),
        (Proof::PasskeyUse(counting, 6), true),
        (Proof::PasskeyUse(counting, 6), false),
        (Proof::PasskeyUse(counting, 0), false),
        (Proof::PasskeyUse(silent, 0), true),
        (Proof::PasskeyUse(silent, 0), true),
        (Proof::PasskeyUse(silent, 1), true),
        (Proof::PasskeyUse(silent, 0), false),
    ]
    .into_iter()
    .enumerate()
    {
        let token = u8::try_from(n).unwrap() + 10;
        let begun = begins(&world, store, token, proof.clone()).await;
        assert_eq!(begun, is_valid, "{n}: {proof:?}");
    }
    let found = store.passkey_by_credential(b"counting").await.unwrap();
    let found = found.unwrap();
    assert_eq!((found.id, found.user), (counting, world.user));
    assert_eq!(found.last_used_at, Some(later(1)));
    let listed = store.passkey_list(world.user).await.unwrap();
    assert_eq!(
        listed.iter().map(|one| one.id).collect::<Vec<_>>(),
        [silent, counting]
    );
    for n in listed.len()..20 {
        assert!(matches!(
            create(&[u8::try_from(n).unwrap()], 0).await,
            PasskeySaved::Created(_)
        ));
    }
    assert_eq!(create(b"one more", 0).await, PasskeySaved::TooMany);
    let delete = async || {
        let deleting = store.passkey_delete(world.user, silent, NOW, audit());
        deleting.await.unwrap()
    };
    assert!(delete().await);
    assert!(!delete().await);
}

async fn a_challenge_begins_one_session(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let challenge = |digest| Proof::Challenge([digest; 32], later(2));
    assert!(begins(&world, store, 1, challenge(1)).await);
    assert!(!begins(&world, store, 2, challenge(1)).await);
    let (one, other) = tokio::join!(
        begins(&world, store, 3, challenge(2)),
        begins(&world, store, 4, challenge(2)),
    );
    assert_ne!(one, other);
}
