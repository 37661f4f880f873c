//! Bodies as real clients send them: with a byte order mark, compressed, and with amounts as decimals.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use gaiterguard_testkit::Storage;
use gaiterguard_testkit::scene::{Scene, post};
use http::Method;
use serde_json::{Value, json};

/// A scene with a rule that allows small amounts and one that denies big ones.
async fn with_limits() -> Scene {
    let scene = Scene::new(Storage::Sqlite).await;
    for (effect, condition) in [
        ("allow", "request.body.amount < 10"),
        ("deny", "request.body.amount > 100"),
    ] {
        let rule = json!({
            "name": effect, "effect": effect, "enabled": true, "condition": condition,
        });
        scene.human.create_rule(rule).await;
    }
    scene
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn json_with_a_byte_order_mark_is_judged_as_without_it() {
    let scene = with_limits().await;
    let send = async |amount: u32| {
        let body = format!("\u{feff}{{\"amount\":{amount}}}");
        let call = scene.agent.call(Method::PUT, "/s/things/x");
        call.header("content-type", "application/json")
            .body(body)
            .send()
            .await
    };
    send(5).await.expect_status(200);
    let received = scene.upstream.only();
    assert_eq!(received.text(), "\u{feff}{\"amount\":5}");
    send(500).await.expect_problem(403, "policy_denied");
}

#[tokio::test]
async fn compressed_json_is_opened_for_rules_and_humans_and_sent_as_it_is() {
    let scene = with_limits().await;
    let send = async |body: Vec<u8>| {
        let call = scene.agent.call(Method::POST, "/s/things/x");
        let call = call.header("content-type", "application/json");
        call.header("content-encoding", "gzip")
            .body(body)
            .send()
            .await
    };
    let small = gzip(br#"{"amount":5,"to":"ann"}"#);
    send(small.clone()).await.expect_status(200);
    assert_eq!(scene.upstream.only().body, small);
    let large = gzip(br#"{"amount":500,"to":"ann"}"#);
    send(large).await.expect_problem(403, "policy_denied");

    let held = send(gzip(br#"{"amount":50,"to":"ann"}"#))
        .await
        .expect_status(428);
    let action = held.json()["action_id"].as_str().unwrap().to_owned();
    for listed in [
        scene.human.read(&format!("/approvals/{action}")).await,
        scene.human.pending().await[0].clone(),
    ] {
        assert_eq!(listed["decompressed_body"], r#"{"amount":50,"to":"ann"}"#);
        assert_eq!(listed["body_encoding"], "base64");
    }

    // A bomb, nonsense, and a stream that is cut are not forwarded unseen.
    let bomb = gzip(&vec![b' '; 64 << 20]);
    for body in [bomb, b"no gzip".to_vec(), small[..small.len() - 4].to_vec()] {
        let response = send(body).await;
        assert!(
            [403, 428].contains(&response.status.as_u16()),
            "{}",
            response.status
        );
    }
    assert_eq!(scene.upstream.received().len(), 1);
}

#[tokio::test]
async fn decimal_amounts_are_compared_or_a_warning_says_how() {
    let scene = Scene::new(Storage::Sqlite).await;
    let check = async |condition: &str| -> Value {
        let call = scene.human.post("/rules/validate");
        let checked = call.json(json!({"condition": condition})).send().await;
        checked.expect_status(200).json()
    };
    let checked = check("int(request.body.amount.value) > 100").await;
    assert_eq!(checked["valid"], true);
    let warnings = checked["warnings"].to_string();
    assert!(warnings.contains("money("), "{warnings}");

    let money = "money(request.body.amount.value, request.body.amount.currency_code) > 100.0";
    let rule = json!({"name": "Big", "effect": "deny", "enabled": true, "condition": money});
    scene.human.create_rule(rule).await;
    let decided = async |value: Value, currency: &str| {
        let body = json!({"amount": {"value": value, "currency_code": currency}});
        scene.dry_run(&post("/payments", body)).await["decision"].clone()
    };
    assert_ne!(decided(json!("10.50"), "USD").await, "deny");
    assert_ne!(decided(json!(10_000), "usd").await, "deny");
    assert_eq!(decided(json!(10_001), "usd").await, "deny");
    assert_eq!(decided(json!(10_000), "jpy").await, "deny");
    assert_eq!(decided(json!("1000.00"), "EUR").await, "deny");
    for nonsense in ["1e3", "0x10", " 99 ", "1,000.00", "ten"] {
        assert_eq!(decided(json!(nonsense), "USD").await, "deny", "{nonsense}");
    }
}
