//! Requests that do several things, or more than a single word of them says.

use gaiterguard_apidocs::{Body, Operation};
use gaiterguard_domain::effect::Effect;
use gaiterguard_summary::{Part, Summary};
use http::Method;
use serde_json::{Value, json};

use crate::{summary, with_headers};

fn of(effect: Effect, method: &Method, target: &str, body: &Value) -> Summary {
    summary(effect, method, target, body.to_string().as_bytes(), None)
}

fn text(parts: &[Part]) -> String {
    parts.iter().map(|part| &*part.text).collect()
}

#[test]
fn the_lines_of_a_bulk_request_are_read_by_their_acts() {
    let mut lines = Vec::new();
    for one in 1..=7 {
        lines.push(json!({"index": {"_index": "rooms", "_id": format!("r-{one}")}}).to_string());
        lines.push(json!({"floor": one, "free": true}).to_string());
    }
    let mut body = lines.join("\n");
    body.push('\n');
    body.push_str("{\"delete\":{\"_index\":\"guests\",\"_id\":\"g-41\"}}\n");
    let found = with_headers(
        Effect::Create,
        &Method::POST,
        "/_bulk",
        &[("content-type", "application/x-ndjson")],
        body.as_bytes(),
        None,
    );
    assert_eq!(found.effect, Effect::Delete);
    assert!(
        found.text().starts_with("Delete g-41, index 7 items"),
        "{}",
        found.text()
    );
    let list = &found.items[0];
    assert_eq!(list.count, 8);
    assert!(list.items[0].is_odd);
    assert!(
        text(&list.items[0].line).starts_with("delete g-41"),
        "{}",
        text(&list.items[0].line)
    );
    let line = text(&list.items[1].line);
    assert!(
        line.starts_with("index r-1") && line.contains("floor 1"),
        "{line}"
    );
}

#[test]
fn a_long_batch_is_counted_by_its_acts() {
    let mut changes: Vec<Value> = (0..8)
        .map(|one| json!({"action": "update", "sku": format!("p-{one}"), "price": one, "stock": 5}))
        .collect();
    changes.push(json!({"action": "delete", "sku": "c-7", "stock": 0}));
    let found = of(
        Effect::Change,
        &Method::POST,
        "/catalog/batch",
        &json!({"changes": changes}),
    );
    assert!(
        found
            .text()
            .starts_with("Delete 1 item, update 8 items in catalog"),
        "{}",
        found.text()
    );
}

#[test]
fn what_is_created_is_counted() {
    let people =
        json!([{"name": "Ann", "email": "a@x.example"}, {"name": "Bob", "email": "b@x.example"}]);
    for (target, body, expected) in [
        ("/contacts", people.clone(), "Create 2 contacts"),
        (
            "/contacts",
            json!({"contacts": people}),
            "Create 2 contacts",
        ),
        ("/batch", json!({"leads": people}), "Create 2 leads"),
        ("/import", json!({"data": people}), "Import 2 items"),
        // The attendees of an event are not created.
        (
            "/events",
            json!({"attendees": people, "title": "Lunch"}),
            "Create event",
        ),
    ] {
        let found = of(Effect::Create, &Method::POST, target, &body).text();
        assert!(found.starts_with(expected), "{target}: {found}");
    }
}

#[test]
fn a_document_that_names_two_acts_is_not_shortened() {
    for (said, expected) in [
        (
            "Add or update a tax id of a customer",
            "Add or update tax id",
        ),
        ("Creates and sends an offer", "Create and send offer"),
        ("Create one or more parcels", "Create parcels"),
        ("Update the plan", "Update plan"),
    ] {
        let operation = Operation {
            summary: Some(said.to_owned()),
            template: "/things".to_owned(),
            body: Body::default(),
            ..Operation::default()
        };
        let found = summary(
            Effect::Change,
            &Method::POST,
            "/things",
            br#"{"a":"b"}"#,
            Some(&operation),
        );
        assert!(found.text().starts_with(expected), "{}", found.text());
    }
}

#[test]
fn a_post_with_the_identifier_of_its_object_may_update_it() {
    let of = |body: Value| of(Effect::Create, &Method::POST, "/Suppliers", &body).text();
    let known = of(json!({"SupplierID": "7b6f0a52-6d6c-4f7e-9a53-0d4c6f1b2a11", "Name": "Kite"}));
    assert!(known.starts_with("Create or update supplier"), "{known}");
    let new = of(json!({"SupplierID": "kite-1", "Name": "Kite"}));
    assert!(new.starts_with("Create supplier"), "{new}");
}

#[test]
fn a_missing_limit_and_a_switched_off_protection_are_named() {
    let body = json!({"name": "Spring", "max_uses": null, "expires_at": null, "note": null});
    let found = of(Effect::Create, &Method::POST, "/vouchers", &body).text();
    assert!(
        found.contains("max uses no limit") && found.contains("expires at no expiry"),
        "{found}"
    );
    assert!(!found.contains("note"), "{found}");
    let body = json!({"wiki": true, "color": "red", "enforce_owners": false});
    let found = of(Effect::Change, &Method::PUT, "/spaces/docs", &body).text();
    assert!(found.contains("enforce owners false"), "{found}");
}

