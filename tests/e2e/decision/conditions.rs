//! Rules with conditions: what they can read, how errors are reported, and what happens if a condition cannot be
//! evaluated.

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{Held, Response, Storage, on_both_databases};
use serde_json::{Value, json};

on_both_databases!(
    proposed_rules_are_simulated_on_past_requests,
    a_simulation_adds_up_the_money_that_would_be_released,
);

/// An OpenAPI document with one operation, for the scene's service.
const DESCRIPTION: &str = r#"{"openapi": "3.1.0", "paths": {"/v1/charges": {"post": {
    "operationId": "createCharge", "summary": "Creates a charge",
    "tags": ["charges", "money"], "deprecated": true}}}}"#;

fn rule(effect: &str, condition: &str) -> Value {
    json!({"name": format!("{effect} it"), "effect": effect, "condition": condition})
}

/// Returns a proposal to charge this amount.
fn charge(amount: &Value) -> Value {
    let mut request = post("/v1/charges?expand=x&a=1&a=2", json!({"amount": amount}));
    request["headers"] = json!({"X-Team": "billing", "X-Many": ["a", "b"]});
    request["intent"] = json!("Charge the customer");
    request
}

async fn save(scene: &Scene, rule: Value) -> Response {
    scene.human.post("/rules").json(rule).send().await
}

