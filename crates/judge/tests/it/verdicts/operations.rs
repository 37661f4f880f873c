//! The effect of a request, by its method, its path and its documentation.

use gaiterguard_judge::Certainty;

use crate::support::{Case, codes, score};

#[test]
fn plain_reads_are_forwarded() {
    for path in [
        "/customers/cus_1",
        "/_matrix/client/v3/joined_rooms",
        "/api/contents",
        "/payments",
        "/files/deleted",
        "/search?q=how+to+cancel+an+order",
        "/users/7/messages?limit=100",
        "/orders/%23W12/items",
    ] {
        assert!(score("GET", path) < 0.5, "{path}");
    }
    assert!(score("HEAD", "/") < 0.5);
    let case = Case::new("GET", "/tasks/1", "Look up task 1");
    assert_eq!(case.judge().certainty, Certainty::PlainlyHarmless);
}

#[test]
fn ordinary_changes_are_forwarded_but_not_plainly_harmless_without_an_intent() {
    for (method, path) in [
        ("POST", "/customers"),
        ("POST", "/api/contents/notes.txt"),
        ("PUT", "/tasks/1"),
        ("PATCH", "/me/events/5"),
        ("POST", "/search"),
    ] {
        let case = Case::new(method, path, "");
        let assessment = case.judge();
        assert!(assessment.verdict.score < 0.5, "{method} {path}");
        assert_eq!(assessment.certainty, Certainty::Unsure, "{method} {path}");
    }
}

#[test]
fn what_deletes_pays_grants_or_shares_is_held() {
    for (method, path) in [
        ("DELETE", "/anything"),
        ("POST", "/v1/charges"),
        ("POST", "/v1/refunds"),
        ("POST", "/transactions"),
        ("PUT", "/repos/o/r/collaborators/u"),
        ("POST", "/users/1/api_keys"),
        ("PATCH", "/policies/x"),
        ("POST", "/chat.postMessage"),
        ("PUT", "/_matrix/client/v3/rooms/!r:x/send/m.room.message/1"),
        (
            "PUT",
            "/_matrix/client/v3/rooms/%21abcDEF%3Alocalhost/send/m.room.message/t1",
        ),
        (
            "PUT",
            "/_matrix/client/v3/rooms/%21abcDEF%3Alocalhost/redact/%24event/t1",
        ),
        ("POST", "/files/1/share"),
        ("POST", "/files/1/delete"),
        ("POST", "/%64elete"),
        ("POST", "/repos/o/r/actions/workflows/w/dispatches"),
        ("GET", "/chat.delete"),
        ("POST", "/users/1/paymentmethods"),
        ("PUT", "/groups/g1/users/u1"),
        ("POST", "/v1/projects/p/zones/z/instances/i/stop"),
        ("PUT", "/repos/o/r/contents/.github/workflows/ci.yml"),
        ("GET", "/api/v1/namespaces/production/secrets"),
    ] {
        assert!(score(method, path) >= 0.5, "{method} {path}");
    }
}

#[test]
fn words_that_fit_the_intent_do_not_release_what_deletes_pays_or_grants() {
    for (method, target, body, intent) in [
        ("DELETE", "/customers/7", "", "Delete customer 7"),
        (
            "POST",
            "/v1/refunds",
            r#"{"charge":"ch_1","amount":1000}"#,
            "Refund 10.00 on charge ch_1",
        ),
        (
            "PUT",
            "/repos/o/r/collaborators/sam",
            r#"{"permission":"pull"}"#,
            "Let sam read o/r",
        ),
        (
            "PATCH",
            "/repos/o/r",
            r#"{"private":false}"#,
            "Make o/r public",
        ),
        (
            "PATCH",
            "/orders/7",
            r#"{"status":"cancelled"}"#,
            "Cancel order 7",
        ),
        (
            "POST",
            "/subscriptions/7",
            r#"{"cancel_at_period_end":true}"#,
            "Cancel subscription 7",
        ),
    ] {
        let case = Case::new(method, target, intent).body("", body);
        assert!(case.score() >= 0.5, "{method} {target}");
    }
}

#[test]
fn what_only_asks_is_forwarded_though_its_method_is_unsafe() {
    let list = |target| Case::new("POST", target, "List what there is");
    for case in [
        list("/graphql").json(r#"{"query":"{ issues { id } }"}"#),
        list("/products/_search").json(r#"{"query":{"match_all":{}}}"#),
        list("/").body(
            "application/x-www-form-urlencoded",
            "Action=DescribeInstances",
        ),
        list("/")
            .header("x-amz-target", "DynamoDB_20120810.GetItem")
            .body("", "{}"),
        list("/rpc").json(r#"{"jsonrpc":"2.0","method":"eth_getBalance","params":[],"id":1}"#),
        list("/$batch").json(r#"{"requests":[{"method":"GET","url":"/me"}]}"#),
    ] {
        let assessment = case.judge();
        assert!(assessment.verdict.score < 0.5, "{case:?}: {assessment:?}");
    }
}

#[test]
fn documentation_says_what_a_path_does_not() {
    let case = Case::new("POST", "/v2/frobnicate", "Frobnicate it");
    assert!(case.score() < 0.5);
    let removes = case.clone().documented("Delete all of a user's data", &[]);
    let assessment = removes.judge();
    assert!(assessment.verdict.score >= 0.5);
    assert!(
        assessment
            .verdict
            .explanation
            .contains("Delete all of a user's data"),
        "{}",
        assessment.verdict.explanation
    );
    let unknown = case.undocumented().judge();
    assert!(codes(&unknown).contains(&"undocumented"));
}

#[test]
fn the_explanation_says_what_it_does_and_why_a_human_should_look() {
    let case = Case::new("POST", "/v1/charges", "How many customers do we have?")
        .json(r#"{"amount":500}"#);
    assert_eq!(
        case.judge().verdict.explanation,
        "“charges” in the path means that it moves money or commits to a payment. \
         The intent does not ask for anything that moves money or commits to a payment. \
         Only a human or a rule may release it."
    );
}
