//! The Stripe SDKs for Python and JavaScript.

use std::time::Duration;

use gaiterguard_testkit::{Received, Reply, eventually};
use serde_json::{Value, json};

use super::SdkScene;

#[tokio::test]
async fn the_stripe_sdk_for_python_reads_pages_and_refunds_after_approval() {
    reads_pages_and_refunds("stripe_sdk.py").await;
}

#[tokio::test]
async fn the_stripe_sdk_for_javascript_reads_pages_and_refunds_after_approval() {
    reads_pages_and_refunds("stripe_sdk.mjs").await;
}

/// Runs one of the two programs, which do the same.
async fn reads_pages_and_refunds(program: &str) {
    let scene = SdkScene::new("stripe", "", "sk_live_the_real_one").await;
    let customer = |id: &str| json!({"id": id, "object": "customer", "email": "ann@example.com"});
    scene
        .upstream
        .on("/v1/customers/cus_1", Reply::json(customer("cus_1")));
    let missing = problem(400, "resource_missing", "No such customer: 'cus_0'");
    scene.upstream.on("/v1/customers/cus_0", missing);
    scene.upstream.on_request("/v1/customers", move |received| {
        let last = received.target.contains("starting_after=cus_1");
        let shown = customer(if last { "cus_2" } else { "cus_1" });
        Reply::json(json!({
            "object": "list", "url": "/v1/customers", "data": [shown], "has_more": !last,
        }))
    });
    scene.upstream.on_request("/v1/refunds", refund);
    let base_url = scene.base_url();
    let variables = [
        ("BASE_URL", base_url.as_str()),
        ("AGENT_KEY", scene.agent.key.as_str()),
    ];
    let (results, shown) = tokio::join!(scene.run(program, &variables), async {
        let mut shown = Vec::new();
        for charge in ["ch_1", "ch_2", "ch_broken"] {
            let action = next_refund(&scene, charge).await;
            let path = format!(
                "/approvals/{}/approve",
                action["action_id"].as_str().unwrap()
            );
            let approved = scene.human.patch(&path).json(json!({"note": "fine"}));
            approved.send().await.expect_status(200);
            shown.push(action);
        }
        shown
    });
    assert_eq!(results["email"], "ann@example.com");
    assert_eq!(results["all"], json!(["cus_1", "cus_2"]));
    assert_eq!(
        (&results["refund"], &results["again"]),
        (&json!("re_1"), &json!(["re_2", "re_2"]))
    );
    assert_eq!(
        results["held"],
        json!({"status": 428, "code": "approval_required"})
    );
    assert_eq!(
        results["missing"],
        json!({"code": "resource_missing", "message": "No such customer: 'cus_0'"})
    );
    assert_eq!(
        results["broken"],
        json!({"status": 500, "proxy": "replayed"})
    );

    let mut fields: Vec<_> = shown[0]["request_body"]
        .as_str()
        .unwrap()
        .split('&')
        .collect();
    fields.sort_unstable();
    let fields = fields.join("&").replace('[', "%5B").replace(']', "%5D");
    assert_eq!(
        fields,
        "amount=500&charge=ch_1&metadata%5Border%5D=%C3%A9%2617"
    );
    let refunds = scene.upstream.received_at("/v1/refunds");
    assert_eq!(refunds.len(), shown.len());
    for (action, sent) in shown.iter().zip(&refunds) {
        assert_eq!(action["request_body"], sent.text());
    }
    scene.assert_credential_replaced_key();
}

/// Waits for a pending refund of this charge.
async fn next_refund(scene: &SdkScene, charge: &str) -> Value {
    eventually("a refund is pending", Duration::from_mins(2), || async {
        let pending = scene.human.pending().await;
        pending.into_iter().find(|action| {
            let body = action["request_body"].as_str();
            body.is_some_and(|body| body.contains(charge))
        })
    })
    .await
}

fn refund(received: &Received) -> Reply {
    let body = received.text();
    if body.contains("ch_broken") {
        return problem(500, "lock_timeout", "Try again.");
    }
    let id = if body.contains("ch_1") {
        "re_1"
    } else {
        "re_2"
    };
    Reply::json(json!({"id": id, "object": "refund", "status": "succeeded"}))
}

fn problem(status: u16, code: &str, message: &str) -> Reply {
    let kind = if status < 500 {
        "invalid_request_error"
    } else {
        "api_error"
    };
    let error = json!({"type": kind, "code": code, "message": message});
    Reply::status(status)
        .header("Content-Type", "application/json")
        .body(json!({"error": error}).to_string())
}
