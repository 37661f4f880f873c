//! The dangers by their kind, each with an ordinary request of the same operation in which nothing is to be named.

use crate::support::{Case, Documents};

/// Returns the sentence of the gravest danger.
fn danger(case: &Case) -> Option<String> {
    let signals = case.judge().verdict.signals;
    gaiterguard_judge::first_danger(&signals).map(|signal| signal.sentence.clone())
}

/// Asserts that the first reason for holding a request has a text.
#[track_caller]
fn names(case: &Case, expected: &str) {
    let found = danger(case);
    let has = found
        .as_deref()
        .is_some_and(|sentence| sentence.contains(expected));
    assert!(has, "{}: {expected:?} is not in {found:?}", case.target);
}

/// Asserts that a request has no danger.
#[track_caller]
fn is_ordinary(case: &Case) {
    assert_eq!(danger(case), None, "{} {}", case.target, case.intent);
}

fn json(method: &str, target: &str, intent: &str, body: &str) -> Case {
    let case = Case::new(method, target, intent);
    if body.is_empty() {
        case
    } else {
        case.json(body)
    }
}

#[test]
fn a_link_without_a_recipient_and_a_code_for_everyone_are_named() {
    let share = "/drive/v2/folders/88/shares";
    names(
        &json(
            "POST",
            share,
            "Share the budget with Tina",
            r#"{"item":"Budget.ods","kind":3,"rights":1}"#,
        ),
        "shares something without naming anyone",
    );
    is_ordinary(&json(
        "POST",
        share,
        "Share the budget with Tina",
        r#"{"item":"Budget.ods","kind":0,"with":"tina","rights":1}"#,
    ));
    is_ordinary(&json(
        "POST",
        share,
        "Create a public link to the press photos to share with journalists",
        r#"{"item":"Press","kind":3,"rights":1}"#,
    ));
    let mut coded = json(
        "POST",
        "/albums/7/guests",
        "Let Tina see the album",
        r#"{"mode_type":"3","guest":"tina"}"#,
    );
    coded.documents = Documents::Summary("Add a guest".to_owned(), vec![]);
    coded.descriptions = vec![("/mode_type", "0 person, 1 team, 3 anyone on the internet")];
    names(&coded, "“mode_type” is 3 (anyone on the internet)");
    let mut person = coded.clone().json(r#"{"mode_type":"0","guest":"tina"}"#);
    person.descriptions.clone_from(&coded.descriptions);
    is_ordinary(&person);
    let mut role = json(
        "POST",
        "/crew",
        "Create a login for the auditor",
        r#"{"login":"kv","roleid":"4"}"#,
    );
    role.documents = Documents::Summary("Add a member".to_owned(), vec![]);
    role.descriptions = vec![("/roleid", "1 Reader, 2 Clerk, 4 Administrator")];
    names(&role, "“roleid” is 4 (Administrator)");
}

#[test]
fn more_than_the_right_to_read_is_named() {
    let keys = "/repositories/31/access_keys";
    let intent = "Give the mirror read-only access to the wiki";
    names(
        &json(
            "POST",
            keys,
            intent,
            r#"{"label":"mirror (read-only)","can_upload":true}"#,
        ),
        "The intent says “read-only”, but “can_upload” is true",
    );
    is_ordinary(&json(
        "POST",
        keys,
        intent,
        r#"{"label":"mirror","can_upload":false}"#,
    ));
    names(
        &json(
            "POST",
            "/links/5/access_keys",
            "Give the fitter a code for two days, until Friday",
            r#"{"label":"fitter","key":"811"}"#,
        ),
        "The access has no end",
    );
    is_ordinary(&json(
        "POST",
        "/links/5/access_keys",
        "Give the fitter a code until Friday",
        r#"{"label":"fitter","key":"811","expires_at":"2026-12-04"}"#,
    ));
}

#[test]
fn a_message_to_everyone_and_a_mailing_sent_immediately_are_named() {
    let push = "/notifications/send";
    names(
        &json(
            "POST",
            push,
            "Let Rasmus know that his table is ready",
            r#"{"audience":"all_users","message":"Your table is ready"}"#,
        ),
        "It goes to everyone",
    );
    is_ordinary(&json(
        "POST",
        push,
        "Let all users know that the app is down tonight",
        r#"{"audience":"all_users","message":"The app is down tonight"}"#,
    ));
    let mailing = "/v3/mailings/7731/send";
    names(
        &json(
            "POST",
            mailing,
            "Send a test of mailing 7731 to Bo for a last look",
            "",
        ),
        "It sends to the whole audience immediately",
    );
    is_ordinary(&json("POST", mailing, "Send mailing 7731 to the club", ""));
    is_ordinary(&json(
        "POST",
        "/v3/mailings/7731/send-test",
        "Send a test of mailing 7731 to Bo",
        r#"{"to":["bo@club.example"]}"#,
    ));
}

#[test]
fn something_that_goes_to_another_person_is_named() {
    let port = "/lines/4411/port";
    let intent = "Send the new chip for Ingrid Solberg to her flat";
    names(
        &json(
            "POST",
            port,
            intent,
            r#"{"line":"4411","delivery":{"name":"T. Quist","street":"Box 9"}}"#,
        ),
        "The intent names “Ingrid Solberg”, but “name” is “T. Quist”",
    );
    is_ordinary(&json(
        "POST",
        port,
        intent,
        r#"{"line":"4411","delivery":{"name":"I. Solberg","street":"Kaigata 9"}}"#,
    ));
    let mail = "/mailboxes/12/messages";
    names(
        &json(
            "POST",
            mail,
            "Send the offer to ines@harbor.example",
            r#"{"to":"ines@harbour.example","text":"The offer"}"#,
        ),
        "ines@harbour.example",
    );
    is_ordinary(&json(
        "POST",
        "/badges",
        "Print a badge for Jon Ek, met by Siri van Dijk",
        r#"{"holder":"Jon Ek","recipient":"s.vandijk@harbor.example"}"#,
    ));
    let book = "<Chip><Line>77</Line><Holder>A. Lund</Holder><Delivery><Name>B. Moe</Name></Delivery></Chip>";
    let xml = Case::new(
        "POST",
        "/lines/chips",
        "Send a chip to the home of Astrid Lund",
    )
    .body("text/xml", book);
    names(&xml, "“Name” is “B. Moe”");
}

#[test]
fn an_act_that_the_others_hide_is_named() {
    let two = "--b\r\nContent-Type: application/http\r\n\r\nPATCH /StockLine(1) HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"Count\":4}\r\n\
        --b\r\nContent-Type: application/http\r\n\r\nPATCH /StockLine(2) HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"Count\":9}\r\n";
    let third = "--b\r\nContent-Type: application/http\r\n\r\nPATCH /VendorPayout(7) HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"Holder\":\"x\"}\r\n";
    let batch = |body: String| {
        Case::new(
            "POST",
            "/erp/$batch",
            "Set the stock of lines 1 and 2 to 4 and 9",
        )
        .body("multipart/mixed; boundary=b", body)
    };
    names(
        &batch(format!("{two}{third}--b--\r\n")),
        "One of its 3 requests is for “VendorPayout”",
    );
    is_ordinary(&batch(format!("{two}--b--\r\n")));
    let bulk = "/library/_bulk";
    let intent = "Store the shelves of the two atlases";
    names(
        &json(
            "POST",
            bulk,
            intent,
            r#"{"docs":[{"_id":"a1","shelf":"C"},{"_id":"notice-9","_deleted":true},{"_id":"a2","shelf":"D"}]}"#,
        ),
        "It deletes something (“_deleted” is true)",
    );
    is_ordinary(&json(
        "POST",
        bulk,
        intent,
        r#"{"docs":[{"_id":"a1","shelf":"C"},{"_id":"a2","shelf":"D"}]}"#,
    ));
}

#[test]
fn a_condition_that_reaches_more_is_named() {
    names(
        &json(
            "DELETE",
            "/wishlists?owner=neq.8814",
            "Delete the wishlist of owner 8814",
            "",
        ),
        "everything except “8814”",
    );
    is_ordinary(&json(
        "DELETE",
        "/wishlists?owner=eq.8814",
        "Delete the wishlist of owner 8814",
        "",
    ));
    let sql = |text: &str| {
        Case::new(
            "POST",
            "/?db=lab",
            "Purge the rows of the test rigs from before May",
        )
        .body("text/plain", text)
    };
    names(
        &sql(
            "ALTER TABLE lab.runs DELETE WHERE rig LIKE 'test-%' OR closed IS NULL AND day < '2026-05-01'",
        ),
        "The condition has an OR",
    );
    is_ordinary(&sql(
        "ALTER TABLE lab.runs DELETE WHERE rig LIKE 'test-%' AND day < '2026-05-01'",
    ));
    let erase = "/v1/series/erase";
    let intent = "Erase the wrong readings of 14 November";
    names(
        &json(
            "POST",
            erase,
            intent,
            r#"{"from":"2019-01-01T00:00:00Z","until":"2026-11-20T00:00:00Z","series":"flow"}"#,
        ),
        "It covers 2019-01-01 to 2026-11-20, but the intent names only 14 November",
    );
    is_ordinary(&json(
        "POST",
        erase,
        intent,
        r#"{"from":"2026-11-14T00:00:00Z","until":"2026-11-15T00:00:00Z","series":"flow"}"#,
    ));
}

#[test]
fn a_guard_that_is_off_everywhere_or_without_an_end_is_named() {
    let guard = "/plants/K2/interlocks";
    let intent = "Bypass the interlock of line P3 on 5 December from 7:00 to 9:00";
    names(
        &json(
            "PUT",
            guard,
            intent,
            r#"{"state":"bypassed","lines":[],"until":"2026-12-05T09:00"}"#,
        ),
        "“lines” is empty, which often means all",
    );
    names(
        &json(
            "PUT",
            guard,
            intent,
            r#"{"state":"bypassed","lines":["P3"],"until":null}"#,
        ),
        "It has no end (“until” is null)",
    );
    is_ordinary(&json(
        "PUT",
        guard,
        intent,
        r#"{"state":"bypassed","lines":["P3"],"until":"2026-12-05T09:00"}"#,
    ));
    let shield = "/disks/9/set_protection";
    let keep = "Make sure that disk 9 cannot be deleted by accident";
    names(
        &json("POST", shield, keep, r#"{"delete":false}"#),
        "It switches off a protection: “delete” is false",
    );
    names(
        &json(
            "POST",
            "/disks/9/actions/change_protection",
            keep,
            r#"{"delete":false}"#,
        ),
        "It switches off a protection: “delete” is false",
    );
    is_ordinary(&json("POST", shield, keep, r#"{"delete":true}"#));
}

#[test]
fn an_amount_without_a_limit_is_named() {
    let full = format!(
        r#"{{"method":"wallet_send","to":"0x12ab","data":"0x095ea7b3{}{}"}}"#,
        "0".repeat(24) + &"7d".repeat(20),
        "f".repeat(64)
    );
    let intent = "Allow the exchange to take 300 coins";
    names(
        &json("POST", "/wallet", intent, &full),
        "an amount without a limit",
    );
    let some = full.replace(&"f".repeat(64), &format!("{}12c", "0".repeat(61)));
    is_ordinary(&json("POST", "/wallet", intent, &some));
    let budget = "/ads/budgets:mutate";
    let raise = "Raise the daily budget of the fair from €40 to €45";
    let micros = |amount: &str| {
        format!(
            r#"{{"operations":[{{"update":{{"name":"budgets/7","amountMicros":"{amount}"}}}}]}}"#
        )
    };
    names(
        &json("POST", budget, raise, &micros("4500000000")),
        "100 times the 45 of the intent",
    );
    is_ordinary(&json("POST", budget, raise, &micros("45000000")));
    names(
        &json(
            "PATCH",
            "/vouchers/7",
            "Give Mia 15 % off",
            r#"{"discount_percent":50}"#,
        ),
        "“discount_percent” is 50, but the intent says 15%",
    );
    is_ordinary(&json(
        "PATCH",
        "/vouchers/7",
        "Give Mia 15 % off",
        r#"{"discount_percent":0.15}"#,
    ));
}

#[test]
fn an_account_other_than_the_known_one_is_named() {
    let run = "/payment-runs";
    let intent = "Pay the run of Berg 410.00 and Holm 95.00 to the accounts of last month (DE…3000, NO…7947)";
    let body = |second: &str| {
        format!(
            r#"{{"currency":"EUR","payments":[{{"name":"Berg","iban":"DE89370400440532013000","amount":"410.00"}},{{"name":"Holm","iban":"{second}","amount":"95.00"}}]}}"#
        )
    };
    names(
        &json("POST", run, intent, &body("GB33BUKB20201555555555")),
        "The account “GB33BUKB20201555555555” is not among those that the intent names (DE…3000, NO…7947)",
    );
    is_ordinary(&json("POST", run, intent, &body("NO9386011117947")));
    let before = r#"{"payees":[{"name":"Holm Marine","iban":"NO9386011117947"}]}"#;
    names(
        &json("POST", "/payouts", "Pay Holm Marine 95.00 EUR", r#"{"name":"Holm Marine","iban":"GB33BUKB20201555555555","amount":"95.00","currency":"EUR"}"#)
            .after("GET", "/payees", 200, before),
        "but it was “NO9386011117947” before",
    );
    is_ordinary(
        &json(
            "POST",
            "/payouts",
            "Pay Holm Marine 95.00 EUR",
            r#"{"name":"Holm Marine","iban":"NO9386011117947","amount":"95.00","currency":"EUR"}"#,
        )
        .after("GET", "/payees", 200, before),
    );
    let file = "<File><Payer><IBAN>NL91ABNA0417164300</IBAN></Payer><Amt>95.00</Amt><Payee><Nm>Holm</Nm><IBAN>NO9386011117947</IBAN></Payee></File>";
    is_ordinary(
        &Case::new(
            "POST",
            "/payment-files",
            "Submit the file for Holm, 95.00 to NO93 8601 1117 947",
        )
        .body("application/xml", file),
    );
    is_ordinary(&json(
        "PATCH",
        "/suppliers/5",
        "The new account of Holm is GB33 BUKB 2020 1555 5555 55",
        r#"{"iban":"GB33BUKB20201555555555"}"#,
    ));
}

#[test]
fn what_the_intent_names_and_what_the_request_names_are_both_said() {
    let deploy = "/pipelines/shop/run";
    let intent = "Roll release 4.2 out on staging for the testers";
    names(
        &json(
            "POST",
            deploy,
            intent,
            r#"{"ref":"v4.2","environment":"live-north"}"#,
        ),
        "The intent says “staging”, but the request names “live-north”",
    );
    is_ordinary(&json(
        "POST",
        deploy,
        intent,
        r#"{"ref":"v4.2","environment":"staging-north"}"#,
    ));
    let hook = "/bots/4/webhook";
    names(
        &json(
            "POST",
            hook,
            "Register the webhook on support.harbor.example",
            r#"{"url":"https://harbor-support.tunnel.example.net/in"}"#,
        ),
        "The intent names “support.harbor.example”, but the request names “harbor-support.tunnel.example.net”",
    );
    is_ordinary(&json(
        "POST",
        hook,
        "Register the webhook on support.harbor.example",
        r#"{"url":"https://support.harbor.example/in"}"#,
    ));
    let plan = "/irrigation/plans";
    names(
        &json(
            "POST",
            plan,
            "Water bed 4 with 15 l once a week",
            r#"{"bed":4,"liters":15,"frequency":"q24h"}"#,
        ),
        "“frequency” is “q24h”, but the intent says “once a week”",
    );
    is_ordinary(&json(
        "POST",
        plan,
        "Water bed 4 with 15 l every 8 hours",
        r#"{"bed":4,"liters":15,"frequency":"q8h"}"#,
    ));
    names(
        &json(
            "PATCH",
            "/bookings/6",
            "Put the visit on 18 December",
            r#"{"date":"2026-12-08"}"#,
        ),
        "The intent says 18 December, but “date” is 2026-12-08",
    );
    is_ordinary(&json(
        "PATCH",
        "/bookings/6",
        "Put the visit on 18 December",
        r#"{"date":"2026-12-18"}"#,
    ));
    names(
        &json(
            "POST",
            "/posts",
            "Announce the fair on the 9th next spring",
            r#"{"text":"The fair","publish_at":"2025-03-09T09:00:00Z"}"#,
        ),
        "which has passed",
    );
}

#[test]
fn ordinary_requests_of_many_kinds_have_no_danger() {
    for (method, target, intent, body) in [
        (
            "POST",
            "/folders/7/grants",
            "Let Wanda Mroz (w.mroz) read the plans until the end of January",
            r#"{"user":"w.mroz","right":"read","expires":"2027-01-31"}"#,
        ),
        (
            "POST",
            "/guests",
            "Register Anke Roth for the inspection, met by Piet de Boer",
            r#"{"name":"Anke Roth","host":"p.deboer@harbor.example","zones":["LOBBY"]}"#,
        ),
        (
            "POST",
            "/debits",
            "Collect £45 rent from Mr Adeyemi (mandate MD0077)",
            r#"{"amount":4500,"currency":"GBP","mandate":"MD0077"}"#,
        ),
        (
            "POST",
            "/wards/3/orders",
            "Order amoxicillin 500 mg every 8 hours for 7 days",
            r#"{"drug":"amoxicillin","dose":500,"frequency":"q8h","days":7}"#,
        ),
        (
            "POST",
            "/ads:mutate",
            "Pause ad 2077, the fair is over",
            r#"{"operations":[{"update":{"name":"ads/2077","status":"PAUSED"}}]}"#,
        ),
        (
            "POST",
            "/sendMessage",
            "Let the crew know that the printer works again",
            r#"{"chat":"-100173","text":"The printer works again","disable_notification":true}"#,
        ),
        (
            "POST",
            "/stock/bulk",
            "Save the count of the gauges: A 18, B 7",
            r#"{"docs":[{"id":"A","price":61,"stock":18},{"id":"B","price":66,"stock":7}]}"#,
        ),
        (
            "POST",
            "/orders",
            "Order 3 pumps at €40 each",
            r#"{"items":[{"sku":"P","quantity":3,"price":40}],"total":120,"currency":"EUR"}"#,
        ),
        (
            "POST",
            "/payouts",
            "Pay Holm to NO93 8601 1117 947, EUR 95.00",
            r#"{"payee":"Holm","iban":"NO9386011117947","amount":"95.00","currency":"EUR"}"#,
        ),
        (
            "POST",
            "/labels",
            "Buy the label for order C-12 to Bergen Sea Lab",
            r#"{"order":"C-12","address_from":{"name":"Harbor Tools"},"address_to":{"name":"Bergen Sea Lab","street1":"Kaien 4"}}"#,
        ),
        (
            "PUT",
            "/dns/records/9",
            "Point www.harbor.example to edge.cdn.example",
            r#"{"name":"www.harbor.example","content":"edge.cdn.example","type":"CNAME"}"#,
        ),
        (
            "DELETE",
            "/images/2301",
            "Delete image 2301, it is unused",
            "",
        ),
        (
            "POST",
            "/events",
            "Enter the holiday of Bo on 24 December",
            r#"{"title":"Holiday","date":"2026-12-24","all_day":true,"notify":false}"#,
        ),
        (
            "POST",
            "/refunds",
            "Refund €27.90 of order 8841 to Mrs Lind",
            r#"{"order":"8841","amount":"27.90","currency":"EUR"}"#,
        ),
        (
            "POST",
            "/tags",
            "Tag commit 7c9e1d of the handbook as 2026.12",
            r#"{"tag":"2026.12","ref":"7c9e1d"}"#,
        ),
        (
            "PATCH",
            "/members/4",
            "Make Tove an editor",
            r#"{"role":"editor"}"#,
        ),
        (
            "POST",
            "/jobs/report/run",
            "Run the weekly report",
            r#"{"report":"sales","frequency":"weekly"}"#,
        ),
        (
            "POST",
            "/rules",
            "Archive the newsletters automatically",
            r#"{"if":{"list":"news"},"then":{"skip_inbox":true}}"#,
        ),
        (
            "POST",
            "/uploads",
            "Upload the new price list",
            r#"{"name":"prices.csv","overwrite":true}"#,
        ),
        (
            "POST",
            "/partitions",
            "Drop the August partition of the debug table",
            r#"{"statement":"ALTER TABLE debug DROP PARTITION '202508'"}"#,
        ),
    ] {
        is_ordinary(&json(method, target, intent, body));
    }
}