/// Returns the decision on a request while this rule is the only one.
async fn decision(scene: &Scene, effect: &str, condition: &str, request: &Value) -> String {
    let saved = save(scene, rule(effect, condition)).await;
    let saved = saved.expect_status(201).json();
    let simulated = scene.dry_run(request).await;
    let path = format!("/rules/{}", saved["id"]);
    scene.human.delete(&path).send().await.expect_status(200);
    simulated["decision"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_condition_can_read_every_part_of_a_request() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene
        .human
        .add_document(&scene.service, "openapi", DESCRIPTION)
        .await;
    let request = charge(&json!(500));
    for condition in [
        "request.method == 'POST'",
        "request.path == '/v1/charges'",
        "request.host == '127.0.0.1'",
        "request.query.expand == 'x' && 'a' in request.query && !('b' in request.query)",
        "request.headers['x-team'] == 'billing' && 'x-many' in request.headers",
        "request.headers['content-type'].startsWith('application/json')",
        "request.body.amount == 500 && has(request.body.amount) && !has(request.body.currency)",
        "request.size == 14",
        &format!(
            "service.id == {} && service.name == 'things'",
            scene.service.id
        ),
        &format!(
            "agent.id == {} && agent.name == 'assistant'",
            scene.agent.id
        ),
        "intent == 'Charge the customer'",
        "operation.id == 'createCharge' && operation.summary == 'Creates a charge'",
        "'money' in operation.tags && operation.deprecated",
        "operation.effect == 'pays' && operation.effect in ['pays', 'deletes']",
        "now > timestamp('2024-01-01T00:00:00Z')",
    ] {
        assert_eq!(
            decision(&scene, "deny", condition, &request).await,
            "deny",
            "{condition}"
        );
    }
    let mut form = request.clone();
    form["headers"] = json!({"Content-Type": "application/x-www-form-urlencoded"});
    form["body"] = json!("amount=500&name=a%20b");
    let condition = "request.body.amount == '500' && request.body.name == 'a b'";
    assert_eq!(decision(&scene, "deny", condition, &form).await, "deny");
    // Plain text is a body that cannot be read, and without a document the operation is null.
    let mut text = request.clone();
    text["headers"] = json!({"Content-Type": "text/plain"});
    text["body"] = json!("amount: 500");
    text["path"] = json!("/v2/charges");
    let condition = "request.body == null && operation == null && operation.effect == null";
    assert_eq!(decision(&scene, "deny", condition, &text).await, "deny");
    assert_eq!(
        decision(&scene, "deny", "operation == null", &text).await,
        "deny"
    );
}

#[tokio::test]
async fn a_condition_that_cannot_be_evaluated_counts_against_the_request() {
    let scene = Scene::new(Storage::Sqlite).await;
    let request = post("/v1/charges", json!({"amount": "much"}));
    let untouched = scene.dry_run(&request).await["decision"].clone();
    assert_eq!(untouched, "hold");
    let read = self::request("GET", "/v1/charges");
    for condition in [
        "int(request.body.amount) > 10",
        "request.body.currency == 'usd'",
    ] {
        for (effect, request, expected) in [
            ("deny", &request, "deny"),
            ("require_approval", &read, "hold"),
            ("allow", &request, "hold"),
        ] {
            let decided = decision(&scene, effect, condition, request).await;
            assert_eq!(decided, expected, "{effect} {condition}");
        }
    }
    // A test for the field prevents the failure.
    let tested = "has(request.body.currency) && request.body.currency == 'usd'";
    assert_eq!(decision(&scene, "deny", tested, &request).await, "hold");
    save(&scene, rule("deny", "int(request.body.amount) > 10"))
        .await
        .expect_status(201);
    let denied = scene
        .agent
        .propose(request)
        .idempotency_key("much")
        .send()
        .await;
    let denied = denied.expect_problem(403, "policy_denied").json();
    assert_eq!(denied["matched_rules"][0]["name"], "deny it");
    assert_eq!(scene.upstream.connections(), 0);
}

#[tokio::test]
async fn the_documented_example_holds_the_documented_requests() {
    let mut scene = Scene::new(Storage::Sqlite).await;
    let base_url = format!("{}/stripe", scene.upstream.url());
    let stripe = scene
        .human
        .create_bearer_service("stripe", &base_url, "x")
        .await;
    scene.agent = scene.human.create_agent("biller", &[&stripe]).await;
    let condition = "service.name == \"stripe\" && request.path.startsWith(\"/stripe/v1/charges\") \
                     && int(request.body.amount) > 10000";
    scene.allow_everything().await;
    save(&scene, rule("require_approval", condition))
        .await
        .expect_status(201);
    for (amount, decision) in [
        (json!(10_000), "forward"),
        (json!(10_001), "hold"),
        (json!("10001"), "hold"),
        (json!("a lot"), "hold"),
    ] {
        let mut request = charge(&amount);
        request["service"] = json!("stripe");
        let simulated = scene.dry_run(&request).await;
        assert_eq!(simulated["decision"], decision, "{simulated}");
    }
}

#[tokio::test]
async fn an_error_in_a_condition_is_reported_with_line_and_column() {
    let scene = Scene::new(Storage::Sqlite).await;
    let bad = "request.method == 'POST' &&\n  request.boddy.amount > 1";
    let refused = save(&scene, rule("deny", bad)).await;
    let refused = refused.expect_problem(422, "not_understood").json();
    let error = &refused["errors"][0];
    assert_eq!(error["field"], "condition", "{refused}");
    assert_eq!((&error["line"], &error["column"]), (&json!(2), &json!(11)));
    assert!(
        error["message"].as_str().unwrap().contains("body"),
        "{refused}"
    );

    let validate = async |condition: &str| {
        let call = scene.human.post("/rules/validate");
        let call = call.json(json!({"condition": condition}));
        call.send().await.expect_status(200).json()
    };
    assert_eq!(
        validate("request.method == 'POST'").await,
        json!({"valid": true, "errors": []})
    );
    let simulated = validate(bad).await;
    assert_eq!(simulated["valid"], false);
    assert_eq!(simulated["errors"][0]["line"], 2);
    let deep = format!("{}true{}", "(".repeat(200), ")".repeat(200));
    let long = format!("intent == '{}'", "x".repeat(5_000));
    let nested = "request.body.a.all(x, x.b.exists(y, y.c.all(z, z > 1)))";
    for condition in ["", "1 +", "request.method", deep.as_str(), &long, nested] {
        assert_eq!(validate(condition).await["valid"], false, "{condition}");
        let response = save(&scene, rule("deny", condition)).await;
        assert!(
            response.status.is_client_error(),
            "{condition}: {}",
            response.text()
        );
    }
    let rules = scene.human.get("/rules").send().await.json();
    assert_eq!(rules["items"], json!([]));
}

/// An OpenAPI document with the body of a payment.
const PAYMENTS: &str = r#"{"openapi": "3.1.0", "paths": {
    "/v1/payouts": {"post": {"operationId": "createPayout", "summary": "Pay out",
        "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {
            "amount": {"type": "integer", "description": "Amount in cents"},
            "currency": {"type": "string"}}}}}}}},
    "/v1/payouts/{id}": {"get": {"operationId": "getPayout", "summary": "Get a payout"}}}}"#;

#[tokio::test]
async fn the_author_of_a_condition_is_warned_of_unlisted_fields_and_of_allowing_everything() {
    let scene = Scene::new(Storage::Sqlite).await;
    let human = &scene.human;
    human
        .add_document(&scene.service, "openapi", PAYMENTS)
        .await;
    let warnings = async |body: Value| {
        let call = human.post("/rules/validate").json(body);
        let checked = call.send().await.expect_status(200).json();
        assert_eq!(checked["valid"], true, "{checked}");
        checked["warnings"].clone()
    };
    let condition = "has(request.body.amuont) && double(request.body.amuont) > 10000";
    let id = scene.service.id;
    assert_eq!(
        warnings(json!({"condition": condition, "service_id": id})).await,
        json!([{
            "field": "condition", "line": 1, "column": 1,
            "message": "no document of this service lists the body field `amuont`; did you mean `amount`?",
        }])
    );
    assert_eq!(warnings(json!({"condition": condition})).await, Value::Null);
    let right = "double(request.body.amount) > 10000 && operation.effect == 'pays'";
    assert_eq!(
        warnings(json!({"condition": right, "service_id": id})).await,
        Value::Null
    );
    for (body, expected) in [
        (json!({}), "without a condition"),
        (json!({"condition": "true"}), "always true"),
        (
            json!({"condition": "1 == 1 || request.size > 5"}),
            "always true",
        ),
        (json!({"condition": "request.size > 5"}), ""),
    ] {
        let mut rule = body.clone();
        rule["name"] = json!("Open");
        rule["effect"] = json!("allow");
        let saved = save(&scene, rule).await.expect_status(201).json();
        let found = saved["warnings"].as_array().unwrap();
        assert_eq!(found.is_empty(), expected.is_empty(), "{saved}");
        assert!(
            found.iter().all(|warning| {
                let message = warning["message"].as_str().unwrap();
                message.contains(expected) && message.contains("allows every request")
            }),
            "{saved}"
        );
    }
    let refused = save(&scene, rule("deny", "operation.effect == 'payment'")).await;
    let refused = refused.expect_problem(422, "not_understood").json();
    let message = refused["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("expected one of deletes, pays,"),
        "{message}"
    );
}

