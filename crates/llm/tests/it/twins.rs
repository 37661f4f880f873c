//! Questions that were answered before, or are being answered.

use std::time::Duration;

use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_testkit::{Gate, harmless_reply, says};

use crate::desk::{Case, Desk, assess};

#[tokio::test]
async fn the_same_question_is_not_asked_again_and_any_other_is() {
    let desk = Desk::new().await;
    let case = Case::new("POST", "{}").rule(RuleEffect::Deny, "Payments");
    let first = desk.assess(&case).await;
    assert_eq!(desk.assess(&case).await, first);
    assert_eq!(desk.model.calls(), 1);
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
        desk.assess(other).await;
        assert_eq!(desk.model.calls(), 2 + index, "{index}");
    }
}

#[tokio::test]
async fn concurrent_twins_ask_once() {
    let desk = Desk::new().await;
    let gate = Gate::new();
    let closed = gate.clone();
    desk.model
        .script(move |asked| says(&harmless_reply(asked)).after(&closed));
    let case = Case::new("POST", "{}");
    let twins: Vec<_> = (0..20)
        .map(|_| {
            let (llm, case) = (desk.llm.clone(), case.clone());
            tokio::spawn(async move { assess(&llm, &case).await })
        })
        .collect();
    gaiterguard_testkit::eventually("the first asks", Duration::from_secs(10), || async {
        (desk.model.calls() > 0).then_some(())
    })
    .await;
    gate.open();
    for twin in twins {
        assert!(!twin.await.unwrap().must_hold);
    }
    assert_eq!(desk.model.calls(), 1);
}

#[tokio::test]
async fn a_twin_goes_on_when_the_one_who_asked_goes_away() {
    let desk = Desk::new().await;
    let gate = Gate::new();
    let closed = gate.clone();
    desk.model
        .script(move |asked| says(&harmless_reply(asked)).after(&closed));
    let ask = || {
        let llm = desk.llm.clone();
        tokio::spawn(async move { assess(&llm, &Case::new("POST", "{}")).await })
    };
    let first = ask();
    gaiterguard_testkit::eventually("the first asks", Duration::from_secs(10), || async {
        (desk.model.calls() > 0).then_some(())
    })
    .await;
    let second = ask();
    tokio::time::sleep(Duration::from_millis(50)).await;
    first.abort();
    gate.open();
    assert!(!second.await.unwrap().must_hold);
}
