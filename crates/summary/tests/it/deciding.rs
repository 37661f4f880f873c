//! The values that decide what a request does are in its headline and among its facts.

use gaiterguard_domain::effect::Effect;
use gaiterguard_summary::{FactKind, Summary};
use http::Method;
use serde_json::{Value, json};

use crate::summary;

fn of(effect: Effect, method: &Method, target: &str, body: &Value) -> Summary {
    summary(effect, method, target, body.to_string().as_bytes(), None)
}

#[test]
fn only_the_payee_is_shown_as_who_gets_the_money() {
    for (body, expected) in [
        (
            json!({"account": {"id": "12"}, "vendor": {"id": "20871"}, "amount": "5.00"}),
            "Pay 5.00 (no currency given) to 20871 · account 12",
        ),
        (
            json!({"sourceAccount": "A1", "beneficiary": "B2", "amount": "5.00"}),
            "Pay 5.00 (no currency given) to B2 from A1",
        ),
        (
            json!({"from_account": "A1", "to_account": "B2", "amount": "5.00"}),
            "Pay 5.00 (no currency given) to B2 from A1",
        ),
        (
            json!({"debtor": {"iban": "DE1"}, "creditor": {"iban": "DE2"}, "amount": "5.00"}),
            "Pay 5.00 (no currency given) to DE2 from DE1",
        ),
        // Nothing says whether the account gives or gets.
        (
            json!({"account": {"id": "12"}, "amount": "5.00"}),
            "Pay 5.00 (no currency given) · account 12",
        ),
    ] {
        let found = of(Effect::Pay, &Method::POST, "/v1/payments", &body);
        assert_eq!(found.text(), expected, "{body}");
    }
}

#[test]
fn the_only_number_next_to_a_currency_is_the_amount() {
    let body = json!({"currency": "GBP", "stake": "5.00", "side": "home"});
    let found = of(Effect::Pay, &Method::POST, "/bets", &body);
    assert_eq!(found.text(), "Create bet of £5.00 · side home");
    let body = json!({"currency": "GBP", "daily_rate": "5.00", "side": "home"});
    let found = of(Effect::Pay, &Method::POST, "/bets", &body);
    assert!(!found.text().contains('£'), "{}", found.text());
    let body = json!({"currency": "GBP", "amount_to_hold": 900});
    let found = of(Effect::Pay, &Method::POST, "/rooms/r-12/capture", &body);
    assert_eq!(
        found.text(),
        "Capture 900 GBP (unit not documented) · room r-12"
    );
}

#[test]
fn a_currency_that_no_amount_is_in_is_a_fact() {
    let body = json!({"sell": {"currency": "USD", "amount": "5.00"}, "buyCurrency": "EUR"});
    let found = of(Effect::Pay, &Method::POST, "/trades", &body);
    let currencies: Vec<&str> = found
        .facts
        .iter()
        .filter(|fact| fact.name.to_lowercase().ends_with("currency"))
        .map(|fact| &*fact.value)
        .collect();
    assert_eq!(currencies, ["EUR"]);
}

#[test]
fn every_amount_of_a_payment_is_named() {
    let body = json!({
        "currency": "SEK",
        "items": [{"payee": "Kite", "amount": "12.00"}, {"payee": "Moss", "amount": "990.00"}],
    });
    let found = of(Effect::Pay, &Method::POST, "/payments/batch", &body);
    assert_eq!(
        found.text(),
        "Bulk pay SEK 1,002.00 in total (SEK 12.00, SEK 990.00) to Kite, Moss"
    );
}

#[test]
fn the_payee_is_an_account_among_the_facts() {
    let body = json!({"entity": {"id": "20871"}, "amount": 5});
    let kind = |effect| {
        let found = of(effect, &Method::POST, "/v1/payments", &body);
        let entity = found.facts.iter().find(|fact| fact.name == "entity.id");
        entity.unwrap().kind
    };
    assert_eq!(kind(Effect::Pay), FactKind::Account);
    assert_eq!(kind(Effect::Create), FactKind::Object);
}

#[test]
fn a_payment_without_an_amount_says_so() {
    let body = json!({"payment_intent": "pi_12345", "reason": "requested"});
    let found = of(Effect::Pay, &Method::POST, "/v1/refunds", &body);
    assert!(
        found.text().starts_with("Refund · no amount given"),
        "{}",
        found.text()
    );
    assert_eq!(found.facts[0].kind, FactKind::Amount);
    assert_eq!(found.facts[0].value, "no amount given");
    assert_eq!(found.other_values, 0);
}

