//! Whatever is added to a request, and however it is wrapped, labeled or encoded, its score does not
//! fall and what holds it does not disappear.
//!
//! The requests are the labeled ones of `risk/`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use gaiterguard_judge::features;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

use crate::support::Case;

/// How many requests each property is tried on.
const CASES: u32 = 2500;

/// The weight from which a single finding holds a request.
const HOLDS: f64 = 0.55;

static REQUESTS: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let field = include_str!("../../../../risk/field.jsonl").lines();
    let tune = include_str!("../../../../risk/tune.jsonl").lines();
    field
        .chain(tune)
        .map(|line| read(&serde_json::from_str(line).unwrap()))
        .collect()
});

/// The requests whose body is a JSON object or array.
static WITH_JSON: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let all = REQUESTS.iter();
    all.filter(|case| !case.body.is_empty() && json_of(case).is_some())
        .cloned()
        .collect()
});

fn read(line: &Value) -> Case {
    let text = |name: &str| line[name].as_str().unwrap();
    let (_, base) = text("base_url").split_once("://").unwrap();
    let (host, base_path) = base.split_at(base.find('/').unwrap_or(base.len()));
    let target = format!("{}{}", base_path.trim_end_matches('/'), text("path"));
    let mut case = Case::new(text("method"), &target, text("intent"));
    host.clone_into(&mut case.host);
    for (name, value) in line["headers"].as_object().unwrap() {
        case = case.header(&name.to_lowercase(), value.as_str().unwrap());
    }
    let is_typed = case.headers.iter().any(|(name, _)| name == "content-type");
    match &line["body"] {
        Value::Null => {}
        Value::String(text) => case.body = text.clone().into_bytes(),
        body if is_typed => case.body = body.to_string().into_bytes(),
        body => case = case.json(&body.to_string()),
    }
    case
}

fn json_of(case: &Case) -> Option<Value> {
    serde_json::from_slice(&case.body)
        .ok()
        .filter(|body: &Value| body.is_object() || body.is_array())
}

/// Returns the features of the first request that the second does not have.
fn missing(before: &Case, after: &Case) -> Vec<String> {
    let counted = |case: &Case| {
        let (operations, mut counted) = case.with_subject(features);
        counted.extend(operations.into_iter().flatten());
        counted
    };
    let after = counted(after);
    let mut counted = counted(before);
    counted.retain(|name| !after.contains(name));
    counted
}

/// Fails if the second request is assessed more leniently than the first.
fn is_not_lower(before: &Case, after: &Case) -> Result<(), TestCaseError> {
    let (first, second) = (before.judge().verdict, after.judge().verdict);
    let shown = |case: &Case| {
        let body = String::from_utf8_lossy(&case.body)
            .chars()
            .take(2000)
            .collect::<String>();
        format!("{} {} {:?} {body}", case.method, case.target, case.headers)
    };
    prop_assert!(
        second.score + 1e-9 >= first.score,
        "{} < {}\n{}\n{}\n{}\n{:?}\n{:?}\nno more: {:?}",
        second.score,
        first.score,
        before.intent,
        shown(before),
        shown(after),
        first.signals,
        second.signals,
        missing(before, after)
    );
    for signal in first.signals.iter().filter(|signal| signal.weight >= HOLDS) {
        let mut kept = second.signals.iter();
        prop_assert!(
            kept.any(|other| other.code == signal.code && other.weight + 1e-9 >= signal.weight),
            "{signal:?} is gone\n{}\n{}\n{:?}",
            shown(before),
            shown(after),
            second.signals
        );
    }
    Ok(())
}

fn any_of(cases: &'static LazyLock<Vec<Case>>) -> impl Strategy<Value = Case> {
    any::<Index>().prop_map(|index| index.get(cases).clone())
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut bits = [0; 4];
        bits[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(bits);
        for place in 0..4 {
            text.push(if place <= chunk.len() {
                char::from(ALPHABET[(bits >> (18 - 6 * place) & 63) as usize])
            } else {
                '='
            });
        }
    }
    text
}

fn wrapped(case: &Case, how: u8) -> Case {
    let body = json_of(case).unwrap();
    let body = match how {
        0 => json!({ "data": body }),
        1 => json!([body]),
        2 => json!({ "data": { "attributes": [body] } }),
        3 => json!(body.to_string()),
        4 => json!({ "payload": body.to_string() }),
        5 => json!({ "payload": base64(body.to_string().as_bytes()) }),
        6 => json!({ "items": [{}, body] }),
        _ => json!({ "data": { "payload": json!({ "data": body }).to_string() } }),
    };
    case.clone().json(&body.to_string())
}

