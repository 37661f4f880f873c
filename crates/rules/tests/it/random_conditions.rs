//! Conditions nobody would write, on bodies nobody would send.

use std::collections::HashMap;
use std::sync::Arc;

use cel::objects::Key;
use cel::{Context, Env, Value};
use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_request::{Arena, Node, Reading};
use gaiterguard_rules::{
    Cause, CompiledRule, Content, Facts, Program, Query, RequestPath, matching_rules,
};
use http::HeaderMap;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;

use crate::facts;

fn with_facts<T>(body: Option<&str>, look: impl FnOnce(&Facts<'_>) -> T) -> T {
    let arena = Arena::default();
    let node = body.map(|body| Node::parse_json(body.as_bytes(), &arena).unwrap());
    let query = Query::parse(Some("a=b&n=5"));
    let headers = HeaderMap::new();
    look(&Facts {
        method: "POST",
        path: &RequestPath::of("/ab"),
        host: "api.example.com",
        query: &query,
        headers: Some(&headers),
        content: Some(Content {
            body: node.map_or(Reading::Absent, Reading::of_node),
            size: 12,
        }),
        service: (ServiceId(1), "a"),
        agent: (AgentId(2), "b"),
        intent: "ab",
        operation: None,
        operation_effect: None,
        now: Timestamp(1_700_000_000_000),
    })
}

fn rule(effect: RuleEffect, condition: &str) -> CompiledRule {
    CompiledRule::new(facts::rule(effect, Some(condition)))
}

fn json() -> impl Strategy<Value = String> {
    let leaf = select(vec![
        "null",
        "true",
        "false",
        "0",
        "1",
        "-3",
        "2.5",
        "7.0",
        "1e3",
        "\"a\"",
        "\"ab\"",
        "\"12\"",
        "\"\"",
        "9223372036854775807",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((select(vec!["n", "t", "l", "m"]), inner), 0..5).prop_map(
                |members| {
                    let members: Vec<String> = members
                        .into_iter()
                        .map(|(name, value)| format!("\"{name}\":{value}"))
                        .collect();
                    format!("{{{}}}", members.join(","))
                }
            ),
        ]
    })
}

/// Expressions of every kind, right and wrong.
fn condition() -> impl Strategy<Value = String> {
    let leaf = select(vec![
        "1",
        "-2",
        "2.5",
        "0",
        "\"a\"",
        "\"\"",
        "true",
        "false",
        "null",
        "[1, 2]",
        "[\"a\"]",
        "request.method",
        "request.size",
        "request.body",
        "request.body.n",
        "request.body.t",
        "request.body.l",
        "request.body.m.n",
        "request.query.a",
        "request.query",
        "intent",
        "operation",
        "operation.id",
        "now",
        "x",
        "x.n",
        "request.body.l[0]",
        "{\"a\": 1}",
        "timestamp(\"2026-01-01T00:00:00Z\")",
        "duration(\"1h\")",
        "service.name",
        "agent.id",
        "request.headers",
        "9223372036854775807",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            (
                two.clone(),
                select(vec![
                    "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"
                ])
            )
                .prop_map(|((a, b), operator)| format!("({a} {operator} {b})")),
            (two.clone(), inner.clone()).prop_map(|((a, b), c)| format!("({a} ? {b} : {c})")),
            inner.clone().prop_map(|a| format!("!{a}")),
            inner.clone().prop_map(|a| format!("-({a})")),
            inner.clone().prop_map(|a| format!("has({a}.n)")),
            (
                inner.clone(),
                select(vec![
                    "size",
                    "int",
                    "double",
                    "string",
                    "bool",
                    "timestamp",
                    "duration"
                ])
            )
                .prop_map(|(a, function)| format!("{function}({a})")),
            (
                two.clone(),
                select(vec!["startsWith", "endsWith", "contains"])
            )
                .prop_map(|((a, b), function)| format!("{a}.{function}({b})")),
            (
                inner.clone(),
                select(vec!["size", "lowerAscii", "trim", "getHours", "getMonth"])
            )
                .prop_map(|(a, function)| format!("{a}.{function}()")),
            (
                two.clone(),
                select(vec!["all", "exists", "exists_one", "map", "filter"])
            )
                .prop_map(|((a, b), function)| format!("{a}.{function}(x, {b})")),
            two.prop_map(|(a, b)| format!("{a}[{b}]")),
            inner.prop_map(|a| format!("{a}.matches(\"^a+$\")")),
        ]
    })
}

/// Expressions whose kinds fit, most of the time.
struct Fitting {
    truth: BoxedStrategy<String>,
    number: BoxedStrategy<String>,
    text: BoxedStrategy<String>,
    list: BoxedStrategy<String>,
}

