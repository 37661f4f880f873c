//! How long rules take: `cargo run --release -p gaiterguard-judge --example rules`.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use gaiterguard_domain::id::{AgentId, RuleId, ServiceId, WorkspaceId};
use gaiterguard_domain::rule::{Rule, RuleEffect};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_judge::Node;
use gaiterguard_judge::rule::{CompiledRule, Content, Facts, Query, matching};
use http::{HeaderMap, HeaderValue};

const RULES: usize = 50;
const ROUNDS: usize = 2_000;

/// Conditions as operators write them, looked at in turn.
const CONDITIONS: [&str; 10] = [
    "service.name == \"stripe\" && request.path.startsWith(\"/v1/charges\") && int(request.body.amount) > 1000000",
    "request.method == \"DELETE\" && !request.path.startsWith(\"/v1/drafts/\")",
    "has(request.body.customer) && request.body.customer.email.endsWith(\"@competitor.com\")",
    "request.body.lines.exists(line, line.quantity > 1000)",
    "request.body.currency in [\"rub\", \"irr\", \"kpw\", \"syp\"]",
    "request.path.matches(\"^/v[0-9]+/(refunds|payouts|transfers)(/|$)\")",
    "\"x-admin\" in request.headers || request.query.exists(name, name == \"admin\")",
    "operation != null && operation.deprecated",
    "now.getDayOfWeek() in [0, 6] && request.method != \"GET\" && agent.name == \"weekday\"",
    "request.size > 100000 || intent.lowerAscii().contains(\"ignore previous\")",
];

fn rule(index: usize) -> CompiledRule {
    CompiledRule::new(Rule {
        id: RuleId(i64::try_from(index).unwrap_or_default()),
        workspace: WorkspaceId(1),
        name: format!("rule {index}"),
        effect: RuleEffect::RequireApproval,
        condition: Some(CONDITIONS[index % CONDITIONS.len()].to_owned()),
        text: None,
        service: None,
        agent: None,
        enabled: true,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        revision: 0,
    })
}

/// A charge with as many lines as make it about `bytes` long.
fn body(bytes: usize) -> String {
    let mut lines = Vec::new();
    let mut length = 200;
    while length < bytes {
        let line = format!(
            r#"{{"sku":"sku-{}","quantity":{},"price":19.99,"description":"An ordinary thing"}}"#,
            lines.len(),
            lines.len() % 40
        );
        length += line.len() + 1;
        lines.push(line);
    }
    format!(
        r#"{{"amount":2500,"currency":"usd","customer":{{"id":"cus_1","email":"ann@example.com"}},"note":"as ordered","lines":[{}]}}"#,
        lines.join(",")
    )
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn measure(rounds: usize, mut run: impl FnMut()) -> Duration {
    median(
        (0..rounds)
            .map(|_| {
                let start = Instant::now();
                run();
                start.elapsed()
            })
            .collect(),
    )
}

fn main() {
    let compiling = measure(100, || {
        black_box(rule(black_box(0)));
    });
    println!("compiling a rule: {compiling:?}");
    let rules: Vec<CompiledRule> = (0..RULES).map(rule).collect();
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("accept", HeaderValue::from_static("*/*"));
    for bytes in [1_000, 100_000, 1_000_000] {
        let text = body(bytes);
        let rounds = ROUNDS * 1_000 / bytes.max(1_000) + 20;
        let parsing = measure(rounds, || {
            black_box(Node::parse_json(black_box(text.as_bytes())).ok());
        });
        let node = Node::parse_json(text.as_bytes()).ok();
        let run = || {
            let query = Query::parse(Some("expand=customer&limit=5"));
            let facts = Facts {
                method: "POST",
                path: "/v1/charges",
                host: "api.stripe.com",
                query: &query,
                content: Some(Content {
                    headers: &headers,
                    body: node.as_ref(),
                    size: u64::try_from(text.len()).unwrap_or(u64::MAX),
                }),
                service: (ServiceId(1), "stripe"),
                agent: (AgentId(1), "biller"),
                intent: "Charge the customer for the order of May",
                operation: None,
                now: Timestamp(1_777_930_200_000),
            };
            matching(black_box(&rules), &facts).len()
        };
        let matched = run();
        let time = measure(rounds, || {
            black_box(run());
        });
        println!(
            "{} bytes: reading the body {parsing:?}, {RULES} rules {time:?}, {matched} match",
            text.len()
        );
    }
}
