//! Questions that were asked before, or are being asked.

use std::time::Duration;

use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_testkit::{Gate, harmless_reply, says};

use crate::setup::{Case, Setup, assess};

#[tokio::test]
async fn the_same_question_is_not_asked_again_and_any_other_is() {
    let setup = Setup::new().await;
    let case = Case::new("POST", "{}").rule(RuleEffect::Deny, "Payments");
    let first = setup.assess(&case).await;
    assert_eq!(setup.assess(&case).await, first);
    assert_eq!(setup.model.calls(), 1);
    let mut others = [
        Case::new("PUT", "{}").rule(RuleEffect::Deny, "Payments"),
        Case::new("POST", "{} ").rule(RuleEffect::Deny, "Payments"),
        Case::new("POST", "{}").rule(RuleEffect::Deny, "Payment"),
        Case::new("POST", "{}").rule(RuleEffect::RequireApproval, "Payments"),
        Case::new("POST", "{}"),
        case.clone(),
        case.clone(),
    ];
    others[5].intent.push('.');
    others[6].documentation.push("A document.".to_owned());
    for (index, other) in others.iter().enumerate() {
        setup.assess(other).await;
        assert_eq!(setup.model.calls(), 2 + index, "{index}");
    }
}

#[tokio::test]
async fn concurrent_identical_questions_are_asked_once() {
    let setup = Setup::new().await;
    let gate = Gate::new();
    let closed = gate.clone();
    setup
        .model
        .script(move |asked| says(&harmless_reply(asked)).after(&closed));
    let case = Case::new("POST", "{}");
    let duplicates: Vec<_> = (0..20)
        .map(|_| {
            let (llm, case) = (setup.llm.clone(), case.clone());
            tokio::spawn(async move { assess(&llm, &case).await })
        })
        .collect();
    gaiterguard_testkit::eventually("the first asks", Duration::from_secs(10), || async {
        (setup.model.calls() > 0).then_some(())
    })
    .await;
    gate.open();
    for twin in duplicates {
        assert!(!twin.await.unwrap().must_hold);
    }
    assert_eq!(setup.model.calls(), 1);
}

#[tokio::test]
async fn a_duplicate_continues_when_the_first_caller_is_cancelled() {
    let setup = Setup::new().await;
    let gate = Gate::new();
    let closed = gate.clone();
    setup
        .model
        .script(move |asked| says(&harmless_reply(asked)).after(&closed));
    let ask = || {
        let llm = setup.llm.clone();
        tokio::spawn(async move { assess(&llm, &Case::new("POST", "{}")).await })
    };
    let first = ask();
    gaiterguard_testkit::eventually("the first asks", Duration::from_secs(10), || async {
        (setup.model.calls() > 0).then_some(())
    })
    .await;
    let second = ask();
    // Nothing reports that the second caller waits for the first one's call.
    tokio::time::sleep(Duration::from_millis(50)).await;
    first.abort();
    gate.open();
    assert!(!second.await.unwrap().must_hold);
}
