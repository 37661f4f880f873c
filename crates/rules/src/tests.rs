//! Properties of rules that do not depend on their conditions.

use gaiterguard_domain::id::{AgentId, RuleId, ServiceId, WorkspaceId};
use gaiterguard_domain::rule::{Rule, RuleEffect};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_request::{Arena, Node, Reading};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

use super::*;

fn rule(effect: RuleEffect, condition: Option<&str>) -> Rule {
    Rule {
        id: RuleId(1),
        workspace: WorkspaceId(1),
        name: "a rule".to_owned(),
        effect,
        condition: condition.map(str::to_owned),
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
    }
}

fn with_body<T>(body: &str, look: impl FnOnce(&Facts<'_>) -> T) -> T {
    let arena = Arena::default();
    let node = Node::parse_json(body.as_bytes(), &arena).unwrap();
    with_head(Some(&HeaderMap::new()), |head| {
        let body = Reading::of_node(node);
        let content = Some(Content { body, size: 1 });
        look(&Facts { content, ..*head })
    })
}

fn with_form<T>(media_type: &'static str, body: &str, look: impl FnOnce(&Facts<'_>) -> T) -> T {
    let arena = Arena::default();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    let body = Reading::of(&headers, body.as_bytes(), &arena);
    with_head(Some(&headers), |head| {
        let content = Some(Content { body, size: 1 });
        look(&Facts { content, ..*head })
    })
}

