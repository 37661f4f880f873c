//! The audit log covers the parts of actions that change without a new state: votes, intents of repetitions, the ruling
//! that revoked an execution; and the columns that requests are compared by.

use std::time::Duration;

use gaiterguard_domain::action::{ActionEvent, HumanDecision};
use gaiterguard_domain::approvals::{Approvable, Ballot, Requirement, VoteRefused};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{ActionId, PasskeyId, UserId};
use gaiterguard_domain::ledger::{ActionChange, Changed};
use gaiterguard_domain::proof::Proof;
use gaiterguard_domain::step_up::{PasskeyAssertion, Presented, StepUp, binding};
use gaiterguard_store::{AuditBroken, NewPasskey, PasskeySaved, Store};

use crate::steps::{apply, approve, change};
use crate::support::{Database, World, audit, entry, later, on_both, word};

on_both!(
    a_change_of_a_vote_is_detected,
    a_change_of_a_column_outside_the_state_is_detected,
    votes_are_verified_while_writers_continue,
    a_required_passkey_is_demanded_and_used_up_once,
);

async fn verified(store: &Store) -> Result<u64, AuditBroken> {
    store.audit_verify(|_| {}).await.unwrap()
}

/// Changes a column, expects verification to fail, and restores the column.
async fn shows(database: &Database, store: &Store, table: &'static str, row: &str, set: &str) {
    let (column, _) = set.split_once(" = ").unwrap();
    let keep = format!("CREATE TABLE kept AS SELECT * FROM {table} WHERE {row}");
    database.meddle(&keep).await;
    let change = format!("UPDATE {table} SET {set} WHERE {row}");
    database.meddle(&change).await;
    match verified(store).await {
        Err(AuditBroken::Row { .. }) => {}
        other => panic!("{change}: {other:?}"),
    }
    let restore = format!("UPDATE {table} SET {column} = (SELECT {column} FROM kept) WHERE {row}");
    database.meddle(&restore).await;
    database.meddle("DROP TABLE kept").await;
    verified(store).await.unwrap();
}

/// Returns an approval of an action as one of the votes that it needs.
async fn vote(world: &World, store: &Store, action: ActionId, needed: u32) -> ActionChange {
    let event = ActionEvent::Approve {
        decision: HumanDecision {
            by: world.user,
            at: later(1),
            note: Some("fine".to_owned()),
        },
        undo: Duration::ZERO,
        lifetime: Duration::from_secs(30),
    };
    let digest = store
        .action_get(action)
        .await
        .unwrap()
        .unwrap()
        .action
        .digest;
    ActionChange {
        ballot: Some(Ballot {
            requirement: Requirement {
                needed,
                ..Requirement::default()
            },
            request: Approvable {
                service: world.service,
                effect: None,
            },
            digest,
            break_glass: false,
            presented: None,
        }),
        ..change(store, action, event).await
    }
}

async fn a_change_of_a_vote_is_detected(database: &Database, store: &Store) {
    let world = World::new(store).await;
    let (voted, untouched) = (world.held(store).await, world.held(store).await);
    let cast = vote(&world, store, voted, 2).await;
    let changed = store.action_change(cast).await.unwrap();
    assert!(matches!(changed, Changed::Voted(_)), "{changed:?}");
    verified(store).await.unwrap();
    let row = format!("action_id = '{voted}'");
    for set in [
        "note = 'not fine'",
        "note = NULL",
        "at = at + 1",
        "revision = revision + 1",
        "step_up = '{}'",
    ] {
        shows(database, store, "votes", &row, set).await;
    }
    let action = format!("id = '{voted}'");
    for set in ["votes_revision = 0", "votes_revision = votes_revision + 1"] {
        shows(database, store, "actions", &action, set).await;
    }
    // A vote that was added by hand, and one that was removed.
    let forge = format!(
        "INSERT INTO votes (action_id, user_id, revision, digest, note, break_glass, at)
         SELECT '{untouched}', user_id, revision, digest, note, break_glass, at FROM votes
         WHERE action_id = '{voted}'"
    );
    database.meddle(&forge).await;
    let broken = verified(store).await.unwrap_err();
    let is_forged = matches!(&broken, AuditBroken::Row { table: "votes", row, .. } if *row == untouched.to_string());
    assert!(is_forged, "{broken}");
    let undo = format!("DELETE FROM votes WHERE action_id = '{untouched}'");
    database.meddle(&undo).await;
    verified(store).await.unwrap();
    let mut withdrawal = entry(Event::ActionVoteWithdrawn, later(2));
    withdrawal.subject = Subject::Action(voted);
    let withdrawn = store.vote_withdraw(voted, world.user, withdrawal);
    assert!(withdrawn.await.unwrap());
    verified(store).await.unwrap();
    let cast = vote(&world, store, voted, 1).await;
    assert_eq!(store.action_change(cast).await.unwrap(), Changed::Done);
    verified(store).await.unwrap();
    let remove = format!("DELETE FROM votes WHERE action_id = '{voted}'");
    database.meddle(&remove).await;
    let broken = verified(store).await.unwrap_err();
    assert!(
        matches!(&broken, AuditBroken::Row { table: "votes", .. }),
        "{broken}"
    );
}

