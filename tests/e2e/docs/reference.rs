//! The page of metrics in the book lists everything that `/metrics` serves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use gaiterguard_testkit::scene::{Scene, asking, request};
use gaiterguard_testkit::{Reply, ScriptedModel};
use serde_json::{Value, json};

const INTRODUCTION: &str = "# Metrics

<!-- Generated from the response of `/metrics`: run `make reference`. -->

`GET /metrics` serves these metrics in the OpenMetrics text format, which Prometheus reads, without authentication. Each
replica counts separately. The language model's metrics are absent if no language model is configured.

| metric | type | labels | meaning |
|---|---|---|---|
";

/// The description of a metric in the response.
#[derive(Default)]
struct Metric {
    kind: String,
    labels: BTreeSet<String>,
    help: String,
}

/// Returns a change that neither a rule nor the built-in assessor decides.
fn rename(number: u32) -> Value {
    let mut request = request("PATCH", &format!("/records/{number}"));
    request["body"] = json!({"title": "Groceries"});
    request["intent"] = json!(format!("Tidy up note {number}"));
    request
}

/// Returns the metrics of a gateway that forwarded, held and denied requests, and whose model replied and failed.
async fn metrics() -> String {
    let model = ScriptedModel::start().await;
    let scene = Scene::on(asking(&model)).await;
    let replied = scene.agent.propose(rename(1)).idempotency_key("replied");
    replied.send().await.expect_status(200);
    model.always(Reply::status(500));
    let failed = scene.agent.propose(rename(2)).idempotency_key("failed");
    failed.send().await.expect_status(428);
    let deny =
        json!({"name": "Denied", "effect": "deny", "condition": "request.method == 'PATCH'"});
    scene.human.create_rule(deny).await;
    let denied = scene.agent.propose(rename(3)).idempotency_key("denied");
    denied.send().await.expect_status(403);
    scene.gateway.client().get("/metrics").send().await.text()
}

/// Reads `# HELP`, `# TYPE` and the labels of the samples.
fn read(text: &str) -> BTreeMap<String, Metric> {
    let mut metrics: BTreeMap<String, Metric> = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (metric, help) = rest.split_once(' ').unwrap();
            metric.clone_into(&mut name);
            help.clone_into(&mut metrics.entry(name.clone()).or_default().help);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (metric, kind) = rest.split_once(' ').unwrap();
            kind.clone_into(&mut metrics.entry(metric.to_owned()).or_default().kind);
        } else if let Some((_, rest)) = line.split_once('{') {
            let labels = rest.split_once('}').unwrap().0.split(',');
            let names = labels.map(|label| label.split_once('=').unwrap().0.to_owned());
            // The upper bound of a bucket is part of the type.
            let names = names.filter(|label| label != "le");
            metrics.get_mut(&name).unwrap().labels.extend(names);
        }
    }
    metrics
}

#[tokio::test]
async fn the_page_of_metrics_is_current() {
    let metrics = read(&metrics().await);
    assert!(metrics.len() > 8, "{:?}", metrics.keys());
    let mut page = INTRODUCTION.to_owned();
    for (name, Metric { kind, labels, help }) in metrics {
        let suffix = if kind == "counter" { "_total" } else { "" };
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        writeln!(
            page,
            "| `{name}{suffix}` | {kind} | {} | {help} |",
            labels.join(", ")
        )
        .unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/reference/metrics.md");
    if std::env::var_os("WRITE_REFERENCE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let current = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        current == page,
        "docs/src/reference/metrics.md is not current: run `make reference`"
    );
}