#[test]
fn an_amount_in_any_form_is_not_missing() {
    for body in [
        json!({"charge": "ch_12345", "amount": 500}),
        json!({"charge": "ch_12345", "amount": "5,00 EUR"}),
        json!({"charge": "ch_12345", "total_value": "1e3"}),
        json!({"charge": "ch_12345", "lines": [{"quantity": 2}]}),
    ] {
        let found = of(Effect::Pay, &Method::POST, "/v1/refunds", &body);
        assert!(!found.text().contains("no amount"), "{}", found.text());
    }
    // A body that cannot be read may have one.
    let found = summary(
        Effect::Pay,
        &Method::POST,
        "/v1/refunds",
        &[0xff, 0, 1],
        None,
    );
    assert!(!found.text().contains("no amount"), "{}", found.text());
    // A subscription has a price elsewhere.
    let body = json!({"plan": "basic"});
    let found = of(Effect::Pay, &Method::POST, "/v1/subscriptions", &body);
    assert!(!found.text().contains("no amount"), "{}", found.text());
}

fn form_of_commands(commands: &Value) -> String {
    let commands = commands.to_string();
    let escaped: Vec<String> = commands
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    format!("commands={}", escaped.concat())
}

#[test]
fn commands_in_a_form_field_are_opened_and_counted() {
    let commands: Vec<Value> = (0..33)
        .map(|id| json!({"type": "item_delete", "args": {"id": format!("6XGgmFVjx2R8Va{id}")}}))
        .collect();
    let form = form_of_commands(&json!(commands));
    let found = summary(
        Effect::Create,
        &Method::POST,
        "/sync",
        form.as_bytes(),
        None,
    );
    assert_eq!(found.effect, Effect::Delete);
    assert!(
        found
            .text()
            .starts_with("Run 33 × item_delete · args 6XGgmFVjx2R8Va0, "),
        "{}",
        found.text()
    );
    assert!(
        found
            .facts
            .iter()
            .any(|fact| fact.value == "33 × item_delete"),
        "{:?}",
        found.facts
    );
    assert_eq!(found.other_values, 0);
}

#[test]
fn the_gravest_command_is_the_effect_of_the_whole() {
    let commands = json!([
        {"type": "item_add", "args": {"content": "Milk"}},
        {"type": "item_update", "args": {"id": "6XGgmFVjx2R8Va01"}},
        {"type": "item_delete", "args": {"id": "6XGgmFVjx2R8Va02"}},
    ]);
    let found = of(
        Effect::Create,
        &Method::POST,
        "/sync",
        &json!({"commands": commands}),
    );
    assert_eq!(found.effect, Effect::Delete);
    assert!(
        found
            .text()
            .starts_with("Run 3 calls: item_delete, item_add, item_update"),
        "{}",
        found.text()
    );
}

#[test]
fn a_list_of_things_is_not_a_list_of_commands() {
    for body in [
        json!({"changes": [{"type": "ADJUSTMENT"}, {"type": "TRANSFER"}]}),
        json!({"blocks": [{"type": "section"}, {"type": "button"}]}),
        json!({"attachments": [{"type": "post"}, {"type": "link"}]}),
        json!({"notes": "[not json"}),
    ] {
        let found = of(Effect::Create, &Method::POST, "/v1/things", &body);
        assert!(found.text().starts_with("Create thing"), "{}", found.text());
        assert_eq!(found.effect, Effect::Create);
    }
}

#[test]
fn the_objects_of_a_bulk_request_are_counted() {
    let ids: Vec<usize> = (3800..3848).collect();
    let body = json!({"bulk_action": {"ids": ids, "properties": {"status": 5}}});
    let found = of(Effect::Create, &Method::POST, "/tickets/bulk_update", &body);
    assert_eq!(
        found.text(),
        "Bulk update 48 tickets · status 5 · ids 3800, 3801, 3802, 3803, 3804 and 43 more"
    );
    assert_eq!(found.effect, Effect::Change);
    let listed = found.facts.iter().find(|fact| fact.name.ends_with("ids"));
    let listed = listed.unwrap();
    assert!(listed.value.starts_with("48: 3800, 3801, "), "{listed:?}");
    assert_eq!(listed.location, "body/bulk_action/ids");
    assert_eq!(found.other_values, 0);
}

#[test]
fn a_list_that_is_too_long_to_read_is_counted_as_a_whole() {
    let ids: Vec<usize> = (0..5000).collect();
    let found = of(
        Effect::Create,
        &Method::POST,
        "/tickets/bulk_update",
        &json!({"ids": ids, "note": "x"}),
    );
    assert!(
        found.text().contains("5000 tickets") && found.text().contains("and 4995 more"),
        "{}",
        found.text()
    );
    // The value after the list was not read.
    assert_eq!(found.other_values, 1);
}

#[test]
fn every_recipient_is_a_fact_of_its_own() {
    let to: Vec<String> = (0..9).map(|one| format!("p{one}@mail.example")).collect();
    let found = of(
        Effect::ShareOutside,
        &Method::POST,
        "/messages",
        &json!({"to": to, "text": "Hello"}),
    );
    assert!(
        found
            .text()
            .contains("p0@mail.example, p1@mail.example, p2@mail.example, p3@mail.example, p4@mail.example and 4 more"),
        "{}",
        found.text()
    );
    assert_eq!(found.facts.len(), 6);
    assert_eq!(found.other_values, 4);
}