fn fitting(depth: u32) -> Fitting {
    let one = |words: &[&'static str]| select(words.to_vec()).prop_map(str::to_owned);
    let truth = one(&[
        "true",
        "false",
        "request.body.b",
        "has(request.body.n)",
        "has(request.body.m.n)",
    ]);
    let number = one(&[
        "0",
        "1",
        "-3",
        "2.5",
        "12",
        "request.size",
        "request.body.n",
        "request.body.m.n",
        "request.body.l[0]",
        "int(request.query.n)",
        "9223372036854775807",
    ]);
    let text = one(&[
        "\"\"",
        "\"a\"",
        "\"ab\"",
        "\"B\"",
        "request.method",
        "request.path",
        "request.body.t",
        "request.query.a",
        "intent",
        "service.name",
    ]);
    let list = one(&["[1, 2, 2.5]", "[]", "request.body.l", "[request.body.n, 3]"]);
    if depth == 0 {
        return Fitting {
            truth: truth.boxed(),
            number: number.boxed(),
            text: text.boxed(),
            list: list.boxed(),
        };
    }
    let inner = fitting(depth - 1);
    let binary = |part: &BoxedStrategy<String>, operators: &[&'static str]| {
        (part.clone(), select(operators.to_vec()), part.clone())
            .prop_map(|(a, operator, b)| format!("({a} {operator} {b})"))
    };
    let ordering = &["==", "!=", "<", "<=", ">", ">="];
    let choice = |part: &BoxedStrategy<String>| {
        (inner.truth.clone(), part.clone(), part.clone())
            .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})"))
    };
    Fitting {
        truth: prop_oneof![
            truth,
            binary(&inner.truth, &["&&", "||", "==", "!="]),
            binary(&inner.number, ordering),
            binary(&inner.text, ordering),
            binary(&inner.list, &["==", "!="]),
            inner.truth.clone().prop_map(|a| format!("!{a}")),
            choice(&inner.truth),
            (
                inner.text.clone(),
                select(vec!["startsWith", "endsWith", "contains"]),
                inner.text.clone()
            )
                .prop_map(|(a, function, b)| format!("{a}.{function}({b})")),
            (inner.number.clone(), inner.list.clone()).prop_map(|(a, b)| format!("{a} in {b}")),
            (
                inner.list.clone(),
                select(vec!["all", "exists", "exists_one"]),
                select(vec!["<", "==", ">="]),
                number.clone(),
            )
                .prop_map(|(a, function, operator, b)| format!(
                    "{a}.{function}(x, x {operator} {b})"
                )),
        ]
        .boxed(),
        number: prop_oneof![
            number.clone(),
            binary(&inner.number, &["+", "-", "*", "/", "%"]),
            inner.list.clone().prop_map(|a| format!("size({a})")),
            inner.text.clone().prop_map(|a| format!("size({a})")),
            inner.number.clone().prop_map(|a| format!("int({a})")),
            choice(&inner.number),
        ]
        .boxed(),
        text: prop_oneof![text, binary(&inner.text, &["+"]), choice(&inner.text)].boxed(),
        list: prop_oneof![
            list,
            binary(&inner.list, &["+"]),
            inner
                .list
                .clone()
                .prop_map(|a| format!("{a}.map(x, x * 2)")),
            (inner.list.clone(), number).prop_map(|(a, b)| format!("{a}.filter(x, x > {b})")),
        ]
        .boxed(),
    }
}

/// Bodies that have what those expressions look for, most of the time.
fn fitting_body() -> impl Strategy<Value = String> {
    let member = |name: &'static str, values: &[&'static str]| {
        select(values.to_vec()).prop_map(move |value| {
            if value.is_empty() {
                String::new()
            } else {
                format!("\"{name}\":{value},")
            }
        })
    };
    (
        member(
            "n",
            &[
                "1",
                "2",
                "-3",
                "2.5",
                "7.0",
                "9223372036854775807",
                "\"1\"",
                "",
            ],
        ),
        member("t", &["\"a\"", "\"\"", "\"abc\"", "\"é\"", "null", ""]),
        member("b", &["true", "false", "1", ""]),
        member("l", &["[1, 2]", "[]", "[2.5, 7, -1]", "[1, \"a\"]", ""]),
        member("m", &["{\"n\": 3}", "{}", "null", ""]),
    )
        .prop_map(|(a, b, c, d, e)| format!("{{{a}{b}{c}{d}{e}\"z\":0}}"))
}