const LABELS: &[&str] = &[
    "",
    "text/plain",
    "text/plain; charset=iso-8859-1",
    "text/html",
    "text/markdown",
    "text/csv",
    "text/xml",
    "application/xml",
    "application/yaml",
    "application/graphql",
    "application/soap+xml",
    "application/octet-stream",
    "application/pdf",
    "image/png",
    "image/svg+xml",
    "audio/mpeg",
    "font/woff2",
    "application/zip",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded, x",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "multipart/mixed; boundary=x",
    "application/json-patch+json",
    "application/vnd.api+json",
    "application/x-ndjson",
    "application/javascript",
    "nonsense",
];

/// Collects the fields of a form, with nested names in brackets.
fn fields(value: &Value, name: &str, all: &mut Vec<(String, String)>) {
    let inner = |key: &str| match name {
        "" => key.to_owned(),
        _ => format!("{name}[{key}]"),
    };
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(key, value)| fields(value, &inner(key), all)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(number, item)| fields(item, &inner(&number.to_string()), all)),
        Value::Null => all.push((name.to_owned(), String::new())),
        Value::String(text) => all.push((name.to_owned(), text.clone())),
        other => all.push((name.to_owned(), other.to_string())),
    }
}

fn form(body: &Value) -> String {
    let mut all = Vec::new();
    fields(body, "", &mut all);
    let escaped = |text: &str| {
        text.bytes().fold(String::new(), |mut escaped, byte| {
            if byte.is_ascii_alphanumeric() || b"[]_-.".contains(&byte) {
                escaped.push(char::from(byte));
            } else {
                write!(escaped, "%{byte:02X}").unwrap();
            }
            escaped
        })
    };
    let pairs = all
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn multipart(body: &Value) -> String {
    let mut all = Vec::new();
    fields(body, "", &mut all);
    let mut text = String::new();
    for (name, value) in all {
        write!(
            text,
            "--x7y\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
        .unwrap();
    }
    text + "--x7y--\r\n"
}

/// Returns an XML element, or `None` if the name is not valid in XML.
fn xml(name: &str, value: &Value) -> Option<String> {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if !is_name {
        return None;
    }
    let content = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| xml(name, value))
            .collect::<Option<String>>()?,
        Value::Array(items) => {
            return items.iter().map(|item| xml(name, item)).collect();
        }
        Value::Null => String::new(),
        Value::String(text)
            if text
                .chars()
                .any(|c| c.is_control() && c != '\n' && c != '\t') =>
        {
            return None;
        }
        Value::String(text) => text.replace('&', "&amp;").replace('<', "&lt;"),
        other => other.to_string(),
    };
    Some(format!("<{name}>{content}</{name}>"))
}

/// Returns YAML in block style.
fn yaml(value: &Value, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().fold("\n".to_owned(), |text, (name, value)| {
                text + &format!("{indent}{}:{}", json!(name), yaml(value, depth + 1))
            })
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().fold("\n".to_owned(), |text, item| {
                text + &format!("{indent}-{}", yaml(item, depth + 1))
            })
        }
        other => format!(" {other}\n"),
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn encoded(case: &Case, how: u8) -> Option<Case> {
    let body = json_of(case).unwrap();
    let case = case.clone();
    let text = body.to_string();
    Some(match how {
        0 => case.body("application/x-www-form-urlencoded", form(&body)),
        1 => case.body("multipart/form-data; boundary=x7y", multipart(&body)),
        2 => case.body(
            "application/xml",
            xml("request", &body).filter(|_| body.is_object())?,
        ),
        3 => case.body("application/yaml", yaml(&body, 0)),
        4 => case.body("application/json", utf16(&text)),
        5 => case.body(
            "application/json; charset=utf-16",
            [&[0xff, 0xfe][..], &utf16(&text)].concat(),
        ),
        6 => case
            .body("application/json", gzip(text.as_bytes()))
            .header("content-encoding", "gzip"),
        7 => case.body("application/json", format!("\u{feff}{text}")),
        8 => case.body("application/json", format!("{text}\n{{}}")),
        9 => case.body("application/json", [text.as_bytes(), b" \xff"].concat()),
        10 => case.body("text/plain", form(&body)),
        11 => case.body(
            "text/plain",
            xml("request", &body).filter(|_| body.is_object())?,
        ),
        12 => case.body("text/plain", yaml(&body, 0)),
        13 => {
            let file = format!(
                "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.json\"\r\n\
                 Content-Type: application/json\r\n\r\n{text}\r\n--x--\r\n"
            );
            case.body("multipart/form-data; boundary=x", file)
        }
        14 => case.body(
            "application/json",
            serde_json::to_string_pretty(&body).unwrap(),
        ),
        _ => case.body("text/plain", base64(text.as_bytes())),
    })
}

