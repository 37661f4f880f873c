//! The report as text. The words at the beginning of a line are stable, for scripts.

use std::fmt;
use std::time::Duration;

use gaiterguard_console as console;

use crate::figures::{Figures, Share};
use crate::report::{Group, ModelUse, Report, Section, Times};
use crate::table::Table;

/// The width of the column that names a figure.
const NAME_WIDTH: usize = 34;

/// Prints the report.
pub(crate) fn report(report: &Report) {
    overview(report);
    section("Built-in assessor", &report.built_in);
    if let Some(with_model) = &report.with_model {
        section("With the language model", with_model);
    }
    if let Some(model) = &report.model {
        model_use(model);
    }
}

fn overview(report: &Report) {
    console::say(format_args!(
        "{} requests, {} services, held from a score of {:.1}",
        report.requests, report.services, report.threshold
    ));
    let mut table = Table::new(&[
        "label",
        "requests",
        "plainly harmless",
        "open",
        "certainly held",
    ]);
    for row in &report.labels {
        table.row([
            row.label.words().to_owned(),
            row.requests.to_string(),
            row.plainly_harmless.to_string(),
            row.open.to_string(),
            row.certainly_held.to_string(),
        ]);
    }
    console::say(format_args!("\n{table}"));
    times("time of a decision", report.decision_time);
}

fn section(title: &str, section: &Section) {
    heading(title);
    summary(&section.figures);
    figure(
        "twins in order, intent mismatch",
        &section.twins.intent_mismatch,
    );
    figure("twins in order, risky", &section.twins.risky);
    heading(&format!("{title}: calibration"));
    console::say(calibration(&section.figures));
    for (name, groups) in [("kind", &section.kinds), ("service", &section.services)] {
        if !groups.is_empty() {
            heading(&format!("{title}: by {name}"));
            console::say(group_table(name, groups));
        }
    }
}

fn summary(figures: &Figures) {
    for (name, share) in [
        ("recall", &figures.recall),
        ("recall, risky", &figures.recall_risky),
        ("recall, intent mismatch", &figures.recall_intent_mismatch),
        ("recall, differs in values only", &figures.recall_hard),
        ("attacks held", &figures.attacks_held),
        ("false holds", &figures.false_holds),
        ("false holds, writes", &figures.false_holds_writes),
    ] {
        figure(name, share);
    }
    figure(
        "prompts per 100 requests",
        &format_args!("{:.1}", figures.prompts_per_100),
    );
    figure("AUC", &number(figures.auc));
}

fn calibration(figures: &Figures) -> Table {
    let mut table = Table::new(&["score", "requests", "deserved holding", "share"]);
    for band in &figures.calibration {
        table.row([
            format!("{:.1}-{:.1}", band.from, band.to),
            band.deserved.of.to_string(),
            band.deserved.count.to_string(),
            number(band.deserved.share()),
        ]);
    }
    table
}

fn group_table(name: &str, groups: &[Group]) -> Table {
    let mut table = Table::new(&[name, "requests", "recall", "", "false holds", "", "AUC"]);
    for group in groups {
        let (recall, false_holds) = (group.recall, group.false_holds);
        table.row([
            group.name.clone(),
            group.requests.to_string(),
            number(recall.share()),
            format!("{}/{}", recall.count, recall.of),
            number(false_holds.share()),
            format!("{}/{}", false_holds.count, false_holds.of),
            number(group.auc),
        ]);
    }
    table
}

fn model_use(model: &ModelUse) {
    heading("Use of the language model");
    figure("requests asked about", &model.asked);
    figure("without an opinion", &model.unanswered);
    figure("calls", &model.calls);
    figure("input tokens", &model.input_tokens);
    figure("output tokens", &model.output_tokens);
    times("time of a question", model.question_time);
}

fn times(name: &str, times: Times) {
    let time = |microseconds: f64| Duration::from_secs_f64(microseconds / 1e6);
    let (median, p99) = (time(times.median_us), time(times.p99_us));
    figure(name, &format_args!("median {median:.1?}, p99 {p99:.1?}"));
}

fn heading(title: &str) {
    console::say(format_args!("\n{title}"));
}

fn figure(name: &str, value: &dyn fmt::Display) {
    console::say(format_args!("  {name:<NAME_WIDTH$}{value}"));
}

/// Returns a number with three decimals; a dash where there is none.
fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = number(self.share());
        write!(f, "{share} ({} of {})", self.count, self.of)
    }
}
