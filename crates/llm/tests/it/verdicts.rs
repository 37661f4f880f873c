//! Verdicts that follow from the model's words.

use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_llm::LlmVerdict;
use gaiterguard_testkit::{Step, harmless_reply, reply_with, says};
use serde_json::json;

use crate::setup::{BUILT_IN_SCORE, Case, Setup};

#[tokio::test]
async fn a_clear_yes_releases_and_one_question_is_enough() {
    let setup = Setup::new().await;
    let verdict = setup
        .assess(&Case::new("PATCH", "{\"name\":\"Groceries\"}"))
        .await;
    assert!(
        verdict.verdict.score < 0.3 && !verdict.must_hold,
        "{verdict:?}"
    );
    assert!(
        verdict
            .verdict
            .explanation
            .contains("exactly what the intent asks for")
    );
    assert_eq!(verdict.verdict.signals.last().unwrap().code, "llm_release");
    let asked = setup.model.asked();
    let steps: Vec<Step> = asked.iter().map(|asked| asked.step).collect();
    assert_eq!(steps, [Step::Assessment]);
    let shown = asked[0].fenced("request").unwrap();
    assert!(
        shown.starts_with("PATCH https://api.example.com/v1/notes/7\n"),
        "{shown}"
    );
    assert_eq!(asked[0].fenced("body"), Some("{\"name\":\"Groceries\"}"));
    assert_eq!(
        asked[0].fenced("intent"),
        Some("Rename note 7 to “Groceries”")
    );
    assert_eq!(asked[0].fenced("agent"), Some("assistant"));
    let spent = setup.llm.spent_today().tokens;
    assert_eq!((spent.input, spent.output), (100, 10));
}

#[tokio::test]
async fn a_request_that_the_model_is_sure_needs_review_is_held() {
    let setup = Setup::new().await;
    let pays = json!({"effects": ["reads", "pays"], "reversibility": "not"});
    let different = json!({"relation": "different", "differences": ["amount"]});
    let steers = json!({"manipulation": "in_request"});
    for (description, comparison, least, words) in [
        (pays, json!({}), 0.7, "moves or commits money"),
        (json!({}), different, 0.7, "differs in amount"),
        (json!({"review": "needed"}), json!({}), 0.6, "review first"),
        (json!({}), steers, 0.9, "influence the review"),
        (
            json!({"addresses_reviewer": "yes"}),
            json!({}),
            0.9,
            "influence the review",
        ),
    ] {
        setup.model.judges(description.clone(), comparison.clone());
        let mut case = Case::new("PATCH", json!({"case": words, "least": least}).to_string());
        let verdict = setup.assess(&case).await.verdict;
        assert!(
            verdict.score >= least,
            "{description} {comparison}: {verdict:?}"
        );
        assert!(verdict.explanation.contains(words), "{words}: {verdict:?}");
        // This holds however high the operator's threshold is.
        case.threshold = 0.97;
        assert!(setup.assess(&case).await.verdict.score >= 0.97);
    }
}

#[tokio::test]
async fn a_request_that_the_model_is_sure_is_ordinary_is_released_however_low_the_threshold() {
    let setup = Setup::new().await;
    setup.model.judges(
        json!({"effects": ["undoes"]}),
        json!({"relation": "in_other_words"}),
    );
    let mut case = Case::new("DELETE", "");
    for threshold in [0.5, 0.3, 0.1] {
        case.threshold = threshold;
        let verdict = setup.assess(&case).await.verdict;
        assert!(verdict.score < threshold, "{threshold}: {verdict:?}");
        assert!(
            verdict.explanation.contains("in other words"),
            "{verdict:?}"
        );
    }
    assert_eq!(setup.model.calls(), 1);
}

#[tokio::test]
async fn if_the_model_is_not_sure_the_built_in_verdict_decides() {
    let setup = Setup::new().await;
    for (description, comparison) in [
        (json!({"review": "unsure"}), json!({})),
        (json!({"effects": ["cannot_tell"]}), json!({})),
        (json!({"audience": "cannot_tell"}), json!({})),
        (json!({}), json!({"relation": "cannot_tell"})),
    ] {
        setup.model.judges(description.clone(), comparison.clone());
        let body = format!("{description}{comparison}");
        let LlmVerdict {
            verdict, must_hold, ..
        } = setup.assess(&Case::new("PATCH", body)).await;
        assert!((verdict.score - BUILT_IN_SCORE).abs() < 1e-9, "{verdict:?}");
        assert!(!must_hold);
        assert_eq!(verdict.signals.last().unwrap().code, "llm_unsure");
        let explanation = &verdict.explanation;
        assert!(
            explanation.starts_with("PATCH changes something. The language model")
                && explanation.ends_with("It is not sure, so the built-in assessor decides."),
            "{explanation}"
        );
    }
}

#[tokio::test]
async fn the_model_cannot_lower_a_score_below_the_floor() {
    let setup = Setup::new().await;
    let mut case = Case::new("PATCH", "{}");
    case.floor = 0.42;
    let verdict = setup.assess(&case).await.verdict;
    assert!((verdict.score - 0.42).abs() < 1e-9, "{verdict:?}");
}

