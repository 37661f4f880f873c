//! Conditions that the model proposes for plain-language rules.

use gaiterguard_llm::{Coverage, LlmError, ProposedCondition, WordedRule};
use gaiterguard_testkit::{Step, says, says_text};
use serde_json::{Value, json};

use crate::setup::Setup;

const RULE: WordedRule<'_> = WordedRule {
    text: "Any charge over $100 requires approval",
    service_name: Some("stripe"),
    documentation: &["POST /v1/charges\n  amount: integer, in cents"],
};

fn proposal(condition: &str) -> Value {
    json!({"possible": "yes", "condition": condition, "examples": [
        {"method": "POST", "path": "/v1/charges", "body": "amount=10001", "expected": "yes"},
        {"method": "POST", "path": "/v1/charges", "body": "amount=10000", "expected": "no"},
    ]})
}

async fn compiled(setup: &Setup) -> Result<Option<ProposedCondition>, LlmError> {
    setup
        .llm
        .compile_rule(RULE, |condition| {
            if condition.contains("request.") {
                Ok(())
            } else {
                Err("line 1, column 1: unknown variable `amount`".to_owned())
            }
        })
        .await
}

#[tokio::test]
async fn a_condition_that_passes_the_check_is_proposed_with_examples() {
    let setup = Setup::new().await;
    setup
        .model
        .script(|_| says(&proposal("int(request.body.amount) > 10000")));
    let proposed = compiled(&setup).await.unwrap().unwrap();
    assert_eq!(proposed.condition, "int(request.body.amount) > 10000");
    assert_eq!(proposed.coverage, Coverage::Whole);
    let meant: Vec<bool> = proposed.examples.iter().map(|e| e.should_match).collect();
    assert_eq!(meant, [true, false]);
    let asked = setup.model.asked().remove(0);
    assert_eq!(asked.step, Step::Condition);
    assert_eq!(asked.fenced("rule"), Some(RULE.text));
    assert!(asked.fenced("documentation").unwrap().contains("in cents"));
}

#[tokio::test]
async fn a_condition_that_does_not_compile_may_be_repaired_once() {
    let setup = Setup::new().await;
    setup.model.script(|asked| {
        says(&proposal(if asked.is_repair {
            "request.body.amount > 1"
        } else {
            "amount > 1"
        }))
    });
    let proposed = compiled(&setup).await.unwrap().unwrap();
    assert_eq!(proposed.condition, "request.body.amount > 1");
    let asked = setup.model.asked();
    let shown = asked[1].body["messages"][3]["content"].as_str().unwrap();
    assert!(shown.contains("unknown variable `amount`"), "{shown}");

    setup.model.script(|_| says(&proposal("amount > 1")));
    assert_eq!(compiled(&setup).await, Err(LlmError::Nonsense));
}

#[tokio::test]
async fn a_rule_that_cannot_be_a_condition_gets_none() {
    let setup = Setup::new().await;
    assert_eq!(compiled(&setup).await, Ok(None));
    setup.model.always(says_text("CEL: amount > 100"));
    assert_eq!(compiled(&setup).await, Err(LlmError::Nonsense));
}