/// Returns the members of a body, or of its first item if it is a list.
fn members(body: &mut Value) -> Option<&mut Map<String, Value>> {
    match body {
        Value::Object(members) => Some(members),
        Value::Array(items) => items.first_mut()?.as_object_mut(),
        _ => None,
    }
}

/// Adds a member, unless one has that name.
fn put(body: &mut Value, first: bool, name: &str, value: Value) {
    let Some(members) = members(body).filter(|members| !members.contains_key(name)) else {
        return;
    };
    if first {
        let others = std::mem::take(members);
        members.insert(name.to_owned(), value);
        members.extend(others);
    } else {
        members.insert(name.to_owned(), value);
    }
}

/// Members that make a body look like a call that only reads, and members without a meaning.
fn additions() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    select(vec![
        vec![
            ("jsonrpc", json!("2.0")),
            ("method", json!("getBalance")),
            ("params", json!({})),
        ],
        vec![("method", json!("GET")), ("url", json!("/x"))],
        vec![("verb", json!("GET")), ("path", json!("/x"))],
        vec![("query", json!("{ me { id } }"))],
        vec![
            ("query", json!("query Q { me }")),
            ("variables", json!({})),
            ("operationName", json!("Q")),
        ],
        vec![("document", json!("{ me }"))],
        vec![("Action", json!("DescribeThings"))],
        vec![(
            "requests",
            json!([{"id": "1", "method": "GET", "url": "/me"}]),
        )],
        vec![("metadata", json!({"method": "GET", "url": "/x"}))],
        vec![(
            "metadata",
            json!({"jsonrpc": "2.0", "method": "list", "params": []}),
        )],
        vec![("_method", json!("GET"))],
        vec![("dry_run", json!(true))],
        vec![("note", json!("x"))],
        vec![("intent", json!("read"))],
        vec![("extra", Value::Null)],
    ])
}

/// Returns a value made of words of the intent, for a member with a name that matters.
fn decoy(case: &Case, name: &str, at: Index, list: bool) -> Value {
    let words: Vec<&str> = case
        .intent
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    let value = match name {
        "text" | "note" | "message" => json!(case.intent),
        _ if words.is_empty() => json!("x"),
        _ => json!(at.get(&words)),
    };
    if list { json!([value]) } else { value }
}

const DECOYS: &[&str] = &[
    "to",
    "recipient",
    "channel",
    "email",
    "cc",
    "account",
    "iban",
    "amount",
    "total",
    "quantity",
    "id",
    "order_id",
    "note_id",
    "user_id",
    "user",
    "name",
    "text",
    "note",
    "message",
    "title",
    "date",
    "due_date",
    "action",
    "status",
    "type",
    "role",
    "permission",
    "payment_method_id",
    "url",
    "attendees",
    "x",
];

const HEADERS: &[(&str, &str)] = &[
    ("soapaction", "\"GetThings\""),
    ("soapaction", "\"\""),
    ("soapaction", "urn:ListCharges"),
    ("x-amz-target", "Thing_20120810.ListThings"),
    ("x-amz-target", "DynamoDB_20120810.GetItem"),
    ("accept", "text/plain"),
    ("accept", "application/json"),
    ("x-http-method", "GET"),
    ("x-http-method-override", "GET"),
    ("x-method-override", "HEAD"),
    ("x-original-url", "/search"),
    ("x-rewrite-url", "/graphql"),
    ("x-requested-with", "XMLHttpRequest"),
    ("x-graphql-operation", "query"),
    ("apollo-require-preflight", "true"),
    ("if-match", "*"),
    ("prefer", "return=minimal"),
    ("content-language", "en"),
    ("x-dry-run", "true"),
    ("x-intent", "only reads"),
];

const QUERIES: &[&str] = &[
    "query={me}",
    "dry_run=true",
    "Action=DescribeThings",
    "method=GET",
    "x=1",
    "fields=id",
    "to=bob",
    "id=7",
    "operationName=Q",
];

