//! The verb of a request is that of its path and its method, and no noun is taken for one.

use gaiterguard_domain::effect::Effect;
use http::Method;

use crate::{summary, with_headers};

fn text(effect: Effect, method: &Method, target: &str, body: &str) -> String {
    summary(effect, method, target, body.as_bytes(), None).text()
}

#[test]
fn a_custom_method_after_a_colon_is_the_verb() {
    for (method, target, body, expected) in [
        (
            Method::POST,
            "/v3/shops/77/coupons:mutate",
            r#"{"operations":[{"remove":"shops/77/coupons/5"}]}"#,
            "Remove coupon shops/77/coupons/5 · shop 77",
        ),
        (
            Method::POST,
            "/v1/ledgers/l-12/entries:batchGet",
            r#"{"names":["e1","e2"]}"#,
            "Bulk get 2 entries of ledger l-12 · names e1, e2",
        ),
        (
            Method::POST,
            "/v1/clusters/c-12:failOver",
            "",
            "Fail over cluster c-12",
        ),
        (
            Method::POST,
            "/v1/elevators/e-12:evacuate",
            "",
            "Evacuate elevator e-12",
        ),
        (Method::GET, "/v1/ships/s-12:export", "", "Export ship s-12"),
        // An object may be called so.
        (Method::PUT, "/keys/u-12:lock", "", "Set key u-12:lock"),
    ] {
        assert_eq!(
            text(Effect::Change, &method, target, body),
            expected,
            "{target}"
        );
    }
}

#[test]
fn a_compound_noun_is_not_a_verb_with_its_object() {
    for (effect, method, target, body, expected) in [
        (
            Effect::Pay,
            Method::PUT,
            "/drivers/d-12/payout-method",
            r#"{"kind":"bank"}"#,
            "Change payout method · driver d-12 · kind bank",
        ),
        (
            Effect::Pay,
            Method::POST,
            "/v1/refundReasons",
            r#"{"label":"Late"}"#,
            "Create refund reason · label Late",
        ),
        (
            Effect::Pay,
            Method::POST,
            "/rpc/order_items",
            "sku=L-5&note=red",
            "Create order item · sku L-5",
        ),
        (
            Effect::Create,
            Method::POST,
            "/beds/b-12/call-logs",
            r#"{"minutes":5}"#,
            "Create call log · bed b-12 · minutes 5",
        ),
        // A verb with its object stays one.
        (
            Effect::Pay,
            Method::POST,
            "/bookings/b-12/refund-guest",
            "",
            "Refund guest · booking b-12",
        ),
    ] {
        assert_eq!(text(effect, &method, target, body), expected, "{target}");
    }
}

#[test]
fn a_collection_gets_a_new_thing_and_an_object_those_who_take_part() {
    for (effect, target, body, expected) in [
        (
            Effect::Pay,
            "/v2/payments",
            r#"{"source":"card_7","amount":"5.00","currency":"EUR"}"#,
            "Pay €5.00",
        ),
        (
            Effect::Create,
            "/v2/greenhouses",
            r#"{"name":"North"}"#,
            "Create greenhouse · name North",
        ),
        (
            Effect::Access,
            "/choirs/c-12/members",
            "singer=ann",
            "Add member · choir c-12 · singer ann",
        ),
        (
            Effect::Access,
            "/vaults/v-12/approvers",
            r#"{"user_id":"u-7"}"#,
            "Add approver · vault v-12 · user id u-7",
        ),
        (
            Effect::Access,
            "/v1.0/crews/c-12/owners/$ref",
            r#"{"@odata.id":"https://people.example/u-7"}"#,
            "Add owner · crew c-12 · @odata id https://people.example/u-7",
        ),
        (
            Effect::Create,
            "/farms/f-12/fields",
            r#"{"name":"East"}"#,
            "Create field of farm f-12 · name East",
        ),
        // Words before the version name no object, and those before the object are not what is done.
        (
            Effect::Pay,
            "/fapi/v1/order",
            "side=SELL",
            "Order · side SELL",
        ),
        (
            Effect::Pay,
            "/reservations/r-12/no-show",
            r#"{"fee":{"amount":"120.00","currency":"CHF"}}"#,
            "Create no show of CHF 120.00 · reservation r-12",
        ),
    ] {
        assert_eq!(
            text(effect, &Method::POST, target, body),
            expected,
            "{target}"
        );
    }
}

