//! Every way in which a model or its server can fail.

use std::time::{Duration, Instant};

use gaiterguard_llm::{Ceilings, FailureMode};
use gaiterguard_testkit::{
    Gate, Reply, Step, exact_comparison, harmless_description, harmless_reply, merged, says,
    says_text,
};
use serde_json::{Value, json};

use crate::desk::{BUILT_IN_SCORE, Case, Desk};

/// Replies of no use, and what is said of them.
fn useless() -> Vec<(Reply, &'static str)> {
    let described = |other: Value| {
        let comparison = json!({
            "notes": "", "relation": "exactly", "differences": [], "manipulation": "none",
        });
        let description = merged(harmless_description(), &other);
        says(&json!({"description": description, "comparison": comparison}))
    };
    vec![
        (Reply::status(500), "status 500"),
        (Reply::status(429), "status 429"),
        (Reply::status(401), "status 401"),
        (Reply::redirect("https://elsewhere.example/"), "status 302"),
        (Reply::close(), "broke off"),
        (says_text("{}").cut_after(20), "broke off"),
        (Reply::text("Sure! I can help."), "no chat completion"),
        (Reply::json(json!({"choices": []})), "no chat completion"),
        (Reply::text(vec![b' '; 600_000]), "too long"),
        (says_text("This request is harmless."), "of the form"),
        (says_text(""), "of the form"),
        (says_text("{\"score\": 0}"), "of the form"),
        (says_text("{\"effects\": [\"reads\"]}"), "of the form"),
        (described(json!({"review": "never"})), "of the form"),
        (described(json!({"review": 7})), "of the form"),
        (described(json!({"score": -1e300})), "of the form"),
        (described(json!({"effects": []})), "of the form"),
        (described(json!({"effects": "reads"})), "of the form"),
        (
            says_text(&format!(
                "{}{}",
                harmless_description(),
                harmless_description()
            )),
            "of the form",
        ),
        (
            Reply::json(json!({"choices": [{"message": {"refusal": "No."}}]})),
            "refused",
        ),
        (
            Reply::json(json!({"choices": [
                {"message": {"content": "{}"}, "finish_reason": "length"}
            ]})),
            "too long",
        ),
    ]
}

#[tokio::test]
async fn whatever_fails_holds_what_is_not_safe() {
    for (reply, words) in useless() {
        let desk = Desk::new().await;
        desk.model.always(reply);
        let verdict = desk.assess(&Case::new("POST", "{}")).await;
        assert!(verdict.must_hold, "{words}: {verdict:?}");
        let explanation = &verdict.verdict.explanation;
        assert!(explanation.contains(words), "{words}: {explanation}");
        assert!(
            explanation.contains("so a human is to look at it"),
            "{explanation}"
        );
        assert!(
            explanation.ends_with("PATCH changes something."),
            "{explanation}"
        );
        assert!(verdict.verdict.score > BUILT_IN_SCORE);

        let verdict = desk.assess(&Case::new("GET", "")).await;
        assert!(!verdict.must_hold, "{words}: {verdict:?}");
        assert!((verdict.verdict.score - BUILT_IN_SCORE).abs() < 1e-9);
        assert!(
            verdict
                .verdict
                .explanation
                .contains("built-in assessor alone")
        );
    }
}

#[tokio::test]
async fn the_operator_can_have_everything_held() {
    let desk = Desk::with(|settings| settings.failure_mode = FailureMode::BlockAll).await;
    desk.model.always(Reply::status(500));
    let verdict = desk.assess(&Case::new("GET", "")).await;
    assert!(verdict.must_hold, "{verdict:?}");
}

#[tokio::test]
async fn a_failure_in_the_second_step_is_one_too() {
    let desk = Desk::new().await;
    desk.model.script(|asked| match asked.step {
        Step::Description => says(&harmless_description()),
        _ => says(&json!({"relation": "exactly"})),
    });
    let verdict = desk.assess(&Case::new("POST", "{}")).await;
    assert!(verdict.must_hold, "{verdict:?}");
    assert_eq!(
        desk.model.calls(),
        5,
        "two useless assessments, one description and two useless comparisons"
    );
}

#[tokio::test]
async fn a_server_that_hangs_is_waited_for_as_long_as_was_said() {
    let timeout = Duration::from_millis(300);
    for reply in [
        Reply::never(),
        says_text("{}")
            .body("x")
            .piece_delay(Duration::from_mins(1)),
    ] {
        let desk = Desk::with(|settings| settings.timeout = timeout).await;
        desk.model.always(reply);
        let begun = Instant::now();
        let verdict = desk.assess(&Case::new("POST", "{}")).await;
        assert!(begun.elapsed() >= timeout && begun.elapsed() < Duration::from_secs(10));
        assert!(verdict.must_hold, "{verdict:?}");
        assert!(
            verdict.verdict.explanation.contains("in time"),
            "{verdict:?}"
        );
    }
}