/// Random text with tokens of conditions.
fn soup() -> impl Strategy<Value = String> {
    let token = select(vec![
        "request", ".", "body", "(", ")", "[", "]", "{", "}", "\"", "'", "\"\"\"", "==", "=", "&&",
        "&", "||", "!", "-", "+", "1", "1u", "0x", "1e", "\\", "?", ":", ",", "in", "has",
        "exists", "x", "`", "é", "\u{0}", "\n", "//", "r'", "b\"", "true", "null", "@", "#",
        "Rule{", ".?", " ",
    ]);
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

fn to_cel(node: &Node<'_>) -> Value {
    match node {
        Node::Null => Value::Null,
        Node::Bool(value) => Value::Bool(*value),
        Node::Number(spelled) => spelled.parse().map_or_else(
            |_| {
                let double: f64 = spelled.parse().unwrap();
                #[expect(clippy::cast_possible_truncation, reason = "the table's are small")]
                if double.fract() == 0.0 {
                    Value::Int(double as i64)
                } else {
                    Value::Float(double)
                }
            },
            Value::Int,
        ),
        Node::Text(text) => Value::String(Arc::new((*text).to_owned())),
        Node::List(items) => Value::List(Arc::new(items.iter().map(to_cel).collect())),
        Node::Map(members) => map(members.iter().map(|(name, value)| (*name, to_cel(value)))),
    }
}

fn map<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let members: HashMap<Key, Value> = members
        .into_iter()
        .map(|(name, value)| (Key::from(name), value))
        .collect();
    Value::Map(members.into())
}

fn text(text: &str) -> Value {
    Value::String(Arc::new(text.to_owned()))
}

/// Returns the result of the `cel` crate's own evaluator, or `None` if it fails or is not a Boolean.
fn reference(env: &Arc<Env>, condition: &str, body: &str) -> Option<bool> {
    let arena = Arena::default();
    let node = Node::parse_json(body.as_bytes(), &arena).ok()?;
    let mut context = Context::with_env(Arc::clone(env));
    let request = map([
        ("method", text("POST")),
        ("path", text("/ab")),
        ("size", Value::Int(12)),
        ("body", to_cel(&node)),
        ("query", map([("a", text("b")), ("n", text("5"))])),
        ("headers", map([])),
    ]);
    context.add_variable_from_value("request", request);
    context.add_variable_from_value("intent", text("ab"));
    context.add_variable_from_value("service", map([("id", Value::Int(1)), ("name", text("a"))]));
    context.add_variable_from_value("agent", map([("id", Value::Int(2)), ("name", text("b"))]));
    let program = env.compile(condition).ok()?;
    match program.execute(&context) {
        Ok(Value::Bool(value)) => Some(value),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_condition_and_no_body_makes_it_panic_and_what_fails_is_matched_unless_it_allows(
        condition in condition(),
        body in json(),
    ) {
        let compiled = Program::compile(&condition);
        with_facts(Some(&body), |facts| {
            let outcome = compiled.as_ref().map(|program| program.evaluate(facts));
            let is_matched = |effect| !matching_rules(&[rule(effect, &condition)], facts).is_empty();
            let (strict, mild) = match outcome {
                Ok(Ok(holds)) => (holds, holds),
                Ok(Err(_)) | Err(_) => (true, false),
            };
            prop_assert_eq!(is_matched(RuleEffect::Deny), strict);
            prop_assert_eq!(is_matched(RuleEffect::RequireApproval), strict);
            prop_assert_eq!(is_matched(RuleEffect::Allow), mild);
            Ok(())
        })?;
    }

    #[test]
    fn what_comes_out_before_the_body_has_arrived_comes_out_afterwards_too(
        condition in condition(),
        body in json(),
    ) {
        if let Ok(program) = Program::compile(&condition) {
            let (by_head, whole) = with_facts(Some(&body), |facts| {
                let head = Facts { content: None, ..*facts };
                (program.evaluate(&head), program.evaluate(facts))
            });
            if !matches!(by_head, Err(failure) if failure.cause == Cause::NotKept) {
                prop_assert_eq!(by_head, whole, "{} on {}", condition, body);
            }
        }
    }

    #[test]
    fn no_text_makes_the_compiler_panic(text in soup()) {
        if let Err(error) = Program::compile(&text) {
            prop_assert!(error.line >= 1 && error.column >= 1, "{:?}", error);
            prop_assert!(!error.message.is_empty());
        }
    }
}

/// Where both this evaluator and the `cel` crate's come to a truth value it is the same: what is
/// strict here fails, it does not come out otherwise.
#[test]
fn conditions_come_to_what_the_reference_evaluator_says() {
    let env = Arc::new(Env::stdlib());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = (fitting(3).truth, fitting_body());
    let mut decided = 0;
    for _ in 0..700 {
        let (condition, body) = strategy.new_tree(&mut runner).unwrap().current();
        let Ok(program) = Program::compile(&condition) else {
            continue;
        };
        let Ok(holds) = with_facts(Some(&body), |facts| program.evaluate(facts)) else {
            continue;
        };
        if let Some(expected) = reference(&env, &condition, &body) {
            assert_eq!(holds, expected, "{condition} on {body}");
            decided += 1;
        }
    }
    assert!(decided > 230, "only {decided} were decided by both");
}
