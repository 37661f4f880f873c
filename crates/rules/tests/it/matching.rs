//! How rules match, and what happens where one cannot be evaluated.

use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::rule::{Rule, RuleEffect};
use gaiterguard_rules::{CompiledRule, Facts, Match, Program, RequestPath, matching_rules};
use http::HeaderMap;

use crate::facts::{matches, rule, with_body, with_head};

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