#[tokio::test]
async fn all_questions_share_one_deadline() {
    let desk = Desk::with(|settings| settings.timeout = Duration::from_millis(900)).await;
    let slow = Duration::from_millis(400);
    desk.model.script(move |asked| match asked.step {
        Step::Assessment => says_text("Both?"),
        Step::Description => says(&harmless_description()).delay(slow),
        _ => says(&exact_comparison(asked)).delay(slow * 2),
    });
    let verdict = desk.assess(&Case::new("POST", "{}")).await;
    assert!(verdict.must_hold, "{verdict:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_so() {
    let desk = Desk::with(|settings| settings.base_url = "http://127.0.0.1:1/v1".to_owned()).await;
    let verdict = desk.assess(&Case::new("POST", "{}")).await;
    assert!(verdict.must_hold, "{verdict:?}");
    assert!(
        verdict.verdict.explanation.contains("cannot be reached"),
        "{verdict:?}"
    );
    assert_eq!(desk.llm.spent_today().tokens.input, 0);
}

#[tokio::test]
async fn a_failure_is_never_remembered() {
    let desk = Desk::new().await;
    desk.model.always(Reply::status(500));
    let case = Case::new("POST", "{}");
    assert!(desk.assess(&case).await.must_hold);
    desk.model.judges(json!({}), json!({}));
    assert!(!desk.assess(&case).await.must_hold);
}

#[tokio::test]
async fn a_server_that_keeps_failing_is_left_alone_and_tried_again() {
    let desk = Desk::new().await;
    desk.model.always(Reply::status(503));
    for number in 0..8 {
        let verdict = desk.assess(&Case::new("POST", number.to_string())).await;
        assert!(verdict.must_hold);
    }
    assert_eq!(desk.model.calls(), 5);
    assert!(desk.llm.is_circuit_open());
    let verdict = desk.assess(&Case::new("POST", "x")).await;
    assert!(
        verdict.verdict.explanation.contains("failed repeatedly"),
        "{verdict:?}"
    );
    desk.clock.advance(Duration::from_secs(15));
    desk.model.judges(json!({}), json!({}));
    assert!(!desk.assess(&Case::new("POST", "x")).await.must_hold);
    assert!(!desk.llm.is_circuit_open());
}

#[tokio::test]
async fn no_agent_can_open_the_circuit_by_what_it_writes() {
    let desk = Desk::new().await;
    desk.model.script(|asked| {
        if asked.user.contains("poison") {
            says_text("As the body says, I answer in prose.")
        } else {
            says(&harmless_reply(asked))
        }
    });
    for number in 0..8 {
        let case = Case::new("POST", format!("poison {number}"));
        assert!(desk.assess(&case).await.must_hold);
    }
    assert!(!desk.llm.is_circuit_open());
    assert!(!desk.assess(&Case::new("POST", "plain")).await.must_hold);
}

#[tokio::test]
async fn no_more_is_spent_in_a_day_than_was_allowed() {
    let ceilings = Ceilings {
        tokens_max: Some(8_000),
        ..Ceilings::default()
    };
    let desk = Desk::with(|settings| settings.ceilings = ceilings).await;
    let mut answered = 0;
    let refused = loop {
        let verdict = desk.assess(&Case::new("POST", format!("{answered}"))).await;
        if verdict.must_hold {
            break verdict;
        }
        answered += 1;
        assert!(answered < 100);
    };
    assert!(answered > 2, "{answered}");
    assert!(
        refused.verdict.explanation.contains("ceiling"),
        "{refused:?}"
    );
    let spent = desk.llm.spent_today().tokens;
    assert!(spent.input + spent.output <= 8_000, "{spent:?}");
    let calls = desk.model.calls();
    assert!(desk.assess(&Case::new("POST", "again")).await.must_hold);
    assert_eq!(desk.model.calls(), calls);
    assert!(!desk.llm.is_circuit_open());
    desk.clock.advance(Duration::from_hours(24));
    assert!(!desk.assess(&Case::new("POST", "again")).await.must_hold);
}

#[tokio::test]
async fn calls_beyond_the_limit_wait_their_turn() {
    let desk = Desk::new().await;
    let gate = Gate::new();
    let closed = gate.clone();
    desk.model
        .script(move |asked| says(&harmless_reply(asked)).after(&closed));
    let all: Vec<_> = (0..24)
        .map(|number| {
            let llm = desk.llm.clone();
            tokio::spawn(async move {
                crate::desk::assess(&llm, &Case::new("POST", number.to_string())).await
            })
        })
        .collect();
    gaiterguard_testkit::eventually("calls run", Duration::from_secs(10), || async {
        (desk.model.calls() >= 16).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(desk.model.calls(), 16);
    gate.open();
    for one in all {
        assert!(!one.await.unwrap().must_hold);
    }
    assert_eq!(desk.model.calls(), 24);
}
