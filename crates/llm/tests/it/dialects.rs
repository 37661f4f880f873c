//! Servers that support less of the API than others.

use gaiterguard_testkit::{AskedModel, Reply, Step, harmless_reply, refusal, says, says_text};

use crate::setup::{Case, Setup};

fn form(asked: &AskedModel) -> &str {
    asked.body["response_format"]["type"]
        .as_str()
        .unwrap_or("none")
}

#[tokio::test]
async fn a_server_without_schemas_is_asked_without_one_from_then_on() {
    let setup = Setup::new().await;
    setup.model.script(|asked| match form(asked) {
        "json_schema" => {
            refusal("'response_format.type' : value must be one of ['text', 'json_object']")
        }
        _ => says(&harmless_reply(asked)),
    });
    for body in ["1", "2"] {
        let verdict = setup.assess(&Case::new("POST", body)).await;
        assert!(!verdict.must_hold, "{verdict:?}");
    }
    let asked = setup.model.asked();
    let forms: Vec<&str> = asked.iter().map(form).collect();
    assert_eq!(forms, ["json_schema", "json_object", "json_object"]);
    assert_eq!(asked[1].step, Step::Assessment);
}

#[tokio::test]
async fn a_response_of_another_form_may_be_repaired_once() {
    let setup = Setup::new().await;
    setup.model.script(|asked| {
        if asked.is_repair {
            says(&harmless_reply(asked))
        } else {
            says_text("Let me think. It is harmless.")
        }
    });
    let verdict = setup.assess(&Case::new("POST", "{}")).await;
    assert!(!verdict.must_hold, "{verdict:?}");
    let asked = setup.model.asked();
    let repairs: Vec<bool> = asked.iter().map(|asked| asked.is_repair).collect();
    assert_eq!(repairs, [false, true]);
    let shown = asked[1].body["messages"][3]["content"].as_str().unwrap();
    assert!(shown.contains("it is not one JSON object"), "{shown}");
    assert!(
        !shown.contains("think"),
        "the model's own text is not repeated as ours: {shown}"
    );
}

#[tokio::test]
async fn a_server_that_enforces_no_form_may_think_aloud() {
    let setup = Setup::new().await;
    setup.model.script(|asked| match form(asked) {
        "none" => says_text(&format!(
            "<think>\nIt writes.\n</think>\n```json\n{}\n```",
            harmless_reply(asked)
        )),
        _ => refusal("unknown parameter: response_format"),
    });
    let verdict = setup.assess(&Case::new("POST", "{}")).await;
    assert!(!verdict.must_hold, "{verdict:?}");
    assert_eq!(setup.model.calls(), 3);
}

#[tokio::test]
async fn a_server_with_newer_parameters_is_asked_with_them() {
    let setup = Setup::new().await;
    setup.model.script(|asked| {
        if asked.body.get("max_tokens").is_some() {
            refusal("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        } else if asked.body.get("temperature").is_some() {
            refusal("Unsupported value: 'temperature' does not support 0 with this model.")
        } else {
            says(&harmless_reply(asked))
        }
    });
    let verdict = setup.assess(&Case::new("POST", "{}")).await;
    assert!(!verdict.must_hold, "{verdict:?}");
    assert_eq!(setup.model.calls(), 3);
    let asked = setup.model.asked();
    assert_eq!(form(asked.last().unwrap()), "json_schema");
}

#[tokio::test]
async fn a_refusal_of_one_request_does_not_change_how_others_are_asked() {
    let setup = Setup::new().await;
    setup.model.script(|asked| {
        if asked.user.contains("huge") {
            refusal("This model's maximum context length is 4096 tokens.")
        } else {
            says(&harmless_reply(asked))
        }
    });
    assert!(!setup.assess(&Case::new("POST", "1")).await.must_hold);
    let verdict = setup.assess(&Case::new("POST", "huge")).await;
    assert!(verdict.must_hold, "{verdict:?}");
    assert!(
        verdict.verdict.explanation.contains("status 400"),
        "{verdict:?}"
    );
    assert!(!setup.assess(&Case::new("POST", "2")).await.must_hold);
    assert!(
        setup
            .model
            .asked()
            .iter()
            .all(|asked| form(asked) == "json_schema")
    );
}

#[tokio::test]
async fn a_server_that_refuses_everything_has_failed() {
    let setup = Setup::new().await;
    setup.model.always(Reply::status(400));
    let verdict = setup.assess(&Case::new("POST", "{}")).await;
    assert!(verdict.must_hold, "{verdict:?}");
    assert!(setup.model.calls() <= 5);
}

#[tokio::test]
async fn a_server_that_handles_one_question_at_a_time_is_asked_separately() {
    for both in [says_text("I answer one thing only."), Reply::status(400)] {
        let setup = Setup::new().await;
        setup.llm.try_out().await.unwrap();
        setup.model.script(move |asked| match asked.step {
            Step::Assessment => both.clone(),
            _ => says(&harmless_reply(asked)),
        });
        for number in 0..5 {
            let verdict = setup.assess(&Case::new("POST", number.to_string())).await;
            assert!(!verdict.must_hold, "{verdict:?}");
            let code = &verdict.verdict.signals.last().unwrap().code;
            assert_eq!(code, "llm_release");
        }
        let asked = setup.model.asked();
        // After three failures in a row, the combined question is given up.
        let tried = asked
            .iter()
            .filter(|asked| asked.step == Step::Assessment && !asked.is_repair);
        assert_eq!(tried.count(), 3);
        let steps: Vec<Step> = asked.iter().rev().take(2).map(|asked| asked.step).collect();
        assert_eq!(steps, [Step::Comparison, Step::Description]);
    }
}