async fn a_simulation_adds_up_the_money_that_would_be_released(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene
        .human
        .add_document(&scene.service, "openapi", PAYMENTS)
        .await;
    for (number, (amount, currency)) in [(125_000, "eur"), (50, "eur"), (700, "usd")]
        .into_iter()
        .enumerate()
    {
        let body = json!({"amount": amount, "currency": currency});
        let payout = post("/v1/payouts", body);
        let key = number.to_string();
        scene.agent.propose_held(payout, &key).await;
    }
    // Without a currency the sum of money is not known.
    let unknown = post("/v1/payouts", json!({"amount": 1}));
    scene.agent.propose_held(unknown, "unknown").await;
    scene.get("/v1/payouts/1").await.expect_status(200);
    let call = scene.human.post("/rules/simulate");
    let rules = json!([rule("allow", "operation.effect == 'pays'")]);
    let call = call.json(json!({"rules": rules}));
    let simulated = call.send().await.expect_status(200).json();
    let released = &simulated["released"];
    assert_eq!(
        (&simulated["matches"], &released["count"]),
        (&json!(4), &json!(4))
    );
    assert_eq!(
        released["amounts"],
        json!([
            {"currency": "EUR", "value": "1250.50", "requests": 2},
            {"currency": "USD", "value": "7.00", "requests": 1},
        ])
    );
    let example = &released["examples"][1];
    assert_eq!(example["effect"], "pays");
    assert_eq!(example["summary"]["amount"]["value"], "7.00");
}

async fn proposed_rules_are_simulated_on_past_requests(storage: Storage) {
    let scene = Scene::new(storage).await;
    for number in 0..3 {
        scene
            .get(&format!("/read/{number}"))
            .await
            .expect_status(200);
    }
    let held = Held::from_response(
        scene
            .agent
            .propose(request("DELETE", "/note/1"))
            .send()
            .await,
    );
    let simulate = async |rules: Value| {
        let call = scene.human.post("/rules/simulate");
        let call = call.json(json!({"rules": rules, "days": 1}));
        call.send().await.expect_status(200).json()
    };
    let simulated = simulate(json!([
        rule("allow", "request.method == 'DELETE'"),
        rule("require_approval", "request.path.endsWith('/0')"),
        rule(
            "deny",
            "request.path.endsWith('/1') && request.method == 'GET'"
        ),
    ]))
    .await;
    assert_eq!(simulated["requests"], 4, "{simulated}");
    for (change, count) in [("released", 1), ("held", 1), ("denied", 1), ("admitted", 0)] {
        assert_eq!(simulated[change]["count"], count, "{change}: {simulated}");
    }
    let released = &simulated["released"]["examples"][0];
    assert_eq!(released["action_id"], json!(held.action_id));
    assert_eq!(released["before"], "hold");
    assert_eq!(released["after"], "forward");
    assert_eq!(released["rule"]["name"], "allow it");
    assert_eq!(released["effect"], "deletes");
    assert!(released["summary"]["headline"].is_array(), "{released}");
    let held_now = &simulated["held"]["examples"][0];
    assert_eq!(
        (&held_now["effect"], &held_now["summary"]),
        (&json!("reads"), &Value::Null)
    );
    assert_eq!(
        (&simulated["matches"], &simulated["possible_matches"]),
        (&json!(3), &json!(0))
    );
    assert!(simulated["prompts_per_day"]["before"].as_f64().unwrap() > 0.0);
    // The bodies of forwarded requests are not kept.
    let simulated = simulate(json!([rule("deny", "request.body.amount > 1")])).await;
    assert_eq!(simulated["undecidable"]["count"], 3, "{simulated}");
    // The held request has no body, so the condition cannot be evaluated, which counts as matched.
    assert_eq!(
        (&simulated["matches"], &simulated["possible_matches"]),
        (&json!(1), &json!(3))
    );
    // No part of it was kept.
    let rules = scene.human.get("/rules").send().await.json();
    assert_eq!(rules["items"], json!([]));
    assert_eq!(scene.human.pending().await.len(), 1);
}
