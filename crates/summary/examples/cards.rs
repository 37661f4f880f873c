//! Prints what an approver sees first of each labeled request, to be read critically: its headline, its
//! facts and the first reason for its score.
//!
//! `cargo run -p gaiterguard-summary --example cards -- risk/field.jsonl risk/tune.jsonl`

use std::error::Error;
use std::io::Write;

use gaiterguard_judge::{Documented, assess, effect_of_request};
use gaiterguard_request::{Arena, Opened, Request};
use gaiterguard_summary::{Subject, Summary};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    for file in std::env::args().skip(1) {
        for line in std::fs::read_to_string(&file)?.lines() {
            print(&mut out, &serde_json::from_str(line)?)?;
        }
    }
    Ok(())
}

fn print(out: &mut impl Write, case: &Value) -> Result<(), Box<dyn Error>> {
    let text = |name: &str| case[name].as_str().unwrap_or_default();
    let base = text("base_url");
    let (host, base_path) = base.split_once("://").map_or(("", ""), |(_, rest)| {
        rest.split_at(rest.find('/').unwrap_or(rest.len()))
    });
    let base_path = base_path.trim_end_matches('/');
    let target = [base_path, text("path")].concat();
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target.as_str(), None),
    };
    let mut headers = HeaderMap::new();
    for (name, value) in case["headers"].as_object().into_iter().flatten() {
        headers.append(
            HeaderName::try_from(name)?,
            HeaderValue::from_str(value.as_str().unwrap_or_default())?,
        );
    }
    let body = match &case["body"] {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        value => {
            if !headers.contains_key("content-type") {
                headers.insert("content-type", HeaderValue::from_static("application/json"));
            }
            serde_json::to_vec(value)?
        }
    };
    let method: Method = text("method").parse()?;
    let request = Request {
        method: &method,
        host,
        path,
        query,
        headers: &headers,
        body: &body,
    };
    let arena = Arena::for_body(body.len());
    let opened = Opened::open(request, &arena);
    let documented = Documented::Nothing;
    let summary = Summary::of(Subject {
        opened: &opened,
        base_path,
        operation: None,
        effect: effect_of_request(&opened, documented),
    });
    let verdict = assess(gaiterguard_judge::Subject {
        opened: &opened,
        intent: text("intent"),
        documented,
        history: None,
    })
    .verdict;
    writeln!(
        out,
        "{} {} · {} {target}",
        text("id"),
        text("label"),
        method
    )?;
    writeln!(out, "  [{}] {}", summary.effect.code(), summary.text())?;
    for fact in &summary.facts {
        writeln!(out, "    {:?} {} = {}", fact.kind, fact.name, fact.value)?;
    }
    writeln!(out, "    and {} more values", summary.other_values)?;
    for signal in &verdict.signals {
        writeln!(
            out,
            "  {:+.2} {}: {}",
            signal.weight, signal.code, signal.sentence
        )?;
    }
    Ok(())
}
