//! How long a verdict takes: for a body of 1 KB, and for bodies of growing length.
//!
//! `cargo run --release -p gaiterguard-judge --example assess_speed`

#![expect(
    clippy::print_stdout,
    reason = "printing the figures is what it is for"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use gaiterguard_judge::{Documented, Node, Opened, Request, Subject, assess};
use http::{HeaderMap, HeaderValue, Method, header::CONTENT_TYPE};

fn main() {
    println!(
        "{:<28}{:>12}{:>14}{:>14}",
        "body", "bytes", "read", "whole verdict"
    );
    report("1 KB order", &order(3), 2000);
    for kilobytes in [16, 64, 256, 1024] {
        report(
            &format!("{kilobytes} KB of orders"),
            &orders(kilobytes * 1024),
            30,
        );
    }
    let text = "The quick brown fox jumps over the lazy dog, again. ".repeat(20_000);
    report("1 MB of one text", &format!("{{\"note\": \"{text}\"}}"), 30);
    let numbers = "1234567,".repeat(125_000);
    report("1 MB of numbers", &format!("[{numbers}0]"), 30);
}

fn order(items: usize) -> String {
    let items: Vec<String> = (0..items)
        .map(|number| {
            format!(
                r#"{{"sku": "SKU-{number:05}", "name": "A thing with number {number}", "quantity": {}, "price": "{number}.99", "gift": false, "note": "Please wrap it well, it is for a friend who moves house", "tags": ["new", "blue", "large"]}}"#,
                number % 7 + 1
            )
        })
        .collect();
    format!(
        r#"{{"customer": "cus_9s6XKzkNRiz8i3", "reference": "2024-05-20/7", "shipping": {{"name": "Ann Example", "street": "Main Street 4", "city": "Zurich", "zip": "8001", "country": "CH"}}, "items": [{}]}}"#,
        items.join(", ")
    )
}

fn orders(bytes: usize) -> String {
    let one = order(3);
    let count = bytes / one.len();
    format!("{{\"orders\": [{}]}}", vec![one; count.max(1)].join(","))
}

fn report(name: &str, body: &str, rounds: usize) {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let method = Method::PATCH;
    let intent = "Change the quantity of SKU-00002 in the order 2024-05-20/7 of Ann Example to 3 and have it \
                  wrapped well, because it is for a friend who moves house";
    let read = median(rounds, || {
        black_box(Node::parse_json(black_box(body.as_bytes())).is_ok());
    });
    let verdict = median(rounds, || {
        let opened = Opened::open(Request {
            method: &method,
            host: "api.shop.example",
            path: "/v1/orders/2024-05-20/7",
            query: None,
            headers: &headers,
            body: black_box(body.as_bytes()),
        });
        black_box(assess(Subject {
            opened: &opened,
            intent,
            documented: Documented::Nothing,
        }));
    });
    println!(
        "{name:<28}{:>12}{:>14}{:>14}",
        body.len(),
        format!("{read:.1?}"),
        format!("{verdict:.1?}")
    );
}

fn median(rounds: usize, mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[rounds / 2]
}
