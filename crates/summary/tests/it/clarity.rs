//! A reader of the headline alone knows what is done to what.

use gaiterguard_domain::effect::Effect;
use gaiterguard_summary::FactKind;
use http::Method;

use crate::summary;

#[test]
fn the_end_of_a_path_is_an_act_only_where_the_method_carries_it_out() {
    for (method, target, expected) in [
        (
            Method::DELETE,
            "/repos/acme/site/issues/7/lock",
            "Delete lock · issue 7 in acme/site",
        ),
        (
            Method::PUT,
            "/repos/acme/site/issues/7/lock",
            "Lock issue 7 in acme/site",
        ),
        (
            Method::DELETE,
            "/keys/u_12345:lock",
            "Delete key u_12345:lock",
        ),
        (
            Method::POST,
            "/v1/apps/1:1234567890:android:0a1b2c3d4e5f:remove",
            "Remove app 1:1234567890:android:0a1b2c3d4e5f",
        ),
        (Method::DELETE, "/v1/tags/v4", "Delete tag v4"),
    ] {
        let found = summary(Effect::Change, &method, target, b"", None);
        assert_eq!(found.text(), expected, "{method} {target}");
    }
}

#[test]
fn parts_of_a_path_that_name_nothing_are_left_out() {
    for (method, target, expected) in [
        // The version of an interface.
        (
            Method::DELETE,
            "/ex/jira/1324a887-45db-4bf4-9e21-3f3d1b5e8c70/rest/api/3/issue/WEB-1934",
            "Delete issue WEB-1934 in jira 1324a887-45db-4bf4-9e21-3f3d1b5e8c70",
        ),
        // The caller.
        (
            Method::DELETE,
            "/channels/1156021834/messages/13054809/reactions/heart/@me",
            "Delete reaction heart in channel 1156021834/message 13054809",
        ),
        (Method::DELETE, "/users/me", "Delete user me"),
        (Method::POST, "/approve/job-12345", "Approve job-12345"),
    ] {
        let found = summary(Effect::Change, &method, target, b"", None);
        assert_eq!(found.text(), expected, "{target}");
    }
}

#[test]
fn a_switch_that_decides_is_in_the_headline() {
    for (target, body, expected) in [
        (
            "/repos/acme/tokens",
            r#"{"description":"Design tokens","private":false}"#,
            "Change tokens in acme · visible to anyone · description “Design tokens”",
        ),
        (
            "/runs/run-12345",
            r#"{"is-destroy":true,"message":"Tear down"}"#,
            "Destroy: Change run run-12345 · is destroy true · message “Tear down”",
        ),
        (
            "/zones/z-12345",
            r#"{"comment":"OPS-318","proxied":false}"#,
            "Change zone z-12345 · comment “OPS-318” · proxied false",
        ),
        (
            "/projects/p-12345",
            r#"{"forks_receive_secret_env_vars":true}"#,
            "Change project p-12345 · forks receive secret env vars true",
        ),
    ] {
        let found = summary(
            Effect::Change,
            &Method::PATCH,
            target,
            body.as_bytes(),
            None,
        );
        assert_eq!(found.text(), expected, "{body}");
    }
}

#[test]
fn a_filter_does_not_hide_the_new_value_of_the_same_name() {
    let target = "/issues?status=unresolved";
    let body = br#"{"status":"resolved"}"#;
    let found = summary(Effect::Change, &Method::PUT, target, body, None);
    assert_eq!(
        found.text(),
        "Change issues · status unresolved · status resolved"
    );
}

#[test]
fn the_gravest_request_of_a_batch_is_named_first() {
    let body = br#"{"actions":[
        {"method":"put","relative_path":"/tasks/1"},{"method":"put","relative_path":"/tasks/2"},
        {"method":"put","relative_path":"/tasks/3"},{"method":"put","relative_path":"/tasks/4"},
        {"method":"put","relative_path":"/tasks/5"},{"method":"delete","relative_path":"/tasks/6"}
    ]}"#;
    let found = summary(Effect::Create, &Method::POST, "/batch", body, None);
    let expected = "6 acts: delete task 6, change task 1, 2, 3, 4 and 1 more";
    assert_eq!(
        (found.text().as_str(), found.effect),
        (expected, Effect::Delete)
    );
}

#[test]
fn identifiers_of_a_query_are_counted() {
    let target = "/tickets/destroy_many.json?ids=3301,3302,3305";
    let found = summary(Effect::Delete, &Method::DELETE, target, b"", None);
    assert_eq!(found.text(), "Bulk destroy 3 tickets · ids 3301,3302,3305");
}

#[test]
fn the_text_of_markup_is_shown_without_its_tags() {
    let body = b"To=%2B442079460123&Twiml=%3CResponse%3E%3CSay+voice%3D%22alice%22%3EHello+Joan%2C+the+meter\
        +reading+is+on+Friday.%3C%2FSay%3E%3CRedirect%3Ehttps%3A%2F%2Fevil.example%2Fx%3C%2FRedirect%3E%3C%2FResponse%3E";
    let found = summary(Effect::ShareOutside, &Method::POST, "/Calls", body, None);
    assert_eq!(
        found.text(),
        "Call +442079460123 · redirect https://evil.example/x: “Hello Joan, the meter reading is on Friday.”"
    );
}

#[test]
fn a_statement_has_its_own_effect_and_a_merge_runs_nothing() {
    for (effect, target, body, expected) in [
        (
            Effect::Read,
            "/database/d-12345/query",
            r#"{"sql":"DELETE FROM orders WHERE id = 1"}"#,
            Effect::Delete,
        ),
        (
            Effect::Read,
            "/database/d-12345/query",
            r#"{"sql":"SELECT id FROM orders WHERE id = 1"}"#,
            Effect::Read,
        ),
        (
            Effect::Code,
            "/tickets/7711/merge",
            r#"{"ids":[7702]}"#,
            Effect::Change,
        ),
        (
            Effect::Code,
            "/jobs/7711/run",
            r#"{"ids":[7702]}"#,
            Effect::Code,
        ),
    ] {
        let found = summary(effect, &Method::POST, target, body.as_bytes(), None);
        assert_eq!(found.effect, expected, "{target} {body}");
    }
}

#[test]
fn a_switch_receives_nothing_and_a_repeated_name_comes_last() {
    let target = "/users/u-12345/shares?send_email=true";
    let body = br#"{"user_id":"u-12345","role":"reader","note":"hello"}"#;
    let found = summary(Effect::Access, &Method::POST, target, body, None);
    let switch = found.facts.iter().find(|fact| fact.name == "send_email");
    assert_eq!(switch.map(|fact| fact.kind), Some(FactKind::Other));
    let names: Vec<&str> = found.facts.iter().map(|fact| &*fact.name).collect();
    assert!(
        names.iter().rposition(|name| *name == "user_id")
            > names.iter().position(|name| *name == "note")
    );
}
