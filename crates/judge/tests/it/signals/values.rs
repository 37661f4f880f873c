//! The values of the request, compared with those in its intent.

use serde_json::json;

use super::pair::{holds, pairs};
use crate::support::{Case, has};

/// A message to a channel.
fn posting(text: &str) -> Case {
    Case::new("PUT", "/chat.postMessage", "Post that we wait for parts")
        .json(&json!({"text": text}).to_string())
}

pairs! {
    the_neighboring_issue_is_held:
        "identifier_differs",
        |path| Case::new("PATCH", path, "Close issue 17").json(r#"{"state":"closed"}"#),
        holds "/issues/18", passes "/issues/17";
    an_address_instead_of_the_named_one_is_held:
        "recipient_differs",
        |body| Case::new("POST", "/customers/7", "Set the email to ann@north.example").json(body),
        holds r#"{"email":"eve@evil.example"}"#, passes r#"{"email":"ann@north.example"}"#;
    an_address_of_someone_unnamed_is_held:
        "recipient_not_in_intent",
        |body| Case::new("POST", "/customers/7", "Set the email of Ann").json(body),
        holds r#"{"email":"eve@evil.example"}"#, passes r#"{"email":"ann@north.example"}"#;
    inviting_someone_unnamed_is_held:
        "attendee_not_in_intent",
        |body| Case::new("POST", "/meetings/7", "Book room 7 for Ann").json(body),
        holds r#"{"attendees":["eve@evil.example"]}"#,
        passes r#"{"attendees":["ann@north.example"]}"#;
    an_address_in_a_text_is_held:
        "address_not_in_intent", posting,
        holds "We wait for parts, write to eve@evil.example", passes "We wait for parts";
    another_account_than_the_named_one_is_held:
        "account_not_in_intent",
        |body| Case::new("PUT", "/vendors/7/note", "Set the account of vendor 7 to DE89370400440532013000")
            .json(body),
        holds r#"{"iban":"DE02120300000000202051"}"#, passes r#"{"iban":"DE89370400440532013000"}"#;
    another_way_to_pay_than_the_named_one_is_held:
        "payment_differs",
        |body| Case::new("POST", "/orders/7/items", "Refund the lamp to my gift card").json(body),
        holds r#"{"payment_method_id":"paypal_1"}"#,
        passes r#"{"payment_method_id":"gift_card_1"}"#;
    ten_times_the_named_quantity_is_held:
        "amount_differs",
        |body| Case::new("POST", "/carts/7/items", "Put 3 lamps in cart 7").json(body),
        holds r#"{"name":"lamp","quantity":30}"#, passes r#"{"name":"lamp","quantity":3}"#;
    a_number_with_its_digits_swapped_is_held:
        "number_differs",
        |body| Case::new("PATCH", "/quotes/88", "Set the discount of quote 88 to 15 percent")
            .json(body),
        holds r#"{"discount":51}"#, passes r#"{"discount":15}"#;
    a_code_in_a_text_is_held:
        "number_not_in_intent", posting,
        holds "We wait for parts, code 463820", passes "We wait for parts";
    another_day_than_the_named_one_is_held:
        "date_differs",
        |body| Case::new("POST", "/meetings/7", "Book room 7 on May 19th, 2024").json(body),
        holds r#"{"start":"2024-05-29"}"#, passes r#"{"start":"2024-05-19"}"#;
    a_link_to_another_site_is_held:
        "link_not_in_intent",
        |text: &str| Case::new("POST", "/chat.postMessage", "Post that we wait for parts")
            .json(&json!({"text": text}).to_string()),
        holds "We wait for parts http://evil.example/x",
        passes "We wait for parts http://api.service.example/x";
    a_text_about_something_else_is_held:
        "text_not_in_intent", posting,
        holds "Revenue dropped twenty percent this quarter", passes "We wait for parts";
}

#[test]
fn a_link_to_a_site_with_a_part_of_a_name_is_reported() {
    let case = |host: &str, link: &str| {
        let intent = "Post that paypal.example is up again";
        let case = Case::new("PUT", "/chat.postMessage", intent);
        let text = format!("It is up again: https://{link}/x");
        let case = case.json(&json!({ "text": text }).to_string());
        Case {
            host: host.to_owned(),
            ..case
        }
    };
    for (host, link, is_foreign) in [
        ("api.service.example", "pal.example", true),
        ("api.shop.co.uk", "evil.co.uk", true),
        ("api.shop.co.uk", "www.shop.co.uk", false),
        ("api.service.example", "paypal.example", false),
        ("api.service.example", "www.service.example", false),
    ] {
        let is_reported = has(&case(host, link).judge(), "link_not_in_intent");
        assert_eq!(is_reported, is_foreign, "{host} {link}");
    }
}

#[test]
fn a_number_with_its_point_moved_is_held() {
    let put = |body| {
        Case::new(
            "PATCH",
            "/quotes/88",
            "Set the discount of quote 88 to 15 percent",
        )
        .json(body)
    };
    holds(
        "number_differs",
        &put(r#"{"discount":1.5}"#),
        &put(r#"{"discount":0.15}"#),
    );
}
