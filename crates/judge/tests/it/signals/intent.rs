//! The effect of the request, compared with its intent.

use super::pair::{THRESHOLD, holds, pairs};
use crate::support::{Case, has};

pairs! {
    a_change_without_an_intent_is_held:
        "no_intent",
        |intent| Case::new("POST", "/orders/7/items", intent).json(r#"{"name":"lamp"}"#),
        holds "", passes "Add a lamp to order 7";
    a_change_is_held_if_the_intent_only_reads:
        "intent_only_reads",
        |intent| Case::new("PATCH", "/contacts/42", intent).json(r#"{"phone":"555"}"#),
        holds "Show me contact 42", passes "Set the phone of contact 42 to 555";
    sharing_is_held_if_the_intent_asks_to_rename:
        "effect_not_asked",
        |path| Case::new("POST", path, "Rename document 7"),
        holds "/documents/7/share", passes "/documents/7/title";
    a_search_that_deletes_is_held:
        "effect_unasked",
        |body| Case::new("POST", "/builds/search", "List the builds that are older than a year")
            .json(body),
        holds r#"{"older_than_days":365,"apply":"delete"}"#,
        passes r#"{"older_than_days":365,"apply":"list"}"#;
    a_restart_that_the_intent_does_not_mention_is_held:
        "also_unasked",
        |body| Case::new("PATCH", "/sites/7", "Rename site 7").json(body),
        holds r#"{"restart":true}"#, passes r#"{"restart":false}"#;
    rebuilding_is_held_if_the_intent_asks_to_reboot:
        "action_not_in_intent",
        |body| Case::new("POST", "/droplets/31/actions", "Reboot droplet 31").json(body),
        holds r#"{"type":"rebuild"}"#, passes r#"{"type":"reboot"}"#;
    write_access_is_held_if_the_intent_asks_for_read_access:
        "power_not_in_intent",
        |body| Case::new("PATCH", "/projects/1", "Let sam read project 1").json(body),
        holds r#"{"permission":"write"}"#, passes r#"{"permission":"read"}"#;
    a_public_note_is_held_if_the_intent_asks_for_an_internal_one:
        "choice_differs",
        |body| Case::new("POST", "/tickets/7/notes", "Leave an internal note on ticket 7 that we wait for parts")
            .json(body),
        holds r#"{"text":"We wait for parts","audience":"public"}"#,
        passes r#"{"text":"We wait for parts","audience":"internal"}"#;
    a_request_about_something_else_is_held:
        "object_not_in_intent",
        |intent| Case::new("POST", "/orders/7/items", intent).json(r#"{"name":"lamp"}"#),
        holds "Water the plants", passes "Add a lamp to order 7";
}

#[test]
fn a_question_does_not_act() {
    let search = |body| {
        let intent = "List the builds that are older than a year";
        Case::new("POST", "/builds/search", intent).json(body)
    };
    holds(
        "effect_unasked",
        &search(r#"{"older_than_days":365,"apply":"purge"}"#),
        &search(r#"{"older_than_days":365,"apply":"count"}"#),
    );
}

#[test]
fn nothing_more_is_switched_on() {
    let moderate =
        |body| Case::new("POST", "/comments/17/moderation", "Put comment 17 on hold").json(body);
    let more = moderate(r#"{"status":"hold","banAuthor":true}"#).judge();
    let plain = moderate(r#"{"status":"hold"}"#).judge();
    assert!(has(&more, "also_unasked") && !has(&plain, "also_unasked"));
    assert!(
        more.verdict.score > plain.verdict.score,
        "{more:?} {plain:?}"
    );
    assert!(plain.verdict.score < THRESHOLD, "{plain:?}");
}
