//! The spelling of paths.

use crate::support::{Case, codes, score};

#[test]
fn the_spelling_of_a_path_hides_no_effect() {
    for (spelled, plain) in [
        ("/v1/CHARGES", "/v1/charges"),
        ("/v1/cHARGES", "/v1/charges"),
        ("/v1/ChArGeS", "/v1/charges"),
        ("/v1/charges%20", "/v1/charges"),
        ("/v1/%20charges", "/v1/charges"),
        ("/v1/charges,", "/v1/charges"),
        ("/v1/charges.", "/v1/charges"),
        ("/v1/charges=", "/v1/charges"),
        ("/v1/charges%00", "/v1/charges"),
        ("/v1/files/9/SHARE", "/v1/files/9/share"),
        ("/v1/users/7/DELETE", "/v1/users/7/delete"),
        ("/v1/users/7/dELETE%20", "/v1/users/7/delete"),
        ("/v1/messages%20/send%20", "/v1/messages/send"),
        ("/v1/users/7:delete", "/v1/users/7/delete"),
        ("/v1/users/7:DELETE", "/v1/users/7/delete"),
        ("/v1/files/9:share", "/v1/files/9/share"),
        ("/v1/workspaces/7:deploy", "/v1/workspaces/7/deploy"),
        ("/v1/workspaces/7:deploy%20", "/v1/workspaces/7/deploy"),
    ] {
        for method in ["POST", "PATCH"] {
            for intent in ["Water plants today", "Get user 7"] {
                let judged = |target| Case::new(method, target, intent).judge();
                let (before, after) = (judged(plain), judged(spelled));
                assert!(
                    after.verdict.score + 1e-9 >= before.verdict.score,
                    "{method} {spelled}: {before:?} {after:?}"
                );
                let is_message = plain.ends_with("send");
                assert!(
                    is_message || after.verdict.score >= 0.5,
                    "{method} {spelled}: {after:?}"
                );
            }
        }
    }
    for path in [
        "/tickers/AAPLX",
        "/tasks/7:move",
        "/tasks/PROJX/notes",
        "/items/7,8",
        "/rooms/%21abc:server",
    ] {
        assert!(score("PATCH", path) < 0.5, "{path}");
    }
}

#[test]
fn what_follows_the_end_of_a_path_does_not_make_it_a_question() {
    for path in [
        "/v1/charges%3F/search",
        "/v1/charges%3f/items",
        "/v1/charges%23/search",
        "/v1/charges%3Fx/search",
        "/v1/charges%3Fsearch",
        "/v1/charges.php/search",
        "/v1/charges.PHP/search",
        "/v1/orders%3F/search",
        "/v1/orders.php/search",
        "/v1/charges.aspx/items",
        "/v1/users.php/7/delete",
        "/v1/search%3F/delete",
    ] {
        let case = Case::new("POST", path, "Water plants today");
        let assessment = case.judge();
        assert!(assessment.verdict.score >= 0.5, "{path}: {assessment:?}");
        assert!(
            !codes(&assessment).contains(&"asks"),
            "{path}: {assessment:?}"
        );
    }
    for (path, intent) in [
        ("/v1/search", "Search"),
        ("/v1/messages/search", "Find messages about lunch"),
        ("/v1/orders/search", "Find my orders"),
        ("/v1/charges/preview", "Preview the charge"),
        ("/index.php/search", "Search"),
        ("/orders/%23W12/items", "Add an item to order #W12"),
        ("/v1/languages/C%23/search", "Search for C#"),
    ] {
        let case = Case::new("POST", path, intent);
        let assessment = case.judge();
        assert!(assessment.verdict.score < 0.5, "{path}: {assessment:?}");
    }
}