async fn a_change_of_a_column_outside_the_state_is_detected(database: &Database, store: &Store) {
    let world = World::new(store).await;
    let (pending, running) = (world.held(store).await, world.held(store).await);
    for intent in ["Once more", "Please"] {
        let mut repeated = entry(Event::ActionRepeated, later(1));
        repeated.subject = Subject::Action(pending);
        store
            .action_repeated(pending, intent, later(1), repeated)
            .await
            .unwrap();
    }
    let approved = approve(store, running).await;
    store.action_change(approved).await.unwrap();
    apply(store, running, ActionEvent::Begin { at: later(2) }).await;
    let block = entry(Event::AgentBlocked, later(5));
    store
        .agent_block(world.workspace, world.agent, &word(later(5)), block)
        .await
        .unwrap();
    verified(store).await.unwrap();
    let row = format!("id = '{pending}'");
    for set in [
        "operation = digest",
        "operation = NULL",
        "recipients = digest",
        "payload = operation",
        "body_bytes = 5",
        "owner = 'somebody'",
        "ruled_by = 77",
        "ruled_at = 77",
        "recalled_by = 77",
        "repeats = NULL",
        "repeats = '{\"count\":2,\"last_at\":\"2024-01-01T00:00:00.000Z\",\"intents\":[\"Once more\"]}'",
        "repeats = '{'",
    ] {
        shows(database, store, "actions", &row, set).await;
    }
    let row = format!("id = '{running}'");
    for set in [
        "owner = NULL",
        "ruled_by = NULL",
        "ruled_by = 77",
        "ruled_at = ruled_at + 1",
        "recalled_by = 77",
        "recalled_at = recalled_at + 1",
        "recall_note = 'x'",
    ] {
        shows(database, store, "actions", &row, set).await;
    }
}

async fn votes_are_verified_while_writers_continue(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let mut actions = Vec::new();
    for _ in 0..3 {
        actions.push(world.held(store).await);
    }
    let (writer, user, workspace) = (store.clone(), world.user, world.workspace);
    let votes = {
        let mut votes = Vec::new();
        for action in &actions {
            votes.push(vote(&world, store, *action, 2).await);
        }
        votes
    };
    let writing = tokio::spawn(async move {
        for cast in votes {
            for _ in 0..3 {
                let mut withdrawal = entry(Event::ActionVoteWithdrawn, later(2));
                withdrawal.subject = Subject::Action(cast.action);
                withdrawal.workspace = Some(workspace);
                writer.action_change(cast.clone()).await.unwrap();
                let withdrawn = writer.vote_withdraw(cast.action, user, withdrawal);
                assert!(withdrawn.await.unwrap());
            }
        }
    });
    while !writing.is_finished() {
        verified(store).await.unwrap();
    }
    writing.await.unwrap();
    verified(store).await.unwrap();
}

async fn a_required_passkey_is_demanded_and_used_up_once(database: &Database, store: &Store) {
    let world = World::new(store).await;
    let (first, second) = (world.held(store).await, world.held(store).await);
    let new = NewPasskey {
        user: world.user,
        credential_id: b"credential",
        public_key: b"key",
        name: "Phone",
        sign_count: 0,
    };
    let saved = store.passkey_create(new, later(0), |_| audit());
    let PasskeySaved::Created(passkey) = saved.await.unwrap() else {
        panic!("the passkey was not created");
    };
    let needs = async |action| {
        let mut cast = vote(&world, store, action, 1).await;
        let ballot = cast.ballot.as_mut().unwrap();
        ballot.requirement.step_up = Some(StepUp::Passkey);
        cast
    };
    let presented = |cast: &ActionChange, user: UserId, passkey: PasskeyId| Presented {
        assertion: PasskeyAssertion {
            passkey_id: passkey,
            origin: "https://gate.example".to_owned(),
            public_key: b"key".to_vec(),
            client_data_json: Vec::new(),
            authenticator_data: Vec::new(),
            signature: Vec::new(),
        },
        binding: binding(
            cast.action,
            cast.revision,
            cast.ballot.as_ref().unwrap().digest,
            user,
        ),
        uses: [
            Proof::Challenge([3; 32], later(100)),
            Proof::PasskeyUse(passkey, 0),
        ],
    };
    let refused = async |cast: ActionChange| match store.action_change(cast).await.unwrap() {
        Changed::VoteRefused(refused) => refused,
        other => panic!("{other:?}"),
    };
    let bare = needs(first).await;
    assert_eq!(refused(bare.clone()).await, VoteRefused::StepUpRequired);
    // An owner who approves alone needs it, too.
    let mut alone = bare.clone();
    alone.ballot.as_mut().unwrap().break_glass = true;
    assert_eq!(refused(alone).await, VoteRefused::StepUpRequired);
    let with = |mut cast: ActionChange, presented: Presented| {
        cast.ballot.as_mut().unwrap().presented = Some(presented);
        cast
    };
    // For another person, and for another request.
    let of_other = presented(&bare, UserId(world.user.0 + 1), passkey);
    let for_other = presented(&needs(second).await, world.user, passkey);
    for wrong in [of_other, for_other] {
        let cast = with(bare.clone(), wrong);
        assert_eq!(refused(cast).await, VoteRefused::StepUpRequired);
    }
    let removed = presented(&bare, world.user, PasskeyId(passkey.0 + 1));
    let mut removed = removed;
    removed.uses[0] = Proof::Challenge([4; 32], later(100));
    assert_eq!(
        refused(with(bare.clone(), removed)).await,
        VoteRefused::StepUpUsed
    );
    let right = presented(&bare, world.user, passkey);
    let done = store.action_change(with(bare, right)).await.unwrap();
    assert_eq!(done, Changed::Done);
    let other = needs(second).await;
    let again = presented(&other, world.user, passkey);
    assert_eq!(refused(with(other, again)).await, VoteRefused::StepUpUsed);
    // The kept assertion has no valid signature, which verification finds.
    let broken = verified(store).await.unwrap_err();
    assert!(broken.to_string().contains("assertion"), "{broken}");
    let forget = format!("UPDATE votes SET step_up = NULL WHERE action_id = '{first}'");
    database.meddle(&forget).await;
    assert!(verified(store).await.is_err());
}
