//! The contents of a container are what the request does: requests in a batch, a mail in a text, the call of a token.

use gaiterguard_domain::effect::Effect;
use gaiterguard_summary::{Part, Summary};
use http::Method;
use serde_json::{Value, json};

use crate::{operation, summary, with_headers};

fn of(effect: Effect, method: &Method, target: &str, body: &Value) -> Summary {
    summary(effect, method, target, body.to_string().as_bytes(), None)
}

fn text(parts: &[Part]) -> String {
    parts.iter().map(|part| &*part.text).collect()
}

/// The request of a batch with a body.
fn part(line: &str, body: &Value) -> String {
    format!(
        "--chg\r\nContent-Type: application/http\r\n\r\n{line} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{body}\r\n"
    )
}

#[test]
fn a_batch_counts_its_acts_and_names_the_most_dangerous_first() {
    let body = format!(
        "--b7\r\nContent-Type: application/http\r\n\r\nGET Suppliers(77) HTTP/1.1\r\n\r\n\r\n\
         --b7\r\nContent-Type: multipart/mixed; boundary=chg\r\n\r\n{}{}--chg--\r\n\r\n--b7--\r\n",
        part("PATCH Deliveries(41)", &json!({"Date": "2026-12-18"})),
        part(
            "PATCH Banks(Supplier='77',Bank='1')",
            &json!({"IBAN": "MT84MALT011000012345MTLCAST001S"})
        ),
    );
    let found = with_headers(
        Effect::Create,
        &Method::POST,
        "/$batch",
        &[("content-type", "multipart/mixed; boundary=b7")],
        body.as_bytes(),
        None,
    );
    assert_eq!(
        found.text(),
        "3 acts: change bank 77/1 (iban MT84MALT011000012345MTLCAST001S), change delivery 41, read supplier 77"
    );
    let lines: Vec<String> = found.items[0]
        .items
        .iter()
        .map(|item| text(&item.line))
        .collect();
    assert!(
        lines.contains(&"PATCH Deliveries(41) · date 2026-12-18".to_owned()),
        "{lines:?}"
    );
    let found = of(
        Effect::Create,
        &Method::POST,
        "/$batch",
        &json!({"requests": [
            {"id": "1", "method": "PATCH", "url": "/rooms/4", "body": {"name": "Elm"}},
            {"id": "2", "method": "POST", "url": "/inbox/rules",
                "body": {"actions": {"forwardTo": [{"address": "x@out.example"}]}}},
        ]}),
    );
    assert!(
        found
            .text()
            .starts_with("2 acts: create rule (forward to address x@out.example), change room 4"),
        "{}",
        found.text()
    );
}

#[test]
fn a_mail_in_base64_is_read_by_its_headers_and_its_text() {
    let raw = "VG86IHBpYUBub3J0aHdpbmQuZXhhbXBsZQ0KQmNjOiB4QG91dC5leGFtcGxlDQpTdWJqZWN0OiBLZXlzDQpNSU1FLVZlcnNpb246\
        IDEuMA0KQ29udGVudC1UeXBlOiB0ZXh0L3BsYWluDQoNClRoZSBrZXlzIGFyZSBhdCB0aGUgZG9vci4NCg";
    let found = of(
        Effect::ShareOutside,
        &Method::POST,
        "/messages/send",
        &json!({ "raw": raw }),
    );
    let text = found.text();
    assert!(
        text.contains("pia@northwind.example") && text.contains("bcc x@out.example"),
        "{text}"
    );
    assert!(
        text.ends_with("subject “Keys”: “The keys are at the door.”"),
        "{text}"
    );
}

