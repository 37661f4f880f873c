//! Members of workspaces, and invitations.

use std::time::Duration;

use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::id::{ServiceId, UserId};
use gaiterguard_domain::ledger::Changed;
use gaiterguard_domain::member::Invitation;
use gaiterguard_domain::workspace::{Membership, Role};
use gaiterguard_store::{
    InvitationAccepted, InvitationCreated, Invitee, MemberChanged, NewInvitation, NewSession,
    Purpose, Store,
};
use gaiterguard_testkit::DirectDatabase;

use crate::steps::approve;
use crate::support::{Database, NOW, World, audit, email, later, new_session, on_both};

on_both!(
    an_invitation_is_accepted_once,
    an_invitation_ends_with_its_owner,
    a_newer_invitation_replaces_an_older_one,
    a_workspace_keeps_an_owner_whatever_happens_at_the_same_time,
    a_removed_member_has_no_session_and_no_ruling,
    rulings_and_a_removal_at_the_same_time_are_ordered,
);

pub(crate) fn approver() -> Membership {
    Membership {
        role: Role::Approver,
        services: Some(vec![ServiceId(1)]),
        effects: Some(vec![Effect::Delete, Effect::Pay]),
    }
}

async fn invite(store: &Store, world: &World, address: &str, n: u8) -> InvitationCreated {
    let new = NewInvitation {
        workspace: world.workspace,
        email: email(address),
        membership: approver(),
        by: world.user,
        token_hash: [n; 32],
        expires_at: later(100),
    };
    store.invitation_create(new, NOW).await.unwrap()
}

async fn invited(store: &Store, world: &World, address: &str, n: u8) -> Invitation {
    match invite(store, world, address, n).await {
        InvitationCreated::Created(invitation) => invitation,
        other => panic!("{other:?}"),
    }
}

/// Adds an approver and returns the user.
pub(crate) async fn joined(store: &Store, world: &World, address: &str, n: u8) -> UserId {
    let invitation = invited(store, world, address, n).await;
    let invitee = Invitee::New("hash".to_owned());
    match store
        .invitation_accept(&invitation, invitee, NOW)
        .await
        .unwrap()
    {
        InvitationAccepted::Joined(user, _) => user.id,
        other => panic!("{other:?}"),
    }
}

async fn an_invitation_is_accepted_once(database: &Database, store: &Store) {
    let world = World::new(store).await;
    let other = database.open(Purpose::Tool);
    let invitation = invited(store, &world, "Two@example.com", 1).await;
    let found = store.invitation_find([1; 32], later(99)).await.unwrap();
    assert_eq!(found, Some(invitation.clone()));
    assert_eq!(
        store.invitation_find([1; 32], later(100)).await.unwrap(),
        None
    );
    let late = store
        .invitation_accept(&invitation, Invitee::New("hash".to_owned()), later(100))
        .await;
    assert_eq!(late.unwrap(), InvitationAccepted::Invalid);
    let wrong = store
        .invitation_accept(&invitation, Invitee::User(world.user), NOW)
        .await;
    assert_eq!(wrong.unwrap(), InvitationAccepted::OtherAddress);

    let accepting = (0..6).map(|n| {
        let store = if n % 2 == 0 {
            store.clone()
        } else {
            other.clone()
        };
        let invitation = invitation.clone();
        tokio::spawn(async move {
            let invitee = Invitee::New(format!("hash {n}"));
            store
                .invitation_accept(&invitation, invitee, NOW)
                .await
                .unwrap()
        })
    });
    let mut users = Vec::new();
    for accepted in accepting.collect::<Vec<_>>() {
        match accepted.await.unwrap() {
            InvitationAccepted::Joined(user, workspace) => {
                assert_eq!(workspace, world.workspace);
                users.push(user);
            }
            other => assert_eq!(other, InvitationAccepted::Invalid),
        }
    }
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].email.as_str(), "Two@example.com");
    let membership = store.member_get(world.workspace, users[0].id).await;
    assert_eq!(membership.unwrap(), Some(approver()));
    let again = invite(store, &world, "TWO@example.com", 2).await;
    assert_eq!(again, InvitationCreated::AlreadyMember);
    other.close().await;
}

async fn an_invitation_ends_with_its_owner(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let two = joined(store, &world, "two@example.com", 1).await;
    let owner = Membership::of(Role::Owner);
    let promoted = store.member_change(world.workspace, world.user, two, &owner, NOW);
    assert_eq!(promoted.await.unwrap(), MemberChanged::Done);
    let invitation = invited(store, &world, "three@example.com", 2).await;
    let removed = store.member_remove(world.workspace, two, world.user, NOW);
    assert_eq!(removed.await.unwrap(), MemberChanged::Done);
    let accepted = store
        .invitation_accept(&invitation, Invitee::New("hash".to_owned()), NOW)
        .await;
    assert_eq!(accepted.unwrap(), InvitationAccepted::Invalid);
    let refused = invite(store, &world, "four@example.com", 3).await;
    assert_eq!(refused, InvitationCreated::NotPermitted);
    // The removed user cannot sign in, is still named, and can join again with a new password.
    assert_eq!(store.user_by_email("one@example.com").await.unwrap(), None);
    assert_eq!(store.user_list(world.workspace).await.unwrap().len(), 2);
    let back = NewInvitation {
        workspace: world.workspace,
        email: email("one@example.com"),
        membership: Membership::of(Role::Viewer),
        by: two,
        token_hash: [4; 32],
        expires_at: later(100),
    };
    let back = store.invitation_create(back, NOW).await.unwrap();
    let InvitationCreated::Created(back) = back else {
        panic!("{back:?}");
    };
    let invitee = Invitee::New("another hash".to_owned());
    let accepted = store.invitation_accept(&back, invitee, NOW).await.unwrap();
    assert!(matches!(accepted, InvitationAccepted::Joined(user, _) if user.id == world.user));
    let login = store
        .user_by_email("one@example.com")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(login.password_hash, "another hash");
}