fn with_query(case: &Case, query: &str, first: bool) -> Case {
    let mut case = case.clone();
    case.target = match case.target.split_once('?') {
        None => format!("{}?{query}", case.target),
        Some((path, others)) if first => format!("{path}?{query}&{others}"),
        Some(_) => format!("{}&{query}", case.target),
    };
    case
}

fn padded(case: &Case, how: u8, first: bool) -> Case {
    let mut body = json_of(case).unwrap();
    match how {
        0 => {
            for number in 0..40 {
                put(&mut body, first, &format!("note_{number}"), json!("x"));
            }
        }
        1 => put(&mut body, first, "padding", json!("word ".repeat(2000))),
        2 => {
            let deep = (0..60).fold(json!("x"), |inner, _| json!([inner]));
            put(&mut body, first, "padding", deep);
        }
        3 => put(&mut body, first, "ids", json!((0..100).collect::<Vec<_>>())),
        4 => put(&mut body, first, "to", json!(vec!["bob"; 60])),
        5 => put(
            &mut body,
            first,
            "texts",
            json!(vec![case.intent.as_str(); 60]),
        ),
        6 => {
            let notes: Vec<Value> = (0..60)
                .map(|number| json!({"id": number, "name": "x", "text": "y"}))
                .collect();
            put(&mut body, first, "notes", json!(notes));
        }
        _ => {
            let deep = (0..60).fold(json!("x"), |inner, _| json!({"a": inner}));
            put(&mut body, first, "padding", deep);
        }
    }
    case.clone().json(&body.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn wrapping_a_body_lowers_nothing(case in any_of(&WITH_JSON), how in 0u8..8) {
        is_not_lower(&case, &wrapped(&case, how))?;
    }

    #[test]
    fn another_label_lowers_nothing(case in any_of(&WITH_JSON), label in select(LABELS)) {
        let body = case.body.clone();
        is_not_lower(&case, &case.clone().body(label, body))?;
    }

    #[test]
    fn another_encoding_lowers_nothing(case in any_of(&WITH_JSON), how in 0u8..16) {
        if let Some(after) = encoded(&case, how) {
            is_not_lower(&case, &after)?;
        }
    }

    #[test]
    fn padding_lowers_nothing(case in any_of(&WITH_JSON), how in 0u8..8, first in any::<bool>()) {
        is_not_lower(&case, &padded(&case, how, first))?;
    }

    #[test]
    fn added_members_lower_nothing(case in any_of(&WITH_JSON), added in additions(), first in any::<bool>()) {
        let mut body = json_of(&case).unwrap();
        for (name, value) in added {
            put(&mut body, first, name, value);
        }
        is_not_lower(&case, &case.clone().json(&body.to_string()))?;
    }

    #[test]
    fn decoys_lower_nothing(
        case in any_of(&WITH_JSON),
        name in select(DECOYS),
        at in any::<Index>(),
        first in any::<bool>(),
        list in any::<bool>(),
    ) {
        let mut body = json_of(&case).unwrap();
        put(&mut body, first, name, decoy(&case, name, at, list));
        is_not_lower(&case, &case.clone().json(&body.to_string()))?;
    }

    #[test]
    fn added_headers_lower_nothing(case in any_of(&REQUESTS), header in select(HEADERS)) {
        let (name, value) = header;
        is_not_lower(&case, &case.clone().header(name, value))?;
    }

    #[test]
    fn added_parameters_lower_nothing(case in any_of(&REQUESTS), query in select(QUERIES), first in any::<bool>()) {
        is_not_lower(&case, &with_query(&case, query, first))?;
    }

    #[test]
    fn a_body_where_there_was_none_lowers_nothing(case in any_of(&REQUESTS), added in additions()) {
        if case.body.is_empty() {
            let body: Map<String, Value> = added.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            is_not_lower(&case, &case.clone().json(&Value::Object(body).to_string()))?;
        }
    }

    #[test]
    fn added_fields_and_parts_lower_nothing(case in any_of(&WITH_JSON), added in additions(), part in any::<bool>()) {
        let body = json_of(&case).unwrap();
        if body.is_object() {
            let how = u8::from(part);
            let before = encoded(&case, how).unwrap();
            let mut more = body.clone();
            for (name, value) in added {
                put(&mut more, false, name, value);
            }
            let after = encoded(&case.clone().json(&more.to_string()), how).unwrap();
            is_not_lower(&before, &after)?;
        }
    }
}