#[test]
fn an_allowance_of_a_token_is_not_a_payment_of_nothing() {
    let data = format!(
        "0x095ea7b3{:0>64}{}",
        "11aa22bb33cc44dd55ee66ff7788990011223344",
        "f".repeat(64)
    );
    let found = of(
        Effect::Pay,
        &Method::POST,
        "/",
        &json!({"jsonrpc": "2.0", "id": 1, "method": "eth_sendTransaction", "params": [{
            "from": "0x5500000000000000000000000000000000000055",
            "to": "0x7700000000000000000000000000000000000077", "value": "0x0", "data": data,
        }]}),
    );
    assert!(
        found.text().starts_with(
            "Let 0x11aa22bb33cc44dd55ee66ff7788990011223344 spend an unlimited amount of the token \
             0x7700000000000000000000000000000000000077 from 0x5500000000000000000000000000000000000055"
        ),
        "{}",
        found.text()
    );
}

#[test]
fn a_negation_is_kept() {
    for (target, body, expected) in [
        (
            "/carts?customer_id=neq.7",
            Value::Null,
            "customer id is not 7",
        ),
        ("/carts?owner=not.is.null", Value::Null, "owner is not null"),
        (
            "/logs/_delete_by_query",
            json!({"query": {"bool": {"must_not": {"term": {"level": "debug"}}}}}),
            "not level debug",
        ),
    ] {
        let (method, body) = match body {
            Value::Null => (Method::DELETE, String::new()),
            body => (Method::POST, body.to_string()),
        };
        let found = summary(Effect::Delete, &method, target, body.as_bytes(), None);
        assert!(found.text().contains(expected), "{}", found.text());
    }
}

#[test]
fn a_key_without_an_end_says_so_if_the_documents_have_a_field_for_one() {
    let documented = operation(
        "/keys",
        "Create an access key",
        &[("/title", "The title"), ("/expires_at", "When it ends")],
    );
    let of = |body: &str| {
        summary(
            Effect::Access,
            &Method::POST,
            "/keys",
            body.as_bytes(),
            Some(&documented),
        )
        .text()
    };
    assert!(of(r#"{"title":"ci"}"#).contains("no expiry given"));
    let found = of(r#"{"title":"ci","expires_at":"2027-01-01"}"#);
    assert!(
        !found.contains("no expiry") && found.contains("2027-01-01"),
        "{found}"
    );
}

#[test]
fn an_order_is_for_a_patient_and_names_the_medicine_with_its_dose_and_frequency() {
    let documented = operation("/patients/{id}/orders", "Place a medication order", &[]);
    let body = json!({"drug": "digoxin", "route": "po", "dose": {"value": 0.25, "unit": "mg"}, "frequency": "q24h"});
    let found = summary(
        Effect::Pay,
        &Method::POST,
        "/patients/00417/orders",
        body.to_string().as_bytes(),
        Some(&documented),
    );
    assert!(
        found.text().starts_with(
            "Place medication order · patient 00417 · drug digoxin · dose value 0.25 mg · frequency q24h"
        ),
        "{}",
        found.text()
    );
}

#[test]
fn what_a_missing_value_means_is_said_as_the_documents_do() {
    let documented = operation(
        "/gates/{id}/override",
        "Override a gate",
        &[
            ("/gates", "Gates; an empty list means all gates"),
            ("/until", "When it ends"),
        ],
    );
    let found = summary(
        Effect::Change,
        &Method::PUT,
        "/gates/N1/override",
        br#"{"position":"open","gates":[],"until":null}"#,
        Some(&documented),
    );
    let text = found.text();
    assert!(
        text.contains("gates none (all gates)") && text.contains("until no end"),
        "{text}"
    );
}

#[test]
fn a_choice_is_not_a_secret_but_the_parts_of_a_secret_are() {
    let body = json!({"service_token": "evening_express", "access_token": "evening_express",
        "credentials": "{\"user\": \"ida\", \"phrase\": \"blue tulip\"}"});
    let found = of(Effect::Create, &Method::POST, "/labels", &body);
    let shown = format!("{:?}", found.facts);
    let value = |name: &str| {
        let fact = found.facts.iter().find(|fact| fact.name == name);
        fact.map(|fact| &*fact.value).unwrap_or_default()
    };
    assert_eq!(value("service_token"), "evening_express");
    assert!(value("access_token").contains("hidden"), "{shown}");
    assert!(!shown.contains("blue tulip"), "{shown}");
}
