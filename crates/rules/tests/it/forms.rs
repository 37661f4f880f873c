//! Fields of forms, as the frameworks of servers read them.

use gaiterguard_rules::{Cause, Facts, Program};
use http::{HeaderMap, HeaderValue};

use crate::facts::{FORM, MULTIPART, evaluated, with_form, with_head, with_query};

#[test]
fn a_limit_on_a_field_holds_for_the_names_that_frameworks_bind_to_it() {
    for (name, value, outcome) in [
        ("amount", "50000", Ok(true)),
        ("amount", "5", Ok(false)),
        ("!amount", "50000", Err(Cause::Ambiguous)),
        ("?amount", "50000", Err(Cause::Ambiguous)),
        ("amount:int", "50000", Err(Cause::Ambiguous)),
        ("amount(1i)", "50000", Err(Cause::Ambiguous)),
        ("'amount'", "50000", Err(Cause::Ambiguous)),
        ("other:x", "1", Ok(false)),
        ("other(1i)", "1", Ok(false)),
        ("!other", "1", Ok(false)),
        ("_amount", "1", Ok(false)),
        ("note", "!amount: 'a' (1i)?", Ok(false)),
    ] {
        let decided = |of: &str| {
            let condition = format!("has({of}.amount) && int({of}.amount) > 10000");
            Program::compile(&condition).unwrap()
        };
        let (of_body, of_query) = (decided("request.body"), decided("request.query"));
        let causes = |program: &Program, facts: &Facts<'_>| {
            program.evaluate(facts).map_err(|failure| failure.cause)
        };
        let pair = format!("{}={}", name.replace('?', "%3F"), value.replace(' ', "+"));
        let form = with_form(FORM, &pair, |facts| causes(&of_body, facts));
        assert_eq!(form, outcome, "form {pair}");
        let query = with_query(&pair, |facts| causes(&of_query, facts));
        assert_eq!(query, outcome, "query {pair}");
        let head = format!("Content-Disposition: form-data; name=\"{name}\"");
        let body = format!("--b\r\n{head}\r\n\r\n{value}\r\n--b--\r\n");
        let multipart = with_form(MULTIPART, &body, |facts| causes(&of_body, facts));
        assert_eq!(multipart, outcome, "multipart {name}");
    }
    let nested = "has(request.body.to.amount) && int(request.body.to.amount) > 10000";
    let nested = Program::compile(nested).unwrap();
    for (body, outcome) in [
        ("to[amount]=50000", Ok(true)),
        ("to[other]=50000", Ok(false)),
        ("to['other']=50000", Ok(false)),
        ("to['amount']=50000", Err(Cause::Ambiguous)),
        ("to[%22amount%22]=50000", Err(Cause::Ambiguous)),
        ("to[amount:int]=50000", Err(Cause::Ambiguous)),
        ("!to[amount]=50000", Err(Cause::Ambiguous)),
        ("x=1&[%22to%22][amount]=50000", Err(Cause::Ambiguous)),
    ] {
        let decided = with_form(FORM, body, |facts| nested.evaluate(facts));
        let decided = decided.map_err(|failure| failure.cause);
        assert_eq!(decided, outcome, "{body}");
    }
}

/// Evaluates a condition on a form: its truth, or why it could not be evaluated.
fn on_form(condition: &str, body: &str) -> Result<bool, Cause> {
    let program = Program::compile(condition).unwrap();
    with_form(FORM, body, |facts| {
        program.evaluate(facts).map_err(|failure| failure.cause)
    })
}

