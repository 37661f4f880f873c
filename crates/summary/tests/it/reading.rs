//! A headline says what a request does and not how it is wrapped: who sees something, what is decided, who gets money.

use gaiterguard_domain::effect::Effect;
use gaiterguard_summary::FactKind;
use http::Method;
use serde_json::{Value, json};

use crate::{assessed, operation, summary};

fn text(method: &Method, target: &str, body: &Value) -> String {
    assessed(method, target, &[], body).text()
}

#[test]
fn who_sees_something_is_said_in_words_if_it_is_everyone() {
    for (method, target, headers, body, expected) in [
        (
            Method::PATCH,
            "/v1/repos/lumen/site",
            &[][..],
            json!({"private": false}),
            "Make site in lumen visible to anyone",
        ),
        (
            Method::PUT,
            "/v1/albums/al-77/settings",
            &[],
            json!({"visibility": "PUBLIC"}),
            "Replace settings of album al-77 · visible to anyone",
        ),
        (
            Method::PUT,
            "/reports/q3.pdf",
            &[("x-amz-acl", "public-read")],
            Value::Null,
            "Set reports/q3.pdf · visible to anyone",
        ),
        (
            Method::POST,
            "/v2/firewalls/fw-12/rules",
            &[],
            json!({"port": 22, "source": "::/0"}),
            "Create rule · firewall fw-12 · reachable from any address · port 22",
        ),
        (
            Method::POST,
            "/v1/files/f-12/permissions",
            &[],
            json!({"type": "anyoneWithLink", "role": "editor"}),
            "Add permission · file f-12 · visible to anyone · role editor",
        ),
        (
            Method::POST,
            "/v1/consents",
            &[],
            json!({"client": "c-77", "consentType": "AllPrincipals"}),
            "Create consent · for everyone in the organization · client c-77",
        ),
        (
            Method::POST,
            "/v1/tickets/t-12/comments",
            &[],
            json!({"body": "They are late again", "internal": false}),
            "Create comment · ticket t-12 · visible outside the team · body “They are late again”",
        ),
        // A switch that closes, and a rule for outgoing traffic, open nothing.
        (
            Method::PATCH,
            "/v1/repos/lumen/site",
            &[],
            json!({"private": true, "has_wiki": true}),
            "Change site in lumen · private true · has wiki true",
        ),
        (
            Method::POST,
            "/v2/firewalls/fw-12/rules",
            &[],
            json!({"port": 53, "destination": "0.0.0.0/0"}),
            "Create rule · firewall fw-12 · destination 0.0.0.0/0 · port 53",
        ),
    ] {
        let found = assessed(&method, target, headers, &body);
        assert_eq!(found.text(), expected, "{body}");
    }
    let found = assessed(
        &Method::PATCH,
        "/v1/repos/lumen/site",
        &[],
        &json!({"private": false}),
    );
    assert_eq!(found.effect, Effect::Access);
    let fact = found.facts.iter().find(|fact| fact.name == "private");
    let fact = fact.map(|fact| (fact.kind, fact.value.as_str(), fact.meaning.as_deref()));
    assert_eq!(
        fact,
        Some((FactKind::Access, "false", Some("visible to anyone")))
    );
}

