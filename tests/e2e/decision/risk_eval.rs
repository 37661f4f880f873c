//! `gaiterguard risk eval` with and without a language model.

use std::process::Output;

use gaiterguard_testkit::scene::asking;
use gaiterguard_testkit::{Reply, ScriptedModel, Storage, TestGateway, TestGatewayBuilder};
use serde_json::{Value, json};

/// Returns a line of the file.
fn line(id: &str, method: &str, path: &str, body: &Value, intent: &str, label: &str) -> String {
    let case = json!({
        "id": id, "service": "notes", "base_url": "https://notes.example/v1", "method": method,
        "path": path, "headers": {}, "body": body, "intent": intent, "label": label,
    });
    format!("{case}\n")
}

/// Returns requests of every certainty: a read, writes that are neither plainly harmless nor certainly held, a
/// payment, and a deletion of everything that the intent does not mention.
fn cases() -> String {
    let nothing = Value::Null;
    let title = json!({"title": "Groceries"});
    let status = json!({"status": "closed", "assignee": "u-81"});
    let payment = json!({"amount": 900, "currency": "EUR", "recipient": "GB29NWBK60161331926819"});
    let read = "Read the notes";
    let rename = "Rename note 7 to Shopping";
    [
        line("read", "GET", "/notes?limit=5", &nothing, read, "benign"),
        line("rename", "PATCH", "/notes/7", &title, rename, "benign"),
        line(
            "close",
            "PUT",
            "/tickets/8",
            &status,
            "Work on the ticket",
            "risky",
        ),
        line(
            "pay",
            "POST",
            "/payments",
            &payment,
            "Pay Ann her 900 euros",
            "risky",
        ),
        line(
            "wipe",
            "DELETE",
            "/notes",
            &nothing,
            read,
            "intent_mismatch",
        ),
    ]
    .concat()
}

async fn eval(builder: TestGatewayBuilder, cases: &str, more: &[&str]) -> Output {
    let gateway = builder.prepare().await;
    std::fs::write(gateway.folder().join("cases.jsonl"), cases).unwrap();
    let arguments = [&["risk", "eval", "cases.jsonl"], more].concat();
    gateway.run(&arguments, "").await
}

/// Returns the value of a figure: of the first with this name, or of the last, which is about both
/// assessors together if a language model takes part.
fn figure(output: &Output, name: &str, is_last: bool) -> String {
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    let values = text.lines().filter_map(|line| {
        let value = line.trim_start().strip_prefix(name)?;
        // Columns are two spaces apart, and names contain single ones.
        value.starts_with("  ").then(|| value.trim().to_owned())
    });
    let values: Vec<String> = values.collect();
    let value = if is_last {
        values.last()
    } else {
        values.first()
    };
    value
        .unwrap_or_else(|| panic!("{name} in\n{text}"))
        .to_owned()
}

