//! The code that a request evaluates, and the names and texts that are easily taken for something else.

use gaiterguard_domain::effect::Effect;
use gaiterguard_summary::FactKind;
use http::Method;
use serde_json::{Value, json};

use crate::summary;

fn text(effect: Effect, method: &Method, target: &str, body: &Value) -> String {
    summary(effect, method, target, body.to_string().as_bytes(), None).text()
}

#[test]
fn code_that_is_evaluated_comes_first() {
    for (target, body, expected) in [
        (
            "/labels/render",
            json!({"size": "A6", "template": "{{ system('id') }}"}),
            "Evaluate template (render label): “{{ system('id') }}” · size A6",
        ),
        (
            "/sheets/s-12/calculate",
            json!({"formula": "=SUM(A1:A9)"}),
            "Evaluate formula (calculate sheet) · sheet s-12: “=SUM(A1:A9)”",
        ),
        (
            "/debug/eval",
            json!({"code": "Device.all.each(&:reset)"}),
            "Evaluate code: “Device.all.each(&:reset)”",
        ),
    ] {
        let found = text(Effect::Create, &Method::POST, target, &body);
        assert_eq!(found, expected, "{target}");
    }
    // A voucher and the name of a template are not code.
    for body in [
        json!({"code": "SPRING-20"}),
        json!({"template": "welcome-mail"}),
    ] {
        let found = text(Effect::Create, &Method::POST, "/offers/o-12/preview", &body);
        assert!(found.starts_with("Preview offer o-12 · "), "{found}");
    }
}

#[test]
fn a_noun_for_an_act_at_the_end_of_a_path_is_the_verb() {
    for (effect, target, expected) in [
        (Effect::Read, "/loans/quote", "Quote loan"),
        (Effect::Create, "/loans/l-12/quote", "Quote loan l-12"),
        (
            Effect::Create,
            "/cards/c-12/activation",
            "Activate card c-12",
        ),
        (
            Effect::Read,
            "/recipes/r-12/validation",
            "Validate recipe r-12",
        ),
        (Effect::Create, "/leases/l-12/renew", "Renew lease l-12"),
        (Effect::Create, "/trees/t-12/graft", "Graft tree t-12"),
        (
            Effect::Create,
            "/lines/l-12/phase-out",
            "Phase out line l-12",
        ),
        (
            Effect::Create,
            "/albums/a-12/photo",
            "Create photo · album a-12",
        ),
        (
            Effect::Create,
            "/odata/Boats(47)/Default.Cancel",
            "Cancel boat 47",
        ),
        (
            Effect::Create,
            "/lists/l-12/anonymize",
            "Anonymize list l-12",
        ),
        (Effect::Create, "/seats/s-12/rebook", "Rebook seat s-12"),
        (Effect::Read, "/parcels/estimate", "Estimate parcel"),
        (Effect::Read, "/parcels/search", "Search parcels"),
    ] {
        let found = summary(effect, &Method::POST, target, b"", None);
        assert_eq!(found.text(), expected, "{target}");
    }
}

#[test]
fn a_general_segment_is_named_with_what_it_belongs_to() {
    for (target, expected) in [
        (
            "/farms/f-12/sensors/9/config",
            "Replace config of sensor 9 in f-12 · rate 5",
        ),
        ("/webhook/config", "Replace webhook config · rate 5"),
        ("/settings/mail", "Change mail settings · rate 5"),
    ] {
        let found = text(Effect::Change, &Method::PUT, target, &json!({"rate": 5}));
        assert_eq!(found, expected, "{target}");
    }
}

#[test]
fn words_inside_a_name_are_not_what_is_done() {
    for (effect, method, target, expected) in [
        (
            Effect::Delete,
            Method::DELETE,
            "/pipelines/send-invoices",
            "Delete pipeline send-invoices",
        ),
        (
            Effect::Change,
            Method::PATCH,
            "/queues/refund_retry",
            "Change queue refund_retry",
        ),
        (
            Effect::Pay,
            Method::PATCH,
            "/topics/report-refunds",
            "Change topic report-refunds",
        ),
        (
            Effect::Code,
            Method::POST,
            "/jobs/undelete-job/start",
            "Start job undelete-job",
        ),
    ] {
        let found = summary(effect, &method, target, b"", None);
        assert_eq!(found.text(), expected, "{target}");
        assert!(found.effect != Effect::Pay, "{target}");
    }
}

#[test]
fn an_opaque_identifier_has_a_kind_and_is_not_a_link_or_a_text() {
    let target = "/schools/0b1f8c1e-3f3e-4f7e-9d59-91e2f1d1a111/pupils/pup_77";
    let body = json!({"message": "msg_01H9XK", "website": "site_12", "note": "moves to 4b"});
    let found = summary(
        Effect::Change,
        &Method::PATCH,
        target,
        body.to_string().as_bytes(),
        None,
    );
    assert_eq!(
        found.text(),
        "Change pupil pup_77 in school 0b1f8c1e-3f3e-4f7e-9d59-91e2f1d1a111 · message msg_01H9XK \
         · website site_12 · note “moves to 4b”"
    );
    let kinds = |name: &str| {
        found
            .facts
            .iter()
            .find(|fact| fact.name == name)
            .map(|fact| fact.kind)
    };
    assert_eq!(kinds("message"), Some(FactKind::Object));
    assert_eq!(kinds("website"), Some(FactKind::Object));
    assert_eq!(kinds("note"), Some(FactKind::Content));
}

#[test]
fn the_visible_part_of_a_secret_stays_visible() {
    for (secret, expected) in [
        ("xoxb-4821-••••••••", "xoxb-4821-••••••••"),
        ("****1234", "****1234"),
        ("ghp_a8Kf02LmQ9", "ghp_… (hidden: looks like a secret)"),
        ("a8Kf02LmQ9ZZ", "(hidden: looks like a secret)"),
    ] {
        let found = text(
            Effect::Change,
            &Method::POST,
            "/bridges/b-12/rotate",
            &json!({"token": secret}),
        );
        assert_eq!(found, format!("Rotate bridge b-12 · token {expected}"));
    }
}

#[test]
fn a_bill_and_a_permit_are_not_money() {
    let found = text(
        Effect::Pay,
        &Method::POST,
        "/invoices",
        &json!({"client": "Vela", "total": "48.00", "ccy": "SEK"}),
    );
    assert_eq!(found, "Create invoice of SEK 48.00 · client Vela");
    // A thing changes hands without an amount.
    let found = text(
        Effect::Pay,
        &Method::POST,
        "/permits/pmt_12/transfer",
        &json!({"holder": "org_5"}),
    );
    assert_eq!(found, "Transfer permit pmt_12 · holder org_5");
}
