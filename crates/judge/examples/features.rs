//! Prints what is counted of each labeled request, for `scripts/fit-weights.py`: one JSON object a
//! line, with the features of each of its operations and all the others.
//!
//! `cargo run -p gaiterguard-judge --example features -- risk/field.jsonl risk/tune.jsonl`

use std::error::Error;
use std::io::Write;

use gaiterguard_history::Seen;
use gaiterguard_judge::{Documented, Subject, features};
use gaiterguard_request::{Arena, Opened, Request};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    for file in std::env::args().skip(1) {
        for line in std::fs::read_to_string(&file)?.lines() {
            let case: Value = serde_json::from_str(line)?;
            writeln!(out, "{}", features_of(&file, &case)?)?;
        }
    }
    Ok(())
}

fn features_of(file: &str, case: &Value) -> Result<Value, Box<dyn Error>> {
    let text = |name: &str| case[name].as_str().unwrap_or_default();
    let base = text("base_url");
    let (host, base_path) = base.split_once("://").map_or(("", ""), |(_, rest)| {
        rest.split_at(rest.find('/').unwrap_or(rest.len()))
    });
    let target = [base_path.trim_end_matches('/'), text("path")].concat();
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
    let earlier: Vec<&Value> = case["before"].as_array().into_iter().flatten().collect();
    let history = Seen::from_calls(earlier.iter().map(|call| {
        let status = call["status"]
            .as_u64()
            .and_then(|status| u16::try_from(status).ok());
        let text = |name: &str| call[name].as_str().unwrap_or_default().to_owned();
        let body = match &call["body"] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let path = [base_path.trim_end_matches('/'), &text("path")].concat();
        (text("method"), path, status.unwrap_or(200), body)
    }));
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
    let (operations, features) = features(Subject {
        opened: &opened,
        intent: text("intent"),
        documented: Documented::Nothing,
        history: Some(&history),
        arrived: None,
    });
    Ok(json!({
        "file": file,
        "id": case["id"],
        "group": case["service"],
        "label": case["label"],
        "method": case["method"],
        "operations": operations,
        "features": features,
    }))
}
