//! One-time codes, recovery codes, and what a sign-in uses up.

use gaiterguard_domain::ledger::Sealed;
use gaiterguard_store::{ConfirmedTotp, Proof, Store};

use crate::support::{Database, NOW, World, audit, later, new_session, on_both, sealed};

on_both!(
    a_confirmed_secret_is_not_replaced_and_ends_the_other_sessions,
    a_proof_begins_one_session,
    factors_are_removed_with_a_proof_or_reset
);

/// A secret that was confirmed with the code of step 7.
fn of<'a>(world: &World, secret: &'a Sealed, recovery_codes: &'a [[u8; 32]]) -> ConfirmedTotp<'a> {
    ConfirmedTotp {
        user: world.user,
        secret,
        step: 7,
        recovery_codes,
    }
}

/// Stores a confirmed secret and two recovery codes.
async fn confirmed(world: &World, store: &Store, token: u8) {
    let secret = sealed(world.data_key, "secret");
    let begun = store.totp_begin(world.user, &secret, NOW, audit()).await;
    assert!(begun.unwrap());
    let kept = store.session_create(new_session(world, token), &[], NOW, |_| audit());
    let kept = kept.await.unwrap().unwrap().id;
    let codes = [[1; 32], [2; 32]];
    let confirming = store.totp_confirm(of(world, &secret, &codes), kept, NOW, audit());
    assert!(confirming.await.unwrap());
}

async fn a_confirmed_secret_is_not_replaced_and_ends_the_other_sessions(
    _: &Database,
    store: &Store,
) {
    let world = World::new(store).await;
    let mut sessions = Vec::new();
    for n in 1..=2 {
        let session = store.session_create(new_session(&world, n), &[], NOW, |_| audit());
        sessions.push(session.await.unwrap().unwrap().id);
    }
    let (one, two) = (sealed(world.data_key, "one"), sealed(world.data_key, "two"));
    assert_eq!(store.totp_get(world.user).await.unwrap(), None);
    for secret in [&one, &two] {
        let begun = store.totp_begin(world.user, secret, NOW, audit()).await;
        assert!(begun.unwrap());
    }
    let confirm = async |secret: &Sealed| {
        let codes = [[1; 32]];
        let confirmed = of(&world, secret, &codes);
        let confirming = store.totp_confirm(confirmed, sessions[0], later(1), audit());
        confirming.await.unwrap()
    };
    assert!(!confirm(&one).await);
    assert!(confirm(&two).await);
    assert!(!confirm(&two).await);
    let begun = store.totp_begin(world.user, &one, NOW, audit()).await;
    assert!(!begun.unwrap());
    let stored = store.totp_get(world.user).await.unwrap().unwrap();
    assert_eq!((stored.sealed, stored.last_step), (two, 7));
    assert_eq!(stored.confirmed_at, Some(later(1)));
    let live = store.session_list(world.user, later(1)).await.unwrap();
    assert_eq!(
        live.iter().map(|one| one.id).collect::<Vec<_>>(),
        sessions[..1]
    );
}

async fn a_proof_begins_one_session(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let user = world.user;
    let mut token = 10;
    let mut begin = async |proof: Proof| {
        token += 1;
        let new = new_session(&world, token);
        let proofs = [proof];
        let session = store.session_create(new, &proofs, NOW, |_| audit());
        session.await.unwrap().is_some()
    };
    assert!(!begin(Proof::TotpStep(user, 8)).await);
    confirmed(&world, store, 8).await;
    for (proof, begins) in [
        (Proof::TotpStep(user, 7), false),
        (Proof::TotpStep(user, 9), true),
        (Proof::TotpStep(user, 9), false),
        (Proof::TotpStep(user, 8), false),
        (Proof::RecoveryCode(user, [1; 32]), true),
        (Proof::RecoveryCode(user, [1; 32]), false),
        (Proof::RecoveryCode(user, [3; 32]), false),
    ] {
        assert_eq!(begin(proof.clone()).await, begins, "{proof:?}");
    }
    assert_eq!(store.recovery_code_count(user).await.unwrap(), 1);
    assert!(store.recovery_code_exists(user, [2; 32]).await.unwrap());
    assert!(!store.recovery_code_exists(user, [1; 32]).await.unwrap());
}

async fn factors_are_removed_with_a_proof_or_reset(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let user = world.user;
    confirmed(&world, store, 9).await;
    let spent = Proof::TotpStep(user, 7);
    let code = Proof::RecoveryCode(user, [2; 32]);
    let replace = async |proof| {
        let replacing = store.recovery_codes_replace(user, proof, &[[4; 32]], NOW, audit());
        replacing.await.unwrap()
    };
    assert!(!replace(&spent).await);
    assert!(replace(&code).await);
    assert_eq!(store.recovery_code_count(user).await.unwrap(), 1);
    let remove = async |proof| store.totp_remove(user, proof, NOW, audit()).await.unwrap();
    assert!(!remove(&code).await);
    assert!(remove(&Proof::RecoveryCode(user, [4; 32])).await);
    assert_eq!(store.totp_get(user).await.unwrap(), None);

    let reset = async || store.user_factors_reset(user, NOW, audit()).await.unwrap();
    assert!(!reset().await);
    confirmed(&world, store, 10).await;
    assert!(reset().await);
    assert_eq!(store.totp_get(user).await.unwrap(), None);
    assert_eq!(store.recovery_code_count(user).await.unwrap(), 0);
    assert_eq!(store.session_list(user, NOW).await.unwrap(), []);
}