#[test]
fn the_account_of_another_country_is_the_first_payee_in_xml() {
    let pay = |amount: &str, name: &str, iban: &str| {
        format!(
            "<Tx><Amt><InstdAmt Ccy=\"EUR\">{amount}</InstdAmt></Amt><Cdtr><Nm>{name}</Nm></Cdtr>\
             <CdtrAcct><Id><IBAN>{iban}</IBAN></Id></CdtrAcct></Tx>"
        )
    };
    let body = format!(
        "<Document><PmtInf>{}{}{}</PmtInf></Document>",
        pay("10.00", "Ann", "DE02120300000000202051"),
        pay("12.00", "Bob", "DE02500105170137075030"),
        pay("11.00", "Cid", "FR7630006000011234567890189"),
    );
    let found = summary(
        Effect::Create,
        &Method::POST,
        "/bulk-payments/sepa-v2",
        body.as_bytes(),
        None,
    );
    assert_eq!(found.effect, Effect::Pay);
    assert!(
        found
            .text()
            .starts_with("Pay €33.00 in total to 3 payees: Cid (€11.00), "),
        "{}",
        found.text()
    );
    assert!(found.items[0].items[0].is_odd);
}

#[test]
fn the_first_lines_have_what_is_created_and_not_whose_account_it_is() {
    let body = json!({
        "emailSubject": "Please sign the lease",
        "status": "sent",
        "signers": [{"name": "Ann Bell", "email": "ann@bell.example"}, {"name": "Bo Lind", "email": "bo@lind.example"}],
    });
    let found = of(
        Effect::Create,
        &Method::POST,
        "/accounts/0d1f6a2e-1a53-4b6c-8e0e-3f7a9c5b2d44/envelopes",
        &body,
    );
    let found = found.text();
    assert!(found.contains("Please sign the lease"), "{found}");
    let title = found.find("Please sign").unwrap();
    assert!(title < found.find("ann@bell.example").unwrap(), "{found}");
}

#[test]
fn the_kind_of_a_record_is_in_front_of_it() {
    let body = json!({"type": "CNAME", "name": "shop", "content": "shop.host.example", "ttl": 300});
    let found = of(Effect::Change, &Method::PUT, "/dns_records/r7", &body).text();
    assert!(found.contains("CNAME dns record r7"), "{found}");
    assert!(found.contains("shop.host.example"), "{found}");
}

#[test]
fn an_update_operator_says_what_is_done_to_the_value() {
    let body = json!({"filter": {"segment": "b2b"}, "update": {
        "$inc": {"seats": 500},
        "$push": {"groups": "vip"},
        "$set": {"stage": "won"},
    }});
    let found = of(Effect::Change, &Method::POST, "/action/updateMany", &body);
    let facts: Vec<String> = found
        .facts
        .iter()
        .map(|fact| format!("{} {}", fact.name, fact.value))
        .collect();
    assert!(
        facts.contains(&"update.increase seats 500".to_owned()),
        "{facts:?}"
    );
    assert!(
        facts.contains(&"update.add to groups vip".to_owned()),
        "{facts:?}"
    );
    assert!(facts.contains(&"update.stage won".to_owned()), "{facts:?}");
}

#[test]
fn a_verb_with_an_adverb_is_about_the_object_in_front_of_it() {
    for (target, expected) in [
        ("/emailCampaigns/77/sendNow", "Send email campaign 77"),
        ("/conversations/441/reply", "Reply to conversation 441"),
        ("/spaces/s7/entries/e7/publish", "Publish entry e7"),
    ] {
        let found = of(Effect::ShareOutside, &Method::POST, target, &json!({}));
        assert!(found.text().starts_with(expected), "{}", found.text());
    }
}

#[test]
fn a_call_is_named_by_its_verb() {
    let body = json!({"query": "mutation { userRoleUpdate(id: \"7\", role: ADMIN) { id } }"});
    let found = of(Effect::Change, &Method::POST, "/graphql", &body).text();
    assert!(found.starts_with("Update user role"), "{found}");
}

#[test]
fn a_check_that_pays_somebody_is_a_payment() {
    let body = json!({"data": {"payTo": "R. Voss", "grossAmount": {"amount": "80.00", "currency": "eur"}}});
    let found = of(Effect::Read, &Method::POST, "/claims/c:7/checks", &body);
    assert_eq!(found.effect, Effect::Pay);
    assert!(!found.text().contains("amount amount"), "{}", found.text());
}

#[test]
fn a_parcel_goes_to_its_consignee() {
    let body = json!({"shipments": [{
        "shipper": {"name1": "Kite GmbH", "email": "out@kite.example"},
        "consignee": {"name1": "Bo Lind", "city": "Ulm"},
        "refNo": "A-7",
    }]});
    let found = of(Effect::Create, &Method::POST, "/labels", &body).text();
    assert!(
        found.starts_with("Create label · consignee name1 Bo Lind"),
        "{found}"
    );
}
