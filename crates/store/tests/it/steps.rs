//! Steps on decisions and actions that many tests share.

use std::time::Duration;

use gaiterguard_domain::action::{ActionEvent, ActionState};
use gaiterguard_domain::event::Event;
use gaiterguard_domain::id::{ActionId, RequestEntryId};
use gaiterguard_domain::ledger::{
    ActionChange, Changed, Completion, NewDecision, Outcome, Recorded, StoredResponse,
};
use gaiterguard_store::Store;

use crate::support::{World, entry, key, later, sealed, word};

pub(crate) fn response(world: &World, status: u16) -> StoredResponse {
    StoredResponse {
        status,
        content: Some(sealed(world.data_key, "the response")),
    }
}

pub(crate) fn completion(
    world: &World,
    id: RequestEntryId,
    claimed: Option<&str>,
    outcome: Outcome,
) -> Completion {
    Completion {
        entry: id,
        claim: claimed.map(|text| (world.agent, key(text))),
        outcome,
        at: later(1),
        audit: None,
    }
}

pub(crate) async fn done(store: &Store, decision: NewDecision) -> RequestEntryId {
    match store.record(decision).await.unwrap() {
        Recorded::Done(id) => id,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn state(store: &Store, action: ActionId) -> (ActionState, i64) {
    let action = store.action_get(action).await.unwrap().unwrap().action;
    (action.state, action.revision)
}

pub(crate) async fn change(store: &Store, action: ActionId, event: ActionEvent) -> ActionChange {
    let (state, revision) = state(store, action).await;
    ActionChange {
        action,
        revision,
        state: state.apply(event).unwrap(),
        authority: None,
        member: None,
        press: None,
        answer: None,
        ballot: None,
        audit: entry(Event::ActionApproved, later(2)),
    }
}

pub(crate) async fn approve(store: &Store, action: ActionId) -> ActionChange {
    let event = ActionEvent::Approve {
        decision: word(later(1)),
        undo: Duration::ZERO,
        lifetime: Duration::from_secs(30),
    };
    change(store, action, event).await
}

pub(crate) async fn apply(store: &Store, action: ActionId, event: ActionEvent) -> ActionState {
    let change = change(store, action, event).await;
    let expected = change.state.clone();
    assert_eq!(store.action_change(change).await.unwrap(), Changed::Done);
    let (state, _) = state(store, action).await;
    assert_eq!(state, expected);
    state
}
