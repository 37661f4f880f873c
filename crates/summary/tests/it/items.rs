//! The items of a list have a line each: what belongs together is in one line.

use gaiterguard_domain::effect::Effect;
use gaiterguard_summary::{Part, Summary};
use http::Method;
use serde_json::{Value, json};

use crate::summary;

fn of(effect: Effect, method: &Method, target: &str, body: &Value) -> Summary {
    summary(effect, method, target, body.to_string().as_bytes(), None)
}

fn text(parts: &[Part]) -> String {
    parts.iter().map(|part| &*part.text).collect()
}

/// Returns the lines of all lists: what all items have, then each item, with a star if it is an odd one.
fn lines(found: &Summary) -> Vec<String> {
    found
        .items
        .iter()
        .flat_map(|list| {
            let items = list.items.iter().map(|item| {
                format!(
                    "{}{}",
                    if item.is_odd { "* " } else { "" },
                    text(&item.line)
                )
            });
            std::iter::once(format!(
                "{} {}: {}",
                list.count,
                list.name,
                text(&list.same)
            ))
            .chain(items)
        })
        .collect()
}

#[test]
fn a_payment_batch_has_a_line_for_each_payee_the_odd_one_first() {
    let pay = |amount: &str, name: &str, iban: &str| json!({"amount": amount, "creditor": {"name": name, "iban": iban}, "purpose": "SUPP"});
    let body = json!({"debtor_account": "FR7630006000011234567890189", "currency": "EUR", "payments": [
        pay("820.00", "Lindqvist Hydraulik AB", "SE4550000000058398257466"),
        pay("140.50", "Bergs Kabel AB", "SE3550000000054910000003"),
        pay("9400.00", "Nordvik Holdings", "LT121000011101001000"),
    ]});
    let found = of(Effect::Pay, &Method::POST, "/v1/payment-batches", &body);
    assert_eq!(
        found.text(),
        "Create payment batch of €10,360.50 in total to 3 payees: Nordvik Holdings (€9,400.00), Lindqvist Hydraulik AB (€820.00), \
         Bergs Kabel AB (€140.50) from FR7630006000011234567890189"
    );
    assert_eq!(
        lines(&found),
        [
            "3 payments: purpose SUPP",
            "* €9,400.00 → Nordvik Holdings (LT121000011101001000)",
            "€820.00 → Lindqvist Hydraulik AB (SE4550000000058398257466)",
            "€140.50 → Bergs Kabel AB (SE3550000000054910000003)",
        ]
    );
}

#[test]
fn what_all_items_have_is_said_once_and_the_rest_stays_together() {
    for (target, body, expected) in [
        (
            "/v2/workloads/w-9",
            json!({"containers": [
                {"id": "shop", "image": "shop:1.4", "cpu": 2},
                {"id": "sidecar", "image": "log:2", "cpu": 2},
            ]}),
            &[
                "2 containers: cpu 2",
                "shop · image shop:1.4",
                "sidecar · image log:2",
            ][..],
        ),
        (
            "/zones/lumen.example",
            json!({"records": [
                {"name": "www", "type": "A", "ttl": 300, "content": "203.0.113.9", "changetype": "REPLACE"},
                {"name": "mail", "type": "A", "ttl": 300, "changetype": "DELETE"},
                {"name": "api", "type": "A", "ttl": 300, "content": "203.0.113.7", "changetype": "REPLACE"},
            ]}),
            &[
                "3 records: ttl 300 s (5 min) · type A",
                "* DELETE mail",
                "REPLACE www → 203.0.113.9",
                "REPLACE api → 203.0.113.7",
            ],
        ),
        (
            "/files/f-12/permissions",
            json!({"grants": [
                {"email": "ann@orbit.example", "role": "reader"},
                {"email": "bob@orbit.example", "role": "reader"},
                {"email": "eve@mail.example", "role": "owner"},
            ]}),
            &[
                "3 grants: ",
                "* eve@mail.example · role owner",
                "ann@orbit.example · role reader",
                "bob@orbit.example · role reader",
            ],
        ),
        // A list of a single item is not one, and the list within it is.
        (
            "/sheets/s-12",
            json!({"sheets": [{"rows": [{"title": "East", "hours": 4}, {"title": "West", "hours": 40}]}]}),
            &["2 rows: ", "East · hours 4", "West · hours 40"],
        ),
        // A list of texts is a fact.
        ("/tags/t-12", json!({"labels": ["a", "b", "c"]}), &[]),
    ] {
        let found = of(Effect::Change, &Method::PATCH, target, &body);
        assert_eq!(lines(&found), expected, "{body}");
    }
}

