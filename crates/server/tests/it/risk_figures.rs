//! The built-in assessor is at least as good on the labeled requests of `risk/` as the figures
//! recorded next to them.
//!
//! `make risk-figures` records the present figures.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

/// The labeled sets: `risk/NAME.jsonl`.
const SETS: [&str; 2] = ["field", "tune"];

/// The figures that must not get worse, each with its location in the report of `risk eval --json`
/// and whether a higher value is better.
const FIGURES: [(&str, &str, bool); 5] = [
    ("recall", "/built_in/recall/share", true),
    ("false_holds", "/built_in/false_holds/share", false),
    (
        "false_holds_writes",
        "/built_in/false_holds_writes/share",
        false,
    ),
    ("auc", "/built_in/auc", true),
    ("attacks_held", "/built_in/attacks_held/share", true),
];

/// Figures are recorded with four decimals. One request more or less changes a share by 0.0008 or more.
const PRECISION: f64 = 1e-4;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../risk")
}

/// Returns the present figures of a set.
fn figures(set: &str) -> Value {
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_gaiterguard"))
        .env_clear()
        // So that no .env file of the checkout is read.
        .current_dir(directory.path())
        .args(["risk", "eval", "--json"])
        .arg(folder().join(format!("{set}.jsonl")))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let figures = FIGURES.iter().map(|(name, pointer, _)| {
        let figure = report.pointer(pointer).and_then(Value::as_f64);
        let figure = figure.unwrap_or_else(|| panic!("{set} has no figure {pointer}"));
        let rounded: f64 = format!("{figure:.4}").parse().unwrap();
        ((*name).to_owned(), json!(rounded))
    });
    figures.collect::<Map<_, _>>().into()
}

/// Returns a sentence for each figure that is worse than the recorded one, or not recorded.
fn regressions(set: &str, present: &Value, recorded: &Value) -> Vec<String> {
    let worse = FIGURES.iter().filter_map(|(name, _, is_higher_better)| {
        let now = present[set][name].as_f64().unwrap();
        let Some(before) = recorded[set][name].as_f64() else {
            return Some(format!("{set}: {name} is {now:.4} and not recorded"));
        };
        let loss = if *is_higher_better {
            before - now
        } else {
            now - before
        };
        // Two values that round to the same differ by float noise alone.
        (loss > PRECISION / 2.0).then(|| format!("{set}: {name} was {before:.4}, is {now:.4}"))
    });
    worse.collect()
}

#[test]
fn the_built_in_assessor_is_as_good_as_recorded() {
    let present: Map<String, Value> = SETS
        .iter()
        .map(|set| ((*set).to_owned(), figures(set)))
        .collect();
    let present = Value::from(present);
    let file = folder().join("figures.json");
    if std::env::var_os("WRITE_RISK_FIGURES").is_some() {
        let text = serde_json::to_string_pretty(&present).unwrap();
        std::fs::write(&file, text + "\n").unwrap();
        return;
    }
    let recorded: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let worse: Vec<String> = SETS
        .iter()
        .flat_map(|set| regressions(set, &present, &recorded))
        .collect();
    assert!(
        worse.is_empty(),
        "{}\n`gaiterguard risk eval risk/SET.jsonl` shows where. If the loss is worth it, record it with \
         `make risk-figures` and say why.",
        worse.join("\n")
    );
}

#[test]
fn a_figure_that_gets_worse_is_reported() {
    let figures = |recall: f64, false_holds: f64| {
        json!({"field": {
            "recall": recall, "false_holds": false_holds, "false_holds_writes": 0.2, "auc": 0.9,
            "attacks_held": 1.0,
        }})
    };
    let recorded = figures(0.9, 0.3);
    for (present, expected) in [
        (figures(0.9, 0.3), vec![]),
        (figures(0.95, 0.25), vec![]),
        (
            figures(0.8992, 0.3),
            vec!["field: recall was 0.9000, is 0.8992"],
        ),
        (
            figures(0.9, 0.3008),
            vec!["field: false_holds was 0.3000, is 0.3008"],
        ),
    ] {
        assert_eq!(regressions("field", &present, &recorded), expected);
    }
    let missing = regressions("field", &recorded, &json!({}));
    assert_eq!(missing.len(), FIGURES.len());
}
