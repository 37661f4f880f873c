//! A long value keeps the part that distinguishes it.

use gaiterguard_domain::effect::Effect;
use http::Method;

use crate::summary;

#[test]
fn a_long_identifier_an_address_and_a_host_keep_their_ends() {
    let long = "x".repeat(70);
    for (effect, method, target, body, ending) in [
        (
            Effect::Delete,
            Method::DELETE,
            format!("/secrets/{long}-production-0001"),
            String::new(),
            "-production-0001",
        ),
        (
            Effect::ShareOutside,
            Method::POST,
            "/messages".to_owned(),
            format!(r#"{{"to":"{long}@mail.evil.example"}}"#),
            "@mail.evil.example",
        ),
        (
            Effect::Create,
            Method::POST,
            "/hooks".to_owned(),
            format!("host={long}.cdn.evil.example"),
            ".cdn.evil.example",
        ),
    ] {
        let found = summary(effect, &method, &target, body.as_bytes(), None);
        assert!(found.text().ends_with(ending), "{}", found.text());
        assert!(found.text().contains("xx…xx"), "{}", found.text());
    }
}

#[test]
fn a_long_text_keeps_its_beginning() {
    let body = format!(r#"{{"note":"Begin here {}"}}"#, "and carry ".repeat(20));
    let found = summary(
        Effect::Change,
        &Method::PATCH,
        "/tickets/t-12",
        body.as_bytes(),
        None,
    );
    assert!(
        found.text().contains("“Begin here and carry"),
        "{}",
        found.text()
    );
}

#[test]
fn a_long_text_is_cut_at_the_end_of_a_clause_and_never_loses_a_negation() {
    let body = format!(
        r#"{{"body":"Hello Ida, the new chair leaves our workshop on Friday. {} You do not have to send the old one back."}}"#,
        "We will call you on the day before. ".repeat(4)
    );
    let found = summary(
        Effect::ShareOutside,
        &Method::POST,
        "/conversations/7/reply",
        body.as_bytes(),
        None,
    );
    let text = found.text();
    assert!(text.contains("Hello Ida, the new chair"), "{text}");
    assert!(text.contains(" more characters) … "), "{text}");
    assert!(
        text.contains("… You do not have to send the old one back."),
        "{text}"
    );
    // Half of the last sentence would say the opposite.
    let last = "Under none of the conditions that we have agreed upon with you or with your landlord are you to send \
        the old one back.";
    let body = format!(r#"{{"body":"{} {last}"}}"#, "We call you. ".repeat(20));
    let found = summary(
        Effect::ShareOutside,
        &Method::POST,
        "/conversations/7/reply",
        body.as_bytes(),
        None,
    );
    let text = found.text();
    assert!(
        !text.contains("send the old one back") && text.contains(" more characters)"),
        "{text}"
    );
}

#[test]
fn a_long_value_has_its_two_ends_and_says_how_much_is_between_them() {
    let text = format!("Dear Ann, {} Pay by Friday.", "all is well. ".repeat(100));
    let body = serde_json::json!({ "to": "ann@kite.example", "text": text }).to_string();
    let found = summary(
        Effect::ShareOutside,
        &Method::POST,
        "/messages",
        body.as_bytes(),
        None,
    );
    let fact = found
        .facts
        .iter()
        .find(|fact| fact.name == "text")
        .expect("the text is a fact");
    assert!(fact.is_cut && fact.ending.ends_with("Pay by Friday."));
    let shown = fact.value.chars().count() + fact.ending.chars().count();
    assert_eq!(shown + fact.hidden_characters, text.chars().count());
    assert!(
        fact.text()
            .contains(&format!("… ({} more characters) …", fact.hidden_characters))
    );
}

#[test]
fn a_long_statement_keeps_its_condition_with_every_alternative() {
    let columns = "note = 'a long text of the change', ".repeat(6);
    let body = format!(
        r#"{{"statement":"UPDATE crm.contacts SET {columns} state = 'off' WHERE (bounced > '2026-05-01' AND kind = 'hard') OR email IS NOT NULL"}}"#
    );
    let found = summary(
        Effect::Change,
        &Method::POST,
        "/statements",
        body.as_bytes(),
        None,
    );
    assert!(
        found.text().starts_with(
            "Run SQL: UPDATE crm.contacts … · WHERE (bounced > '2026-05-01' AND kind = 'hard') OR email IS NOT NULL"
        ),
        "{}",
        found.text()
    );
}

#[test]
fn a_condition_loses_no_alternative_without_a_mark() {
    let of = |statement: &str| {
        let body = serde_json::json!({ "statement": statement }).to_string();
        summary(
            Effect::Change,
            &Method::POST,
            "/statements",
            body.as_bytes(),
            None,
        )
        .text()
    };
    let whole = "WHERE sensor_id IN (SELECT id FROM plant.sensors WHERE label LIKE 'lab-%' OR retired_on IS NULL) AND \
        taken_on < '2026-01-01' AND quality <> 'certified'";
    let shown = of(&format!(
        "ALTER TABLE plant.readings ON CLUSTER north DELETE {whole}"
    ));
    assert!(
        shown.contains("plant.readings") && shown.contains(&format!(" · {whole}")),
        "{shown}"
    );
    let many: Vec<String> = (0..60).map(|one| format!("code = 'K-{one}'")).collect();
    let shown = of(&format!(
        "DELETE FROM shop.coupons WHERE {} OR used_at IS NULL",
        many.join(" OR ")
    ));
    assert!(
        shown.contains("WHERE code = 'K-0' OR code = 'K-1'")
            && shown.contains(" more characters) … ")
            && shown.ends_with("OR used_at IS NULL"),
        "{shown}"
    );
}

#[test]
fn a_share_has_its_sign_and_the_unit_of_amounts_is_said_once() {
    let body = r#"{"split_by":"Percentage","splits":[{"name":"Savings","split_amount":10},{"name":"Card","split_amount":90}]}"#;
    let found = summary(
        Effect::Pay,
        &Method::PUT,
        "/employees/e7/payment_method",
        body.as_bytes(),
        None,
    );
    let shares: Vec<&str> = found.facts.iter().map(|fact| &*fact.value).collect();
    assert!(
        shares.contains(&"10%") && shares.contains(&"90%"),
        "{shares:?}"
    );
    assert!(!found.text().contains("in total"), "{}", found.text());
    let body = r#"{"captured_amount_cents":18900,"tax_amount_cents":3780}"#;
    let found = summary(
        Effect::Pay,
        &Method::POST,
        "/orders/o7/captures",
        body.as_bytes(),
        None,
    );
    let values: Vec<&str> = found.facts.iter().map(|fact| &*fact.value).collect();
    assert!(
        values.contains(&"18900 in the smallest unit (usually 189.00)"),
        "{values:?}"
    );
    assert!(values.contains(&"3780 (37.80)"), "{values:?}");
}
