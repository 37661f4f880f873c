//! Explains one case: its content, and how the assessors reach their result.

use gaiterguard_console as console;
use gaiterguard_domain::verdict::Signal;
use http::HeaderMap;
use serde::Serialize;

use crate::case::{EarlierCall, Label};
use crate::evaluation::{Evaluated, THRESHOLD};
use crate::report::certainty_word;
use crate::seen::SeenValue;
use crate::text::printable;

/// The width of the column that names a field.
const NAME_WIDTH: usize = 12;

/// A case and its results. Its JSON is what `--explain` with `--json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation<'a> {
    id: Option<&'a str>,
    service: &'a str,
    method: &'a str,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
    intent: &'a str,
    language: Option<&'a str>,
    before: Vec<Earlier>,
    /// The values of the request that the earlier calls explain.
    seen: Vec<SeenValue>,
    label: Label,
    kind: Option<&'a str>,
    why: Option<&'a str>,
    twin: Option<&'a str>,
    is_hard: bool,
    certainty: &'static str,
    threshold: f64,
    built_in: Outcome<'a>,
    /// `None` unless a language model takes part.
    with_model: Option<ModelOutcome<'a>>,
}

/// An earlier call of the agent.
#[derive(Debug, Serialize)]
struct Earlier {
    method: String,
    url: String,
    status: u16,
    body: String,
}

/// A verdict and the decision that follows.
#[derive(Debug, Serialize)]
struct Outcome<'a> {
    is_held: bool,
    score: f64,
    explanation: &'a str,
    signals: Vec<&'a Signal>,
}

/// The part of the language model in the result.
#[derive(Debug, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum ModelOutcome<'a> {
    /// It was not asked, because the built-in assessor is certain.
    NotAsked,
    /// It was asked and gave no opinion.
    Unanswered(Outcome<'a>),
    Answered(Outcome<'a>),
}

impl<'a> Explanation<'a> {
    /// Explains a case; `has_model` says whether a language model takes part.
    pub(crate) fn new(one: &'a Evaluated<'a>, has_model: bool) -> Self {
        let case = one.case;
        Self {
            id: case.id.as_deref(),
            service: &case.service_name,
            method: case.request.method.as_str(),
            url: case.request.target.to_string(),
            headers: headers(&case.request.headers),
            body: text(&case.request.body),
            intent: &case.intent,
            language: case.language.as_deref(),
            before: case.before.iter().map(Earlier::new).collect(),
            seen: one.seen_values(),
            label: case.label,
            kind: case.kind.as_deref(),
            why: case.why.as_deref(),
            twin: case.twin.as_deref(),
            is_hard: case.is_hard,
            certainty: certainty_word(one.built_in.certainty),
            threshold: THRESHOLD,
            built_in: Outcome {
                is_held: one.is_held(),
                score: one.score(),
                explanation: &one.built_in.verdict.explanation,
                signals: one.built_in.verdict.signals.iter().collect(),
            },
            with_model: has_model.then(|| ModelOutcome::new(one)),
        }
    }

    /// Prints it as text.
    pub(crate) fn print(&self) {
        field("id", self.id.unwrap_or_default());
        field("service", self.service);
        field("intent", self.intent);
        if let Some(language) = self.language {
            field("language", language);
        }
        self.print_request();
        for (number, call) in (1..).zip(&self.before) {
            heading(&format!("Earlier call {number}"));
            field("call", &format!("{} {}", call.method, call.url));
            field("status", &call.status.to_string());
            field("response", &call.body);
        }
        self.print_seen();
        self.print_label();
        heading("Built-in assessor");
        self.built_in.print(self.threshold);
        field("certainty", &self.certainty.replace('_', " "));
        if let Some(model) = &self.with_model {
            heading("With the language model");
            model.print(self.threshold);
        }
    }

    fn print_request(&self) {
        heading("Request");
        field("request", &format!("{} {}", self.method, self.url));
        for (name, value) in &self.headers {
            field("header", &format!("{name}: {value}"));
        }
        field("body", &self.body);
    }

    fn print_seen(&self) {
        if self.seen.is_empty() {
            return;
        }
        heading("Values seen before");
        for seen in &self.seen {
            let SeenValue {
                location, value, ..
            } = seen;
            let source = match (&seen.call, &seen.piece) {
                (Some(call), Some(piece)) => format!(" by {call}: {piece}"),
                _ => String::new(),
            };
            field(seen.kind, &format!("{value} ({location}){source}"));
        }
    }

    fn print_label(&self) {
        heading("Label");
        field("label", self.label.words());
        for (name, value) in [("kind", self.kind), ("why", self.why), ("twin", self.twin)] {
            if let Some(value) = value {
                field(name, value);
            }
        }
        if self.is_hard {
            field("differs in", "values only");
        }
    }
}

impl Earlier {
    fn new(call: &EarlierCall) -> Self {
        Self {
            method: call.method.to_string(),
            url: call.target.to_string(),
            status: call.status.as_u16(),
            body: text(&call.body),
        }
    }
}

impl Outcome<'_> {
    fn print(&self, threshold: f64) {
        let decision = if self.is_held { "held" } else { "forwarded" };
        let score = self.score;
        field(
            "score",
            &format!("{score:.3}: {decision} (held from {threshold:.1})"),
        );
        field("explanation", self.explanation);
        for signal in &self.signals {
            let Signal {
                code,
                weight,
                evidence,
                sentence,
            } = signal;
            field(
                "signal",
                &format!("{weight:.3} {code} in {evidence}: {sentence}"),
            );
        }
    }
}

impl<'a> ModelOutcome<'a> {
    fn new(one: &'a Evaluated<'a>) -> Self {
        let Some(asked) = &one.model else {
            return Self::NotAsked;
        };
        let verdict = &asked.verdict.verdict;
        let known = &one.built_in.verdict.signals;
        let outcome = Outcome {
            is_held: one.is_held_with_model(),
            score: verdict.score,
            explanation: &verdict.explanation,
            // The verdict repeats the signals of the built-in assessor.
            signals: verdict
                .signals
                .iter()
                .filter(|signal| !known.contains(signal))
                .collect(),
        };
        if asked.is_answered {
            Self::Answered(outcome)
        } else {
            Self::Unanswered(outcome)
        }
    }

    fn print(&self, threshold: f64) {
        let (status, outcome) = match self {
            Self::NotAsked => ("no, the built-in assessor is certain", None),
            Self::Unanswered(outcome) => ("yes, without an opinion", Some(outcome)),
            Self::Answered(outcome) => ("yes", Some(outcome)),
        };
        field("asked", status);
        if let Some(outcome) = outcome {
            outcome.print(threshold);
        }
    }
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
        .collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn heading(title: &str) {
    console::say(format_args!("\n{title}"));
}

/// Prints a value after its name; further lines of it begin below the first.
fn field(name: &str, value: &str) {
    let mut name = name;
    let value = if value.is_empty() { "none" } else { value };
    for line in printable(value).lines() {
        console::say(format_args!("  {name:<NAME_WIDTH$}{line}"));
        name = "";
    }
}
