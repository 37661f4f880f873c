//! A call of a procedure is named by the procedure and by what it is called on.

use gaiterguard_domain::effect::Effect;
use http::Method;
use serde_json::{Value, json};

use crate::summary;

fn text(effect: Effect, target: &str, body: &Value) -> String {
    let body = body.to_string();
    let found = summary(effect, &Method::POST, target, body.as_bytes(), None);
    assert!(
        !format!("{found:?}").contains("hunter2"),
        "the password of the session is shown"
    );
    format!("{:?}: {}", found.effect, found.text())
}

#[test]
fn a_generic_procedure_is_named_by_the_one_that_it_calls() {
    for (target, body, expected) in [
        (
            "/jsonrpc",
            json!({"jsonrpc": "2.0", "id": 1, "method": "call", "params": {
                "service": "object", "method": "execute_kw",
                "args": ["erp", 7, "hunter2", "hr.leave", "unlink", [[41, 42]]],
            }}),
            "Delete: Run unlink on hr.leave · args 41, 42",
        ),
        (
            "/dataset/call_kw",
            json!({"jsonrpc": "2.0", "params": {
                "model": "fleet.vehicle", "method": "write", "args": [[9], {"active": false}],
            }}),
            "Change: Run write on fleet.vehicle · args 9 · active false",
        ),
        (
            "/rpc/invoke",
            json!({"service": "MeterService", "method": "resetMeter", "params": {"meter": "mtr-4"}}),
            "Delete: Reset meter on MeterService · meter mtr-4",
        ),
        (
            "/nodes/n-12/action",
            json!({"reboot": {"type": "HARD"}}),
            "Code: Run reboot · node n-12 · reboot type HARD",
        ),
    ] {
        assert_eq!(text(Effect::Code, target, &body), expected, "{target}");
    }
}

#[test]
fn a_call_without_objects_says_so() {
    let body = json!({"jsonrpc": "2.0", "method": "call", "params": {
        "args": ["erp", 7, "hunter2", "crm.lead", "unlink", [[]]],
    }});
    assert_eq!(
        text(Effect::Code, "/jsonrpc", &body),
        "Delete: Run unlink on crm.lead · args none"
    );
}

#[test]
fn a_procedure_in_xml_is_named() {
    let body =
        b"<?xml version=\"1.0\"?><methodCall><methodName>album.purge</methodName><params><param>\
        <value><string>summer</string></value></param></params></methodCall>";
    let found = summary(Effect::Create, &Method::POST, "/RPC2", body, None);
    assert!(found.text().starts_with("Purge album"), "{}", found.text());
}

#[test]
fn an_ordinary_member_is_not_a_procedure() {
    for (target, body, expected) in [
        (
            "/payouts",
            json!({"method": "instant", "destination": "acct_9"}),
            "Create payout",
        ),
        ("/orders/77/items", json!({"action": "wrap"}), "Create item"),
    ] {
        let found = text(Effect::Create, target, &body);
        assert!(found.starts_with(&format!("Create: {expected}")), "{found}");
    }
}

#[test]
fn requests_of_a_batch_are_decoded_and_share_their_collection() {
    let body = json!({"requests": [
        {"method": "PATCH", "url": "/folders/a%2Fb/notes/1"},
        {"method": "PATCH", "url": "/folders/a%2Fb/notes/2"},
        {"method": "DELETE", "url": "/folders/a%2Fb"},
    ]});
    assert_eq!(
        text(Effect::Create, "/$batch", &body),
        "Delete: 3 acts: delete folder a/b, change note 1, 2"
    );
}
