//! Measures what reading and matching take: `cargo run --release --example figures [DOCUMENT…]`.
//! Without documents it makes one of 13 MB and 1,200 operations itself, as JSON and as YAML.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gaiterguard_apidocs::{Call, Catalog, Format, Operation, read};

/// How often every request is looked up.
const ROUNDS: u32 = 2_000;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let named: Vec<String> = std::env::args().skip(1).collect();
    let documents: Vec<(String, Vec<u8>)> = if named.is_empty() {
        vec![
            ("made, JSON".to_owned(), json().into_bytes()),
            ("made, YAML".to_owned(), yaml().into_bytes()),
        ]
    } else {
        named
            .into_iter()
            .map(|name| std::fs::read(&name).map(|bytes| (name, bytes)))
            .collect::<Result<_, _>>()?
    };
    for (name, bytes) in documents {
        let start = Instant::now();
        let document = match read(Format::OpenApi, &bytes) {
            Ok(document) => Arc::new(document),
            Err(error) => {
                writeln!(out, "{name}: {error} after {:?}", start.elapsed())?;
                continue;
            }
        };
        let reading = start.elapsed();
        let start = Instant::now();
        let catalog = Catalog::new(vec![Arc::clone(&document)]);
        let indexing = start.elapsed();
        let size = bytes.len() / 1_000;
        writeln!(
            out,
            "{name}: {size} kB, {} operations, {} sections, {} warnings; read in {reading:?}, indexed in {indexing:?}",
            document.operations.len(),
            document.sections.len(),
            document.warnings.len(),
        )?;
        for warning in document.warnings.iter().take(5) {
            writeln!(out, "  {warning}")?;
        }
        let (median, worst, missed) = matching(&catalog, &document.operations);
        writeln!(
            out,
            "  matching: median {median:?}, worst {worst:?}, {missed} without a match"
        )?;
        let start = Instant::now();
        let found = catalog.search(
            "delete the subscription of a customer and refund the charge",
            5,
        );
        writeln!(
            out,
            "  search: {} found in {:?}",
            found.len(),
            start.elapsed()
        )?;
    }
    Ok(())
}

/// The time of one look-up for a request of every operation: median, worst and how many have none.
fn matching(catalog: &Catalog, operations: &[Operation]) -> (Duration, Duration, usize) {
    let mut missed = 0;
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
            missed += usize::from(catalog.find(&call).is_none());
            let start = Instant::now();
            for _ in 0..ROUNDS {
                black_box(catalog.find(black_box(&call)));
            }
            start.elapsed() / ROUNDS
        })
        .collect();
    times.sort_unstable();
    let at = |share: usize| {
        times
            .get(times.len() * share / 100)
            .copied()
            .unwrap_or_default()
    };
    (at(50), times.last().copied().unwrap_or_default(), missed)
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