#[test]
fn a_put_says_whether_it_may_replace_what_is_there() {
    for (target, headers, body, expected) in [
        (
            "/plans/p-12",
            &[("if-none-match", "*")][..],
            r#"{"price":"5"}"#,
            "Create plan p-12 · price 5",
        ),
        (
            "/plans/p-12",
            &[],
            r#"{"price":"5"}"#,
            "Change plan p-12 · price 5",
        ),
        (
            "/scans/2024/lung.csv",
            &[("content-type", "text/csv")],
            "name,salary\nann,5",
            "Upload scans/2024/lung.csv",
        ),
        (
            "/scans/2024/lung.tif",
            &[("x-oss-copy-source", "/private/lung.tif")],
            "",
            "Copy to scans/2024/lung.tif · x oss copy source /private/lung.tif",
        ),
    ] {
        let found = with_headers(
            Effect::Change,
            &Method::PUT,
            target,
            headers,
            body.as_bytes(),
            None,
        );
        assert_eq!(found.text(), expected, "{target}");
    }
}

#[test]
fn a_file_is_named_with_its_folders() {
    for (method, target, expected) in [
        (
            Method::DELETE,
            "/tenant-a/2024/q3/plan.pdf",
            "Delete tenant-a/2024/q3/plan.pdf",
        ),
        (
            Method::DELETE,
            "/v1/files/2024/q3/plan.pdf",
            "Delete 2024/q3/plan.pdf",
        ),
        (Method::DELETE, "/v1/rooms/r-12", "Delete room r-12"),
    ] {
        assert_eq!(
            text(Effect::Delete, &method, target, ""),
            expected,
            "{target}"
        );
    }
}

#[test]
fn a_query_that_is_a_single_word_names_a_part_of_the_object() {
    for (method, target, expected) in [
        (
            Method::DELETE,
            "/crates-eu?policy",
            "Delete policy in crates-eu",
        ),
        (Method::PUT, "/crates-eu?acl", "Set acl in crates-eu"),
        (
            Method::DELETE,
            "/crates/c-12?retention",
            "Delete retention · crate c-12",
        ),
        (
            Method::DELETE,
            "/crates/c-12?force=1",
            "Delete crate c-12 · force 1",
        ),
    ] {
        assert_eq!(
            text(Effect::Delete, &method, target, ""),
            expected,
            "{target}"
        );
    }
}

#[test]
fn a_word_between_words_is_the_name_of_an_object() {
    for (method, target, body, expected) in [
        (
            Method::PUT,
            "/topics/payments/config",
            "retention.ms=1",
            "Replace config of topic payments · retention ms 1 ms",
        ),
        (
            Method::POST,
            "/job/deploy-prod/buildWithParameters",
            "BRANCH=hotfix",
            "Build with parameters of job deploy-prod · branch hotfix",
        ),
        (
            Method::PUT,
            "/v1/kv/config/feature-x",
            "state=off",
            "Replace config feature-x · state off",
        ),
        (
            Method::POST,
            "/v1/auth/token/revoke-prefix/aws",
            "",
            "Revoke prefix aws",
        ),
        (
            Method::PATCH,
            "/doors/d-12/schedule",
            "open=24h",
            "Change schedule · door d-12 · open 24h",
        ),
        (
            Method::POST,
            "/functions/charge-cards/invocations",
            "batch=7",
            "Create invocation · function charge-cards · batch 7",
        ),
        (Method::POST, "/v1/sys/seal", "", "Seal sys"),
    ] {
        assert_eq!(
            text(Effect::Change, &method, target, body),
            expected,
            "{target}"
        );
    }
}

#[test]
fn a_part_that_the_body_gives_a_value_is_set() {
    for (target, body, expected) in [
        (
            "/valves/v-12/position",
            r#"{"position_pct":100}"#,
            "Set position · valve v-12 · position pct 100%",
        ),
        (
            "/cards/c-12/limit",
            "limit=500",
            "Set limit · card c-12 · limit 500",
        ),
        (
            "/doors/d-12/mode",
            "<Door><mode>open</mode></Door>",
            "Set mode · door d-12 · mode open",
        ),
        // Nothing has this name.
        (
            "/animals/a-12/cull",
            r#"{"reason":"ill"}"#,
            "Cull animal a-12 · reason “ill”",
        ),
        ("/notes/n-12/pin", "", "Pin note n-12"),
    ] {
        assert_eq!(
            text(Effect::Change, &Method::POST, target, body),
            expected,
            "{target}"
        );
    }
}