fn with_query<T>(query: &str, look: impl FnOnce(&Facts<'_>) -> T) -> T {
    let query = Query::parse(Some(query));
    with_head(Some(&HeaderMap::new()), |head| {
        look(&Facts {
            query: &query,
            ..*head
        })
    })
}

fn with_head<T>(headers: Option<&HeaderMap>, look: impl FnOnce(&Facts<'_>) -> T) -> T {
    look(&Facts {
        method: "POST",
        path: &RequestPath::of("/"),
        host: "h",
        query: &Query::default(),
        headers,
        content: None,
        service: (ServiceId(1), "s"),
        agent: (AgentId(1), "a"),
        intent: "i",
        operation: None,
        operation_effect: None,
        now: Timestamp(0),
    })
}

fn matches(rule: Rule) -> bool {
    let rules = [CompiledRule::new(rule)];
    with_body("{\"a\":1}", |facts| {
        !matching_rules(&rules, facts).is_empty()
    })
}

#[test]
fn a_rule_without_a_condition_matches_by_its_scope() {
    assert!(matches(rule(RuleEffect::Allow, None)));
    for narrow in [
        |rule: &mut Rule| rule.service = Some(ServiceId(2)),
        |rule: &mut Rule| rule.agent = Some(AgentId(2)),
        |rule: &mut Rule| rule.enabled = false,
    ] {
        let mut narrowed = rule(RuleEffect::Deny, None);
        narrow(&mut narrowed);
        assert!(!matches(narrowed));
        let mut narrowed = rule(RuleEffect::Deny, Some("true"));
        narrow(&mut narrowed);
        assert!(!matches(narrowed));
    }
}

#[test]
fn a_rule_in_words_alone_matches_nothing_by_itself() {
    let mut words = rule(RuleEffect::Deny, None);
    words.text = Some("nothing over $100".to_owned());
    assert!(CompiledRule::new(words.clone()).is_in_words());
    assert!(!matches(words.clone()));
    words.condition = Some("request.body.a == 1".to_owned());
    assert!(matches(words));
}

#[test]
fn what_cannot_be_evaluated_matches_unless_it_allows() {
    for condition in [
        "request.body.b > 1",
        "request.body.a == \"1\"",
        "request.body.a",
        "no expression",
    ] {
        assert!(matches(rule(RuleEffect::Deny, Some(condition))));
        assert!(matches(rule(RuleEffect::RequireApproval, Some(condition))));
        assert!(!matches(rule(RuleEffect::Allow, Some(condition))));
    }
    let broken = CompiledRule::new(rule(RuleEffect::Deny, Some("no expression")));
    assert_eq!(broken.broken().map(|error| error.column), Some(4));
    assert!(broken.program().is_none());
    let rules = [
        broken,
        CompiledRule::new(rule(RuleEffect::Deny, Some("request.body.b > 1"))),
    ];
    let told: Vec<_> = with_body("{\"a\":1}", |facts| matching_rules(&rules, facts))
        .into_iter()
        .map(|(rule, how)| rule.matched(how).unevaluated)
        .collect();
    assert_eq!(
        told[1].as_deref(),
        Some("that field is missing (line 1, column 14)")
    );
    assert!(
        told[0]
            .as_deref()
            .unwrap()
            .starts_with("line 1, column 4: ")
    );
}

#[test]
fn a_failure_is_reported_by_its_position_and_not_by_the_content_of_the_request() {
    let program = Program::compile("true &&\n request.body.secret > 1").unwrap();
    let told = with_body("{\"secret\":\"hunter2\"}", |facts| {
        program.explain(program.evaluate(facts).unwrap_err())
    });
    assert_eq!(told, "that value has the wrong type (line 2, column 22)");
}

#[test]
fn work_is_bounded() {
    let body = format!("{{\"l\":[{}0]}}", "0,".repeat(60_000));
    for condition in [
        "request.body.l.exists(x, x > 1 || x > 2 || x > 3)",
        "request.body.l.all(x, x in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0])",
        "request.body.l + request.body.l == []",
    ] {
        let program = Program::compile(condition).unwrap();
        let failure = with_body(&body, |facts| program.evaluate(facts)).unwrap_err();
        assert_eq!(failure.cause, Cause::Work, "{condition}");
    }
    let name = |n: usize| format!("\"{n}{}\":1", "a".repeat(9_999));
    let names: Vec<String> = (0..9).map(name).collect();
    let (list, names) = ("0,".repeat(100), names.join(","));
    let body = format!("{{\"l\":[{list}0],\"m\":{{{names}}}}}");
    let program = Program::compile("request.body.l.all(x, size(request.body.m) == 9)").unwrap();
    let failure = with_body(&body, |facts| program.evaluate(facts)).unwrap_err();
    assert_eq!(failure.cause, Cause::Work);
    let program = Program::compile("[1, 2, 3, 4].all(n, !has(request.query.x))").unwrap();
    let decided = |query: &str| with_query(query, |facts| program.evaluate(facts));
    assert_eq!(decided("a=1"), Ok(true));
    let failure = decided(&"a&".repeat(200_000)).unwrap_err();
    assert_eq!(failure.cause, Cause::Work);
    // A list of a thousand is nothing.
    let body = format!("{{\"l\":[{}0]}}", "0,".repeat(1_000));
    let program = Program::compile("request.body.l.exists(x, x > 1 || x > 2)").unwrap();
    assert_eq!(with_body(&body, |facts| program.evaluate(facts)), Ok(false));
}

#[test]
fn a_name_that_is_there_twice_is_found_twice_in_a_large_map_too() {
    let members: Vec<String> = (0..1_000).map(|n| format!("\"m{n}\":{n}")).collect();
    let body = format!("{{{},\"m7\":7}}", members.join(","));
    let rules: Vec<CompiledRule> = ["m7", "m7", "m8", "m8", "none"]
        .into_iter()
        .map(|name| {
            CompiledRule::new(rule(
                RuleEffect::Allow,
                Some(&format!("request.body.{name} >= 7")),
            ))
        })
        .collect();
    let matched = with_body(&body, |facts| {
        matching_rules(&rules, facts)
            .into_iter()
            .map(|(rule, _)| rule.rule().condition.clone().unwrap())
            .collect::<Vec<_>>()
    });
    assert_eq!(matched, ["request.body.m8 >= 7", "request.body.m8 >= 7"]);
}

#[test]
fn what_was_not_kept_makes_a_rule_undecidable_only_where_it_matters() {
    let outcome = |condition: &str, effect| {
        let rules = [CompiledRule::new(rule(effect, Some(condition)))];
        with_head(None, |facts| {
            matching_rules(&rules, facts)
                .first()
                .map(|(_, how)| match how {
                    Match::Undecidable(_) => "undecidable",
                    Match::Yes => "yes",
                    Match::Unevaluated(_) | Match::No => "other",
                })
        })
    };
    for effect in [RuleEffect::Deny, RuleEffect::Allow] {
        let body = outcome("request.body.a > 1", effect);
        assert_eq!(body, Some("undecidable"));
        let neither = outcome("request.body.a > 1 && request.method == \"GET\"", effect);
        assert_eq!(neither, None);
        let either = outcome("request.body.a > 1 || request.method == \"POST\"", effect);
        assert_eq!(either, Some("yes"));
    }
}

/// The stack of a worker thread is 2 MiB.
#[test]
fn the_deepest_condition_that_is_taken_fits_on_a_small_stack() {
    let deep = [
        format!("{}true{}", "(".repeat(24), ")".repeat(24)),
        format!("{}true", "true ? true : ".repeat(24)),
        format!("{}true{}", "[".repeat(23), "]".repeat(23)) + " == []",
        format!("request.size{} > 1", "+1".repeat(60)),
        format!("has(request.body{})", ".a".repeat(60)),
        format!(
            "{}request.size == 1{}",
            "size([".repeat(11),
            "]) == 1".repeat(11)
        ),
        vec!["request.path == \"/a\""; 170].join(" || "),
        format!(
            "{}true{}",
            "(".repeat(24),
            " || b && c)".replace(['b', 'c'], "!false").repeat(24)
        ),
        format!("{}1{} > 0", "(".repeat(12), "+1+1+1+1)".repeat(12)),
        format!("{}1{} > 0", "-(".repeat(20), "+1)".repeat(20)),
        format!("{}true{}", "(true || ".repeat(24), ")".repeat(24)),
        format!(
            "{}true{}",
            "(".repeat(23),
            format!("{})", " || true".repeat(20)).repeat(23)
        ),
    ];
    std::thread::Builder::new()
        .stack_size(1 << 19)
        .spawn(move || {
            for text in deep {
                let program =
                    Program::compile(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
                with_body("{\"a\":1}", |facts| program.evaluate(facts)).ok();
            }
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn brackets_behind_a_malformed_text_do_not_take_the_parser_deeper() {
    let open = "(".repeat(2_000);
    for text in [
        format!("\"\n{open}"),
        format!("\"\\q{open}\""),
        format!("'''\\q{open}'''"),
        format!("[0xar\"\\\" , \"{open}\"]"),
    ] {
        assert!(Program::compile(&text).is_err(), "{text}");
    }
}

#[test]
fn a_list_that_is_written_out_has_a_limit() {
    let list = |items: usize| format!("request.size in [{}1]", "1,".repeat(items));
    assert!(Program::compile(&list(LITERAL_ITEMS_MAX - 1)).is_ok());
    assert!(Program::compile(&list(LITERAL_ITEMS_MAX)).is_err());
}

#[test]
fn what_a_condition_looks_at_is_known() {
    let uses = |text: &str| Program::compile(text).unwrap().uses();
    assert_eq!(uses("request.path == \"/a\""), Uses::default());
    for reads_the_body in [
        "request.size > 1",
        "request.body == null",
        "has(request.body)",
        "has(request.body.a)",
        "request.body[\"a\"] == 1",
        "request[\"body\"] == null",
        "[1].exists(x, x == request.size)",
        "size(string(request.size)) == 1",
        "request.method == \"GET\" || {\"a\": request.body}[\"a\"] == null",
    ] {
        // Anything but a field access is not an expression here, so nothing can bypass the names.
        if let Ok(program) = Program::compile(reads_the_body) {
            assert!(program.uses().body, "{reads_the_body}");
        } else {
            assert!(reads_the_body.contains("request["), "{reads_the_body}");
        }
    }
    assert!(uses("operation == null").operation);
}

#[test]
fn a_path_that_is_compared_exactly_is_warned_of_with_what_to_write_instead() {
    let warned = |text: &str| -> Vec<(u32, u32, bool)> {
        let program = Program::compile(text).unwrap();
        let warnings = program.warnings().iter();
        warnings
            .map(|one| {
                let suggests = one.message.contains("request.under(\"/v1/admin\")");
                (one.line, one.column, suggests)
            })
            .collect()
    };
    for (text, column) in [
        ("request.path == \"/v1/admin\"", 14),
        ("\"/v1/admin\" == request.path", 13),
        ("request.path.startsWith(\"/v1/admin\")", 14),
        ("request.path.startsWith(\"/v1/admin/\")", 14),
        ("request.path in [\"/v1/admin\"]", 14),
        ("true && !(request.path == \"/v1/admin\")", 24),
    ] {
        assert_eq!(warned(text), [(1, column, true)], "{text}");
    }
    let two = "request.path == \"/v1/admin\" ||\n request.path.startsWith(\"/v1/admin\")";
    assert_eq!(warned(two), [(1, 14, true), (2, 15, true)]);
    for text in [
        "request.under(\"/v1/admin\")",
        "request.path.endsWith(\"/refund\")",
        "request.host == \"/v1/admin\"",
        "intent.startsWith(\"/v1\")",
    ] {
        assert_eq!(warned(text), [], "{text}");
    }
}

#[test]
fn a_path_of_two_readings_is_denied_by_either_and_allowed_by_both_alone() {
    let decides = |effect, condition: &str, sent: &str| {
        let rules = [CompiledRule::new(rule(effect, Some(condition)))];
        let path = RequestPath::of(sent);
        with_head(Some(&HeaderMap::new()), |head| {
            !matching_rules(
                &rules,
                &Facts {
                    path: &path,
                    ..*head
                },
            )
            .is_empty()
        })
    };
    for (condition, sent, is_denied, is_allowed) in [
        (
            "request.path.startsWith(\"/v1/admin\")",
            "/v1%2Fadmin",
            true,
            false,
        ),
        (
            "!request.path.startsWith(\"/v1/admin\")",
            "/v1%2Fadmin",
            true,
            false,
        ),
        (
            "request.path.endsWith(\":delete\")",
            "/v1/x%3Adelete",
            true,
            false,
        ),
        (
            "request.path.startsWith(\"/v1/admin\")",
            "/v1/%61dmin",
            true,
            true,
        ),
        (
            "request.path.startsWith(\"/v1/admin\")",
            "/v1/%2561dmin",
            true,
            false,
        ),
        (
            "request.path.startsWith(\"/v1/a%2Fb/\")",
            "/v1/a%2fb/c",
            true,
            true,
        ),
        (
            "request.path == \"/v1/me%40x.org\"",
            "/v1/me%40x.org",
            true,
            true,
        ),
        ("request.path == \"/v1/admin\"", "/v1/100%25", false, false),
    ] {
        assert_eq!(
            decides(RuleEffect::Deny, condition, sent),
            is_denied,
            "{condition} {sent}"
        );
        assert_eq!(
            decides(RuleEffect::Allow, condition, sent),
            is_allowed,
            "{condition} {sent}"
        );
    }
}

/// Whether a rule matches the request of the other tests before its body has arrived.
fn by_head(rule: Rule) -> Option<bool> {
    let rules = [CompiledRule::new(rule)];
    with_head(Some(&HeaderMap::new()), |facts| {
        match matching_rules(&rules, facts).first() {
            None => Some(false),
            Some((_, Match::Undecidable(_))) => None,
            Some(_) => Some(true),
        }
    })
}

#[test]
fn a_rule_waits_for_the_body_only_where_the_head_does_not_decide_it() {
    for (condition, decided) in [
        ("request.path == \"/\"", Some(true)),
        ("size(request.headers) == 0", Some(true)),
        ("request.size > 5", None),
        ("request.body == null", None),
        ("has(request.body.a)", None),
        ("!has(request.body.a) || request.size == 0", None),
        ("request.body[\"a\"] == 1", None),
        (
            "request.method == \"GET\" && request.body.a > 1",
            Some(false),
        ),
        (
            "request.body.a > 1 && request.method == \"GET\"",
            Some(false),
        ),
        (
            "request.body.a > 1 || request.method == \"POST\"",
            Some(true),
        ),
        ("request.body.a > 1 || request.method == \"GET\"", None),
        ("request.size > 1 ? true : true", None),
    ] {
        for effect in [
            RuleEffect::Deny,
            RuleEffect::RequireApproval,
            RuleEffect::Allow,
        ] {
            assert_eq!(
                by_head(rule(effect, Some(condition))),
                decided,
                "{condition}"
            );
        }
    }
}

#[test]
fn what_the_head_decides_stays_decided_however_large_the_body_is() {
    let body = format!("{{\"l\":[{}0]}}", "0,".repeat(60_000));
    let heavy = "request.body.l.exists(x, x > 1 || x > 2 || x > 3)";
    for (condition, holds) in [
        (format!("{heavy} && request.method == \"GET\""), false),
        (format!("{heavy} || request.method == \"POST\""), true),
        // A failure of another kind comes first and is the one that is reported.
        (
            format!("request.body.l && {heavy} && request.method == \"GET\""),
            false,
        ),
    ] {
        let program = Program::compile(&condition).unwrap();
        let told = with_body(&body, |facts| program.evaluate(facts));
        assert_eq!(told, Ok(holds), "{condition}");
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=b";

#[test]
fn a_limit_on_a_field_holds_for_the_names_that_frameworks_bind_to_it() {
    for (name, value, outcome) in [
        ("amount", "50000", Ok(true)),
        ("amount", "5", Ok(false)),
        ("!amount", "50000", Err(Cause::Ambiguous)),
        ("?amount", "50000", Err(Cause::Ambiguous)),
        ("amount:int", "50000", Err(Cause::Ambiguous)),
        ("amount(1i)", "50000", Err(Cause::Ambiguous)),
        ("'amount'", "50000", Err(Cause::Ambiguous)),
        ("other:x", "1", Ok(false)),
        ("other(1i)", "1", Ok(false)),
        ("!other", "1", Ok(false)),
        ("_amount", "1", Ok(false)),
        ("note", "!amount: 'a' (1i)?", Ok(false)),
    ] {
        let decided = |of: &str| {
            let condition = format!("has({of}.amount) && int({of}.amount) > 10000");
            Program::compile(&condition).unwrap()
        };
        let (of_body, of_query) = (decided("request.body"), decided("request.query"));
        let causes = |program: &Program, facts: &Facts<'_>| {
            program.evaluate(facts).map_err(|failure| failure.cause)
        };
        let pair = format!("{}={}", name.replace('?', "%3F"), value.replace(' ', "+"));
        let form = with_form(FORM, &pair, |facts| causes(&of_body, facts));
        assert_eq!(form, outcome, "form {pair}");
        let query = with_query(&pair, |facts| causes(&of_query, facts));
        assert_eq!(query, outcome, "query {pair}");
        let head = format!("Content-Disposition: form-data; name=\"{name}\"");
        let body = format!("--b\r\n{head}\r\n\r\n{value}\r\n--b--\r\n");
        let multipart = with_form(MULTIPART, &body, |facts| causes(&of_body, facts));
        assert_eq!(multipart, outcome, "multipart {name}");
    }
    let nested = "has(request.body.to.amount) && int(request.body.to.amount) > 10000";
    let nested = Program::compile(nested).unwrap();
    for (body, outcome) in [
        ("to[amount]=50000", Ok(true)),
        ("to[other]=50000", Ok(false)),
        ("to['other']=50000", Ok(false)),
        ("to['amount']=50000", Err(Cause::Ambiguous)),
        ("to[%22amount%22]=50000", Err(Cause::Ambiguous)),
        ("to[amount:int]=50000", Err(Cause::Ambiguous)),
        ("!to[amount]=50000", Err(Cause::Ambiguous)),
        ("x=1&[%22to%22][amount]=50000", Err(Cause::Ambiguous)),
    ] {
        let decided = with_form(FORM, body, |facts| nested.evaluate(facts));
        let decided = decided.map_err(|failure| failure.cause);
        assert_eq!(decided, outcome, "{body}");
    }
}

/// Evaluates a condition on a form: its truth, or why it could not be evaluated.
fn on_form(condition: &str, body: &str) -> Result<bool, Cause> {
    let program = Program::compile(condition).unwrap();
    with_form(FORM, body, |facts| {
        program.evaluate(facts).map_err(|failure| failure.cause)
    })
}

#[test]
fn a_whole_number_of_a_form_is_compared_as_a_number() {
    let nested = "request.body.transfer_data.amount > 10000";
    assert_eq!(on_form(nested, "transfer_data[amount]=90000"), Ok(true));
    assert_eq!(on_form(nested, "transfer_data[amount]=50"), Ok(false));
    for (condition, holds) in [
        ("request.body.n == 5", true),
        ("5 == request.body.n", true),
        ("request.body.n != 5", false),
        ("request.body.n <= 5.5", true),
        ("-1 >= request.body.n", false),
        ("request.body.n in [1, 5]", true),
        ("request.body.n in [1, 2]", false),
        ("request.body.n in {5: true}", true),
        ("7 in request.body.l", true),
        ("8 in request.body.l", false),
        ("request.body.l[1] > 6", true),
        ("request.body.l.all(n, n > 5)", true),
        ("request.body.l.exists(n, n in [1, 2])", false),
        // It is a text as well.
        ("request.body.n == \"5\" && size(request.body.n) == 1", true),
        ("request.body.exists(name, name == \"n\")", true),
    ] {
        let form = on_form(condition, "n=5&l[]=6&l[]=7");
        assert_eq!(form, Ok(holds), "{condition}");
        let part = |name: &str, value: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body = part("n", "5") + &part("l[]", "6") + &part("l[]", "7") + "--b--\r\n";
        let program = Program::compile(condition).unwrap();
        let multipart = with_form(MULTIPART, &body, |facts| program.evaluate(facts));
        assert_eq!(multipart, Ok(holds), "{condition}");
    }
    let query = Program::compile("request.query.limit > 100").unwrap();
    let limited = |query_text: &str| with_query(query_text, |facts| query.evaluate(facts));
    assert_eq!(limited("limit=5"), Ok(false));
    assert_eq!(limited("limit=500"), Ok(true));
    let mut headers = HeaderMap::new();
    headers.insert("x-count", HeaderValue::from_static("3"));
    let header = Program::compile("request.headers[\"x-count\"] < 4").unwrap();
    let counted = with_head(Some(&headers), |facts| header.evaluate(facts));
    assert_eq!(counted, Ok(true));
}

#[test]
fn a_text_that_servers_may_read_as_another_number_is_not_compared_with_one() {
    for value in [
        "5.0",
        "5.",
        "1e9",
        "0x10",
        "+5",
        "%2B5",
        "%205",
        "5%20",
        "05",
        "-0",
        "1,000",
        "1_000",
        "9999999999999999",
        "NaN",
        "five",
        "true",
        "",
    ] {
        for condition in [
            "request.body.n > 1",
            "request.body.n < 1",
            "request.body.n == 5",
            "request.body.n != 5",
            "request.body.n in [5, 16]",
            "5 in [request.body.n]",
            "request.body.n in {5: true}",
            "request.body.n == true",
        ] {
            let outcome = on_form(condition, &format!("n={value}"));
            assert_eq!(outcome, Err(Cause::Untyped), "{condition} {value}");
        }
    }
    // Calculations need int() or double(), because `+` joins texts.
    for condition in [
        "request.body.n * 2 > 1",
        "request.body.n + request.body.n > 1",
    ] {
        assert!(on_form(condition, "n=5").is_err(), "{condition}");
    }
    // JSON has numbers, so a text is one on purpose, or to get past a rule.
    for condition in [
        "request.body.n > 1",
        "request.body.n == 5",
        "request.body.n in [5]",
    ] {
        assert_eq!(
            evaluated(condition, "{\"n\":\"5\"}"),
            Err(Cause::Kind),
            "{condition}"
        );
        assert_eq!(evaluated(condition, "{\"n\":5}"), Ok(true), "{condition}");
    }
}

#[test]
fn fields_in_brackets_are_found_by_their_path() {
    for (condition, body, outcome) in [
        (
            "\"b\" in request.body.items",
            "items[]=a&items[]=b",
            Ok(true),
        ),
        ("\"b\" in request.body.items", "items[]=a", Ok(false)),
        (
            "\"b\" in request.body.items",
            "items[0]=a&items[1]=b",
            Ok(true),
        ),
        ("\"b\" in request.body.items", "items=b", Err(Cause::Kind)),
        (
            "\"b\" in request.body.items",
            "items=a&items[]=b",
            Err(Cause::Repeated),
        ),
        (
            "has(request.body.transfer_data)",
            "transfer_data[amount]=5",
            Ok(true),
        ),
        (
            "has(request.body.transfer_data)",
            "transfer[amount]=5",
            Ok(false),
        ),
        (
            "has(request.body.transfer_data.to)",
            "transfer_data[amount]=5",
            Ok(false),
        ),
        (
            "request.body.amount < 10",
            "amount=1&amount[]=9",
            Err(Cause::Repeated),
        ),
        (
            "request.body.amount < 10",
            "amount=1&amount[x]=9",
            Err(Cause::Repeated),
        ),
        (
            "has(request.body.amount)",
            "amount=1&amount[]=9",
            Err(Cause::Repeated),
        ),
        (
            "request.body.amount < 10",
            "amount=1&amount=9",
            Err(Cause::Repeated),
        ),
    ] {
        assert_eq!(on_form(condition, body), outcome, "{condition} {body}");
    }
}

#[test]
fn a_condition_on_the_names_of_a_map_holds_for_their_other_spellings() {
    for condition in [
        "request.body.exists(k, k == \"amount\")",
        "!request.body.all(k, k != \"amount\")",
        "!request.body.all(k, \"amount\" != k)",
        "request.body.exists(k, k in [\"amount\"])",
        "request.body.exists(k, k in {\"amount\": true})",
        "request.body.exists(k, \"amount\" in [k])",
        "request.body.exists(k, k.lowerAscii() == \"amount\")",
        "request.body.exists(k, k.trim() == \"amount\")",
        "request.body.exists(k, k.startsWith(\"amount\"))",
        "request.body.exists(k, k.contains(\"mount\"))",
        "request.body.exists(k, k.endsWith(\"amount\"))",
        "request.body.exists(k, k.matches(\"^amount$\"))",
        "request.body.map(k, k).exists(n, n == \"amount\")",
        "\"amount\" in request.body.map(k, k)",
        "size(request.body.filter(k, k == \"amount\")) > 0",
    ] {
        let program = Program::compile(condition).unwrap();
        let decided = |form: &str| with_form(FORM, form, |facts| program.evaluate(facts));
        assert_eq!(decided("x=1&amount=5"), Ok(true), "{condition}");
        for form in ["x=1", "x=amount&note=AMOUNT", "amoun=5&x-y=1", "other:x=1"] {
            assert_eq!(decided(form), Ok(false), "{condition} {form}");
        }
        for form in [
            "AMOUNT=5",
            "Amount=5",
            "%20amount=5",
            "amount%20=5",
            "amount%00x=5",
            "%EF%BB%BFamount=5",
            "!amount=5",
            "amount:int=5",
        ] {
            // A search may find the name in another spelling of it.
            let outcome = decided(form).map_err(|failure| failure.cause);
            let is_open = matches!(outcome, Ok(true) | Err(Cause::Ambiguous));
            assert!(is_open, "{condition} {form}: {outcome:?}");
        }
        let json = with_body("{\"Amount \":5}", |facts| program.evaluate(facts));
        assert_ne!(json, Ok(false), "{condition}");
        let query = Program::compile(&condition.replace("body", "query")).unwrap();
        let query = with_query("AMOUNT=5", |facts| query.evaluate(facts));
        assert_ne!(query, Ok(false), "{condition}");
    }
    let mut headers = HeaderMap::new();
    headers.insert("x_mode", HeaderValue::from_static("live"));
    for (condition, outcome) in [
        (
            "request.headers.exists(k, k == \"X_Mode\")",
            Err(Cause::Ambiguous),
        ),
        (
            "request.headers.exists(k, k == \"x-mode\")",
            Err(Cause::Ambiguous),
        ),
        (
            "request.headers.exists(k, k.startsWith(\"x-\"))",
            Err(Cause::Ambiguous),
        ),
        ("request.headers.exists(k, k == \"x_mode\")", Ok(true)),
        (
            "request.headers.exists(k, k.matches(\"^x-mode$\"))",
            Err(Cause::Ambiguous),
        ),
        (
            "request.headers.exists(k, k in [\"x-mode\"])",
            Err(Cause::Ambiguous),
        ),
        ("request.headers.exists(k, k.contains(\"-\"))", Ok(false)),
        ("request.headers.exists(k, k == \"x-other\")", Ok(false)),
        ("[\"X_MODE\"].exists(k, k == \"x_mode\")", Ok(false)),
        ("{\"X\": 1}.exists(k, k == \"x\")", Ok(false)),
    ] {
        let program = Program::compile(condition).unwrap();
        let decided = with_head(Some(&headers), |facts| program.evaluate(facts));
        let decided = decided.map_err(|failure| failure.cause);
        assert_eq!(decided, outcome, "{condition}");
    }
    for (condition, body, outcome) in [
        (
            "request.body.tags.exists(t, t == \"Amount\")",
            "{\"tags\":[\"amount\"]}",
            Ok(false),
        ),
        (
            "request.body.all(k, k.matches(\"^(firstName|last_name)$\"))",
            "{\"firstName\":1,\"last_name\":2}",
            Ok(true),
        ),
        (
            "request.body.all(k, k in [\"firstName\", \"user.name\", \"user\"])",
            "{\"firstName\":1,\"user.name\":2}",
            Ok(true),
        ),
        (
            "request.body.exists(k, k.contains(\".\"))",
            "{\"user_id\":1}",
            Ok(false),
        ),
        (
            "request.body.exists(k, k == \"user-id\")",
            "{\"user_id\":1}",
            Ok(false),
        ),
        (
            "request.body.exists(k, k.startsWith(\"user_\"))",
            "{\"user.id\":1}",
            Err(Cause::Ambiguous),
        ),
        (
            "request.body.exists(k, k.startsWith(\"isAdmin\"))",
            "{\"isadmin\":1}",
            Err(Cause::Ambiguous),
        ),
    ] {
        let program = Program::compile(condition).unwrap();
        let decided = with_body(body, |facts| program.evaluate(facts));
        let decided = decided.map_err(|failure| failure.cause);
        assert_eq!(decided, outcome, "{condition}");
    }
}

/// Evaluates a condition on a body of JSON: its truth, or why it could not be evaluated.
fn evaluated(condition: &str, body: &str) -> Result<bool, Cause> {
    let program = Program::compile(condition).unwrap();
    with_body(body, |facts| {
        program.evaluate(facts).map_err(|failure| failure.cause)
    })
}

#[test]
fn an_amount_of_money_is_compared_in_units_of_its_currency() {
    for (amount, currency, units) in [
        ("1050", "usd", "10.5"),
        ("1010", "EUR", "10.1"),
        ("10000", "jpy", "10000"),
        ("10500", "KWD", "10.5"),
        ("10.5", "USD", "10.5"),
        ("\"10.50\"", "USD", "10.5"),
        ("\"-0.50\"", "USD", "-0.5"),
        ("\"10000\"", "JPY", "10000"),
    ] {
        let body = format!(r#"{{"amount":{amount},"currency":"{currency}"}}"#);
        let condition = format!("money(request.body.amount, request.body.currency) == {units}");
        assert_eq!(evaluated(&condition, &body), Ok(true), "{body}");
    }
}

#[test]
fn an_amount_of_money_whose_unit_is_not_certain_is_not_evaluated() {
    for (amount, currency, cause) in [
        ("\"1050\"", "USD", Cause::Unit),
        ("\"1e3\"", "USD", Cause::Unreadable),
        ("\"0x10\"", "USD", Cause::Unreadable),
        ("\" 99 \"", "USD", Cause::Unreadable),
        ("\"1,000.00\"", "USD", Cause::Unreadable),
        ("\"1.000.000\"", "USD", Cause::Unreadable),
        ("1050", "XYZ", Cause::Unreadable),
        ("1050", "ISK", Cause::Unreadable),
        ("true", "USD", Cause::Kind),
    ] {
        let body = format!(r#"{{"amount":{amount},"currency":"{currency}"}}"#);
        let condition = "money(request.body.amount, request.body.currency) > 100";
        assert_eq!(evaluated(condition, &body), Err(cause), "{body}");
    }
    // The author decides for the whole texts of a form.
    let body = r#"{"amount":"20000"}"#;
    let minor = "money(int(request.body.amount), \"usd\") == 200.0";
    assert_eq!(evaluated(minor, body), Ok(true));
    let units = "money(double(request.body.amount), \"usd\") == 20000.0";
    assert_eq!(evaluated(units, body), Ok(true));
    assert!(Program::compile("money(request.body.amount, \"dollars\") > 1.0").is_err());
    assert!(Program::compile("money(request.body.amount) > 1.0").is_err());
}

#[test]
fn int_of_a_field_that_may_have_decimals_is_warned_of() {
    let warnings = |text: &str| Program::compile(text).unwrap().warnings().len();
    assert_eq!(warnings("int(request.body.amount.value) > 100"), 1);
    assert_eq!(warnings("double(request.body.amount.value) > 100.0"), 0);
    assert_eq!(warnings("int(request.query.page) > 100"), 0);
}
