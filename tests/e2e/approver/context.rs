//! Approvers are shown how a held request compares with earlier requests and rulings.

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{Agent, DirectDatabase, Held, Storage, on_both_databases};
use serde_json::{Value, json};

on_both_databases!(
    a_first_request_is_reported_as_such,
    lists_report_the_same_as_single_actions,
    rulings_on_requests_to_the_same_operation_are_counted,
    only_an_approval_makes_a_recipient_known,
    an_amount_is_compared_with_approved_amounts,
    forwarded_requests_are_earlier_requests,
    unknown_comparisons_are_null,
);

/// Creates a scene with a rule that holds every request.
async fn holding(storage: Storage) -> Scene {
    let scene = Scene::new(storage).await;
    let rule = json!({"name": "Everything", "effect": "require_approval", "enabled": true});
    scene.human.create_rule(rule).await;
    scene
}

async fn payout(agent: &Agent, amount: &str, currency: &str, to: &str, key: &str) -> Held {
    let body = json!({"amount": amount, "currency": currency, "destination": to});
    agent.propose_held(post("/v1/payouts", body), key).await
}

async fn context(scene: &Scene, held: &Held) -> Value {
    scene.human.action(held).await["context"].clone()
}

async fn a_first_request_is_reported_as_such(storage: Storage) {
    let scene = holding(storage).await;
    let held = payout(&scene.agent, "120.50", "EUR", "acct_1", "one").await;
    let context = context(&scene, &held).await;
    let since: jiff::Timestamp = context["since"].as_str().unwrap().parse().unwrap();
    let days = jiff::Timestamp::now().duration_since(since).as_hours() / 24;
    assert!((29..=30).contains(&days), "{since}");
    assert_eq!(
        context,
        json!({
            "first_by_agent": true, "first_to_target": true,
            "approved": 0, "denied": 0, "since": context["since"], "repeats": null, "earlier": null,
            "amount": {
                "currency": "EUR", "unit_is_documented": true, "value": "120.50",
                "lowest": null, "highest": null, "count": 0,
            },
        })
    );
    let preview = format!("/approvals/{}?preview=true", held.action_id);
    assert_eq!(scene.human.read(&preview).await["context"]["approved"], 0);
}

async fn rulings_on_requests_to_the_same_operation_are_counted(storage: Storage) {
    let scene = holding(storage).await;
    let mut all = Vec::new();
    for number in 0..6 {
        let path = format!("/v1/charges/ch_{number}abc/refund");
        let key = format!("key-{number}");
        let held = scene.agent.propose_held(post(&path, json!({})), &key).await;
        all.push(held);
    }
    scene.human.approve(&all[0]).await;
    scene.human.approve(&all[1]).await;
    scene.human.deny(&all[2], "no").await;
    scene.human.approve(&all[3]).await;
    let revoked = scene.human.decide(&all[3], "revoke", json!({})).await;
    revoked.expect_status(200);
    let counts = async |held: &Held| {
        let context = context(&scene, held).await;
        let count = |name: &str| context[name].as_u64().unwrap();
        (count("approved"), count("denied"))
    };
    assert_eq!(counts(&all[5]).await, (2, 1));
    // An action does not count itself.
    assert_eq!(counts(&all[0]).await, (1, 1));
    assert_eq!(counts(&all[2]).await, (2, 0));
    assert_eq!(context(&scene, &all[0]).await["first_by_agent"], true);
    assert_eq!(context(&scene, &all[5]).await["first_by_agent"], false);

    let elsewhere = post("/v1/charges/ch_1abc/capture", json!({}));
    let elsewhere = scene.agent.propose_held(elsewhere, "capture").await;
    assert_eq!(counts(&elsewhere).await, (0, 0));
    let colleague = scene
        .human
        .create_agent("colleague", &[&scene.service])
        .await;
    let same = post("/v1/charges/ch_7abc/refund", json!({}));
    let same = colleague.propose_held(same, "refund").await;
    assert_eq!(counts(&same).await, (0, 0));
    assert_eq!(context(&scene, &same).await["first_by_agent"], true);
}