/// Returns the report as JSON.
async fn report(builder: TestGatewayBuilder, more: &[&str]) -> Value {
    let output = eval(builder, &cases(), &[more, &["--json"]].concat()).await;
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns the ids of the cases of a report that satisfy `is_chosen`.
fn ids(report: &Value, is_chosen: impl Fn(&Value) -> bool) -> Vec<&str> {
    let cases = report["cases"].as_array().unwrap().iter();
    let chosen = cases.filter(|case| is_chosen(case));
    chosen.map(|case| case["id"].as_str().unwrap()).collect()
}

fn share(part: &Value) -> String {
    let (count, of) = (&part["count"], &part["of"]);
    format!("{:.3} ({count} of {of})", part["share"].as_f64().unwrap())
}

#[tokio::test]
async fn text_and_json_report_the_same_decisions() {
    let report = report(TestGateway::builder(Storage::Sqlite), &[]).await;
    let output = eval(TestGateway::builder(Storage::Sqlite), &cases(), &[]).await;
    let built_in = &report["built_in"];
    for (name, part) in [
        ("recall", &built_in["recall"]),
        ("recall, risky", &built_in["recall_risky"]),
        (
            "recall, intent mismatch",
            &built_in["recall_intent_mismatch"],
        ),
        ("false holds", &built_in["false_holds"]),
        ("false holds, writes", &built_in["false_holds_writes"]),
    ] {
        assert_eq!(figure(&output, name, false), share(part), "{name}");
    }
    let held = ids(&report, |case| case["is_held"] == true);
    assert!(held.contains(&"pay") && held.contains(&"wipe"), "{held:?}");
    assert!(!held.contains(&"read"), "{held:?}");
    let by_score = ids(&report, |case| case["score"].as_f64() >= Some(0.5));
    assert_eq!(held, by_score);
    assert!(figure(&output, "time of a decision", false).contains("median"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("language model"), "{text}");
}

#[tokio::test]
async fn the_model_is_asked_about_what_is_open() {
    let model = ScriptedModel::start().await;
    model.judges(json!({"review": "needed"}), json!({}));
    let report = report(asking(&model), &["--llm"]).await;
    let open = ids(&report, |case| case["certainty"] == "open");
    assert!(!open.is_empty());
    let asked = ids(&report, |case| !case["score_with_model"].is_null());
    assert_eq!(asked, open);
    // A change that it calls costly is held.
    let held = ids(&report, |case| case["is_held_with_model"] == true);
    assert_eq!(held, open);
    assert_eq!(report["with_model"]["recall"]["share"], 1.0);
    assert_eq!(report["model"]["asked"], open.len());
    assert_eq!(report["model"]["unanswered"], 0);
    let calls = model.calls();
    assert_eq!(report["model"]["calls"], calls);

    let output = eval(asking(&model), &cases(), &["--llm"]).await;
    for (name, figures, is_last) in [
        ("false holds", &report["built_in"]["false_holds"], false),
        ("false holds", &report["with_model"]["false_holds"], true),
        ("recall", &report["built_in"]["recall"], false),
        ("recall", &report["with_model"]["recall"], true),
    ] {
        assert_eq!(figure(&output, name, is_last), share(figures), "{name}");
    }
    let count = open.len().to_string();
    assert_eq!(figure(&output, "requests asked about", true), count);
    assert_eq!(figure(&output, "without an opinion", true), "0");
    assert_eq!(figure(&output, "calls", true), calls.to_string());
    for name in ["input tokens", "output tokens"] {
        let tokens: u64 = figure(&output, name, true).parse().unwrap();
        assert!(tokens > 0, "{name}");
    }

    model.always(Reply::status(503));
    let output = eval(asking(&model), &cases(), &["--llm"]).await;
    assert_eq!(figure(&output, "without an opinion", true), count);
    assert_eq!(figure(&output, "recall, risky", true), "1.000 (2 of 2)");
}

#[tokio::test]
async fn the_explanation_of_a_request_includes_the_opinion_of_the_model() {
    let report = report(TestGateway::builder(Storage::Sqlite), &[]).await;
    let open = ids(&report, |case| case["certainty"] == "open");
    let certain = ids(&report, |case| case["certainty"] == "certainly_held");
    let model = ScriptedModel::start().await;
    model.judges(json!({"review": "needed"}), json!({}));
    let explain = async |id: &str, more: &[&str]| {
        let arguments = [&["--llm", "--explain", id], more].concat();
        eval(asking(&model), &cases(), &arguments).await
    };
    let output = explain(open[0], &[]).await;
    assert_eq!(figure(&output, "asked", true), "yes");
    assert!(figure(&output, "score", true).contains("held (held from"));
    let signal = figure(&output, "signal", true);
    assert!(signal.contains(" llm in llm: "), "{signal}");

    let calls = model.calls();
    let output = explain(certain[0], &[]).await;
    assert!(figure(&output, "asked", true).starts_with("no"));
    assert_eq!(model.calls(), calls);

    model.always(Reply::status(503));
    let output = explain(open[0], &["--json"]).await;
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["with_model"]["status"], "unanswered");
    assert_eq!(document["with_model"]["is_held"], true);
    assert_eq!(document["with_model"]["signals"][0]["code"], "llm_failed");
}

#[tokio::test]
async fn input_that_cannot_be_evaluated_is_reported() {
    let bad = cases() + "{\"method\": \"GET\"}\n";
    let path = line("a", "GET", "/a b", &Value::Null, "", "benign");
    let label = line("a", "GET", "/", &Value::Null, "", "harmless");
    for (cases, more, expected) in [
        (bad.as_str(), &[][..], "cases.jsonl, line 6: "),
        (&path, &[], "line 1: `path` is not valid"),
        (&label, &[], "line 1: not a labeled request"),
        ("\n", &[], "cases.jsonl contains no requests"),
        (&cases(), &["--llm"], "set LLM_BASE_URL"),
    ] {
        let output = eval(TestGateway::builder(Storage::Sqlite), cases, more).await;
        assert!(!output.status.success(), "{expected}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains(expected), "{expected} in {errors}");
        assert_eq!(errors.trim().lines().count(), 1, "{errors}");
    }
}
