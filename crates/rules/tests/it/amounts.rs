//! Amounts of money, compared in the units of their currency.

use gaiterguard_rules::{Cause, Program};

use crate::facts::evaluated;

#[test]
fn an_amount_of_money_is_compared_in_units_of_its_currency() {
    for (amount, currency, units) in [
        ("1050", "usd", "10.5"),
        ("1010", "EUR", "10.1"),
        ("10000", "jpy", "10000"),
        ("10500", "KWD", "10.5"),
        ("10.5", "USD", "10.5"),
        ("\"10.50\"", "USD", "10.5"),
        ("\"-0.50\"", "USD", "-0.5"),
        ("\"10000\"", "JPY", "10000"),
    ] {
        let body = format!(r#"{{"amount":{amount},"currency":"{currency}"}}"#);
        let condition = format!("money(request.body.amount, request.body.currency) == {units}");
        assert_eq!(evaluated(&condition, &body), Ok(true), "{body}");
    }
}

#[test]
fn an_amount_of_money_whose_unit_is_not_certain_is_not_evaluated() {
    for (amount, currency, cause) in [
        ("\"1050\"", "USD", Cause::Unit),
        ("\"1e3\"", "USD", Cause::Unreadable),
        ("\"0x10\"", "USD", Cause::Unreadable),
        ("\" 99 \"", "USD", Cause::Unreadable),
        ("\"1,000.00\"", "USD", Cause::Unreadable),
        ("\"1.000.000\"", "USD", Cause::Unreadable),
        ("1050", "XYZ", Cause::Unreadable),
        ("1050", "ISK", Cause::Unreadable),
        ("true", "USD", Cause::Kind),
    ] {
        let body = format!(r#"{{"amount":{amount},"currency":"{currency}"}}"#);
        let condition = "money(request.body.amount, request.body.currency) > 100";
        assert_eq!(evaluated(condition, &body), Err(cause), "{body}");
    }
    // The author decides for the whole texts of a form.
    let body = r#"{"amount":"20000"}"#;
    let minor = "money(int(request.body.amount), \"usd\") == 200.0";
    assert_eq!(evaluated(minor, body), Ok(true));
    let units = "money(double(request.body.amount), \"usd\") == 20000.0";
    assert_eq!(evaluated(units, body), Ok(true));
    assert!(Program::compile("money(request.body.amount, \"dollars\") > 1.0").is_err());
    assert!(Program::compile("money(request.body.amount) > 1.0").is_err());
}
