//! Numbers are shown with the unit that the request gives them.

use gaiterguard_domain::effect::Effect;
use gaiterguard_summary::FactKind;
use http::Method;

use crate::summary;

fn fact(body: &str, name: &str) -> (FactKind, String) {
    let found = summary(
        Effect::Create,
        &Method::POST,
        "/things/t-12/runs",
        body.as_bytes(),
        None,
    );
    let fact = found.facts.iter().find(|fact| fact.name == name);
    let fact = fact.unwrap_or_else(|| panic!("{name} is not among {:?}", found.facts));
    (fact.kind, fact.value.clone())
}

#[test]
fn the_unit_next_to_a_number_is_shown_with_it() {
    for (body, name, expected) in [
        (
            r#"{"dose":{"value":500,"unit":"mg"}}"#,
            "dose.value",
            "500 mg",
        ),
        (
            r#"{"load":{"unitCode":"kWh","quantity":"4.5"}}"#,
            "load.quantity",
            "4.5 kWh",
        ),
        ("amount=12&uom=pallet", "amount", "12 pallet"),
        (
            "<Irrigation><Volume>40</Volume><Unit>l</Unit></Irrigation>",
            "Irrigation.Volume",
            "40 l",
        ),
        (
            r#"{"range":{"min":4,"max":8,"unit":"°C"}}"#,
            "range.max",
            "8 °C",
        ),
    ] {
        assert_eq!(fact(body, name).1, expected, "{body}");
    }
    // The unit is not a fact of its own.
    let found = summary(
        Effect::Create,
        &Method::POST,
        "/doses",
        br#"{"value":500,"unit":"mg"}"#,
        None,
    );
    assert_eq!(found.facts.len(), 1);
    // Two quantities may have different units.
    assert_eq!(
        fact(r#"{"quantity":3,"weight":50,"unit":"kg"}"#, "quantity").1,
        "3"
    );
}

#[test]
fn the_unit_in_a_name_is_shown_with_the_number() {
    for (body, name, expected) in [
        (r#"{"doseMg":12.5}"#, "doseMg", "12.5 mg"),
        ("power_w=11000", "power_w", "11000 W"),
        (r#"{"limit-kwh":40}"#, "limit-kwh", "40 kWh"),
        (r#"{"rate_ml_h":5}"#, "rate_ml_h", "5 ml/h"),
        (r#"{"speed_km_per_h":80}"#, "speed_km_per_h", "80 km/h"),
        (r#"{"tempC":31}"#, "tempC", "31 °C"),
        (r#"{"discount_percent":20}"#, "discount_percent", "20%"),
        (r#"{"duration_seconds":30}"#, "duration_seconds", "30 s"),
        ("<Job><HeightMm>5</HeightMm></Job>", "Job.HeightMm", "5 mm"),
        // Not units.
        (r#"{"plan_c":5}"#, "plan_c", "5"),
        (r#"{"price_per_kg":5}"#, "price_per_kg", "5"),
        (r#"{"mg":"high"}"#, "mg", "high"),
    ] {
        assert_eq!(fact(body, name).1, expected, "{body}");
    }
}

#[test]
fn millionths_and_hexadecimal_numbers_are_readable() {
    for (body, name, expected) in [
        (
            r#"{"cpc_bid_micros":"2500000"}"#,
            "cpc_bid_micros",
            "2.50 (2500000 micros)",
        ),
        (r#"{"bidMicros":1}"#, "bidMicros", "0.000001 (1 micros)"),
        (
            "amount_micros=990000000",
            "amount_micros",
            "990.00 (990000000 micros)",
        ),
        (r#"{"gasLimit":"0x76c0"}"#, "gasLimit", "30400 (0x76c0)"),
        (
            r#"{"value_wei":"0x16345785d8a0000"}"#,
            "value_wei",
            "0.1 ETH (0x16345785d8a0000 wei)",
        ),
        (
            r#"{"amount":{"value":"0xde0b6b3a7640000","unit":"wei"}}"#,
            "amount.value",
            "1 ETH (0xde0b6b3a7640000 wei)",
        ),
        // An address is not a number.
        (
            r#"{"value":"0xd46e8dd67c5d32be8058bb8eb970870f07244567"}"#,
            "value",
            "0xd46e8dd67c5d32be8058bb8eb970870f07244567",
        ),
        (r#"{"color":"0xff0000"}"#, "color", "0xff0000"),
    ] {
        assert_eq!(fact(body, name).1, expected, "{body}");
    }
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"eth_sendTransaction","params":[
        {"to":"0xd46e8dd67c5d32be8058bb8eb970870f07244567","value":"0x16345785d8a0000"}]}"#;
    assert_eq!(
        fact(body, "params.value"),
        (
            FactKind::Amount,
            "0.1 ETH (0x16345785d8a0000 wei)".to_owned()
        )
    );
}