async fn a_newer_invitation_replaces_an_older_one(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let older = invited(store, &world, "two@example.com", 1).await;
    let newer = invited(store, &world, "TWO@example.com", 2).await;
    let listed = store.invitation_list(world.workspace, NOW).await.unwrap();
    let listed: Vec<_> = listed.iter().filter_map(|one| one.as_intact()).collect();
    assert_eq!(listed, [&newer]);
    let revoke = |id| store.invitation_revoke(world.workspace, world.user, id, NOW);
    assert!(!revoke(older.id).await.unwrap());
    assert!(revoke(newer.id).await.unwrap());
    assert_eq!(store.invitation_find([2; 32], NOW).await.unwrap(), None);
}

async fn a_workspace_keeps_an_owner_whatever_happens_at_the_same_time(
    database: &Database,
    store: &Store,
) {
    let world = World::new(store).await;
    let other = database.open(Purpose::Tool);
    let two = joined(store, &world, "two@example.com", 1).await;
    let owner = Membership::of(Role::Owner);
    let viewer = Membership::of(Role::Viewer);
    let last = store.member_change(world.workspace, world.user, world.user, &viewer, NOW);
    assert_eq!(last.await.unwrap(), MemberChanged::LastOwner);
    let by_approver = store.member_remove(world.workspace, two, world.user, NOW);
    assert_eq!(by_approver.await.unwrap(), MemberChanged::NotPermitted);
    let unknown = store.member_remove(world.workspace, world.user, UserId(99), NOW);
    assert_eq!(unknown.await.unwrap(), MemberChanged::NotFound);
    let promoted = store.member_change(world.workspace, world.user, two, &owner, NOW);
    assert_eq!(promoted.await.unwrap(), MemberChanged::Done);
    // Both owners remove the other one.
    let (one, another) = tokio::join!(
        store.member_remove(world.workspace, world.user, two, NOW),
        other.member_remove(world.workspace, two, world.user, NOW),
    );
    let mut outcomes = [one.unwrap(), another.unwrap()];
    outcomes.sort_by_key(|outcome| *outcome != MemberChanged::Done);
    assert_eq!(outcomes, [MemberChanged::Done, MemberChanged::NotPermitted]);
    other.close().await;
}

async fn a_removed_member_has_no_session_and_no_ruling(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let two = joined(store, &world, "two@example.com", 1).await;
    let new = NewSession {
        user: two,
        ..new_session(&world, 1)
    };
    let session = store.session_create(new, &[], NOW, |_| audit());
    let session = session.await.unwrap().unwrap();
    let live = store.session_member(session.id, later(1)).await.unwrap();
    assert_eq!(live, Some((two, world.workspace, approver())));
    let action = world.held(store).await;
    let mut approval = approve(store, action).await;
    approval.member = Some((world.workspace, two, Membership::of(Role::Owner)));
    let outcome = store.action_change(approval.clone()).await.unwrap();
    assert_eq!(outcome, Changed::MembershipChanged);

    let removed = store.member_remove(world.workspace, world.user, two, NOW);
    assert_eq!(removed.await.unwrap(), MemberChanged::Done);
    assert_eq!(
        store.session_member(session.id, later(1)).await.unwrap(),
        None
    );
    assert_eq!(
        store.session_get_live(session.id, later(1)).await.unwrap(),
        None
    );
    let back = store.session_switch(session.id, two, world.workspace, NOW, audit());
    assert!(!back.await.unwrap());
    approval.member = Some((world.workspace, two, approver()));
    let outcome = store.action_change(approval.clone()).await.unwrap();
    assert_eq!(outcome, Changed::MembershipChanged);
    approval.member = Some((world.workspace, world.user, Membership::of(Role::Owner)));
    let outcome = store.action_change(approval).await.unwrap();
    assert_eq!(outcome, Changed::Done);
}

/// While a member rules on one action after the other, the member is removed. No ruling is committed
/// after the removal is.
async fn rulings_and_a_removal_at_the_same_time_are_ordered(database: &Database, store: &Store) {
    let world = World::new(store).await;
    let other = database.open(Purpose::Tool);
    let two = joined(store, &world, "two@example.com", 1).await;
    let mut rulings = Vec::new();
    for _ in 0..3 {
        let action = world.held(store).await;
        let mut ruling = approve(store, action).await;
        ruling.member = Some((world.workspace, two, approver()));
        rulings.push(ruling);
    }
    let ruling = rulings.into_iter().enumerate().map(|(n, ruling)| {
        let store = store.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(3 * n as u64)).await;
            store.action_change(ruling).await.unwrap()
        })
    });
    let ruling: Vec<_> = ruling.collect();
    // The removal meets rulings before, during, and after their commit.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let removed = other.member_remove(world.workspace, world.user, two, NOW);
    assert_eq!(removed.await.unwrap(), MemberChanged::Done);
    let acknowledged = approved(database).await;
    for ruled in ruling {
        let ruled = ruled.await.unwrap();
        assert!(matches!(ruled, Changed::Done | Changed::MembershipChanged));
    }
    assert_eq!(approved(database).await, acknowledged);
    other.close().await;
}

async fn approved(database: &Database) -> i64 {
    let mut connection = DirectDatabase::connect(&database.url).await;
    connection
        .number("SELECT COUNT(*) FROM actions WHERE status = 'APPROVED'")
        .await
}