#[test]
fn each_call_of_a_batch_has_its_target() {
    for (target, body, expected) in [
        (
            "/v3/shops/77/coupons:mutate",
            json!({"operations": [
                {"update": {"resourceName": "coupons/5", "status": "PAUSED"}},
                {"remove": "coupons/6"},
                {"update": {"resourceName": "coupons/7", "status": "PAUSED"}},
            ]}),
            &[
                "3 operations: ",
                "* remove coupons/6",
                "update coupons/5 → PAUSED",
                "update coupons/7 → PAUSED",
            ][..],
        ),
        (
            "/batch",
            json!({"requests": [
                {"method": "PATCH", "url": "/tasks/1", "body": {"done": true}},
                {"method": "DELETE", "url": "/tasks/2"},
            ]}),
            &[
                "2 requests: ",
                "* DELETE /tasks/2",
                "PATCH /tasks/1 · done true",
            ],
        ),
        (
            "/store/_bulk_docs",
            json!({"docs": [{"_id": "a", "price": 3}, {"_id": "b", "_deleted": true}, {"_id": "c", "price": 4}]}),
            &["3 docs: ", "* delete b", "3 · id a", "4 · id c"],
        ),
        (
            "/zones/lumen.example/records/batch",
            json!({"deletes": [{"id": "r1"}, {"id": "r2"}],
                "posts": [{"name": "www", "content": "203.0.113.9"}, {"name": "api", "content": "203.0.113.7"}]}),
            &["2 posts: ", "www → 203.0.113.9", "api → 203.0.113.7"],
        ),
    ] {
        let found = of(Effect::Create, &Method::POST, target, &body);
        assert_eq!(lines(&found), expected, "{body}");
        assert_eq!(found.effect, Effect::Delete, "{body}");
    }
}

#[test]
fn a_patch_is_read_by_its_operations_and_a_test_is_a_condition() {
    let body = json!([
        {"op": "test", "path": "/version", "value": 7},
        {"op": "replace", "path": "/plan", "value": "gold"},
        {"op": "remove", "path": "/retention"},
    ]);
    let found = of(Effect::Change, &Method::PATCH, "/tenants/t-12", &body);
    assert_eq!(
        found.text(),
        "Change tenant t-12 · plan gold · retention removed"
    );
    assert_eq!(
        lines(&found),
        [
            "3 : ",
            "* retention removed",
            "only if version is 7",
            "plan → gold"
        ]
    );
    let part = |name: &str, member: &str, value: Value| json!({"name": name, member: value});
    let body = json!({"resourceType": "Parameters", "parameter": [
        {"name": "operation", "part": [
            part("type", "valueCode", json!("replace")),
            part("path", "valueString", json!("Bed.active")),
            part("value", "valueBoolean", json!(false)),
        ]},
        {"name": "operation", "part": [
            part("type", "valueCode", json!("delete")),
            part("path", "valueString", json!("Bed.note")),
        ]},
    ]});
    let found = of(Effect::Change, &Method::PATCH, "/beds/b-12", &body);
    assert_eq!(
        lines(&found)[1..],
        ["* Bed.note removed", "Bed.active → false"]
    );
    let body = json!({"$set": {"role": "admin"}, "$unset": {"mfa": ""}});
    let found = of(Effect::Change, &Method::PATCH, "/users/u-12", &body);
    assert_eq!(found.text(), "Change user u-12 · role admin · mfa removed");
}

#[test]
fn an_item_that_opens_something_to_everyone_is_odd() {
    let body = json!({"permissions": [
        {"port": 443, "cidr": "10.0.0.0/8"},
        {"port": 22, "cidr": "0.0.0.0/0"},
    ]});
    let found = of(
        Effect::Access,
        &Method::POST,
        "/security-groups/sg-7/ingress",
        &body,
    );
    assert_eq!(
        found.text(),
        "Create ingress · security group sg-7 · reachable from any address"
    );
    assert!(lines(&found)[1].starts_with("* "), "{:?}", lines(&found));
}

#[test]
fn a_long_list_is_counted_in_items() {
    let items: Vec<Value> = (0..300)
        .map(|one| json!({"sku": format!("A-{one}"), "price": "5.00"}))
        .collect();
    let found = of(
        Effect::Change,
        &Method::PUT,
        "/prices",
        &json!({"items": items}),
    );
    let list = &found.items[0];
    assert_eq!((list.count, list.items.len()), (300, 20));
    assert_eq!(text(&list.same), "price 5.00");
}
