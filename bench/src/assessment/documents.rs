//! The time to parse a large document, and to find a request's operation in it.

use std::{
    fmt::Write as _,
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use gaiterguard_apidocs::{Call, Catalog, Format, Operation, read};

use super::{Figure, median};

/// The number of look-ups per request.
const ROUNDS: u32 = 2_000;

/// The goal for finding an operation.
const FOUND: Duration = Duration::from_micros(2);

/// The goal for parsing a document of 13 MB.
const READ: Duration = Duration::from_secs(5);

/// Returns the figures for a document of 13 MB and 1,200 operations, as JSON and as YAML.
pub fn figures() -> Vec<Figure> {
    [("JSON", json()), ("YAML", yaml())]
        .into_iter()
        .flat_map(|(name, text)| of_document(name, &text))
        .collect()
}

fn of_document(name: &str, text: &str) -> Vec<Figure> {
    let start = Instant::now();
    let Ok(document) = read(Format::OpenApi, text.as_bytes()) else {
        return Vec::new();
    };
    let reading = start.elapsed();
    let document = Arc::new(document);
    let operations = &document.operations;
    let catalog = Catalog::new(vec![Arc::clone(&document)]);
    let words = "delete the subscription of a customer and refund the charge";
    vec![
        Figure {
            name: format!(
                "reading {} MB of {name}, {} operations",
                text.len() / 1_000_000,
                operations.len()
            ),
            median: reading,
            goal: Some(READ),
        },
        Figure {
            name: format!("finding the operation, {name}"),
            median: finding(&catalog, operations),
            goal: Some(FOUND),
        },
        Figure {
            name: format!("searching its text, {name}"),
            median: median(50, || {
                black_box(catalog.search(words, 5));
            }),
            goal: None,
        },
    ]
}

/// The median over all operations of the time that one look-up takes.
fn finding(catalog: &Catalog, operations: &[Operation]) -> Duration {
    let mut times: Vec<Duration> = operations
        .iter()
        .map(|operation| {
            let mut path = String::new();
            let mut is_name = false;
            for character in operation.template.chars() {
                match character {
                    '{' => {
                        is_name = true;
                        path.push_str("id-4711");
                    }
                    '}' => is_name = false,
                    _ if is_name => {}
                    other => path.push(other),
                }
            }
            let base = operation.base_paths.first().map_or("", String::as_str);
            let path = format!("{base}{path}");
            let call = Call {
                method: &operation.method,
                path: &path,
                base_path: "",
            };
            let start = Instant::now();
            for _ in 0..ROUNDS {
                black_box(catalog.find(black_box(&call)));
            }
            start.elapsed() / ROUNDS
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// The templates of a large document: 300 resources with four operations each.
fn resources() -> impl Iterator<Item = (String, &'static str)> {
    (0..300).flat_map(|number| {
        let area = number % 12;
        let list = format!("/area{area}/{{owner}}/things{number}");
        [
            (list.clone(), "get"),
            (list.clone(), "post"),
            (format!("{list}/{{id}}"), "delete"),
            (format!("{list}/{{id}}/parts/{{part}}.json"), "get"),
        ]
    })
}

fn json() -> String {
    let mut paths = serde_json::Map::new();
    let example: Vec<_> = (0..40)
        .map(|n| serde_json::json!({"id": n, "url": "https://api.example.com/things/1", "name": "A thing"}))
        .collect();
    let properties: serde_json::Map<_, _> = (0..30)
        .map(|n| {
            let schema = serde_json::json!({"type": "string", "description": "What this field of a thing is for, in a sentence."});
            (format!("field{n}"), schema)
        })
        .collect();
    for (path, method) in resources() {
        let item = paths
            .entry(path.clone())
            .or_insert_with(|| serde_json::json!({}));
        item[method] = serde_json::json!({
            "operationId": format!("{method}{path}"), "summary": "Does something with a thing",
            "description": "Does something with a thing that belongs to an owner. ".repeat(6),
            "tags": ["things"],
            "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": properties}}}},
            "responses": {"200": {"description": "Done", "content": {"application/json": {"example": example}}}},
        });
    }
    let document = serde_json::json!({"openapi": "3.0.3", "info": {"title": "Made"},
        "servers": [{"url": "https://api.example.com/v1"}], "paths": paths});
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

fn yaml() -> String {
    let mut yaml =
        String::from("openapi: 3.0.3\nservers:\n- url: https://api.example.com/v1\npaths:\n");
    let mut before = String::new();
    for (path, method) in resources() {
        if path != before {
            let _ = writeln!(yaml, "  {path}:");
        }
        let _ = write!(
            yaml,
            "    {method}:\n      operationId: {method}{}\n      summary: Does something\n      \
             requestBody:\n        content:\n          application/json:\n            schema:\n              \
             type: object\n              properties:\n",
            path.replace(['{', '}', '/'], "_")
        );
        for n in 0..40 {
            let _ = write!(
                yaml,
                "                field{n}:\n                  type: string\n                  description: >-\n                    \
                 What this field of a thing is for, in a sentence\n                    that goes on.\n"
            );
        }
        yaml.push_str("      responses:\n        200:\n          description: Done\n          content:\n            application/json:\n              example:\n");
        for n in 0..40 {
            let _ = write!(
                yaml,
                "              - id: {n}\n                url: https://api.example.com/things/1\n"
            );
        }
        before = path;
    }
    yaml
}
