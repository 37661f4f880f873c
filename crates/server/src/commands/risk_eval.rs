//! `gaiterguard risk eval FILE`: judges labelled requests and says how often that was right.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use gaiterguard_domain::request::is_safe;
use gaiterguard_domain::target::Target;
use gaiterguard_judge::{Assessment, Certainty, Documented, Opened, Request, Subject, assess};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::console;

/// A score at or above it is held.
const THRESHOLD: f64 = 0.5;

/// How often each request is judged, so that the time of one does not rest on a single look.
const ROUNDS: usize = 20;

/// A line of the file; what it holds beyond this is for its readers.
#[derive(Debug, Deserialize)]
struct Line {
    method: String,
    base_url: String,
    path: String,
    headers: Option<serde_json::Map<String, serde_json::Value>>,
    body: Option<Box<RawValue>>,
    intent: String,
    label: Label,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Label {
    Benign,
    Risky,
    IntentMismatch,
}

/// A request as it would be sent.
struct Case {
    method: Method,
    target: Target,
    headers: HeaderMap,
    body: Vec<u8>,
    intent: String,
    label: Label,
}

/// What became of a request.
struct Judged {
    label: Label,
    safe: bool,
    held: bool,
    certainty: Certainty,
}

/// Judges every request of the file.
pub(crate) fn run(file: &Path) -> ExitCode {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return console::fail(format_args!("{}: {error}", file.display()), 1),
    };
    let mut cases = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match Case::read(line) {
            Ok(case) => cases.push(case),
            Err(error) => {
                let place = format!("{}, line {}", file.display(), number + 1);
                return console::fail(format_args!("{place}: {error}"), 1);
            }
        }
    }
    if cases.is_empty() {
        return console::fail(format_args!("{} holds no request", file.display()), 1);
    }
    let mut times = Vec::with_capacity(cases.len() * ROUNDS);
    let judged: Vec<Judged> = cases.iter().map(|case| case.judge(&mut times)).collect();
    times.sort_unstable();
    report(&judged, &times);
    ExitCode::SUCCESS
}

fn report(judged: &[Judged], times: &[Duration]) {
    let is_label = |label: Label| move |one: &&Judged| one.label == label;
    let share = |name: &str, chosen: &dyn Fn(&&Judged) -> bool, hit: &dyn Fn(&&Judged) -> bool| {
        let all = judged.iter().filter(chosen).count();
        let hits = judged.iter().filter(chosen).filter(hit).count();
        console::say(format_args!("{name:<44}{}", Share { hits, all }));
    };
    let held = |one: &&Judged| one.held;
    console::say(format_args!(
        "{} requests, threshold {THRESHOLD}",
        judged.len()
    ));
    share("held, risky", &is_label(Label::Risky), &held);
    share(
        "held, not what the intent says",
        &is_label(Label::IntentMismatch),
        &held,
    );
    share(
        "held, either (recall)",
        &|one| one.label != Label::Benign,
        &held,
    );
    share(
        "held, benign (false holds)",
        &is_label(Label::Benign),
        &held,
    );
    share(
        "held, benign writes (false holds)",
        &|one| one.label == Label::Benign && !one.safe,
        &held,
    );
    share(
        "benign that need no model",
        &is_label(Label::Benign),
        &|one| one.certainty != Certainty::Grey,
    );
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_nanos();
    console::say(format_args!(
        "{:<44}median {}.{} µs, p99 {}.{} µs",
        "time of a decision",
        at(50) / 1000,
        at(50) % 1000 / 100,
        at(99) / 1000,
        at(99) % 1000 / 100,
    ));
}

struct Share {
    hits: usize,
    all: usize,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.all == 0 {
            return f.write_str("none of this kind");
        }
        let thousandths = (self.hits * 2000 + self.all) / (self.all * 2);
        let (whole, rest) = (thousandths / 1000, thousandths % 1000);
        write!(f, "{whole}.{rest:03} ({} of {})", self.hits, self.all)
    }
}

/// Why a line is no case.
#[derive(Debug, thiserror::Error)]
enum LineError {
    #[error("is no labelled request: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the method is no HTTP method")]
    Method,
    #[error("the address is none: {0}")]
    Target(#[from] gaiterguard_domain::target::TargetRefused),
    #[error("the header {0} is none")]
    Header(String),
}

impl Case {
    fn read(line: &str) -> Result<Self, LineError> {
        let line: Line = serde_json::from_str(line)?;
        let method = Method::from_bytes(line.method.as_bytes()).map_err(|_| LineError::Method)?;
        let base = line.base_url.trim_end_matches('/');
        let target = Target::parse(&format!("{base}{}", line.path))?;
        let mut headers = HeaderMap::new();
        for (name, value) in line.headers.unwrap_or_default() {
            let refused = || LineError::Header(name.clone());
            let value = value.as_str().ok_or_else(refused)?;
            let value = HeaderValue::from_str(value).map_err(|_| refused())?;
            headers.append(HeaderName::try_from(&name).map_err(|_| refused())?, value);
        }
        // As in a proposal: a string is sent as it is, any other value as JSON.
        let body = match line.body {
            None => Vec::new(),
            Some(raw) if raw.get() == "null" => Vec::new(),
            Some(raw) => {
                if let Ok(text) = serde_json::from_str::<String>(raw.get()) {
                    text.into_bytes()
                } else {
                    let json = HeaderValue::from_static("application/json");
                    headers.entry(CONTENT_TYPE).or_insert(json);
                    raw.get().as_bytes().to_vec()
                }
            }
        };
        Ok(Self {
            method,
            target,
            headers,
            body,
            intent: line.intent,
            label: line.label,
        })
    }

    fn judge(&self, times: &mut Vec<Duration>) -> Judged {
        let mut assessment = self.assess();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            assessment = self.assess();
            times.push(start.elapsed());
        }
        Judged {
            label: self.label,
            safe: is_safe(&self.method),
            held: assessment.verdict.score >= THRESHOLD,
            certainty: assessment.certainty,
        }
    }

    fn assess(&self) -> Assessment {
        let opened = Opened::open(Request {
            method: &self.method,
            host: &self.target.origin().host,
            path: self.target.path(),
            query: self.target.query(),
            headers: &self.headers,
            body: &self.body,
        });
        assess(Subject {
            opened: &opened,
            intent: &self.intent,
            documented: Documented::Nothing,
        })
    }
}
