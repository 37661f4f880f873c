//! Tests of the lifecycle, with random and with chosen events.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::id::UserId;

fn decision(at: i64) -> HumanDecision {
    HumanDecision {
        by: UserId(1),
        at: Timestamp(at),
        note: None,
    }
}

fn event() -> impl Strategy<Value = ActionEvent> {
    (0..100i64, 0..8usize, any::<bool>()).prop_map(|(at, which, done)| match which {
        0 => ActionEvent::Approve {
            decision: decision(at),
            undo: Duration::from_millis(if done { 10 } else { 0 }),
            lifetime: Duration::from_millis(20),
        },
        1 => ActionEvent::Deny(decision(at)),
        2 => ActionEvent::Revoke(decision(at)),
        3 => ActionEvent::Begin { at: Timestamp(at) },
        4 => ActionEvent::NothingSent,
        5 => ActionEvent::Respond { at: Timestamp(at) },
        6 => ActionEvent::Break {
            at: Timestamp(at),
            detail: "cut".to_owned(),
        },
        _ => ActionEvent::Resolve {
            decision: decision(at),
            resolution: if done {
                Resolution::Executed
            } else {
                Resolution::NotExecuted
            },
        },
    })
}

proptest! {
    #[test]
    fn an_action_is_sent_at_most_once_and_only_after_approval(
        events in prop::collection::vec(event(), 0..60)
    ) {
        let mut state = ActionState::Pending { expires_at: Timestamp(1000) };
        let mut approvals = 0;
        let mut sent = 0;
        for event in events {
            let before = state.clone();
            match state.clone().apply(event.clone()) {
                Err(refused) => prop_assert_eq!(refused.status, before.status()),
                Ok(after) => {
                    match event {
                        ActionEvent::Approve { .. } => approvals += 1,
                        ActionEvent::Begin { at } => {
                            prop_assert_eq!(approvals, 1);
                            prop_assert!(before.releases_at().is_none_or(|released| released <= at));
                            sent += 1;
                        }
                        ActionEvent::NothingSent => sent -= 1,
                        _ => {}
                    }
                    prop_assert!(sent <= 1);
                    state = after;
                }
            }
        }
        prop_assert!(approvals <= 1);
    }

    #[test]
    fn no_event_leaves_a_final_state(events in prop::collection::vec(event(), 0..40)) {
        for end in [
            ActionState::Denied(decision(1)),
            ActionState::Revoked(Revocation::Withdrawn(decision(1))),
            ActionState::Expired { at: Timestamp(1) },
        ] {
            for event in &events {
                prop_assert!(end.clone().apply(event.clone()).is_err());
            }
        }
    }

    #[test]
    fn nothing_can_be_approved_after_its_expiry(expires in 0..100i64, now in 0..100i64) {
        let state = ActionState::Pending { expires_at: Timestamp(expires) }.at(Timestamp(now));
        let approve = ActionEvent::Approve {
            decision: decision(now),
            undo: Duration::ZERO,
            lifetime: Duration::from_secs(1),
        };
        prop_assert_eq!(state.apply(approve).is_ok(), now < expires);
    }
}

#[test]
fn an_approval_that_can_be_undone_is_pending_for_the_agent_until_its_release() {
    let approve = ActionEvent::Approve {
        decision: decision(5),
        undo: Duration::from_millis(10),
        lifetime: Duration::from_millis(20),
    };
    let pending = ActionState::Pending {
        expires_at: Timestamp(100),
    };
    let approved = pending.apply(approve).unwrap();
    assert_eq!(approved.releases_at(), Some(Timestamp(15)));
    assert_eq!(approved.expires_at(), Some(Timestamp(35)));
    for (now, status, changes_at) in [
        (14, ActionStatus::Pending, 15),
        (15, ActionStatus::Approved, 35),
        (35, ActionStatus::Expired, 35),
    ] {
        let now = Timestamp(now);
        assert_eq!(approved.clone().seen_by_agent(now).status(), status);
        assert_eq!(approved.changes_at(now), Some(Timestamp(changes_at)));
        let begun = approved
            .clone()
            .at(now)
            .apply(ActionEvent::Begin { at: now });
        assert_eq!(begun.is_ok(), status == ActionStatus::Approved);
    }
    let revoked = approved.apply(ActionEvent::Revoke(decision(14))).unwrap();
    assert_eq!(revoked.status(), ActionStatus::Revoked);
}

#[test]
fn proof_that_nothing_was_sent_restores_the_same_approval() {
    let approved = ActionState::Approved {
        approval: decision(5),
        releases_at: None,
        expires_at: Timestamp(50),
    };
    let executing = approved
        .clone()
        .apply(ActionEvent::Begin { at: Timestamp(7) })
        .unwrap();
    assert_eq!(executing.apply(ActionEvent::NothingSent).unwrap(), approved);
}

#[test]
fn a_human_may_resolve_only_what_is_indeterminate() {
    let resolve = ActionEvent::Resolve {
        decision: decision(9),
        resolution: Resolution::Executed,
    };
    let execution = Execution {
        approval: decision(1),
        expires_at: Timestamp(50),
        started_at: Timestamp(2),
    };
    let executing = ActionState::Executing(execution);
    assert!(executing.clone().apply(resolve.clone()).is_err());
    let broken = executing
        .apply(ActionEvent::Break {
            at: Timestamp(3),
            detail: String::new(),
        })
        .unwrap();
    let settled = broken.apply(resolve.clone()).unwrap();
    assert_eq!(settled.status(), ActionStatus::Executed);
    assert!(settled.apply(resolve).is_err());
}