#[test]
fn a_decision_and_a_remote_call_are_read_by_what_they_say() {
    for (target, body, expected) in [
        (
            "/v1/leave-requests/lr-77/decision",
            json!({"decision": "approve", "comment": "ok"}),
            "Approve leave request lr-77 · comment “ok”",
        ),
        (
            "/v1/claims/cl-77/reviews",
            json!({"outcome": "REJECTED"}),
            "Reject claim cl-77",
        ),
        (
            "/v1/gates/g-7/rpc/two-way",
            json!({"method": "openGate", "params": {"minutes": 5}}),
            "Open gate · gate g-7 · minutes 5",
        ),
        (
            "/v1/updates:mutate",
            json!({"operations": [{"update": {"resourceName": "ads/77", "status": "ENABLED"}, "updateMask": "status"}]}),
            "Update ads/77 · status ENABLED",
        ),
        // A decision that is neither.
        (
            "/v1/leave-requests/lr-77/decision",
            json!({"decision": "later"}),
            "Set decision · leave request lr-77 · decision later",
        ),
    ] {
        assert_eq!(text(&Method::POST, target, &body), expected, "{body}");
    }
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_sendTransaction", "params": [{
        "from": "0x52908400098527886E0F7030069857D2E4169EE7",
        "to": "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "value": "0x8AC7230489E80000",
    }]});
    assert_eq!(
        text(&Method::POST, "/rpc", &body),
        "Send 10 ETH (0x8AC7230489E80000 wei) to 0x8617E340B3D01FA5F11F306F4090FD50E238070D \
         from 0x52908400098527886E0F7030069857D2E4169EE7 · eth_sendTransaction"
    );
}

#[test]
fn a_key_in_parentheses_names_an_object() {
    for (target, expected) in [
        (
            "/sap/opu/odata/sap/API_SALES_ORDER_SRV/A_SalesOrder('4711')",
            "Delete sales order 4711",
        ),
        (
            "/odata/v4/A_SupplierItem(Supplier='1003',Item='7')",
            "Delete supplier item Supplier 1003, Item 7",
        ),
        ("/odata/Orders(17)/Lines(3)", "Delete line 3 in order 17"),
    ] {
        let found = text(&Method::DELETE, target, &Value::Null);
        assert_eq!(found, expected, "{target}");
    }
}

#[test]
fn a_record_of_money_pays_nobody() {
    for (method, target, body, expected, effect) in [
        (
            Method::POST,
            "/v1/expenses",
            json!({"merchant": "Bahnhof Hotel Zug", "amount": "84.20", "currency": "CHF"}),
            "Create expense of CHF 84.20 · merchant Bahnhof Hotel Zug",
            Effect::Create,
        ),
        (
            Method::POST,
            "/v1/invoices",
            json!({"status": "draft", "customer": "Kettle", "total": "1200.00", "currency": "EUR"}),
            "Create invoice of €1,200.00 · status draft · customer Kettle",
            Effect::Create,
        ),
        (
            Method::PATCH,
            "/v1/campaigns/c-12/budget",
            json!({"amount": "40000.00", "currency": "USD"}),
            "Change budget to $40,000.00 · campaign c-12",
            Effect::Change,
        ),
        (
            Method::POST,
            "/v1/carts/c-12/checkout",
            json!({"merchant": "Nile", "total": "99.90", "currency": "USD"}),
            "Check out cart c-12 for $99.90 from Nile",
            Effect::Pay,
        ),
        (
            Method::POST,
            "/v1/transfers",
            json!({"amount": "12500", "recipient_id": "r-77"}),
            "Transfer 12,500 (no currency given) to r-77",
            Effect::Pay,
        ),
    ] {
        let found = assessed(&method, target, &[], &body);
        assert_eq!(
            (found.text().as_str(), found.effect),
            (expected, effect),
            "{body}"
        );
    }
}

#[test]
fn a_right_to_enter_changes_access() {
    for (target, body) in [
        ("/v1/doors/d-12/grants", json!({"person": "Eve Hall"})),
        (
            "/v1/cardholders/ch-12/access-groups",
            json!({"group": "Server room"}),
        ),
        ("/v1/sites/s-12/badges", json!({"holder": "Eve Hall"})),
    ] {
        let found = assessed(&Method::POST, target, &[], &body);
        assert_eq!(found.effect, Effect::Access, "{target}");
    }
    let found = assessed(
        &Method::POST,
        "/v1/doors/d-12/notes",
        &[],
        &json!({"text": "x"}),
    );
    assert_eq!(found.effect, Effect::Create);
}

