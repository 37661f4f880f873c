//! Buttons of cards, linked accounts, and what arrives from chats.

use std::time::Duration;

use gaiterguard_domain::id::{ActionId, ChatAccountId};
use gaiterguard_domain::ledger::{ActionChange, Changed, Press, ReplicaId};
use gaiterguard_domain::workspace::{Membership, Role};
use gaiterguard_store::{
    CardButton, CardDecision, CardPrompt, ChatAccountLinked, NewChatAccount, Store, StoredChannel,
};
use uuid::Uuid;

use crate::channel::channel;
use crate::steps::approve;
use crate::support::{Database, NOW, World, later, on_both};

on_both!(
    a_code_links_one_account_once,
    a_button_is_used_once_and_only_with_its_decision,
    a_request_of_a_chat_is_accepted_once,
    one_live_replica_listens,
);

const APP: [u8; 32] = [7; 32];
const TOKEN: [u8; 32] = [9; 32];
const LEASE: Duration = Duration::from_mins(1);

fn account(world: &World, channel: &StoredChannel, name: &str) -> NewChatAccount {
    NewChatAccount {
        workspace: world.workspace,
        channel: channel.id,
        kind: "slack",
        app: APP,
        account: name.to_owned(),
        name: "ann".to_owned(),
    }
}

async fn link(store: &Store, world: &World, new: &NewChatAccount) -> ChatAccountId {
    let code = [1; 32];
    let (workspace, user) = (world.workspace, world.user);
    let created = store.chat_link_code_create(workspace, user, &code, later(100), NOW);
    created.await.unwrap();
    let linked = store.chat_account_link(&code, new, NOW).await.unwrap();
    assert!(matches!(linked, ChatAccountLinked::Linked(by, _) if by == user));
    let found = store
        .chat_account(workspace, &APP, &new.account)
        .await
        .unwrap();
    found.unwrap().id
}

async fn a_code_links_one_account_once(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let channel = channel(&world, store).await;
    let new = account(&world, &channel, "T:U1");
    let id = link(store, &world, &new).await;
    let linked = async |code: u8, at| {
        store
            .chat_account_link(&[code; 32], &new, later(at))
            .await
            .unwrap()
    };
    assert_eq!(
        linked(1, 1).await,
        ChatAccountLinked::Invalid,
        "it was used"
    );
    assert_eq!(
        linked(2, 1).await,
        ChatAccountLinked::Invalid,
        "it is unknown"
    );
    let (workspace, user) = (world.workspace, world.user);
    let create = async |code: u8| {
        let created = store.chat_link_code_create(workspace, user, &[code; 32], later(100), NOW);
        created.await.unwrap();
    };
    create(3).await;
    create(4).await;
    assert_eq!(
        linked(3, 1).await,
        ChatAccountLinked::Invalid,
        "it was replaced"
    );
    assert_eq!(
        linked(4, 100).await,
        ChatAccountLinked::Invalid,
        "it has expired"
    );
    assert_eq!(
        linked(4, 1).await,
        ChatAccountLinked::Invalid,
        "it was presented"
    );
    // An account is linked once, however often a code is presented.
    link(store, &world, &new).await;
    let all = store.chat_account_list(workspace, user).await.unwrap();
    assert_eq!(all.len(), 1);
    assert!(
        !store
            .chat_account_unlink(workspace, user, id, NOW)
            .await
            .unwrap()
    );
    assert!(
        store
            .chat_account_unlink(workspace, user, all[0].id, NOW)
            .await
            .unwrap()
    );
    assert_eq!(
        store.chat_account(workspace, &APP, "T:U1").await.unwrap(),
        None
    );
    assert_eq!(
        store
            .chat_account(workspace, &[8; 32], "T:U1")
            .await
            .unwrap(),
        None
    );
}

async fn held(store: &Store, world: &World) -> ActionId {
    let decision = world.hold(world.version(store).await, None);
    let action = decision.hold.as_ref().unwrap().action;
    store.record(decision).await.unwrap();
    action
}

/// Returns an approval of an action with the button.
async fn pressed(
    store: &Store,
    world: &World,
    action: ActionId,
    channel: &StoredChannel,
    account: ChatAccountId,
) -> ActionChange {
    let mut change = approve(store, action).await;
    change.member = Some((world.workspace, world.user, Membership::of(Role::Owner)));
    change.audit.workspace = Some(world.workspace);
    change.press(Press {
        token_hash: TOKEN,
        channel: channel.id,
        account,
    });
    change
}