#[test]
fn a_whole_number_of_a_form_is_compared_as_a_number() {
    let nested = "request.body.transfer_data.amount > 10000";
    assert_eq!(on_form(nested, "transfer_data[amount]=90000"), Ok(true));
    assert_eq!(on_form(nested, "transfer_data[amount]=50"), Ok(false));
    for (condition, holds) in [
        ("request.body.n == 5", true),
        ("5 == request.body.n", true),
        ("request.body.n != 5", false),
        ("request.body.n <= 5.5", true),
        ("-1 >= request.body.n", false),
        ("request.body.n in [1, 5]", true),
        ("request.body.n in [1, 2]", false),
        ("request.body.n in {5: true}", true),
        ("7 in request.body.l", true),
        ("8 in request.body.l", false),
        ("request.body.l[1] > 6", true),
        ("request.body.l.all(n, n > 5)", true),
        ("request.body.l.exists(n, n in [1, 2])", false),
        // It is a text as well.
        ("request.body.n == \"5\" && size(request.body.n) == 1", true),
        ("request.body.exists(name, name == \"n\")", true),
    ] {
        let form = on_form(condition, "n=5&l[]=6&l[]=7");
        assert_eq!(form, Ok(holds), "{condition}");
        let part = |name: &str, value: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body = part("n", "5") + &part("l[]", "6") + &part("l[]", "7") + "--b--\r\n";
        let program = Program::compile(condition).unwrap();
        let multipart = with_form(MULTIPART, &body, |facts| program.evaluate(facts));
        assert_eq!(multipart, Ok(holds), "{condition}");
    }
    let query = Program::compile("request.query.limit > 100").unwrap();
    let limited = |query_text: &str| with_query(query_text, |facts| query.evaluate(facts));
    assert_eq!(limited("limit=5"), Ok(false));
    assert_eq!(limited("limit=500"), Ok(true));
    let mut headers = HeaderMap::new();
    headers.insert("x-count", HeaderValue::from_static("3"));
    let header = Program::compile("request.headers[\"x-count\"] < 4").unwrap();
    let counted = with_head(Some(&headers), |facts| header.evaluate(facts));
    assert_eq!(counted, Ok(true));
}

#[test]
fn a_text_that_servers_may_read_as_another_number_is_not_compared_with_one() {
    for value in [
        "5.0",
        "5.",
        "1e9",
        "0x10",
        "+5",
        "%2B5",
        "%205",
        "5%20",
        "05",
        "-0",
        "1,000",
        "1_000",
        "9999999999999999",
        "NaN",
        "five",
        "true",
        "",
    ] {
        for condition in [
            "request.body.n > 1",
            "request.body.n < 1",
            "request.body.n == 5",
            "request.body.n != 5",
            "request.body.n in [5, 16]",
            "5 in [request.body.n]",
            "request.body.n in {5: true}",
            "request.body.n == true",
        ] {
            let outcome = on_form(condition, &format!("n={value}"));
            assert_eq!(outcome, Err(Cause::Untyped), "{condition} {value}");
        }
    }
    // Calculations need int() or double(), because `+` joins texts.
    for condition in [
        "request.body.n * 2 > 1",
        "request.body.n + request.body.n > 1",
    ] {
        assert!(on_form(condition, "n=5").is_err(), "{condition}");
    }
    // JSON has numbers, so a text is one on purpose, or to get past a rule.
    for condition in [
        "request.body.n > 1",
        "request.body.n == 5",
        "request.body.n in [5]",
    ] {
        assert_eq!(
            evaluated(condition, "{\"n\":\"5\"}"),
            Err(Cause::Kind),
            "{condition}"
        );
        assert_eq!(evaluated(condition, "{\"n\":5}"), Ok(true), "{condition}");
    }
}

#[test]
fn fields_in_brackets_are_found_by_their_path() {
    for (condition, body, outcome) in [
        (
            "\"b\" in request.body.items",
            "items[]=a&items[]=b",
            Ok(true),
        ),
        ("\"b\" in request.body.items", "items[]=a", Ok(false)),
        (
            "\"b\" in request.body.items",
            "items[0]=a&items[1]=b",
            Ok(true),
        ),
        ("\"b\" in request.body.items", "items=b", Err(Cause::Kind)),
        (
            "\"b\" in request.body.items",
            "items=a&items[]=b",
            Err(Cause::Repeated),
        ),
        (
            "has(request.body.transfer_data)",
            "transfer_data[amount]=5",
            Ok(true),
        ),
        (
            "has(request.body.transfer_data)",
            "transfer[amount]=5",
            Ok(false),
        ),
        (
            "has(request.body.transfer_data.to)",
            "transfer_data[amount]=5",
            Ok(false),
        ),
        (
            "request.body.amount < 10",
            "amount=1&amount[]=9",
            Err(Cause::Repeated),
        ),
        (
            "request.body.amount < 10",
            "amount=1&amount[x]=9",
            Err(Cause::Repeated),
        ),
        (
            "has(request.body.amount)",
            "amount=1&amount[]=9",
            Err(Cause::Repeated),
        ),
        (
            "request.body.amount < 10",
            "amount=1&amount=9",
            Err(Cause::Repeated),
        ),
    ] {
        assert_eq!(on_form(condition, body), outcome, "{condition} {body}");
    }
}
