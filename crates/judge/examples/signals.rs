//! tmp
use gaiterguard_judge::*;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;
fn main() {
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    for line in text.lines() {
        let v: Value = serde_json::from_str(line).unwrap();
        let base = v["base_url"].as_str().unwrap();
        let (host, prefix) = base.split_once("://").unwrap().1.split_once('/').map_or(
            (base.split_once("://").unwrap().1, String::new()),
            |(h, p)| (h, format!("/{p}")),
        );
        let full = format!(
            "{}{}",
            prefix.trim_end_matches('/'),
            v["path"].as_str().unwrap()
        );
        let (path, query) = full
            .split_once('?')
            .map_or((full.as_str(), None), |(p, q)| (p, Some(q)));
        let mut headers = HeaderMap::new();
        if let Some(h) = v["headers"].as_object() {
            for (n, x) in h {
                headers.append(
                    HeaderName::try_from(n.as_str()).unwrap(),
                    HeaderValue::from_str(x.as_str().unwrap()).unwrap(),
                );
            }
        }
        let body = match &v["body"] {
            Value::Null => String::new(),
            Value::String(s) => s.clone(),
            o => o.to_string(),
        };
        if !body.is_empty() && !v["body"].is_string() && !headers.contains_key("content-type") {
            headers.insert("content-type", HeaderValue::from_static("application/json"));
        }
        let method: Method = v["method"].as_str().unwrap().parse().unwrap();
        let opened = Opened::open(Request {
            method: &method,
            host: host.split(':').next().unwrap(),
            path,
            query,
            headers: &headers,
            body: body.as_bytes(),
        });
        let a = assess(Subject {
            opened: &opened,
            intent: v["intent"].as_str().unwrap(),
            documented: Documented::Nothing,
        });
        let signals: Vec<Value> = a
            .verdict
            .signals
            .iter()
            .map(|s| serde_json::json!([s.code, s.weight, s.evidence, s.sentence]))
            .collect();
        println!(
            "{}",
            serde_json::json!({"id": v["id"], "label": v["label"], "method": v["method"], "path": v["path"], "intent": v["intent"], "source": v["source"], "hard": v["hard"], "body": v["body"], "score": a.verdict.score, "certainty": format!("{:?}", a.certainty), "explanation": a.verdict.explanation, "signals": signals})
        );
    }
}