async fn a_button_is_used_once_and_only_with_its_decision(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let channel = channel(&world, store).await;
    let id = link(store, &world, &account(&world, &channel, "T:U1")).await;
    let (one, other) = (held(store, &world).await, held(store, &world).await);
    let found = store.action_get(one).await.unwrap().unwrap().action;
    let button = CardButton {
        token_hash: TOKEN,
        channel: channel.id,
        action: one,
        revision: found.revision,
        digest: found.digest,
        decision: CardDecision::Approve,
        expires_at: later(50),
        used_by: None,
    };
    store
        .card_buttons_create(&[button.clone()], NOW)
        .await
        .unwrap();
    assert_eq!(store.card_button(&TOKEN).await.unwrap(), Some(button));
    assert_eq!(store.card_button(&[0; 32]).await.unwrap(), None);
    let prompt = CardPrompt {
        token_hash: TOKEN,
        account: "17".to_owned(),
    };
    store
        .card_prompt_create(channel.id, "1:2", &prompt, NOW)
        .await
        .unwrap();
    assert_eq!(
        store.card_prompt(channel.id, "1:2").await.unwrap(),
        Some(prompt)
    );
    assert_eq!(store.card_prompt(channel.id, "1:3").await.unwrap(), None);

    // The button is of another action, the account is not linked, the button has expired, or nobody is named.
    let foreign = pressed(store, &world, other, &channel, id).await;
    let unlinked = pressed(store, &world, one, &channel, ChatAccountId(id.0 + 1)).await;
    let mut late = pressed(store, &world, one, &channel, id).await;
    late.audit.at = later(50);
    let mut unnamed = pressed(store, &world, one, &channel, id).await;
    unnamed.member = None;
    for refused in [foreign, unlinked, late, unnamed] {
        assert_eq!(
            store.action_change(refused).await.unwrap(),
            Changed::PressRefused
        );
    }
    // A change that is not made uses nothing up.
    let mut moved = pressed(store, &world, one, &channel, id).await;
    moved.member = Some((world.workspace, world.user, Membership::of(Role::Viewer)));
    assert_eq!(
        store.action_change(moved).await.unwrap(),
        Changed::MembershipChanged
    );
    let (first, second) = (
        pressed(store, &world, one, &channel, id).await,
        pressed(store, &world, one, &channel, id).await,
    );
    let both = tokio::join!(store.action_change(first), store.action_change(second));
    let mut both = [both.0.unwrap(), both.1.unwrap()];
    both.sort_by_key(|changed| *changed != Changed::Done);
    assert_eq!(both, [Changed::Done, Changed::PressRefused]);
    let used = store.card_button(&TOKEN).await.unwrap().unwrap();
    assert_eq!(used.used_by, Some(world.user));
    let removed = store
        .card_buttons_delete_before(later(1), 10, NOW)
        .await
        .unwrap();
    assert_eq!(removed, 1);
    assert_eq!(store.card_prompt(channel.id, "1:2").await.unwrap(), None);
}

async fn a_request_of_a_chat_is_accepted_once(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let channel = channel(&world, store).await;
    let accept = async |mark: u8, at| {
        let accepted = store.chat_request_accept(channel.id, &[mark; 32], later(at));
        accepted.await.unwrap()
    };
    assert!(accept(1, 0).await);
    assert!(!accept(1, 1).await);
    assert!(accept(2, 10).await);
    let removed = store
        .chat_requests_delete_before(later(5), 10, later(20))
        .await;
    assert_eq!(removed.unwrap(), 1);
    assert!(!accept(2, 20).await);
    let found = store.channel_find(channel.id).await.unwrap();
    assert_eq!(found.map(|found| found.id), Some(channel.id));
}

async fn one_live_replica_listens(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let channel = channel(&world, store).await;
    let (me, other) = (ReplicaId(Uuid::new_v4()), ReplicaId(Uuid::new_v4()));
    for replica in [me, other] {
        store.replica_register(replica, LEASE, NOW).await.unwrap();
    }
    let listen = async |replica, at| {
        let leased = store.chat_listen(channel.id, replica, LEASE, at);
        leased.await.unwrap()
    };
    assert!(listen(me, NOW).await);
    assert!(!listen(other, NOW).await);
    assert!(listen(me, NOW).await);
    store.chat_listen_end(channel.id, me, NOW).await.unwrap();
    assert!(listen(other, NOW).await);
}
