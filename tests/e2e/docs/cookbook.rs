//! The rules of the book are valid: each one can be saved, and each request that the book lists below it is decided
//! as the book says.

use gaiterguard_testkit::{Agent, EchoUpstream, Human, Storage, TestGateway};
use http::Method;
use serde_json::{Value, json};

const COOKBOOK: &str = include_str!("../../../docs/src/guide/cookbook.md");
const RULES: &str = include_str!("../../../docs/src/guide/rules.md");

/// How many recipes the page announces.
const RECIPES: usize = 20;

/// The document of the service `museum`.
const MUSEUM: &str =
    r#"{"openapi": "3.1.0", "paths": {"/museum-hours": {"get": {"summary": "Get hours"}}}}"#;

/// One rule of the cookbook.
#[derive(Debug, Default)]
struct Recipe {
    title: String,
    effect: String,
    condition: String,
    examples: Vec<Example>,
}

/// One line below a rule.
#[derive(Debug)]
struct Example {
    line: String,
    matches: bool,
    service: String,
    proposal: Value,
}

/// Returns the contents of the fenced blocks of a language.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .map(|rest| rest.split_once("\n```").expect("a closed block").0)
        .collect()
}

fn recipes() -> Vec<Recipe> {
    COOKBOOK
        .split("\n### ")
        .skip(1)
        .map(|section| {
            let (title, rest) = section.split_once('\n').unwrap();
            let effect = rest
                .lines()
                .find_map(|line| line.strip_prefix('`')?.strip_suffix('`'))
                .unwrap_or_else(|| panic!("{title}: no effect"));
            let [condition] = blocks(rest, "cel")[..] else {
                panic!("{title}: not one condition")
            };
            let [examples] = blocks(rest, "text")[..] else {
                panic!("{title}: not one list of requests")
            };
            Recipe {
                title: title.to_owned(),
                effect: effect.to_owned(),
                condition: condition.to_owned(),
                examples: examples.lines().map(example).collect(),
            }
        })
        .collect()
}

/// Reads `matches  SERVICE METHOD PATH BODY # INTENT`.
fn example(line: &str) -> Example {
    let (request, intent) = line
        .split_once(" # ")
        .unwrap_or((line, "Do what Ann asked"));
    let mut parts = request.split_whitespace();
    let matches = match parts.next() {
        Some("matches") => true,
        Some("passes") => false,
        other => panic!("{line}: {other:?} is neither `matches` nor `passes`"),
    };
    let mut next = || parts.next().unwrap_or_else(|| panic!("{line}: too short"));
    let (service, method, path) = (next(), next(), next());
    let at = request.find(path).unwrap() + path.len();
    let mut proposal = json!({
        "service": service, "method": method, "path": path, "intent": intent,
    });
    match request[at..].trim() {
        "" => {}
        size if size.starts_with('<') => {
            let bytes: usize = size[1..].split_once(' ').unwrap().0.parse().unwrap();
            proposal["body"] = json!({"text": "x".repeat(bytes - 11)});
        }
        body if body.starts_with(['{', '[']) => {
            proposal["body"] = serde_json::from_str(body).unwrap();
        }
        form => {
            proposal["headers"] = json!({"Content-Type": "application/x-www-form-urlencoded"});
            proposal["body"] = json!(form);
        }
    }
    Example {
        line: line.to_owned(),
        matches,
        service: service.to_owned(),
        proposal,
    }
}

/// Creates an agent that may use a service for each name in the book. All point to one upstream.
async fn agent(human: &Human, upstream: &EchoUpstream, recipes: &[Recipe]) -> Agent {
    let mut names: Vec<&str> = recipes
        .iter()
        .flat_map(|recipe| &recipe.examples)
        .map(|example| example.service.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut services = Vec::new();
    for name in names {
        let service = human
            .create_bearer_service(name, &upstream.url(), "the credential of the cookbook")
            .await;
        if name == "museum" {
            human.add_document(&service, "openapi", MUSEUM).await;
        }
        services.push(service);
    }
    let services: Vec<_> = services.iter().collect();
    human.create_agent("assistant", &services).await
}

#[tokio::test]
async fn every_rule_of_the_cookbook_decides_as_documented() {
    let recipes = recipes();
    assert_eq!(recipes.len(), RECIPES);
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let upstream = EchoUpstream::start().await;
    let human = Human::register(&gateway).await;
    let agent = agent(&human, &upstream, &recipes).await;
    for recipe in &recipes {
        let results: Vec<bool> = recipe
            .examples
            .iter()
            .map(|example| example.matches)
            .collect();
        assert!(results.contains(&true), "{}: nothing matches", recipe.title);
        assert!(results.contains(&false), "{}: nothing passes", recipe.title);
        let rule = json!({
            "name": recipe.title, "effect": recipe.effect, "condition": recipe.condition,
        });
        let saved = human.post("/rules").json(rule).send().await;
        let rule = saved.expect_status(201).json();
        for example in &recipe.examples {
            check(&agent, &rule, recipe, example).await;
        }
        let path = format!("/rules/{}", rule["id"]);
        human.delete(&path).send().await.expect_status(200);
    }
}

async fn check(agent: &Agent, rule: &Value, recipe: &Recipe, example: &Example) {
    let call = agent.call(Method::POST, "/proxy/dry-run");
    let response = call.json(example.proposal.clone()).send().await;
    // A denial is reported as a decision; only a request that is malformed is refused before the rules.
    if response.status == 400 {
        assert!(!example.matches, "{}: {}", recipe.title, example.line);
        return;
    }
    let verdict = response.expect_status(200).json();
    let matched = verdict["matched_rules"].as_array().unwrap();
    let is_matched = matched.iter().any(|matched| matched["id"] == rule["id"]);
    assert_eq!(
        is_matched, example.matches,
        "{}: {}: {verdict}",
        recipe.title, example.line
    );
    if example.matches {
        let decision = match recipe.effect.as_str() {
            "deny" => "deny",
            "require_approval" => "hold",
            _ => "forward",
        };
        assert_eq!(
            verdict["decision"], decision,
            "{}: {}",
            recipe.title, example.line
        );
    }
}

#[tokio::test]
async fn every_condition_in_the_chapter_on_rules_is_valid() {
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let human = Human::register(&gateway).await;
    let conditions = blocks(RULES, "cel");
    assert!(conditions.len() > 5, "{conditions:?}");
    for condition in conditions {
        for effect in ["deny", "require_approval", "allow"] {
            let proposal = json!({"effect": effect, "condition": condition});
            let response = human.post("/rules/validate").json(proposal).send().await;
            let result = response.expect_status(200).json();
            assert_eq!(result["valid"], true, "{condition}: {result}");
        }
    }
}
