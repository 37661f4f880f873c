//! Rules and the built-in assessor on bodies of growing length.

use std::{hint::black_box, time::Duration};

use gaiterguard_domain::{
    id::{AgentId, RuleId, ServiceId, WorkspaceId},
    rule::{Rule, RuleEffect},
    time::Timestamp,
};
use gaiterguard_judge::{Documented, Subject, assess};
use gaiterguard_request::{Arena, Opened, Reading, Request};
use gaiterguard_rules::{CompiledRule, Content, Facts, Query, RequestPath, matching_rules};
use http::{HeaderMap, HeaderValue, Method, header::CONTENT_TYPE};

use super::{Figure, median};

const RULES: usize = 50;

/// Conditions as operators write them. None of them matches.
const CONDITIONS: [&str; 10] = [
    "service.name == \"stripe\" && request.path.startsWith(\"/v1/charges\") && int(request.body.amount) > 1000000",
    "request.method == \"DELETE\" && !request.path.startsWith(\"/v1/drafts/\")",
    "has(request.body.customer) && request.body.customer.email.endsWith(\"@competitor.com\")",
    "has(request.body.lines) && request.body.lines.size() > 100000",
    "has(request.body.currency) && request.body.currency in [\"rub\", \"irr\", \"kpw\", \"syp\"]",
    "request.path.matches(\"^/v[0-9]+/(refunds|payouts|transfers)(/|$)\")",
    "\"x-admin\" in request.headers || \"admin\" in request.query",
    "operation != null && operation.deprecated",
    "now.getDayOfWeek() in [0, 6] && request.method != \"GET\" && agent.name == \"weekday\"",
    "request.size > 100000000 || intent.lowerAscii().contains(\"ignore previous\")",
];

/// The goal for a body of 1 KB.
const SMALL: Duration = Duration::from_micros(15);

/// The goal for a body of 1 MB.
const LARGE: Duration = Duration::from_millis(2);

/// Returns the time of assessing bodies of growing length, and the time of its parts for the shortest.
pub fn figures() -> Vec<Figure> {
    let rules: Vec<CompiledRule> = (0..RULES).map(rule).collect();
    let mut figures: Vec<Figure> = [
        (1, Some(SMALL)),
        (16, None),
        (128, None),
        (1_000, Some(LARGE)),
    ]
    .into_iter()
    .map(|(kilobytes, goal)| {
        let body = charge(kilobytes * 1_000);
        Figure {
            name: format!("verdict of {RULES} rules and the assessor, {kilobytes} KB of JSON"),
            median: median(4_000 / kilobytes + 20, || judge(&rules, &body)),
            goal,
        }
    })
    .collect();
    for (name, body) in [("1 KB", charge(1_000)), ("no body", String::new())] {
        figures.push(Figure {
            name: format!("verdict of the assessor alone, {name}"),
            median: median(4_000, || judge(&[], &body)),
            goal: None,
        });
    }
    figures.push(Figure {
        name: "compiling a rule, when it is saved".to_owned(),
        median: median(500, || {
            black_box(rule(black_box(0)));
        }),
        goal: None,
    });
    figures
}

fn rule(index: usize) -> CompiledRule {
    CompiledRule::new(Rule {
        id: RuleId(1),
        workspace: WorkspaceId(1),
        name: format!("rule {index}"),
        effect: RuleEffect::RequireApproval,
        condition: Some(CONDITIONS[index % CONDITIONS.len()].to_owned()),
        text: None,
        service: None,
        agent: None,
        approvals: None,
        step_up: None,
        author: None,
        enabled: true,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        revision: 0,
    })
}

/// A charge with as many lines as make it about `bytes` long.
fn charge(bytes: usize) -> String {
    let mut lines = Vec::new();
    let mut length = 150;
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

/// Parses and assesses a request; without a body it is a GET.
fn judge(rules: &[CompiledRule], body: &str) {
    let method = if body.is_empty() {
        Method::GET
    } else {
        Method::POST
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let request = Request {
        method: &method,
        host: "api.stripe.com",
        path: "/v1/charges",
        query: Some("expand=customer&limit=5"),
        headers: &headers,
        body: black_box(body.as_bytes()),
    };
    let intent = "Charge the customer cus_1 2500 usd for the order of May";
    let arena = Arena::for_body(body.len());
    let opened = Opened::open(request, &arena);
    let query = Query::parse(request.query);
    let facts = Facts {
        method: method.as_str(),
        path: &RequestPath::of(request.path),
        host: request.host,
        query: &query,
        headers: Some(&headers),
        content: Some(Content {
            body: Reading::of(&headers, body.as_bytes(), &arena),
            size: body.len() as u64,
        }),
        service: (ServiceId(1), "stripe"),
        agent: (AgentId(1), "biller"),
        intent,
        operation: None,
        operation_effect: None,
        now: Timestamp(1_777_930_200_000),
    };
    let matched = matching_rules(rules, &facts)
        .into_iter()
        .map(|(rule, how)| rule.matched(how));
    black_box(matched.collect::<Vec<_>>());
    black_box(assess(Subject {
        opened: &opened,
        intent,
        documented: Documented::Nothing,
        history: None,
        arrived: Some(1_777_930_200),
    }));
}
