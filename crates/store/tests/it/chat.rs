//! Chats: codes and accounts that are linked with them, the tokens of buttons, the requests that count once, and the
//! replica that receives.

use std::time::Duration;

use gaiterguard_domain::id::{ChannelId, ChatAccountId, UserId, WorkspaceId};
use gaiterguard_domain::ledger::{ActionChange, Changed, Press, ReplicaId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::{Membership, Role};
use gaiterguard_store::{
    CardButton, CardDecision, CardPrompt, ChatAccountLinked, MemberChanged, NewChatAccount, Store,
    StoredAction,
};
use uuid::Uuid;

use crate::channel::channel;
use crate::member::{approver, joined};
use crate::steps::approve;
use crate::support::{Database, NOW, World, audit, later, on_both};

on_both!(
    a_code_links_an_account_once_in_time,
    an_account_has_one_user_and_ends_with_the_link_and_the_membership,
    a_button_is_used_up_once_by_the_linked_member,
    a_question_for_a_reason_is_kept_with_its_account,
    a_request_of_a_chat_counts_once,
    one_live_replica_receives_from_a_chat,
);

const APP: [u8; 32] = [5; 32];

fn account(world: &World, channel: ChannelId, name: &str) -> NewChatAccount {
    NewChatAccount {
        workspace: world.workspace,
        channel,
        kind: "slack",
        app: APP,
        account: name.to_owned(),
        name: "ann".to_owned(),
    }
}

/// Creates a code of a user whose hash has bytes `n`.
async fn code(world: &World, store: &Store, user: UserId, n: u8) -> [u8; 32] {
    let hash = [n; 32];
    let created = store.chat_link_code_create(world.workspace, user, &hash, later(600), NOW);
    created.await.unwrap();
    hash
}

/// Links an account of the world's user.
async fn linked(world: &World, store: &Store, channel: ChannelId) -> ChatAccountId {
    let code = code(world, store, world.user, 1).await;
    let new = account(world, channel, "T1:U1");
    let done = store
        .chat_account_link(&code, &new, later(1))
        .await
        .unwrap();
    assert!(matches!(done, ChatAccountLinked::Linked(..)), "{done:?}");
    let found = store.chat_account(world.workspace, &APP, "T1:U1");
    found.await.unwrap().unwrap().id
}

async fn a_code_links_an_account_once_in_time(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let channel = channel(&world, store).await.id;
    let new = account(&world, channel, "T1:U1");
    let link = async |code: &[u8; 32], at| store.chat_account_link(code, &new, at).await.unwrap();
    let first = code(&world, store, world.user, 1).await;
    // A newer code replaces the earlier one, and a code of no one links nothing.
    let second = code(&world, store, world.user, 2).await;
    assert_eq!(link(&first, later(1)).await, ChatAccountLinked::Invalid);
    assert_eq!(link(&[9; 32], later(1)).await, ChatAccountLinked::Invalid);
    // A code is of one workspace.
    let elsewhere = NewChatAccount {
        workspace: WorkspaceId(99),
        ..new.clone()
    };
    let foreign = store.chat_account_link(&second, &elsewhere, later(1));
    assert_eq!(foreign.await.unwrap(), ChatAccountLinked::Invalid);
    // Two messages with one code at the same time link once.
    let both = tokio::join!(
        store.chat_account_link(&second, &new, later(1)),
        store.chat_account_link(&second, &new, later(1)),
    );
    let both = [both.0.unwrap(), both.1.unwrap()];
    let done = ChatAccountLinked::Linked(world.user, "one@example.com".to_owned());
    assert_eq!(
        both.iter().filter(|one| **one == done).count(),
        1,
        "{both:?}"
    );
    assert_eq!(link(&second, later(1)).await, ChatAccountLinked::Invalid);
    // It works before its end, and not at it.
    let late = code(&world, store, world.user, 3).await;
    assert_eq!(link(&late, later(600)).await, ChatAccountLinked::Invalid);
    let found = store.chat_account(world.workspace, &APP, "T1:U1").await;
    let found = found.unwrap().unwrap();
    assert_eq!((found.user, found.kind.as_str()), (world.user, "slack"));
    assert_eq!((found.name.as_str(), found.created_at), ("ann", later(1)));
}

async fn an_account_has_one_user_and_ends_with_the_link_and_the_membership(
    _: &Database,
    store: &Store,
) {
    let world = World::new(store).await;
    let two = joined(store, &world, "two@example.com", 1).await;
    let channel = channel(&world, store).await.id;
    let first = linked(&world, store, channel).await;
    let find = async |app: &[u8; 32], name: &str| {
        let found = store.chat_account(world.workspace, app, name).await;
        found.unwrap().map(|found| found.user)
    };
    assert_eq!(find(&APP, "T1:U1").await, Some(world.user));
    // Another app, another account, and another workspace know nobody.
    assert_eq!(find(&[6; 32], "T1:U1").await, None);
    assert_eq!(find(&APP, "T2:U1").await, None);
    let elsewhere = store.chat_account(WorkspaceId(99), &APP, "T1:U1").await;
    assert_eq!(elsewhere.unwrap(), None);
    // Linked by another user, the account is that user's alone.
    let its = code(&world, store, two, 2).await;
    let new = account(&world, channel, "T1:U1");
    store.chat_account_link(&its, &new, later(2)).await.unwrap();
    assert_eq!(find(&APP, "T1:U1").await, Some(two));
    let list = async |user| {
        store
            .chat_account_list(world.workspace, user)
            .await
            .unwrap()
    };
    assert_eq!(list(world.user).await, []);
    let [present] = &list(two).await[..] else {
        panic!("one account");
    };
    let unlink = async |user, id| {
        let unlinked = store.chat_account_unlink(world.workspace, user, id, later(3));
        unlinked.await.unwrap()
    };
    assert!(!unlink(world.user, present.id).await);
    assert!(!unlink(two, first).await);
    assert!(unlink(two, present.id).await);
    assert!(!unlink(two, present.id).await);
    assert_eq!(find(&APP, "T1:U1").await, None);
    // A removal ends the link and the code.
    let its = code(&world, store, two, 3).await;
    store.chat_account_link(&its, &new, later(4)).await.unwrap();
    let unused = code(&world, store, two, 4).await;
    let removed = store.member_remove(world.workspace, world.user, two, later(5));
    assert_eq!(removed.await.unwrap(), MemberChanged::Done);
    assert_eq!(find(&APP, "T1:U1").await, None);
    let linked = store.chat_account_link(&unused, &new, later(6)).await;
    assert_eq!(linked.unwrap(), ChatAccountLinked::Invalid);
}

fn button(channel: ChannelId, shown: &StoredAction, n: u8) -> CardButton {
    let StoredAction::Intact(shown) = shown else {
        panic!("{shown:?}");
    };
    CardButton {
        token_hash: [n; 32],
        channel,
        action: shown.action.id,
        revision: shown.action.revision,
        digest: shown.action.digest,
        decision: CardDecision::Approve,
        expires_at: later(60),
        used_by: None,
    }
}

async fn a_button_is_used_up_once_by_the_linked_member(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let channel = channel(&world, store).await.id;
    let two = joined(store, &world, "two@example.com", 1).await;
    let account = linked(&world, store, channel).await;
    let action = world.held(store).await;
    let other = world.held(store).await;
    let shown = store.action_find(action).await.unwrap().unwrap();
    let approve_button = button(channel, &shown, 1);
    let expired = CardButton {
        expires_at: later(1),
        ..button(channel, &shown, 2)
    };
    let of_earlier_state = CardButton {
        revision: approve_button.revision + 1,
        ..button(channel, &shown, 3)
    };
    let shown_there = store.action_find(other).await.unwrap().unwrap();
    let of_other = button(channel, &shown_there, 4);
    let all = [&approve_button, &expired, &of_earlier_state, &of_other].map(Clone::clone);
    store.card_buttons_create(&all, NOW).await.unwrap();
    let kept = store.card_button(&[1; 32]).await.unwrap();
    assert_eq!(kept, Some(approve_button));
    assert_eq!(store.card_button(&[9; 32]).await.unwrap(), None);
    let owner = || Membership::of(Role::Owner);
    let press = async |n: u8, user, account| ActionChange {
        member: Some((
            world.workspace,
            user,
            if user == two { approver() } else { owner() },
        )),
        press: Some(Press {
            token_hash: [n; 32],
            channel,
            account,
        }),
        ..approve(store, action).await
    };
    for (n, user, with) in [
        (9, world.user, account),
        (2, world.user, account),
        (3, world.user, account),
        (4, world.user, account),
        (1, two, account),
        (1, world.user, ChatAccountId(99)),
    ] {
        let refused = store.action_change(press(n, user, with).await).await;
        assert_eq!(refused.unwrap(), Changed::PressRefused, "{n} {user:?}");
    }
    let nobody = ActionChange {
        member: None,
        ..press(1, world.user, account).await
    };
    let refused = store.action_change(nobody).await.unwrap();
    assert_eq!(refused, Changed::PressRefused);
    // Two presses at the same time count once.
    let (one, another) = (
        press(1, world.user, account).await,
        press(1, world.user, account).await,
    );
    let both = tokio::join!(store.action_change(one), store.action_change(another));
    let both = [both.0.unwrap(), both.1.unwrap()];
    let done = both.iter().filter(|one| **one == Changed::Done);
    assert_eq!(done.count(), 1, "{both:?}");
    let used = store.card_button(&[1; 32]).await.unwrap().unwrap();
    assert_eq!(used.used_by, Some(world.user));
    // Old buttons are removed, with a limit.
    let remove = async |before: Timestamp, limit| {
        let removed = store.card_buttons_delete_before(before, limit, later(9));
        removed.await.unwrap()
    };
    assert_eq!(remove(NOW, 9).await, 0);
    assert_eq!(remove(later(1), 3).await, 3);
    assert_eq!(remove(later(1), 3).await, 1);
    // One of a deleted channel is gone with it.
    store.card_buttons_create(&all[3..], NOW).await.unwrap();
    let deleted = store.channel_delete(world.workspace, channel, NOW, audit());
    assert!(deleted.await.unwrap());
    assert_eq!(store.card_button(&[4; 32]).await.unwrap(), None);
}

async fn a_question_for_a_reason_is_kept_with_its_account(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let channel = channel(&world, store).await.id;
    let action = world.held(store).await;
    let shown = store.action_find(action).await.unwrap().unwrap();
    let its = button(channel, &shown, 1);
    store.card_buttons_create(&[its], NOW).await.unwrap();
    let asked = |n: u8| CardPrompt {
        token_hash: [n; 32],
        account: "17".to_owned(),
    };
    let ask = async |receipt: &str, prompt: &CardPrompt| {
        let created = store.card_prompt_create(channel, receipt, prompt, NOW);
        created.await.unwrap();
        store.card_prompt(channel, receipt).await.unwrap()
    };
    assert_eq!(ask("-1:5", &asked(1)).await, Some(asked(1)));
    // A question about a button that does not exist asks nothing.
    assert_eq!(ask("-1:6", &asked(2)).await, None);
    let elsewhere = store.card_prompt(ChannelId(99), "-1:5").await;
    assert_eq!(elsewhere.unwrap(), None);
}

async fn a_request_of_a_chat_counts_once(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let channel = channel(&world, store).await.id;
    let accept = |mark| async move {
        let mark = [mark; 32];
        store
            .chat_request_accept(channel, &mark, NOW)
            .await
            .unwrap()
    };
    let both = tokio::join!(accept(1), accept(1));
    assert!(both.0 ^ both.1, "{both:?}");
    assert!(!accept(1).await);
    assert!(accept(2).await);
    let removed = store.chat_requests_delete_before(NOW, 9, NOW).await;
    assert_eq!(removed.unwrap(), 0);
    let removed = store.chat_requests_delete_before(later(1), 9, NOW).await;
    assert_eq!(removed.unwrap(), 2);
}

async fn one_live_replica_receives_from_a_chat(_: &Database, store: &Store) {
    const LEASE: Duration = Duration::from_mins(1);
    let world = World::new(store).await;
    let id = channel(&world, store).await.id;
    let (one, other) = (ReplicaId(Uuid::new_v4()), ReplicaId(Uuid::new_v4()));
    store.replica_register(one, LEASE, NOW).await.unwrap();
    let listen = async |replica, lease, at| {
        let leased = store.chat_listen(id, replica, lease, at).await;
        leased.unwrap()
    };
    assert!(listen(one, LEASE, NOW).await);
    assert!(!listen(other, LEASE, NOW).await);
    assert!(listen(one, LEASE, NOW).await, "it renews its own");
    // Only its owner ends it.
    store.chat_listen_end(id, other, NOW).await.unwrap();
    assert!(!listen(other, LEASE, NOW).await);
    store.chat_listen_end(id, one, NOW).await.unwrap();
    assert!(listen(other, LEASE, NOW).await);
    store.chat_listen_end(id, other, NOW).await.unwrap();
    // A lease that has run out is taken over, by the clock that all replicas share.
    assert!(listen(one, Duration::from_millis(1), NOW).await);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(listen(other, LEASE, later(1)).await);
    // So is the lease of a replica that is not alive, however long it was to last.
    assert!(listen(one, LEASE, later(1)).await);
    assert!(!listen(other, LEASE, later(1)).await);
    // Nobody receives from a channel that is disabled or does not exist.
    store.chat_listen_end(id, one, later(1)).await.unwrap();
    let disabled = store.channel_disable(id, "gone", later(1), audit());
    assert!(disabled.await.unwrap());
    assert!(!listen(one, LEASE, later(1)).await);
    let unknown = store.chat_listen(ChannelId(99), one, LEASE, NOW).await;
    assert!(!unknown.unwrap());
}