#[test]
fn a_secret_that_names_the_object_is_named_and_hidden() {
    let body = json!({"access_token": "access-production-0000-a7"});
    let found = of(Effect::Delete, &Method::POST, "/item/remove", &body);
    assert_eq!(
        found.text(),
        "Remove item · access token (hidden: looks like a secret)"
    );
    assert_eq!(found.other_values, 0);
    // A number of tokens is not a secret.
    let body = json!({"max_tokens": 500});
    let found = of(Effect::Create, &Method::POST, "/completions", &body);
    assert!(found.text().contains("max tokens 500"), "{}", found.text());
}

#[test]
fn a_trial_run_or_a_draft_is_in_the_headline() {
    for (body, expected) in [
        (json!({"dryRun": true, "title": "Plan"}), "dry run true"),
        (
            json!({"data": {"attributes": {"plan-only": true}}}),
            "plan only true",
        ),
        (
            json!({"validate_only": "1", "title": "Plan"}),
            "validate only 1",
        ),
        (
            json!({"title": "Plan", "lifecycleState": "DRAFT"}),
            "lifecycle state DRAFT",
        ),
        (
            json!({"title": "Plan", "status": "scheduled"}),
            "status scheduled",
        ),
    ] {
        let found = of(Effect::Code, &Method::POST, "/jobs", &body);
        assert!(
            found.text().starts_with(&format!("Run job · {expected}")),
            "{}",
            found.text()
        );
        // A trial only informs: the effect stays as it is.
        assert_eq!(found.effect, Effect::Code);
    }
    let body = json!({"dryRun": false, "title": "Plan"});
    let found = of(Effect::Code, &Method::POST, "/jobs", &body);
    assert!(
        found.text().starts_with("Run job · dry run false"),
        "{}",
        found.text()
    );
}

#[test]
fn the_deciding_value_comes_before_switches() {
    for (path, body, expected) in [
        (
            "/containers/api-prod-1/exec",
            json!({
                "AttachStdout": true, "Tty": false,
                "Cmd": ["psql", "app", "-c", "UPDATE orders SET state='paid' WHERE id=20418"],
            }),
            "Run command in container api-prod-1 · cmd psql app -c UPDATE orders SET state='paid' \
             WHERE id=20418",
        ),
        (
            "/flags/f-12345",
            json!({"comment": "rollout", "environmentKey": "production"}),
            "Change flag f-12345 · environment key production · comment “rollout”",
        ),
        (
            "/keys",
            json!({
                "name": "screens",
                "roles": {"read": {"cluster": ["all"], "indices": [{"names": ["*"]}]}},
            }),
            "Create key · cluster all · indices names * · name screens",
        ),
    ] {
        let found = of(Effect::Code, &Method::POST, path, &body);
        assert_eq!(found.text(), expected, "{path}");
    }
}

#[test]
fn everyone_as_a_guest_is_in_the_headline() {
    let body = json!({"guests": "everyone"});
    let found = of(Effect::Create, &Method::POST, "/v1/events", &body);
    assert_eq!(found.text(), "Create event · guests everyone");
}

#[test]
fn a_few_fields_change_an_object_and_a_document_is_replaced() {
    for (target, body, expected) in [
        (
            "/users/u-12345/status",
            json!({"user_id": "u-12345", "status": "dnd"}),
            "Set status of user u-12345 to dnd",
        ),
        (
            "/tickets/4411.json",
            json!({"ticket": {"status": "solved"}}),
            "Set status of ticket 4411 to solved",
        ),
        (
            "/portfolios/p-12345",
            json!({"name": "Savings"}),
            "Rename portfolio p-12345 to Savings",
        ),
        (
            "/apps/a-12345/config",
            json!({"debug": "yes"}),
            "Replace config of app a-12345 · debug yes",
        ),
    ] {
        let found = of(Effect::Change, &Method::PUT, target, &body);
        assert_eq!(found.text(), expected, "{target}");
    }
}

#[test]
fn a_verb_at_the_end_of_a_path_is_the_verb() {
    for (effect, target, expected, expected_effect) in [
        (
            Effect::Create,
            "/t/5120/assign",
            "Assign 5120",
            Effect::Change,
        ),
        (
            Effect::Create,
            "/tickets/5120/merge",
            "Merge ticket 5120",
            Effect::Change,
        ),
        (Effect::Code, "/runs", "Start run", Effect::Code),
        (
            Effect::Read,
            "/bulk_actions/validate",
            "Validate bulk action",
            Effect::Read,
        ),
        (
            Effect::Create,
            "/accounts/a-12345/tickets",
            "Create ticket · account a-12345",
            Effect::Create,
        ),
    ] {
        let found = summary(effect, &Method::POST, target, b"", None);
        assert_eq!(found.text(), expected, "{target}");
        assert_eq!(found.effect, expected_effect, "{target}");
    }
    let body = b"To=%2B442079460123&From=%2B442079460100";
    let found = summary(
        Effect::ShareOutside,
        &Method::POST,
        "/Accounts/AC5c1e9b/Calls.json",
        body,
        None,
    );
    assert!(
        found
            .text()
            .starts_with("Call +442079460123 · account AC5c1e9b"),
        "{}",
        found.text()
    );
}