async fn lists_report_the_same_as_single_actions(storage: Storage) {
    let scene = holding(storage).await;
    let colleague = scene
        .human
        .create_agent("colleague", &[&scene.service])
        .await;
    for (number, amount) in ["9.50", "120.00"].into_iter().enumerate() {
        let key = format!("approved-{number}");
        let held = payout(&scene.agent, amount, "EUR", "acct_1", &key).await;
        scene.human.approve(&held).await;
    }
    let denied = payout(&colleague, "1.00", "EUR", "acct_2", "denied").await;
    scene.human.deny(&denied, "no").await;
    let read = scene.agent.propose(request("GET", "/reports/r-17"));
    Held::from_response(read.send().await);
    payout(&scene.agent, "12500.00", "EUR", "acct_1", "usual").await;
    payout(&colleague, "33.00", "USD", "acct_2", "unusual").await;
    let refund = post(
        "/v1/charges/ch_1abc/refund",
        json!({"amount": "5.00", "currency": "EUR"}),
    );
    scene.agent.propose_held(refund, "refund").await;
    let removal = scene.hold("removal").await;
    let mut database = DirectDatabase::open(&scene.gateway).await;
    let unreadable = format!(
        "UPDATE actions SET digest = operation WHERE id = '{}'",
        removal.action_id
    );
    database.change(&unreadable).await;

    let pending = scene.human.read("/approvals/pending").await;
    let all = scene.human.read("/approvals").await;
    let of = |list: &Value| list.as_array().unwrap().clone();
    let (pending, all) = (of(&pending["approvals"]), of(&all["items"]));
    assert_eq!((pending.len(), all.len()), (5, 8));
    for listed in pending.iter().chain(&all) {
        let id = listed["action_id"].as_str().unwrap();
        let single = scene.human.read(&format!("/approvals/{id}")).await;
        let (mut listed, mut single) = (listed["context"].clone(), single["context"].clone());
        if id == removal.action_id {
            assert_eq!((&listed, &single), (&json!(null), &json!(null)));
            continue;
        }
        // Measured from now.
        assert!(listed["since"].take().is_string() && single["since"].take().is_string());
        assert_eq!(listed, single, "{id}");
        assert!(listed["approved"].is_u64(), "{listed}");
    }
    let usual = &pending[1]["context"];
    assert_eq!(
        (&usual["first_to_target"], &usual["approved"]),
        (&json!(false), &json!(2))
    );
    assert_eq!(usual["amount"]["highest"], "120.00");
    let unusual = &pending[2]["context"];
    assert_eq!(
        (&unusual["first_to_target"], &unusual["denied"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(unusual["amount"]["count"], 0);
}

async fn only_an_approval_makes_a_recipient_known(storage: Storage) {
    let scene = holding(storage).await;
    let colleague = scene
        .human
        .create_agent("colleague", &[&scene.service])
        .await;
    let message = |to: &str| post("/v1/messages", json!({"to": to, "text": "Hello"}));
    let first = async |held: &Held| context(&scene, held).await["first_to_target"].clone();
    let to = "someone.unusual@partner.example";

    let denied = scene.agent.propose_held(message(to), "denied").await;
    scene.human.deny(&denied, "no").await;
    let revoked = scene.agent.propose_held(message(to), "revoked").await;
    scene.human.approve(&revoked).await;
    let withdrawn = scene.human.decide(&revoked, "revoke", json!({})).await;
    withdrawn.expect_status(200);
    let approved = scene.agent.propose_held(message(to), "approved").await;
    assert_eq!(first(&approved).await, true);
    scene.human.approve(&approved).await;
    // Still so for the request itself, and no longer for those that follow it.
    assert_eq!(first(&approved).await, true);
    let later = colleague.propose_held(message(to), "later").await;
    assert_eq!(first(&later).await, false);
    let other = message("other@partner.example");
    let other = scene.agent.propose_held(other, "other").await;
    assert_eq!(first(&other).await, true);
    // A known recipient does not make an unknown one next to it known.
    let both = json!({"to": [to, "other@partner.example"], "text": "Hello"});
    let both = post("/v1/messages", both);
    let both = scene.agent.propose_held(both, "both").await;
    assert_eq!(first(&both).await, true);

    // Without a recipient, the object in the path counts.
    let removal = || request("DELETE", "/charges/ch_1234");
    let first_removal = scene.agent.propose_held(removal(), "removal").await;
    scene.human.approve(&first_removal).await;
    assert_eq!(first(&first_removal).await, true);
    let again = scene.agent.propose_held(removal(), "again").await;
    assert_eq!(first(&again).await, false);
    // A deployment to another environment has another target.
    let deploy = |environment: &str| {
        post(
            "/v1/projects/web/deployments",
            json!({"environment": environment, "ref": "v1.4.2"}),
        )
    };
    for (environment, is_first) in [("staging", true), ("staging", false), ("production", true)] {
        let key = format!("{environment}-{is_first}");
        let held = scene.agent.propose_held(deploy(environment), &key).await;
        assert_eq!(first(&held).await, is_first, "{environment}");
        scene.human.approve(&held).await;
    }

    // The recipients are compared by a keyed hash of 16 bytes.
    let mut database = DirectDatabase::open(&scene.gateway).await;
    let hashed = "SELECT COUNT(*) FROM actions WHERE LENGTH(recipients) = 16";
    let all = "SELECT COUNT(*) FROM actions";
    assert_eq!(database.number(hashed).await, database.number(all).await);
}

async fn an_amount_is_compared_with_approved_amounts(storage: Storage) {
    let scene = holding(storage).await;
    let colleague = scene
        .human
        .create_agent("colleague", &[&scene.service])
        .await;
    for (number, (agent, amount, currency)) in [
        (&scene.agent, "9.50", "EUR"),
        (&scene.agent, "120.00", "EUR"),
        (&colleague, "33.00", "EUR"),
        (&scene.agent, "5000.00", "USD"),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("key-{number}");
        let held = payout(agent, amount, currency, "acct_1", &key).await;
        scene.human.approve(&held).await;
    }
    let denied = payout(&scene.agent, "99999.00", "EUR", "acct_1", "denied").await;
    scene.human.deny(&denied, "too much").await;
    let held = payout(&scene.agent, "12500.00", "EUR", "acct_1", "held").await;
    assert_eq!(
        context(&scene, &held).await["amount"],
        json!({
            "currency": "EUR", "unit_is_documented": true, "value": "12500.00",
            "lowest": "9.50", "highest": "120.00", "count": 3,
        })
    );
    // Without documents nothing says whether this is in euros or in cents.
    let cents = payout(&scene.agent, "100", "EUR", "acct_1", "cents").await;
    let amount = &context(&scene, &cents).await["amount"];
    assert_eq!(amount["unit_is_documented"], false);
    assert_eq!(amount["count"], 0);
    for (body, key) in [
        (json!({"amount": "1.00", "destination": "acct_1"}), "none"),
        (
            json!({"amount": "1.00", "fee_amount": "2.00", "currency": "EUR"}),
            "two",
        ),
    ] {
        let held = scene
            .agent
            .propose_held(post("/v1/payouts", body), key)
            .await;
        assert_eq!(context(&scene, &held).await["amount"], json!(null), "{key}");
    }
}

async fn forwarded_requests_are_earlier_requests(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene
        .human
        .create_rule(json!({
            "name": "Small", "effect": "allow", "enabled": true,
            "condition": "request.body.count < 10",
        }))
        .await;
    scene
        .human
        .create_rule(json!({
            "name": "Large", "effect": "require_approval", "enabled": true,
            "condition": "request.body.count >= 10",
        }))
        .await;
    let order = |count: u32| post("/orders", json!({"count": count}));
    let forwarded = scene.agent.propose(order(1)).idempotency_key("small");
    forwarded.send().await.expect_status(200);
    let held = scene.agent.propose_held(order(50), "large").await;
    let context = context(&scene, &held).await;
    assert_eq!(context["first_by_agent"], false);
    assert_eq!(context["approved"], 0);
    assert_eq!(context["first_to_target"], json!(null));
    assert_eq!(context["amount"], json!(null));
}

async fn unknown_comparisons_are_null(storage: Storage) {
    let scene = holding(storage).await;
    let read = scene.agent.propose(request("GET", "/reports/r-17"));
    let read = Held::from_response(read.send().await);
    let of_read = context(&scene, &read).await;
    assert_eq!(of_read["first_by_agent"], json!(null));
    assert_eq!(of_read["approved"], 0);

    let known = payout(&scene.agent, "1.00", "EUR", "acct_1", "known").await;
    scene.human.approve(&known).await;
    let damaged = payout(&scene.agent, "2.00", "EUR", "acct_1", "damaged").await;
    scene.human.approve(&damaged).await;
    let older = payout(&scene.agent, "3.00", "EUR", "acct_1", "older").await;
    let unreadable = payout(&scene.agent, "4.00", "EUR", "acct_1", "unreadable").await;
    let mut database = DirectDatabase::open(&scene.gateway).await;
    for (held, change) in [
        (&damaged, "summary = request"),
        (
            &older,
            "operation = NULL, recipients = NULL, summary = NULL",
        ),
        (&unreadable, "digest = recipients"),
    ] {
        let statement = format!(
            "UPDATE actions SET {change} WHERE id = '{}'",
            held.action_id
        );
        database.change(&statement).await;
    }
    let of_damaged = context(&scene, &damaged).await;
    assert_eq!(of_damaged["amount"], json!(null));
    assert_eq!(of_damaged["approved"], 1);
    let of_older = context(&scene, &older).await;
    for unknown in [
        "first_by_agent",
        "first_to_target",
        "approved",
        "denied",
        "amount",
    ] {
        assert_eq!(of_older[unknown], json!(null), "{unknown}");
    }
    let action = scene.human.action(&unreadable).await;
    assert_eq!(
        (&action["unreadable"], &action["context"]),
        (&json!(true), &json!(null))
    );
    // A damaged summary is not taken for an amount.
    let held = payout(&scene.agent, "5.00", "EUR", "acct_1", "held").await;
    let of_held = context(&scene, &held).await;
    assert_eq!(of_held["approved"], 2);
    assert_eq!(of_held["amount"]["count"], 1);
    assert_eq!(of_held["amount"]["highest"], "1.00");
}
