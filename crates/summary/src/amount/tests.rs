use super::*;

fn value(name: &str, text: &str, meaning: Option<&str>) -> Value {
    Value {
        location: format!("body/{name}"),
        names: vec![name.to_owned()],
        text: text.to_owned(),
        rest: None,
        currency: None,
        role: Role::of(name),
        meaning: meaning.map(str::to_owned),
    }
}

fn values(kept: &[Value]) -> Values {
    Values {
        kept: kept.to_vec(),
        ..Values::default()
    }
}

#[test]
fn an_amount_is_written_as_people_write_it() {
    let cents = Some("Amount in cents");
    for (name, text, meaning, currency, expected) in [
        ("amount", "1250000", cents, "eur", "€12,500.00"),
        ("amount", "5", cents, "usd", "$0.05"),
        (
            "amount",
            "1250",
            Some("In the smallest currency unit."),
            "JPY",
            "¥1,250",
        ),
        ("amount", "1250", Some("In minor units"), "KWD", "KWD 1.250"),
        ("amount", "12.5", None, "CHF", "CHF 12.5"),
        (
            "amount",
            "1250.0",
            cents,
            "EUR",
            "1250.0 EUR (unit not documented)",
        ),
        (
            "amount",
            "12.5",
            Some("In dollars, not cents"),
            "USD",
            "$12.5",
        ),
        (
            "amount",
            "100000000",
            Some("In the smallest unit"),
            "BTC",
            "100,000,000 BTC (unit not documented)",
        ),
        ("amount_cents", "99", None, "EUR", "€0.99"),
        (
            "amount",
            "99",
            Some("In dollars, not cents"),
            "USD",
            "99 USD (unit not documented)",
        ),
        (
            "amount",
            "99",
            Some("A percentage of the total"),
            "USD",
            "99 USD (unit not documented)",
        ),
        ("amount", "99", cents, "UGX", "99 UGX (unit not documented)"),
        ("amount", "-500", cents, "GBP", "-£5.00"),
        (
            "amount",
            "1250000",
            None,
            "EUR",
            "1,250,000 EUR (unit not documented)",
        ),
    ] {
        let others = values(&[value("currency", currency, None)]);
        assert_eq!(
            shown(&value(name, text, meaning), &others, Effect::Pay),
            expected
        );
    }
}

#[test]
fn amounts_of_one_currency_and_unit_are_compared_exactly() {
    let money = |value: &str, currency: &str, unit_is_documented| Money {
        currency: currency.to_owned(),
        value: value.to_owned(),
        unit_is_documented,
    };
    let euros = |value| money(value, "EUR", true);
    for (one, other, expected) in [
        ("9.99", "10", Ordering::Less),
        ("12500.00", "12500", Ordering::Equal),
        ("0012.5", "12.50", Ordering::Equal),
        ("0.5", "0.45", Ordering::Greater),
        ("-1", "0", Ordering::Less),
        ("-10", "-9", Ordering::Less),
        ("-0.00", "0", Ordering::Equal),
        (
            "100000000000000000000000000000000000000001",
            "99999999999999999999999999999999999999999",
            Ordering::Greater,
        ),
    ] {
        assert_eq!(euros(one).compare(&euros(other)), Some(expected), "{one}");
        let reverse = euros(other).compare(&euros(one));
        assert_eq!(reverse, Some(expected.reverse()), "{one}");
    }
    assert_eq!(euros("1").compare(&money("1", "USD", true)), None);
    assert_eq!(euros("1").compare(&money("1", "EUR", false)), None);
}

#[test]
fn an_amount_without_a_currency_is_shown_with_its_documented_unit() {
    let amount = value("amount", "1250000", Some("Amount in cents"));
    assert_eq!(
        shown(&amount, &values(&[]), Effect::Pay),
        "1250000 in the smallest unit (usually 12,500.00)"
    );
    let two = values(&[
        value("currency", "EUR", None),
        value("fee_currency", "USD", None),
    ]);
    let elsewhere = Value {
        location: "body/payout/amount".to_owned(),
        ..amount
    };
    assert_eq!(
        shown(&elsewhere, &two, Effect::Pay),
        "1250000 in the smallest unit (usually 12,500.00)"
    );
}

#[test]
fn a_missing_currency_is_named_if_it_is_certainly_missing() {
    let missing = "18,400 (no currency given)";
    for (name, others, expected) in [
        ("amount", vec![], missing),
        ("totalAmount", vec![value("to", "20871", None)], missing),
        // The currency may be part of the name, or that of an asset.
        ("amountSats", vec![], "18400"),
        ("amount", vec![value("asset", "USDT", None)], "18400"),
    ] {
        let amount = value(name, "18400", None);
        assert_eq!(
            shown(&amount, &values(&others), Effect::Pay),
            expected,
            "{name}"
        );
    }
    let partly_read = Values {
        dropped: 1,
        ..Values::default()
    };
    let amount = value("amount", "18400", None);
    assert_eq!(shown(&amount, &partly_read, Effect::Pay), "18400");
    // A discount may be a percentage.
    assert_eq!(shown(&amount, &values(&[]), Effect::Create), "18400");
}

#[test]
fn only_plain_numbers_are_amounts() {
    for (text, expected) in [
        ("12", true),
        ("12.50", true),
        ("-3", true),
        ("1e9", false),
        ("", false),
        ("1.", false),
        ("twelve", false),
    ] {
        assert_eq!(is_amount(&value("amount", text, None)), expected, "{text}");
    }
}
