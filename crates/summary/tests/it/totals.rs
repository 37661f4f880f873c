//! A headline gives the sum of several amounts, if they can be added up.

use gaiterguard_domain::effect::Effect;
use http::Method;
use serde_json::{Value, json};

use crate::summary;

fn pays(target: &str, body: &Value) -> String {
    summary(
        Effect::Pay,
        &Method::POST,
        target,
        body.to_string().as_bytes(),
        None,
    )
    .text()
}

#[test]
fn the_amounts_of_a_batch_are_added_up() {
    let pay = |amounts: &[(&str, &str)]| {
        let items: Vec<Value> = amounts
            .iter()
            .map(|(amount, currency)| json!({"amount": amount, "currency": currency}))
            .collect();
        pays("/payouts", &json!({"items": items}))
    };
    for (amounts, expected) in [
        (
            &[("1000.00", "EUR"), ("120.50", "EUR"), ("3000", "EUR")][..],
            "Pay out €4,120.50 in total (€1,000.00, €120.50, €3,000)",
        ),
        (
            &[("5.00", "EUR"), ("5.00", "EUR"), ("5.00", "EUR")],
            "Pay out €15.00 in total (3 × €5.00)",
        ),
        (
            &[("1000", "JPY"), ("250000", "JPY")],
            "Pay out ¥251,000 in total (¥1,000, ¥250,000)",
        ),
        // Two currencies have no sum.
        (&[("5.00", "EUR"), ("5.00", "USD")], "Pay out €5.00, $5.00"),
        (&[("5.00", "EUR")], "Pay out €5.00"),
    ] {
        assert_eq!(pay(amounts), expected);
    }
}

#[test]
fn a_unit_price_is_multiplied_and_an_amount_is_not() {
    for (body, expected) in [
        (
            json!({"currency": "EUR", "lines": [
                {"sku": "A-1", "quantity": 40, "unit_price": "129.50"},
                {"sku": "B-2", "quantity": 2, "unit_price": "3.20"},
            ]}),
            "Buy €5,186.40 in total (40 × €129.50, 2 × €3.20) · sku A-1, B-2",
        ),
        (
            json!({"qty": 3, "unitPrice": {"amount": "7.00", "currency": "EUR"}}),
            "Buy €21.00 in total (3 × €7.00)",
        ),
        (
            json!({"currency": "USD", "quantity": 25, "unit_amount": 4900}),
            "Buy 122,500 USD (unit not documented) in total (25 × 4900 USD)",
        ),
        (
            json!({"currency": "EUR", "quantity": 40, "total_price": "80.00"}),
            "Buy €80.00",
        ),
        (
            json!({"currency": "EUR", "quantity": 40, "amount": "80.00"}),
            "Buy €80.00",
        ),
    ] {
        let found = pays("/purchases", &body);
        assert!(found.starts_with(expected), "{found}");
        assert_eq!(
            found.contains("in total"),
            expected.contains("in total"),
            "{found}"
        );
    }
}

#[test]
fn an_amount_in_any_spelling_has_its_currency() {
    for (body, expected) in [
        (
            json!({"amount": "1,250.50", "currency": "GBP"}),
            "Pay out £1,250.50",
        ),
        (
            json!({"amount": "1.250,50", "currency": "EUR"}),
            "Pay out €1,250.50",
        ),
        (json!({"amount": "4120 EUR"}), "Pay out €4,120"),
        (json!({"amount": "$99.90"}), "Pay out $99.90"),
        (
            json!({"amount": 50000, "currency": "krw"}),
            "Pay out KRW 50,000",
        ),
        // Cents or euros: nothing says which.
        (
            json!({"amount": 50000, "currency": "eur"}),
            "Pay out 50,000 EUR (unit not documented)",
        ),
    ] {
        assert_eq!(pays("/payouts", &body), expected);
    }
}

#[test]
fn a_payment_message_is_a_payment_wherever_it_is_sent() {
    let transfer = |name: &str, iban: &str, amount: &str| {
        format!(
            "<CdtTrfTxInf><PmtId><EndToEndId>E-1</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"CHF\">{amount}</InstdAmt></Amt>\
             <Cdtr><Nm>{name}</Nm></Cdtr><CdtrAcct><Id><IBAN>{iban}</IBAN></Id></CdtrAcct></CdtTrfTxInf>"
        )
    };
    let body = format!(
        "<Document><CstmrCdtTrfInitn><GrpHdr><CtrlSum>905</CtrlSum></GrpHdr><PmtInf><Dbtr><Nm>Own</Nm></Dbtr>\
         <DbtrAcct><Id><IBAN>CH9300762011623852957</IBAN></Id></DbtrAcct>{}{}</PmtInf></CstmrCdtTrfInitn></Document>",
        transfer("Ann", "DE44500105175407324931", "5"),
        transfer("Eve", "LT601010012345678901", "900"),
    );
    let found = summary(
        Effect::Create,
        &Method::POST,
        "/inbox/documents",
        body.as_bytes(),
        None,
    );
    assert_eq!(found.effect, Effect::Pay);
    let expected = "Create document of CHF 905 in total (CHF 5, CHF 900) to Ann (DE44500105175407324931), \
        Eve (LT601010012345678901) from Own (CH9300762011623852957)";
    assert!(found.text().starts_with(expected), "{}", found.text());
}

#[test]
fn the_callers_own_account_gets_nothing() {
    for (body, expected) in [
        (
            json!({"source_account": "own", "creditor": {"name": "Ann", "iban": "DE1"}, "amount": "5.00"}),
            "Pay out 5.00 (no currency given) to Ann (DE1) from own",
        ),
        (
            json!({"merchantAccount": "Own", "beneficiary": "Ann", "amount": "5.00"}),
            "Pay out 5.00 (no currency given) to Ann · merchant account Own",
        ),
        (
            json!({"debtorName": "Own", "creditorName": "Ann", "endToEndId": "E-1", "amount": "5.00"}),
            "Pay out 5.00 (no currency given) to Ann from Own · end to end id E-1",
        ),
    ] {
        assert_eq!(pays("/payouts", &body), expected, "{body}");
    }
}