#[test]
fn an_address_is_one_line_and_both_ends_of_a_time_are_neighbors() {
    let body = json!({
        "carrier": "Kite Cargo", "ready_time": "09:00", "close_time": "17:00", "pieces": 3,
        "address": {"street": "Hardturmstrasse 5", "postal_code": "8005", "city": "Zurich", "country": "CH",
            "phone": "+41442010101"},
    });
    let found = assessed(&Method::POST, "/v1/pickups", &[], &body);
    let address = found.facts.iter().find(|fact| fact.name == "address");
    let address = address.map(|fact| (fact.value.as_str(), fact.location.as_str()));
    assert_eq!(
        address,
        Some(("Hardturmstrasse 5, 8005 Zurich, CH", "body/address"))
    );
    let at = |name: &str| {
        found
            .facts
            .iter()
            .position(|fact| fact.name.ends_with(name))
    };
    assert_eq!(at("pieces"), Some(0), "{:?}", found.facts);
    assert!(at("phone") > at("ready_time"), "{:?}", found.facts);
    let body = json!({"until": "2026-03-09", "seats": 4, "from": "2026-03-02", "note": "Window"});
    let found = assessed(&Method::PUT, "/v1/rooms/r-12/hold", &[], &body);
    let at = |name: &str| {
        found
            .facts
            .iter()
            .position(|fact| fact.name == name)
            .unwrap_or(99)
    };
    assert_eq!(at("from") + 1, at("until"), "{:?}", found.facts);
}

#[test]
fn a_number_has_a_unit_only_where_its_name_is_a_measure() {
    let operation = operation(
        "/schedules/{id}",
        "Change a schedule",
        &[
            ("/week_days", "Bitmask of the days"),
            ("/hold_days", "How long it is held"),
        ],
    );
    for (body, documented, expected) in [
        (
            json!({"week_days": 127}),
            Some(&operation),
            "127 (every day)",
        ),
        (
            json!({"week_days": 31}),
            Some(&operation),
            "31 (5 of 7 days)",
        ),
        (json!({"week_days": 127}), None, "127"),
        (json!({"hold_days": 12}), None, "12 days"),
        (
            json!({"DueDate": "/Date(1767225600000)/"}),
            None,
            "2026-01-01 00:00 UTC",
        ),
        (
            json!({"DueDate": "/Date(1767225600000+0060)/"}),
            None,
            "2026-01-01 00:00 UTC",
        ),
    ] {
        let found = summary(
            Effect::Change,
            &Method::PUT,
            "/schedules/s-2",
            body.to_string().as_bytes(),
            documented,
        );
        let own = found.facts.iter().find(|fact| fact.location != "path");
        assert_eq!(
            own.map(|fact| fact.value.as_str()),
            Some(expected),
            "{body}"
        );
    }
}

#[test]
fn neither_a_host_nor_an_item_is_cut_in_the_middle() {
    let host = "collector-eu-central-1.observability.lumen-analytics.example.com";
    let body = json!({"url": format!("https://{host}/v2/ingest/{}", "events/".repeat(20)), "name": "a", "mode": "full",
        "note": "This text is long enough to take all of the room that a headline has on a phone, and then some more."});
    let found = text(&Method::PUT, "/v1/webhooks/w-12", &body);
    assert!(found.contains(host), "{found}");
    let names: Vec<String> = (0..12)
        .map(|one| format!("orders-{one}.eu.lumen.example"))
        .collect();
    let found = assessed(
        &Method::PUT,
        "/v1/routes/r-12",
        &[],
        &json!({"hosts": names}),
    );
    let hosts = found
        .facts
        .iter()
        .find(|fact| fact.name == "hosts")
        .map(|fact| &*fact.value);
    assert_eq!(
        hosts,
        Some(
            "12: orders-0.eu.lumen.example, orders-1.eu.lumen.example, orders-2.eu.lumen.example, \
             orders-3.eu.lumen.example and 8 more"
        )
    );
}
