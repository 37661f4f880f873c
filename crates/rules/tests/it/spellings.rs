//! Other spellings of the names of fields.

use gaiterguard_rules::{Cause, Program};
use http::{HeaderMap, HeaderValue};

use crate::facts::{FORM, with_body, with_form, with_head, with_query};

#[test]
fn a_condition_on_the_names_of_a_map_holds_for_their_other_spellings() {
    for condition in [
        "request.body.exists(k, k == \"amount\")",
        "!request.body.all(k, k != \"amount\")",
        "!request.body.all(k, \"amount\" != k)",
        "request.body.exists(k, k in [\"amount\"])",
        "request.body.exists(k, k in {\"amount\": true})",
        "request.body.exists(k, \"amount\" in [k])",
        "request.body.exists(k, k.lowerAscii() == \"amount\")",
        "request.body.exists(k, k.trim() == \"amount\")",
        "request.body.exists(k, k.startsWith(\"amount\"))",
        "request.body.exists(k, k.contains(\"mount\"))",
        "request.body.exists(k, k.endsWith(\"amount\"))",
        "request.body.exists(k, k.matches(\"^amount$\"))",
        "request.body.map(k, k).exists(n, n == \"amount\")",
        "\"amount\" in request.body.map(k, k)",
        "size(request.body.filter(k, k == \"amount\")) > 0",
    ] {
        let program = Program::compile(condition).unwrap();
        let decided = |form: &str| with_form(FORM, form, |facts| program.evaluate(facts));
        assert_eq!(decided("x=1&amount=5"), Ok(true), "{condition}");
        for form in ["x=1", "x=amount&note=AMOUNT", "amoun=5&x-y=1", "other:x=1"] {
            assert_eq!(decided(form), Ok(false), "{condition} {form}");
        }
        for form in [
            "AMOUNT=5",
            "Amount=5",
            "%20amount=5",
            "amount%20=5",
            "amount%00x=5",
            "%EF%BB%BFamount=5",
            "!amount=5",
            "amount:int=5",
        ] {
            // A search may find the name in another spelling of it.
            let outcome = decided(form).map_err(|failure| failure.cause);
            let is_open = matches!(outcome, Ok(true) | Err(Cause::Ambiguous));
            assert!(is_open, "{condition} {form}: {outcome:?}");
        }
        let json = with_body("{\"Amount \":5}", |facts| program.evaluate(facts));
        assert_ne!(json, Ok(false), "{condition}");
        let query = Program::compile(&condition.replace("body", "query")).unwrap();
        let query = with_query("AMOUNT=5", |facts| query.evaluate(facts));
        assert_ne!(query, Ok(false), "{condition}");
    }
    let mut headers = HeaderMap::new();
    headers.insert("x_mode", HeaderValue::from_static("live"));
    for (condition, outcome) in [
        (
            "request.headers.exists(k, k == \"X_Mode\")",
            Err(Cause::Ambiguous),
        ),
        (
            "request.headers.exists(k, k == \"x-mode\")",
            Err(Cause::Ambiguous),
        ),
        (
            "request.headers.exists(k, k.startsWith(\"x-\"))",
            Err(Cause::Ambiguous),
        ),
        ("request.headers.exists(k, k == \"x_mode\")", Ok(true)),
        (
            "request.headers.exists(k, k.matches(\"^x-mode$\"))",
            Err(Cause::Ambiguous),
        ),
        (
            "request.headers.exists(k, k in [\"x-mode\"])",
            Err(Cause::Ambiguous),
        ),
        ("request.headers.exists(k, k.contains(\"-\"))", Ok(false)),
        ("request.headers.exists(k, k == \"x-other\")", Ok(false)),
        ("[\"X_MODE\"].exists(k, k == \"x_mode\")", Ok(false)),
        ("{\"X\": 1}.exists(k, k == \"x\")", Ok(false)),
    ] {
        let program = Program::compile(condition).unwrap();
        let decided = with_head(Some(&headers), |facts| program.evaluate(facts));
        let decided = decided.map_err(|failure| failure.cause);
        assert_eq!(decided, outcome, "{condition}");
    }
    for (condition, body, outcome) in [
        (
            "request.body.tags.exists(t, t == \"Amount\")",
            "{\"tags\":[\"amount\"]}",
            Ok(false),
        ),
        (
            "request.body.all(k, k.matches(\"^(firstName|last_name)$\"))",
            "{\"firstName\":1,\"last_name\":2}",
            Ok(true),
        ),
        (
            "request.body.all(k, k in [\"firstName\", \"user.name\", \"user\"])",
            "{\"firstName\":1,\"user.name\":2}",
            Ok(true),
        ),
        (
            "request.body.exists(k, k.contains(\".\"))",
            "{\"user_id\":1}",
            Ok(false),
        ),
        (
            "request.body.exists(k, k == \"user-id\")",
            "{\"user_id\":1}",
            Ok(false),
        ),
        (
            "request.body.exists(k, k.startsWith(\"user_\"))",
            "{\"user.id\":1}",
            Err(Cause::Ambiguous),
        ),
        (
            "request.body.exists(k, k.startsWith(\"isAdmin\"))",
            "{\"isadmin\":1}",
            Err(Cause::Ambiguous),
        ),
    ] {
        let program = Program::compile(condition).unwrap();
        let decided = with_body(body, |facts| program.evaluate(facts));
        let decided = decided.map_err(|failure| failure.cause);
        assert_eq!(decided, outcome, "{condition}");
    }
}