#[tokio::test]
async fn the_worst_part_of_a_long_body_counts() {
    let setup = Setup::new().await;
    setup.model.script(|asked| {
        let differs = json!({"relation": "different", "differences": ["recipient"]});
        says(&if asked.user.contains("\"to\":\"mallory\"") {
            reply_with(asked, &json!({}), &differs)
        } else {
            harmless_reply(asked)
        })
    });
    let filler = "{\"to\":\"ana\",\"text\":\"hello\"},".repeat(1400);
    let body = format!("[{filler}{{\"to\":\"mallory\"}},{filler}0]");
    assert!(body.len() > 70_000);
    let verdict = setup.assess(&Case::new("POST", body.clone())).await.verdict;
    assert!(verdict.score >= 0.7, "{verdict:?}");
    assert!(verdict.explanation.contains("recipient"), "{verdict:?}");
    let asked = setup.model.asked();
    assert!(asked.len() > 5, "{}", asked.len());
    let shown: usize = asked
        .iter()
        .map(|asked| asked.fenced("body").unwrap().len())
        .sum();
    assert!(shown >= body.len(), "{shown}");
    let verdict = setup
        .assess(&Case::new("POST", body.replace("mallory", "ana")))
        .await
        .verdict;
    assert!(verdict.score < BUILT_IN_SCORE, "{verdict:?}");
}

#[tokio::test]
async fn a_request_that_cannot_be_shown_as_a_whole_is_held_without_asking_the_model() {
    let setup = Setup::new().await;
    for (body, words) in [
        (vec![b'x'; 200_000], "is longer than the 96 KiB"),
        (vec![0xff, 0xd8, 0xff, 0xe0], "is not text"),
    ] {
        for method in ["POST", "GET"] {
            let verdict = setup.assess(&Case::new(method, body.clone())).await;
            assert!(verdict.must_hold, "{verdict:?}");
            assert!(verdict.verdict.explanation.contains(words), "{verdict:?}");
        }
    }
    assert_eq!(setup.model.calls(), 0);
}

#[tokio::test]
async fn a_plain_language_rule_is_applied_and_named() {
    let setup = Setup::new().await;
    let case = |effect| {
        Case::new("POST", format!("{{\"effect\":\"{effect:?}\"}}"))
            .rule(effect, "Anything that renames a note")
    };
    for effect in [
        RuleEffect::Deny,
        RuleEffect::RequireApproval,
        RuleEffect::Allow,
    ] {
        setup
            .model
            .judges(json!({}), json!({"rules": {"rule_1": "yes"}}));
        let verdict = setup.assess(&case(effect)).await;
        assert_eq!(verdict.matched_rules.len(), 1, "{verdict:?}");
        assert_eq!(verdict.matched_rules[0].name, "the rule");
        assert_eq!(verdict.matched_rules[0].effect, effect);
        assert!(!verdict.must_hold);
    }
    let asked = setup.model.asked();
    let shown = asked.last().unwrap().fenced("rules").unwrap();
    assert_eq!(shown, "rule_1: Anything that renames a note");
    let schema = &asked.last().unwrap().body["response_format"]["json_schema"]["schema"];
    assert_eq!(
        schema["properties"]["comparison"]["properties"]["rules"]["properties"]["rule_1"]["enum"],
        json!(["yes", "no", "cannot_tell"])
    );
}

#[tokio::test]
async fn doubt_about_a_rule_holds_and_never_allows() {
    let setup = Setup::new().await;
    let doubtful = json!({"rules": {"rule_1": "cannot_tell", "rule_2": "yes"}});
    setup.model.judges(json!({}), doubtful);
    let case = Case::new("POST", "{}")
        .rule(RuleEffect::Deny, "Payments to strangers")
        .rule(RuleEffect::Allow, "Notes");
    let verdict = setup.assess(&case).await;
    assert!(
        verdict.must_hold && verdict.matched_rules.is_empty(),
        "{verdict:?}"
    );
    assert!(
        verdict
            .verdict
            .explanation
            .contains("cannot determine whether the rule “the rule”")
    );

    // A rule that allows does not help a request that the intent does not ask for.
    for comparison in [
        json!({"rules": {"rule_1": "yes"}, "relation": "unrelated"}),
        json!({"rules": {"rule_1": "yes"}, "manipulation": "in_intent"}),
        json!({"rules": {"rule_1": "cannot_tell"}}),
    ] {
        setup.model.judges(json!({}), comparison.clone());
        let case = Case::new("POST", comparison.to_string()).rule(RuleEffect::Allow, "Notes");
        let verdict = setup.assess(&case).await;
        assert!(
            verdict.matched_rules.is_empty(),
            "{comparison}: {verdict:?}"
        );
    }
}

#[tokio::test]
async fn documentation_is_shown_and_a_missing_intent_is_not_a_yes() {
    let setup = Setup::new().await;
    setup.model.judges(
        json!({"documented": "fits"}),
        json!({"relation": "cannot_tell"}),
    );
    let mut case = Case::new("PATCH", "{}");
    case.documentation = vec!["PATCH /notes/{id} renames a note.".to_owned()];
    case.intent = String::new();
    let verdict = setup.assess(&case).await.verdict;
    assert!(verdict.score >= BUILT_IN_SCORE, "{verdict:?}");
    let asked = setup.model.asked();
    assert_eq!(
        asked[0].fenced("documentation"),
        Some("PATCH /notes/{id} renames a note.")
    );
    assert_eq!(asked[0].fenced("intent"), None);
}
