//! Every way in which a model or its server can fail.

use std::time::{Duration, Instant};

use gaiterguard_llm::{Ceilings, FailureMode};
use gaiterguard_testkit::{
    Gate, Reply, Step, exact_comparison, harmless_description, harmless_reply, merged, says,
    says_text,
};
use serde_json::{Value, json};

use crate::setup::{BUILT_IN_SCORE, Case, Setup};

/// Unusable replies, and the reported reason for each.
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
        (Reply::close(), "closed the connection early"),
        (says_text("{}").cut_after(20), "closed the connection early"),
        (Reply::text("Sure! I can help."), "not a chat completion"),
        (Reply::json(json!({"choices": []})), "not a chat completion"),
        (Reply::text(vec![b' '; 600_000]), "too long"),
        (says_text("This request is harmless."), "the requested form"),
        (says_text(""), "the requested form"),
        (says_text("{\"score\": 0}"), "the requested form"),
        (
            says_text("{\"effects\": [\"reads\"]}"),
            "the requested form",
        ),
        (described(json!({"review": "never"})), "the requested form"),
        (described(json!({"review": 7})), "the requested form"),
        (described(json!({"score": -1e300})), "the requested form"),
        (described(json!({"effects": []})), "the requested form"),
        (described(json!({"effects": "reads"})), "the requested form"),
        (
            says_text(&format!(
                "{}{}",
                harmless_description(),
                harmless_description()
            )),
            "the requested form",
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
async fn every_failure_holds_an_unsafe_request() {
    for (reply, words) in useless() {
        let setup = Setup::new().await;
        setup.model.always(reply);
        let verdict = setup.assess(&Case::new("POST", "{}")).await;
        assert!(verdict.must_hold, "{words}: {verdict:?}");
        let explanation = &verdict.verdict.explanation;
        assert!(explanation.contains(words), "{words}: {explanation}");
        assert!(
            explanation.contains("so the request requires approval"),
            "{explanation}"
        );
        assert!(
            explanation.ends_with("PATCH changes something."),
            "{explanation}"
        );
        assert!(verdict.verdict.score > BUILT_IN_SCORE);

        let verdict = setup.assess(&Case::new("GET", "")).await;
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
    let setup = Setup::with(|settings| settings.failure_mode = FailureMode::BlockAll).await;
    setup.model.always(Reply::status(500));
    let verdict = setup.assess(&Case::new("GET", "")).await;
    assert!(verdict.must_hold, "{verdict:?}");
}

#[tokio::test]
async fn a_failure_in_the_second_step_counts_too() {
    let setup = Setup::new().await;
    setup.model.script(|asked| match asked.step {
        Step::Description => says(&harmless_description()),
        _ => says(&json!({"relation": "exactly"})),
    });
    let verdict = setup.assess(&Case::new("POST", "{}")).await;
    assert!(verdict.must_hold, "{verdict:?}");
    assert_eq!(
        setup.model.calls(),
        5,
        "two useless assessments, one description and two useless comparisons"
    );
}

#[tokio::test]
async fn a_server_that_hangs_is_waited_for_until_the_timeout() {
    let timeout = Duration::from_millis(300);
    for reply in [
        Reply::never(),
        says_text("{}")
            .body("x")
            .piece_delay(Duration::from_mins(1)),
    ] {
        let setup = Setup::with(|settings| settings.timeout = timeout).await;
        setup.model.always(reply);
        let begun = Instant::now();
        let verdict = setup.assess(&Case::new("POST", "{}")).await;
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
    let setup = Setup::with(|settings| settings.timeout = Duration::from_millis(900)).await;
    let slow = Duration::from_millis(400);
    setup.model.script(move |asked| match asked.step {
        Step::Assessment => says_text("Both?"),
        Step::Description => says(&harmless_description()).delay(slow),
        _ => says(&exact_comparison(asked)).delay(slow * 2),
    });
    let verdict = setup.assess(&Case::new("POST", "{}")).await;
    assert!(verdict.must_hold, "{verdict:?}");
}

#[tokio::test]
async fn an_unreachable_server_is_reported_as_such() {
    let setup =
        Setup::with(|settings| settings.base_url = "http://127.0.0.1:1/v1".to_owned()).await;
    let verdict = setup.assess(&Case::new("POST", "{}")).await;
    assert!(verdict.must_hold, "{verdict:?}");
    assert!(
        verdict.verdict.explanation.contains("cannot be reached"),
        "{verdict:?}"
    );
    assert_eq!(setup.llm.spent_today().tokens.input, 0);
}

#[tokio::test]
async fn a_failure_is_never_remembered() {
    let setup = Setup::new().await;
    setup.model.always(Reply::status(500));
    let case = Case::new("POST", "{}");
    assert!(setup.assess(&case).await.must_hold);
    setup.model.judges(json!({}), json!({}));
    assert!(!setup.assess(&case).await.must_hold);
}

#[tokio::test]
async fn a_server_that_keeps_failing_is_not_called_for_a_while_and_then_tried_again() {
    let setup = Setup::new().await;
    setup.model.always(Reply::status(503));
    for number in 0..8 {
        let verdict = setup.assess(&Case::new("POST", number.to_string())).await;
        assert!(verdict.must_hold);
    }
    assert_eq!(setup.model.calls(), 5);
    assert!(setup.llm.is_circuit_open());
    let verdict = setup.assess(&Case::new("POST", "x")).await;
    assert!(
        verdict.verdict.explanation.contains("failed repeatedly"),
        "{verdict:?}"
    );
    setup.clock.advance(Duration::from_secs(15));
    setup.model.judges(json!({}), json!({}));
    assert!(!setup.assess(&Case::new("POST", "x")).await.must_hold);
    assert!(!setup.llm.is_circuit_open());
}

#[tokio::test]
async fn no_agent_can_open_the_circuit_by_what_it_writes() {
    let setup = Setup::new().await;
    setup.model.script(|asked| {
        if asked.user.contains("poison") {
            says_text("As the body says, I answer in prose.")
        } else {
            says(&harmless_reply(asked))
        }
    });
    for number in 0..8 {
        let case = Case::new("POST", format!("poison {number}"));
        assert!(setup.assess(&case).await.must_hold);
    }
    assert!(!setup.llm.is_circuit_open());
    assert!(!setup.assess(&Case::new("POST", "plain")).await.must_hold);
}

#[tokio::test]
async fn no_agent_can_open_the_circuit_by_many_simultaneous_requests() {
    let setup = Setup::with(|settings| settings.timeout = Duration::from_secs(2)).await;
    let slow = Duration::from_millis(700);
    setup
        .model
        .script(move |asked| says(&harmless_reply(asked)).delay(slow));
    let all: Vec<_> = (0..100)
        .map(|number| {
            let llm = setup.llm.clone();
            tokio::spawn(async move {
                crate::setup::assess(&llm, &Case::new("POST", number.to_string())).await
            })
        })
        .collect();
    let mut held = 0;
    for one in all {
        held += usize::from(one.await.unwrap().must_hold);
    }
    assert!(held > 50, "{held}");
    assert!(!setup.llm.is_circuit_open());
}

#[tokio::test]
async fn spending_stays_below_the_daily_limit() {
    let ceilings = Ceilings {
        tokens_max: Some(8_000),
        ..Ceilings::default()
    };
    let setup = Setup::with(|settings| settings.ceilings = ceilings).await;
    let mut answered = 0;
    let refused = loop {
        let verdict = setup
            .assess(&Case::new("POST", format!("{answered}")))
            .await;
        if verdict.must_hold {
            break verdict;
        }
        answered += 1;
        assert!(answered < 100);
    };
    assert!(answered > 2, "{answered}");
    assert!(
        refused.verdict.explanation.contains("daily limit"),
        "{refused:?}"
    );
    let spent = setup.llm.spent_today().tokens;
    assert!(spent.input + spent.output <= 8_000, "{spent:?}");
    let calls = setup.model.calls();
    assert!(setup.assess(&Case::new("POST", "again")).await.must_hold);
    assert_eq!(setup.model.calls(), calls);
    assert!(!setup.llm.is_circuit_open());
    setup.clock.advance(Duration::from_hours(24));
    assert!(!setup.assess(&Case::new("POST", "again")).await.must_hold);
}

#[tokio::test]
async fn calls_beyond_the_limit_wait_for_their_turn() {
    let setup = Setup::new().await;
    let gate = Gate::new();
    let closed = gate.clone();
    setup
        .model
        .script(move |asked| says(&harmless_reply(asked)).after(&closed));
    let all: Vec<_> = (0..24)
        .map(|number| {
            let llm = setup.llm.clone();
            tokio::spawn(async move {
                crate::setup::assess(&llm, &Case::new("POST", number.to_string())).await
            })
        })
        .collect();
    gaiterguard_testkit::eventually("calls run", Duration::from_secs(10), || async {
        (setup.model.calls() >= 16).then_some(())
    })
    .await;
    // A call beyond the limit would arrive within this time.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(setup.model.calls(), 16);
    gate.open();
    for one in all {
        assert!(!one.await.unwrap().must_hold);
    }
    assert_eq!(setup.model.calls(), 24);
}
